# SPDX-License-Identifier: GPL-3.0-or-later
"""Pixels in GIMP 3, at any precision: see mattebrush_host for what each function does.

Masks are always linear in GIMP: they are read and written as "Y", never as "Y'", which would
bend their values. Pictures are read as "R'G'B'", which also converts another profile to sRGB.
"""

from gimpfu import gimp  # isort: skip - it says which version of libgimp is meant
from gi.repository import Gegl, Gimp
from mattebrush_client import Array
from mattebrush_text import _

_BITS = {"u8": 8, "u16": 16}
_SUFFIX = {8: "u8", 16: "u16", 32: "float"}
_TYPES = {8: "uint8", 16: "uint16", 32: "float32"}
_STRIP = 256  # rows: reading in strips is three times as fast as in one go, and half the memory


def depth(image):
    name = image.native.get_precision().value_nick
    return _BITS.get(name.split("-")[0], 32)


def layers_of(image, drawables):
    """The layers that are meant by what a menu or a script hands over, topmost first."""
    layers = []
    for drawable in drawables:
        if isinstance(drawable, Gimp.LayerMask):
            drawable = Gimp.Layer.from_mask(drawable)
        if isinstance(drawable, Gimp.Layer) and drawable not in layers:
            layers.append(drawable)
    return [_layer(one) for one in sorted(layers, key=_place)]


def _place(native):
    """Where a layer stands: positions from its topmost group down to itself."""
    parent = native.get_parent()
    above = _place(parent) if parent is not None else []
    return [*above, native.get_image().get_item_position(native)]


def _layer(native):
    return gimp._id2drawable(native.get_id())


def problem(image, layers):
    native = image.native
    if not native.get_layers():
        return _("The image has no layer. Add one first.")
    if native.get_floating_sel() is not None:
        return _("There is a floating selection. Anchor it, or make it a layer, first.")
    if not layers and native.get_selected_channels():
        return _("A channel is selected. Select a layer in the Layers dock.")
    if not layers:
        return _("No layer is selected. Select one in the Layers dock.")
    return ""


def layer_problem(layer):
    native = layer.native
    if native.get_lock_content():
        return _('The pixels of the layer "%s" are locked. Unlock them first.')
    if native.is_text_layer():
        return _('The layer "%s" is text, which has no background. Select one with a picture.')
    return ""


def read_picture(layer, exact=False, bits=None):
    native = layer.native
    bits = bits or depth(layer.image)
    if exact and native.get_image().get_color_profile() is not None:
        bits = 32  # sRGB has no room for its colours, unless they may be below 0 and above 1
    elif bits == 32 and not exact:
        bits = 16  # a model sees no more, and there is no NaN in it
    model, channels = ("Y'", 1) if native.is_gray() else ("R'G'B'", 3)
    if native.has_alpha():
        model, channels = model + "A", channels + 1
    return _read(native.get_buffer(), layer, "%s %s" % (model, _SUFFIX[bits]), channels, bits)


def read_selection(image, layer):
    if Gimp.Selection.is_empty(image.native):
        return None
    x, y = layer.offsets
    buffer = image.native.get_selection().get_buffer()
    rectangle = Gegl.Rectangle.new(x, y, layer.width, layer.height)
    data = buffer.get(rectangle, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
    return Array(bytes(data), (layer.height, layer.width), "uint8")


def read_mask(layer, bits=None):
    mask = layer.native.get_mask()
    if mask is None:
        return None
    bits = bits or depth(layer.image)
    read = _read(mask.get_buffer(), layer, "Y " + _SUFFIX[bits], 1, bits)
    return Array(read.data, read.shape[:2], read.dtype)


def _read(buffer, layer, name, channels, bits):
    width, height = layer.width, layer.height
    strips = [
        buffer.get(
            Gegl.Rectangle.new(0, top, width, min(_STRIP, height - top)),
            1.0,
            name,
            Gegl.AbyssPolicy.NONE,
        )
        for top in range(0, height, _STRIP)
    ]
    return Array(b"".join(strips), (height, width, channels), _TYPES[bits])


def put_mask(layer, mask, editing):
    native = layer.native
    had = native.get_mask() is not None
    state = native.get_edit_mask(), native.get_apply_mask(), native.get_show_mask()
    if had:
        native.remove_mask(Gimp.MaskApplyMode.DISCARD)
    added = native.create_mask(Gimp.AddMaskType.WHITE)
    native.add_mask(added)
    height, width = mask.shape
    bits = {kind: number for number, kind in _TYPES.items()}[mask.dtype]
    buffer = added.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), "Y " + _SUFFIX[bits], mask.data)
    buffer.flush()
    added.update(0, 0, width, height)
    if had:
        native.set_apply_mask(state[1])
        native.set_show_mask(state[2])
    native.set_edit_mask((had and state[0]) if editing is None else editing)


def keep_mask(image, layer, name):
    native, mask = layer.native, layer.native.get_mask()
    x, y = native.get_offsets()[1:]
    width, height = image.native.get_width(), image.native.get_height()
    selected = image.native.get_selected_drawables()
    data = mask.get_buffer().get(Gegl.Rectangle.new(-x, -y, width, height), 1.0, "Y float",
                                 Gegl.AbyssPolicy.NONE)  # fmt: skip
    add_channel(image, name, Array(bytes(data), (height, width), "float32"))
    layers = [one for one in selected if isinstance(one, Gimp.Layer)]
    image.native.set_selected_layers(layers or [native])  # a new channel is selected by itself


def add_channel(image, name, values):
    height, width = values.shape
    made = Gimp.Channel.new(image.native, name, width, height, 50.0, Gegl.Color.new("black"))
    image.native.insert_channel(made, None, 0)
    bits = {kind: number for number, kind in _TYPES.items()}[values.dtype]
    buffer = made.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, width, height), "Y " + _SUFFIX[bits], values.data)
    buffer.flush()
    made.update(0, 0, width, height)
    made.set_visible(False)


def path_points(image):
    paths = image.native.get_selected_paths() or image.native.get_paths()[:1]
    return [[x, y, 1] for path in paths for x, y in _anchors(path)]


def _anchors(path):
    for stroke in path.get_strokes():
        coordinates = path.stroke_get_points(stroke)[-2]
        for i in range(2, len(coordinates) - 1, 6):  # handle, anchor, handle
            yield coordinates[i], coordinates[i + 1]


def new_layer(layer, name, colors):
    native = layer.native
    image = native.get_image()
    height, width, channels = colors.shape
    kind = Gimp.ImageType.GRAY_IMAGE if channels == 1 else Gimp.ImageType.RGB_IMAGE
    if native.has_alpha():
        kind = Gimp.ImageType(int(kind) + 1)
    mode = native.get_mode()
    if mode == Gimp.LayerMode.PASS_THROUGH:
        mode = Gimp.LayerMode.NORMAL  # only groups can have the other
    made = Gimp.Layer.new(image, name, width, height, kind, native.get_opacity(), mode)
    image.insert_layer(made, native.get_parent(), image.get_item_position(native))
    made.set_offsets(*native.get_offsets()[1:])
    bits = {kind: number for number, kind in _TYPES.items()}[colors.dtype]
    model = "Y'" if channels == 1 else "R'G'B'"
    data = colors.data
    if native.has_alpha():
        data = _with_alpha(native, model, bits, colors)
        model += "A"
    buffer = made.get_buffer()
    whole = Gegl.Rectangle.new(0, 0, width, height)
    buffer.set(whole, "%s %s" % (model, _SUFFIX[bits]), data)
    buffer.flush()
    made.update(0, 0, width, height)
    return _layer(made)


def _with_alpha(native, model, bits, colors):
    """The layer's own alpha with other colours."""
    height, width, channels = colors.shape
    whole = Gegl.Rectangle.new(0, 0, width, height)
    name = "%sA %s" % (model, _SUFFIX[bits])
    data = bytearray(native.get_buffer().get(whole, 1.0, name, Gegl.AbyssPolicy.NONE))
    size = bits // 8
    for channel in range(channels):
        for part in range(size):
            start, source = channel * size + part, channel * size + part
            data[start :: (channels + 1) * size] = colors.data[source :: channels * size]
    return bytes(data)
