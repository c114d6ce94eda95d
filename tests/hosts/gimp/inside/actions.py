# SPDX-License-Identifier: Apache-2.0
"""Every other menu entry, and every way to fail, as a script calls them; runs in both GIMPs.

FOLDER (environment): gets XCF files and actions.json, what each step told.
"""

import json
import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *

SETTINGS = os.path.join(os.path.expanduser("~"), ".config", "mattebrush", "plugins.json")
reported = {}


def stroke(image, layer, color, rectangle):
    """Paints on the mask as a brush does: pure black or white."""
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, *rectangle)
    gimp.set_foreground(color)
    pdb.gimp_edit_fill(layer.mask, FILL_FOREGROUND)
    pdb.gimp_selection_none(image)


def refine_strokes(precision):
    image = photo(precision)
    layer = image.layers[0]
    remove(image)
    stroke(image, layer, (255, 255, 255), (2, 2, 12, 10))
    stroke(image, layer, (0, 0, 0), (60, 40, 10, 10))
    reported["refine-" + precision] = jobs_done()
    refine(image)
    save(image, "refine-" + precision)


def refine_in_selection():
    image = photo()
    remove(image)
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 40, 20, 40, 40)
    reported["refine-selection"] = jobs_done()
    refine(image)
    reported["selection stays"] = list(pdb.gimp_selection_bounds(image))
    save(image, "refine-selection")


def state(layer):
    return [bool(layer.edit_mask), bool(layer.apply_mask), bool(layer.show_mask)]


def states_of_a_mask():
    """What the user set for a mask stays: whether it is edited, applied, shown."""
    image = photo()
    layer = image.layers[0]
    remove(image, paint=False)
    reported["state after remove"] = state(layer)
    for name, run in (("refine", refine), ("remove", lambda image: remove(image, paint=False))):
        layer.edit_mask, layer.apply_mask, layer.show_mask = False, False, True
        run(image)
        reported["state after " + name + " again"] = state(layer)
    pdb.gimp_image_delete(image)


def a_mask_is_kept():
    """By default a mask with the user's own strokes becomes a channel; one without does not."""
    image = photo("u16")
    layer = image.layers[0]
    layer.set_offsets(-10, 5)
    remove(image)
    remove(image, existing=KEEP)
    reported["channels after the same again"] = len(image.channels)
    stroke(image, layer, (128, 128, 128), (20, 30, 40, 20))
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 5, 6, 100, 80)
    before = list(pdb.gimp_selection_bounds(image))
    reported["kept"] = values(layer.mask, 30, 40)
    remove(image, existing=KEEP)
    reported["channels"] = [channel.name for channel in image.channels]
    reported["kept channel"] = values(image.channels[0], 20, 45)
    reported["selected after"] = [
        image.active_layer.name,
        list(pdb.gimp_selection_bounds(image)) == before,
    ]
    pdb.gimp_image_delete(image)


def values(drawable, x, y):
    """A line of ten pixels."""
    return [drawable.get_pixel(x + step, y)[0] for step in range(10)]


def clean():
    image = photo("u16", alpha=True)
    remove(image)
    reported["clean"] = jobs_done()
    pdb.plug_in_mattebrush_clean_edge_colors(image)
    save(image, "clean")


def background():
    image = photo()
    remove(image)
    gimp.set_foreground((1, 2, 3))
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 5, 6, 20, 20)
    pdb.plug_in_mattebrush_background(image, "color", (10, 200, 30), True, 4, 6, 8, 50)
    reported["selection after background"] = list(pdb.gimp_selection_bounds(image))
    reported["color after background"] = list(gimp.get_foreground())[:3]
    reported["channels after background"] = len(image.channels)
    save(image, "background")


def white_background():
    image = photo("float-linear", mode=GRAY)
    pdb.plug_in_mattebrush_background(image, "white", (0, 0, 0), False, 0, 0, 0, 0)
    save(image, "white")


def points():
    """A path's points say which object is meant; the layer lies elsewhere than the image."""
    image = photo()
    image.layers[0].set_offsets(-10, 5)
    path = pdb.gimp_vectors_new(image, "points")
    pdb.gimp_image_insert_vectors(image, path, None, 0)
    coordinates = []
    for x, y in ((50, 40), (70, 60)):
        coordinates += [x, y] * 3  # handle, anchor, handle
    pdb.gimp_vectors_stroke_new_from_points(path, 0, len(coordinates), coordinates, False)
    reported["points"] = jobs_done()
    by_points(image)
    save(image, "points")


def boxes():
    """A selection is a box around the object; a script may hand over points and boxes itself."""
    image = photo()
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 20, 10, 80, 75)
    reported["selection as box"] = jobs_done()
    by_points(image)
    prompt = {"points": [[60, 50, 1], [5, 5, 0]], "boxes": []}
    reported["given points"] = jobs_done()
    pdb.plug_in_mattebrush_cut_out_from_points(*(cut_out(image) + (json.dumps(prompt),)))
    pdb.gimp_image_delete(image)


def by_points(image):
    pdb.plug_in_mattebrush_cut_out_from_points(*(cut_out(image) + ("",)))


def refused(name, image, call=remove):
    """Notes what a call that must fail says, and whether the image is as it was."""
    pdb.gimp_image_clean_all(image)
    masks = [layer.mask for layer in image.layers]
    try:
        call(image)
        reported[name] = "no failure"
    except RuntimeError as why:
        same = [layer.mask for layer in image.layers] == masks
        reported[name] = [str(why), bool(same), bool(pdb.gimp_image_is_dirty(image))]
    pdb.gimp_image_delete(image)


def unsuitable():
    refused("no layer", gimp.Image(20, 20, RGB))
    image = photo()
    pdb.gimp_item_set_lock_content(image.layers[0], True)
    refused("locked", image)
    image = photo()
    text = pdb.gimp_text_layer_new(image, "words", "Sans", 12, PIXELS)
    image.add_layer(text, 0)
    image.active_layer = text
    refused("text", image)
    image = photo()
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 1, 1, 5, 5)
    pdb.gimp_edit_copy(image.layers[0])
    pdb.gimp_edit_paste(image.layers[0], False)
    refused("floating", image)
    image = photo()
    channel = gimp.Channel(image, "c", image.width, image.height, 50.0, gimpcolor.RGB(255, 0, 0))
    image.add_channel(channel, 0)
    image.active_channel = channel
    refused("channel", image)
    refused("no mask", photo(), refine)
    refused("indexed colors", photo(mode=INDEXED), lambda image: remove(image, colors=True))
    refused("no points", photo(), by_points)


def drawables_of_a_script():
    """GIMP 3 hands drawables over: those count, whatever is selected."""
    if sys.version_info[0] == 2:
        return
    image = photo()
    layer = image.layers[0]
    above = gimp.Layer(image, "above", 20, 20, RGBA_IMAGE)
    image.add_layer(above, 0)
    pdb.plug_in_mattebrush_remove_background(image, layer, *cut_out(image)[1:])
    reported["drawables"] = [layer.mask is not None, above.mask is None, image.active_layer.name]

    # A mask stands for its layer, whatever else is selected.
    channel = gimp.Channel(image, "c", image.width, image.height, 50.0, gimpcolor.RGB(255, 0, 0))
    image.add_channel(channel, 0)
    image.active_channel = channel
    number = jobs_done()
    pdb.plug_in_mattebrush_refine_mask(image, layer.mask, "auto", True)
    reported["mask as drawable"] = [jobs_done() - number, image.active_channel == channel]
    pdb.gimp_image_delete(image)


def several_layers():
    """GIMP 3 can have several layers selected: each gets a mask of its own, or none does."""
    if sys.version_info[0] == 2:
        return
    image = photo()
    small = image.layers[0].copy()
    image.add_layer(small, 0)
    small.scale(80, 60)
    small.name = "small"
    image.native.set_selected_layers([layer.native for layer in image.layers])
    reported["several"] = jobs_done()
    remove(image)
    save(image, "several")

    image = photo()
    locked = image.layers[0].copy()
    image.add_layer(locked, 1)
    locked.name = "locked"
    pdb.gimp_item_set_lock_content(locked, True)
    image.native.set_selected_layers([layer.native for layer in image.layers])
    refused("one of several locked", image)


def chosen(**settings):
    with open(SETTINGS, "w") as out:
        json.dump(settings, out)


def settings_and_failing_engines():
    with open(SETTINGS) as file:
        before = file.read()
    working = json.loads(before)
    chosen(engine="process", python="/nowhere/python")
    refused("engine missing", photo())
    chosen(**dict(working, python=os.path.join(FOLDER, "killed-engine")))
    refused("engine killed", photo())
    chosen(engine="server", server="http://127.0.0.1:9")
    refused("server gone", photo())
    chosen(**working)
    try:
        # As the dialog gives them: engine, python, server, token, model, device, test.
        pdb.plug_in_mattebrush_settings("process", "", "", "", "", "cpu", True)
    except RuntimeError as why:
        reported["settings"] = [str(why)]
    with open(SETTINGS) as file:
        reported["settings kept"] = json.load(file)
    try:
        pdb.plug_in_mattebrush_settings("server", "", "127.0.0.1:9", "", "", "auto", True)
    except RuntimeError as why:
        reported["settings without server"] = [str(why)]
    with open(SETTINGS, "w") as out:
        out.write(before)


for precision in ("u8", "u16"):
    refine_strokes(precision)
for step in (refine_in_selection, states_of_a_mask, a_mask_is_kept, clean, background,
             white_background, points, boxes, drawables_of_a_script, several_layers, unsuitable,
             settings_and_failing_engines):  # fmt: skip
    sys.stderr.write("step %s\n" % step.__name__)
    step()

with open(os.path.join(FOLDER, "actions.json"), "w") as out:
    json.dump(reported, out)
