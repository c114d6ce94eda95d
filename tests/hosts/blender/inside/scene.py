# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender: what the scenarios share. Knows the add-on only from the outside, but for
`modules`, which gives its parts where Blender's own interface shows too little."""

import importlib
import os
import signal
import threading
import time
from pathlib import Path

import bpy
import numpy as np

IS_EXTENSION = bpy.app.version >= (4, 2, 0)
NAME = "bl_ext.user_default.mattebrush" if IS_EXTENSION else "mattebrush_blender"


def install(zips):
    """Installs the right zip as a user does, and switches it on."""
    kind = "extension" if IS_EXTENSION else "addon"
    path = f"{zips}/mattebrush-blender-{kind}-0.1.0.zip"
    if IS_EXTENSION:
        bpy.ops.extensions.package_install_files(
            filepath=path, repo="user_default", enable_on_install=True
        )
    else:
        bpy.ops.preferences.addon_install(filepath=path)
        bpy.ops.preferences.addon_enable(module=NAME)


def module(name):
    """A part of the installed add-on."""
    return importlib.import_module(f"{NAME}.{name}")


def prepare(width, height, exact=True):
    """A scene whose render shows values as they are; returns its compositor."""
    scene = bpy.context.scene
    scene.view_settings.view_transform = "Standard"
    scene.render.dither_intensity = 0
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    if hasattr(scene.render, "compositor_device"):
        scene.render.compositor_device = "CPU"
    return module("compat").make_compositor_tree(scene)


def image_node(tree, path):
    """An Image node that shows a file, active."""
    node = tree.nodes.new("CompositorNodeImage")
    node.image = bpy.data.images.load(path)
    tree.nodes.active = node
    return node


def add_matte(tree):
    """A Background Mask node made by the operator, its Image output the compositor's result."""
    assert bpy.ops.mattebrush.add_node() == {"FINISHED"}
    node = tree.nodes.active
    show(tree, node.outputs["Image"])
    return node


def show(tree, socket):
    """Makes an output socket the compositor's result."""
    tree.links.new(socket, module("compat").output_socket(tree))


def render(path, depth="8"):
    """float32 (H, W, 4) in 0..1 as stored in the PNG that the scene renders to."""
    scene = bpy.context.scene
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGBA", depth
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)
    return stored(path)


def stored(path):
    """float32 (H, W, 4) of a PNG as stored, top row first."""
    image = bpy.data.images.load(path, check_existing=False)
    image.colorspace_settings.name = "Non-Color"
    image.alpha_mode = "CHANNEL_PACKED"  # or Blender multiplies colour by alpha
    try:
        return values(image)
    finally:
        bpy.data.images.remove(image)


def values(image):
    """float32 (H, W, 4) of an image, top row first."""
    width, height = image.size
    flat = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(flat)
    return flat.reshape(height, width, 4)[::-1]


def paint(image, rows, columns, value):
    """What a brush does: changes pixels and leaves the image unsaved. Rows count from the top."""
    pixels = values(image)
    pixels[rows, columns, :3] = value
    image.pixels.foreach_set(pixels[::-1].ravel())
    image.update()


def bytes_of(array):
    """Whole numbers 0..255 as lists, for the answer."""
    return np.rint(np.asarray(array) * 255).astype(int).tolist()


def files_below(folder):
    """Path below `folder` -> time of the last change, in nanoseconds."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


def render_frames(folder, name, frames):
    """Renders an animation of each frame; returns the 8-bit alphas of the PNGs."""
    render_comp(folder, name, frames, "RGBA")
    return [bytes_of(stored(f"{folder}/{name}_{frame:04d}.png")[..., 3]) for frame in frames]


def render_comp(folder, name, frames, mode="RGB"):
    """Renders an animation of each frame into 8-bit PNGs, name_0001.png and so on."""
    scene = bpy.context.scene
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", mode, "8"
    scene.frame_start, scene.frame_end = min(frames), max(frames)
    scene.render.filepath = f"{folder}/{name}_####"
    bpy.ops.render.render(animation=True)


def make_movie(tree, first, count, path):
    """An H.264 movie of the picture sequence that begins with the file `first`."""
    source = image_node(tree, first)
    source.image.source = "SEQUENCE"
    source.frame_start, source.frame_duration, source.frame_offset = 1, count, 100
    show(tree, source.outputs[0])
    scene = bpy.context.scene
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    scene.render.ffmpeg.format, scene.render.ffmpeg.codec = "MPEG4", "H264"
    scene.render.ffmpeg.constant_rate_factor = "PERC_LOSSLESS"
    scene.render.use_file_extension = False
    scene.frame_start, scene.frame_end = 1, count
    scene.render.filepath = path
    bpy.ops.render.render(animation=True)
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    scene.render.use_file_extension = True
    return path


def movie_node(tree, path, kind):
    """A node that shows the movie: an Image node ("image") or a Movie Clip node ("clip")."""
    if kind == "clip":
        node = tree.nodes.new("CompositorNodeMovieClip")
        node.clip = bpy.data.movieclips.load(path)
    else:
        node = tree.nodes.new("CompositorNodeImage")
        node.image = bpy.data.images.load(path)
        node.frame_duration = node.image.frame_duration
    tree.nodes.active = node
    return node


def laid_over(tree, picture, linear):
    """The output of an Alpha Over that lays a picture over one colour."""
    over = tree.nodes.new("CompositorNodeAlphaOver")
    names = [socket.name for socket in over.inputs]
    below, above = (0, 1) if "Background" in names else (1, 2)
    over.inputs[below].default_value = (*linear, 1)
    tree.links.new(picture, over.inputs[above])
    return over.outputs[0]


def encodings(folder, photo):
    """(name, path, colour space) of the photograph in files of several kinds."""
    image = bpy.data.images.load(photo)
    display = values(image)[..., :3]
    linear = module("colour").linearised(display)
    pixels = module("pixels")
    deep = (display * 65535 + 0.5).astype(np.uint16)
    pixels.write(f"{folder}/deep.png", deep)
    pixels.write(f"{folder}/linear.exr", np.ascontiguousarray(linear * 2))
    space = module("compat").linear_space()
    return (
        ("bytes", photo, "sRGB"),
        ("deep", f"{folder}/deep.png", "sRGB"),
        ("linear", f"{folder}/linear.exr", space),
        ("bytes_linear", photo, space),
    )


def simple_scene(scene):
    """A red ball that moves to the right, rendered by Cycles in a moment: what no network that
    finds subjects misses."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.render.film_transparent = True
    bpy.data.objects["Cube"].hide_render = True
    bpy.ops.mesh.primitive_uv_sphere_add(radius=1.6)
    ball = bpy.context.object
    paint = bpy.data.materials.new("Red")
    paint.use_nodes = True
    paint.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (
        0.8,
        0.02,
        0.02,
        1,
    )
    ball.data.materials.append(paint)
    ball.location.x = -3
    ball.keyframe_insert("location", frame=1)
    ball.location.x = 3
    ball.keyframe_insert("location", frame=5)
    scene.frame_set(1)


def refusal(operator, **args):
    """What Blender says when an operator fails; fails itself when that does not."""
    try:
        operator(**args)
    except RuntimeError as error:
        return str(error).removeprefix("Error: ").strip()
    raise AssertionError(f"{operator} did not fail")


def children():
    """The programs that this Blender has started and that still run."""
    results = []
    for path in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        results += path.read_text().split()
    return results


def kill_children_soon():
    """Ends each program that this Blender starts from now on, in the middle of its work."""

    def watch():
        own = Path(f"/proc/{os.getpid()}/task")
        while True:
            for path in own.glob("*/children"):
                for child in path.read_text().split():
                    time.sleep(0.2)
                    os.kill(int(child), signal.SIGKILL)
                    return
            time.sleep(0.02)

    threading.Thread(target=watch, daemon=True).start()


def preferences():
    """The add-on's preferences."""
    return bpy.context.preferences.addons[NAME].preferences
