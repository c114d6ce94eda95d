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
    fail,
    gimp,
    register,
)
from mattebrush_host import pixels
from mattebrush_run import SIGNED, Asked, Failed, procedure_name, run

_KINDS = {
    "choice": PF_RADIO,
    "color": PF_COLOR,
    "number": PF_SLIDER,
    "switch": PF_TOGGLE,
    "text": PF_STRING,
    "model": PF_STRING,
    "hidden": PF_STRING,
}
_entries = {}


def main(entries):
    """Hands over to GIMP."""
    for place, entry in enumerate(entries):
        _register(place, entry)
    # gimpfu's own dialog knows neither previews nor checks.
    gimpfu._interact = _interact
    gimpfu.main()


def _register(place, entry):
    name = procedure_name(entry)
    _entries[name.replace("-", "_")] = _entries[name] = entry
    # GIMP sorts by the whole path, and goes through empty parts of it as if they were not there:
    # so the entries stand in the order of the table.
    menus = [menu + "/" * (20 - place) for menu in entry.menus]

    def more_menus():
        for menu in menus[1:]:
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
        _function(entry),
        menu=menus[0],
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


def _function(entry):
    def function(*given):
        image = given[0] if entry.check else None
        values = given[1:] if entry.check else given
        names = [row.name for row in entry.rows]
        _run(entry, Asked.SCRIPT, image, dict(zip(names, values)))

    return function


def _interact(name, start):
    """Stands in for gimpfu's function of that name: called for everything that is not a script."""
    _run(_entries[name], Asked.INTERACTIVE, start[0] if start else None, {})


def _run(entry, asked, image, values):
    layers = pixels.layers_of(image, ()) if image is not None else []
    try:
        run(entry, asked, image, layers, values)
    except Failed as why:
        fail(str(why))
