# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries as procedures of GIMP 2.10, by its own gimpfu; the dialogs are ours."""

import gimpfu
from gimpfu import (
    PF_COLOR,
    PF_IMAGE,
    PF_RADIO,
    PF_SLIDER,
    PF_STRING,
    PF_TOGGLE,
    RUN_INTERACTIVE,
    RUN_NONINTERACTIVE,
    RUN_WITH_LAST_VALS,
    CancelError,
    fail,
    gimp,
    register,
)
from mattebrush_host import pixels
from mattebrush_run import SIGNED, Failed, RunMode, procedure_name, run

_KINDS = {
    "choice": PF_RADIO,
    "color": PF_COLOR,
    "number": PF_SLIDER,
    "switch": PF_TOGGLE,
    "text": PF_STRING,
    "model": PF_STRING,
    "hidden": PF_STRING,
}
_MODES = {
    RUN_INTERACTIVE: RunMode.INTERACTIVE,
    RUN_WITH_LAST_VALS: RunMode.AGAIN,
    RUN_NONINTERACTIVE: RunMode.SCRIPT,
}
_entries = {}


def main(entries):
    """Hands over to GIMP."""
    for entry in entries:  # GIMP 2.10 sorts its menus by the alphabet
        _register(entry)
    gimpfu._run = _run
    gimpfu.main()


def _register(entry):
    name = procedure_name(entry)
    _entries[name.replace("-", "_")] = _entries[name] = entry

    def more_menus():
        for menu in entry.menus[1:]:
            gimp.menu_register(name, menu)

    register(
        name,
        entry.tip,
        entry.tip,
        SIGNED[0],
        SIGNED[1],
        SIGNED[2],
        entry.label,
        "*" if entry.check else "",
        ([(PF_IMAGE, "image", "", None)] if entry.check else []) + _parameters(entry),
        [],
        _not_called,
        menu=entry.menus[0],
        on_query=more_menus,
    )


def _parameters(entry):
    return [
        (_KINDS[row.kind], row.name.replace("_", "-"), row.title, row.default) + _extra(row)
        for row in entry.rows
    ]


def _extra(row):
    if row.kind == "choice":
        return (tuple((label, word) for word, label in row.choices),)
    return ((row.low, row.high, row.step),) if row.kind == "number" else ()


def _not_called(*values):
    """What gimpfu would call, if it were to run the entries itself."""


def _run(name, parameters):
    """Stands in for gimpfu's function of that name, which knows no previews and no checks."""
    entry, args = _entries[name], list(parameters[1:])
    image = args.pop(0) if entry.check else None
    values = dict(zip([row.name for row in entry.rows], args))
    layers = pixels.layers_of(image, ()) if image is not None else []
    try:
        run(entry, _MODES[parameters[0]], image, layers, values)
    except CancelError:
        return
    except Failed as why:
        fail(str(why))
    gimp.displays_flush()
