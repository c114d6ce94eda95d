# SPDX-License-Identifier: GPL-3.0-or-later
"""The PF_ types: what each is in GIMP's procedures, and what a plug-in's function gets for it.

The numbers are GIMP 2.10's, since plug-ins may compare them, and so are the types that other
plug-ins see: a font, a brush, or a file is its name. `_dialog` knows how each is asked for.
"""

import collections

from gi.repository import GObject

from . import gimpcolor
from ._python2 import whole
from ._values import from_native, native

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

OBJECTS = (PF_ITEM, PF_DISPLAY, PF_IMAGE, PF_LAYER, PF_CHANNEL, PF_DRAWABLE, PF_VECTORS)
"""The types whose values are things that are open in GIMP."""

_FLAGS = GObject.ParamFlags.READWRITE
_INTEGERS = {
    PF_INT32: (-(2**31), 2**31 - 1),
    PF_INT16: (-(2**15), 2**15 - 1),
    PF_INT8: (0, 255),
}
_NUMBERS = (PF_FLOAT, PF_SLIDER, PF_SPINNER)
_TAKEN = ("run-mode", "image", "drawables", "num-drawables", "procedure", "file", "options")

Range = collections.namedtuple("Range", "low high step")


class Parameter(object):
    """One parameter of a plug-in, from the tuple that `register` got."""

    def __init__(self, described):
        self.kind, name, text = described[:3]
        self.default = described[3] if len(described) > 3 else None
        self.extra = described[4] if len(described) > 4 else None
        self.name = canonical(name)
        self.text = text or name
        self.blurb = self.text.replace("_", "")
        self.is_image = self.kind == PF_IMAGE
        self.is_drawable = self.kind in (PF_DRAWABLE, PF_LAYER)

    @property
    def range(self):
        """What a slider or spin button goes over; 2.10 took 0 to 100 where nothing was said."""
        ends = tuple(self.extra) if isinstance(self.extra, (tuple, list)) else ()
        low, high = (ends[0], ends[1]) if len(ends) >= 2 else (0, 100)
        step = ends[2] if len(ends) > 2 else 1
        return Range(min(low, high), max(low, high), step)

    @property
    def is_whole(self):
        """Whether a spin button shows whole numbers only."""
        wide = self.range
        return all(float(one).is_integer() for one in (wide.low, wide.step, _number(self.default)))

    def number(self):
        """The default as a number within the range, as the widgets of 2.10 made it."""
        value = _number(self.default)
        if self.kind in (PF_SLIDER, PF_SPINNER):
            value = min(max(value, self.range.low), self.range.high)
        elif self.kind in _INTEGERS:
            low, high = _INTEGERS[self.kind]
            value = min(max(value, low), high)
        return value

    def options(self):
        """(value, label) of each choice of a PF_OPTION or PF_RADIO."""
        if self.kind == PF_OPTION:
            return list(enumerate(self.extra or ()))
        return [(value, label) for label, value in self.extra or ()]

    def declare(self, procedure):
        """Adds it to the arguments of a libgimp procedure."""
        texts = (self.name, self.blurb or self.name, self.blurb)
        if self.kind in OBJECTS:
            add = getattr(procedure, "add_%s_argument" % _WORDS[self.kind])
            add(*(texts + (True, _FLAGS)))
        elif self.kind == PF_COLOR:
            color = _safe_color(self.default).to_gegl()
            procedure.add_color_argument(*(texts + (True, color, _FLAGS)))
        elif self.kind == PF_BOOL:
            procedure.add_boolean_argument(*(texts + (bool(self.default), _FLAGS)))
        elif self.kind in _INTEGERS:
            ends = _INTEGERS[self.kind]
            procedure.add_int_argument(*(texts + ends + (int(self.number()), _FLAGS)))
        elif self.kind == PF_OPTION:
            last = max(len(self.extra or ()) - 1, 0)
            chosen = min(max(int(_number(self.default)), 0), last)
            procedure.add_int_argument(*(texts + (0, last, chosen, _FLAGS)))
        elif self.kind == PF_SPINNER and self.is_whole:
            wide = self.range
            ends = int(wide.low), int(wide.high)
            procedure.add_int_argument(*(texts + ends + (int(self.number()), _FLAGS)))
        elif self.kind in _NUMBERS:
            ends = (-1e300, 1e300)
            if self.kind != PF_FLOAT:
                ends = float(self.range.low), float(self.range.high)
            procedure.add_double_argument(*(texts + ends + (float(self.number()), _FLAGS)))
        else:
            procedure.add_string_argument(*(texts + (_text(self.default), _FLAGS)))

    def declare_result(self, procedure):
        """Adds it to the results of a libgimp procedure."""
        texts = (self.name, self.blurb or self.name, self.blurb)
        if self.kind in OBJECTS:
            add = getattr(procedure, "add_%s_return_value" % _WORDS[self.kind])
            add(*(texts + (True, _FLAGS)))
        elif self.kind == PF_COLOR:
            black = gimpcolor.RGB(0, 0, 0).to_gegl()
            procedure.add_color_return_value(*(texts + (True, black, _FLAGS)))
        elif self.kind == PF_BOOL:
            procedure.add_boolean_return_value(*(texts + (False, _FLAGS)))
        elif self.kind in _INTEGERS or self.kind in (PF_OPTION, PF_SPINNER):
            ends = _INTEGERS[PF_INT32]
            procedure.add_int_return_value(*(texts + ends + (0, _FLAGS)))
        elif self.kind in _NUMBERS:
            procedure.add_double_return_value(*(texts + (-1e300, 1e300, 0.0, _FLAGS)))
        else:
            procedure.add_string_return_value(*(texts + ("", _FLAGS)))

    def value(self, config):
        """What the plug-in's function gets when no dialog was shown."""
        value = config.get_property(self.name)
        if self.kind == PF_RADIO:
            return self._radio(value)
        if self.kind == PF_SPINNER:
            return whole(int(value))  # fractions were cut off in GIMP 2.10
        if self.kind in (PF_STRING, PF_TEXT, PF_FILENAME, PF_DIRNAME, PF_FILE):
            return whole(value or "")
        if self.kind == PF_COLOR and tuple(from_native(value)) == (0, 0, 0, 0):
            return _safe_color(self.default)  # GIMP 3.0 loses it where a caller gives none
        return from_native(value)

    def _radio(self, text):
        """The value as it was written in `register`, of whatever type."""
        for value, _ in self.options():
            if _text(value) == text:
                return value
        return text if text != _text(self.default) else self.default

    def store(self, config, value):
        """Notes what a dialog gave, so that it is what the next one begins with."""
        if self.kind in OBJECTS:
            value = native(value)
        elif self.kind == PF_COLOR:
            value = gimpcolor.from_any(value).to_gegl()
        elif self.kind in _INTEGERS or self.kind == PF_OPTION:
            value = int(value)
        elif self.kind == PF_BOOL:
            value = bool(value)
        elif self.kind in _NUMBERS:
            value = int(value) if self.kind == PF_SPINNER and self.is_whole else float(value)
        else:
            value = _text(value)
        config.set_property(self.name, value)

    def result(self, value):
        """What the procedure gives back for what the function returned."""
        if self.kind == PF_COLOR:
            return gimpcolor.from_any(value).to_gegl()
        if self.kind in _INTEGERS or self.kind in (PF_OPTION, PF_SPINNER):
            return int(value)
        if self.kind in _NUMBERS:
            return float(value)
        if self.kind in OBJECTS or self.kind == PF_BOOL:
            return native(value)
        return _text(value)


_WORDS = {
    PF_ITEM: "item",
    PF_DISPLAY: "display",
    PF_IMAGE: "image",
    PF_LAYER: "layer",
    PF_CHANNEL: "channel",
    PF_DRAWABLE: "drawable",
    PF_VECTORS: "path",
}


def parameters(described, leading=0):
    """The parameters of `register`'s tuples, each with a name of its own.

    leading: how many at the front GIMP hands over under names of its own.
    """
    made, taken = [Parameter(one) for one in described], set(_TAKEN)
    for one in made[leading:]:
        name, number = one.name, 2
        while one.name in taken:
            one.name = "%s-%d" % (name, number)
            number += 1
        taken.add(one.name)
    return made


def canonical(name):
    """A name of a parameter or procedure as GIMP 3 allows it."""
    text = "".join(c if c.isalnum() and c.isascii() else "-" for c in name)
    return text if text[:1].isalpha() else "p-" + text


def _number(value):
    """A default as a number, written as text or not; 0 for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _text(value):
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _safe_color(value):
    """A default colour; black for what is none."""
    try:
        return gimpcolor.from_any(value)
    except (TypeError, ValueError):
        return gimpcolor.RGB(0, 0, 0)
