# SPDX-License-Identifier: GPL-3.0-or-later
"""Background Mask nodes as this add-on sees them: which there are, their settings, their images.

A matte is the node group of one such node, tagged by the settings below. How the group is built
is in `nodes.py`.
"""

import os
import re
import uuid

import bpy

from . import choosing, compat, folders, nodes, pixels
from .mattebrush_kit.stages import N_
from .problem import Problem

_GROUP = "CompositorNodeGroup"
_WITH_FOLDERS = 2
"""The version of nodes from which on the masks of a sequence are in folders of today's kind."""

FORMATS = (
    ("PNG", N_("PNG, 16 bit"), N_("Small, and read by everything")),
    ("EXR", N_("OpenEXR, 32 bit"), N_("Floating point")),
)


class MattebrushMatte(bpy.types.PropertyGroup):
    """What a Background Mask node remembers. Kept in the file even where the add-on is missing."""

    version: bpy.props.IntProperty()  # 0 for node groups that are not ours
    owner: bpy.props.StringProperty()  # the node's own name, whatever it is called
    clean: bpy.props.BoolProperty(
        name=N_("Clean Foreground"),
        default=True,
        description="Also take the old background's color out of the edges",
    )
    model: bpy.props.StringProperty(
        name="Model", description="Empty: as in the add-on's preferences"
    )
    as_shown: bpy.props.BoolProperty(
        name=N_("As on Screen"),
        description="Show the engine the plate through the scene's view transform, exposure and"
        " look, instead of as it was stored",
    )
    words: bpy.props.StringProperty(
        name=N_("By words"),
        description="What Split Into Objects looks for, with commas between: the dog, the red bag",
    )
    marks: bpy.props.CollectionProperty(type=choosing.MattebrushMark)
    frame_start: bpy.props.IntProperty(name="First", default=1, min=0)
    frame_end: bpy.props.IntProperty(name="Last", default=250, min=0)
    format: bpy.props.EnumProperty(name="Format", items=FORMATS)
    folder: bpy.props.StringProperty(
        name="Folder",
        subtype="DIR_PATH",
        description="Where the masks of a sequence go; empty: as in the preferences",
    )
    home: bpy.props.StringProperty()  # folder of the masks shown; empty: a still mask
    shot: bpy.props.StringProperty()  # of which plate the mask is, as JSON
    painted_frame: bpy.props.IntProperty(default=-1)
    report: bpy.props.StringProperty()  # what was done last


def node_property():
    """The operators' property that says which node is meant."""
    return bpy.props.StringProperty(
        name="Node",
        description="Name of the Background Mask node; empty: the active or only one",
        options={"SKIP_SAVE"},
    )


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
    group.mattebrush.version = nodes.VERSION
    group.mattebrush.owner = uuid.uuid4().hex
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
    nodes_here = [node for node in tree.nodes if is_matte(node)] if tree is not None else []
    if not nodes_here:
        raise Problem(
            "The compositor has no Background Mask node.",
            "Add one: Add > {menu} > Background Mask.",
            menu=compat.MENU_LABEL,
        )
    if name:
        candidates = [node for node in nodes_here if node.name == name]
    else:
        candidates = [node for node in nodes_here if node == tree.nodes.active] or nodes_here
    if len(candidates) != 1:
        names = ", ".join(f'"{node.name}"' for node in nodes_here)
        wrong = (
            N_('There is no Background Mask node "{name}".') if name else N_("Which node is meant?")
        )
        raise Problem(wrong, "Select one of {names}.", name=name, names=names)
    return tree, candidates[0]


def own(node):
    """The node's group, which no other node shares from now on.

    A duplicated node shares it with the one it was made from, and what is made or painted for one
    would show in the other. The masks of a sequence are copied, too. Raises Problem.
    """
    group = node.node_tree
    if sum(other.node_tree == group for other in _group_nodes()) < 2:
        return group
    mine = group.copy()
    state = mine.mattebrush
    state.owner = uuid.uuid4().hex
    image_nodes = [
        each for each in mine.nodes if each.bl_idname == "CompositorNodeImage" and each.image
    ]
    for each in image_nodes:
        if each.image.source in ("FILE", "GENERATED"):
            each.image = each.image.copy()
            each.image.pack()
    folder = folder_of(group)
    if folder is not None:
        copied = folders.copy_for(folder, node.name, state.owner)
        state.home = folders.relative(copied.path)
        _show_folder(mine, copied)
    node.node_tree = mine
    return mine


def _group_nodes():
    """Every node that shows a node group of compositing."""
    trees = [tree for tree in bpy.data.node_groups if tree.bl_idname == "CompositorNodeTree"]
    if not compat.SCENE_HAS_GROUP:
        trees += [scene.node_tree for scene in bpy.data.scenes if scene.node_tree is not None]
    return [node for tree in trees for node in tree.nodes if node.bl_idname == _GROUP]


def users_of(group):
    """(tree, node) of each node that shows the group."""
    return [(node.id_data, node) for node in _group_nodes() if node.node_tree == group]


def mask_node(group):
    """The Image node that holds the mask. Raises Problem when somebody took it out."""
    return _inner(group, nodes.MASK)


def mask_image(group):
    """The mask, or None when there is none yet."""
    return mask_node(group).image


def folder_of(group):
    """The `Folder` of the mask sequence that is shown, or None for a still mask or none.

    It is where the images are: Blender keeps their paths right when the file is saved elsewhere.
    """
    home = group.mattebrush.home
    if not home:
        return None
    for image in (kept(group, nodes.MASK), kept(group, nodes.SEQUENCE)):
        if image is not None and image.source == "SEQUENCE":
            path = bpy.path.abspath(image.filepath, library=image.library)
            folder = folders.opened(os.path.dirname(path))
            if folder is not None:
                return folder
    return folders.opened(home)


def kept(group, name):
    """The image that the group keeps under a name of `nodes.KEPT`, or None."""
    node = group.nodes.get(name)
    return None if node is None else node.image


def _inner(group, name):
    node = group.nodes.get(name)
    if node is None:
        raise Problem(
            'The node "{name}" is missing inside "{group}".',
            "Add a new Background Mask node in its place.",
            name=name,
            group=group.name,
        )
    return node


def set_still(group, mask, foreground=None, matte=None, base=None, strokes=None):
    """Shows one mask for all frames; images, None for what there is not.

    matte: as the engine gave it, without strokes. base: as it was before what is painted from now
    on. strokes: what was painted until now. Only now is anything changed that the user sees, and
    all at once.
    """
    state = group.mattebrush
    _inner(group, nodes.MASK).image = mask
    _inner(group, nodes.FOREGROUND).image = foreground
    for name, image in ((nodes.MATTE, matte), (nodes.BASE, base), (nodes.STROKES, strokes)):
        _inner(group, name).image = image
    _inner(group, nodes.SEQUENCE).image = None
    state.home, state.painted_frame = "", -1
    lead(group, has_file=False)


def set_sequence(group, folder):
    """Shows a mask for each frame that has one in the folder, those made later, too."""
    state = group.mattebrush
    _show_folder(group, folder)
    for name in nodes.KEPT:
        _inner(group, name).image = None
    state.home, state.painted_frame = folders.relative(folder.path), -1
    lead(group, has_file=False)


def _show_folder(group, folder):
    done = folder.frames()
    if not done:
        return
    for name, part, space in (
        (nodes.MASK, "mask", pixels.NON_COLOUR),
        (nodes.FOREGROUND, "foreground", _foreground_space(folder)),
    ):
        node = _inner(group, name)
        first = next((frame for frame in done if folder.has(part, frame)), None)
        if first is None:
            node.image = None
            continue
        path = folders.relative(folder.file(part, first))
        image = node.image
        if image is None or image.source != "SEQUENCE" or not _same_files(image.filepath, path):
            image = _opened_sequence(path, space)
            image.name = f"{group.name} {part.capitalize()}"
        else:
            image.reload()
        node.image = image
        _time(node)


def _foreground_space(folder):
    return compat.linear_space() if folder.foreground_ending == ".exr" else "sRGB"


def _same_files(one, other):
    """Whether two paths differ in nothing but the frame's number."""
    one, other = bpy.path.abspath(one), bpy.path.abspath(other)
    return re.sub(r"\d+(?=\.\w+$)", "", one) == re.sub(r"\d+(?=\.\w+$)", "", other)


def show_painted_frame(group, image, frame):
    """Puts the still `image` in the sequence's place while that one frame is painted on."""
    node = mask_node(group)
    if node.image.source == "SEQUENCE":
        _inner(group, nodes.SEQUENCE).image = node.image
    node.image = image
    group.mattebrush.painted_frame = frame


def show_sequence_again(group):
    """Undoes `show_painted_frame`, and looks at the files anew."""
    sequence = kept(group, nodes.SEQUENCE)
    if sequence is None:
        return
    node = mask_node(group)
    sequence.reload()
    node.image = sequence
    _time(node)
    _inner(group, nodes.SEQUENCE).image = None
    group.mattebrush.painted_frame = -1


def reload(group):
    """Looks at the files of mask and foreground anew."""
    folder = folder_of(group)
    if folder is not None and kept(group, nodes.SEQUENCE) is None:
        _show_folder(group, folder)
    refresh(group)


def _opened_sequence(path, space):
    image = pixels.open_file(path)
    image.source = "SEQUENCE"
    image.colorspace_settings.name = space
    return image


def _time(node):
    """The file's number is the scene's frame, from 0 on; where there is no file, it is empty."""
    node.frame_start, node.frame_duration, node.frame_offset = 0, nodes.FRAMES, -1
    node.use_cyclic, node.use_auto_refresh = False, True


def lead(group, *, applies=True, suits=True, has_file=True, at_rest=(), decontaminate=None):
    """Takes the shortest ways through the group that will do; returns whether anything changed.

    applies: whether the mask is of the plate; else that passes uncut. suits: whether the clean
    colors of a still are. has_file: whether there is surely a mask where it is looked at now.
    at_rest: names of `nodes.CONTROLS`. decontaminate: its value, None where it is not known for
    sure.
    """
    ways = nodes.Ways
    has_mask = applies and _inner(group, nodes.MASK).image is not None
    has_colors = applies and suits and _inner(group, nodes.FOREGROUND).image is not None
    plain = {"Shift Edge", "Feather", "Invert"} <= set(at_rest) and has_file
    mask = (ways.MASK_ITSELF if plain else ways.STEPS) if has_mask else ways.NO_MASK
    colors = ways.MIXED
    if not has_colors or decontaminate == 0:
        colors = ways.OWN
    elif decontaminate == 1 and has_file and "Invert" in at_rest:
        colors = ways.FOREGROUND_ITSELF
    return nodes.settle(group, mask, colors, at_rest)


def bring_up_to_date(group):
    """Builds a node of an earlier version anew, with its images and settings."""
    state = group.mattebrush
    if state.version >= nodes.VERSION:
        return
    names = (nodes.MASK, nodes.FOREGROUND, *nodes.KEPT)
    images = {name: kept(group, name) for name in names}
    group.nodes.clear()
    nodes.fill(group)
    for name, image in images.items():
        moves = image is not None and image.source == "SEQUENCE"
        if moves and state.version < _WITH_FOLDERS:
            continue
        _inner(group, name).image = image
        if moves:
            _time(_inner(group, name))
    if state.version < _WITH_FOLDERS:
        state.owner = uuid.uuid4().hex
    state.version = nodes.VERSION
    lead(group, has_file=False)


def refresh(group):
    """Makes the compositor look at the mask again; nothing else does (see docs/blender.md)."""
    for name in (nodes.MASK, nodes.FOREGROUND):
        node = group.nodes.get(name)
        if node is not None and node.image is not None:
            node.image = node.image
