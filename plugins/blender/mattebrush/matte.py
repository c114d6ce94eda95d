# SPDX-License-Identifier: GPL-3.0-or-later
"""Background Mask nodes as this add-on sees them: which there are, their settings, their images.

A matte is the node group of one such node, tagged by the settings below. How the group is built
is in `nodes.py`.
"""

import bpy

from . import compat, nodes, pixels
from .problem import Problem

FORMATS = (
    ("PNG", "PNG, 16 bit", "Small, and read by everything"),
    ("EXR", "OpenEXR, 32 bit", "Floating point"),
)


class MattebrushMatte(bpy.types.PropertyGroup):
    """What a Background Mask node remembers. Kept in the file even where the add-on is missing."""

    version: bpy.props.IntProperty(description="0 for node groups that are not ours")
    clean: bpy.props.BoolProperty(
        name="Clean Foreground",
        default=True,
        description="Also take the old background's colour out of the edges",
    )
    frame_start: bpy.props.IntProperty(name="First", default=1, min=0)
    frame_end: bpy.props.IntProperty(name="Last", default=250, min=0)
    smooth: bpy.props.BoolProperty(
        name="Steady Edges",
        default=True,
        description="Take flicker out of still parts, using the frames before and after",
    )
    format: bpy.props.EnumProperty(name="Format", items=FORMATS)
    folder: bpy.props.StringProperty(
        name="Folder",
        subtype="DIR_PATH",
        description="Where the masks of a sequence go; empty: as in the preferences",
    )
    painted_frame: bpy.props.IntProperty(default=-1)
    first: bpy.props.IntProperty(description="First frame that has a mask in the sequence")
    count: bpy.props.IntProperty(description="How many frames have one; 0 for a still mask")
    report: bpy.props.StringProperty(description="What was done last")


def is_matte(node):
    """Whether a node of a compositor is one of ours."""
    tree = getattr(node, "node_tree", None)
    return tree is not None and tree.bl_idname == "CompositorNodeTree" and is_tagged(tree)


def is_tagged(tree):
    """Whether a node group is one of ours."""
    return tree.mattebrush.version > 0


def everywhere():
    """The node groups of all Background Mask nodes in the file that have their mask still."""
    return [tree for tree in bpy.data.node_groups if is_tagged(tree) and nodes.MASK in tree.nodes]


def add(tree, location=(0.0, 0.0)):
    """A new Background Mask node in the compositor `tree`, with a group of its own."""
    group = bpy.data.node_groups.new(nodes.NAME, "CompositorNodeTree")
    nodes.build(group)
    group.mattebrush.version = 1
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree = group
    node.name = node.label = nodes.NAME
    node.width = 180
    node.location = location
    return node


def find(context, name=""):
    """(compositor tree, node) of the Background Mask meant: the one named, else the active one,
    else the only one in the scene's compositor. Raises Problem."""
    tree = compat.compositor_tree(context.scene)
    found = [node for node in tree.nodes if is_matte(node)] if tree is not None else []
    if not found:
        raise Problem(
            "The compositor has no Background Mask node.",
            f"Add one: Add > {compat.MENU_LABEL} > Background Mask.",
        )
    if name:
        meant = [node for node in found if node.name == name]
    else:
        meant = [node for node in found if node == tree.nodes.active] or found
    if len(meant) != 1:
        names = ", ".join(f'"{node.name}"' for node in found)
        wrong = f'There is no Background Mask node "{name}".' if name else "Which node is meant?"
        raise Problem(wrong, f"Select one of {names}.")
    return tree, meant[0]


def mask_node(group):
    """The Image node that holds the mask. Raises Problem when somebody took it out."""
    return _inner(group, nodes.MASK)


def mask_image(group):
    """The mask, or None when there is none yet."""
    return mask_node(group).image


def given_image(group):
    """The mask as the engine gave it, before any stroke, or None."""
    return _image(group, nodes.GIVEN)


def waiting_sequence(group):
    """The mask sequence while one frame of it is painted on, else None."""
    return _image(group, nodes.SEQUENCE)


def _image(group, name):
    found = group.nodes.get(name)
    return None if found is None else found.image


def _inner(group, name):
    found = group.nodes.get(name)
    if found is None:
        raise Problem(
            f'The node "{name}" is missing inside "{group.name}".',
            "Add a new Background Mask node in its place.",
        )
    return found


def set_still(group, mask, given, foreground):
    """Shows one mask for all frames. given: the same before strokes, or None; foreground: or None.

    Only now is anything changed that the user sees, and all at once.
    """
    state = group.mattebrush
    _show(group, nodes.MASK, nodes.MASK_MISSING, 0.0, mask)
    if foreground is not None:
        _show(group, nodes.FOREGROUND, nodes.FOREGROUND_PRESENT, 1.0, foreground)
    else:
        _inner(group, nodes.FOREGROUND_PRESENT).outputs[0].default_value = 0.0
    _keep(group, given, None)
    state.first, state.count, state.painted_frame = 0, 0, -1


def set_sequence(group, mask_path, foreground_path, first, count):
    """Shows a mask for each frame: files whose numbers are the scene's frames.

    mask_path, foreground_path: of the first frame; the latter may be None.
    """
    state = group.mattebrush
    mask = _opened_sequence(mask_path, pixels.NON_COLOUR)
    mask.name = f"{group.name} Mask"
    node = _show(group, nodes.MASK, nodes.MASK_MISSING, 0.0, mask)
    _time(node, first, count)
    present = foreground_path is not None
    if present:
        space = compat.linear_space() if foreground_path.endswith(".exr") else "sRGB"
        foreground = _opened_sequence(foreground_path, space)
        foreground.name = f"{group.name} Foreground"
        node = _show(group, nodes.FOREGROUND, nodes.FOREGROUND_PRESENT, 1.0, foreground)
        _time(node, first, count)
    _inner(group, nodes.FOREGROUND_PRESENT).outputs[0].default_value = float(present)
    _keep(group, None, None)
    state.first, state.count, state.painted_frame = first, count, -1


def show_painted_frame(group, image, frame):
    """Puts the still `image` in the sequence's place while that one frame is painted on."""
    node = mask_node(group)
    _keep(group, None, node.image)
    node.image = image
    group.mattebrush.painted_frame = frame


def show_sequence_again(group):
    """Undoes `show_painted_frame`, and looks at the files anew."""
    state, sequence = group.mattebrush, waiting_sequence(group)
    if sequence is None:
        return
    node = mask_node(group)
    sequence.reload()
    node.image = sequence
    _time(node, state.first, state.count)
    _keep(group, None, None)
    state.painted_frame = -1


def _keep(group, given, sequence):
    _inner(group, nodes.GIVEN).image = given
    _inner(group, nodes.SEQUENCE).image = sequence


def reload(group):
    """Looks at the files of mask and foreground anew."""
    for name in (nodes.MASK, nodes.FOREGROUND):
        image = _inner(group, name).image
        if image is not None and image.source == "SEQUENCE":
            image.reload()
    refresh(group)


def _opened_sequence(path, space):
    image = pixels.open_file(path)
    image.source = "SEQUENCE"
    image.colorspace_settings.name = space
    return image


def _show(group, name, switch, number, image):
    node = _inner(group, name)
    node.image = image
    _inner(group, switch).outputs[0].default_value = number
    return node


def _time(node, first, count):
    node.frame_start, node.frame_duration, node.frame_offset = first, count, first - 1
    node.use_auto_refresh = True


def refresh(group):
    """Makes the compositor look at the mask again; nothing else does (see docs/blender.md)."""
    for name in (nodes.MASK, nodes.FOREGROUND):
        node = group.nodes.get(name)
        if node is not None and node.image is not None:
            node.image = node.image
