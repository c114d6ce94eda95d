# SPDX-License-Identifier: GPL-3.0-or-later
"""Split Into Objects: a layer under a mask of its own for each thing in the picture, or a channel
for each. The layer itself stays as it is, below and hidden where there are layers of its objects.
"""

import mattebrush_actions as actions
import mattebrush_kit as kit
from gimpfu import LAYER_MODE_NORMAL, LAYER_MODE_PASS_THROUGH, pdb
from mattebrush_actions import Work
from mattebrush_client import Array
from mattebrush_host import pixels
from mattebrush_text import native

LAYERS, CHANNELS = "layers", "channels"


def _options(image, layer, values, bits):
    depth = bits or pixels.depth(image)
    return kit.job_options("objects", values, depth=depth, decontaminate=False)


def _arrays(image, layer, values, bits):
    return {
        "image": pixels.read_picture(layer, bits=bits),
        "region": pixels.read_selection(image, layer),
    }


def _put(image, layer, values, answer):
    parts = kit.split_masks(answer)
    if values.get("into") == CHANNELS:
        for part in reversed(parts):  # the last one added is the topmost
            pixels.add_channel(image, native(part.name), _over_image(part.mask, layer, image))
        image.active_layer = layer
        return
    _put_layers(image, layer, parts)


def _put_layers(image, layer, parts):
    group = pdb.gimp_layer_group_new(image)
    group.name = native(kit.objects_of(layer.name))
    # A layer that multiplies, say, goes on doing so with what is below the group.
    group.mode = LAYER_MODE_NORMAL if layer.mode == LAYER_MODE_NORMAL else LAYER_MODE_PASS_THROUGH
    place = pdb.gimp_image_get_item_position(image, layer)
    pdb.gimp_image_insert_layer(image, group, layer.parent, place)
    for number, part in enumerate(parts):
        made = layer.copy()
        pdb.gimp_image_insert_layer(image, made, group, number)
        made.name = native(part.name)
        made.visible = True
        pixels.put_mask(made, part.mask, False)
        actions.remember(made)
    layer.visible = False
    image.active_layer = group


def _over_image(mask, layer, image):
    """A layer's mask over all of the image, in rows of bytes; nothing where the layer is not."""
    (height, width), (left, top) = mask.shape, layer.offsets
    size = len(mask.data) // (height * width)
    first, last = max(left, 0), min(left + width, image.width)
    empty = b"\0" * (image.width * size)
    rows = []
    for y in range(image.height):
        if not top <= y < top + height or first >= last:
            rows.append(empty)
            continue
        start = (y - top) * width - left
        inside = mask.data[(start + first) * size : (start + last) * size]
        rows.append(empty[: first * size] + inside + empty[last * size :])
    return Array(b"".join(rows), (image.height, image.width), mask.dtype)


SPLIT = Work(_options, _arrays, _put)
