# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture a Background Mask node works on, read as the engine wants it.

An 8-bit picture in sRGB is read as it is, exactly. Everything else (movies, clips, float pictures,
other colour spaces, colour nodes in between, renders) is rendered by Blender's own compositor,
from a throw-away copy of the scene, into scene-linear floats, which are then encoded.
"""

import contextlib
import dataclasses
import hashlib
import os
import tempfile

import bpy
import numpy as np
from bpy.app.handlers import persistent

from . import colour, compat, pixels
from .problem import Problem

_MOVING = frozenset(
    (
        "SCALE",
        "TRANSFORM",
        "TRANSLATE",
        "ROTATE",
        "CROP",
        "FLIP",
        "LENSDIST",
        "STABILIZE2D",
        "MOVIEDISTORTION",
        "DISPLACE",
        "MAP_UV",
        "CORNERPIN",
        "PLANETRACKDEFORM",
    )
)
"""Nodes after which a picture has no longer its own size and place, but the render's."""

_STAGE = "Mattebrush reads"
"""Name of the throw-away scene."""

_PICTURES = frozenset(("IMAGE", "MOVIECLIP", "R_LAYERS"))


_TIMES = ("frame_start", "frame_duration", "frame_offset", "use_cyclic", "use_auto_refresh")
"""What an Image node says of when its frames are shown: that changes no color of them."""


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a node's picture comes from. Holds names, not Blender's data, which undo replaces.

    scene: its name. feeder, socket: the node whose output feeds the mask's Image input, and the
    index of that output. origin: the node at the far end. kind: STILL, SEQUENCE, MOVIE, CLIP or
    RENDER. image: the Image datablock's name, or "". first, count: the frames it has, count 0
    for a still. is_plain: nothing lies between feeder and mask. is_hdr: it may be brighter than
    white. size: (W, H). geometry: what nodes in between do to its size and place, as text. look: a
    name for all that decides its colors and transparency on the way, or "" where that moves.
    """

    scene: str
    feeder: str
    socket: int
    origin: str
    kind: str
    image: str
    first: int
    count: int
    is_plain: bool
    is_hdr: bool
    size: tuple
    geometry: str
    look: str

    @property
    def label(self):
        """What it is called in messages."""
        return self.image or self.origin


@dataclasses.dataclass
class Picture:
    """pixels: (H, W, 3 | 4) uint8 or uint16, display-encoded, straight alpha. linear: float32
    (H, W, 3), the same scene-linear and unclipped, or None for an 8-bit picture. displayed: uint16
    (H, W, 3 | 4), as the scene's view shows it, or None when that was not asked for."""

    pixels: np.ndarray
    linear: np.ndarray | None
    displayed: np.ndarray | None = None

    @property
    def alpha(self):
        """The picture's own alpha, float32 (H, W), or None when it is opaque."""
        return colour.to_unit(self.pixels[..., 3]) if self.pixels.shape[2] == 4 else None

    @property
    def seen(self):
        """What the engine finds the subject in."""
        return self.pixels if self.displayed is None else self.displayed


def scene_of(source):
    """The scene whose compositor the source is in. Raises Problem."""
    scene = bpy.data.scenes.get(source.scene)
    if scene is None:
        raise Problem('The scene "{name}" is gone.', name=source.scene)
    return scene


def is_users(scene):
    """Whether a scene is the user's own, not the throw-away one that a source is read from."""
    return not scene.name.startswith(_STAGE)


def of_node(scene, tree, node):
    """The `Source` of the Background Mask `node`. Raises Problem when nothing usable is there."""
    feeding = _link_to(node.inputs["Image"], tree)
    if feeding is None:
        raise Problem(
            'Nothing is connected to the Image input of "{node}".',
            "Connect an Image, Movie Clip or Render Layers node.",
            node=node.name,
        )
    origin, moving = _origin(feeding.node, tree)
    image, kind, first, count, size = _facts(scene, origin)
    if moving:
        size = _render_size(scene)
    if min(size) < 1:
        raise Problem(
            'The source "{name}" is {size} pixels: nothing to do.',
            "See whether its file is there and the render's resolution is above zero.",
            name=image or origin.name,
            size=f"{size[0]} x {size[1]}",
        )
    return Source(
        scene.name,
        feeding.node.name,
        list(feeding.node.outputs).index(feeding),
        origin.name,
        kind,
        image,
        first,
        count,
        origin == feeding.node and (kind != "RENDER" or origin.scene in (None, scene)),
        _is_hdr(origin),
        size,
        "; ".join(_settings_of(each) for each in moving),
        _look(tree, feeding.node),
    )


def _link_to(socket, tree):
    """The output socket linked to the input `socket`, reroutes left out, or None."""
    while True:
        link = next((link for link in tree.links if link.to_socket == socket), None)
        if link is None:
            return None
        if link.from_node.bl_idname != "NodeReroute":
            return link.from_socket
        socket = link.from_node.inputs[0]


def _origin(node, tree):
    """(node the picture comes from, those nodes on its way that move or scale it)."""
    moving = []
    while node.type not in _PICTURES:
        if node.type in _MOVING and not node.mute:
            moving.append(node)
        inputs = (_link_to(socket, tree) for socket in node.inputs if socket.type == "RGBA")
        feeding = next((candidate for candidate in inputs if candidate is not None), None)
        if feeding is None:
            raise Problem(
                'The Image input comes from "{node}", which shows no picture.',
                "Connect an Image, Movie Clip or Render Layers node.",
                node=node.name,
            )
        node = feeding.node
    return node, moving


def is_animated(tree):
    """Whether the settings of a compositor's nodes may differ from frame to frame."""
    animation = tree.animation_data
    return animation is not None and bool(
        animation.action is not None or animation.drivers or animation.nla_tracks
    )


def _look(tree, feeder):
    """See `Source`: all nodes that the picture comes through, and how their files are read."""
    if is_animated(tree):
        return ""
    names = _upstream(feeder, tree)
    settings = [_settings_of(tree.nodes[name]) for name in sorted(names)]
    settings += sorted(
        f"{link.from_node.name} {link.from_socket.identifier} {link.to_node.name}"
        f" {link.to_socket.identifier}"
        for link in tree.links
        if link.to_node.name in names
    )
    text = "; ".join(settings)
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:20]


def _settings_of(node):
    """A node's settings as text, to see later whether they are still the same. What is animated
    is the same as long as it is animated."""
    if is_animated(node.id_data):
        return f"{node.bl_idname} {node.mute}"
    common = bpy.types.CompositorNode.bl_rna.properties
    other = (*common.keys(), *_TIMES)
    own = [each for each in node.bl_rna.properties if each.identifier not in other]
    simple = ("BOOLEAN", "INT", "FLOAT", "ENUM")
    values = [getattr(node, each.identifier) for each in own if each.type in simple]
    for socket in node.inputs:
        if not socket.is_linked and hasattr(socket, "default_value"):
            values.append(socket.default_value)
    if getattr(node, "mapping", None) is not None and hasattr(node.mapping, "curves"):
        values += [point.location for curve in node.mapping.curves for point in curve.points]
    if getattr(node, "color_ramp", None) is not None:
        for element in node.color_ramp.elements:
            values += [element.position, element.color]
    for file in (getattr(node, name, None) for name in ("image", "clip")):
        if file is not None and hasattr(file, "colorspace_settings"):
            values += [file.colorspace_settings.name, getattr(file, "alpha_mode", "")]
    return f"{node.bl_idname} {node.mute} {' '.join(_plain(value) for value in values)}"


def _plain(value):
    if value is None or isinstance(value, (bool, int, str)):
        return str(value)
    if isinstance(value, bpy.types.ID):
        return value.name
    if isinstance(value, (set, frozenset)):  # flags
        return " ".join(sorted(map(str, value)))
    numbers = [value] if isinstance(value, float) else list(value)
    return " ".join(f"{number:.6g}" for number in numbers)


def _facts(scene, origin):
    """(image name, kind, first frame, frame count, size) of a node that shows pictures."""
    if origin.type == "R_LAYERS":
        other = origin.scene or scene
        count = other.frame_end - other.frame_start + 1
        return "", "RENDER", other.frame_start, count, _render_size(other)
    if origin.type == "MOVIECLIP":
        clip = origin.clip
        if clip is None:
            raise Problem('The node "{node}" shows no clip.', "Open one in it.", node=origin.name)
        _check_file(clip.filepath, clip.name, clip.library)
        return "", "CLIP", clip.frame_start, clip.frame_duration, tuple(clip.size)
    image = origin.image
    if image is None:
        raise Problem('The node "{node}" shows no image.', "Open one in it.", node=origin.name)
    if image.source in ("FILE", "MOVIE") and not image.packed_file and not image.is_dirty:
        _check_file(image.filepath, image.name, image.library)
    first, count = origin.frame_start, origin.frame_duration
    if image.source not in ("SEQUENCE", "MOVIE"):
        first, count = 1, 0
    elif origin.use_cyclic:
        first, count = scene.frame_start, scene.frame_end - scene.frame_start + 1
    kind = "STILL" if not count else image.source
    return image.name, kind, first, count, _image_size(image, origin, scene)


def _is_hdr(origin):
    if origin.type == "IMAGE":
        return origin.image.file_format in ("OPEN_EXR", "OPEN_EXR_MULTILAYER", "HDR")
    return origin.type == "R_LAYERS"


def _check_file(path, name, library):
    full = bpy.path.abspath(path, library=library)
    if not os.path.exists(full):
        raise Problem(
            'The file of "{name}" is missing: {path}.',
            "Find it with File > External Data.",
            name=name,
            path=full,
        )


def _image_size(image, origin, scene):
    if image.source == "SEQUENCE":
        path = frame_path(image, origin, scene.frame_current)
        return _file_size(path)
    return tuple(image.size)


_sizes = {}
"""Path -> (time of the last change, size of the picture): asked at each step of the timeline."""


def _file_size(path):
    try:
        changed = os.stat(path).st_mtime_ns
    except OSError:
        changed = 0
    if _sizes.get(path, (None,))[0] != changed:
        image = pixels.open_file(path)
        try:
            _sizes[path] = changed, tuple(image.size)
        finally:
            bpy.data.images.remove(image)
    return _sizes[path][1]


def frame_path(image, node, frame):
    """The file that an Image node shows of a sequence at a frame of the scene."""
    full = bpy.path.abspath(image.filepath, library=image.library)
    stem, ending = os.path.splitext(full)
    digits = len(stem) - len(stem.rstrip("0123456789"))
    if not digits:
        return full
    return f"{stem[:-digits]}{frame_number(node, frame):0{digits}d}{ending}"


def frame_number(node, frame):
    """Which of its own frames an Image node shows at a frame of the scene."""
    at = frame - node.frame_start + 1
    if node.use_cyclic:
        at = (at - 1) % max(node.frame_duration, 1) + 1
    return min(max(at, 1), node.frame_duration) + node.frame_offset


def clip_file(clip, path, frame):
    """The file that a clip made of pictures shows at a frame of the scene."""
    stem, ending = os.path.splitext(path)
    digits = len(stem) - len(stem.rstrip("0123456789"))
    if not digits:
        return path
    at = int(stem[-digits:]) + frame - clip.frame_start + clip.frame_offset
    return f"{stem[:-digits]}{max(at, 0):0{digits}d}{ending}"


def _render_size(scene):
    share = scene.render.resolution_percentage / 100
    return int(scene.render.resolution_x * share), int(scene.render.resolution_y * share)


def read(source, frame, *, as_shown=False):
    """The `Picture` at a frame of the scene. as_shown: also as it is on screen. Raises Problem."""
    scene = scene_of(source)
    direct = _read_directly(source, scene, frame) if source.is_plain and source.image else None
    if direct is not None and not as_shown:
        return Picture(direct, None)
    with tempfile.TemporaryDirectory(prefix="mattebrush-") as folder:
        rgba, displayed = _render(source, scene, frame, folder, as_shown)
    if direct is not None:
        return Picture(direct, None, displayed)
    straight = colour.straight(rgba)
    unit = np.concatenate([colour.encoded(straight[..., :3]), straight[..., 3:]], axis=2)
    encoded = _without_full_alpha(colour.to_depth(unit, np.uint16))
    return Picture(encoded, straight[..., :3], displayed)


def _read_directly(source, scene, frame):
    """uint8 pixels of an 8-bit sRGB picture, or None when it is not of that kind."""
    image = bpy.data.images.get(source.image)
    if image is None:
        raise Problem('The image "{name}" is gone.', name=source.image)
    if source.kind == "STILL":
        return _bytes_of(image)
    if source.kind != "SEQUENCE":
        return None
    node = compat.compositor_tree(scene).nodes[source.origin]
    one = pixels.open_file(frame_path(image, node, frame))
    try:
        one.colorspace_settings.name = image.colorspace_settings.name
        one.alpha_mode = image.alpha_mode
        return _bytes_of(one)
    finally:
        bpy.data.images.remove(one)


def _bytes_of(image):
    """uint8 (H, W, 3 | 4) as stored, or None when the image is not plain sRGB bytes."""
    if image.type == "MULTILAYER" or image.source == "VIEWER":
        return None
    values = pixels.read(image)  # loads it, and only then is it known whether it is float
    if image.is_float or image.colorspace_settings.name != "sRGB":
        return None
    if image.alpha_mode in ("NONE", "CHANNEL_PACKED"):
        values = values[..., :3]
    return _without_full_alpha(colour.to_depth(values, np.uint8))


def _without_full_alpha(rgba):
    if rgba.shape[2] == 4 and (rgba[..., 3] == np.iinfo(rgba.dtype).max).all():
        rgba = rgba[..., :3]
    return np.ascontiguousarray(rgba)


def _render(source, scene, frame, folder, as_shown):
    """(Scene-linear float32 (H, W, 4), premultiplied: what feeds the mask's Image input; the same
    through the scene's view as uint16, straight, or None)."""
    layers = ""
    if source.kind == "RENDER" and source.is_plain:
        layers = _saved_layers(scene, frame, folder)
    with _copy_of(scene, source, frame, layers) as stage:
        rgba = _rendered_frame(stage, frame, folder, ".exr")
        if not as_shown:
            return rgba, None
        _as_on_screen(stage)
        displayed = colour.to_depth(_rendered_frame(stage, frame, folder, ".png"), np.uint16)
    return rgba, _without_full_alpha(displayed)


def _rendered_frame(stage, frame, folder, ending):
    """float32 (H, W, 4) of the stage's file of a frame, as stored."""
    stage.render.filepath = os.path.join(folder, f"######{ending}")
    try:
        # As an animation: a single render takes its frame from the window's scene.
        bpy.ops.render.render(animation=True, scene=stage.name)
    except RuntimeError as error:
        why = str(error).strip()
        raise Problem("Blender could not render the source: {why}", why=why) from error
    return pixels.load(os.path.join(folder, f"{frame:06d}{ending}"))


def _as_on_screen(stage):
    """Makes the stage write pictures that went through the scene's own view settings."""
    settings = stage.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGBA", "16"
    stage.render.dither_intensity = 0


@contextlib.contextmanager
def _copy_of(scene, source, frame, layers):
    """A copy of the scene whose compositor shows the source alone, taken away afterwards."""
    stage = scene.copy()
    stage.name = _STAGE
    copied = None
    rendered = None
    try:
        if compat.SCENE_HAS_GROUP:
            copied = stage.compositing_node_group = stage.compositing_node_group.copy()
        tree = compat.compositor_tree(stage)
        feeder = tree.nodes[source.feeder].outputs[source.socket]
        if layers:
            rendered = bpy.data.images.load(layers, check_existing=False)
            feeder = _layer_node(tree, rendered, tree.nodes[source.origin]).outputs["Combined"]
        _keep_only(tree, _upstream(feeder.node, tree))
        for node in tree.nodes:
            if node.type == "R_LAYERS" and node.scene == scene:
                node.scene = stage  # or Blender leaves the user's scene at another frame
        tree.links.new(feeder, compat.output_socket(tree))
        _prepare_render(stage, source.size)
        stage.frame_step, stage.frame_start, stage.frame_end = 1, frame, frame
        stage.frame_start = frame  # Blender keeps it at most the end there was
        yield stage
    finally:
        bpy.data.scenes.remove(stage)
        if copied is not None:
            bpy.data.node_groups.remove(copied)
        if rendered is not None:
            bpy.data.images.remove(rendered)


def _upstream(node, tree):
    """The names of a node and of all that it depends on."""
    names, waiting = set(), [node]
    while waiting:
        node = waiting.pop()
        if node.name not in names:
            names.add(node.name)
            waiting += [link.from_node for link in tree.links if link.to_node == node]
    return names


def _keep_only(tree, names):
    """Removes what is of no use here: it would cost time, or write files."""
    for node in [node for node in tree.nodes if node.name not in names]:
        tree.nodes.remove(node)


def _prepare_render(stage, size):
    render = stage.render
    render.use_compositing, render.use_sequencer = True, False
    render.resolution_x, render.resolution_y = size
    render.resolution_percentage = 100
    render.use_border = render.use_multiview = False
    render.use_file_extension, render.use_overwrite, render.use_placeholder = False, True, False
    compat.cpu_compositor(stage)
    set_format(render.image_settings, "OPEN_EXR")
    render.image_settings.color_mode = "RGBA"


def set_format(settings, name):
    """OPEN_EXR or OPEN_EXR_MULTILAYER with 32 bits, in every version."""
    if hasattr(settings, "media_type"):
        settings.media_type = "MULTI_LAYER_IMAGE" if name.endswith("MULTILAYER") else "IMAGE"
    settings.file_format = name
    settings.color_depth = "32"
    settings.exr_codec = "ZIP"


def _layer_node(tree, image, origin):
    node = tree.nodes.new("CompositorNodeImage")
    node.image = image
    with contextlib.suppress(TypeError):  # a render of one layer only
        node.layer = origin.layer
    return node


def _saved_layers(scene, frame, folder):
    """The file with all layers of the scene's render, before any compositing.

    The render that is there is taken when it is of that frame; else the frame is rendered.
    """
    path = os.path.join(folder, "layers.exr")
    kept = _kept_settings(scene)
    try:
        set_format(scene.render.image_settings, "OPEN_EXR_MULTILAYER")
        if _rendered.get(scene.name) != frame or not _save_render(scene, path):
            scene.frame_set(frame)
            scene.render.use_compositing = scene.render.use_sequencer = False
            bpy.ops.render.render(scene=scene.name)
            if not _save_render(scene, path):
                raise Problem("Blender gave no render.", "Render once with F12, then try again.")
    except RuntimeError as error:
        why = str(error).strip()
        raise Problem("Blender could not render the scene: {why}", why=why) from error
    finally:
        _restore_settings(scene, kept)
    return path


_rendered = {}
"""Scene name -> the frame that its render, if there is one, shows."""


@persistent
def _note_render(scene, *_):
    _rendered[scene.name] = scene.frame_current


def register():
    """Begins to note of which frame the render is that is there."""
    bpy.app.handlers.render_pre.append(_note_render)


def unregister():
    """Ends it."""
    bpy.app.handlers.render_pre.remove(_note_render)


def _save_render(scene, path):
    """Whether there is a finished render of the scene, which is then written to `path`."""
    result = bpy.data.images.get("Render Result")
    if result is None:
        return False
    with contextlib.suppress(RuntimeError):
        result.save_render(path, scene=scene)
    return os.path.exists(path)


_KEPT = ("use_compositing", "use_sequencer")
_KEPT_FORMAT = ("media_type", "file_format", "color_depth", "exr_codec", "color_mode")


def _kept_settings(scene):
    render, settings = scene.render, scene.render.image_settings
    return (
        scene.frame_current,
        [getattr(render, name) for name in _KEPT],
        [getattr(settings, name, None) for name in _KEPT_FORMAT],
    )


def _restore_settings(scene, kept):
    frame, switches, formats = kept
    for name, value in zip(_KEPT, switches, strict=True):
        setattr(scene.render, name, value)
    for name, value in zip(_KEPT_FORMAT, formats, strict=True):
        with contextlib.suppress(TypeError):  # a codec that the earlier format has not
            if value is not None:
                setattr(scene.render.image_settings, name, value)
    if scene.frame_current != frame:
        scene.frame_set(frame)
