# SPDX-License-Identifier: Apache-2.0
"""Split Into Objects as a script calls it; runs in both GIMPs.

FOLDER (environment): holds three.png; gets XCF files and objects.json, what each step told.
"""

import json
import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *

reported = {}


def three(precision="u8"):
    path = os.path.join(FOLDER, "three.png")
    image = pdb.gimp_file_load(path, path)
    if precision != "u8":
        pdb.gimp_image_convert_precision(image, PRECISIONS[precision])
    image.layers[0].name = "farm"
    return image


def split(image, into, text=""):
    """Words, model, edge detail, feather, shift, hard, and what each becomes."""
    pdb.plug_in_mattebrush_split_into_objects(image, text, "", "auto", 0.0, 0.0, False, into)


for precision in ("u8", "u16"):
    image = three(precision)
    remove(image, paint=False)  # a mask of the layer's own stays there
    split(image, "layers")
    reported["selected " + precision] = image.active_layer.name
    save(image, "objects-" + precision)

image = three()
image.layers[0].set_offsets(-20, 15)
split(image, "channels")
reported["channels"] = [channel.name for channel in image.channels]
reported["channel row"] = [
    [channel.get_pixel(x, 145)[0] for x in range(image.width)] for channel in image.channels
]
reported["channels seen"] = [bool(channel.visible) for channel in image.channels]
pdb.gimp_image_delete(image)

image = three()
before = [layer.name for layer in image.layers]
try:
    split(image, "layers", "the dog")
    reported["words"] = "no failure"
except RuntimeError as why:
    reported["words"] = str(why)
reported["words: untouched"] = [layer.name for layer in image.layers] == before
pdb.gimp_image_delete(image)

with open(os.path.join(FOLDER, "objects.json"), "w") as out:
    json.dump(reported, out)
