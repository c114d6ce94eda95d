# SPDX-License-Identifier: Apache-2.0
"""Run inside GIMP 3's window: writes down what the first open image looks like now.

A plug-in may be putting another mask in the place of this one meanwhile, and a mask that has gone
has no pixels to read: they are those of a copy of the image, which GIMP makes in one step.

FOLDER (the window's environment): gets look.json, and mask.bin with the mask's bytes.
"""

import json
import os

from gi.repository import Gegl, Gimp


def mask_id(layer):
    mask = layer.get_mask()
    return mask.get_id() if mask else 0


def mask_bytes(layer):
    mask = layer.get_mask()
    if not mask:
        return b""
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    return bytes(mask.get_buffer().get(whole, 1.0, "Y u8", Gegl.AbyssPolicy.NONE))


folder = os.environ["FOLDER"]
image = Gimp.get_images()[0]
layer = image.get_layers()[-1]
while True:
    mask = mask_id(layer)
    copy = image.duplicate()
    try:
        data = mask_bytes(copy.get_layers()[-1])
    finally:
        copy.delete()
    if mask_id(layer) == mask and bool(mask) == bool(data):
        break
seen = {
    "layers": [one.get_name() for one in image.get_layers()],
    "mask": mask,
    "editing": bool(mask and layer.get_edit_mask()),
    "dirty": image.is_dirty(),
    "parasites": list(layer.get_parasite_list()),
}
with open(os.path.join(folder, "mask.bin"), "wb") as out:
    out.write(data)
with open(os.path.join(folder, "look.json.new"), "w") as out:
    json.dump(seen, out)
os.rename(os.path.join(folder, "look.json.new"), os.path.join(folder, "look.json"))
