# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender: one function for each thing a user does. They return what was seen; what
is right is for the tests to say."""

import resource
import sys
import time
from pathlib import Path

import bpy
import numpy as np
import scene as s


def still(folder, photo):
    """Install, add, generate, render, paint, refine, save."""
    s.install(f"{folder}/zips")
    tree = s.prepare(320, 207)
    s.image_node(tree, photo)
    node = s.add_matte(tree)
    untouched = s.render(f"{folder}/untouched.png")
    assert bpy.ops.mattebrush.generate_mask() == {"FINISHED"}
    first = s.module("matte").mask_image(node.node_tree)
    generated = s.render(f"{folder}/generated.png")
    s.show(tree, node.outputs["Foreground"])
    s.render(f"{folder}/foreground.png")
    s.show(tree, node.outputs["Image"])

    assert bpy.ops.mattebrush.paint_mask() == {"FINISHED"}
    s.paint(first, slice(0, 40), slice(0, 40), 1.0)
    s.paint(first, slice(150, 170), slice(120, 140), 0.0)
    assert bpy.ops.mattebrush.refine_mask() == {"FINISHED"}
    second = s.module("matte").mask_image(node.node_tree)
    refined = s.render(f"{folder}/refined.png")

    s.paint(second, slice(0, 5), slice(300, 320), 1.0)
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/still.blend")
    return {
        "links": [link.from_node.bl_idname for link in node.inputs["Image"].links],
        "menu": s.module("compat").matte_menu().__name__,
        "untouched": s.bytes_of(untouched),
        "generated": s.bytes_of(generated),
        "refined": s.bytes_of(refined),
        "old_kept": first.name in bpy.data.images and first != second,
        "old": s.bytes_of(s.values(first)[..., 0]),
        "space": second.colorspace_settings.name,
        "report": node.node_tree.mattebrush.report,
    }


def reopened(folder):
    """The saved file without the add-on, as on a farm."""
    bpy.ops.wm.open_mainfile(filepath=f"{folder}/still.blend")
    return {"render": s.bytes_of(s.render(f"{folder}/reopened.png"))}


def reopened_with(folder):
    """The saved file with the add-on installed: the node is known and can be refined again."""
    s.install(f"{folder}/zips")
    bpy.ops.wm.open_mainfile(filepath=f"{folder}/still.blend")
    _, node = s.module("matte").find(bpy.context)
    inputs = s.module("matte").kept(node.node_tree, s.module("nodes").MATTE)
    render = s.render(f"{folder}/reopened_with.png")
    assert bpy.ops.mattebrush.refine_mask() == {"FINISHED"}
    assert bpy.ops.mattebrush.mark_asset() == {"FINISHED"}
    return {
        "render": s.bytes_of(render),
        "given": inputs is not None,
        "asset": node.node_tree.asset_data is not None,
    }


def sequence(folder, first, count, painted_frame):
    """Frames in two runs, the second one resuming; then strokes on one, refined and carried on."""
    s.install(f"{folder}/zips")
    tree = s.prepare(240, 180)
    source = s.image_node(tree, first)
    source.image.source = "SEQUENCE"
    # The scene's frame 1 shows the file numbered 101.
    source.frame_start, source.frame_duration, source.frame_offset = 1, count, 100
    node = s.add_matte(tree)
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/sequence.blend")
    generate = bpy.ops.mattebrush.generate_mask
    assert generate(frames="RANGE", frame_start=1, frame_end=4) == {"FINISHED"}
    masks = s.files_below(f"{folder}/masks")
    assert generate(frame_start=1, frame_end=count) == {"FINISHED"}
    all_masks = s.files_below(f"{folder}/masks")
    report = node.node_tree.mattebrush.report
    rendered = s.render_frames(folder, "before", range(1, count + 1))

    scene = bpy.context.scene
    scene.frame_set(painted_frame)
    assert bpy.ops.mattebrush.paint_mask() == {"FINISHED"}
    painted = s.module("matte").mask_image(node.node_tree)
    s.paint(painted, slice(0, 30), slice(0, 30), 1.0)
    scene.frame_set(painted_frame + 1)  # leaving the frame puts the strokes into its file
    left = s.render_frames(folder, "left", [painted_frame])
    scene.frame_set(painted_frame)
    assert bpy.ops.mattebrush.carry_strokes() == {"FINISHED"}
    carried = s.render_frames(folder, "after", range(1, count + 1))

    scene.frame_set(2)
    assert bpy.ops.mattebrush.paint_mask() == {"FINISHED"}
    painted = s.module("matte").mask_image(node.node_tree)
    s.paint(painted, slice(170, 180), slice(230, 240), 1.0)
    rendering = s.render_frames(folder, "rendering", [2, 3])
    s.paint(painted, slice(160, 170), slice(230, 240), 1.0)  # the brush is still in the hand
    bpy.ops.wm.save_mainfile()
    s.paint(painted, slice(150, 160), slice(230, 240), 1.0)
    bpy.ops.wm.save_mainfile()
    return {
        "first_run": masks,
        "second_run": all_masks,
        "rendered": rendered,
        "left": left[0],
        "rendering": rendering,
        "carried": carried,
        "report": report,
    }


def video_model(folder, first, count, model):
    """Masks by a model that remembers the frames before; then one of them alone, once more."""
    s.install(f"{folder}/zips")
    s.preferences().model = model
    tree = s.prepare(240, 180)
    source = s.image_node(tree, first)
    source.image.source = "SEQUENCE"
    source.frame_start, source.frame_duration, source.frame_offset = 1, count, 100
    node = s.add_matte(tree)
    node.node_tree.mattebrush.clean = False
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/video.blend")
    generate = bpy.ops.mattebrush.generate_mask
    assert generate(frames="RANGE", frame_start=1, frame_end=count) == {"FINISHED"}
    engine = Path(folder) / "masks/Background Mask/matte"
    engine.rename(f"{folder}/at_once")
    again = f"{engine.parent}/mask_{count:04d}.png"
    Path(again).unlink()
    assert generate(frames="RANGE", frame_start=count, frame_end=count) == {"FINISHED"}
    return {"again": list(s.files_below(engine))}


def sequence_reopened(folder, count):
    """The saved sequence without the add-on."""
    bpy.ops.wm.open_mainfile(filepath=f"{folder}/sequence.blend")
    return {"rendered": s.render_frames(folder, "reopened", range(1, count + 1))}


def movie(folder, first, count):
    """A short movie, as movie image and as movie clip."""
    s.install(f"{folder}/zips")
    tree = s.prepare(240, 180)
    path = s.make_movie(tree, first, count, f"{folder}/pan.mp4")
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/movie.blend")
    answer = {"rendered": [], "files": [], "read": [], "masks": []}
    for kind in ("image", "clip"):
        tree.nodes.clear()
        s.movie_node(tree, path, kind)
        node = s.add_matte(tree)
        node.name = f"From {kind}"
        state = node.node_tree.mattebrush
        state.format = "EXR" if kind == "clip" else "PNG"
        done = bpy.ops.mattebrush.generate_mask(frames="RANGE", frame_start=2, frame_end=count)
        assert done == {"FINISHED"}
        sources = s.module("sources")
        picture = sources.read(sources.of_node(bpy.context.scene, tree, node), 3).pixels
        answer["read"].append((picture // 257).tolist())
        answer["rendered"].append(s.render_frames(folder, kind, range(2, count + 1)))
        files = s.files_below(f"{folder}/masks/From {kind}")
        answer["files"].append([name for name in files if "/" not in name])
        answer["masks"].append(
            [
                s.bytes_of(s.module("pixels").load_mask(f"{folder}/masks/From {kind}/{name}"))
                for name in files
                if name.startswith("mask_")
            ]
        )
    bpy.ops.wm.save_mainfile()
    return answer


def movie_reopened(folder, count):
    """The saved movie clip with its masks, without the add-on."""
    bpy.ops.wm.open_mainfile(filepath=f"{folder}/movie.blend")
    return {"rendered": s.render_frames(folder, "reopened", range(2, count + 1))}


def movie_reopened_with(folder, count):
    """The same with the add-on, which knows the masks again."""
    s.install(f"{folder}/zips")
    rendered = movie_reopened(folder, count)["rendered"]
    folder_ = s.module("matte").folder_of(s.module("matte").find(bpy.context)[1].node_tree)
    return {"rendered": rendered, "mask": folder_.frames()}


GREYS = (0, 64, 128, 255)
BACKGROUNDS = {"black": (0, 0, 0), "white": (1, 1, 1), "red": (1, 0, 0), "blue": (0.1, 0.2, 1)}


def grey_card(folder):
    """A card of one grey over each background, its mask in four steps; alone, and laid over."""
    s.install(f"{folder}/zips")
    tree = s.prepare(64, 16)
    pixels, matte = s.module("pixels"), s.module("matte")
    node = s.add_matte(tree)
    card = np.full((16, 64, 3), 0.5, np.float32)
    mask = np.repeat(np.array(GREYS, np.float32) / 255, 16)[None].repeat(16, axis=0)
    displayed = pixels.new("Card", card, is_data=False, is_float=False)
    source = tree.nodes.new("CompositorNodeImage")
    source.image = displayed
    tree.links.new(source.outputs[0], node.inputs["Image"])
    clean = pixels.new(
        "Clean", np.full((16, 64, 3), 0.8, np.float32), is_data=False, is_float=False
    )
    still = pixels.new("Mask", mask, is_data=True, is_float=False)
    answer = {}
    for name, foreground in (("own", None), ("clean", clean)):
        matte.set_still(node.node_tree, still, foreground)
        s.show(tree, node.outputs["Image"])
        answer[name] = {"alone": s.bytes_of(s.render(f"{folder}/alone.png"))}
        for background, linear in BACKGROUNDS.items():
            s.show(tree, s.laid_over(tree, node.outputs["Image"], linear))
            answer[name][background] = s.bytes_of(s.render(f"{folder}/{background}.png"))
    s.show(tree, node.outputs["Foreground"])
    for amount in (0.0, 0.5, 1.0):
        node.inputs["Decontaminate"].default_value = amount
        answer[f"{amount}"] = s.bytes_of(s.render(f"{folder}/amount.png"))
    return answer


def colours(folder, photo):
    """One picture in several encodings, read as the engine gets it, and its clean colours back."""
    s.install(f"{folder}/zips")
    tree = s.prepare(320, 207)
    node = s.add_matte(tree)
    sources, generating = s.module("sources"), s.module("generating")
    answer = {}
    for name, path, space in s.encodings(folder, photo):
        source = s.image_node(tree, path)
        source.image.colorspace_settings.name = space
        tree.links.new(source.outputs[0], node.inputs["Image"])
        tree.nodes.active = node
        picture = sources.read(sources.of_node(bpy.context.scene, tree, node), 1)
        back, is_linear = generating.clean_colour(picture.pixels, picture)
        linear = s.module("colour").linearised(back) if not is_linear else back
        full = np.iinfo(picture.pixels.dtype).max
        answer[name] = {
            "type": str(picture.pixels.dtype),
            "read": s.bytes_of(picture.pixels[..., :3] / np.float32(full)),
            "linear": np.round(linear.astype(float), 5).tolist(),
        }
    return answer


def render_layers(folder):
    """The scene's own render as the source: the one that is there, and frames made anew."""
    s.install(f"{folder}/zips")
    tree = s.prepare(96, 64)
    scene = bpy.context.scene
    s.simple_scene(scene)
    layers = tree.nodes.new("CompositorNodeRLayers")
    tree.nodes.active = layers
    node = s.add_matte(tree)
    s.show(tree, layers.outputs[0])
    bpy.ops.render.render()
    sources = s.module("sources")
    source = sources.of_node(scene, tree, node)
    now = sources.read(source, scene.frame_current).pixels
    later = sources.read(source, 5).pixels
    displayed = s.render(f"{folder}/shown.png")

    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/render.blend")
    matte, generate = s.module("matte"), bpy.ops.mattebrush.generate_mask
    assert generate() == {"FINISHED"}
    masks = [s.values(matte.mask_image(node.node_tree))[..., 0].astype(float).tolist()]
    scene.frame_set(5)  # the render that is there is of another frame
    assert generate(frame_start=4, frame_end=5) == {"FINISHED"}
    for frame in (4, 5):
        path = f"{folder}/masks/{node.name}/mask_{frame:04d}.png"
        masks.append(s.module("pixels").load_mask(path).astype(float).tolist())
    scene.frame_set(1)
    tree.nodes.remove(node)
    assert bpy.ops.mattebrush.generate_for_image(image="Render Result") == {"FINISHED"}
    _, again = matte.find(bpy.context)
    masks.append(s.values(matte.mask_image(again.node_tree))[..., 0].astype(float).tolist())
    return {
        "masks": masks,
        "now": (now // 257).tolist(),
        "later": (later // 257).tolist(),
        "shown": s.bytes_of(displayed),
        "kept": [scene.frame_current, scene.render.use_compositing, len(bpy.data.scenes)],
    }


def failures(folder, photo, first, full):
    """Everything that can go wrong, and that nothing comes of it but a report."""
    s.install(f"{folder}/zips")
    scene = bpy.context.scene
    generate = bpy.ops.mattebrush.generate_mask
    message = {"no node": s.refusal(generate)}
    tree = s.prepare(320, 207)
    s.image_node(tree, photo)
    node = s.add_matte(tree)
    message["wrong name"] = s.refusal(generate, node="Other")
    message["not moving"] = s.refusal(generate, frames="RANGE")
    assert generate() == {"FINISHED"}
    mask = s.module("matte").mask_image(node.node_tree)
    before = [mask.name, s.values(mask).tolist(), len(bpy.data.images), len(bpy.data.scenes)]
    state = node.node_tree.mattebrush

    own = s.preferences()
    own.engine, own.python = "process", "/nowhere/python"
    message["no engine"] = s.refusal(generate)
    message["no engine, tested"] = s.refusal(bpy.ops.mattebrush.test_engine)
    own.python = sys.executable if "python" in sys.executable else "/usr/bin/python3"
    message["not installed there"] = s.refusal(generate)
    own.engine, own.python = "default", ""
    s.kill_children_soon()
    message["killed"] = s.refusal(generate)
    own.model = "no-such-model"
    message["no model"] = s.refusal(generate)
    own.model = ""
    own.server = "http://192.0.2.1:9"
    if hasattr(bpy.app, "online_access"):
        message["offline"] = s.refusal(generate)
        message["set up offline"] = s.refusal(bpy.ops.mattebrush.set_up_engine, agreed=True)
    else:
        message["not agreed"] = s.refusal(bpy.ops.mattebrush.set_up_engine)
    own.server = "http://127.0.0.1:9"
    message["no server"] = s.refusal(generate)
    own.server = ""

    source = node.inputs["Image"].links[0].from_node
    own_picture = source.image
    flat = np.full((40, 40, 3), 0.5, np.float32)
    source.image = s.module("pixels").new("Flat", flat, is_data=False, is_float=False)
    message["no subject"] = s.refusal(generate)
    bpy.data.images.remove(source.image)
    message["no image"] = s.refusal(generate)
    source.image = bpy.data.images.load(photo)
    source.image.filepath = "//gone.png"
    message["source missing"] = s.refusal(generate)
    bpy.data.images.remove(source.image)
    source.image = own_picture
    after = [mask.name, s.values(mask).tolist(), len(bpy.data.images), len(bpy.data.scenes)]
    assert after == before, "something was left behind"

    layers = tree.nodes.new("CompositorNodeRLayers")
    tree.links.new(layers.outputs[0], node.inputs["Image"])
    scene.render.resolution_x, scene.render.resolution_percentage = 4, 1
    message["no size"] = s.refusal(generate)
    scene.render.resolution_x, scene.render.resolution_percentage = 320, 100
    tree.links.remove(node.inputs["Image"].links[0])
    message["not connected"] = s.refusal(generate)

    frames = s.image_node(tree, first)
    frames.image.source = "SEQUENCE"
    frames.frame_duration, frames.frame_offset = 12, 100
    tree.links.new(frames.outputs[0], node.inputs["Image"])
    tree.nodes.active = node
    message["never saved"] = s.refusal(generate, frame_start=1, frame_end=2)
    state.folder = "/proc/masks"
    message["not writable"] = s.refusal(generate, frame_start=1, frame_end=2)
    state.folder = full
    message["disk full"] = s.refusal(generate, frame_start=1, frame_end=12)
    return {
        "said": message,
        "shown": len(s.module("matte").folder_of(node.node_tree).frames()),
        "left": list(s.files_below(full)),
    }


def two_nodes(folder, photo):
    """With several nodes the active one is meant, else a name is asked for."""
    s.install(f"{folder}/zips")
    tree = s.prepare(320, 207)
    s.image_node(tree, photo)
    s.add_matte(tree)
    second = s.add_matte(tree)
    tree.nodes.active = tree.nodes["Image"]
    which = s.refusal(bpy.ops.mattebrush.generate_mask)
    second.inputs["Image"].links or tree.links.new(
        tree.nodes["Image"].outputs[0], second.inputs["Image"]
    )
    assert bpy.ops.mattebrush.generate_mask(node=second.name) == {"FINISHED"}
    tree.nodes.active = second
    assert bpy.ops.mattebrush.generate_for_image(image="lemur.png") == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/two.blend")
    bpy.ops.wm.save_userpref()
    masks = [s.module("matte").mask_image(n.node_tree) for n in tree.nodes if n.type == "GROUP"]
    return {"which": which, "masks": [mask is not None for mask in masks]}


CONTROLS = (
    ("Shift Edge", 0.0),
    ("Shift Edge", 1.0),
    ("Shift Edge", 3.0),
    ("Shift Edge", 7.0),
    ("Shift Edge", -3.5),
    ("Feather", 2.0),
    ("Feather", 6.0),
    ("Invert", 1.0),
)


def _middle_rows(node, folder):
    """The middle row of alpha, 16 bits, for each setting of the controls."""
    rows = []
    for name, value in CONTROLS:
        before = node.inputs[name].default_value
        node.inputs[name].default_value = value
        rows.append(s.render(f"{folder}/control.png", "16")[48, :, 3].astype(float).tolist())
        node.inputs[name].default_value = before
    return rows


def controls(folder):
    """A soft disc under each control, and the file of it for other versions."""
    s.install(f"{folder}/zips")
    tree = s.prepare(128, 96)
    pixels, matte = s.module("pixels"), s.module("matte")
    y, x = np.mgrid[:96, :128]
    mask = np.clip((30 - np.hypot(y - 48, x - 64)) / 4 + 0.5, 0, 1).astype(np.float32)
    source = tree.nodes.new("CompositorNodeImage")
    card = np.full((96, 128, 3), 0.5, np.float32)
    source.image = pixels.new("Card", card, is_data=False, is_float=False)
    tree.nodes.active = source
    node = s.add_matte(tree)
    matte.set_still(node.node_tree, pixels.new("Mask", mask, is_data=True, is_float=True))
    rows = _middle_rows(node, folder)
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/controls.blend")
    return {"rows": rows, "mask": mask[48].astype(float).tolist()}


def controls_elsewhere(folder, file):
    """The same with a file from another version, without the add-on."""
    bpy.ops.wm.open_mainfile(filepath=file)
    scene = bpy.context.scene
    if hasattr(scene.render, "compositor_device"):
        scene.render.compositor_device = "CPU"
    is_group = bpy.app.version >= (5, 0, 0)
    tree = scene.compositing_node_group if is_group else scene.node_tree
    return {"rows": _middle_rows(tree.nodes["Background Mask"], folder)}


def installed(folder):
    """The add-on as `mattebrush plugin install` put it there."""
    assert bpy.ops.preferences.addon_enable(module=s.NAME) == {"FINISHED"}
    tree = s.prepare(64, 64)
    source = tree.nodes.new("CompositorNodeImage")
    tree.nodes.active = source
    s.show(tree, source.outputs["Image"])
    assert bpy.ops.mattebrush.add_node() == {"FINISHED"}
    assert bpy.ops.mattebrush.test_engine() == {"FINISHED"}
    ends = [[link.from_node.name, link.to_node.bl_idname] for link in tree.links]
    return {"node": tree.nodes.active.name, "links": ends}


def _clip(tree, path, start=1, count=8):
    """An Image node with the sequence that begins with a file numbered 101."""
    source = s.image_node(tree, path)
    source.image.source = "SEQUENCE"
    source.frame_start, source.frame_duration, source.frame_offset = start, count, 100
    return source


def plates(folder, first, other, count):
    """Ranges in any order; then another clip, the same one slipped, a frame replaced."""
    s.install(f"{folder}/zips")
    scene = bpy.context.scene
    tree = s.prepare(240, 180)
    source = _clip(tree, first)
    node = s.add_matte(tree)
    group = node.node_tree
    group.mattebrush.clean = False
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/plates.blend")
    generate = bpy.ops.mattebrush.generate_mask
    upkeep = s.module("upkeep")

    def made(first, last):
        assert generate(frames="RANGE", frame_start=first, frame_end=last) == {"FINISHED"}
        return group.mattebrush.report

    def one(frame):
        scene.frame_set(frame)
        return s.bytes_of(s.render(f"{folder}/one.png")[..., 3])

    made(6, 6)
    made(3, 4)
    answer = {"any order": s.render_frames(folder, "order", range(1, count + 1))}
    bpy.ops.wm.save_mainfile()
    node.inputs["Invert"].default_value = 1
    answer["inverted"] = one(5)
    answer["warned"] = upkeep.warning(group, scene, 5)
    node.inputs["Invert"].default_value = 0

    own = source.image
    name = own.name
    own.name = "was"
    source.image = bpy.data.images.load(other)
    source.image.source, source.image.name = "SEQUENCE", name
    answer["other clip"] = one(3)
    answer["warned other"] = upkeep.warning(group, scene, 3)
    answer["made other"] = made(3, 3)
    answer["other masked"] = one(3)
    source.image = own
    answer["first again"] = one(3)

    source.frame_start = 3
    answer["slipped"] = one(5)
    answer["made slipped"] = [made(5, 6), made(8, 8)]
    source.frame_start = 1
    one(3)
    replaced = Path(first).with_name("pan_103.png")
    replaced.write_bytes(Path(other).read_bytes())
    own.reload()
    answer["frame replaced"] = one(3)
    answer["made replaced"] = made(3, 4)
    bpy.ops.preferences.addon_disable(module=s.NAME)
    bpy.ops.wm.open_mainfile(filepath=f"{folder}/plates.blend")
    answer["on a farm"] = s.render_frames(folder, "farm", range(1, count + 1))
    return answer


def strokes(folder, first, count):
    """Strokes on two frames, refined, carried between each other; all that could lose them."""
    s.install(f"{folder}/zips")
    scene = bpy.context.scene
    tree = s.prepare(240, 180)
    _clip(tree, first)
    node = s.add_matte(tree)
    group = node.node_tree
    state = group.mattebrush
    state.clean = False
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/strokes.blend")
    ops = bpy.ops.mattebrush
    everything = {"frames": "RANGE", "frame_start": 1, "frame_end": count}
    assert ops.generate_mask(**everything) == {"FINISHED"}

    def one(frame):
        scene.frame_set(frame)
        return s.bytes_of(s.render(f"{folder}/one.png")[..., 3])

    def paint(frame, rows, columns):
        scene.frame_set(frame)
        assert ops.paint_mask() == {"FINISHED"}
        s.paint(s.module("matte").mask_image(group), rows, columns, 1.0)

    answer = {"made": one(4)}
    paint(4, slice(0, 30), slice(0, 30))
    answer["painted"] = one(4)
    assert ops.refine_mask() == {"FINISHED"}
    answer["refined"] = one(4)
    assert ops.refine_mask() == {"FINISHED"}
    answer["refined twice"] = one(4)
    assert ops.generate_mask(**everything, start_over=True) == {"FINISHED"}
    answer["remade"] = one(4)
    state.format = "EXR"
    assert ops.generate_mask(frames="RANGE", frame_start=1, frame_end=2) == {"FINISHED"}
    answer["other format"] = one(4)
    state.format = "PNG"
    assert ops.generate_mask(frames="RANGE", frame_start=1, frame_end=2) == {"FINISHED"}
    answer["again"] = one(4)

    answer["before carrying"] = s.render_frames(folder, "before", range(1, count + 1))
    paint(7, slice(150, 180), slice(200, 240))
    scene.frame_set(5)
    answer["before carrying"][6] = one(7)
    scene.frame_set(5)
    assert ops.carry_strokes(direction="BETWEEN") == {"FINISHED"}
    answer["after carrying"] = s.render_frames(folder, "after", range(1, count + 1))
    home = s.module("matte").folder_of(group)
    answer["keys"] = home.keys()
    answer["carried"] = {key: home.carried_from(key) for key in answer["keys"]}

    copy = tree.nodes.new("CompositorNodeGroup")
    copy.node_tree, copy.name = group, "Copy"
    tree.links.new(tree.nodes["Image"].outputs[0], copy.inputs["Image"])
    answer["first's"] = one(4)
    tree.nodes.active = copy
    scene.frame_set(4)
    assert ops.paint_mask(node="Copy") == {"FINISHED"}
    answer["shared"] = copy.node_tree == node.node_tree
    s.show(tree, copy.outputs["Image"])
    answer["copy has strokes"] = one(4)
    s.paint(s.module("matte").mask_image(copy.node_tree), slice(60, 90), slice(0, 30), 1.0)
    assert ops.generate_mask(node="Copy", **everything, start_over=True) == {"FINISHED"}
    s.show(tree, node.outputs["Image"])
    answer["first's after"] = one(4)
    answer["leaking"] = [
        f"{name}.{each.identifier}"
        for name in dir(bpy.ops.mattebrush)
        for each in getattr(bpy.ops.mattebrush, name).get_rna_type().properties
        if each.identifier != "rna_type" and not each.is_skip_save
    ]
    return answer


def wheels(folder, photo):
    """A mask by the engine that the extension brought along."""
    s.install(f"{folder}/zips")
    tree = s.prepare(320, 207)
    s.image_node(tree, photo)
    node = s.add_matte(tree)
    assert bpy.ops.mattebrush.generate_mask() == {"FINISHED"}
    mask = s.module("matte").mask_image(node.node_tree)
    return {
        "python": s.module("jobs").settings().python,
        "own python": sys.executable,
        "module": s.NAME,
        "set up": s.module("setting_up").is_offered(),
        "report": node.node_tree.mattebrush.report,
        "mask": float(s.values(mask)[..., 0].mean()),
    }


def switched_on(folder):
    """The add-on from its zip, beside whatever Python finds by the engine's name."""
    import mattebrush

    assert not hasattr(mattebrush, "bl_info")
    s.install(f"{folder}/zips")
    tree = s.prepare(64, 64)
    return {"node": s.add_matte(tree).name}


def _middles(folder, frames):
    """Frame -> (x, y) of the middle of what its mask shows."""
    results = {}
    for frame in frames:
        rows, columns = np.nonzero(
            s.module("pixels").load_mask(f"{folder}/mask_{frame:04d}.png") > 0.5
        )
        results[frame] = [float(columns.mean()), float(rows.mean())]
    return results


def objects(folder, first, model):
    """Two nodes on one plate, a point for each, and frames on both sides of the marked one."""
    s.install(f"{folder}/zips")
    scene = bpy.context.scene
    tree = s.prepare(240, 180)
    source = _clip(tree, first)
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/objects.blend")
    ops, answer = bpy.ops.mattebrush, {}
    for name, point, frames in (("one", (60, 90), (3, 6)), ("two", (180, 60), (3, 4))):
        node = s.add_matte(tree)
        node.name = name
        tree.links.new(source.outputs[0], node.inputs["Image"])
        assert ops.choose_model(node=name, model=model) == {"FINISHED"}
        node.node_tree.mattebrush.clean = False
        scene.frame_set(4)
        assert ops.mark_object(node=name, point=point) == {"FINISHED"}
        made = ops.generate_mask(node=name, frame_start=frames[0], frame_end=frames[1])
        assert made == {"FINISHED"}
        made_for = range(frames[0], frames[1] + 1)
        answer[name] = _middles(f"{folder}/masks/{name}", made_for)
    state = tree.nodes["one"].node_tree.mattebrush
    assert ops.generate_mask(node="one", frame_start=4, frame_end=6) == {"FINISHED"}
    answer["again"] = state.report
    assert ops.mark_object(node="one", box=(90, 110, 150, 150)) == {"FINISHED"}
    state.marks.remove(0)
    assert ops.generate_mask(node="one", frames="FRAME") == {"FINISHED"}
    answer["moved"] = state.report
    answer["moved to"] = _middles(f"{folder}/masks/one", [4])[4]
    assert ops.clear_choice(node="one") == {"FINISHED"}
    answer["left"] = len(state.marks)
    return answer


def split(folder, photo):
    """One node becomes three more, each with the mask of one thing; words lack their model."""
    s.install(f"{folder}/zips")
    tree = s.prepare(420, 240)
    s.image_node(tree, photo)
    node = s.add_matte(tree)
    answer = {"words": s.refusal(bpy.ops.mattebrush.split_into_objects, text="the dog")}
    answer["nodes before"] = len(tree.nodes)
    assert bpy.ops.mattebrush.split_into_objects(node=node.name) == {"FINISHED"}
    made = [each for each in tree.nodes if s.module("matte").is_matte(each) and each != node]
    answer["names"] = [each.name for each in made]
    answer["masks"], answer["boxes"] = [], []
    for each in made:
        s.show(tree, each.outputs["Image"])
        answer["masks"].append(s.bytes_of(s.render(f"{folder}/{each.name}.png")[..., 3]))
        (mark,) = each.node_tree.mattebrush.marks
        answer["boxes"].append([mark.x0 * 420, mark.y0 * 240, mark.x1 * 420, mark.y1 * 240])
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/split.blend")
    return answer


def cryptomatte(folder, exr, names):
    """What Blender's own Cryptomatte and Image nodes make of `--objects -o x.exr`."""
    s.install(f"{folder}/zips")
    tree = s.prepare(420, 240)
    node = tree.nodes.new("CompositorNodeCryptomatteV2")
    node.source, node.image = "IMAGE", bpy.data.images.load(exr)
    answer = {"layer": node.layer_name, "masks": []}
    settings = bpy.context.scene.render.image_settings
    for name in names:
        node.matte_id = name
        s.show(tree, node.outputs["Matte"])
        settings.file_format, settings.color_depth = "OPEN_EXR", "32"
        bpy.context.scene.render.filepath = f"{folder}/{name}.exr"
        bpy.ops.render.render(write_still=True)
        rendered = bpy.data.images.load(f"{folder}/{name}.exr", check_existing=False)
        answer["masks"].append(s.values(rendered)[..., 0].astype(float).tolist())
    displayed = s.image_node(tree, exr)
    answer["layers"] = [
        each.identifier for each in displayed.bl_rna.properties["layer"].enum_items
    ] or [displayed.layer]
    return answer


def mattes(folder, photo):
    """Masks of Blender's own, their shapes over one half, for what goes and for what stays."""
    s.install(f"{folder}/zips")
    tree = s.prepare(320, 207)
    s.image_node(tree, photo)
    node = s.add_matte(tree)
    node.node_tree.mattebrush.clean = False
    assert bpy.ops.mattebrush.generate_mask() == {"FINISHED"}
    answer = {"alone": s.bytes_of(s.render(f"{folder}/alone.png")[..., 3])}
    for name, (left, right) in (("Garbage Matte", (-1, 0.5)), ("Core Matte", (0.75, 2))):
        mask = bpy.data.masks.new(name)
        spline = mask.layers.new().splines.new()
        corners = ((left, -1), (right, -1), (right, 2), (left, 2))
        spline.points.add(len(corners) - len(spline.points))
        for point, at in zip(spline.points, corners, strict=True):
            point.co = point.handle_left = point.handle_right = at
        spline.use_cyclic = True
        assert bpy.ops.mattebrush.use_mask(socket=name, mask=name) == {"FINISHED"}
        answer[name] = s.bytes_of(s.render(f"{folder}/{name}.png")[..., 3])
    again = bpy.ops.mattebrush.use_mask(socket="Core Matte", mask="Garbage Matte")
    assert again == {"FINISHED"}
    answer["nodes"] = sum(each.bl_idname == "CompositorNodeMask" for each in tree.nodes)
    tree.links.new(tree.nodes["Image"].outputs[1], node.inputs["Core Matte"])
    answer["refused"] = s.refusal(
        bpy.ops.mattebrush.use_mask, socket="Core Matte", mask="Core Matte"
    )
    return answer


def as_shown(folder, photo):
    """A plate two stops brighter on screen than it is stored."""
    s.install(f"{folder}/zips")
    scene = bpy.context.scene
    tree = s.prepare(320, 207)
    scene.view_settings.exposure = 2
    s.image_node(tree, photo)
    node = s.add_matte(tree)
    state = node.node_tree.mattebrush
    state.as_shown = True
    sources, generating = s.module("sources"), s.module("generating")
    source = sources.of_node(scene, tree, node)
    picture = sources.read(source, 1, as_shown=True)
    assert bpy.ops.mattebrush.generate_mask() == {"FINISHED"}
    clean = node.node_tree.nodes[s.module("nodes").FOREGROUND].image
    return {
        "shown": picture.displayed.tolist(),
        "stored": picture.pixels.tolist(),
        "settings": generating.wish_of(node.node_tree, source).settings,
        "clean": [clean.size[1], clean.size[0], 3],
    }


def chunk(folder, first, frames, name):
    """Some frames of a shot, as one machine of a farm makes them from the file that all share."""
    s.install(f"{folder}/zips")
    path = Path(f"{folder}/{name}.blend")
    if not path.exists():
        tree = s.prepare(240, 180)
        _clip(tree, first)
        s.add_matte(tree).node_tree.mattebrush.folder = f"//masks_{name}"
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    done = bpy.ops.mattebrush.generate_mask(
        frames="RANGE", frame_start=frames[0], frame_end=frames[1]
    )
    assert done == {"FINISHED"}
    return {}


def transparent(folder, plate):
    """A plate with an alpha of its own, as a still and as a sequence in both formats: what is
    shown with the node at rest, and by the saved file without the add-on."""
    s.install(f"{folder}/zips")
    tree = s.prepare(320, 207)
    source = s.image_node(tree, plate)
    node = s.add_matte(tree)
    state = node.node_tree.mattebrush
    generate = bpy.ops.mattebrush.generate_mask
    answer = {}
    for name in ("still", "PNG", "EXR"):
        if name != "still":
            source.image.source, state.format = "SEQUENCE", name
            source.frame_duration, source.frame_start = 1, 1
        else:
            bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/still.blend")
        assert generate() == {"FINISHED"}
        answer[name] = s.bytes_of(s.render(f"{folder}/{name}.png"))
        bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/{name}.blend", copy=True)
    folder_of = s.module("matte").folder_of(node.node_tree)
    answer["matte"] = (
        s.module("pixels").load_mask(folder_of.file("matte", 1)).astype(float).tolist()
    )
    bpy.ops.preferences.addon_disable(module=s.NAME)
    for name in ("still", "EXR"):
        bpy.ops.wm.open_mainfile(filepath=f"{folder}/{name}.blend")
        answer[f"{name} alone"] = s.bytes_of(s.render(f"{folder}/{name}_alone.png"))
    return answer


def graded(folder, photo, first):
    """Nodes before ours that change after its masks were made: of a still and of a clip."""
    s.install(f"{folder}/zips")
    scene = bpy.context.scene
    tree = s.prepare(320, 207)
    picture = s.image_node(tree, photo)
    node = s.add_matte(tree)
    group = node.node_tree
    state = group.mattebrush
    grade = s.module("compat").new_node(tree, "Gamma")
    grade.inputs[1].default_value = 2.0
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/graded.blend")
    upkeep, answer = s.module("upkeep"), {}

    def lead(*chain):
        for one, other in zip(chain, [*chain[1:], node], strict=True):
            tree.links.new(one.outputs[0], other.inputs[0])
        bpy.context.view_layer.update()

    def displayed(name):
        s.show(tree, node.outputs["Foreground"])
        answer[name] = s.bytes_of(s.render(f"{folder}/{name}.png")[..., :3])
        s.show(tree, node.outputs["Image"])
        answer[f"{name}, alpha"] = s.bytes_of(s.render(f"{folder}/{name}_alpha.png")[..., 3])
        answer[f"{name}, told"] = upkeep.warning(group, scene, scene.frame_current)

    def rounds(kind, source):
        lead(source)
        assert bpy.ops.mattebrush.generate_mask() == {"FINISHED"}
        displayed(f"{kind} made")
        lead(source, grade)
        displayed(f"{kind} graded")
        lead(source)
        displayed(f"{kind} back")
        lead(source, grade)
        assert bpy.ops.mattebrush.generate_mask() == {"FINISHED"}
        displayed(f"{kind} made again")
        s.show(tree, grade.outputs[0])
        answer[f"{kind} plate"] = s.bytes_of(s.render(f"{folder}/plate.png")[..., :3])

    rounds("still", picture)
    clip = _clip(tree, first)
    state.frame_start, state.frame_end = 1, 2
    scene.render.resolution_x, scene.render.resolution_y = 240, 180
    rounds("clip", clip)
    moved = tree.nodes.new("CompositorNodeTransform")
    if "Scale" in moved.inputs:
        turned = moved.inputs["Scale"]
        for frame, value in ((1, 1.0), (8, 2.0)):
            turned.default_value = value
            turned.keyframe_insert("default_value", frame=frame)
    scene.frame_set(1)
    lead(clip, moved)
    assert bpy.ops.mattebrush.generate_mask(frame_start=1, frame_end=3) == {"FINISHED"}
    s.show(tree, node.outputs["Image"])
    answer["animated"] = s.render_frames(folder, "animated", range(1, 4))
    answer["animated, files"] = [
        s.bytes_of(s.module("pixels").load_mask(matte_file))
        for matte_file in (
            s.module("matte").folder_of(group).file("mask", frame) for frame in range(1, 4)
        )
    ]
    return answer


def travels(folder, first, count):
    """A node that is renamed, a file that is saved in another folder: masks and strokes stay."""
    s.install(f"{folder}/zips")
    scene = bpy.context.scene
    tree = s.prepare(240, 180)
    _clip(tree, first, count=count)
    node = s.add_matte(tree)
    group = node.node_tree
    state = group.mattebrush
    state.clean = False
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/travels.blend")
    generate, upkeep = bpy.ops.mattebrush.generate_mask, s.module("upkeep")
    everything = {"frames": "RANGE", "frame_start": 1, "frame_end": count}
    assert generate(**everything) == {"FINISHED"}
    scene.frame_set(2)
    assert bpy.ops.mattebrush.paint_mask() == {"FINISHED"}
    s.paint(s.module("matte").mask_image(group), slice(0, 30), slice(0, 30), 1.0)
    bpy.ops.wm.save_mainfile()
    scene.frame_set(1)
    answer = {"before": s.render_frames(folder, "before", range(1, count + 1))}
    node.name = "Renamed"
    assert generate(**everything) == {"FINISHED"}
    answer["renamed"] = state.report
    answer["renamed, shown"] = s.render_frames(folder, "renamed", range(1, count + 1))
    Path(f"{folder}/elsewhere").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/elsewhere/travels.blend")
    bpy.ops.wm.open_mainfile(filepath=f"{folder}/elsewhere/travels.blend")
    scene = bpy.context.scene
    tree = s.module("compat").compositor_tree(scene)
    group = tree.nodes["Renamed"].node_tree
    scene.frame_set(2)
    answer["saved elsewhere, told"] = upkeep.warning(group, scene, 2)
    answer["saved elsewhere"] = s.render_frames(folder, "elsewhere_", range(1, count + 1))
    assert generate(**everything) == {"FINISHED"}
    answer["made elsewhere"] = group.mattebrush.report
    answer["made elsewhere, shown"] = s.render_frames(folder, "there", range(1, count + 1))
    answer["files"] = list(s.files_below(f"{folder}/elsewhere"))
    return answer


def cancelled(folder, first, count):
    """Esc in the middle of a clip: what is done is shown, no engine is left, the rest is made."""
    s.install(f"{folder}/zips")
    tree = s.prepare(240, 180)
    _clip(tree, first, count=count)
    group = s.add_matte(tree).node_tree
    state = group.mattebrush
    state.clean = False
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/cancelled.blend")
    generating, matte, sources = (s.module(name) for name in ("generating", "matte", "sources"))
    source = sources.of_node(bpy.context.scene, tree, tree.nodes.active)
    plan = generating.Plan(
        "//masks", "Background Mask", ".png", False, generating.wish_of(group, source)
    )
    steps = generating.sequence(lambda: group, source, range(1, count + 1), plan)
    reported = []
    for text, _ in steps:
        reported.append(text)
        if list(Path(folder).glob("masks/*/mask_0002.png")):
            break
    running = s.children()
    steps.close()
    left = s.children()
    folder_now = matte.folder_of(group)
    done = folder_now.frames()
    assert bpy.ops.mattebrush.generate_mask(frames="RANGE", frame_start=1, frame_end=count) == {
        "FINISHED"
    }
    return {
        "running": len(running),
        "left": len(left),
        "done": done,
        "report": state.report,
        "frames": folder_now.frames(),
        "told": reported,
    }


def timed(folder, first, count, size):
    """(processor, clock) seconds for the masks of a clip, the engine's among them."""
    s.install(f"{folder}/zips")
    tree = s.prepare(*size)
    _clip(tree, first, count=count)
    s.add_matte(tree)
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/timed.blend")

    def processor():
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in used)

    before = processor(), time.monotonic()
    made = bpy.ops.mattebrush.generate_mask(frames="RANGE", frame_start=1, frame_end=count)
    assert made == {"FINISHED"}
    return [processor() - before[0], time.monotonic() - before[1]]


def cost(folder, size, rounds):
    """Processor seconds of a render: the node at rest, and a Set Alpha with the same mask; over an
    opaque plate, and over one with an alpha of its own."""
    s.install(f"{folder}/zips")
    width, height = size
    tree = s.prepare(width, height)
    pixels, matte, generating = s.module("pixels"), s.module("matte"), s.module("generating")
    plate = np.random.default_rng(0).random((height, width, 3), np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    disc = np.clip((height / 3 - np.hypot(y - height / 2, x - width / 2)) / 8 + 0.5, 0, 1)
    source = tree.nodes.new("CompositorNodeImage")
    source.image = pixels.new("Plate", plate, is_data=False, is_float=False)
    tree.nodes.active = source
    node = s.add_matte(tree)
    group = node.node_tree
    mask = pixels.new("Mask", disc, is_data=True, is_float=False)
    shape = tree.nodes.new("CompositorNodeImage")
    shape.image = mask
    plain = s.module("compat").new_node(tree, "SetAlpha")
    s.module("nodes").apply_alpha(plain)
    tree.links.new(source.outputs[0], plain.inputs[0])
    tree.links.new(shape.outputs[0], plain.inputs[1])

    def seconds(result, foreground):
        matte.set_still(group, mask, foreground)
        s.show(tree, result)
        bpy.context.view_layer.update()
        taken = []
        for _ in range(rounds):
            before = time.process_time()
            bpy.ops.render.render()
            taken.append(time.process_time() - before)
        return min(taken[1:])

    answer = {}
    for kind, alpha in (("opaque", None), ("transparent", x / width)):
        covered = s.module("colour").covered(plate, alpha)
        source.image = pixels.new("Plate", covered, is_data=False, is_float=False)
        clean = generating.foreground_image("Clean", plate, False, False, alpha)
        answer[kind] = {
            "set alpha": seconds(plain.outputs[0], None),
            "mask": seconds(node.outputs["Image"], None),
            "colors": seconds(node.outputs["Image"], clean),
        }
    return answer


SHOT = {"first": 8, "second": 16, "third": 40}
"""The frames of the three strokes in `shot`."""


def shot(folder, first, count):
    """A shot from import to a comp over green: masks, three strokes carried, the file on a farm."""
    s.install(f"{folder}/zips")
    scene, ops = bpy.context.scene, bpy.ops.mattebrush
    tree = s.prepare(160, 120)
    _clip(tree, first, count=count)
    scene.frame_start, scene.frame_end = 1, count
    node = s.add_matte(tree)
    state = node.node_tree.mattebrush
    s.show(tree, s.laid_over(tree, node.outputs["Image"], (0, 1, 0)))
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/shot.blend")
    answer = {"range": [state.frame_start, state.frame_end]}
    assert ops.generate_mask() == {"FINISHED"}
    answer["report"] = state.report
    answer["anew"] = _last_ones_anew(folder, count)
    strokes = {
        "first": (slice(0, 20), slice(100, 130), 1.0),
        "second": (slice(0, 20), slice(100, 130), 1.0),
        "third": (slice(100, 120), slice(40, 70), 0.0),
    }
    for name, (rows, columns, value) in strokes.items():
        scene.frame_set(SHOT[name])
        assert ops.paint_mask() == {"FINISHED"}
        s.paint(s.module("matte").mask_image(node.node_tree), rows, columns, value)
        assert ops.refine_mask() == {"FINISHED"}
    scene.frame_set((SHOT["first"] + SHOT["second"]) // 2)
    assert ops.carry_strokes(direction="BETWEEN") == {"FINISHED"}
    scene.frame_set(SHOT["third"])
    assert ops.carry_strokes(direction="BOTH") == {"FINISHED"}
    known = s.module("status").of_group(node.node_tree)
    answer["states"] = {name: known.of(name) for name in s.module("status").STATES}
    s.show(tree, tree.nodes["Alpha Over"].outputs[0])
    bpy.ops.wm.save_mainfile()
    s.render_comp(folder, "comp", range(1, count + 1))
    return answer


def _last_ones_anew(folder, count):
    """The mattes of the last two frames, made anew: whether they are the same to the bit, and
    which frames the engine was shown for them."""
    jobs, displayed = s.module("jobs"), []
    ask = jobs.ask

    def noted(session, options, **arrays):
        displayed.append(options.get("frame"))
        return ask(session, options, **arrays)

    files = [
        Path(f"{folder}/masks/Background Mask/matte/{count - back:04d}.png") for back in (1, 0)
    ]
    before = [file.read_bytes() for file in files]
    jobs.ask = noted
    done = bpy.ops.mattebrush.generate_mask(
        frames="RANGE", frame_start=count - 1, frame_end=count, start_over=True
    )
    jobs.ask = ask
    assert done == {"FINISHED"}
    same = [file.read_bytes() for file in files] == before
    return {"same": same, "shown": [frame for frame in displayed if frame is not None]}


def shot_on_a_farm(folder, count):
    """The same file without the add-on, every eighth frame."""
    bpy.ops.wm.open_mainfile(filepath=f"{folder}/shot.blend")
    for frame in range(1, count + 1, 8):
        s.render_comp(folder, "farm", [frame])
    return {}


def language(folder, name):
    """What Blender shows in a language: labels that it looks up, and what we say ourselves."""
    s.install(f"{folder}/zips")
    view = bpy.context.preferences.view
    view.language, view.use_translate_interface = name, True
    words = s.module("words")
    words.follow()
    look_up = bpy.app.translations.pgettext_iface
    return {
        "operator": look_up("Carry Strokes", "Operator"),
        "label": look_up("None chosen: what stands out"),
        "said": words.tr("Doubtful"),
        "stage": s.module("mattebrush_kit").stage_text("segmentation"),
        "problem": s.refusal(bpy.ops.mattebrush.generate_mask),
        "untold": _untold(bpy.app.translations),
    }


def _untold(translations):
    """What Blender shows of the add-on that it finds no translation of: labels and tooltips of
    operators, panels and menus, and of what is registered with them."""
    results = []

    def look(text, look_up, context="*"):
        if text and look_up(text, context) == text:
            results.append(text)

    kinds = [getattr(bpy.types, name) for name in dir(bpy.types) if "mattebrush" in name.lower()]
    for kind in kinds:
        label = getattr(kind, "bl_label", "")
        is_operator = issubclass(kind, bpy.types.Operator)
        look(label, translations.pgettext_iface, "Operator" if is_operator else "*")
        if is_operator:
            look(kind.bl_rna.description, translations.pgettext_tip)
        for each in kind.bl_rna.properties:
            if each.identifier in ("rna_type", "name") or each.identifier.startswith("bl_"):
                continue
            if each.is_hidden or each.identifier in kind.bl_rna.base.properties:
                continue
            look(each.description, translations.pgettext_tip)
            if each.type == "ENUM":
                for item in each.enum_items:
                    look(item.description, translations.pgettext_tip)
    return sorted(set(results))
