#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs inside the folder that build_gimp210.sh makes: compiles PyGObject and gimpfu for Python 2.7
# and tells GIMP which Python runs its plug-ins.
set -euo pipefail
export PYGOBJECT_WITHOUT_PYCAIRO=1
cd /src/PyGObject-3.36.1
python2.7 setup.py -q install --single-version-externally-managed --record /src/installed-files

cd /src/pygimp
lib=/usr/lib/gimp/2.0
mkdir -p $lib/python
# init_pygobject is what gimpfu's C code knows from PyGObject 2; version 3 names it differently.
cat > config.h <<'C'
#define GETTEXT_PACKAGE "gimp20"
#define HAVE_BIND_TEXTDOMAIN_CODESET 1
#define ENABLE_NLS 1
#define init_pygobject() do { if (!pygobject_init(-1, -1, -1)) return; } while (0)
C
pygobject=$(find /usr/include /usr/local/include -maxdepth 1 -name pygobject-3.0 | head -1)
# shellcheck disable=SC2046 - pkg-config prints several words
compile() {
  gcc -O1 -fPIC -shared -fno-strict-aliasing -w -DHAVE_CONFIG_H -include config.h \
    -I. -I/usr/include/python2.7 -I"$pygobject" "${@:2}" -o "$lib/python/$1.so" \
    $(pkg-config --cflags --libs gimp-2.0 gimpui-2.0 gegl-0.4)
}
compile gimp gimpmodule.c pygimp-{item,display,drawable,image,parasite,pdb,tile,vectors,colors}.c
compile _gimpenums gimpenumsmodule.c
compile gimpcolor gimpcolormodule.c pygimp-colors.c
cp gimpfu.py gimpplugin.py gimpenums.py gimpshelf.py $lib/python/
# Only gimpui, gimpfu's own dialogs, needs the real PyGTK. For dialogs of ours PyGObject gives the
# same GTK 2 by PyGTK's names.
cat > $lib/python/pygtk.py <<'P'
def require(version):
    import pygtkcompat
    pygtkcompat.enable()
    pygtkcompat.enable_gtk(version)
P

echo "PYTHONPATH=$lib/python" > $lib/environ/pygimp.env
cat > $lib/interpreters/pygimp.interp <<'I'
python=/usr/bin/python2.7
python2=/usr/bin/python2.7
/usr/bin/python=/usr/bin/python2.7
/usr/bin/python2=/usr/bin/python2.7
:Python:E::py::python2:
I
