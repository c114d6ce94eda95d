# SPDX-License-Identifier: GPL-3.0-or-later
"""Brushes, patterns, gradients, palettes, fonts, dynamics and units by their names, as in 2.10."""

from gi.repository import Gegl, Gimp

from . import gimpcolor
from ._enums import native_enum, number_of
from ._errors import error
from ._values import from_native, resource, unit

_KINDS = {
    "brush": Gimp.Brush,
    "gradient": Gimp.Gradient,
    "palette": Gimp.Palette,
    "pattern": Gimp.Pattern,
    "font": Gimp.Font,
}


def _native(kind, name):
    """The resource of that name, or for "" the one in use. Raises error."""
    if not name:
        return getattr(Gimp, "context_get_" + kind)()
    return resource(name, _KINDS[kind].__gtype__)


def _lists(kind):
    function = getattr(Gimp, {"brush": "brushes"}.get(kind, kind + "s") + "_get_list")

    def names(pattern=""):
        names = [one.get_name() for one in function(pattern or "")]
        return len(names), tuple(names)

    return names


def _duplicate(kind):
    return lambda name: _native(kind, name).duplicate().get_name()


def _rename(kind):
    def rename(name, new):
        one = _native(kind, name)
        one.rename(new)
        return one.get_name()

    return rename


def _each(kind):
    """What can be done with every kind of resource."""
    plural = {"brush": "brushes"}.get(kind, kind + "s")
    get = "context_get_" + kind

    def chosen():
        return getattr(Gimp, get)().get_name()

    def choose(name):
        getattr(Gimp, "context_set_" + kind)(_native(kind, name))

    return {
        "gimp-%s-get-list" % plural: _lists(kind),
        "gimp-%s-list" % plural: _lists(kind),
        "gimp-%s-delete" % kind: lambda name: _gone(_native(kind, name).delete(), name),
        "gimp-%s-duplicate" % kind: _duplicate(kind),
        "gimp-%s-is-editable" % kind: lambda name: int(_native(kind, name).is_editable()),
        "gimp-%s-rename" % kind: _rename(kind),
        "gimp-context-get-" + kind: chosen,
        "gimp-context-set-" + kind: choose,
        "gimp-%s-get-%s" % (plural, kind): chosen,
        "gimp-%s-set-%s" % (plural, kind): choose,
    }


def _gone(done, name):
    if not done:
        raise error(Gimp.get_pdb().get_last_error() or "%s cannot be deleted" % name)


def _pixels(buffer):
    """(width, height, bytes a pixel, the bytes) of a small GEGL buffer."""
    place = buffer.get_extent()
    data = bytearray(buffer.get(place, 1.0, None, Gegl.AbyssPolicy.NONE))
    bpp = len(data) // max(place.width * place.height, 1)
    return place.width, place.height, bpp, tuple(data)


def _brush_info(name):
    return tuple(_native("brush", name).get_info())[-4:]


def _brush_pixels(name):
    brush = _native("brush", name)
    width, height, bpp, data = _pixels(brush.get_mask(4096, 4096))
    painted = brush.get_buffer(4096, 4096)
    colors = _pixels(painted)[2:] if painted else (0, ())
    return width, height, bpp, len(data), data, colors[0], len(colors[1]), colors[1]


def _pattern_pixels(name):
    width, height, bpp, data = _pixels(_native("pattern", name).get_buffer(4096, 4096))
    return width, height, bpp, len(data), data


def _pattern_info(name):
    return tuple(_native("pattern", name).get_info())[-3:]


def _brushes_get_brush():
    brush = Gimp.context_get_brush()
    width, height = _brush_info(brush.get_name())[:2]
    return brush.get_name(), width, height, brush.get_spacing()


def _patterns_get_pattern():
    name = Gimp.context_get_pattern().get_name()
    return (name,) + _pattern_info(name)[:2]


def _palettes_get_palette():
    palette = Gimp.context_get_palette()
    return palette.get_name(), palette.get_color_count()


def _palettes_get_entry(name, number):
    palette = _native("palette", name)
    return palette.get_name(), palette.get_color_count(), _entry_color(name, number)


def _entry(name, number):
    palette = _native("palette", name)
    if not 0 <= number < palette.get_color_count():
        raise error("Palette '%s' has no entry %d" % (palette.get_name(), number))
    return palette


def _entry_color(name, number):
    return from_native(_entry(name, number).get_entry_color(int(number)))


def _entry_name(name, number):
    result = _entry(name, number).get_entry_name(int(number))
    return result[1] if isinstance(result, tuple) else result


def _set_entry_color(name, number, color):
    native = gimpcolor.from_any(color).to_gegl()
    _entry(name, number).set_entry_color(int(number), native)


def _set_entry_name(name, number, text):
    _entry(name, number).set_entry_name(int(number), text)


def _add_entry(name, text, color):
    result = _native("palette", name).add_entry(text, gimpcolor.from_any(color).to_gegl())
    return result[1] if isinstance(result, tuple) else result


def _palette_colors(name):
    colors = tuple(from_native(one) for one in _native("palette", name).get_colors())
    return len(colors), colors


def _new(kind):
    return lambda name: _KINDS[kind].new(name).get_name()


def _flat(colors):
    """Parts of colours one after the other, as 2.10 gave samples."""
    parts = []
    for color in colors:
        one = gimpcolor.from_gegl(color)
        parts += [one.r, one.g, one.b, one.a]
    return tuple(parts)


def uniform_samples(name, count, reverse=False):
    """So many colours along a gradient, four numbers each."""
    samples = _native("gradient", name).get_uniform_samples(int(count), bool(reverse))
    return _flat(samples[-1] if isinstance(samples, tuple) else samples)


def custom_samples(name, positions, reverse=False):
    """The colours at these places of a gradient, four numbers each."""
    places = [float(one) for one in positions]
    samples = _native("gradient", name).get_custom_samples(places, bool(reverse))
    return _flat(samples[-1] if isinstance(samples, tuple) else samples)


def _counted(values):
    return len(values), values


def _segment_color(side):
    """2.10 gave the opacity, 0 to 100, behind the color."""

    def color(name, segment):
        result = getattr(_native("gradient", name), "segment_get_%s_color" % side)(int(segment))
        result = from_native(result[-1] if isinstance(result, tuple) else result)
        return result, result.a * 100.0

    return color


def _set_segment_color(side):
    """2.10 took the opacity, 0 to 100, behind the color."""

    def set_color(name, segment, color, opacity):
        color = gimpcolor.from_any(color).copy()
        color.a = opacity / 100.0
        set_value = getattr(_native("gradient", name), "segment_set_%s_color" % side)
        if not set_value(int(segment), color.to_gegl()):
            raise error(Gimp.get_pdb().get_last_error() or "there is no segment %d" % segment)

    return set_color


def _gradients_data(name, size, reverse):
    values = uniform_samples(name, size, reverse)
    return _native("gradient", name).get_name(), len(values), values


def _extents(text, size, size_type, font):
    """`gimp-text-get-extents-fontname`."""
    extents = Gimp.text_get_extents_font(text, float(size), resource(font, Gimp.Font.__gtype__))
    return tuple(extents)[-4:]


def _extents_old(text, size, size_type, foundry, family, *more):
    return _extents(text, size, size_type, family)


_UNITS = {
    "abbreviation": lambda one: one.get_abbreviation(),
    "digits": lambda one: one.get_digits(),
    "factor": lambda one: one.get_factor(),
    "identifier": lambda one: one.get_name(),
    "plural": lambda one: one.get_name(),
    "singular": lambda one: _SINGULAR.get(one.get_id(), one.get_name()),
    "symbol": lambda one: one.get_symbol(),
    "deletion-flag": lambda one: int(one.get_deletion_flag()),
}


_SINGULAR = dict(enumerate(("pixel", "inch", "millimeter", "point", "pica")))


def _unit_table():
    def getter(function):
        return lambda number: function(unit(number))

    table = {"gimp-unit-get-" + name: getter(function) for name, function in _UNITS.items()}
    table["gimp-unit-get-number-of-built-in-units"] = lambda: 5
    table["gimp-unit-get-number-of-units"] = _count_units
    table["gimp-unit-set-deletion-flag"] = lambda number, flag: unit(number).set_deletion_flag(flag)
    table["gimp-get-default-unit"] = lambda: Gimp.get_default_unit().get_id()
    return table


def _count_units():
    number = 0
    while Gimp.Unit.get_by_id(number) is not None:
        number += 1
    return number


def _dynamics_list(pattern=""):
    names = tuple(Gimp.dynamics_get_name_list(pattern or ""))
    return len(names), names


def _refresh(*names):
    def refresh():
        for name in names:
            getattr(Gimp, name + "_refresh")()

    return refresh


TABLE = {}
for _kind in _KINDS:
    TABLE.update(_each(_kind))
TABLE.update(_unit_table())
for _side in ("left", "right"):
    TABLE["gimp-gradient-segment-get-%s-color" % _side] = _segment_color(_side)
    TABLE["gimp-gradient-segment-set-%s-color" % _side] = _set_segment_color(_side)
TABLE.update(
    {
        "gimp-brush-get-info": _brush_info,
        "gimp-brush-get-pixels": _brush_pixels,
        "gimp-brush-new": _new("brush"),
        "gimp-brushes-get-brush": _brushes_get_brush,
        "gimp-brushes-get-opacity": Gimp.context_get_opacity,
        "gimp-brushes-get-paint-mode": lambda: number_of(Gimp.context_get_paint_mode()),
        "gimp-brushes-get-spacing": lambda: Gimp.context_get_brush().get_spacing(),
        "gimp-brushes-set-opacity": lambda value: Gimp.context_set_opacity(float(value)),
        "gimp-brushes-set-paint-mode": lambda mode: Gimp.context_set_paint_mode(
            native_enum(Gimp.LayerMode, mode)
        ),
        "gimp-brushes-set-spacing": lambda value: Gimp.context_set_brush_spacing(value / 100.0),
        "gimp-context-get-dynamics": Gimp.context_get_dynamics_name,
        "gimp-context-set-dynamics": Gimp.context_set_dynamics_name,
        "gimp-dynamics-get-list": _dynamics_list,
        "gimp-gradient-new": _new("gradient"),
        "gimp-gradient-get-custom-samples": lambda name, count, places, reverse: _counted(
            custom_samples(name, places, reverse)
        ),
        "gimp-gradient-get-uniform-samples": lambda name, count, reverse: _counted(
            uniform_samples(name, count, reverse)
        ),
        "gimp-gradients-get-active": lambda: Gimp.context_get_gradient().get_name(),
        "gimp-gradients-set-active": lambda name: Gimp.context_set_gradient(
            _native("gradient", name)
        ),
        "gimp-gradients-get-gradient-data": _gradients_data,
        "gimp-gradients-sample-custom": lambda count, places, reverse: _counted(
            custom_samples("", places, reverse)
        ),
        "gimp-gradients-sample-uniform": lambda count, reverse: _counted(
            uniform_samples("", count, reverse)
        ),
        "gimp-palette-add-entry": _add_entry,
        "gimp-palette-entry-get-color": _entry_color,
        "gimp-palette-entry-get-name": _entry_name,
        "gimp-palette-entry-set-color": _set_entry_color,
        "gimp-palette-entry-set-name": _set_entry_name,
        "gimp-palette-get-colors": _palette_colors,
        "gimp-palette-get-info": lambda name: _native("palette", name).get_color_count(),
        "gimp-palette-new": _new("palette"),
        "gimp-palette-refresh": _refresh("palettes"),
        "gimp-palettes-get-palette": _palettes_get_palette,
        "gimp-palettes-get-palette-entry": _palettes_get_entry,
        "gimp-pattern-get-info": _pattern_info,
        "gimp-pattern-get-pixels": _pattern_pixels,
        "gimp-patterns-get-pattern": _patterns_get_pattern,
        "gimp-patterns-get-pattern-data": lambda name: (
            (_native("pattern", name).get_name(),) + _pattern_pixels(name)
        ),
        "gimp-text-get-extents": _extents_old,
        "gimp-text-get-extents-fontname": _extents,
    }
)
