#!/usr/bin/env python
# SPDX-License-Identifier: Apache-2.0
"""A plug-in as people wrote them for GIMP 2.10, run unchanged by both GIMPs in the tests."""

from gimpfu import *


def stamp(image, drawable, amount, channel, title, twice, color):
    pdb.gimp_image_undo_group_start(image)
    gimp.progress_init("Stamping")
    width, height = drawable.width, drawable.height
    region = drawable.get_pixel_rgn(0, 0, width, height, True, False)
    data = bytearray(region[0:width, 0:height])
    for position in range(channel, len(data), region.bpp):
        data[position] = int(min(255, data[position] * amount + (10 if twice else 0)))
    region[0:width, 0:height] = bytes(data)
    drawable.flush()
    drawable.update(0, 0, width, height)
    gimp.progress_update(0.5)
    layer = gimp.Layer(image, title, 8, 6, RGBA_IMAGE, 50.0, LAYER_MODE_NORMAL)
    image.add_layer(layer, 0)
    gimp.context_push()
    gimp.set_foreground(color)
    layer.fill(FILL_FOREGROUND)
    gimp.context_pop()
    layer.set_offsets(3, 4)
    pdb.gimp_image_undo_group_end(image)
    gimp.displays_flush()
    return layer


register(
    "sample-stamp",
    "Stamps an image",
    "Scales one channel and adds a layer.",
    "The Mattebrush authors",
    "The Mattebrush authors",
    "2026",
    "_Stamp...",
    "RGB*",
    [
        (PF_IMAGE, "image", "Image", None),
        (PF_DRAWABLE, "drawable", "Drawable", None),
        (PF_SLIDER, "amount", "Amount", 0.5, (0.0, 2.0, 0.1)),
        (PF_OPTION, "channel", "Channel", 1, ["Red", "Green", "Blue"]),
        (PF_STRING, "title", "Title", "stamp"),
        (PF_TOGGLE, "twice", "Twice", True),
        (PF_COLOR, "color", "Colour", (255, 128, 0)),
    ],
    [(PF_LAYER, "layer", "New layer")],
    stamp,
    menu="<Image>/Filters/Samples",
)


def count(number, kind, title):
    if number > 100:
        fail("too many")
    return number * 2, "%s %s" % (kind, title)


register(
    "sample_count",
    "Counts",
    "",
    "",
    "",
    "2026",
    "Count",
    "",
    [
        (PF_INT, "number", "Number", 3),
        (PF_RADIO, "kind", "Kind", "b", (("First", "a"), ("Second", "b"))),
        (PF_STRING, "title", "Title", ""),
    ],
    [(PF_INT, "double", "Double"), (PF_STRING, "text", "Text")],
    count,
    menu="<Image>/Filters/Samples",
)

main()
