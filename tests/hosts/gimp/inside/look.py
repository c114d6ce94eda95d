# SPDX-License-Identifier: Apache-2.0
"""Run inside GIMP 3's window: writes down what the first open image looks like now.

FOLDER (the window's environment): gets look.json, and mask.bin with the mask's bytes.
"""

import json
import os

from gi.repository import Gegl, Gimp

folder = os.environ["FOLDER"]
image = Gimp.get_images()[0]
layer = image.get_layers()[-1]
mask = layer.get_mask()
seen = {
    "layers": [one.get_name() for one in image.get_layers()],
    "mask": mask.get_id() if mask else 0,
    "editing": bool(mask and layer.get_edit_mask()),
    "dirty": image.is_dirty(),
    "parasites": list(layer.get_parasite_list()),
}
if mask:
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    with open(os.path.join(folder, "mask.bin"), "wb") as out:
        out.write(bytes(mask.get_buffer().get(whole, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)))
with open(os.path.join(folder, "look.json.new"), "w") as out:
    json.dump(seen, out)
os.rename(os.path.join(folder, "look.json.new"), os.path.join(folder, "look.json"))
