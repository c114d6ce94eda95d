# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cut-out stands on: a filled layer, a shadow, or both, below the layer."""

import mattebrush_actions as actions
from gimpfu import (
    CHANNEL_OP_INTERSECT,
    CHANNEL_OP_REPLACE,
    FILL_FOREGROUND,
    FILL_TRANSPARENT,
    FILL_WHITE,
    LAYER_MODE_NORMAL,
    gimp,
    pdb,
)
from mattebrush_text import _


def add(image, layers, values):
    """A filled layer and, above it, a shadow, both below the first of the layers."""
    layer = layers[0]
    with actions.one_step(image), actions.selection_and_context_kept(image):
        if values["fill"] != "none":
            _filled_layer(image, layer, None if values["fill"] == "white" else values["color"])
        if values["shadow"]:
            _shadow_layer(image, layer, values)


def _filled_layer(image, above, color):
    """A layer of the image's size right below `above`, all in `color`, or white for None."""
    pdb.gimp_selection_none(image)
    made = _layer_below(image, above, _("Background"), 100.0)
    if color is None:
        pdb.gimp_drawable_fill(made, FILL_WHITE)
    else:
        pdb.gimp_context_set_foreground(color)
        pdb.gimp_drawable_fill(made, FILL_FOREGROUND)


def _shadow_layer(image, above, values):
    """The shape of `above`, mask and all, in black: moved, softened."""
    pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, above)  # its alpha
    if above.mask is not None:
        pdb.gimp_image_select_item(image, CHANNEL_OP_INTERSECT, above.mask)
    pdb.gimp_selection_translate(image, int(values["shadow_x"]), int(values["shadow_y"]))
    if values["shadow_blur"] > 0:
        pdb.gimp_selection_feather(image, values["shadow_blur"])
    made = _layer_below(image, above, _("Shadow"), values["shadow_opacity"])
    pdb.gimp_drawable_fill(made, FILL_TRANSPARENT)
    pdb.gimp_context_set_foreground((0, 0, 0))
    pdb.gimp_context_set_opacity(100.0)
    pdb.gimp_edit_fill(made, FILL_FOREGROUND)


def _layer_below(image, above, name, opacity):
    kind = 2 * image.base_type + 1
    made = gimp.Layer(image, name, image.width, image.height, kind, opacity, LAYER_MODE_NORMAL)
    position = pdb.gimp_image_get_item_position(image, above) + 1
    pdb.gimp_image_insert_layer(image, made, above.parent, position)
    return made
