# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between Blender 3.4 and 5.2: compositor trees, group sockets, node types, menus.

Everything else in the add-on is written once; a version number is asked for only here.
"""

import blf
import bpy

SCENE_HAS_GROUP = bpy.app.version >= (5, 0, 0)
"""From 5.0 a scene's compositor is an ordinary node group with a Group Output."""

READS_ALL_INPUTS = SCENE_HAS_GROUP
"""From then on a node group's inputs are computed whether they are used inside or not."""

SOCKETS_FOR_OPTIONS = bpy.app.version >= (4, 5, 0)
"""From 4.5 the options of compositor nodes are input sockets."""

LINEAR_SPACES = ("Linear Rec.709", "Linear")
"""Names of scene-linear with Rec.709 primaries, newest first."""

MENU_LABEL = "Keying" if bpy.app.version >= (4, 0, 0) else "Matte"
"""What Blender calls the menu in which its matte nodes are."""

FLAT_SHADER = "UNIFORM_COLOR" if bpy.app.version >= (4, 0, 0) else "2D_UNIFORM_COLOR"
"""The built-in shader that draws in one color."""

_MENUS = (
    "NODE_MT_category_compositor_keying",
    "NODE_MT_category_CMP_MATTE",
)


def matte_menu():
    """The class of the menu Add > `MENU_LABEL`, to which the node is added."""
    for name in _MENUS:
        menu = getattr(bpy.types, name, None)
        if menu is not None:
            return menu
    return bpy.types.NODE_MT_add


def compositor_tree(scene):
    """The scene's compositor tree, or None when it has none or does not use it."""
    if SCENE_HAS_GROUP:
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def make_compositor_tree(scene):
    """The scene's compositor tree, made empty when there is none."""
    tree = compositor_tree(scene)
    if tree is not None:
        return tree
    if SCENE_HAS_GROUP:
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        scene.compositing_node_group = tree
        return tree
    unused = scene.node_tree is None
    scene.use_nodes = True
    if unused:  # Blender puts Render Layers and Composite there unasked
        scene.node_tree.nodes.clear()
    return scene.node_tree


def output_socket(tree):
    """The input socket whose picture is the compositor's result; makes its node when missing."""
    kind = "NodeGroupOutput" if SCENE_HAS_GROUP else "CompositorNodeComposite"
    output = next((node for node in tree.nodes if node.bl_idname == kind), None)
    if output is None:
        if SCENE_HAS_GROUP and not _has_output(tree):
            new_socket(tree, "OUTPUT", "NodeSocketColor", "Image")
        output = tree.nodes.new(kind)
    return output.inputs[0]


def _has_output(tree):
    return any(
        item.item_type == "SOCKET" and item.in_out == "OUTPUT" for item in tree.interface.items_tree
    )


def new_socket(tree, in_out, kind, name, default=None, limits=None):
    """Adds a socket to the group's interface. in_out: "INPUT" or "OUTPUT"; limits: (low, high)."""
    if hasattr(tree, "interface"):
        factor = kind == "NodeSocketFloatFactor"
        plain = "NodeSocketFloat" if factor else kind
        socket = tree.interface.new_socket(name, in_out=in_out, socket_type=plain)
        if factor:
            socket.subtype = "FACTOR"
    else:
        sockets = tree.inputs if in_out == "INPUT" else tree.outputs
        socket = sockets.new(kind, name)
    if default is not None:
        socket.default_value = default
    if limits is not None:
        socket.min_value, socket.max_value = limits
    return socket


def new_node(tree, name):
    """A node such as "Math", whose type is CompositorNodeMath or, later, ShaderNodeMath."""
    for family in ("CompositorNode", "ShaderNode"):
        if hasattr(bpy.types, family + name):
            try:
                return tree.nodes.new(family + name)
            except RuntimeError:
                continue
    raise RuntimeError(f"This Blender has no compositor node {name}.")


def set_mask_size(node, size):
    """Has a Mask node rasterize its mask in a size (W, H)."""
    if "Size Source" in node.inputs:
        node.inputs["Size Source"].default_value = "Fixed"
    else:
        node.size_source = "FIXED"
    for axis, side in zip("XY", size, strict=True):
        if f"Size {axis}" in node.inputs:
            node.inputs[f"Size {axis}"].default_value = side
        else:
            setattr(node, f"size_{axis.lower()}", side)


def cpu_compositor(scene):
    """Makes the scene's compositor run where there is no GPU, too."""
    if hasattr(scene.render, "compositor_device"):
        scene.render.compositor_device = "CPU"


def linear_space():
    """The name of scene-linear Rec.709 in this Blender."""
    spaces = bpy.types.ColorManagedInputColorspaceSettings.bl_rna.properties["name"].enum_items
    return next((name for name in LINEAR_SPACES if name in spaces), "Linear")


def node_location(node):
    """Where a node is, frames around it counted in."""
    x, y = node.location
    while node.parent is not None:
        node = node.parent
        x, y = x + node.location.x, y + node.location.y
    return x, y


def set_text_size(points):
    """The size of what `blf` draws next."""
    if bpy.app.version >= (4, 0, 0):
        blf.size(0, points)
    else:
        blf.size(0, points, 72)


def take_white_and_black(context):
    """Gives the brush that paints on images white, and black as its other color (X swaps them)."""
    paint = context.tool_settings.image_paint
    unified = getattr(paint, "unified_paint_settings", None)
    unified = unified or context.tool_settings.unified_paint_settings
    for each in (unified, paint.brush):
        if each is not None:
            each.color, each.secondary_color = (1, 1, 1), (0, 0, 0)
