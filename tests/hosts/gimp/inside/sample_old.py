#!/usr/bin/env python
# SPDX-License-Identifier: Apache-2.0
"""A plug-in in the oldest style: its label holds the whole path, image and drawable are implied."""

import gimpenums
import gimpshelf
from gimpfu import *


def old_thing(image, drawable, count, size, text, path, folder, font, brush, gradient, amount,
              channel, vectors, layer):  # fmt: skip
    """Writes down what it got, so that both GIMPs can be compared."""
    reported = [
        image.width,
        drawable.name,
        count,
        size,
        text,
        path,
        folder,
        bool(font and brush and gradient),  # which there are is the machine's matter
        amount,
        channel.name if channel else None,
        vectors.name if vectors else None,
        layer.name,
        gimpenums.RGB_IMAGE == RGB_IMAGE,
    ]
    image.attach_new_parasite("told", 0, "|".join(str(one) for one in reported))
    gimpshelf.shelf["old"] = {"count": count}


register(
    "old_thing",
    "Does an old thing",
    "",
    "",
    "",
    "2009",
    "<Image>/Filters/Samples/_Old Thing...",
    "*",
    [
        (PF_SPINNER, "count", "Count", 3, (0, 20, 1)),
        (PF_ADJUSTMENT, "size", "Size", 1.5, (0, 10, 0.5)),
        (PF_TEXT, "text", "Text", "some\ntext"),
        (PF_FILENAME, "path", "File", ""),
        (PF_DIRNAME, "folder", "Folder", ""),
        (PF_FONT, "font", "Font", "Sans"),
        (PF_BRUSH, "brush", "Brush", "1. Pixel"),
        (PF_GRADIENT, "gradient", "Gradient", "FG to BG (RGB)"),
        (PF_FLOAT, "amount", "Amount", 0.25),
        (PF_CHANNEL, "channel", "Channel", None),
        (PF_VECTORS, "vectors", "Path", None),
        (PF_LAYER, "layer", "Layer", None),
    ],
    [],
    old_thing,
)

main()
