# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over Blender's own editors: the plate beneath the mask that is painted on, what was
chosen on it, the state of the frames in the timeline, and warnings at the nodes."""

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from . import choosing, colour, compat, matte, pixels, plates, sources, status, upkeep
from .mattebrush_kit.stages import N_
from .problem import Problem

VIEWS = (
    ("MASK", N_("Mask"), N_("The mask itself, black and white")),
    ("OVERLAY", N_("Overlay"), N_("The plate, red where it is cut away")),
    (
        "ONION",
        N_("Onion Skin"),
        N_(
            "The overlay, with the outlines of the masks one frame before (blue) and after (orange)"
        ),
    ),
    ("CUT", N_("Cut Out"), N_("The subject on a checkerboard")),
    ("PLATE", N_("Plate"), N_("The plate as it was: before and after")),
)
_PLATE_ONLY, _ON_RED = 2, 1
_INDEX = {"OVERLAY": _ON_RED, "ONION": _ON_RED, "CUT": 0, "PLATE": _PLATE_ONLY}
"""What the shader is told of a view."""

_COLORS = {
    "MISSING": (0.75, 0.2, 0.2, 0.9),
    "DOUBTFUL": (0.95, 0.7, 0.1, 0.9),
    "PAINTED": (0.25, 0.55, 1.0, 0.9),
    "DONE": (0.3, 0.7, 0.35, 0.9),
}
_WARNING = (1.0, 0.75, 0.2, 1.0)
_ONION = {-1: (0.25, 0.5, 1.0), 1: (1.0, 0.55, 0.1)}
_KEEP, _DROP = (0.3, 1.0, 0.4, 1.0), (1.0, 0.3, 0.3, 1.0)
_BAR, _SCRUBBER = 5, 24
"""Heights of the bar in the timeline, and of the numbers above it, in pixels of the interface."""

_handles = []


# ------------------------------------------------------------- the plate beneath the mask

_plates = {}
"""Group -> (frame and what it shows, name of the image that holds it). One that nobody uses, so
that it is not saved."""


def plate_image(group, source, frame, space=pixels.NON_COLOUR):
    """An image of the plate at a frame, as it is stored; read anew for another frame.

    space: its color space. Raises Problem.
    """
    known = _plates.get(group.name)
    key = (frame, source.label, plates.frame(sources.scene_of(source), source, frame))
    if known is not None and known[0] == key and known[1] in bpy.data.images:
        image = bpy.data.images[known[1]]
        image.colorspace_settings.name = space
        return image
    picture = sources.read(source, frame)
    values = picture.pixels[..., :3] / np.float32(np.iinfo(picture.pixels.dtype).max)
    image = pixels.new(f"{group.name} Plate", values, is_data=True, is_float=False)
    image.colorspace_settings.name = space
    if known is not None and known[1] in bpy.data.images:
        bpy.data.images.remove(bpy.data.images[known[1]])
    _plates[group.name] = key, image.name
    return image


def _read_again():
    """Reads the plates that undo took away: not while something is drawn."""
    scene = bpy.context.scene
    for name, ((frame, *_), image) in list(_plates.items()):
        group = bpy.data.node_groups.get(name)
        if image in bpy.data.images or group is None:
            continue
        del _plates[name]
        for tree, node in matte.users_of(group):
            try:
                plate_image(group, sources.of_node(scene, tree, node), frame)
            except Problem:
                continue
            redraw("IMAGE_EDITOR")
            break


_VERTEX = """
void main() {
  uv = texture_at;
  gl_Position = ModelViewProjectionMatrix * vec4(position, 0.0, 1.0);
}
"""
_FRAGMENT = """
void main() {
  vec3 plate = texture(plate_image, uv).rgb;
  float mask = texture(mask_image, uv).r;
  float checker = mod(floor(gl_FragCoord.x / 12.0) + floor(gl_FragCoord.y / 12.0), 2.0);
  vec3 below = view == 1 ? mix(plate, vec3(0.9, 0.05, 0.05), 0.6) : vec3(0.35 + 0.25 * checker);
  vec3 shown = view == 2 ? plate : mix(below, plate, mask);
  // An editor's buffer is linear, whatever the scene's view is.
  vec3 linear = pow((shown + 0.055) / 1.055, vec3(2.4));
  color = vec4(mix(linear, shown / 12.92, lessThanEqual(shown, vec3(0.04045))), 1.0);
}
"""
_OUTLINE = """
void main() {
  float mask = texture(mask_image, uv).r;
  // Where the mask crosses a half, as wide on screen whatever the zoom.
  float away = abs(mask - 0.5) / max(fwidth(mask), 0.0001);
  color = vec4(tint.rgb, tint.a * (1.0 - smoothstep(0.75, 1.75, away)));
}
"""
_SHADERS = {
    "plate": (_FRAGMENT, (("INT", "view"),), ("plate_image", "mask_image")),
    "outline": (_OUTLINE, (("VEC4", "tint"),), ("mask_image",)),
}
"""Name -> (fragment source, constants, samplers)."""
_compiled = {}


def _shader(name):
    if name not in _compiled:
        source, constants, samplers = _SHADERS[name]
        info = gpu.types.GPUShaderCreateInfo()
        between = gpu.types.GPUStageInterfaceInfo(f"mattebrush_{name}")
        between.smooth("VEC2", "uv")
        info.push_constant("MAT4", "ModelViewProjectionMatrix")
        for constant in constants:
            info.push_constant(*constant)
        for index, sampler in enumerate(samplers):
            info.sampler(index, "FLOAT_2D", sampler)
        info.vertex_in(0, "VEC2", "position")
        info.vertex_in(1, "VEC2", "texture_at")
        info.vertex_out(between)
        info.fragment_out(0, "VEC4", "color")
        info.vertex_source(_VERTEX)
        info.fragment_source(source)
        _compiled[name] = gpu.shader.create_from_info(info)
    return _compiled[name]


def _draw_in_image_editor():
    space, region = bpy.context.space_data, bpy.context.region
    if space.image is None:
        return
    for group in matte.everywhere():
        if space.image == matte.mask_image(group) and space.mode == "PAINT":
            _draw_plate(space, region, group)
        if choosing.is_shown(group, space.image):
            _draw_choice(region, group)


def _draw_plate(space, region, group):
    view = bpy.context.window_manager.mattebrush_view
    known = _plates.get(group.name)
    if view == "MASK" or known is None:
        return
    plate = bpy.data.images.get(known[1])
    if plate is None:  # undo took it away
        if not bpy.app.timers.is_registered(_read_again):
            bpy.app.timers.register(_read_again, first_interval=0.0)
        return
    shader = _shader("plate")
    shader.bind()
    shader.uniform_sampler("plate_image", gpu.texture.from_image(plate))
    shader.uniform_sampler("mask_image", gpu.texture.from_image(space.image))
    shader.uniform_int("view", _INDEX[view])
    _over_picture(region, shader)
    if view == "ONION":
        _draw_neighbors(region, group)


def _over_picture(region, shader):
    """Draws over all of the picture that an editor shows."""
    (left, bottom), (right, top) = (
        region.view2d.view_to_region(x, y, clip=False) for x, y in ((0, 0), (1, 1))
    )
    corners = ((left, bottom), (right, bottom), (right, top), (left, top))
    batch = batch_for_shader(
        shader,
        "TRI_FAN",
        {"position": corners, "texture_at": ((0, 0), (1, 0), (1, 1), (0, 1))},
    )
    matrix = gpu.matrix.get_projection_matrix() @ gpu.matrix.get_model_view_matrix()
    shader.uniform_float("ModelViewProjectionMatrix", matrix)
    batch.draw(shader)


_neighbors = {}
"""Group -> (frame, {-1 | 1: mask, float32 (H, W) from the bottom row up, or its texture})."""


def take_neighbors(group, frame):
    """Reads the masks one frame before and after for `ONION`: not while something is drawn."""
    folder, masks = matte.folder_of(group), {}
    for step in _ONION if folder is not None else ():
        if folder.has("mask", frame + step):
            mask = pixels.load_mask(folder.file("mask", frame + step))
            masks[step] = np.ascontiguousarray(mask[::-1])
    _neighbors[group.name] = frame, masks


def _draw_neighbors(region, group):
    """The outlines of the masks one frame before and after the one that is painted on."""
    frame, masks = _neighbors.get(group.name, (-1, {}))
    if frame != group.mattebrush.painted_frame:
        return
    for step, mask in masks.items():
        if isinstance(mask, np.ndarray):
            masks[step] = mask = _texture(mask)
        shader = _shader("outline")
        gpu.state.blend_set("ALPHA")
        shader.bind()
        shader.uniform_sampler("mask_image", mask)
        shader.uniform_float("tint", (*colour.linearised(np.array(_ONION[step])), 1.0))
        _over_picture(region, shader)
        gpu.state.blend_set("NONE")


def _texture(values):
    height, width = values.shape
    data = gpu.types.Buffer("FLOAT", values.size, values.ravel())
    return gpu.types.GPUTexture((width, height), format="R16F", data=data)


# ------------------------------------------------------------------- what was chosen on it


def _draw_in_clip_editor():
    space, region = bpy.context.space_data, bpy.context.region
    for group in matte.everywhere():
        if space.clip is not None and choosing.is_of_clip(group, space.clip):
            _draw_choice(region, group)


def _draw_choice(region, group):
    frame = bpy.context.scene.frame_current
    strokes = {}
    for each in choosing.of_frame(group, frame):
        color = _KEEP if each.keeps else _DROP
        corners = [region.view2d.view_to_region(*at, clip=False) for at in each.corners]
        if each.stroke:
            strokes.setdefault((each.stroke, color), []).extend(corners)
        elif each.is_box:
            (x0, y0), (x1, y1) = corners
            _lines(((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)), color)
        else:
            x, y = corners[0]
            arm = 6 * bpy.context.preferences.system.ui_scale
            for points in (((x - arm, y), (x + arm, y)), ((x, y - arm), (x, y + arm))):
                _lines(points, color)
    for (_, color), points in strokes.items():
        _lines(points, color)
    if choosing.drawing.get("region") == region:
        _lines(choosing.drawing["path"], _KEEP)


def _lines(points, color):
    shader = gpu.shader.from_builtin(compat.FLAT_SHADER)
    batch = batch_for_shader(shader, "LINE_STRIP", {"pos": [(x, y) for x, y in points]})
    gpu.state.line_width_set(2)
    shader.bind()
    shader.uniform_float("color", color)
    batch.draw(shader)
    gpu.state.line_width_set(1)


# ------------------------------------------------------------------------------ the timeline


def _draw_in_timeline():
    context = bpy.context
    if getattr(context.space_data, "mode", "") != "TIMELINE":
        return
    try:
        _, node = matte.find(context)
    except Problem:
        return
    known = status.of_group(node.node_tree)
    if known is None:
        return
    view, scale = context.region.view2d, context.preferences.system.ui_scale
    shader = gpu.shader.from_builtin(compat.FLAT_SHADER)
    shader.bind()
    for first, last, state in known.spans():
        left, right = (
            view.view_to_region(at, 0, clip=False)[0] for at in (first - 0.5, last + 0.5)
        )
        top = context.region.height - _SCRUBBER * scale
        bottom = top - _BAR * scale
        corners = ((left, bottom), (right, bottom), (right, top), (left, top))
        batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners})
        shader.uniform_float("color", _COLORS[state])
        batch.draw(shader)


# ----------------------------------------------------------------------- warnings at the nodes


def _draw_in_node_editor():
    context = bpy.context
    space = context.space_data
    if space.tree_type != "CompositorNodeTree" or space.edit_tree is None:
        return
    scale = context.preferences.system.ui_scale
    for node in space.edit_tree.nodes:
        if matte.is_matte(node):
            warning = upkeep.warning(node.node_tree, context.scene, context.scene.frame_current)
            if warning:
                x, y = compat.node_location(node)
                x, y = context.region.view2d.view_to_region(x * scale, y * scale, clip=False)
                blf.position(0, x, y + 26 * scale, 0)
                compat.set_text_size(12 * scale)
                blf.color(0, *_WARNING)
                blf.draw(0, f"\u26a0 {warning}")


_DRAWN = (
    ("SpaceImageEditor", _draw_in_image_editor),
    ("SpaceClipEditor", _draw_in_clip_editor),
    ("SpaceDopeSheetEditor", _draw_in_timeline),
    ("SpaceNodeEditor", _draw_in_node_editor),
)


def image_area(context):
    """An Image Editor: one that is there, else half of the editor clicked in, else None."""
    if context.screen is None:
        return None
    areas = [area for area in context.screen.areas if area.ui_type == "IMAGE_EDITOR"]
    if areas:
        return max(areas, key=lambda area: area.width * area.height)
    if context.area is None:
        return None
    before = set(context.screen.areas)
    bpy.ops.screen.area_split(direction="VERTICAL", factor=0.5)
    added = [area for area in context.screen.areas if area not in before]
    if not added:
        return None
    added[0].ui_type = "IMAGE_EDITOR"
    return added[0]


def redraw(*kinds):
    """Draws editors anew, such as "IMAGE_EDITOR"."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in kinds:
                area.tag_redraw()


def _view_changed(_owner, _context):
    redraw("IMAGE_EDITOR")


def register():
    """Begins to draw, where there are windows."""
    bpy.types.WindowManager.mattebrush_view = bpy.props.EnumProperty(
        name="View",
        items=VIEWS,
        default="OVERLAY",
        description="What is seen while a mask is painted on",
        update=_view_changed,
    )
    if bpy.app.background:
        return
    for kind, function in _DRAWN:
        space = getattr(bpy.types, kind)
        _handles.append((space, space.draw_handler_add(function, (), "WINDOW", "POST_PIXEL")))


def unregister():
    """Ends it."""
    while _handles:
        space, handle = _handles.pop()
        space.draw_handler_remove(handle, "WINDOW")
    del bpy.types.WindowManager.mattebrush_view
