# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that were programs of their own in GIMP 2.10 and worked with bytes, where GEGL has none
that gives their pixels: the arithmetic itself, row by row.

A row is a list of numbers, one a pixel; a plane is a list of rows.
"""

import math

from gi.repository import Gimp

from . import _graph, gimpcolor
from ._errors import error

_STEP = 32
"""Rows between two reports of progress."""


def planes_of(data, width, height, count):
    """The planes of interleaved bytes."""
    stride = width * count
    rows = [data[start : start + stride] for start in range(0, height * stride, stride)]
    return [[row[channel::count] for row in rows] for channel in range(count)]


def interleaved(planes):
    """The bytes of planes of whole numbers from 0 to 255."""
    count, width = len(planes), len(planes[0][0])
    out = bytearray(count * width * len(planes[0]))
    for channel, plane in enumerate(planes):
        out[channel::count] = b"".join(bytes(bytearray(row)) for row in plane)
    return bytes(out)


def _on_colors(change, rgb_only=False):
    """A procedure that gives a drawable the color planes that `change(planes, *args)` makes.

    Alpha stays as it is.
    """

    def procedure(image, drawable, *args):
        native = drawable.native
        if native.is_indexed() or (rgb_only and not native.is_rgb()):
            raise error("this filter works on RGB images" + ("" if rgb_only else " and gray ones"))

        def changed(data, width, height, count):
            planes = planes_of(data, width, height, count)
            colors = 3 if native.is_rgb() else 1
            return interleaved(change(planes[:colors], *args) + planes[colors:])

        _graph.apply_bytes(drawable, changed)

    return procedure


def rows_with_progress(rows):
    """The rows, with GIMP's progress bar moving along."""
    count = len(rows)
    for number, row in enumerate(rows):
        if number % _STEP == 0:
            Gimp.progress_update(number / float(count))
        yield row
    Gimp.progress_update(1.0)


def lightness(planes):
    """The mean of the largest and the smallest color, rounded up."""
    if len(planes) == 1:
        return planes[0]
    return [[(max(pixel) + min(pixel) + 1) // 2 for pixel in zip(*rows)] for rows in zip(*planes)]


class Recursive(object):
    """The coefficients of a Gaussian as a recursive filter of fourth order, after Deriche 1993.

    forward, backward: of the four last inputs and this one; feedback: of the four last outputs.
    rest: what either half gives for a line that has always been 1.
    """

    def __init__(self, deviation):
        root = math.sqrt(2 * math.pi) * deviation
        slow, fast = math.exp(-1.783 / deviation), math.exp(-1.723 / deviation)
        cos_slow, sin_slow = math.cos(0.6318 / deviation), math.sin(0.6318 / deviation)
        cos_fast, sin_fast = math.cos(1.997 / deviation), math.sin(1.997 / deviation)
        a, b, c, d = 1.6803 / root, 3.735 / root, -0.6803 / root, -0.2598 / root
        self.forward = [
            a + c,
            fast * (d * sin_fast - (c + 2 * a) * cos_fast)
            + slow * (b * sin_slow - (2 * c + a) * cos_slow),
            2 * slow * fast * ((a + c) * cos_fast * cos_slow - b * cos_fast * sin_slow
                               - d * cos_slow * sin_fast) + c * slow**2 + a * fast**2,
            fast * slow**2 * (d * sin_fast - c * cos_fast)
            + slow * fast**2 * (b * sin_slow - a * cos_slow),
        ]  # fmt: skip
        self.feedback = [
            -2 * fast * cos_fast - 2 * slow * cos_slow,
            4 * cos_fast * cos_slow * slow * fast + fast**2 + slow**2,
            -2 * cos_slow * slow * fast**2 - 2 * cos_fast * fast * slow**2,
            slow**2 * fast**2,
        ]
        first = self.forward[0]
        padded = self.forward[1:] + [0.0]
        self.backward = [n - first * f for n, f in zip(padded, self.feedback)]
        total = 1 + sum(self.feedback)
        self.rest = sum(self.forward) / total, sum(self.backward) / total


def _blurred(plane, radius):
    """A Gaussian whose value at `radius` is 1/255, in bytes after each direction."""
    filter_ = Recursive(math.sqrt(-(radius**2) / (2 * math.log(1 / 255.0))))
    down = blurred_down(plane, filter_)
    across = blurred_down([list(column) for column in zip(*down)], filter_)
    return [list(row) for row in zip(*across)]


def blurred_down(rows, filter_):
    causal = _run(rows, filter_, filter_.forward, 0)
    other = _run(rows[::-1], filter_, filter_.backward, 1)[::-1]
    return [
        [min(max(int(a + b), 0), 255) for a, b in zip(one, two)] for one, two in zip(causal, other)
    ]


def _run(rows, filter_, weights, late):
    """One half of the filter over the rows. late: 1 where the row itself does not count."""
    p, q, r, s = weights
    t, u, v, w = filter_.feedback
    first = rows[0]
    rest = [filter_.rest[late] * value for value in first]
    before, after, out = [first] * 4, [rest] * 4, []
    for row in rows_with_progress(rows):
        seen = before if late else [row] + before[:3]
        now = [
            p * a + q * b + r * c + s * d - t * e - u * f - v * g - w * h
            for a, b, c, d, e, f, g, h in zip(*(seen + after))
        ]
        out.append(now)
        before, after = [row] + before[:3], [now] + after[:3]
    return out


def _softglow(planes, radius, brightness, sharpness):
    """Screens the picture with a blurred and brightened copy of its lights."""
    steep = -(2 + sharpness * 20)
    curve = [
        int(min(max(255.0 / (1 + math.exp(steep * (step / 255.0 - 0.5))) * brightness, 0), 255))
        for step in range(256)
    ]
    lights = [[curve[value] for value in row] for row in lightness(planes)]
    glow = _blurred(lights, abs(radius) + 1)
    return [
        [
            [255 - _divided((255 - one) * (255 - two)) for one, two in zip(row, shine)]
            for row, shine in zip(plane, glow)
        ]
        for plane in planes
    ]


def _divided(product):
    """A product of two bytes over 255, rounded."""
    product += 128
    return ((product >> 8) + product) >> 8


_THRESHOLD = 0.75


def _photocopy(planes, radius, sharpness, black, white):
    """Darkens what is darker than its surroundings, and whitens the rest."""
    light = lightness(planes)
    near = _blurred(light, max(1.0, 10 * (1 - sharpness)) + 1)
    far = _blurred(light, abs(radius) + 1)
    ratios = [[a / float(b) if b else None for a, b in zip(*rows)] for rows in zip(near, far)]
    down, up = _ramp(ratios, black, True), _ramp(ratios, 1.0 - white, False)

    def copied(value, ratio):
        if ratio is None:
            return 255
        if ratio < _THRESHOLD:
            dark = (down - min(down, _THRESHOLD - ratio)) / down if down else 0.0
            return int(min(max(value * dark, 0), 255))
        light = min(up, ratio - _THRESHOLD) / up if up else 1.0
        return int(min(max(255 - (1 - light) * (255 - value), 0), 255))

    made = [[copied(*pair) for pair in zip(*rows)] for rows in zip(near, ratios)]
    return [made] * len(planes)


def _ramp(ratios, part, under):
    """How far from the threshold the given part of the ratios on its side lies."""
    counts = [0] * 2000
    for row in ratios:
        for ratio in row:
            if ratio is not None and ratio < 2.0 and (ratio < _THRESHOLD) == under:
                counts[int(ratio * 1000)] += 1
    total, passed = float(sum(counts)), 0
    if part == 0 or not total:
        return 1.0 if under else 0.0
    for number, count in enumerate(counts):
        passed += count
        if passed / total > part:
            distance = number / 1000.0 - _THRESHOLD
            return -distance if under else distance
    return 0.0 if under else 1.0


def _max_rgb(planes, keep_largest):
    """Keeps the largest (or the smallest) of each pixel's colors; the others become 0."""
    choose = max if keep_largest else min
    out = [[], [], []]
    for rows in rows_with_progress(list(zip(*planes))):
        kept = [choose(pixel) for pixel in zip(*rows)]
        for row, into in zip(rows, out):
            into.append([one if one == best else 0 for one, best in zip(row, kept)])
    return out


_LUMINANCE = 0.22248840, 0.71690369, 0.06060791
"""What red, green and blue count."""


def _colorify(planes, color):
    """The luminance, tinted; each part of it is cut to a whole number."""
    shares = [[int(value * share) for value in range(256)] for share in _LUMINANCE]
    color = gimpcolor.from_any(color)
    tints = [[int(value * part) for value in range(256)] for part in (color.r, color.g, color.b)]
    red, green, blue = shares
    out = [[], [], []]
    for rows in rows_with_progress(list(zip(*planes))):
        light = [red[r] + green[g] + blue[b] for r, g, b in zip(*rows)]
        for into, tint in zip(out, tints):
            into.append([tint[value] for value in light])
    return out


def _color_enhance(planes):
    """Stretches the saturation of the inks, with the gray that they have in common set aside."""
    inks = [[[255 - value for value in row] for row in plane] for plane in planes]
    pixels = [list(zip(*rows)) for rows in zip(*inks)]
    depths = [[max(pixel) - min(pixel) for pixel in row] for row in pixels]
    low, high = min(map(min, depths)), max(map(max, depths))
    if low == high:
        return planes
    scale = [
        (depth - low) / float(high - low) * 255 / depth if depth else 0.0 for depth in range(256)
    ]
    out = [[], [], []]
    for row, depth in rows_with_progress(list(zip(pixels, depths))):
        made = [
            [255 - (min(pixel) + (ink - min(pixel)) * scale[one]) for ink in pixel]
            for pixel, one in zip(row, depth)
        ]
        for channel, into in enumerate(out):
            into.append([min(max(int(pixel[channel] + 0.5), 0), 255) for pixel in made])
    return out


def _blur(image, drawable):
    """The mean of three by three pixels, each as much as its alpha says.

    Beside a selection it sees what is above and below, not what is to the left and the right.
    """
    native = drawable.native
    if native.is_indexed():
        raise error("plug_in_blur works on RGB images and gray ones")

    def changed(data, width, height, count):
        planes = planes_of(data, width, height, count)
        if not native.has_alpha():
            return interleaved([_ninth(_sums_of_nine(plane)) for plane in planes])
        weights = planes[-1]
        sums = _sums_of_nine(weights)
        out = []
        for plane in planes[:-1]:
            weighted = [[a * b for a, b in zip(*rows)] for rows in zip(plane, weights)]
            out.append(
                [
                    [(2 * a + b) // (2 * b) if b else 0 for a, b in zip(*rows)]
                    for rows in zip(_sums_of_nine(weighted), sums)
                ]
            )
        return interleaved(out + [_ninth(sums)])

    _graph.apply_bytes(drawable, changed, rows=1)


def _ninth(sums):
    return [[(one + 4) // 9 for one in row] for row in sums]


def _sums_of_nine(plane):
    """Each value and the eight around it; beyond the edge the outermost ones go on."""
    rows = [plane[0]] + plane + [plane[-1]]
    down = [[a + b + c for a, b, c in zip(*three)] for three in zip(rows, rows[1:], rows[2:])]
    out = []
    for row in rows_with_progress(down):
        wide = [row[0]] + row + [row[-1]]
        out.append([a + b + c for a, b, c in zip(wide, wide[1:], wide[2:])])
    return out


def _fractal_trace(image, drawable, x1, x2, y1, y2, depth, outside):
    """Each pixel from where the Mandelbrot iteration takes its place."""
    native = drawable.native
    if native.is_indexed():
        raise error("plug_in_fractal_trace works on RGB images and gray ones")
    bounds = drawable.mask_intersect()
    if bounds is None:
        return
    left, top, wide, high = bounds
    step_x = (x2 - x1) / float(wide)
    step_y = (y2 - y1) / float(high)
    alpha = native.has_alpha()

    def changed(data, width, height, count):
        colors = count - int(alpha)
        fills = {1: (0,) * colors + (0,), 2: (0,) * colors + (255,), 3: (255,) * colors + (255,)}
        out = bytearray(data)
        for y in rows_with_progress(range(top, top + high)):
            for x in range(left, left + wide):
                from_x, from_y = x1 + (x - left) * step_x, y1 + (y - top) * step_y
                from_x, from_y = _mandelbrot(from_x, from_y, int(depth))
                from_x = (from_x - x1) / step_x + left
                from_y = (from_y - y1) / step_y + top
                within = 0 <= from_x < width and 0 <= from_y < height
                if within or outside not in fills:
                    place = from_x % width, from_y % height
                    pixel = _between(data, width, height, count, alpha, *place)
                else:
                    pixel = fills[outside]
                at = (y * width + x) * count
                out[at : at + count] = bytes(bytearray(pixel[:count]))
        return bytes(out)

    _graph.apply_bytes(drawable, changed, whole=True)


def _mandelbrot(x, y, depth):
    real, imaginary = x, y
    for _ in range(depth):
        real, imaginary = real * real - imaginary * imaginary + x, 2 * real * imaginary + y
    return real, imaginary


def _between(data, width, height, count, alpha, x, y):
    """The pixel at a place between four, each counting as much as its alpha says."""
    left, top = int(x), int(y)
    across, down = x - left, y - top
    colors, total = [0.0] * (count - int(alpha)), 0.0
    for row, part in ((top, 1.0 - down), (top + 1, down)):
        for column, share in ((left, 1.0 - across), (left + 1, across)):
            at = (min(row, height - 1) * width + min(column, width - 1)) * count
            weight = part * share * (data[at + count - 1] if alpha else 255)
            total += weight
            colors = [sum_ + weight * data[at + c] for c, sum_ in enumerate(colors)]
    total *= 1.0001
    if not int(total):
        return [0] * count
    return [int(one / total) for one in colors] + [int(total)]


TABLE = {
    "plug-in-blur": _blur,
    "plug-in-color-enhance": _on_colors(_color_enhance, rgb_only=True),
    "plug-in-colorify": _on_colors(_colorify, rgb_only=True),
    "plug-in-fractal-trace": _fractal_trace,
    "plug-in-max-rgb": _on_colors(_max_rgb, rgb_only=True),
    "plug-in-photocopy": _on_colors(_photocopy),
    "plug-in-softglow": _on_colors(_softglow),
}
