# SPDX-License-Identifier: GPL-3.0-or-later
"""Plug-ins below `register`: `gimp.main`, `gimp.install_procedure`, and what gimpplugin is made of.

GIMP 2.10 called such a plug-in's `query`, which declared its procedures, and later its `run` with
a procedure's name and arguments: the run mode first, and by itself no more than that, the image
and the drawable. Their dialogs are their own.
"""

import sys

from gi.repository import Gimp

from . import _registry
from ._errors import NotCovered
from ._parameters import canonical

_ARRAYS = (5, 6, 7, 8, 9, 18)
_PLUGIN, _EXTENSION = 1, 2
_plugin = {}


def main(init_proc, quit_proc, query_proc, run_proc):
    """Hands over to GIMP; `init_proc` and `quit_proc` were for extensions, which GIMP 3 has not."""
    _plugin["run"] = run_proc
    _registry.GimpfuPlugin.query = staticmethod(query_proc)
    Gimp.main(_registry.GimpfuPlugin.__gtype__, sys.argv)


def install_procedure(name, blurb, help, author, copyright, date, menu_path, image_types, type,
                      params, results):  # fmt: skip
    """Declares a procedure: the arguments are those of GIMP 2.10's `gimp`."""
    if type == _EXTENSION:
        raise NotCovered("gimp.install_procedure of an extension", "Use register().")
    for described in list(params) + list(results):
        if described[0] in _ARRAYS:
            raise NotCovered("gimp.install_procedure with arrays", "Use register().")
    menu, _, label = (menu_path or "").rpartition("/")
    declared = canonical(name.replace("_", "-"))
    with_mode = bool(params) and params[0][1].replace("-", "_") == "run_mode"
    texts = blurb, help, author, copyright, date
    _registry._registered[declared] = _Procedure(
        declared, texts, label, image_types, list(params)[int(with_mode) :], results,
        name, menu, None, None)  # fmt: skip
    _registry._registered[declared].with_mode = with_mode


class _Procedure(_registry._Plugin):
    """One that `install_procedure` declared; `function` is the name that `run` gets for it."""

    def _call(self, procedure, run_mode, args, config):
        values = list(args)
        if run_mode == Gimp.RunMode.NONINTERACTIVE:
            values += [parameter.value(config) for parameter in self.parameters[self.leading :]]
        if self.with_mode:
            values.insert(0, int(run_mode))
        return _plugin["run"](self.function, tuple(values))
