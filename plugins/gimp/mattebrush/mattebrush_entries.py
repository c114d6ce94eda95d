# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in GIMP's menus: the entries in the order in which they are used, and what the user
may choose for each. Texts and choices that other hosts have, too, come from the kit's tables."""

import collections

import mattebrush_actions as actions
import mattebrush_background
import mattebrush_help
import mattebrush_kit as kit
import mattebrush_objects as objects
import mattebrush_settings
from mattebrush_text import _

LAYER, FILTERS = "<Image>/Layer/Mask", "<Image>/Filters/Mattebrush"
DEVICE = "device"  # stands in the settings


class Entry(
    collections.namedtuple(
        "Entry", "name label tip rows work ask menus check kept now legend prompt panel page"
    )
):
    """One entry.

    name: of its procedure, after "plug-in-mattebrush-". label, tip: translated. rows: the kit's
    `Option`s it has. work: run(image, layers, values), or an `actions.Work`. ask: whether a dialog
    comes first. check: check(image, layers) fails with a sentence when it makes no sense. kept:
    the entry whose last values it shares. now: gives the values the dialog starts with,
    where they are not the last ones. legend: whether the dialog says what strokes mean. prompt:
    whether its preview is clicked on. panel: makes one more widget for the dialog.
    page: gives (title, sections) of a page to read, which is then all that the entry does.
    """

    __slots__ = ()


def _entry(name, label, tip, **more):
    return Entry(**dict(_PLAIN_ENTRY, name=name, label=label, tip=tip, **more))


_PLAIN_ENTRY = {
    "rows": (),
    "work": None,
    "ask": True,
    "menus": (LAYER, FILTERS),
    "check": None,
    "kept": "",
    "now": None,
    "legend": False,
    "prompt": False,
    "panel": None,
    "page": None,
}


def _row(name, kind, default, title, tip="", **more):
    return kit.Option(
        **dict(_PLAIN_ROW, name=name, kind=kind, default=default, title=title, tip=tip, **more)
    )


_PLAIN_ROW = {"low": 0, "high": 0, "step": 0, "unit": "", "choices": (), "key": "", "ops": ()}


def _shared(op, *left_out):
    """The kit's rows for an operation."""
    out = (DEVICE,) + left_out
    return [_translated(row) for row in kit.options_for(op) if row.name not in out]


def _translated(row):
    choices = tuple((value, kit.tr(text)) for value, text in row.choices)
    return row._replace(title=kit.tr(row.title), tip=kit.tr(row.tip), choices=choices)


EXISTING = _translated(kit.option("existing"))
EXISTING = EXISTING._replace(
    default="keep",
    choices=(("keep", _("Replace it, and keep it as a channel")),) + EXISTING.choices,
)
PAINT = _row("edit_mask", "switch", True, _("Paint on the mask next"),
             _("The mask is selected, ready for black, white and gray strokes."))  # fmt: skip
PROMPT = _row(
    "prompt",
    "hidden",
    "",
    "Points and boxes",  # only for scripts
    'JSON in pixels of the image, {"points": [[x, y, 1 or 0], ...], "boxes": [[x0, y0, x1, y1],'
    " ...]}; empty: the path's points, else the selection",
)
GUIDED = _row(
    "guided",
    "switch",
    True,
    _("Understand the strokes"),
    _("Off: only the edge is decided anew, where it was painted."),
)
REFINE = _shared("refine", "decontaminate") + [GUIDED]
CUT_OUT = _shared("remove", "existing") + [EXISTING, PAINT]
SPLIT = _shared("objects") + [
    _row(
        "into",
        "choice",
        objects.LAYERS,
        _("What each becomes"),
        _("Layers lie in a group above this one, which is hidden. Channels can become selections."),
        choices=((objects.LAYERS, _("A layer with a mask")), (objects.CHANNELS, _("A channel"))),
    )
]
PIXELS = _("pixels")


def _pixels(name, default, low, high, title):
    return _row(name, "number", default, title, low=low, high=high, step=1, unit=PIXELS)


BACKGROUND = (
    _row("fill", "choice", "white", _("Fill"),
         choices=(("white", _("White")), ("color", _("Color")), ("none", _("None")))),
    _row("color", "color", (128, 128, 128), _("Color")),
    _row("shadow", "switch", False, _("Drop shadow")),
    _pixels("shadow_x", 12, -500, 500, _("Shadow to the right")),
    _pixels("shadow_y", 12, -500, 500, _("Shadow down")),
    _pixels("shadow_blur", 24, 0, 500, _("Shadow blur")),
    _row("shadow_opacity", "number", 60, _("Shadow opacity"), low=0, high=100, step=1, unit="%"),
)  # fmt: skip
_AS_TEXT = {"file": "text", "password": "text"}


def _setting(row):
    """One of the engine's settings, which all hosts have."""
    kind = _AS_TEXT.get(row.kind, row.kind)
    choices = tuple((value, kit.tr(text)) for value, text in row.choices)
    default = choices[0][0] if choices else ""
    return _row(row.name, kind, default, kit.tr(row.title), kit.tr(row.tip), choices=choices)


SETTINGS = [_setting(row) for row in kit.ENGINE_SETTINGS] + [
    _translated(kit.option("model")),
    _translated(kit.option(DEVICE)),
    _row("test", "switch", True, _("Test it and say what was found")),
]


def _action(name):
    """The label and the tool tip of an action that all hosts have."""
    action = kit.action(name)
    return kit.tr(action.title), kit.tr(action.tip)


def _mnemonic(label, letter):
    """`label` with the key that chooses it in an open menu, where it has that letter."""
    place = label.upper().find(letter)
    return label if place < 0 else label[:place] + "_" + label[place:]


def _named(name, letter, dots=""):
    label, tip = _action(name)
    return _mnemonic(label, letter) + dots, tip


def _panel():
    import mattebrush_fetch  # only here: it needs a screen

    return mattebrush_fetch.panel()


ENTRIES = (
    _entry("remove-background", *_named("remove-background", "B", "..."), rows=CUT_OUT,
           work=actions.REMOVE, check=actions.check, legend=True),
    _entry("refine-mask", *_named("refine-mask", "F"), rows=REFINE,
           work=actions.REFINE, check=actions.check_mask, ask=False),
    _entry("refine-options", _("Refine _Options..."),
           _("Refine Mask with a preview and choices, which it keeps"),
           rows=REFINE,
           work=actions.REFINE, check=actions.check_mask, kept="refine-mask", legend=True),
    _entry("cut-out-from-points", *_named("select-object", "U", "..."), rows=CUT_OUT + [PROMPT],
           work=actions.CUT_OUT, check=actions.check, prompt=True),
    _entry("split-into-objects", *_named("split-into-objects", "I", "..."), rows=SPLIT,
           work=objects.SPLIT, check=actions.check),
    _entry("clean-edge-colors", *_named("clean-edge-colors", "E"),
           work=actions.CLEAN, check=actions.check_mask, ask=False),
    _entry("background", _("New Back_ground..."),
           _("Puts a filled layer, a shadow, or both below the layer"), rows=BACKGROUND,
           work=mattebrush_background.add, check=actions.check),
    _entry("settings", *_named("settings", "S", "..."), rows=SETTINGS, menus=(FILTERS,),
           work=mattebrush_settings.change, now=mattebrush_settings.values, panel=_panel),
    _entry("help", *_named("help", "H"), page=mattebrush_help.page, ask=False, menus=(FILTERS,)),
)  # fmt: skip
