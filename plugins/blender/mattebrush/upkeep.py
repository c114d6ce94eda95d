# SPDX-License-Identifier: GPL-3.0-or-later
"""Sees, whenever something changes, whether each node's mask belongs to the plate that it gets,
and which controls are at rest.

A mask of another plate is not used: the plate passes uncut, and `warning` says why. What is at
rest is left out, so that it costs nothing; in a saved file everything is there.
"""

import json
import os

import bpy
from bpy.app.handlers import persistent

from . import compat, events, folders, matte, nodes, plates, sources, words
from .mattebrush_kit.stages import N_
from .problem import Problem

_OTHER_PLATE = N_("Masks of another plate are not used: the plate is shown uncut")
_OTHER_RENDER = N_("This mask was made from the render of frame %d")
_REPLACED = N_("Frame %d was replaced since its mask was made: it is shown uncut")
_NO_MASK = N_("Frame %d has no mask: the plate is shown uncut")
_OTHER_COLORS = N_(
    "The nodes before this one were changed since its clean colors were made: the plate's own"
    " colors are shown"
)


def warning(group, scene, frame):
    """What the user has to know of a node's mask at a frame, or ""."""
    if matte.mask_image(group) is None:
        return ""
    state = group.mattebrush
    source = _source(group, scene)
    if not _applies(group, scene, source):
        return words.tr(_OTHER_PLATE)
    if not state.home:
        made = json.loads(state.shot).get("frame", frame) if state.shot else frame
        if source is not None and source.kind == "RENDER" and made != frame:
            return words.tr(_OTHER_RENDER) % made
        has_colors = matte.kept(group, nodes.FOREGROUND) is not None
        return words.tr(_OTHER_COLORS) if has_colors and not _suits(group, source) else ""
    folder = matte.folder_of(group)
    if folder is not None and folder.has("mask", frame):
        is_aside = folder.unused("foreground", frame) and not folder.has("foreground", frame)
        return words.tr(_OTHER_COLORS) if is_aside else ""
    if folder is not None and folder.known(frame) is not None:
        return words.tr(_REPLACED) % frame
    return words.tr(_NO_MASK) % frame


def see_to(group, scene, frames):
    """Sets what of the node is used at `frames`; returns whether anything changed."""
    users = matte.users_of(group)
    if not users or nodes.MASK not in group.nodes or nodes.FOREGROUND not in group.nodes:
        return False
    source = _source(group, scene)
    applies = _applies(group, scene, source) or _switch(group, plates.shot(scene, source))
    moved = applies and _sort_out(group, scene, source, frames)
    at_rest = [name for name in nodes.CONTROLS if all(_rests(*user, name) for user in users)]
    amounts = {_fixed(*user, "Decontaminate") for user in users}
    changed = matte.lead(
        group,
        applies=applies,
        suits=_suits(group, source),
        has_file=_has_files(group, frames),
        at_rest=at_rest,
        decontaminate=amounts.pop() if len(amounts) == 1 else None,
    )
    return changed or moved


def _switch(group, shot):
    """Shows the masks that the node has of another shot; returns whether there are some."""
    state = group.mattebrush
    folder = matte.folder_of(group)
    if folder is None or matte.kept(group, nodes.SEQUENCE) is not None:
        return False
    name = folders.header(folder.path)["node"]
    for path, values in folders.mine(os.path.dirname(folder.path), name, state.owner):
        if plates.same(values["shot"], shot) and folders.opened(path).frames():
            matte.set_sequence(group, folders.opened(path))
            state.shot = json.dumps(values["shot"])
            return True
    return False


def _sort_out(group, scene, source, frames):
    """Puts masks aside whose frame of the plate was replaced, and back when it is there again."""
    folder = matte.folder_of(group)
    if folder is None or source is None or matte.kept(group, nodes.SEQUENCE) is not None:
        return False
    changed = False
    for frame in frames:
        record = folder.known(frame)
        now = plates.frame(scene, source, frame) if record is not None and record.plate else ""
        is_of_plate = not now or record.plate == now
        if now:
            changed = folder.set_used("mask", frame, used=is_of_plate) or changed
        if record is not None:
            suits = is_of_plate and source.look in ("", record.settings.get("look"))
            changed = folder.set_used("foreground", frame, used=suits) or changed
    if changed:
        matte.reload(group)
    return changed


def _has_files(group, frames):
    """Whether there is surely a mask, with its clean colours, at all of `frames`."""
    folder = matte.folder_of(group)
    if folder is None:
        return not group.mattebrush.home
    has_colors = group.nodes[nodes.FOREGROUND].image is not None
    return all(
        folder.has("mask", frame) and (not has_colors or folder.has("foreground", frame))
        for frame in frames
    )


def _rests(tree, node, name):
    """Whether a node's input does nothing."""
    return _fixed(tree, node, name) == 0


def _fixed(tree, node, name):
    """The value of a node's input, or None where a link or an animation may change it."""
    socket = node.inputs.get(name)
    if socket is None:
        return 0
    return None if socket.is_linked or sources.is_animated(tree) else socket.default_value


def _applies(group, scene, source):
    """Whether the masks are of the shot that the node gets, as far as can be told."""
    shot = group.mattebrush.shot
    return not shot or source is None or plates.same(json.loads(shot), plates.shot(scene, source))


def _suits(group, source):
    """Whether a still's clean colors were made from the plate as it comes now: graded alike."""
    if group.mattebrush.home or source is None or not source.look or not group.mattebrush.shot:
        return True
    return json.loads(group.mattebrush.shot).get("look") == source.look


def _source(group, scene):
    """The `Source` of the node that shows the group in a scene's compositor, or None."""
    tree = compat.compositor_tree(scene)
    for node in tree.nodes if tree is not None else ():
        if getattr(node, "node_tree", None) == group:
            try:
                return sources.of_node(scene, tree, node)
            except Problem:
                return None
    return None


def see_to_all(scene, frames=None):
    """The same for every node in the file."""
    for group in matte.everywhere():
        see_to(group, scene, (scene.frame_current,) if frames is None else frames)


_rendering = set()
"""Names of scenes that are being rendered: nobody may change nodes in the middle of that."""


@persistent
def _when_changed(scene, *_):
    _rendering.intersection_update(bpy.data.scenes.keys())  # one that a failed render left
    if scene is not None and not _rendering:
        see_to_all(scene)


@persistent
def _when_moved(scene, *_):
    """Another frame: where there are windows they show its mask, or that it has none."""
    _when_changed(scene)
    if not bpy.app.background and not _rendering:
        for group in matte.everywhere():
            if group.mattebrush.home:
                matte.refresh(group)


@persistent
def _before_render(scene, *_):
    if sources.is_users(scene):
        see_to_all(scene, {*range(scene.frame_start, scene.frame_end + 1), scene.frame_current})
    _rendering.add(scene.name)


@persistent
def _after_render(scene, *_):
    _rendering.discard(scene.name)


@persistent
def _after_load(*_):
    _rendering.clear()
    for group in matte.everywhere():
        matte.bring_up_to_date(group)
    for scene in bpy.data.scenes:
        see_to_all(scene)


@persistent
def _before_save(*_):
    for group in matte.everywhere():
        nodes.make_whole(group)


@persistent
def _after_save(*_):
    see_to_all(bpy.context.scene)


_HANDLERS = (
    ("save_pre", _before_save),
    ("save_post", _after_save),
    ("depsgraph_update_post", _when_changed),
    ("frame_change_post", _when_moved),
    ("render_init", _before_render),
    ("render_complete", _after_render),
    ("render_cancel", _after_render),
    ("load_post", _after_load),
)


def register():
    """Begins to look after the nodes."""
    events.add(_HANDLERS)


def unregister():
    """Ends it."""
    events.remove(_HANDLERS)
