# SPDX-License-Identifier: GPL-3.0-or-later
"""gimpfu for GIMP 3: plug-ins written for GIMP 2.10's Python run on GObject introspection.

`from gimpfu import *` gives what it gave in GIMP 2.10: `register`, `main`, the `PF_` types, `gimp`,
`pdb`, `gimpcolor`, `fail` and every enum. README.md has the table of what is covered; what GIMP 3
cannot do raises an error that names it. The modules behind: `_registry` declares and runs
plug-ins, `_parameters` knows the `PF_` types, `_procedures` is `pdb`, `_objects` the images and
layers, `_regions` their pixels, `_values` what passes between these and libgimp.
"""

import gettext
import math
import sys

from . import _values  # noqa: F401 - first: it says which versions of libgimp and GEGL are meant  # isort: skip
from . import (
    _adapted,
    _errors,
    _lowlevel,
    _pygtk,
    _python2,
    gimp,
    gimpcolor,
    gimpenums,
    gimpplugin,
    gimpshelf,
)
from ._parameters import *  # noqa: F403 - the PF_ names
from ._procedures import pdb
from ._python2 import file, old_division, old_text, open
from ._registry import N_, fail, main, menu_register, register
from .gimpenums import *  # noqa: F403 - GIMP 2.10 has all enums here

VERSION = "0.2.0"
"""This library's own version."""

# Plug-ins also import these by themselves, as they could in GIMP 2.10.
for _module in (gimp, gimpcolor, gimpenums, gimpplugin, gimpshelf):
    sys.modules.setdefault(_module.__name__.rpartition(".")[2], _module)
CancelError, error = _errors.CancelError, _errors.error
gimp.pdb = pdb
gimp.menu_register = _adapted.TABLE["gimp-plugin-menu-register"] = menu_register
gimp.main, gimp.install_procedure = _lowlevel.main, _lowlevel.install_procedure

_python2.mend()
_pygtk.install()
_ = t = gettext.gettext
__all__ = [
    "N_",
    "CancelError",
    "_",
    "error",
    "fail",
    "file",
    "gettext",
    "gimp",
    "gimpcolor",
    "main",
    "math",
    "old_division",
    "old_text",
    "open",
    "pdb",
    "register",
]
__all__ += [name for name in dir() if name.startswith("PF_")] + gimpenums.__all__
