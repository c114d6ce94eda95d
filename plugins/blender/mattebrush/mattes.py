# SPDX-License-Identifier: GPL-3.0-or-later
"""Garbage and core mattes (holdouts) from Blender's own mask datablocks: roto shapes drawn in the
Image or Clip Editor, led into the node's inputs by a Mask node of the plate's size."""

import bpy

from . import compat, matte, overlay, sources, words
from .mattebrush_kit.stages import N_
from .problem import Problem

INPUTS = ("Garbage Matte", "Core Matte")
"""The node's inputs that take a mask: what is always cut away, and what always stays."""


def linked(node, name):
    """The Mask node that feeds an input, or None."""
    links = node.inputs[name].links
    feeding = links[0].from_node if links else None
    return feeding if feeding is not None and feeding.bl_idname == "CompositorNodeMask" else None


def lead(tree, node, name, mask, size):
    """Leads a mask datablock into an input, rasterized in the plate's size (W, H).

    A Mask node that feeds it already is taken; any other link is the user's and stays. Raises
    Problem.
    """
    shape = linked(node, name)
    if shape is None:
        if node.inputs[name].is_linked:
            raise Problem(
                'Something else is linked to "{name}".',
                "Remove that link, or lead the mask in with a Math node.",
                name=name,
            )
        shape = compat.new_node(tree, "Mask")
        shape.name = shape.label = f"{node.name} {name}"
        row = INPUTS.index(name)
        shape.location = node.location.x - 250, node.location.y - 220 - 200 * row
        tree.links.new(shape.outputs[0], node.inputs[name])
    shape.mask = mask
    compat.set_mask_size(shape, size)
    return shape


class MATTEBRUSH_OT_use_mask(bpy.types.Operator):
    """Use one of Blender's masks for what is always cut away, or always stays"""

    bl_idname = "mattebrush.use_mask"
    bl_label = "Mask"
    bl_options = {"UNDO"}

    node: matte.node_property()
    socket: bpy.props.EnumProperty(
        name="Input", items=[(name, name, "") for name in INPUTS], options={"SKIP_SAVE"}
    )
    mask: bpy.props.StringProperty(
        name="Mask", description="Empty: a new one, to be drawn", options={"SKIP_SAVE"}
    )

    def execute(self, context):
        """Links it; a new one is opened over the plate, to be drawn."""
        try:
            scene = context.scene
            tree, node = matte.find(context, self.node)
            source = sources.of_node(scene, tree, node)
            mask = bpy.data.masks.get(self.mask)
            if mask is None and self.mask:
                raise Problem('There is no mask "{name}".', "Choose another.", name=self.mask)
            is_new = mask is None
            if is_new:
                mask = bpy.data.masks.new(f"{node.name} {self.socket}")
                mask.layers.new(name=self.socket)
                mask.frame_start, mask.frame_end = scene.frame_start, scene.frame_end
            lead(tree, node, self.socket, mask, source.size)
            area = overlay.image_area(context) if is_new else None
            if area is not None:
                plate = overlay.plate_image(node.node_tree, source, scene.frame_current, "sRGB")
                _open(area, mask, plate)
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


def _open(area, mask, image):
    space = area.spaces.active
    space.image, space.mode = image, "MASK"
    space.mask = mask


class NODE_MT_mattebrush_masks(bpy.types.Menu):
    """Blender's masks, for one of the node's inputs (`INPUTS`), named by the subclass."""

    bl_label = "Mask"
    socket = ""

    def draw(self, context):
        """Blender calls this when the menu opens."""
        try:
            node = matte.find(context)[1]
        except Problem:
            return
        self._choice(node, words.tr(N_("New")), "ADD")
        for mask in bpy.data.masks:
            self._choice(node, mask.name, "MOD_MASK", mask.name)

    def _choice(self, node, text, icon, mask=""):
        made = self.layout.operator("mattebrush.use_mask", text=text, icon=icon)
        made.node, made.socket, made.mask = node.name, self.socket, mask


class NODE_MT_mattebrush_garbage(NODE_MT_mattebrush_masks):
    """Masks for what is always cut away."""

    bl_label = "Garbage Matte"
    socket = "Garbage Matte"


class NODE_MT_mattebrush_core(NODE_MT_mattebrush_masks):
    """Masks for what always stays."""

    bl_label = "Core Matte"
    socket = "Core Matte"


MENUS = {each.socket: each for each in (NODE_MT_mattebrush_garbage, NODE_MT_mattebrush_core)}
CLASSES = (MATTEBRUSH_OT_use_mask, *MENUS.values())
