# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs GEGL operations on a drawable's pixels as GIMP 2.10 did."""

import collections

from gi.repository import Gegl, Gimp

Step = collections.namedtuple("Step", "operation properties inputs")
"""A GEGL operation: its properties by name, and drawables for inputs other than the first."""


def formats(native, encoded, depth=None):
    """(the format that reads the drawable, the format that the operation is told it is).

    With `encoded` the operation takes the encoded values for linear ones.
    """
    kind = "RGB" if native.is_rgb() or native.is_indexed() else "Y"
    marked = "R'G'B'" if kind == "RGB" else "Y'"
    alpha = "A" if native.has_alpha() else ""
    depth = depth or _depth(native)
    seen = "%s%s %s" % (marked, alpha, depth)
    return seen, ("%s%s %s" % (kind, alpha, depth)) if encoded else seen


def _depth(native):
    """The component type of the image's precision."""
    name = native.get_image().get_precision().value_nick
    return {"u8": "u8", "u16": "u16", "u32": "u32", "half": "half"}.get(name.split("-")[0], "float")


def apply(drawable, steps, encoded=False, origin=True, cropped=False, keep_border=0):
    """Runs steps one after the other on one of our drawables, where it is selected.

    encoded: as in `formats`. origin: the operations see the selected part alone, as starting at
    (0, 0). cropped: they see it alone, where it is. keep_border: how many of its outermost
    pixels stay as they are.
    """
    Gegl.init(None)
    native = drawable.native
    bounds = drawable.mask_intersect()
    if bounds is None:
        return  # the selection is elsewhere
    seen, told = formats(native, encoded)
    read = bounds if origin or cropped else (0, 0, drawable.width, drawable.height)
    source = _copied(native, read, seen, told, origin)
    x, y, width, height = bounds
    at = (0, 0) if origin else (x, y)
    part, place = Gegl.Rectangle.new(*bounds), Gegl.Rectangle.new(at[0], at[1], width, height)
    target = Gegl.Buffer.new(told, at[0], at[1], width, height)
    _process(source, target, steps, place)
    shadow = native.get_shadow_buffer()
    shadow.set(part, seen, target.get(place, 1.0, told, Gegl.AbyssPolicy.NONE))
    for side in _border(drawable, bounds, keep_border):
        kept = native.get_buffer().get(side, 1.0, seen, Gegl.AbyssPolicy.NONE)
        shadow.set(side, seen, kept)
    shadow.flush()
    native.merge_shadow(True)
    native.update(*bounds)


def apply_bytes(drawable, change, whole=False, rows=0):
    """Gives a drawable the bytes that `change(bytes, width, height, bytes a pixel)` returns, where
    it is selected, as GIMP 2.10's plug-ins for 8 bits did.

    whole: it sees the whole drawable, not the selected part alone. rows: how many rows above and
    below that it sees.
    """
    native = drawable.native
    bounds = drawable.mask_intersect()
    if bounds is None:
        return  # the selection is elsewhere
    x, y, width, height = (0, 0, drawable.width, drawable.height) if whole else bounds
    top, bottom = max(y - rows, 0), min(y + height + rows, drawable.height)
    seen = x, top, width, bottom - top
    place = Gegl.Rectangle.new(*seen)
    name = formats(native, False, "u8")[0]
    count = (3 if native.is_rgb() else 1) + int(native.has_alpha())
    data = bytes(native.get_buffer().get(place, 1.0, name, Gegl.AbyssPolicy.NONE))
    shadow = native.get_shadow_buffer()
    shadow.set(place, name, change(data, seen[2], seen[3], count))
    shadow.flush()
    native.merge_shadow(True)
    native.update(*bounds)


def _copied(native, bounds, seen, told, origin):
    """A GEGL buffer with the drawable's pixels in those bounds, at (0, 0) if `origin`."""
    x, y, width, height = bounds
    data = native.get_buffer().get(
        Gegl.Rectangle.new(x, y, width, height), 1.0, seen, Gegl.AbyssPolicy.NONE
    )
    place = (0, 0, width, height) if origin else bounds
    made = Gegl.Buffer.new(told, *place)
    made.set(Gegl.Rectangle.new(*place), told, data)
    return made


def _border(drawable, bounds, wide):
    """The sides of the part, `wide` pixels each."""
    x, y, width, height = bounds
    if not wide:
        return []
    sides = [
        (x, y, width, min(wide, height)),
        (x, y + max(height - wide, 0), width, min(wide, height)),
        (x, y, min(wide, width), height),
        (x + max(width - wide, 0), y, min(wide, width), height),
    ]
    return [Gegl.Rectangle.new(*side) for side in sides]


def _process(source, target, steps, place):
    """Sends one GEGL buffer through the operations into another, as far as `place` goes."""
    graph = Gegl.Node()
    last = graph.create_child("gegl:buffer-source")
    last.set_property("buffer", source)
    crop = {"x": place.x, "y": place.y, "width": place.width, "height": place.height}
    ends = [Step("gegl:crop", crop, {}), Step("gegl:write-buffer", {"buffer": target}, {})]
    for step in list(steps) + ends:
        node = graph.create_child(step.operation)
        for name, value in step.properties.items():
            node.set_property(name, value)
        for pad, other in step.inputs.items():
            reader = graph.create_child("gegl:buffer-source")
            reader.set_property("buffer", other.native.get_buffer())
            reader.connect_to("output", node, pad)
        last.connect_to("output", node, "input")
        last = node
    last.process()


def apply_in_core(drawable, step):
    """Runs an operation that only GIMP's own process knows, `gimp:...`."""
    made = Gimp.DrawableFilter.new(drawable.native, step.operation, "")
    config = made.get_config()
    for name, value in step.properties.items():
        config.set_property(name, value)
    drawable.native.merge_filter(made)
