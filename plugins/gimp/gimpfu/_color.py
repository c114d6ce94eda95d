# SPDX-License-Identifier: GPL-3.0-or-later
"""GIMP 2.10's colour tools, by their old names and by those of 2.10.

Several of GIMP 3's reckon in linear light, where 2.10 did with the values as they are stored. Such
a tool is run on a copy whose values are stored the same and said to be linear: `_encoded`.
"""

import array
import itertools
import math

from gi.repository import Gegl, Gimp

from . import _graph
from ._errors import error


def _tool(method, convert, encoded=False, looks=False):
    """A procedure that calls a method of libgimp's drawables.

    convert: makes the method's arguments from 2.10's. encoded: on a copy, see above. looks: the
    selection is copied, too.
    """

    def run(drawable, *args):
        values = convert(*args)
        if encoded:
            _encoded(drawable, method, values, looks)
        else:
            getattr(drawable.native, method)(*values)

    return run


def _encoded(drawable, method, values, looks):
    """Calls the method on a copy of a drawable, whose encoded values count as linear.

    looks: the selection is copied, too.
    """
    Gegl.init(None)
    if drawable.mask_intersect() is None:
        return
    native = drawable.native
    if native.is_indexed():
        raise error("GIMP has no colour tools for indexed layers")
    actual, declared = _graph.encoded_formats(native, encoded=True, depth="float")
    width, height = drawable.width, drawable.height
    place = Gegl.Rectangle.new(0, 0, width, height)
    copy = _linear_image(native, width, height)
    try:
        layer = copy.get_layers()[0]
        buffer = layer.get_buffer()
        buffer.set(
            place, declared, native.get_buffer().get(place, 1.0, actual, Gegl.AbyssPolicy.NONE)
        )
        buffer.flush()
        if looks:
            _copy_selection(drawable, copy)
        if not getattr(layer, method)(*values):
            raise error(Gimp.get_pdb().get_last_error() or "%s failed" % method)
        result = layer.get_buffer().get(place, 1.0, declared, Gegl.AbyssPolicy.NONE)
    finally:
        copy.delete()
    part = Gegl.Rectangle.new(*drawable.mask_intersect())
    whole = Gegl.Buffer.new(actual, 0, 0, width, height)
    whole.set(place, actual, result)
    data = whole.get(part, 1.0, actual, Gegl.AbyssPolicy.NONE)
    _graph.put(drawable, (part.x, part.y, part.width, part.height), actual, data)


def _linear_image(native, width, height):
    """An image of linear precision with a layer of the drawable's kind."""
    precision = Gimp.Precision.FLOAT_LINEAR
    gray = not native.is_rgb()
    base = Gimp.ImageBaseType.GRAY if gray else Gimp.ImageBaseType.RGB
    made = Gimp.Image.new_with_precision(width, height, base, precision)
    made.undo_disable()
    names = ("GRAY", "GRAYA") if gray else ("RGB", "RGBA")
    kind = getattr(Gimp.ImageType, names[int(native.has_alpha())] + "_IMAGE")
    layer = Gimp.Layer.new(made, "copy", width, height, kind, 100.0, Gimp.LayerMode.NORMAL)
    made.insert_layer(layer, None, 0)
    return made


def _copy_selection(drawable, copy):
    """Selects in the copy what is selected of the drawable."""
    image = drawable.native.get_image()
    if Gimp.Selection.is_empty(image):
        return
    width, height = drawable.width, drawable.height
    there = Gegl.Rectangle.new(*(drawable.offsets + (width, height)))
    place = Gegl.Rectangle.new(0, 0, width, height)
    data = image.get_selection().get_buffer().get(there, 1.0, "Y float", Gegl.AbyssPolicy.NONE)
    channel = Gimp.Channel.new(copy, "selected", width, height, 100.0, Gegl.Color.new("black"))
    copy.insert_channel(channel, None, 0)
    buffer = channel.get_buffer()
    buffer.set(place, "Y float", data)
    buffer.flush()
    copy.select_item(Gimp.ChannelOps.REPLACE, channel)


def _channel(number):
    return Gimp.HistogramChannel(int(number))


def _eighth(*values):
    """Numbers of 0 to 255 as parts of one."""
    return tuple(value / 255.0 for value in values)


def _levels(channel, low_in, high_in, gamma, low_out, high_out):
    ends = _eighth(low_in, high_in, low_out, high_out)
    return _channel(channel), ends[0], ends[1], True, float(gamma), ends[2], ends[3], True


def _drawable_levels(channel, low_in, high_in, clamp_in, gamma, low_out, high_out, clamp_out):
    return (_channel(channel), float(low_in), float(high_in), bool(clamp_in), float(gamma),
            float(low_out), float(high_out), bool(clamp_out))  # fmt: skip


def _curve(scale):
    def convert(channel, count, values):
        return _channel(channel), [float(value) / scale for value in values]

    return convert


def _old_brightness(brightness, contrast):
    """As a curve: GIMP 3's tool takes only half of 2.10's range."""
    lift, steep = _lift_and_slope(brightness, contrast)
    values = [_brighter(step / 255.0, lift, steep) for step in range(256)]
    return Gimp.HistogramChannel.VALUE, [min(max(value, 0.0), 1.0) for value in values]


def _lift_and_slope(brightness, contrast):
    return brightness / 127.0 / 2, math.tan((contrast / 127.0 + 1) * math.pi / 4)


def _brighter(value, lift, steep):
    value = value * (1 + lift) if lift < 0 else value + (1 - value) * lift
    return (value - 0.5) * steep + 0.5


def _old_brightness_contrast(drawable, brightness, contrast):
    """As a curve, which cuts off what is beyond black and white: 2.10 mixed before that."""
    bounds = drawable.mask_intersect()
    if bounds and not drawable.native.is_indexed() and _graph.softly_selected(drawable, bounds):
        lift, steep = _lift_and_slope(brightness, contrast)
        _each_value(drawable, bounds, lambda value: _brighter(value, lift, steep))
        return
    _encoded(drawable, "curves_explicit", _old_brightness(brightness, contrast), False)


def _each_value(drawable, bounds, change):
    """Puts another value in each color's place, beyond black and white, too."""
    values, colors = _values(drawable.native, bounds)
    count = len(colors) + int(drawable.native.has_alpha())
    for channel, color in enumerate(colors):
        values[channel::count] = array.array("f", map(change, color))
    _graph.put(
        drawable,
        bounds,
        _graph.encoded_formats(drawable.native, False, "float")[0],
        values.tobytes(),
    )


def _values(native, bounds):
    """All encoded values of a part of a drawable, and those of each color."""
    seen, _ = _graph.encoded_formats(native, False, "float")
    place = Gegl.Rectangle.new(*bounds)
    data = native.get_buffer().get(place, 1.0, seen, Gegl.AbyssPolicy.NONE)
    values, colors = array.array("f", bytes(data)), 3 if native.is_rgb() else 1
    count = colors + int(native.has_alpha())
    return values, [values[channel::count] for channel in range(colors)]


def _brightness(brightness, contrast):
    return float(brightness), float(contrast)


def _hue_saturation(hue_range, hue, lightness, saturation, overlap=0.0):
    kind = Gimp.HueRange(int(hue_range))
    # GIMP 3 makes twice as much of the lightness.
    return kind, float(hue), lightness / 2.0, float(saturation), float(overlap)


def _colorize(hue, saturation, lightness):
    return float(hue), float(saturation), float(lightness)


def _balance(mode, preserve, red, green, blue):
    kind = Gimp.TransferMode(int(mode))
    return kind, bool(preserve), float(red), float(green), float(blue)


def _threshold(low, high):
    return (Gimp.HistogramChannel.VALUE, *_eighth(low, high))


def _drawable_threshold(channel, low, high):
    return _channel(channel), float(low), float(high)


def _numbers(*values):
    return tuple(float(value) for value in values)


def _nothing():
    return ()


def _histogram(drawable, channel, start, end):
    return _drawable_histogram(drawable, channel, *_eighth(start, end))


def _drawable_histogram(drawable, channel, start, end):
    native = drawable.native
    if int(channel) in (1, 2, 3) and not native.is_rgb():
        raise error("gimp_histogram: a gray layer has no colors")
    if isinstance(native, (Gimp.LayerMask, Gimp.Selection)):
        return _mask_histogram(drawable, int(start * 255 + 0.5), int(end * 255 + 0.5))
    return tuple(native.histogram(_channel(channel), float(start), float(end)))[-6:]


def _mask_histogram(drawable, start, end):
    """Of a mask's encoded values, where GIMP 3 counts linear ones."""
    bounds = drawable.mask_intersect()
    if bounds is None:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    values, colors = _values(drawable.native, bounds)
    counts = _counts(colors[0], _weights(drawable, bounds, values))
    part = list(enumerate(counts))[start : end + 1]
    pixels, count = sum(counts), sum(much for _, much in part)
    if not count:
        return 0.0, 0.0, 0.0, pixels, 0.0, 0.0
    mean = sum(value * much for value, much in part) / count
    deviation = math.sqrt(sum(much * (value - mean) ** 2 for value, much in part) / count)
    below = zip(part, _running_total([much for _, much in part]))
    median = next(value for (value, _), total in below if total * 2 > count)
    return mean, deviation, float(median), pixels, count, count / pixels


def _equalize(drawable, mask):
    """Spreads the values evenly, by what is selected, each pixel as far as it is seen.

    mask: change no other pixels than those that are selected.
    """
    native, bounds = drawable.native, drawable.mask_intersect()
    if bounds is None:
        return
    if native.is_indexed():
        raise error("GIMP has no colour tools for indexed layers")
    values, colors = _values(native, bounds)
    weights = _weights(drawable, bounds, values)
    total = _running_total(_counts(map(max, *colors) if len(colors) > 1 else colors[0], weights))
    even = [
        [one / total[-1] if total[-1] else 0.0 for one in _running_total(_counts(color, weights))]
        for color in colors
    ]
    if mask:
        _spread(drawable, bounds, even)
        return
    with _graph.everything_selected(native):
        _spread(drawable, (0, 0, drawable.width, drawable.height), even)


def _spread(drawable, bounds, even):
    """Puts for each of 256 values of each color what `even` has for it."""
    native = drawable.native
    values, colors = _values(native, bounds)
    count = len(colors) + int(native.has_alpha())
    for channel, color in enumerate(colors):
        values[channel::count] = array.array("f", (even[channel][_step(one)] for one in color))
    name = _graph.encoded_formats(native, False, "float")[0]
    _graph.put(drawable, bounds, name, values.tobytes())


def _step(value):
    """The step of 256 that a value is in, reckoned with single precision."""
    return min(max(int(array.array("f", [value * 255.0])[0]), 0), 255)


def _counts(color, weights):
    """How much there is of each of 256 values."""
    counts = [0.0] * 256
    for value, weight in zip(color, weights):
        counts[min(max(int(value * 255.0 + 0.5), 0), 255)] += weight
    return counts


def _running_total(counts):
    return list(itertools.accumulate(counts))


def _weights(drawable, bounds, values):
    """How far each pixel counts: as far as it is seen, and selected."""
    native = drawable.native
    selected = itertools.repeat(1.0, bounds[2] * bounds[3])
    if not Gimp.Selection.is_empty(native.get_image()):
        selected = _graph.selected(drawable, bounds)
    if not native.has_alpha():
        return list(selected)
    count = 4 if native.is_rgb() else 2
    return [one * alpha for one, alpha in zip(selected, values[count - 1 :: count])]


def _desaturate(drawable, mode=0):
    """As GIMP 2.10 refused gray layers, which GIMP 3 leaves as they are."""
    if not drawable.native.is_rgb():
        raise error("gimp_desaturate works on RGB layers only")
    drawable.native.desaturate(Gimp.DesaturateMode(int(mode)))


TABLE = {
    "gimp-brightness-contrast": _old_brightness_contrast,
    "gimp-drawable-brightness-contrast": _tool("brightness_contrast", _brightness, encoded=True),
    "gimp-color-balance": _tool("color_balance", _balance),
    "gimp-drawable-color-balance": _tool("color_balance", _balance),
    "gimp-colorize": _tool("colorize_hsl", _colorize, encoded=True),
    "gimp-drawable-colorize-hsl": _tool("colorize_hsl", _colorize, encoded=True),
    "gimp-curves-spline": _tool("curves_spline", _curve(255.0), encoded=True),
    "gimp-curves-explicit": _tool("curves_explicit", _curve(255.0), encoded=True),
    "gimp-drawable-curves-spline": _tool("curves_spline", _curve(1.0), encoded=True),
    "gimp-drawable-curves-explicit": _tool("curves_explicit", _curve(1.0), encoded=True),
    "gimp-desaturate": _desaturate,
    "gimp-desaturate-full": _desaturate,
    "gimp-drawable-desaturate": _desaturate,
    "gimp-equalize": _equalize,
    "gimp-drawable-equalize": _equalize,
    "gimp-hue-saturation": _tool("hue_saturation", _hue_saturation),
    "gimp-drawable-hue-saturation": _tool("hue_saturation", _hue_saturation),
    "gimp-invert": _tool("invert", lambda: (False,)),
    "gimp-drawable-invert": _tool("invert", lambda linear: (bool(linear),)),
    "gimp-levels": _tool("levels", _levels, encoded=True),
    "gimp-drawable-levels": _tool("levels", _drawable_levels, encoded=True),
    "gimp-levels-auto": _tool("levels_stretch", _nothing, encoded=True, looks=True),
    "gimp-levels-stretch": _tool("levels_stretch", _nothing, encoded=True, looks=True),
    "gimp-drawable-levels-stretch": _tool("levels_stretch", _nothing, encoded=True, looks=True),
    "gimp-posterize": _tool("posterize", lambda levels: (int(levels),)),
    "gimp-drawable-posterize": _tool("posterize", lambda levels: (int(levels),)),
    "gimp-threshold": _tool("threshold", _threshold),
    "gimp-drawable-threshold": _tool("threshold", _drawable_threshold),
    "gimp-drawable-shadows-highlights": _tool("shadows_highlights", _numbers),
    "gimp-histogram": _histogram,
    "gimp-drawable-histogram": _drawable_histogram,
}
