# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours as GIMP 2.10's Python had them: RGB, HSV, HSL and CMYK with parts from 0 to 1."""

import colorsys
import struct

from gi.repository import Babl, Gegl, GLib

_FORMAT = "R'G'B'A double"  # what people mean by a colour; GEGL's own RGBA is linear


class _Parts(object):
    """Named parts from 0 to 1, also reachable by index; integers count as 0 to 255."""

    _names = ()
    _whole = 255.0

    def __init__(self, *parts):
        if len(parts) == 1 and isinstance(parts[0], (tuple, list, _Parts)):
            parts = tuple(parts[0])
        full = self._names + ("a",)
        if len(parts) not in (len(self._names), len(full)):
            raise TypeError("%s takes %s" % (type(self).__name__, ", ".join(full)))
        for name, part in zip(full, parts + (1.0,)):
            whole = isinstance(part, int) and not isinstance(part, bool)
            setattr(self, name, part / self._whole if whole else float(part))

    def __len__(self):
        return len(self._names) + 1

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def __getitem__(self, index):
        names = self._names + ("a",)
        values = [round(getattr(self, name) * self._whole) for name in names]
        return tuple(values[index]) if isinstance(index, slice) else values[index]

    def __setitem__(self, index, value):
        whole = isinstance(value, int)
        setattr(self, (self._names + ("a",))[index], value / self._whole if whole else value)

    def __eq__(self, other):
        return isinstance(other, type(self)) and tuple(self) == tuple(other)

    def __ne__(self, other):
        return not self == other

    __hash__ = None

    def __repr__(self):
        parts = ", ".join(str(getattr(self, name)) for name in self._names + ("a",))
        return "gimpcolor.%s(%s)" % (type(self).__name__, parts)

    def copy(self):
        """Another one of the same colour."""
        return type(self)(*[float(getattr(self, name)) for name in self._names + ("a",)])


class RGB(_Parts):
    """Red, green, blue and alpha. Indices and integers are 0 to 255, as in GIMP 2.10."""

    _names = ("r", "g", "b")
    red = property(lambda self: self.r)
    green = property(lambda self: self.g)
    blue = property(lambda self: self.b)
    alpha = property(lambda self: self.a)

    def set_alpha(self, alpha):
        """Sets the opacity, 0 to 1."""
        self.a = alpha

    def luminance(self):
        """0 to 1, with the weights of sRGB's primaries."""
        return 0.2126 * self.r + 0.7152 * self.g + 0.0722 * self.b

    def to_hsv(self):
        """The same colour as `HSV`."""
        return HSV(*(colorsys.rgb_to_hsv(self.r, self.g, self.b) + (self.a,)))

    def to_hsl(self):
        """The same colour as `HSL`."""
        hue, lightness, saturation = colorsys.rgb_to_hls(self.r, self.g, self.b)
        return HSL(hue, saturation, lightness, self.a)

    def to_gegl(self):
        """The same colour as GIMP 3 wants it."""
        color = Gegl.Color.new("black")
        parts = struct.pack("=4d", self.r, self.g, self.b, self.a)
        color.set_bytes(Babl.format(_FORMAT), GLib.Bytes.new(parts))
        return color


class HSV(_Parts):
    """Hue, saturation, value and alpha."""

    _names = ("h", "s", "v")

    def to_rgb(self):
        """The same colour as `RGB`."""
        return RGB(*(colorsys.hsv_to_rgb(self.h, self.s, self.v) + (self.a,)))


class HSL(_Parts):
    """Hue, saturation, lightness and alpha."""

    _names = ("h", "s", "l")

    def to_rgb(self):
        """The same colour as `RGB`."""
        return RGB(*(colorsys.hls_to_rgb(self.h, self.l, self.s) + (self.a,)))


class CMYK(_Parts):
    """Cyan, magenta, yellow, key and alpha."""

    _names = ("c", "m", "y", "k")


def rgb_parse_hex(text):
    """RGB from "#rrggbb" or "rrggbb"."""
    text = text.lstrip("#")
    return RGB(*[int(text[i : i + 2], 16) for i in (0, 2, 4)])


def rgb_parse_css(text):
    """RGB from anything that GIMP understands as a colour, CSS names included."""
    return from_gegl(Gegl.Color.new(text))


rgb_parse_name = rgb_parse_css


def from_gegl(color):
    """RGB of a colour that GIMP 3 gave."""
    return RGB(*struct.unpack("=4d", color.get_bytes(Babl.format(_FORMAT)).get_data()))


def from_any(value):
    """RGB of what plug-ins write for a colour: a tuple, a name or a colour."""
    if isinstance(value, RGB):
        return value
    if isinstance(value, str):
        return rgb_parse_css(value)
    if isinstance(value, (HSV, HSL)):
        return value.to_rgb()
    return RGB(*value)
