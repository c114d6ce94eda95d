# SPDX-License-Identifier: GPL-3.0-or-later
"""More filters that were programs of their own in GIMP 2.10 and worked with bytes: those that
draw by edges. What `_kernels` says holds here, too.
"""

import array
import math
import sys

from gi.repository import Gimp

from . import _graph
from ._errors import error
from ._kernels import Recursive, blurred_down, interleaved, lightness, planes_of, rows_with_progress

_TILE = 128
"""The side of the tiles in which GIMP 2.10 handed pixels to plug-ins."""


def _color_layer(drawable, name):
    """The libgimp drawable. Raises error for an indexed one."""
    if drawable.native.is_indexed():
        raise error("%s works on RGB images and gray ones" % name)
    return drawable.native


def _emboss(image, drawable, azimuth, elevation, depth, kind):
    """Light from the side on what the colors, times alpha, are the heights of.

    It works on what is selected and `depth` pixels more to the left and above; what lies in the
    last row and column of that is as GIMP 2.10 left it.
    """
    native = _color_layer(drawable, "plug_in_emboss")
    bounds = drawable.mask_intersect()
    if bounds is None:
        return
    depth = int(depth)
    left, top = max(0, bounds[0] - depth), max(0, bounds[1] - depth)
    right = min(drawable.width, left + bounds[2] + depth)
    bottom = min(drawable.height, top + bounds[3] + depth)
    light = _Light(azimuth, elevation, depth)

    def changed(data, width, height, count):
        colors = 3 if native.is_rgb() else 1
        rows = [
            data[(y * width + left) * count : (y * width + right) * count]
            for y in range(top, bottom)
        ]
        heights = [_heights(row, count, colors) for row in rows]
        out = bytearray(len(data))
        for y in rows_with_progress(range(len(rows))):
            # The first and the last row have the place of the one beside them.
            near = min(max(y, 1), max(len(rows) - 2, 0))
            above = near if y == 0 else near - 1
            below = near if y == len(rows) - 1 and y else near + 1
            three = [heights[min(max(one, 0), len(rows) - 1)] for one in (above, near, below)]
            shades = light.shades(three)
            line = _lit(rows[near], shades, count, colors, bool(kind))
            # GIMP 2.10 put the first row into the drawable's corner.
            start = ((top + y) * width + left) * count if y else 0
            out[start : start + len(line)] = line
        return bytes(out)

    _graph.apply_bytes(drawable, changed, whole=True)


class _Light(object):
    """A light from afar, by Schlag's embossing (Graphics Gems IV), in GIMP 2.10's numbers."""

    def __init__(self, azimuth, elevation, depth):
        around, upward = math.radians(azimuth), math.radians(elevation)
        self.x = math.cos(around) * math.cos(upward) * 255.9
        self.y = math.sin(around) * math.cos(upward) * 255.9
        self.up = math.sin(upward) * 255.9
        self.steep = float(6 * 255 // depth)

    def shades(self, rows):
        """The middle one of three rows of heights in that light; its ends are not lit."""
        above, here, below = rows
        out = [0]
        for x in range(1, len(here) - 1):
            w, e = x - 1, x + 1
            across = int(above[w] + here[w] + below[w] - above[e] - here[e] - below[e])
            down = int(below[w] + below[x] + below[e] - above[w] - above[x] - above[e])
            if not (across or down):
                out.append(int(self.up))
                continue
            lit = int(across * self.x + down * self.y + self.steep * self.up)
            length = math.sqrt(across * across + down * down + self.steep * self.steep)
            out.append(int(lit / length) if lit >= 0 else 0)
        return (out + [0])[: len(here)]


def _heights(row, count, colors):
    """The colors of each pixel of a row, added up, as far as its alpha shows them."""
    parts = [row[channel::count] for channel in range(colors)]
    if count == colors:
        return [float(sum(pixel)) for pixel in zip(*parts)]
    heights = []
    for pixel in zip(*(parts + [row[colors::count]])):
        seen, height = pixel[-1] / 255.0, 0.0
        for value in pixel[:-1]:
            height += seen * value
        heights.append(height)
    return heights


def _lit(row, shades, count, colors, alone):
    """A row in those shades: they alone, or its colors times them. Its ends are clear."""
    out = bytearray(row)
    for channel in range(colors):
        values = row[channel::count]
        made = shades if alone else [one * shade >> 8 for one, shade in zip(values, shades)]
        out[channel::count] = bytes(bytearray(made))
    out[:count] = bytes(count)
    out[-count:] = bytes(count)
    return out


def _cartoon(image, drawable, radius, black):
    """Darkens what is darker than its surroundings, up to black for that part of it."""
    native = _color_layer(drawable, "plug_in_cartoon")
    filters = [Recursive(_deviation(one)) for one in (1.0, radius)]

    def changed(data, width, height, count):
        planes = planes_of(data, width, height, count)
        colors = planes[:3] if native.is_rgb() else planes[:1]
        near, far = [_lightness_blurred(colors, one) for one in filters]
        ramp = _ramp(near, far, black)
        made = [[0] * width for _ in range(height)]
        x, y = (drawable.mask_intersect() or (0, 0))[:2]
        for rows, columns in _tiles(x, y, width, height):
            dark = 0.0
            for row in rows:
                for column in columns:
                    if far[row][column]:
                        ratio = near[row][column] / float(far[row][column])
                        dark = (ramp - min(ramp, 1.0 - ratio)) / ramp if ramp else 0.0
                        if ratio >= 1.0:
                            dark = 1.0
                    made[row][column] = int(min(max(near[row][column] * dark, 0), 255))
        if not native.is_rgb():
            return interleaved([made] + planes[1:])
        out = [[], [], []]
        for rows in rows_with_progress(list(zip(*(colors + [made])))):
            pixels = [_with_lightness(*pixel) for pixel in zip(*rows)]
            for into, row in zip(out, zip(*pixels)):
                into.append(row)
        return interleaved(out + planes[3:])

    _graph.apply_bytes(drawable, changed)


def _deviation(radius):
    """That of the Gaussian that has come down to 1/255 one pixel beyond the radius."""
    radius = abs(radius) + 1.0
    return math.sqrt(-(radius * radius) / (2 * math.log(1 / 255.0)))


def _lightness_blurred(planes, filter_):
    """Blurs the colors downward, and their lightness across."""
    down = lightness([blurred_down(plane, filter_) for plane in planes])
    across = blurred_down([list(column) for column in zip(*down)], filter_)
    return [list(row) for row in zip(*across)]


def _ramp(near, far, part):
    """How far from 1 that part of the ratios below 1 lies, in hundredths."""
    counts = [0] * 100
    for rows in zip(near, far):
        for one, other in zip(*rows):
            if other and one < other:
                counts[int(one / float(other) * 100)] += 1
    total, passed = sum(counts), 0
    if part == 0 or not total:
        return 1.0
    for number, count in enumerate(counts):
        passed += count
        if passed / float(total) > part:
            return 1.0 - number / 100.0
    return 0.0


def _tiles(x, y, width, height):
    """The rows and columns of a part that starts at (x, y), tile by tile."""
    for rows in _cut(y, height):
        for columns in _cut(x, width):
            yield rows, columns


def _cut(first, count):
    ends = list(range(_TILE - first % _TILE, count, _TILE)) + [count]
    starts = [0] + ends[:-1]
    return [range(*pair) for pair in zip(starts, ends)]


def _with_lightness(red, green, blue, light):
    """A pixel with another lightness, in whole numbers of 0 to 255 as GIMP 2.10 reckoned."""
    high, low = max(red, green, blue), min(red, green, blue)
    if high == low:
        return light, light, light
    delta = float(high - low)
    full = high + low if (high + low) / 2.0 < 128 else 511 - high - low
    saturation = int(255 * delta / full + 0.5)
    if red == high:
        hue = (green - blue) / delta
    elif green == high:
        hue = 2 + (blue - red) / delta
    else:
        hue = 4 + (red - green) / delta
    hue *= 42.5
    hue = int((hue + 255 if hue < 0 else hue - 255 if hue > 255 else hue) + 0.5)
    if not saturation:
        return light, light, light
    if light < 128:
        most = light * (255 + saturation) / 65025.0
    else:
        most = (light + saturation - light * saturation / 255.0) / 255.0
    least = light / 127.5 - most
    return tuple(_at_hue(least, most, hue + turn) for turn in (85, 0, -85))


def _at_hue(least, most, hue):
    hue = hue - 255 if hue > 255 else hue + 255 if hue < 0 else hue
    if hue < 42.5:
        value = least + (most - least) * (hue / 42.5)
    elif hue < 127.5:
        value = most
    elif hue < 170:
        value = least + (most - least) * ((170 - hue) / 42.5)
    else:
        value = least
    return min(max(int(value * 255.0 + 0.5), 0), 255)


def _dog(image, drawable, inner, outer, normalize, invert):
    """The difference of two Gaussian blurs. GIMP 2.10 left layers with alpha transparent."""
    native = _color_layer(drawable, "plug_in_dog")
    if not isinstance(native, Gimp.Layer):
        raise error("plug_in_dog works on layers only")
    if inner <= 0 or outer <= 0:
        raise error("plug_in_dog: the radii must be greater than 0")
    if drawable.mask_intersect() is None:
        return
    image.native.undo_group_start()
    try:
        inner_, outer_ = [_blurred_copy(image, drawable, one) for one in (inner, outer)]
        alpha, most = native.has_alpha(), [0]

        def difference(data, width, height, count):
            out = bytearray(max(one - other, 0) for one, other in zip(inner_, outer_))
            if alpha:
                out[count - 1 :: count] = bytes(width * height)
            most[0] = max(out)
            return bytes(out)

        _graph.apply_bytes(drawable, difference, whole=True)
        factor = 255.0 / most[0] if normalize and most[0] else 1.0
        scaled = [int(factor * value) & 255 for value in range(256)]
        table = bytes(bytearray(255 - one if invert else one for one in scaled))

        def stretched(data, width, height, count):
            out = bytearray(data.translate(table))
            if alpha:
                out[count - 1 :: count] = bytes(width * height)
            return bytes(out)

        if normalize or invert:
            _graph.apply_bytes(drawable, stretched, whole=True)
    finally:
        image.native.undo_group_end()


def _blurred_copy(image, drawable, radius):
    """The bytes of a copy of a layer, blurred where it is selected."""
    copy = drawable.copy()
    image.native.insert_layer(copy.native, drawable.native.get_parent(), 0)
    curve = _curve(_deviation(radius))
    alpha = copy.native.has_alpha()

    def blurred(data, width, height, count):
        planes = planes_of(data, width, height, count)
        for _ in range(2):
            planes = _smoothed(_premultiplied(planes) if alpha else planes, curve)
            planes = _separated(planes) if alpha else planes
            planes = [[list(column) for column in zip(*plane)] for plane in planes]
        return interleaved(planes)

    try:
        _graph.apply_bytes(copy, blurred)
        return _graph.read_bytes(copy)
    finally:
        image.native.remove_layer(copy.native)


def _curve(deviation):
    """The Gaussian's values from -length to length - 1, whole numbers of up to 255."""
    spread = 2 * deviation * deviation
    length = int(math.ceil(math.sqrt(-spread * math.log(1 / 255.0))))
    return [int(math.exp(-(at * at) / spread) * 255) for at in range(-length, length)]


def _smoothed(planes, curve):
    """Blurs downward. The rows are added up as long numbers, with 32 bits for each pixel."""
    total, length = sum(curve), len(curve) // 2
    out = []
    for plane in planes:
        lanes = [
            int.from_bytes(array.array("I", list(row)).tobytes(), sys.byteorder)
            for row in rows_with_progress(plane)
        ]
        made = []
        for y in range(len(plane)):
            summed = 0
            for at, weight in enumerate(curve):
                summed += weight * lanes[min(max(y + at - length, 0), len(lanes) - 1)]
            values = array.array("I", summed.to_bytes(4 * len(plane[0]), sys.byteorder))
            made.append([value // total for value in values])
        out.append(made)
    return out


def _premultiplied(planes):
    alpha = planes[-1]
    return [
        [[int(one * (a * (1.0 / 255.0))) for one, a in zip(*rows)] for rows in zip(plane, alpha)]
        for plane in planes[:-1]
    ] + [alpha]


def _separated(planes):
    alpha = planes[-1]
    return [
        [
            [min(255, int(one * (255.0 / a))) if 0 < a < 255 else one for one, a in zip(*rows)]
            for rows in zip(plane, alpha)
        ]
        for plane in planes[:-1]
    ] + [alpha]


TABLE = {
    "plug-in-cartoon": _cartoon,
    "plug-in-dog": _dog,
    "plug-in-emboss": _emboss,
}
