# SPDX-License-Identifier: Apache-2.0
"""As look.py, in GIMP 2.10's window.

FOLDER (the window's environment): gets look.json, and mask.bin with the mask's bytes.
"""

import json
import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *

sys.path.insert(0, os.path.join(gimp.directory, "plug-ins", "mattebrush"))

from mattebrush_host import pixels


def mask_id(layer):
    mask = layer.mask
    return mask.ID if mask else 0


def mask_bytes(layer):
    return pixels.read_mask(layer, 8).data if layer.mask else b""


image = gimp.image_list()[0]
pixels.problem(image, [])  # regions are the plain bytes from here on
layer = image.layers[-1]
while True:
    mask = mask_id(layer)
    copy = pdb.gimp_image_duplicate(image)
    try:
        data = mask_bytes(copy.layers[-1])
    finally:
        pdb.gimp_image_delete(copy)
    if mask_id(layer) == mask and bool(mask) == bool(data):
        break
seen = {
    "layers": [one.name for one in image.layers],
    "mask": mask,
    "editing": bool(mask and layer.edit_mask),
    "dirty": bool(image.dirty),
    "parasites": list(layer.parasite_list()),
}
with open(os.path.join(FOLDER, "mask.bin"), "wb") as out:
    out.write(data)
with open(os.path.join(FOLDER, "look.json"), "w") as out:
    json.dump(seen, out)
