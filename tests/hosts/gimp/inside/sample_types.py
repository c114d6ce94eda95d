#!/usr/bin/env python
# SPDX-License-Identifier: Apache-2.0
"""A plug-in with every PF_ type, which writes down what its dialog gave. FOLDER: where."""

import json
import os

from gimpfu import *

NAMES = [
    "integer", "short", "byte", "float", "string", "value", "text", "toggle", "slider", "spinner",
    "fraction", "color", "font", "brush", "pattern", "gradient", "palette", "radio", "option",
    "file", "filename", "dirname", "image", "layer", "channel", "drawable", "vectors",
]  # fmt: skip


def types(*values):
    """Writes the values down; things in GIMP by their names."""
    reported = {}
    for name, value in zip(NAMES, values):
        if isinstance(value, gimpcolor.RGB):
            value = tuple(value)
        reported[name] = getattr(value, "name", value)
    with open(os.path.join(os.environ["FOLDER"], "types.json"), "w") as out:
        out.write(json.dumps(reported))
    gimp.progress_init("Writing")
    gimp.progress_update(0.5)


register(
    "sample_types",
    "Asks for everything that a plug-in can ask for",
    "",
    "",
    "",
    "2026",
    "_Types...",
    "",
    [
        (PF_INT, "integer", "_Integer", 12),
        (PF_INT16, "short", "Short", 300),
        (PF_INT8, "byte", "Byte", 999),
        (PF_FLOAT, "float", "_Float", 0.05),
        (PF_STRING, "string", "String", "some text"),
        (PF_VALUE, "value", "Value", "7"),
        (PF_TEXT, "text", "Text", "two\nlines"),
        (PF_TOGGLE, "toggle", "Toggle", True),
        (PF_SLIDER, "slider", "Slider", 150, (0, 100, 0.25)),
        (PF_SPINNER, "spinner", "Spinner", 3, (0, 20, 1)),
        (PF_ADJUSTMENT, "fraction", "Fraction", 0.5, (0, 1, 0.05)),
        (PF_COLOR, "color", "Color", (200, 100, 50)),
        (PF_FONT, "font", "Font", "No Such Font"),
        (PF_BRUSH, "brush", "Brush", "none"),
        (PF_PATTERN, "pattern", "Pattern", None),
        (PF_GRADIENT, "gradient", "Gradient", "FG to BG (RGB)"),
        (PF_PALETTE, "palette", "Palette", ""),
        (PF_RADIO, "radio", "Radio", "b", (("First", "a"), ("Second", "b"), ("Third", "c"))),
        (PF_OPTION, "option", "Option", 1, ("One", "Two", "Three")),
        (PF_FILE, "file", "File", "/etc/hostname"),
        (PF_FILENAME, "filename", "File name", "/tmp/new.png"),
        (PF_DIRNAME, "dirname", "Folder", "/no/such/folder"),
        (PF_IMAGE, "image", "Image", None),
        (PF_LAYER, "layer", "Layer", None),
        (PF_CHANNEL, "channel", "Channel", None),
        (PF_DRAWABLE, "drawable", "Drawable", None),
        (PF_VECTORS, "vectors", "Path", None),
    ],
    [],
    types,
    menu="<Toolbox>/Xtns/Samples",
)

main()
