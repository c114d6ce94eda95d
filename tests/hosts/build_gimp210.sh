#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build_gimp210.sh DIR: a real GIMP 2.10 with its real Python 2.7 gimpfu in the folder DIR, for the
# host tests. Needs Debian 12 or later and root. Does nothing when DIR is already complete.
#
# Debian 11 was the last with GIMP 2.10 and Python 2.7 side by side, yet without gimpfu. So
# gimpfu's three C modules are compiled from the source package of Debian 12's GIMP 2.10, and the
# last PyGObject for Python 2.7 from its own source. PyGTK is not to be had: no dialogs here.
set -euo pipefail
dir=$1
[ -e "$dir/.complete" ] && exit 0
apt_get() { apt-get -o DPkg::Lock::Timeout=600 "$@"; }
command -v mmdebstrap >/dev/null || apt_get install -y --no-install-recommends mmdebstrap
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -1)
rm -rf --one-file-system "$dir"
mkdir -p "$(dirname "$dir")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

gimp=gimp,libgimp2.0-dev
compile=python2-dev,python-setuptools,gcc,libc6-dev,pkg-config,libgirepository1.0-dev,libffi-dev
mmdebstrap --quiet --variant=apt --mode=root \
  --aptopt=Apt::Install-Recommends=false \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include=$gimp,$compile bullseye "$dir" "$mirror"

python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install setuptools wheel
PYGOBJECT_WITHOUT_PYCAIRO=1 "$work/venv/bin/pip" -q download --no-build-isolation --no-deps \
  --no-binary :all: -d "$work" 'PyGObject==3.36.1'

# A private apt state: the machine's own package lists stay as they are.
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb-src [signed-by=$keys] $mirror bookworm main" > "$work/sources.list"
private=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
apt-get -qq "${private[@]}" update
(cd "$work" && apt-get -qq "${private[@]}" source --download-only gimp)

mkdir -p "$dir/src"
tar -C "$dir/src" --strip-components=2 -xf "$work"/gimp_*.orig.tar.* \
  --wildcards 'gimp-*/plug-ins/pygimp'
tar -C "$dir/src" -xf "$work/PyGObject-3.36.1.tar.gz"
cp "$(dirname "$0")/gimp/compile_gimpfu.sh" "$dir/src/"
env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
  chroot "$dir" bash /src/compile_gimpfu.sh
touch "$dir/.complete"
