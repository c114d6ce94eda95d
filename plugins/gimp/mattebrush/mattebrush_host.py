# SPDX-License-Identifier: GPL-3.0-or-later
"""The pixels of this GIMP: `pixels` is mattebrush_gimp3 or mattebrush_gimp210.

Both have the same functions. Pixels and masks are the client's `Array`s, (H, W, C) and (H, W), of
the layer's own size: parts outside the canvas included.

    depth(image)                     8, 16 or 32: bits of a mask in this image
    layers_of(image, drawables)      the layers to work on, topmost first
    problem(image, layers)           why nothing can be done now, as a sentence; "" otherwise
    layer_problem(layer)             the same for one layer
    read_picture(layer, exact, bits) the colors; `exact` at the image's own depth; or at `bits`
    read_selection(image, layer)     0 to 255 within the layer, or None without a selection
    read_mask(layer, bits)           the layer's mask, or None
    put_mask(layer, mask, editing)   gives it this mask, replacing any, whose state it takes over;
                                     `editing`: whether strokes go there, None as before
    keep_mask(image, layer, name)    saves the layer's mask as a channel
    add_channel(image, name, values) the same with given values, the image's size
    path_points(image)               [x, y, 1] of the anchors of the path that is meant
    new_layer(layer, name, colors)   a layer above with these colors and the layer's own alpha
"""

import sys

if sys.version_info[0] > 2:
    import mattebrush_gimp3 as pixels
else:
    import mattebrush_gimp210 as pixels

__all__ = ["pixels"]
