# SPDX-License-Identifier: Apache-2.0
"""Gives the first open image's layer a mask that the engine might have given it; in any GIMP.

FOLDER (the window's environment): holds damaged.bin, the mask's bytes.
"""

import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *

sys.path.insert(0, os.path.join(gimp.directory, "plug-ins", "mattebrush"))

import mattebrush_actions as actions
from mattebrush_client import Array
from mattebrush_host import pixels

image = gimp.image_list()[0]
pixels.problem(image, [])  # regions are the plain bytes from here on
layer = image.layers[-1]
with open(os.path.join(FOLDER, "damaged.bin"), "rb") as file:
    mask = Array(file.read(), (layer.height, layer.width), "uint8")
with actions.one_step(image):
    pixels.put_mask(layer, mask, True)
    actions.remember(layer)
