# SPDX-License-Identifier: Apache-2.0
"""What gimpfu plug-ins do in several steps, written as they are written. Python 2.7 and 3.

Each function gets the case of gimpfu_oracle; what it returns and what it leaves is compared.
"""

import array
import math
import os
import struct

from gimpfu import *

SCRIPTS = []
MOST = ("rgb", "rgba", "gray", "selection")


def script(*kinds):
    """Notes a function with the kinds of images it is for."""

    def note(function):
        function.kinds = kinds or MOST
        SCRIPTS.append(function)
        return function

    return note


@script()
def glow(case):
    """A blurred copy in screen mode, then merged."""
    image, layer = case.image, case.layer
    pdb.gimp_image_undo_group_start(image)
    copy = pdb.gimp_layer_copy(layer, True)
    pdb.gimp_image_insert_layer(image, copy, None, -1)
    pdb.plug_in_gauss_rle2(image, copy, 6, 6)
    pdb.gimp_layer_set_mode(copy, SCREEN_MODE)
    pdb.gimp_layer_set_opacity(copy, 70)
    merged = pdb.gimp_image_merge_down(image, copy, CLIP_TO_IMAGE)
    pdb.gimp_image_undo_group_end(image)
    return merged.name, merged.mode


@script()
def high_pass(case):
    """Inverted, blurred, half opaque, merged, and overlaid."""
    image, layer = case.image, case.layer
    top = layer.copy()
    image.add_layer(top, 0)
    pdb.gimp_invert(top)
    pdb.plug_in_gauss_iir(image, top, 8, 1, 1)
    top.opacity = 50.0
    image.merge_down(top, EXPAND_AS_NECESSARY)
    pdb.gimp_levels(image.layers[0], HISTOGRAM_VALUE, 90, 160, 1.0, 0, 255)
    image.layers[0].mode = OVERLAY_MODE
    return [one.name for one in image.layers]


@script()
def drop_shadow(case):
    """A shadow drawn from a layer's alpha, below it."""
    image, layer = case.image, case.small
    pdb.gimp_selection_layer_alpha(layer)
    shadow = gimp.Layer(image, "shadow", image.width, image.height, case.layer.type_with_alpha,
                        60, MULTIPLY_MODE)  # fmt: skip
    shadow.fill(TRANSPARENT_FILL)
    image.add_layer(shadow, len(image.layers))
    gimp.set_foreground(0, 0, 0)
    pdb.gimp_edit_fill(shadow, FOREGROUND_FILL)
    pdb.gimp_selection_none(image)
    pdb.gimp_layer_translate(shadow, 3, 3)
    pdb.plug_in_gauss_rle(image, shadow, 4, True, True)
    return shadow.offsets, pdb.gimp_image_get_layer_position(image, shadow)


@script("rgb", "rgba", "gray")
def borders(case):
    """A bigger canvas, with a filled layer below, and another border by the selection."""
    image = case.image
    width, height = image.width, image.height
    pdb.gimp_image_resize(image, width + 10, height + 10, 5, 5)
    ground = pdb.gimp_layer_new(image, width + 10, height + 10, case.layer.type, "border", 100, 0)
    pdb.gimp_image_insert_layer(image, ground, None, len(image.layers))
    pdb.gimp_context_set_background((250, 240, 200))
    pdb.gimp_drawable_fill(ground, BACKGROUND_FILL)
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 2, 2, width + 6, height + 6)
    pdb.gimp_selection_invert(image)
    pdb.gimp_edit_bucket_fill(ground, FG_BUCKET_FILL, NORMAL_MODE, 100, 0, False, 0, 0)
    pdb.gimp_selection_none(image)
    flat = pdb.gimp_image_flatten(image)
    return flat.width, flat.height, flat.has_alpha


@script("rgb", "rgba", "selection")
def swap_channels(case):
    """Pixel by pixel through a region, as arrays."""
    layer = case.layer
    width, height, bpp = layer.width, layer.height, layer.bpp
    source = layer.get_pixel_rgn(0, 0, width, height, False, False)
    target = layer.get_pixel_rgn(0, 0, width, height, True, True)
    pixels = array.array("B", source[0:width, 0:height])
    for at in range(0, len(pixels), bpp):
        pixels[at], pixels[at + 2] = pixels[at + 2], pixels[at]
    target[0:width, 0:height] = pixels.tostring()
    layer.flush()
    layer.merge_shadow(True)
    layer.update(0, 0, width, height)
    return len(pixels)


@script("rgb", "gray", "rgba")
def rows_and_columns(case):
    """Reads a row and a column, writes them elsewhere."""
    layer = case.layer
    region = layer.get_pixel_rgn(0, 0, layer.width, layer.height, True, False)
    row, column = region[0 : layer.width, 3], region[5, 0 : layer.height]
    region[0 : layer.width, 10] = row
    region[20, 0 : layer.height] = column
    layer.flush()
    layer.update(0, 0, layer.width, layer.height)
    return len(row), len(column), region.bpp, region.rowstride


@script("rgb", "rgba")
def by_tiles(case):
    """Tile by tile, as the oldest plug-ins did."""
    layer = case.layer
    tile = layer.get_tile(False, 0, 0)
    for y in range(tile.eheight):
        for x in range(tile.ewidth):
            pixel = bytearray(tile[x, y])
            pixel[0] = 255 - pixel[0]
            tile[x, y] = bytes(pixel)
    layer.flush()
    layer.update(0, 0, layer.width, layer.height)
    return tile.ewidth, tile.eheight, tile.bpp


@script("rgb", "rgba", "gray")
def fetched(case):
    """Single pixels, at the edges too."""
    layer = case.layer
    fetch = gimp.PixelFetcher(layer, False, (255, 0, 0), PIXEL_FETCHER_EDGE_WRAP)
    reported = [
        list(bytearray(fetch.get_pixel(x, y))) for x, y in ((0, 0), (3, 4), (-1, -1), (40, 3))
    ]
    for x in range(8):
        pdb.gimp_drawable_set_pixel(layer, x, 2, layer.bpp, [10 * x] * layer.bpp)
    reported.append(layer.get_pixel(4, 2))
    layer.set_pixel(1, 1, [200] * layer.bpp)
    layer.flush()
    return reported + [pdb.gimp_drawable_get_pixel(layer, 1, 1)]


@script("rgba", "gray", "selection")
def masked(case):
    """A mask with a gradient on it, then applied."""
    image, layer = case.image, case.layer
    mask = pdb.gimp_layer_create_mask(layer, ADD_WHITE_MASK)
    pdb.gimp_layer_add_mask(layer, mask)
    pdb.gimp_context_set_foreground((0, 0, 0))
    pdb.gimp_context_set_background((255, 255, 255))
    pdb.gimp_edit_blend(mask, FG_BG_RGB_MODE, NORMAL_MODE, GRADIENT_LINEAR, 100, 0, REPEAT_NONE,
                        False, False, 0, 0, False, 0, 0, 30, 20)  # fmt: skip
    reported = pdb.gimp_layer_get_apply_mask(layer), pdb.gimp_layer_get_show_mask(layer)
    pdb.gimp_layer_remove_mask(layer, MASK_APPLY)
    return reported, image.active_layer.name


@script("rgb", "rgba", "gray")
def groups(case):
    """Layers into a group, and walking through all of them."""
    image = case.image
    group = pdb.gimp_layer_group_new(image)
    group.name = "group"
    pdb.gimp_image_insert_layer(image, group, None, 0)
    for layer in list(image.layers)[1:]:
        pdb.gimp_image_reorder_item(image, layer, group, 0)

    def walk(layers):
        results = []
        for one in layers:
            results.append(one.name)
            if pdb.gimp_item_is_group(one):
                results.append(walk(one.layers))
        return results

    reported = (
        walk(image.layers),
        len(group.children),
        group.mode,
        pdb.gimp_item_get_children(group)[0],
    )
    image.merge_visible_layers(CLIP_TO_BOTTOM_LAYER)
    return reported


@script()
def slices(case):
    """Guides, and the parts between them as images of their own."""
    image = case.image
    for position in (8, 20):
        image.add_vguide(position)
    image.add_hguide(12)
    guide, result = 0, []
    while True:
        guide = image.find_next_guide(guide)
        if guide == 0:
            break
        result.append((image.get_guide_orientation(guide), image.get_guide_position(guide)))
    copy = pdb.gimp_image_duplicate(image)
    pdb.gimp_image_crop(copy, 12, 12, 8, 0)
    reported = copy.width, copy.height, copy.layers[0].offsets, len(copy.layers)
    pdb.gimp_image_delete(copy)
    return sorted(result), reported


@script("rgb", "rgba", "gray", "selection")
def copied(case):
    """Copy and paste within an image and into a new one."""
    image, layer = case.image, case.layer
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 4, 4, 12, 9)
    reported = [pdb.gimp_edit_copy(layer)]
    floating = pdb.gimp_edit_paste(layer, False)
    pdb.gimp_layer_set_offsets(floating, 20, 12)
    pdb.gimp_floating_sel_to_layer(floating)
    made = pdb.gimp_edit_paste_as_new()
    reported += [made.width, made.height, made.layers[0].type, floating.name]
    pdb.gimp_image_delete(made)
    pdb.gimp_edit_named_copy(layer, "buffer")
    pasted = pdb.gimp_edit_named_paste(layer, "buffer", True)
    pdb.gimp_floating_sel_anchor(pasted)
    pdb.gimp_buffer_delete("buffer")
    return reported


@script("rgb", "rgba")
def channels(case):
    """The selection kept in channels, combined and taken back."""
    image = case.image
    pdb.gimp_image_select_ellipse(image, CHANNEL_OP_REPLACE, 2, 2, 20, 16)
    one = pdb.gimp_selection_save(image)
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 10, 8, 20, 12)
    two = pdb.gimp_selection_save(image)
    pdb.gimp_channel_combine_masks(one, two, CHANNEL_OP_SUBTRACT, 0, 0)
    pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, one)
    pdb.gimp_selection_feather(image, 3)
    pdb.gimp_edit_clear(case.layer)
    reported = pdb.gimp_selection_bounds(image), [each.name for each in image.channels]
    image.remove_channel(two)
    return reported


@script("rgb", "rgba", "gray")
def paths(case):
    """A path drawn with a brush, and made a selection."""
    image, layer = case.image, case.layer
    path = pdb.gimp_vectors_new(image, "wave")
    pdb.gimp_image_insert_vectors(image, path, None, -1)
    points = []
    for step in range(4):
        x, y = 4.0 + step * 9, 12.0 + 6 * math.sin(step)
        points += [x - 2, y, x, y, x + 2, y]
    stroke = pdb.gimp_vectors_stroke_new_from_points(path, 0, len(points), points, False)
    pdb.gimp_vectors_stroke_translate(path, stroke, 1, 1)
    length = pdb.gimp_vectors_stroke_get_length(path, stroke, 0.1)
    pdb.gimp_image_select_item(image, CHANNEL_OP_REPLACE, path)
    bounds = pdb.gimp_selection_bounds(image)
    pdb.gimp_edit_fill(layer, BACKGROUND_FILL)
    pdb.gimp_selection_none(image)
    reported = (
        length,
        bounds,
        pdb.gimp_image_get_vectors(image)[0],
        image.vectors[0].strokes[0].points,
    )
    image.active_vectors = path
    pdb.gimp_image_remove_vectors(image, path)
    return reported


@script("rgb", "rgba")
def tinted(case):
    """Colour tools one after the other, as photo filters do."""
    image, layer = case.image, case.layer
    pdb.gimp_desaturate_full(layer, DESATURATE_LUMINOSITY)
    pdb.gimp_color_balance(layer, SHADOWS, True, 20, 0, -20)
    pdb.gimp_color_balance(layer, HIGHLIGHTS, False, 10, 5, -30)
    pdb.gimp_curves_spline(layer, HISTOGRAM_VALUE, 8, [0, 0, 64, 50, 190, 210, 255, 255])
    pdb.gimp_hue_saturation(layer, ALL_HUES, 10, 0, 20)
    pdb.gimp_brightness_contrast(layer, 10, 15)
    pdb.plug_in_unsharp_mask(image, layer, 2, 0.4, 0)
    return [round(one, 1) for one in pdb.gimp_histogram(layer, HISTOGRAM_VALUE, 0, 255)[:2]]


@script("rgb", "rgba")
def threshold_layers(case):
    """One black and white layer for each of several thresholds."""
    image, layer = case.image, case.layer
    for number in range(3):
        copy = pdb.gimp_layer_copy(layer, False)
        pdb.gimp_image_insert_layer(image, copy, None, 0)
        pdb.gimp_item_set_name(copy, "level %d" % number)
        pdb.gimp_threshold(copy, 60 + 60 * number, 255)
        pdb.gimp_item_set_visible(copy, number % 2 == 0)
    return [(one.name, one.visible) for one in image.layers]


@script("rgb", "rgba", "gray", "indexed")
def saved(case):
    """Saves as PNG, JPEG and XCF, and opens them again."""
    image, layer, reported = case.image, case.layer, []
    start = case.FILE
    pdb.file_png_save(image, layer, start + ".png", start + ".png", 0, 9, 1, 1, 1, 1, 1)
    pdb.file_png_save_defaults(image, layer, start + "2.png", "raw")
    pdb.gimp_file_save(image, layer, start + "3.png", start + "3.png")
    pdb.gimp_xcf_save(0, image, layer, start + ".xcf", start + ".xcf")
    names = [".png", "2.png", "3.png", ".xcf"]
    if case.kind != "indexed":
        pdb.file_jpeg_save(image, layer, start + ".jpg", start, 0.9, 0, 1, 0, "hello", 2, 1, 0, 0)
        names += [".jpg"]
    for name in names:
        opened = pdb.gimp_file_load(start + name, start + name)
        first = opened.layers[0]
        reported.append(
            [
                name,
                opened.filename is None,
                opened.width,
                opened.height,
                opened.base_type,
                len(opened.layers),
            ]
        )
        if name.endswith("png"):
            width, height = first.width, first.height
            region = first.get_pixel_rgn(0, 0, width, height, False, False)
            reported.append(list(bytearray(region[0:width, 0:height])))
        pdb.gimp_image_delete(opened)
        os.remove(start + name)
    return reported


@script("rgb", "rgba")
def loaded(case):
    """Opens a file by its format's own procedure, and as a layer."""
    image, start = case.image, case.FILE
    pdb.file_png_save2(image, case.layer, start + ".png", "", 0, 9, 0, 0, 0, 0, 0, 0, 1)
    opened = pdb.file_png_load(start + ".png", start + ".png")
    reported = [opened.width, os.path.basename(opened.filename)]
    pdb.gimp_image_delete(opened)
    layer = pdb.gimp_file_load_layer(image, start + ".png")
    layer.name = "loaded"
    pdb.gimp_image_insert_layer(image, layer, None, 0)
    os.remove(start + ".png")
    return reported


@script("rgb")
def indexed_and_back(case):
    """A palette set by hand."""
    image = gimp.Image(8, 4, INDEXED)
    image.colormap = struct.pack("9B", 0, 0, 0, 255, 0, 0, 0, 0, 255)
    layer = gimp.Layer(image, "i", 8, 4, INDEXED_IMAGE, 100, NORMAL_MODE)
    image.add_layer(layer, 0)
    region = layer.get_pixel_rgn(0, 0, 8, 4, True, False)
    region[0:8, 0:4] = bytes(bytearray([0, 1, 2, 1] * 8))
    layer.flush()
    reported = list(bytearray(image.colormap)), list(layer.get_pixel(1, 0)), layer.bpp
    pdb.gimp_image_convert_rgb(image)
    layer = gimp._id2drawable(layer.ID)
    reported += (list(layer.get_pixel(1, 0)), list(layer.get_pixel(2, 0)), layer.type)
    pdb.gimp_image_delete(image)
    return reported


@script("rgba")
def kept(case):
    """Data with an image, a layer, GIMP, and in the shelf."""
    import gimpshelf

    image, layer = case.image, case.layer
    image.attach_new_parasite("one", 0, "a,b")
    layer.attach_new_parasite("two", 1, "c")
    image.parasite_attach(gimp.Parasite("three", 1, "d"))
    pdb.gimp_image_attach_parasite(image, gimp.Parasite("four", 0, "e"))
    result = image.parasite_find("one")
    reported = [result.name, result.flags, str(result.data).split(","), result.is_persistent]
    reported += [sorted(image.parasite_list()), layer.parasite_list()]
    reported += [pdb.gimp_image_get_parasite_list(image)[0], image.parasite_find("none")]
    image.parasite_detach("one")
    gimp.set_data("oracle", "xyz")
    reported += [str(gimp.get_data("oracle")), len(image.parasite_list())]
    gimpshelf.shelf["oracle"] = {"a": [1, 2]}
    reported += [gimpshelf.shelf["oracle"]["a"], gimpshelf.shelf.has_key("nothing")]
    return reported


@script("rgba")
def contexts(case):
    """Settings that are pushed, changed, used and popped."""
    pdb.gimp_context_push()
    pdb.gimp_context_set_defaults()
    pdb.gimp_context_set_opacity(40)
    pdb.gimp_context_set_paint_mode(LAYER_MODE_NORMAL)
    pdb.gimp_context_set_foreground(gimpcolor.RGB(1.0, 0.5, 0.0))
    pdb.gimp_context_set_feather(True)
    pdb.gimp_context_set_feather_radius(2, 2)
    pdb.gimp_image_select_rectangle(case.image, CHANNEL_OP_REPLACE, 5, 5, 15, 10)
    pdb.gimp_edit_fill(case.layer, FOREGROUND_FILL)
    reported = pdb.gimp_context_get_opacity(), pdb.gimp_context_get_foreground()
    pdb.gimp_context_pop()
    return reported, pdb.gimp_context_get_foreground(), gimp.get_background()


@script("rgba")
def colors(case):
    """Colours compared, converted and taken apart."""
    one = gimpcolor.RGB(200, 100, 50)
    hsv, hsl = one.to_hsv(), one.to_hsl()
    reported = [
        one.r,
        one[0],
        one[0:3],
        tuple(one),
        one.luminance(),
        hsv.h,
        hsv[0:3],
        hsl.l,
        hsl[0],
    ]
    two = one.copy()
    two.r = 0.1
    two.set_alpha(0.5)
    reported += [two.r, two.a, one == gimpcolor.RGB(200, 100, 50), one == two]
    reported += [tuple(gimpcolor.rgb_parse_hex("#ff8001")), tuple(gimpcolor.rgb_parse_name("red"))]
    reported += [tuple(gimpcolor.HSV(120, 100, 50).to_rgb())]
    return reported


@script()
def turned(case):
    """Turned, mirrored and bent."""
    image, layer = case.image, case.layer
    layer = pdb.gimp_item_transform_rotate_simple(layer, ROTATE_90, True, 0, 0)
    layer = pdb.gimp_item_transform_flip_simple(layer, ORIENTATION_HORIZONTAL, True, 0)
    reported = layer.offsets, layer.width, layer.height
    if pdb.gimp_layer_is_floating_sel(layer):
        pdb.gimp_floating_sel_anchor(layer)
    pdb.gimp_image_resize_to_layers(image)
    return reported, image.width, image.height


@script("rgb", "rgba", "gray")
def halves(case):
    """Sizes that come out of divisions, as fractions."""
    image = case.image
    pdb.gimp_image_scale(image, image.width / 2.0, image.height / 2.0)
    layer = gimp.Layer(image, "half", int(image.width / 2.0), 5, case.layer.type, 100.0, 0)
    image.add_layer(layer, 0)
    layer.set_offsets(3, 2)
    pdb.gimp_drawable_fill(layer, WHITE_FILL)
    pdb.gimp_layer_resize(layer, 10.6, 7.2, 1, 1)
    return layer.width, layer.height, layer.offsets


@script("rgba")
def refused(case):
    """What GIMP 2.10 does not take."""
    reported = []
    for call in (
        lambda: pdb.gimp_layer_set_opacity(case.layer, 150.0),
        lambda: pdb.gimp_image_remove_layer(case.image, gimp.Layer(case.image, "x", 5, 5)),
        lambda: pdb.gimp_file_load("/nowhere/at/all.png", "x"),
        lambda: pdb.gimp_image_merge_down(case.image, case.image.layers[-1], 0),
        lambda: pdb.gimp_image_select_rectangle(case.image, 2, 1, 1, 0, 0),
        lambda: pdb.gimp_context_set_brush("no such brush"),
    ):
        try:
            call()
            reported.append("taken")
        except RuntimeError:
            reported.append("refused")
    return reported
