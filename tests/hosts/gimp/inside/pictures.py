# SPDX-License-Identifier: Apache-2.0
"""Images for the tests inside GIMP; run by the scripts beside it, in both GIMPs.

FOLDER (environment): holds photo.png and wide.icc.
"""

import os
import sys

if sys.version_info[0] > 2:
    sys.path.insert(0, os.environ["GIMPFU"])

from gimpfu import *

FOLDER = os.environ["FOLDER"]
REPLACE, INTERSECT, ADD, KEEP = "replace", "intersect", "add", "keep"
PRECISIONS = {
    "u8-linear": 100,
    "u8": 150,
    "u16-linear": 200,
    "u16": 250,
    "u32-linear": 300,
    "u32": 350,
    "half-linear": 500,
    "half": 550,
    "float-linear": 600,
    "float": 650,
    "double-linear": 700,
    "double": 750,
}


def photo(precision="u8", alpha=False, mode=RGB):
    """The test's picture, its layer selected."""
    image = pdb.gimp_file_load(os.path.join(FOLDER, "photo.png"), "photo.png")
    if precision != "u8":
        pdb.gimp_image_convert_precision(image, PRECISIONS[precision])
    if mode == GRAY:
        pdb.gimp_image_convert_grayscale(image)
    if mode == INDEXED:
        pdb.gimp_image_convert_indexed(image, NO_DITHER, MAKE_PALETTE, 255, False, False, "")
    layer = image.layers[0]
    layer.name = "photo"
    if alpha:
        layer.add_alpha()
    image.active_layer = layer
    return image


def cut_out(image, existing=REPLACE, colors=False, paint=True):
    """Remove Background's arguments: model, edge detail, feather, shift, parts, hard..."""
    return (image, "", "auto", 0.0, 0.0, "all", False, colors, existing, paint)


def remove(image, **choices):
    """Remove Background as a script calls it."""
    pdb.plug_in_mattebrush_remove_background(*cut_out(image, **choices))


def refine(image):
    """Refine Mask as a script calls it."""
    pdb.plug_in_mattebrush_refine_mask(image, "auto", True)


def save(image, name):
    """Writes FOLDER/NAME.xcf and closes the image."""
    path = os.path.join(FOLDER, name + ".xcf")
    pdb.gimp_file_save(image, image.layers[0], path, path)
    pdb.gimp_image_delete(image)


def jobs_done():
    """How many jobs the engine was sent."""
    return len([name for name in os.listdir(os.path.join(FOLDER, "jobs")) if "request" in name])
