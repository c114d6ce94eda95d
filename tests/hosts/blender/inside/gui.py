# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender with its windows: a user at mouse and keyboard, by xdotool.

gui.py -- ANSWER.json ARGUMENTS. Coordinates of Blender's own menus and tabs are those of Debian's
3.4.1 in a window of 1400 x 900; everything of ours is found by what it does.
"""

import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import bpy
import numpy as np
import scene as s

ANSWER, ARGUMENTS = sys.argv[sys.argv.index("--") + 1 :]
results = json.loads(ARGUMENTS)
FOLDER = results["folder"]
PLACES = {
    "3.4": {
        "add": ((157, 41), (190, 220), (340, 514)),
        "tab": (566, 311),
        "image": ((767, 41), (849, 455)),
    },
    "5.2": {"tab": (560, 357)},
}
"""Where things are: Add menu, its submenu and our entry there; the sidebar's tab; Image menu and
our entry there. Menus that are not named are left to the operators."""

VERSION = ".".join(map(str, bpy.app.version[:2]))
PLACE = PLACES[VERSION]
OUTSIDE = os.environ.get("CHECK_OUTSIDE", "").split()
"""What begins a command that this Blender's own folder does not have."""

PATIENCE = 90


def mouse(*words):
    """xdotool, such as mouse("mousemove", 10, 20, "click", 1)."""
    subprocess.run([*OUTSIDE, "xdotool", *map(str, words)], check=True)


def picture(name):
    """A screenshot, for people."""
    subprocess.run([*OUTSIDE, "import", "-window", "root", f"{FOLDER}/{name}.png"], check=True)


def until(condition):
    """Yields until the condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        yield 0.1


def click(at, pause=0.6):
    """Moves there, as a hand does, and clicks."""
    mouse("mousemove", at[0] - 3, at[1] - 2)
    yield 0.2
    mouse("mousemove", *at)
    yield 0.2
    mouse("click", 1)
    yield pause


def editors():
    """Node editor on the left, image editor on the right; returns their areas."""
    window = bpy.context.window_manager.windows[0]
    largest = max(window.screen.areas, key=lambda area: area.width * area.height)
    with bpy.context.temp_override(window=window, area=largest, region=largest.regions[-1]):
        bpy.ops.screen.area_split(direction="VERTICAL", factor=0.5)
    yield 0.5  # sizes are settled at the next redraw
    two = sorted(window.screen.areas, key=lambda area: -area.width * area.height)[:2]
    nodes, images = sorted(two, key=lambda area: area.x)
    nodes.ui_type, images.ui_type = "CompositorNodeTree", "IMAGE_EDITOR"
    nodes.spaces[0].show_region_ui = True
    return nodes, images


def middle(area):
    """The middle of an area's main region, as the mouse counts."""
    window = bpy.context.window_manager.windows[0]
    region = next(region for region in area.regions if region.type == "WINDOW")
    return region.x + region.width // 2, window.height - (region.y + region.height // 2)


def ours():
    """The Background Mask node: undo replaces what was known of it."""
    tree = s.module("compat").compositor_tree(bpy.context.scene)
    return next(node for node in tree.nodes if node.type == "GROUP")


def viewed():
    """Alpha of the Viewer, float32 (H, W)."""
    return s.values(bpy.data.images["Viewer Node"])[..., 3]


def add_by_menu():
    """Add > Matte > Background Mask, dropped by a click."""
    menu, entry, ours_ = PLACE["add"]
    yield from click(menu)
    mouse("mousemove", *entry)
    yield 0.8
    picture("1-add-menu")
    mouse("mousemove", entry[0] + 130, entry[1], "mousemove", *ours_)
    yield 0.5
    yield from click(ours_)
    yield from click((200, 560))  # where the node is dropped


def add_by_operator(area):
    """The same from a script."""
    window = bpy.context.window_manager.windows[0]
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.mattebrush.add_node()
    yield 0.5


def session():
    """What the user does; yields seconds to wait."""
    seen = {}
    s.install(f"{FOLDER}/zips")
    nodes, images = yield from editors()
    yield 1
    yield from click(middle(images))  # the splash screen goes
    tree = s.prepare(320, 207)
    source = s.image_node(tree, results["photo"])
    source.location = -500, 0
    yield 0.5

    yield from add_by_menu() if "add" in PLACE else add_by_operator(nodes)
    picture("2-added")
    node = tree.nodes.active
    seen["added"] = [node.name, len(node.inputs["Image"].links)]
    viewer = tree.nodes.new("CompositorNodeViewer")
    viewer.location = node.location.x + 250, 0
    tree.links.new(node.outputs["Image"], viewer.inputs["Image"])
    s.show(tree, node.outputs["Image"])
    tree.nodes.active = node
    nodes.spaces[0].show_backdrop = True
    yield from click(PLACE["tab"])
    picture("3-panel")

    matte, tasks = s.module("matte"), s.module("tasks")
    generate = results["buttons"]["generate"]
    bpy.ops.ed.undo_push(message="ready")  # what this script changed is no step of its own
    yield from click(generate, 0.2)
    yield from until(lambda: tasks.running)
    ticks = 0
    for _ in range(4):
        yield 0.05
        ticks += bool(tasks.running)
    picture("4-working")
    mouse("mousemove", *middle(images), "key", "Escape")
    yield from until(lambda: not tasks.running)
    seen["ticks"] = ticks
    seen["cancelled"] = matte.mask_image(node.node_tree) is None
    yield from click(generate, 0.2)
    yield from until(lambda: matte.mask_image(node.node_tree) is not None)
    mask = matte.mask_image(node.node_tree)
    generated = s.values(mask)[..., 0].copy()
    seen["mask"] = float(generated.mean())
    yield from until(lambda: np.abs(viewed() - generated).max() < 0.01)
    yield 1  # the backdrop is drawn after that
    picture("5-generated")

    bpy.ops.ed.undo_push(message="here")  # what this script changed is no step of its own
    mouse("mousemove", 200, 700, "key", "ctrl+z", "key", "ctrl+z")
    yield from until(lambda: matte.mask_image(ours().node_tree) is None)
    mouse("key", "ctrl+shift+z", "key", "ctrl+shift+z")
    yield from until(lambda: matte.mask_image(ours().node_tree) is not None)
    yield 1  # the second of the two steps is done a moment later, and replaces all data again
    node = ours()
    mask = matte.mask_image(node.node_tree)
    seen["redone"] = bool((s.values(mask)[..., 0] == generated).all())

    yield from click(results["buttons"]["paint"])
    space = images.spaces[0]
    seen["painting"] = space.mode == "PAINT" and space.image == mask
    yield from stroke(images)
    painted = s.values(mask)[..., 0].copy()
    seen["painted"] = int((np.abs(painted - generated) > 0.01).sum())
    yield from until(lambda: np.abs(viewed() - painted).max() < 0.01)
    picture("6-painted")
    mask.pack()
    yield from stroke(images, dark_row(painted))
    more = s.values(mask)[..., 0].copy()
    seen["second"] = int((np.abs(more - painted) > 0.01).sum())
    mouse("key", "ctrl+z")
    yield from until(lambda: np.abs(s.values(mask)[..., 0] - painted).max() < 0.01)
    yield from until(lambda: np.abs(viewed() - painted).max() < 0.01)

    yield from click(results["buttons"]["refine"], 0.2)
    yield from until(lambda: matte.mask_image(node.node_tree).name != "Background Mask Mask")
    yield 1
    refined = matte.mask_image(node.node_tree)
    seen["goes_on"] = space.image == refined
    yield from stroke(images, -60)
    last = s.values(refined)[..., 0].copy()
    yield from until(lambda: np.abs(viewed() - last).max() < 0.01)
    picture("7-refined")
    seen["dirty"] = refined.is_dirty
    seen["saved"] = s.bytes_of(last)
    bpy.ops.wm.save_as_mainfile(filepath=f"{FOLDER}/still.blend")
    yield from one_frame(node.node_tree, images, np.full_like(last, 0.5), seen)
    yield from choose(node.node_tree, images, seen)
    yield from draw_matte(node.node_tree, images, seen)
    node.node_tree.mattebrush.marks.clear()
    if "image" in PLACE:
        yield from image_menu(node.node_tree, images, seen)
    yield from no_engine(node.node_tree, images, seen)
    Path(ANSWER).write_text(json.dumps(seen))


def one_frame(group, images, alpha, seen):
    """A frame of a sequence, all of it `alpha`, painted on by mouse; then the next is gone to,
    whose mask is a disc."""
    matte, space = s.module("matte"), images.spaces[0]
    folders, generating = s.module("folders"), s.module("generating")
    state = group.mattebrush
    endings = (".png", ".png")
    folder = folders.choose(f"{FOLDER}/masks", "Mask", state.owner, {}, endings)
    y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]]
    next_one = (np.hypot(y - 100, x - 160) < 60).astype(np.float32)
    for frame, mask in ((1, alpha), (2, next_one)):
        for part in ("matte", "mask"):
            generating.write_mask(folder.file(part, frame), mask)
        folder.write_record(frame, folders.Record())
    state.shot, state.frame_start, state.frame_end = "", 1, 3
    matte.set_sequence(group, folder)
    yield 1
    yield from click(results["buttons"]["paint"])
    seen["frame"] = space.image.name
    yield from stroke(images, 20)
    painted = s.values(space.image)[..., 0].copy()
    seen["frame_painted"] = int((np.abs(painted - alpha) > 0.01).sum())
    yield from until(lambda: np.abs(viewed() - painted).max() < 0.01)
    picture("8-frame")
    seen["outline"] = []
    for view in ("OVERLAY", "ONION"):
        bpy.context.window_manager.mattebrush_view = view
        yield 0.5
        picture(f"8-{view.lower()}")
        seen["outline"].append(orange(f"8-{view.lower()}"))

    before = space.image
    yield from click(results["buttons"]["refine"], 0.2)
    yield from until(lambda: space.image != before and matte.mask_image(group) == space.image)
    seen["frame_goes_on"] = [space.mode == "PAINT", state.painted_frame]
    refined = s.values(space.image)[..., 0].copy()
    yield from stroke(images, dark_row(refined))
    painted = s.values(space.image)[..., 0].copy()
    seen["frame_painted_again"] = int((np.abs(painted - refined) > 0.01).sum())
    bpy.context.scene.frame_set(2)
    yield from until(lambda: np.abs(viewed() - next_one).max() < 0.01)
    seen["brush_down"] = space.mode == "VIEW" and space.image == matte.mask_image(group)
    file = s.module("pixels").load_mask(folder.file("mask", 1))
    seen["frame_kept"] = float(np.abs(file - painted).max())
    seen["frame_keys"] = folder.keys()
    bpy.context.scene.frame_set(3)
    yield from until(lambda: viewed().min() == 1)  # no mask: uncut
    yield 0.5
    picture("9-no-mask")
    bpy.context.scene.frame_set(2)


def orange(name):
    """How many pixels of a screenshot have the color of the next frame's outline."""
    displayed = s.stored(f"{FOLDER}/{name}.png")[..., :3]
    return int((np.abs(displayed - (1.0, 0.55, 0.1)).max(axis=2) < 0.05).sum())


def choose(group, images, seen):
    """A click, a box and a stroke on the plate; the last one is taken back, and made again."""
    space = images.spaces[0]
    space.image, space.mode = bpy.data.images["lemur.png"], "VIEW"
    yield 0.5
    window = bpy.context.window_manager.windows[0]
    region = next(region for region in images.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=images, region=region):
        bpy.ops.mattebrush.choose_object("INVOKE_DEFAULT")
    marks = group.mattebrush.marks
    yield from click(middle(images))
    yield from until(lambda: len(marks) == 1)
    yield from stroke(images, 20)  # all at one height: no box
    seen["flat_box"] = len(marks) - 1
    for wanted in (1, 0, 1):
        if wanted:
            mouse("keydown", "shift")
            yield from stroke(images, 30)
            mouse("keyup", "shift")
        else:
            picture("12-chosen")
            mouse("key", "BackSpace")
        yield from until(lambda wanted=wanted: (len(marks) > 1) == bool(wanted))
    seen["marks"] = [[mark.x0, mark.y0, mark.stroke] for mark in marks]
    mouse("key", "Return")
    yield 0.5


def draw_matte(group, images, seen):
    """A new mask of Blender's own for what is always cut away, opened over the plate."""
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, area=images):
        done = bpy.ops.mattebrush.use_mask(socket="Garbage Matte")
    space = images.spaces[0]
    yield 0.5
    picture("13-mask")
    node = ours()
    shape = s.module("mattes").linked(node, "Garbage Matte")
    seen["drawn"] = [*done, space.mode, space.mask == shape.mask, tuple(space.image.size)]
    s.module("compat").compositor_tree(bpy.context.scene).nodes.remove(shape)


def image_menu(group, images, seen):
    """Image > Generate Background Mask, for the picture in the Image Editor."""
    matte, space = s.module("matte"), images.spaces[0]
    space.image, space.mode = bpy.data.images["lemur.png"], "VIEW"
    yield 0.5
    yield from click(PLACE["image"][0])
    picture("10-image-menu")
    before = matte.mask_image(group)
    yield from click(PLACE["image"][1], 0.2)
    yield from until(lambda: matte.mask_image(group) != before)
    seen["from_image"] = float(s.values(matte.mask_image(group))[..., 0].mean())


def no_engine(group, images, seen):
    """The engine is missing: what Blender then says, and what is left of the mask."""
    matte, tasks = s.module("matte"), s.module("tasks")
    before = matte.mask_image(group), len(bpy.data.images)
    own = s.preferences()
    own.engine, own.python = "process", "/nowhere/python"
    yield from click(results["buttons"]["generate"], 1)
    yield from until(lambda: not tasks.running)
    picture("11-no-engine")
    seen["unharmed"] = before == (matte.mask_image(group), len(bpy.data.images))
    images.ui_type = "INFO"
    yield 0.5
    with bpy.context.temp_override(area=images, region=images.regions[-1]):
        bpy.ops.info.select_all(action="SELECT")
        bpy.ops.info.report_copy()
    seen["said"] = bpy.context.window_manager.clipboard


def dark_row(mask):
    """How far from the middle, in pixels, the mask is darkest along a stroke: white shows there."""
    middle, column = mask.shape[0] // 2, mask.shape[1] // 2
    rows = range(-90, 91, 10)
    return min(rows, key=lambda row: mask[middle + row, column - 40 : column + 40].mean())


def stroke(area, down=0):
    """A stroke of the brush through the middle of the picture."""
    x, y = middle(area)
    mouse("mousemove", x - 40, y + down, "mousedown", 1)
    yield 0.2
    for step in range(-40, 50, 10):
        mouse("mousemove", x + step, y + down)
    yield 0.2
    mouse("mouseup", 1)
    yield 0.6


def start():
    """Runs the session from Blender's timer, and ends Blender after it, whatever comes."""
    steps = session()

    def tick():
        try:
            return next(steps)
        except StopIteration:
            pass
        except BaseException:
            traceback.print_exc()
            picture("failed")
        bpy.ops.wm.quit_blender()
        return None

    bpy.app.timers.register(tick, first_interval=2)


start()
