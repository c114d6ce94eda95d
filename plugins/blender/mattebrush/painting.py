# SPDX-License-Identifier: GPL-3.0-or-later
"""Painting on a mask with Blender's own brush: what keeps strokes safe, and the compositor awake.

A still mask is painted on as it is. Of a sequence one frame is opened as a still in the
sequence's place (`start`) and written back into its file (`commit`) when another frame is shown
or painted. For saving and rendering it is written, too, and goes on afterwards.
"""

import dataclasses
import math
import time

import bpy
import numpy as np
from bpy.app.handlers import persistent

from . import events, generating, layers, matte, nodes, pixels, sources, strokes, words
from .mattebrush_kit.stages import N_
from .problem import Problem


def start(group, source, frame):
    """The image to paint on at a frame. Without a mask yet it is a white one of the source's size.

    source: as in `sources.of_node`, or None when it cannot be told.
    """
    state = group.mattebrush
    image = matte.mask_image(group)
    if image is None:
        if source is None:
            raise Problem("There is no mask to paint on.", "Connect a picture, then generate one.")
        width, height = source.size
        white = np.ones((height, width), np.float32)
        image = pixels.new(f"{group.name} Mask", white, is_data=True, is_float=False)
        matte.set_still(group, image)
        generating.note_still(group, source, frame)
        return image
    if not state.home or state.painted_frame == frame:
        return image
    commit(group)
    folder = matte.folder_of(group)
    if folder is None:
        raise layers.no_masks()
    if not folder.has("mask", frame):
        raise layers.no_mask(frame)
    alpha = pixels.load_mask(folder.file("mask", frame))
    one = pixels.new(f"{group.name} Mask {frame}", alpha, is_data=True, is_float=True)
    matte.show_painted_frame(group, one, frame)
    return one


def commit(group):
    """Writes what was painted on a frame of a sequence into its files, and shows the sequence.

    Harmless when nothing is painted on. Raises Problem when a file cannot be written; the strokes
    are then still in the image that is shown.
    """
    state = group.mattebrush
    if matte.kept(group, nodes.SEQUENCE) is None:
        return
    image = matte.mask_image(group)
    folder = matte.folder_of(group)
    if image.is_dirty and folder is not None:
        keep_strokes(folder, state.painted_frame, image)
        image.pack()  # it stays as the old one, and is clean now
    matte.show_sequence_again(group)


def keep_strokes(folder, frame, image):
    """Writes the strokes on the image of a frame, and the mask with them. Raises Problem."""
    after = np.clip(np.ascontiguousarray(pixels.read(image)[..., 0]), 0, 1)
    path = folder.file("mask", frame)
    layer = strokes.painted(pixels.load_mask(path), after)
    if not layer:
        return
    layers.add(folder, frame, layer)
    record = folder.record(frame)
    folder.write_record(frame, dataclasses.replace(record, painted=True))
    generating.write_mask(path, after)


def editors_of(group):
    """The areas in which the node's mask is painted on."""
    return [
        area
        for area, space in _painting_spaces()
        if space.image is not None and _is_of(group, space.image)
    ]


def _is_of(group, image):
    return image == matte.mask_image(group) or image.name.startswith(f"{group.name} Mask")


_brushes = {}
"""Area -> name of the group whose mask is painted on there: undo empties editors whose image it
takes away."""


def show_in(areas, group):
    """Paints on in these areas, on the mask as it is now."""
    for area in areas:
        if area.type == "IMAGE_EDITOR":
            space = area.spaces.active
            space.image, space.mode = matte.mask_image(group), "PAINT"
            _brushes[area.as_pointer()] = group.name


def keep_safe():
    """Sees that no stroke is lost when the file is saved: on disk, or packed into the file.

    Returns what could not be kept in its file, as sentences; that is then packed.
    """
    problems = []
    for group in matte.everywhere():
        problems += _paused(group)
        for image in _images(group):
            if image.is_dirty:
                _store(image)
    return problems


_waiting = []
"""(group, image, frame) by name: frames that were painted on when saving or rendering began."""


def _paused(group):
    """Commits, to go on after saving or rendering. Returns what went wrong, as sentences."""
    state = group.mattebrush
    if matte.kept(group, nodes.SEQUENCE) is None:
        return []
    painted = (group.name, matte.mask_image(group).name, state.painted_frame)
    try:
        commit(group)
    except Problem as problem:
        return [str(problem)]
    _waiting.append(painted)
    return []


def _resumed():
    while _waiting:
        name, image, frame = _waiting.pop()
        group = bpy.data.node_groups.get(name)
        if group is not None and image in bpy.data.images and group.mattebrush.home:
            matte.show_painted_frame(group, bpy.data.images[image], frame)


def _images(group):
    images = (node.image for node in group.nodes if node.bl_idname == "CompositorNodeImage")
    return [image for image in images if image is not None]


def _store(image):
    """Into its file when it is one by itself, else into the .blend file."""
    if image.source == "FILE" and image.filepath and not image.packed_file:
        try:
            image.save()
            return
        except RuntimeError:
            pass  # its folder is not writable: then packed
    if image.source in ("FILE", "GENERATED"):
        image.pack()


@persistent
def _before_save(*_):
    for sentence in keep_safe():
        more = words.tr(N_("The strokes are packed into the .blend file instead."))
        print(f"Mattebrush: {sentence} {more}")


@persistent
def _after_save(*_):
    _resumed()


@persistent
def _before_render(scene, *_):
    if not sources.is_users(scene):
        return
    for group in matte.everywhere():
        for sentence in _paused(group):
            print(f"Mattebrush: {sentence}")


@persistent
def _after_render(scene, *_):
    if sources.is_users(scene):
        _resumed()


@persistent
def _after_frame_change(scene, *_):
    if scene != bpy.context.scene or _waiting:
        return  # the throw-away one that a source is read from; or a render
    for group in matte.everywhere():
        if group.mattebrush.painted_frame not in (-1, scene.frame_current):
            painted = matte.mask_image(group)
            try:
                commit(group)
            except Problem as problem:
                print(f"Mattebrush: {problem}")
            else:
                _put_down_brush(painted, matte.mask_image(group))


def _put_down_brush(painted, sequence):
    """Editors that showed the painted frame show the sequence: no stroke shall go astray."""
    for _, space in _painting_spaces():
        if space.image == painted:
            space.image, space.mode = sequence, "VIEW"


_ECHO = 0.1
"""Seconds in which an update is taken for the echo of the compositor's own waking."""

_woken = 0.0


@persistent
def _after_update(*_):
    """Each stroke ends with an update; what it names differs. Then the compositor is woken.

    Later, from a timer: Blender does not like changes in the middle of its own.
    """
    waiting = bpy.app.timers.is_registered(_wake) or time.monotonic() < _woken + _ECHO
    if not waiting and any(_is_painted_on(group) for group in matte.everywhere()):
        bpy.app.timers.register(_wake, first_interval=0.0)


def _is_painted_on(group):
    """Whether the mask has strokes that are not in a file, and an editor in Paint mode shows it."""
    image = matte.mask_image(group)
    return image is not None and image.is_dirty and _is_in_paint_mode(image)


def _is_in_paint_mode(image):
    return any(space.image == image for _, space in _painting_spaces())


def _painting_spaces():
    """(area, space) of the image editors in Paint mode."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            space = area.spaces.active
            if area.type == "IMAGE_EDITOR" and space.mode == "PAINT":
                yield area, space


def _wake():
    global _woken
    for group in matte.everywhere():
        if _is_painted_on(group):
            matte.refresh(group)
    _woken = math.inf
    bpy.context.view_layer.update()  # the echo comes here and now
    _woken = time.monotonic()


@persistent
def _after_undo(*_):
    """A stroke taken back changes pixels without a word: neither dirty nor shown."""
    for area, space in _painting_spaces():
        group = bpy.data.node_groups.get(_brushes.get(area.as_pointer(), ""))
        if space.image is None and group is not None and matte.is_tagged(group):
            space.image = matte.mask_image(group)
    for group in matte.everywhere():
        image = matte.mask_image(group)
        if image is not None and _is_in_paint_mode(image):
            image.pixels[0] = image.pixels[0]
            matte.refresh(group)


_HANDLERS = (
    ("save_pre", _before_save),
    ("save_post", _after_save),
    ("render_init", _before_render),
    ("render_complete", _after_render),
    ("render_cancel", _after_render),
    ("frame_change_post", _after_frame_change),
    ("depsgraph_update_post", _after_update),
    ("undo_post", _after_undo),
    ("redo_post", _after_undo),
)


def register():
    """Begins to watch over what is painted."""
    events.add(_HANDLERS)


def unregister():
    """Ends it."""
    events.remove(_HANDLERS)
