# SPDX-License-Identifier: GPL-3.0-or-later
"""Pixels in GIMP 2.10, at any precision: see mattebrush_host for what each function does.

Pixel regions show 8 encoded bits of everything there, which bends masks: theirs are linear. But
once a plug-in has called a drawable's `get_data`, regions are the plain bytes that GIMP keeps.
"""

import array
import struct

from gimpfu import (
    ADD_WHITE_MASK,
    CHANNEL_OP_REPLACE,
    GRAY,
    LAYER_MODE_NORMAL,
    LAYER_MODE_PASS_THROUGH,
    MASK_DISCARD,
    RGB,
    RGB_IMAGE,
    gimp,
    pdb,
)
from mattebrush_client import Array
from mattebrush_text import _

_HALF, _U32, _DOUBLE = 5, 3, 7  # hundreds of GIMP's precisions
_DEPTHS = {1: 8, 2: 16, _U32: 16, _HALF: 16, 6: 32, _DOUBLE: 32}
_SUFFIXES = {8: "u8", 16: "u16", 32: "float"}
_TYPES = {8: "uint8", 16: "uint16", 32: "float32"}
_LINEAR = 0  # tens of GIMP's precisions; 50 is gamma


def _regions_as_they_are():
    """Makes GIMP show regions unchanged from here on; must come before any region or get_data."""
    image = gimp.Image(1, 1, RGB)
    layer = gimp.Layer(image, "", 1, 1, RGB_IMAGE)
    image.add_layer(layer, 0)
    if not hasattr(layer, "get_data"):
        return False
    layer.get_data("Y u8")
    gimp.delete(image)
    return True


def depth(image):
    return _DEPTHS[image.precision // 100]


def layers_of(image, drawables):
    return [image.active_layer] if image.active_layer is not None else []


def problem(image, layers):
    if not _regions_as_they_are():
        return _("This GIMP's Python is too old. Install the last GIMP 2.10, or GIMP 3.")
    if not image.layers:
        return _("The image has no layer. Add one first.")
    if image.floating_selection is not None:
        return _("There is a floating selection. Anchor it, or make it a layer, first.")
    if image.active_channel is not None:
        return _("A channel is selected. Select a layer in the Layers dock.")
    if not layers:
        return _("No layer is selected. Select one in the Layers dock.")
    return ""


def layer_problem(layer):
    if pdb.gimp_item_get_lock_content(layer):
        return _('The pixels of the layer "%s" are locked. Unlock them first.')
    if pdb.gimp_item_is_text_layer(layer):
        return _('The layer "%s" is text, which has no background. Select one with a picture.')
    return ""


def read_picture(layer, exact=False, bits=None):
    bits = bits or depth(layer.image)
    if bits == 32 and not exact:
        bits = 16  # a model sees no more, and there is no NaN in it
    model, channels = ("Y'", 1) if layer.is_gray else ("R'G'B'", 3)
    if exact and layer.image.precision % 100 == _LINEAR:
        model = model.replace("'", "")
    if layer.has_alpha:
        model, channels = model + "A", channels + 1
    return _read(layer, model, channels, bits)


def read_mask(layer, bits=None):
    if layer.mask is None:
        return None
    read = _read(layer.mask, "Y", 1, bits or depth(layer.image))
    return Array(read.data, read.shape[:2], read.dtype)


def read_selection(image, layer):
    if pdb.gimp_selection_is_empty(image):
        return None
    selected = image.selection.get_data("Y u8").tostring()
    left, top = layer.offsets
    right, bottom = min(left + layer.width, image.width), min(top + layer.height, image.height)
    x, y = max(left, 0), max(top, 0)
    rows = []
    before, after = b"\0" * (x - left), b"\0" * (left + layer.width - right)
    for row in range(top, top + layer.height):
        if y <= row < bottom and x < right:
            start = row * image.width
            rows.append(before + selected[start + x : start + right] + after)
        else:
            rows.append(b"\0" * layer.width)
    return Array(b"".join(rows), (layer.height, layer.width), "uint8")


def _read(drawable, model, channels, bits):
    data = drawable.get_data("%s %s" % (model, _SUFFIXES[bits])).tostring()
    return Array(data, (drawable.height, drawable.width, channels), _TYPES[bits])


def put_mask(layer, mask, editing):
    had = layer.mask is not None
    if had:
        state = layer.edit_mask, layer.apply_mask, layer.show_mask
        layer.remove_mask(MASK_DISCARD)
    added = layer.create_mask(ADD_WHITE_MASK)
    layer.add_mask(added)
    _write(added, _as_kept(mask, layer.image.precision // 100))
    if had:
        layer.apply_mask, layer.show_mask = state[1:]
    layer.edit_mask = (had and state[0]) if editing is None else editing


def keep_mask(image, layer, name):
    # A mask becomes a channel by way of the selection, in the image's own depth.
    selected = None if pdb.gimp_selection_is_empty(image) else pdb.gimp_selection_save(image)
    pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, layer.mask)
    kept = pdb.gimp_selection_save(image)
    kept.name = name
    if selected is None:
        pdb.gimp_selection_none(image)
    else:
        pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, selected)
        image.remove_channel(selected)
    image.active_layer = layer


def add_channel(image, name, values):
    size = image.width, image.height
    made = pdb.gimp_channel_new(image, *(size + (name, 50.0, (0, 0, 0))))
    image.add_channel(made, 0)
    _write(made, _as_kept(values, image.precision // 100))
    made.visible = False


def path_points(image):
    path = image.active_vectors or (image.vectors[0] if image.vectors else None)
    if path is None:
        return []
    return [
        [coordinates[i], coordinates[i + 1], 1]
        for stroke in path.strokes
        for coordinates in [stroke.points[0]]
        for i in range(2, len(coordinates) - 1, 6)  # handle, anchor, handle
    ]


def new_layer(layer, name, colors):
    image = layer.image
    height, width, channels = colors.shape
    mode = layer.mode
    if mode == LAYER_MODE_PASS_THROUGH:
        mode = LAYER_MODE_NORMAL  # only groups can have the other
    kind = 2 * (GRAY if channels == 1 else RGB) + (1 if layer.has_alpha else 0)
    made = gimp.Layer(image, name, width, height, kind, layer.opacity, mode)
    position = pdb.gimp_image_get_item_position(image, layer)
    pdb.gimp_image_insert_layer(image, made, layer.parent, position)
    made.set_offsets(*layer.offsets)
    data = _as_kept(colors, image.precision // 100)
    if layer.has_alpha:
        data = _with_alpha_of(layer, data, channels)
    _write(made, data)
    return made


def _with_alpha_of(layer, colors, channels):
    """The layer's own bytes with other colours."""
    width, height = layer.width, layer.height
    region = layer.get_pixel_rgn(0, 0, width, height, False, False)
    data = bytearray(region[0:width, 0:height])
    size = layer.bpp // (channels + 1)
    for part in range(channels * size):
        data[part :: (channels + 1) * size] = colors[part :: channels * size]
    return bytes(data)


def _write(drawable, data):
    width, height = drawable.width, drawable.height
    region = drawable.get_pixel_rgn(0, 0, width, height, True, False)
    region[0:width, 0:height] = data
    drawable.flush()
    drawable.update(0, 0, width, height)


def _as_kept(pixels, precision):
    """The bytes of an `Array` as GIMP keeps them in an image of that precision (its hundreds)."""
    if precision == _U32:
        wide = bytearray(2 * len(pixels.data))
        for part in range(4):  # 65537 times as much: both halves are alike
            wide[part::4] = pixels.data[part % 2 :: 2]
        return bytes(wide)
    if precision == _HALF:
        table = _halves()
        return array.array("H", [table[v] for v in array.array("H", pixels.data)]).tostring()
    if precision == _DOUBLE:
        return array.array("d", array.array("f", pixels.data)).tostring()
    return pixels.data


def _halves():
    """The 16-bit float nearest to value / 65535, for each value of 16 bits."""
    return [_half(value / 65535.0) for value in range(65536)]


def _half(value):
    """Bits of the 16-bit float nearest to a value from 0 to 1: 5 of exponent, 10 of fraction."""
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    exponent = (bits >> 23) - 127
    if exponent < -14:
        return int(value * 2.0**24 + 0.5)
    rounded = bits + 0x0FFF + ((bits >> 13) & 1)  # to even
    return (rounded - (112 << 23)) >> 13
