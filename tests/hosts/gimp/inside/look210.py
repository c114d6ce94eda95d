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

image = gimp.image_list()[0]
pixels.problem(image, [])  # regions are the plain bytes from here on
layer = image.layers[-1]
seen = {
    "layers": [one.name for one in image.layers],
    "mask": layer.mask.ID if layer.mask else 0,
    "editing": bool(layer.mask and layer.edit_mask),
    "dirty": bool(image.dirty),
    "parasites": list(layer.parasite_list()),
}
if layer.mask:
    with open(os.path.join(FOLDER, "mask.bin"), "wb") as out:
        out.write(pixels.read_mask(layer, 8).data)
with open(os.path.join(FOLDER, "look.json"), "w") as out:
    json.dump(seen, out)
