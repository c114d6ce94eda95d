# SPDX-License-Identifier: Apache-2.0
"""Walks through gimpfu's API and writes down what each step gave; both GIMPs must say the same.

Runs inside GIMP's batch mode, Python 2.7 and 3. FOLDER (environment): where walk.json goes.
"""

import json
import os
import sys
import traceback

if sys.version_info[0] > 2:
    sys.path[:0] = [os.environ["GIMPFU"], os.path.join(os.environ["GIMPFU"], "gimpfu", "aliases")]

import gimpshelf
from gimpfu import *

results = {}


def note(name, value):
    sys.stderr.write("at %s\n" % name)
    results[name] = plain(value)


def values(data):
    """Pixels as numbers: in Python 2 bytes and text are the same."""
    return list(bytearray(data))


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, gimpcolor.RGB):
        return [round(part, 4) for part in (value.r, value.g, value.b, value.a)]
    if isinstance(value, (gimp.Item, gimp.Image)):
        return value.name
    if isinstance(value, bool):
        return int(value)
    return value


def try_(name, function, *args):
    try:
        function(*args)
        note(name, "no error")
    except RuntimeError:
        note(name, "RuntimeError")


def whole(drawable):
    """All pixels of a drawable."""
    width, height = drawable.width, drawable.height
    return values(drawable.get_pixel_rgn(0, 0, width, height, False, False)[0:width, 0:height])


def find_item(image, name):
    """A layer anew. GIMP 2.10's objects reckon for ever with the bytes a pixel had at first, and
    its plug-in dies when that changed in between."""
    return pdb.gimp_image_get_layer_by_name(image, name)


def gradient(width, height, channels):
    return bytes(
        bytearray(
            (x * 7 + y * 13 + c * 50) % 256
            for y in range(height)
            for x in range(width)
            for c in range(channels)
        )
    )


image = gimp.Image(20, 10, RGB)
note("new image", (image.width, image.height, image.base_type, len(image.layers)))
layer = gimp.Layer(image, "base", 20, 10, RGB_IMAGE, 100, LAYER_MODE_NORMAL)
image.add_layer(layer, 0)
note(
    "layer",
    (
        layer.name,
        layer.width,
        layer.height,
        layer.bpp,
        layer.has_alpha,
        layer.is_rgb,
        layer.is_gray,
        layer.is_indexed,
        layer.type,
        layer.opacity,
        layer.visible,
    ),
)
region = layer.get_pixel_rgn(0, 0, 20, 10, True, False)
region[0:20, 0:10] = gradient(20, 10, 3)
note("pixel", values(region[3, 4]))
note("row", values(region[0:20, 4]))
note("region", (region.x, region.y, region.w, region.h, region.bpp))
try:
    region[0:2, 0:2] = b"1"
    note("wrong length", "no error")
except TypeError:
    note("wrong length", "TypeError")
layer.flush()
layer.update(0, 0, 20, 10)
del region
note("get_pixel", tuple(layer.get_pixel(5, 5)))
layer.set_pixel(5, 5, (1, 2, 3))
layer.flush()
note("set_pixel", tuple(layer.get_pixel(5, 5)))

made = pdb.python_fu_sample_stamp(image, layer, 0.5, 1, "one", True, (10, 20, 30))
note("stamp", made)
note("stamp offsets", made.offsets)
note("layers after stamp", [one.name for one in image.layers])
note("stamped pixels", whole(layer))
note("stamp colour", whole(made)[:4])
channel = gimp.Channel(image, "spot", 20, 10, 50.0, gimpcolor.RGB(255, 0, 0))
image.add_channel(channel, 0)
trace = pdb.gimp_vectors_new(image, "trace")
pdb.gimp_image_insert_vectors(image, trace, None, 0)
own = pdb.gimp_context_get_brush(), pdb.gimp_context_get_gradient()
old = (7, 2.5, "a\nb", "/tmp/a.png", "/tmp", "Sans", own[0], own[1], 0.75)
try:
    note("old", pdb.python_fu_old_thing(image, layer, *(old + (channel, trace, layer))))
    note("old told", values(image.parasite_find("told").data))
    note("old shelf", gimpshelf.shelf["old"]["count"])
except (RuntimeError, TypeError) as why:
    traceback.print_exc()
    note("old", type(why).__name__)
image.remove_channel(channel)
pdb.gimp_image_remove_vectors(image, trace)
note("count", pdb.python_fu_sample_count(7, "a", "x"))
try_("fail", pdb.python_fu_sample_count, 101, "a", "x")
try_("no such procedure", lambda: pdb.gimp_no_such_thing(image))

note("parent and children", (made.parent, made.children))
group = gimp.GroupLayer(image, "group")
image.insert_layer(group, position=0)
copy = layer.copy()
copy.name = "copy"
image.insert_layer(copy, group, 0)
note("group", ([one.name for one in group.children], copy.parent, group.width))
note("names", [one.name for one in image.layers])
image.active_layer = copy
note("active", (image.active_layer, pdb.gimp_image_get_active_layer(image)))
image.remove_layer(group)

layer.add_alpha()
note("alpha", (layer.bpp, layer.has_alpha))
layer = find_item(image, "base")
mask = layer.create_mask(ADD_WHITE_MASK)
layer.add_mask(mask)
note("mask", (layer.mask.bpp, layer.mask.is_layer_mask, layer.mask.width))
mask_region = mask.get_pixel_rgn(0, 0, 20, 10, True, False)
mask_region[0:20, 0:10] = gradient(20, 10, 1)
mask.flush()
del mask_region
note("mask pixels", whole(mask))
layer.remove_mask(MASK_DISCARD)
note("mask gone", layer.mask is None)

pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 2, 3, 5, 4)
note("selection", pdb.gimp_selection_bounds(image))
note("mask bounds", layer.mask_bounds)
note("selection pixels", whole(image.selection))
pdb.gimp_selection_none(image)
note("selection none", pdb.gimp_selection_is_empty(image))

note(
    "sizes by pdb",
    (
        pdb.gimp_image_width(image),
        pdb.gimp_image_height(image),
        pdb.gimp_drawable_width(layer),
        pdb.gimp_drawable_bpp(layer),
    ),
)
new = pdb.gimp_layer_new(image, 6, 5, RGBA_IMAGE, "by pdb", 80, LAYER_MODE_MULTIPLY)
pdb.gimp_image_insert_layer(image, new, None, 1)
note("by pdb", (new.name, new.width, new.opacity, [one.name for one in image.layers]))
pdb.gimp_layer_set_offsets(new, 4, 5)
pdb.gimp_layer_translate(new, 1, 1)
note("offsets by pdb", pdb.gimp_drawable_offsets(new))
pdb.gimp_item_set_name(new, "renamed")
pdb.gimp_item_set_visible(new, False)
note("renamed", (new.name, new.visible, pdb.gimp_item_get_visible(new)))
note(
    "layer ids",
    (
        pdb.gimp_image_get_layers(image)[0],
        [gimp._id2drawable(i).name for i in pdb.gimp_image_get_layers(image)[1]],
    ),
)
pdb.gimp_context_set_foreground((200, 100, 50))
note("foreground", gimp.get_foreground())
pdb.gimp_edit_fill(new, FILL_FOREGROUND)
note("filled", whole(new))
pdb.gimp_edit_clear(new)
note("cleared", whole(new))
note("copied", pdb.gimp_edit_copy(layer))
pdb.gimp_invert(layer)
note("inverted", whole(layer))

layer.attach_new_parasite("sample", 1, "data here")
parasite = layer.parasite_find("sample")
note("parasite", (parasite.name, parasite.flags, values(parasite.data), layer.parasite_list()))
layer.parasite_attach(gimp.Parasite("sample", 0, "data"))
note(
    "own parasite",
    (values(layer.parasite_find("sample").data), layer.parasite_find("sample").flags),
)
layer.parasite_detach("sample")
note("parasite gone", layer.parasite_find("sample") is None)
note("no parasite", layer.parasite_find("none") is None)

path = pdb.gimp_vectors_new(image, "path")
pdb.gimp_image_insert_vectors(image, path, None, 0)
points = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0, 5.0, 9.0, 5.0, 9.0, 5.0]
stroke = pdb.gimp_vectors_stroke_new_from_points(path, 0, len(points), points, False)
note("strokes", (len(path.strokes), path.strokes[0].points))
note("stroke points", pdb.gimp_vectors_stroke_get_points(path, stroke))
note("vectors", [one.name for one in image.vectors])

duplicate = pdb.gimp_image_duplicate(image)
duplicate.resize(30, 20, 2, 3)
note("resized", (duplicate.width, duplicate.height, [one.offsets for one in duplicate.layers]))
flat = duplicate.flatten()
note("flat", (flat.bpp, len(duplicate.layers)))
duplicate.scale(15, 10)
note("scaled", (duplicate.width, duplicate.layers[0].width))
pdb.gimp_image_convert_grayscale(duplicate)
note("grey", (duplicate.base_type, duplicate.layers[0].bpp, duplicate.layers[0].is_gray))
pdb.gimp_image_delete(duplicate)

indexed = gimp.Image(4, 4, RGB)
spots = gimp.Layer(indexed, "spots", 4, 4, RGB_IMAGE, 100, LAYER_MODE_NORMAL)
indexed.add_layer(spots, 0)
spots.get_pixel_rgn(0, 0, 4, 4, True, False)[0:4, 0:4] = bytes(
    bytearray([255, 0, 0] * 8 + [0, 0, 255] * 8)
)
spots.flush()
pdb.gimp_image_convert_indexed(indexed, NO_DITHER, MAKE_PALETTE, 4, False, False, "")
spots = find_item(indexed, "spots")
colors = bytearray(indexed.colormap)
index = bytearray(spots.get_pixel_rgn(0, 0, 4, 4, False, False)[1, 3])[0]
note("indexed", (spots.is_indexed, spots.bpp, list(colors[index * 3 : index * 3 + 3])))

saved = os.path.join(os.environ["FOLDER"], "saved.xcf")
pdb.gimp_file_save(image, layer, saved, saved)
loaded = pdb.gimp_file_load(saved, saved)
note("loaded", (loaded.width, [one.name for one in loaded.layers], loaded.filename == saved))
note(
    "colours",
    (gimpcolor.RGB(255, 0, 128), gimpcolor.RGB(0.5, 0.25, 1.0), gimpcolor.RGB(1, 2, 3)[0]),
)
note("colour arithmetic", gimpcolor.RGB(10, 20, 30).to_hsv().to_rgb())
note(
    "enums",
    (
        RGB,
        GRAY,
        INDEXED,
        RGBA_IMAGE,
        CHANNEL_OP_ADD,
        RUN_NONINTERACTIVE,
        MASK_APPLY,
        EXPAND_AS_NECESSARY,
        LAYER_MODE_NORMAL,
        LAYER_MODE_MULTIPLY,
        PF_IMAGE,
        PF_OPTION,
    ),
)
gimpshelf.shelf["sample"] = [1, "two"]
note("shelf", (gimpshelf.shelf.has_key("sample"), gimpshelf.shelf["sample"]))
note("undo", image.undo_is_enabled())


# What plug-ins call most, each on an image of its own.
def fresh(kind=RGB, layer_kind=RGBA_IMAGE):
    made = gimp.Image(16, 12, kind)
    layer = gimp.Layer(made, "a", 16, 12, layer_kind, 100, LAYER_MODE_NORMAL)
    made.add_layer(layer, 0)
    region = layer.get_pixel_rgn(0, 0, 16, 12, True, False)
    channels = layer.bpp
    data = bytearray(gradient(16, 12, channels))
    if layer.has_alpha:
        data[channels - 1 :: channels] = b"\xff" * (16 * 12)
    region[0:16, 0:12] = bytes(data)
    layer.flush()
    return made, layer


def on_layer(name, function, *kinds):
    made, layer = fresh(*kinds)
    try:
        note(name, function(made, layer))
    except (RuntimeError, TypeError) as why:
        traceback.print_exc()
        note(name, type(why).__name__)
    layer = find_item(made, "a")
    if layer is not None:
        note(name + ": layer", (layer.offsets, layer.width, layer.height, whole(layer)))
    pdb.gimp_image_delete(made)


on_layer("fill", lambda image, layer: pdb.gimp_drawable_fill(layer, FILL_WHITE))
on_layer("fill transparent", lambda image, layer: layer.fill(FILL_TRANSPARENT))
on_layer("crop", lambda image, layer: pdb.gimp_image_crop(image, 8, 6, 2, 3))
on_layer("resize layer", lambda image, layer: pdb.gimp_layer_resize(layer, 20, 14, 2, 1))
on_layer("layer to image size", lambda image, layer: pdb.gimp_layer_resize_to_image_size(layer))
on_layer(
    "offset", lambda image, layer: pdb.gimp_drawable_offset(layer, True, OFFSET_BACKGROUND, 3, 2)
)
on_layer(
    "flip",
    lambda image, layer: (
        pdb.gimp_item_transform_flip_simple(layer, ORIENTATION_VERTICAL, True, 0).name
    ),
)
on_layer("flip image", lambda image, layer: pdb.gimp_image_flip(image, ORIENTATION_HORIZONTAL))
on_layer("rotate image", lambda image, layer: pdb.gimp_image_rotate(image, ROTATE_90))
on_layer(
    "turn",
    lambda image, layer: (
        pdb.gimp_drawable_transform_rotate_simple(layer, ROTATE_180, True, 0, 0, False).name
    ),
)
on_layer("posterize", lambda image, layer: pdb.gimp_posterize(layer, 4))
on_layer("threshold", lambda image, layer: pdb.gimp_threshold(layer, 100, 255))
on_layer("desaturate", lambda image, layer: pdb.gimp_desaturate_full(layer, DESATURATE_LUMINANCE))
on_layer(
    "grey threshold", lambda image, layer: pdb.gimp_threshold(layer, 100, 255), GRAY, GRAY_IMAGE
)
on_layer("grey", lambda image, layer: (layer.bpp, layer.type, layer.is_gray), GRAY, GRAYA_IMAGE)
on_layer(
    "histogram",
    lambda image, layer: [round(v, 3) for v in pdb.gimp_histogram(layer, HISTOGRAM_GREEN, 0, 255)],
)
on_layer(
    "opacity",
    lambda image, layer: (
        pdb.gimp_layer_set_opacity(layer, 40),
        pdb.gimp_layer_get_opacity(layer),
        layer.opacity,
    ),
)
on_layer(
    "mode",
    lambda image, layer: (
        pdb.gimp_layer_set_mode(layer, LAYER_MODE_SCREEN),
        layer.mode == LAYER_MODE_SCREEN,
    ),
)
on_layer(
    "lock alpha",
    lambda image, layer: (pdb.gimp_layer_set_lock_alpha(layer, True), layer.lock_alpha),
)
on_layer(
    "guides",
    lambda image, layer: (image.get_guide_position(image.add_hguide(5)), image.add_vguide(3) > 0),
)
on_layer(
    "resolution",
    lambda image, layer: (
        pdb.gimp_image_set_resolution(image, 150, 150),
        image.resolution,
        pdb.gimp_image_get_resolution(image),
    ),
)
on_layer(
    "undo",
    lambda image, layer: (image.disable_undo(), image.undo_is_enabled(), image.enable_undo()),
)
on_layer("tattoo", lambda image, layer: image.get_layer_by_tattoo(layer.tattoo))
on_layer("position", lambda image, layer: pdb.gimp_image_get_item_position(image, layer))
on_layer(
    "valid",
    lambda image, layer: (
        pdb.gimp_item_is_valid(layer),
        pdb.gimp_item_is_layer(layer),
        pdb.gimp_item_is_group(layer),
        pdb.gimp_item_is_channel(layer),
        pdb.gimp_image_is_valid(image),
    ),
)
on_layer(
    "has alpha",
    lambda image, layer: (
        pdb.gimp_drawable_has_alpha(layer),
        pdb.gimp_drawable_is_rgb(layer),
        pdb.gimp_drawable_type(layer),
        pdb.gimp_image_base_type(image),
    ),
)


def pasted(image, layer):
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 1, 1, 5, 4)
    pdb.gimp_edit_copy(layer)
    floating = pdb.gimp_edit_paste(layer, False)
    reported = (
        pdb.gimp_layer_is_floating_sel(floating),
        floating.width,
        image.floating_selection is not None,
    )
    pdb.gimp_layer_set_offsets(floating, 8, 6)
    pdb.gimp_floating_sel_anchor(floating)
    return reported


on_layer("paste", pasted)


def stacked(image, layer):
    above = layer.copy()
    above.name = "b"
    pdb.gimp_image_insert_layer(image, above, None, 0)
    above.translate(4, 3)
    reported = [[one.name for one in image.layers]]
    pdb.gimp_image_lower_item(image, above)
    reported.append([one.name for one in image.layers])
    pdb.gimp_image_raise_item_to_top(image, above)
    reported.append([one.name for one in image.layers])
    merged = pdb.gimp_image_merge_visible_layers(image, CLIP_TO_IMAGE)
    return reported + [whole(merged), len(image.layers)]


on_layer("merge", stacked)
on_layer(
    "duplicate layer",
    lambda image, layer: (
        pdb.gimp_layer_copy(layer, True).name.startswith("a"),
        pdb.gimp_layer_new_from_drawable(layer, image).width,
    ),
)


def selections(image, layer):
    pdb.gimp_image_select_ellipse(image, CHANNEL_OP_REPLACE, 2, 2, 8, 8)
    reported = [pdb.gimp_selection_bounds(image)]
    pdb.gimp_selection_grow(image, 1)
    reported.append(pdb.gimp_selection_bounds(image))
    saved = pdb.gimp_selection_save(image)
    pdb.gimp_selection_invert(image)
    reported.append(pdb.gimp_selection_value(image, 0, 0))
    reported.append([len(image.channels), saved.bpp, pdb.gimp_selection_is_empty(image)])
    pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, saved)
    reported.append(pdb.gimp_selection_bounds(image))
    pdb.gimp_edit_fill(layer, FILL_WHITE)
    pdb.gimp_selection_all(image)
    image.remove_channel(saved)
    return reported


on_layer("selections", selections)


def masks(image, layer):
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 3, 3, 6, 6)
    mask = pdb.gimp_layer_create_mask(layer, ADD_SELECTION_MASK)
    pdb.gimp_layer_add_mask(layer, mask)
    pdb.gimp_selection_none(image)
    reported = [pdb.gimp_layer_get_mask(layer).name, layer.edit_mask, layer.apply_mask, whole(mask)]
    pdb.gimp_layer_set_edit_mask(layer, False)
    reported.append([layer.edit_mask, pdb.gimp_layer_from_mask(mask)])
    pdb.gimp_layer_remove_mask(layer, MASK_APPLY)
    return reported


on_layer("masks", masks)


def channel(image, layer):
    made = gimp.Channel(image, "c", 16, 12, 50.0, gimpcolor.RGB(255, 0, 0))
    image.add_channel(made, 0)
    made.fill(FILL_WHITE)
    return made.name, made.opacity, made.bpp, [one.name for one in image.channels], whole(made)[:4]


on_layer("channel", channel)


def shadow(image, layer):
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 2, 2, 4, 4)
    bounds = layer.mask_bounds
    x, y, width, height = bounds[0], bounds[1], bounds[2] - bounds[0], bounds[3] - bounds[1]
    region = layer.get_pixel_rgn(x, y, width, height, True, True)
    region[x : x + width, y : y + height] = b"\x10\x20\x30\xff" * (width * height)
    layer.flush()
    layer.merge_shadow(True)
    layer.update(x, y, width, height)
    return bounds


on_layer("shadow", shadow)


def context(image, layer):
    pdb.gimp_context_push()
    pdb.gimp_context_set_background((1, 2, 3))
    pdb.gimp_context_set_opacity(30)
    reported = [
        pdb.gimp_context_get_opacity(),
        gimp.get_background(),
        pdb.gimp_context_get_background(),
    ]
    pdb.gimp_context_swap_colors()
    reported.append(gimp.get_foreground())
    pdb.gimp_context_pop()
    reported.append(round(pdb.gimp_context_get_opacity()))
    return reported


on_layer("context", context)
on_layer(
    "image parasite",
    lambda image, layer: (
        image.attach_new_parasite("p", 1, "x"),
        values(image.parasite_find("p").data),
        image.parasite_list(),
    ),
)
on_layer(
    "scale layer", lambda image, layer: (pdb.gimp_layer_scale(layer, 8, 6, False), layer.width)
)
on_layer("image list", lambda image, layer: image in gimp.image_list())
on_layer(
    "pick", lambda image, layer: pdb.gimp_image_pick_color(image, layer, 3, 3, False, False, 0)
)
on_layer(
    "set pixel by pdb",
    lambda image, layer: pdb.gimp_drawable_set_pixel(layer, 3, 3, 4, [1, 2, 3, 255]),
)
on_layer("gauss", lambda image, layer: pdb.plug_in_gauss(image, layer, 5, 5, 0))
on_layer(
    "levels", lambda image, layer: pdb.gimp_levels(layer, HISTOGRAM_VALUE, 10, 200, 1.0, 0, 255)
)
on_layer("brightness", lambda image, layer: pdb.gimp_brightness_contrast(layer, 20, 10))
on_layer(
    "levels of red",
    lambda image, layer: pdb.gimp_levels(layer, HISTOGRAM_RED, 10, 200, 1.5, 20, 230),
)
on_layer("darker", lambda image, layer: pdb.gimp_brightness_contrast(layer, -40, -20))
on_layer("unsharp", lambda image, layer: pdb.plug_in_unsharp_mask(image, layer, 2.0, 0.5, 0))
on_layer("motion blur", lambda image, layer: pdb.plug_in_mblur(image, layer, 0, 4, 0, 8, 6))
on_layer(
    "gauss in selection",
    lambda image, layer: (
        pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 2, 2, 5, 5),
        pdb.plug_in_gauss(image, layer, 5, 5, 0),
    ),
)
on_layer("hue", lambda image, layer: pdb.gimp_hue_saturation(layer, ALL_HUES, 30, 0, 10))
on_layer("pixelize", lambda image, layer: pdb.plug_in_pixelize(image, layer, 4))
on_layer(
    "bucket",
    lambda image, layer: pdb.gimp_edit_bucket_fill(
        layer, FG_BUCKET_FILL, LAYER_MODE_NORMAL, 100, 255, False, 0, 0
    ),
)
on_layer(
    "blend",
    lambda image, layer: pdb.gimp_edit_blend(
        layer,
        FG_BG_RGB_MODE,
        LAYER_MODE_NORMAL,
        GRADIENT_LINEAR,
        100,
        0,
        REPEAT_NONE,
        False,
        False,
        0,
        0,
        False,
        0,
        0,
        15,
        0,
    ),
)
on_layer("autocrop", lambda image, layer: pdb.plug_in_autocrop(image, layer))
on_layer("rotate", lambda image, layer: pdb.gimp_item_transform_rotate(layer, 0.3, True, 0, 0).name)
on_layer("pixel by pdb", lambda image, layer: pdb.gimp_drawable_get_pixel(layer, 3, 3))

with open(os.path.join(os.environ["FOLDER"], "walk.json"), "w") as out:
    out.write(json.dumps(results, sort_keys=True, indent=1))
