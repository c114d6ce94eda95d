# SPDX-License-Identifier: GPL-3.0-or-later
"""The PF_ types: how GIMP 3 declares each, and what a plug-in's function gets for it.

The numbers are GIMP 2.10's, since plug-ins may compare them.
"""

from gi.repository import Gimp, GObject

from . import gimpcolor
from ._values import file_of, from_native, native

PF_INT8, PF_INT16, PF_INT32 = 2, 1, 0
PF_INT = PF_INT32
PF_FLOAT = 3
PF_STRING = 4
PF_VALUE = PF_STRING
PF_ITEM = 11
PF_DISPLAY = 12
PF_IMAGE = 13
PF_LAYER = 14
PF_CHANNEL = 15
PF_DRAWABLE = 16
PF_VECTORS = 19
PF_COLOR = PF_COLOUR = 10
PF_BOOL = PF_TOGGLE = 1000
PF_SLIDER = 1001
PF_SPINNER = PF_ADJUSTMENT = 1002
PF_FONT = 1003
PF_FILE = 1004
PF_BRUSH = 1005
PF_PATTERN = 1006
PF_GRADIENT = 1007
PF_RADIO = 1008
PF_TEXT = 1009
PF_PALETTE = 1010
PF_FILENAME = 1011
PF_DIRNAME = 1012
PF_OPTION = 1013

__all__ = [name for name in dir() if name.startswith("PF_")]

_FLAGS = GObject.ParamFlags.READWRITE
_LOW, _HIGH = -(2**31), 2**31 - 1


class Parameter(object):
    """One parameter of a plug-in, from the tuple that `register` got."""

    def __init__(self, described):
        self.kind, name, text, self.default = described[:4]
        self.extra = described[4] if len(described) > 4 else None
        self.name = canonical(name)
        self.label = text.replace("_", "_") or self.name
        self.is_image = self.kind == PF_IMAGE
        self.is_drawable = self.kind in (PF_DRAWABLE, PF_LAYER)

    def declare(self, procedure):
        """Adds it to the arguments of a libgimp procedure."""
        _DECLARE[self.kind](procedure, self)

    def declare_result(self, procedure):
        """Adds it to the results of a libgimp procedure."""
        _DECLARE_RESULT[self.kind](procedure, self)

    def value(self, config):
        """What the plug-in's function gets."""
        found = config.get_property(self.name)
        return _VALUE.get(self.kind, _plain)(self, found)

    def result(self, value):
        """What the procedure gives back for what the function returned."""
        if self.kind in (PF_COLOR,):
            return gimpcolor.from_any(value).to_gegl()
        return native(value)

    def range(self, low, high):
        """(lowest, highest) allowed."""
        if isinstance(self.extra, (tuple, list)) and len(self.extra) >= 2:
            return self.extra[0], self.extra[1]
        return low, high


def canonical(name):
    """A name of a parameter or procedure as GIMP 3 allows it."""
    text = "".join(c if c.isalnum() and c.isascii() else "-" for c in name)
    return text if text[:1].isalpha() else "p-" + text


def _integer(procedure, it, low=_LOW, high=_HIGH):
    low, high = it.range(low, high)
    procedure.add_int_argument(
        it.name, it.label, it.label, int(low), int(high), int(it.default or 0), _FLAGS
    )


def _float(procedure, it):
    low, high = it.range(-1e9, 1e9)
    procedure.add_double_argument(
        it.name, it.label, it.label, float(low), float(high), float(it.default or 0), _FLAGS
    )


def _boolean(procedure, it):
    procedure.add_boolean_argument(it.name, it.label, it.label, bool(it.default), _FLAGS)


def _string(procedure, it):
    procedure.add_string_argument(it.name, it.label, it.label, str(it.default or ""), _FLAGS)


def _color(procedure, it):
    color = gimpcolor.from_any(it.default or (0, 0, 0)).to_gegl()
    procedure.add_color_argument(it.name, it.label, it.label, False, color, _FLAGS)


def _options(it):
    """(word, label) of each choice: for PF_OPTION its number, for PF_RADIO its value."""
    if it.kind == PF_OPTION:
        return [(str(number), label) for number, label in enumerate(it.extra)]
    return [(str(value), label) for label, value in it.extra]


def _choice(procedure, it):
    choice = Gimp.Choice.new()
    for number, (word, label) in enumerate(_options(it)):
        choice.add(word, number, label, "")
    procedure.add_choice_argument(it.name, it.label, it.label, choice, str(it.default), _FLAGS)


def _file(action):
    def declare(procedure, it):
        default = file_of(it.default) if it.default else None
        procedure.add_file_argument(it.name, it.label, it.label, action, True, default, _FLAGS)

    return declare


def _resource(method, kind):
    def declare(procedure, it):
        default = kind.get_by_name(it.default) if it.default else None
        add = getattr(procedure, method)
        add(it.name, it.label, it.label, True, default, default is None, _FLAGS)

    return declare


def _object(method):
    def declare(procedure, it):
        getattr(procedure, method)(it.name, it.label, it.label, True, _FLAGS)

    return declare


_DECLARE = {
    PF_INT32: _integer,
    PF_INT16: lambda procedure, it: _integer(procedure, it, -(2**15), 2**15 - 1),
    PF_INT8: lambda procedure, it: _integer(procedure, it, 0, 255),
    PF_FLOAT: _float,
    PF_SLIDER: _float,
    PF_SPINNER: _integer,  # also for fractions: they were cut off in GIMP 2.10
    PF_STRING: _string,
    PF_TEXT: _string,
    PF_BOOL: _boolean,
    PF_COLOR: _color,
    PF_OPTION: _choice,
    PF_RADIO: _choice,
    PF_FILE: _file(Gimp.FileChooserAction.OPEN),
    PF_FILENAME: _file(Gimp.FileChooserAction.ANY),
    PF_DIRNAME: _file(Gimp.FileChooserAction.SELECT_FOLDER),
    PF_FONT: _resource("add_font_argument", Gimp.Font),
    PF_BRUSH: _resource("add_brush_argument", Gimp.Brush),
    PF_PATTERN: _resource("add_pattern_argument", Gimp.Pattern),
    PF_GRADIENT: _resource("add_gradient_argument", Gimp.Gradient),
    PF_PALETTE: _resource("add_palette_argument", Gimp.Palette),
    PF_IMAGE: _object("add_image_argument"),
    PF_LAYER: _object("add_layer_argument"),
    PF_CHANNEL: _object("add_channel_argument"),
    PF_DRAWABLE: _object("add_drawable_argument"),
    PF_ITEM: _object("add_item_argument"),
    PF_VECTORS: _object("add_path_argument"),
    PF_DISPLAY: _object("add_display_argument"),
}


def _declare_number(method, low, high):
    def declare(procedure, it):
        getattr(procedure, method)(it.name, it.label, it.label, low, high, low * 0, _FLAGS)

    return declare


_DECLARE_RESULT = {
    PF_INT32: _declare_number("add_int_return_value", _LOW, _HIGH),
    PF_INT16: _declare_number("add_int_return_value", _LOW, _HIGH),
    PF_INT8: _declare_number("add_int_return_value", _LOW, _HIGH),
    PF_FLOAT: _declare_number("add_double_return_value", -1e300, 1e300),
    PF_STRING: lambda p, it: p.add_string_return_value(it.name, it.label, it.label, "", _FLAGS),
    PF_BOOL: lambda p, it: p.add_boolean_return_value(it.name, it.label, it.label, False, _FLAGS),
    PF_COLOR: lambda p, it: p.add_color_return_value(
        it.name, it.label, it.label, True, gimpcolor.RGB(0, 0, 0).to_gegl(), _FLAGS
    ),
    PF_IMAGE: _object("add_image_return_value"),
    PF_LAYER: _object("add_layer_return_value"),
    PF_CHANNEL: _object("add_channel_return_value"),
    PF_DRAWABLE: _object("add_drawable_return_value"),
    PF_ITEM: _object("add_item_return_value"),
    PF_VECTORS: _object("add_path_return_value"),
}


def _plain(it, found):
    return from_native(found)


def _radio_value(it, found):
    """The value as it was written in `register`, of whatever type."""
    for _, value in it.extra:
        if str(value) == found:
            return value
    return it.default


_VALUE = {
    PF_OPTION: lambda it, found: int(found),
    PF_RADIO: _radio_value,
    PF_STRING: lambda it, found: found or "",
    PF_TEXT: lambda it, found: found or "",
}
