# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours as GIMP 2.10's Python had them: RGB, HSV, HSL and CMYK with parts from 0 to 1."""

import colorsys
import struct

from gi.repository import Babl, Gegl, GLib

RGB_COMPOSITE_NONE, RGB_COMPOSITE_NORMAL, RGB_COMPOSITE_BEHIND = 0, 1, 2
RGB_LUMINANCE_RED, RGB_LUMINANCE_GREEN, RGB_LUMINANCE_BLUE = 0.2224884, 0.71690369, 0.06060791

_FORMAT = "R'G'B'A double"  # what people mean by a colour; GEGL's own RGBA is linear


class _Parts(object):
    """Named parts from 0 to 1, also reachable by index.

    `_wholes` says what a whole number is a part of: 255 of most, 360 of a hue.
    """

    _names = ()
    _words = ()
    _wholes = (255.0, 255.0, 255.0, 255.0)

    def __init__(self, *parts):
        if len(parts) == 1 and isinstance(parts[0], (tuple, list, _Parts)):
            parts = tuple(parts[0])
        self.a = 1.0
        if parts:
            self.set(*parts)
        else:
            for name in self._names:
                setattr(self, name, 0.0)

    def set(self, *parts):
        """Sets all parts, with or without the opacity."""
        full = self._full
        if len(parts) not in (len(self._names), len(full)):
            raise TypeError("%s takes %s" % (type(self).__name__, ", ".join(full)))
        for index, part in enumerate(parts):
            self[index] = part

    def set_alpha(self, alpha):
        """Sets the opacity, 0 to 1."""
        self[len(self._names)] = alpha

    @property
    def _full(self):
        return self._names + ("a",)

    def _whole(self, index):
        return (self._wholes[: len(self._names)] + (255.0,))[index]

    def __len__(self):
        return len(self._names) + 1

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def __getitem__(self, index):
        if isinstance(index, slice):
            return tuple(self)[index]
        index = range(len(self))[index]
        return int(getattr(self, self._full[index]) * self._whole(index) + 0.5)

    def __setitem__(self, index, value):
        index = range(len(self))[index]
        whole = isinstance(value, int) and not isinstance(value, bool)
        part = value / self._whole(index) if whole else float(value)
        setattr(self, self._full[index], part)

    def __eq__(self, other):
        return isinstance(other, type(self)) and self._values() == other._values()

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._values())

    def _values(self):
        return tuple(getattr(self, name) for name in self._full)

    def __repr__(self):
        parts = ", ".join(repr(part) for part in self._values())
        return "gimpcolor.%s(%s)" % (type(self).__name__, parts)

    def __str__(self):
        parts = ", ".join("%.12g" % part if part % 1 else "%.1f" % part for part in self._values())
        return "%s (%s)" % (type(self).__name__, parts)

    def copy(self):
        """Another one of the same colour."""
        return type(self)(*self._values())


def _worded(kind):
    """Gives a class its parts by their whole words too: red for r."""

    def part(name):
        def set_value(self, value):
            self[self._full.index(name)] = value

        return property(lambda self: getattr(self, name), set_value)

    for name, word in zip(kind._names + ("a",), kind._words + ("alpha",)):
        setattr(kind, word, part(name))
    return kind


@_worded
class RGB(_Parts):
    """Red, green, blue and alpha. Indices and integers are 0 to 255, as in GIMP 2.10."""

    _names = ("r", "g", "b")
    _words = ("red", "green", "blue")

    def max(self):
        """The greatest part."""
        return max(self.r, self.g, self.b)

    def min(self):
        """The least part."""
        return min(self.r, self.g, self.b)

    def luminance(self):
        """0 to 1, with GIMP 2.10's weights."""
        weights = RGB_LUMINANCE_RED, RGB_LUMINANCE_GREEN, RGB_LUMINANCE_BLUE
        return sum(part * weight for part, weight in zip(self._values(), weights))

    def distance(self, other):
        """The sum of the parts' differences."""
        pairs = zip(self._values()[:3], from_any(other)._values()[:3])
        return sum(abs(one - another) for one, another in pairs)

    def add(self, other, with_alpha=False):
        """Adds another colour's parts to these."""
        self._combine(other, with_alpha, lambda one, another: one + another)

    def subtract(self, other, with_alpha=False):
        """Takes another colour's parts from these."""
        self._combine(other, with_alpha, lambda one, another: one - another)

    def multiply(self, factor, with_alpha=False):
        """Multiplies the parts by a number."""
        self._combine(self, with_alpha, lambda one, another: one * factor)

    def gamma(self, gamma, with_alpha=False):
        """Raises the parts to the power of 1 / gamma."""
        self._combine(self, with_alpha, lambda one, another: one ** (1.0 / gamma) if one > 0 else 0)

    def clamp(self, with_alpha=False):
        """Brings the parts between 0 and 1."""
        self._combine(self, with_alpha, lambda one, another: min(max(one, 0.0), 1.0))

    def _combine(self, other, with_alpha, function):
        names = self._full if with_alpha else self._names
        for name, another in zip(names, from_any(other)._values()):
            setattr(self, name, function(getattr(self, name), another))

    def composite(self, other, mode=RGB_COMPOSITE_NORMAL):
        """Lays another colour over this one, or under it."""
        other = from_any(other)
        if mode == RGB_COMPOSITE_NONE:
            return
        if mode == RGB_COMPOSITE_BEHIND:
            over, under = self.copy(), other
        else:
            over, under = other, self.copy()
        alpha = over.a + under.a * (1 - over.a)
        for name in self._names:
            mixed = getattr(over, name) * over.a + getattr(under, name) * under.a * (1 - over.a)
            setattr(self, name, mixed / alpha if alpha else 0.0)
        self.a = alpha

    def parse_name(self, text):
        """Becomes the colour of that name."""
        self.set(*rgb_parse_name(text)._values())

    def parse_hex(self, text):
        """Becomes the colour that "#rrggbb" says."""
        self.set(*rgb_parse_hex(text)._values())

    def parse_css(self, text):
        """Becomes the colour that CSS writes so."""
        self.set(*rgb_parse_css(text)._values())

    def to_hsv(self):
        """The same colour as `HSV`."""
        return HSV(*(colorsys.rgb_to_hsv(self.r, self.g, self.b) + (self.a,)))

    def to_hsl(self):
        """The same colour as `HSL`."""
        hue, lightness, saturation = colorsys.rgb_to_hls(self.r, self.g, self.b)
        return HSL(hue, saturation, lightness, self.a)

    def to_cmyk(self, pullout=1.0):
        """The same colour as `CMYK`; pullout: how much of the gray goes to black."""
        parts = [1.0 - part for part in (self.r, self.g, self.b)]
        black = min(parts) * pullout
        inks = [(part - black) / (1.0 - black) if black < 1.0 else 0.0 for part in parts]
        return CMYK(*([*inks, float(black), self.a]))

    def to_gegl(self):
        """The same colour as GIMP 3 wants it."""
        color = Gegl.Color.new("black")
        parts = struct.pack("=4d", self.r, self.g, self.b, self.a)
        color.set_bytes(Babl.format(_FORMAT), GLib.Bytes.new(parts))
        return color


@_worded
class HSV(_Parts):
    """Hue, saturation, value and alpha. Integers are degrees and hundredths."""

    _names = ("h", "s", "v")
    _words = ("hue", "saturation", "value")
    _wholes = (360.0, 100.0, 100.0)

    def clamp(self):
        """Brings the parts between 0 and 1; the hue goes round."""
        self.h, self.s, self.v = self.h % 1.0, min(max(self.s, 0), 1), min(max(self.v, 0), 1)

    def to_rgb(self):
        """The same colour as `RGB`."""
        return RGB(*(colorsys.hsv_to_rgb(self.h, self.s, self.v) + (self.a,)))


@_worded
class HSL(_Parts):
    """Hue, saturation, lightness and alpha. Integers are degrees and hundredths."""

    _names = ("h", "s", "l")
    _words = ("hue", "saturation", "lightness")
    _wholes = (360.0, 100.0, 100.0)

    def to_rgb(self):
        """The same colour as `RGB`."""
        return RGB(*(colorsys.hls_to_rgb(self.h, self.l, self.s) + (self.a,)))


@_worded
class CMYK(_Parts):
    """Cyan, magenta, yellow, key and alpha."""

    _names = ("c", "m", "y", "k")
    _words = ("cyan", "magenta", "yellow", "black")

    def to_rgb(self):
        """The same colour as `RGB`."""
        inks = [part * (1 - self.k) + self.k for part in (self.c, self.m, self.y)]
        return RGB(*([1.0 - ink for ink in inks] + [self.a]))


def rgb_parse_hex(text):
    """RGB from "#rrggbb", "#rgb" or the same without #."""
    text = text.strip().lstrip("#")
    if len(text) not in (3, 6, 12):
        raise TypeError("unable to parse color value: %r" % text)
    wide = len(text) // 3
    parts = [int(text[i : i + wide], 16) / (16.0**wide - 1) for i in range(0, len(text), wide)]
    return RGB(*parts)


def rgb_parse_css(text):
    """RGB from what CSS takes for a colour: names, #rrggbb, rgb(), rgba()."""
    text = text.strip()
    if text.startswith("#"):
        return rgb_parse_hex(text)
    if text.startswith("rgb"):
        numbers = text.partition("(")[2].rstrip(") ").replace("/", ",").split(",")
        parts = [float(one.strip("% ")) / (100 if "%" in one else 255) for one in numbers[:3]]
        return RGB(*(parts + [float(one) for one in numbers[3:4]]))
    return rgb_parse_name(text)


def rgb_parse_name(text, length=-1):
    """RGB of a colour's name."""
    return from_gegl(Gegl.Color.new(text))


def bilinear(x, y, values):
    """The value at (x, y) between those of the four corners."""
    one, two, three, four = values[:4]
    x, y = x % 1.0, y % 1.0
    return (one * (1 - x) + two * x) * (1 - y) + (three * (1 - x) + four * x) * y


def bilinear_rgb(x, y, colors):
    """The same between four colours."""
    columns = zip(*[from_any(one)._values()[:3] for one in colors[:4]])
    return RGB(*[float(bilinear(x, y, column)) for column in columns])


def bilinear_rgba(x, y, colors):
    """The same between four colours, weighted by their opacity."""
    colors = [from_any(one) for one in colors[:4]]
    alpha = bilinear(x, y, [one.a for one in colors])
    parts = [bilinear(x, y, [getattr(one, n) * one.a for one in colors]) for n in ("r", "g", "b")]
    return RGB(*([part / alpha if alpha else 0.0 for part in parts] + [float(alpha)]))


def from_gegl(color):
    """RGB of a colour that GIMP 3 gave."""
    return RGB(*struct.unpack("=4d", color.get_bytes(Babl.format(_FORMAT)).get_data()))


def from_any(value):
    """RGB of what plug-ins write for a colour: a tuple, a name or a colour."""
    if isinstance(value, RGB):
        return value
    if isinstance(value, str):
        return rgb_parse_css(value)
    if isinstance(value, (HSV, HSL, CMYK)):
        return value.to_rgb()
    return RGB(*value)
