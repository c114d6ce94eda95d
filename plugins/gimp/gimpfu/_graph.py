# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs GEGL operations on a drawable's pixels as GIMP 2.10 did."""

import array
import collections
import contextlib

from gi.repository import Gegl, Gimp, GObject

Step = collections.namedtuple("Step", "operation properties inputs")
"""A GEGL operation: its properties by name, and drawables for inputs other than the first."""


def formats(native, encoded, depth=None):
    """(the format that reads the drawable, the format that the operation is told it is).

    With `encoded` the operation takes the encoded values for linear ones. Masks and the selection
    are linear as they are.
    """
    if isinstance(native, (Gimp.LayerMask, Gimp.Selection)):
        linear = "Y " + (depth or _depth(native))
        return linear, linear
    return encoded_formats(native, encoded, depth)


def encoded_formats(native, encoded, depth=None):
    """The same; masks and the selection are read encoded, too, as by 2.10's color tools."""
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


RESULT = "result"
"""Linear values that come out of the operations are taken for encoded ones."""


def apply(drawable, steps, encoded=False, origin=True, cropped=False, keep_border=0, painted=None,
          opaque=False, clipped=False):  # fmt: skip
    """Runs steps one after the other on one of our drawables, where it is selected.

    encoded: as in `formats`, or RESULT. origin: the operations see the selected part alone, as
    starting at (0, 0). cropped: they see it alone, where it is. keep_border: how many of its
    outermost pixels stay as they are. painted: what the operations paint, if that is not all.
    opaque: alpha becomes full. clipped: what is beyond black and white is cut off first.
    """
    Gegl.init(None)
    native = drawable.native
    bounds = drawable.mask_intersect()
    if bounds is None:
        return  # the selection is elsewhere
    soft = not clipped and softly_selected(drawable, bounds)
    actual, declared = formats(native, encoded, "float" if soft else None)
    read = bounds if origin or cropped else (0, 0, drawable.width, drawable.height)
    source = _copied(native, read, actual, actual if encoded == RESULT else declared, origin)
    x, y, width, height = bounds
    at = (0, 0) if origin else (x, y)
    place = Gegl.Rectangle.new(at[0], at[1], width, height)
    target = Gegl.Buffer.new(declared, at[0], at[1], width, height)
    _process(source, target, steps, place)
    if painted is not None:
        target = _elsewhere_as_before(source, target, declared, place, painted)
    if opaque:
        actual, declared = actual.replace("A ", " "), declared.replace("A ", " ")
    kept = _border(drawable, bounds, keep_border)
    put(
        drawable,
        bounds,
        actual,
        target.get(place, 1.0, declared, Gegl.AbyssPolicy.NONE),
        soft,
        kept,
    )


def _elsewhere_as_before(source, target, declared, place, painted):
    """The source with what the operations made in a rectangle of theirs."""
    made = Gegl.Rectangle.new(*painted)
    there = made.intersect(made, place)
    whole = Gegl.Buffer.new(declared, place.x, place.y, place.width, place.height)
    whole.set(place, declared, source.get(place, 1.0, declared, Gegl.AbyssPolicy.NONE))
    if there:
        whole.set(made, declared, target.get(made, 1.0, declared, Gegl.AbyssPolicy.NONE))
    return whole


def put(drawable, bounds, name, data, soft=None, kept=()):
    """Gives the selected part of a drawable its pixels, undoably, as far as they are selected.

    name: their format. soft: whether pixels are selected in part, if that is known. kept:
    rectangles that stay as they are.
    """
    native, part = drawable.native, Gegl.Rectangle.new(*bounds)
    if soft is None:
        soft = softly_selected(drawable, bounds)
    shadow = native.get_shadow_buffer()
    shadow.set(part, name, data)
    for side in kept:
        shadow.set(side, name, native.get_buffer().get(side, 1.0, name, Gegl.AbyssPolicy.NONE))
    if not soft:
        shadow.flush()
        native.merge_shadow(True)
    else:
        # The shadow has the drawable's depth: what is beyond black and white would be cut off
        # before it is mixed. GIMP 2.10 mixed first.
        made = Gegl.Buffer.new(name, *bounds)
        made.set(part, name, data)
        for side in kept:
            made.set(side, name, native.get_buffer().get(side, 1.0, name, Gegl.AbyssPolicy.NONE))
        _mix(drawable, made, shadow, bounds)
        shadow.flush()
        with everything_selected(native, bounds):
            native.merge_shadow(True)
    native.update(*bounds)


def selected(drawable, bounds):
    """How far each pixel of a part is selected."""
    x, y = drawable.offsets
    place = Gegl.Rectangle.new(bounds[0] + x, bounds[1] + y, bounds[2], bounds[3])
    selection = drawable.native.get_image().get_selection().get_buffer()
    data = selection.get(place, 1.0, "Y float", Gegl.AbyssPolicy.NONE)
    return array.array("f", bytes(data))


def softly_selected(drawable, bounds):
    """Whether there are pixels that are selected in part."""
    if isinstance(drawable.native, Gimp.Selection):
        return False
    if Gimp.Selection.is_empty(drawable.native.get_image()):
        return False
    return not set(selected(drawable, bounds)) <= {0.0, 1.0}


def _mix(drawable, made, shadow, bounds):
    """Mixes the drawable with the pixels in `made` into its shadow: in linear light, each as much
    as its alpha says.
    """
    native, (x, y, width, height) = drawable.native, bounds
    name = ("RGBA" if native.is_rgb() else "YA") + " float"
    count = 4 if native.is_rgb() else 2
    shares = selected(drawable, bounds)
    for row in range(height):
        part = Gegl.Rectangle.new(x, y + row, width, 1)
        share = shares[row * width : (row + 1) * width]
        if min(share) == 1.0:
            continue
        old, new = (
            array.array("f", bytes(one.get(part, 1.0, name, Gegl.AbyssPolicy.NONE)))
            for one in (native.get_buffer(), made)
        )
        for column, much in enumerate(share):
            at = column * count
            if much < 1.0:
                pixel = old[at : at + count], new[at : at + count]
                new[at : at + count] = _between(*pixel, much) if much else pixel[0]
        shadow.set(part, name, new.tobytes())


def _between(old, new, much):
    """A pixel between two."""
    one, other = old[-1] * (1.0 - much), new[-1] * much
    alpha = one + other
    if not alpha:
        return old
    mixed = [(a * one + b * other) / alpha for a, b in zip(old[:-1], new[:-1])]
    return array.array("f", mixed + [alpha])


@contextlib.contextmanager
def everything_selected(native, bounds=None):
    """Selects a part of a libgimp drawable, or nothing, meanwhile; then the selection is back."""
    image = native.get_image()
    whole = Gegl.Rectangle.new(0, 0, image.get_width(), image.get_height())
    before = image.get_selection().get_buffer()
    before = before.get(whole, 1.0, "Y float", Gegl.AbyssPolicy.NONE)
    image.undo_group_start()
    try:
        if bounds is None:
            Gimp.Selection.none(image)
        else:
            x, y = native.get_offsets()[-2:]
            place = bounds[0] + x, bounds[1] + y, bounds[2], bounds[3]
            Gimp.context_push()
            Gimp.context_set_feather(False)
            image.select_rectangle(Gimp.ChannelOps.REPLACE, *place)
            Gimp.context_pop()
        yield
    finally:
        selection = image.get_selection()
        buffer = selection.get_buffer()
        buffer.set(whole, "Y float", before)
        buffer.flush()
        selection.update(0, 0, whole.width, whole.height)
        image.undo_group_end()


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
    name = encoded_formats(native, False, "u8")[0]
    count = (3 if native.is_rgb() else 1) + int(native.has_alpha())
    data = bytes(native.get_buffer().get(place, 1.0, name, Gegl.AbyssPolicy.NONE))
    shadow = native.get_shadow_buffer()
    shadow.set(place, name, change(data, seen[2], seen[3], count))
    shadow.flush()
    native.merge_shadow(True)
    native.update(*bounds)


def read_bytes(drawable):
    """All of a drawable in 8 bits, as `apply_bytes` hands it on."""
    whole = Gegl.Rectangle.new(0, 0, drawable.width, drawable.height)
    name = encoded_formats(drawable.native, False, "u8")[0]
    return bytes(drawable.native.get_buffer().get(whole, 1.0, name, Gegl.AbyssPolicy.NONE))


def _copied(native, bounds, actual, declared, origin):
    """A GEGL buffer with the drawable's pixels in those bounds, at (0, 0) if `origin`."""
    x, y, width, height = bounds
    data = native.get_buffer().get(
        Gegl.Rectangle.new(x, y, width, height), 1.0, actual, Gegl.AbyssPolicy.NONE
    )
    place = (0, 0, width, height) if origin else bounds
    made = Gegl.Buffer.new(declared, *place)
    made.set(Gegl.Rectangle.new(*place), declared, data)
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
            # GEGL guesses the type of a value, and knows no kinds of int.
            whole = isinstance(value, int) and not isinstance(value, (bool, GObject.GEnum))
            node.set_property(name, int(value) if whole else value)
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
