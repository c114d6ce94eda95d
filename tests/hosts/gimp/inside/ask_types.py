# SPDX-License-Identifier: Apache-2.0
"""Opens the dialog of sample_types twice, with an image there; runs inside GIMP 3 on a screen."""

import os
import sys

sys.path[:0] = [os.environ["GIMPFU"]]

from gimpfu import *

image = gimp.Image(30, 20, RGB)
layer = gimp.Layer(image, "the layer", 30, 20, RGB_IMAGE, 100, NORMAL_MODE)
image.add_layer(layer, 0)
image.add_channel(gimp.Channel(image, "the channel", 30, 20, 50.0, (255, 0, 0)), 0)
pdb.gimp_image_insert_vectors(image, pdb.gimp_vectors_new(image, "the path"), None, 0)
reported = os.path.join(os.environ["FOLDER"], "types.json")
for number in (1, 2):
    pdb.python_fu_sample_types(run_mode=RUN_INTERACTIVE)
    os.rename(reported, reported.replace("types", "types-%d" % number))
