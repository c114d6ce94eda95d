# SPDX-License-Identifier: Apache-2.0
"""Removes the background of every kind of image and saves each; runs in both GIMPs.

FOLDER (environment): gets an XCF file for each case.
"""

import json
import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *


def case(name, image, **options):
    sys.stderr.write("case %s\n" % name)
    jobs[name] = jobs_done()
    remove(image, **options)
    assert jobs_done() == jobs[name] + 1
    save(image, name)


def gradient_mask(image):
    """A mask that is black on the left half, made without pixel access."""
    layer = image.layers[0]
    pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 0, 0, layer.width // 2, layer.height)
    mask = layer.create_mask(ADD_SELECTION_MASK)
    layer.add_mask(mask)
    pdb.gimp_selection_none(image)
    return image


jobs = {}
for number, name in enumerate(sorted(PRECISIONS)):
    case("rgb-" + name, photo(name, alpha=(number // 2 + number) % 2 == 1))
for name in ("u8", "u16", "float"):
    case("grey-" + name, photo(name, alpha=name == "u16", mode=GRAY))
case("indexed", photo(mode=INDEXED))
case("indexed-alpha", photo(mode=INDEXED, alpha=True))

for name in ("u8", "float"):
    image = photo(name)
    pdb.gimp_image_set_color_profile_from_file(image, "file://" + FOLDER + "/wide.icc")
    case("profile-" + name, image)

image = photo(alpha=True)
image.layers[0].set_offsets(-30, 25)
case("offset", image)

image = photo("u16")
group = gimp.GroupLayer(image, "group")
image.add_layer(group, 0)
inner = image.layers[1]
copied = inner.copy()
image.insert_layer(copied, group, 0)
image.remove_layer(inner)
image.active_layer = group
case("group", image)

case("replace", gradient_mask(photo()))
case("intersect", gradient_mask(photo()), existing=INTERSECT)
case("add", gradient_mask(photo("u16")), existing=ADD)

image = photo()
pdb.gimp_image_select_ellipse(image, CHANNEL_OP_REPLACE, 20, 5, 90, 80)
case("selection", image)

image = photo()
image.layers[0].set_offsets(-30, 25)
pdb.gimp_image_select_rectangle(image, CHANNEL_OP_REPLACE, 0, 30, 70, 50)
case("offset-selection", image)

for name in ("u8", "u16", "float-linear"):
    case("colors-" + name, photo(name, alpha=name == "u16"), colors=True)
image = photo("u8")
pdb.gimp_image_set_color_profile_from_file(image, "file://" + FOLDER + "/wide.icc")
case("colors-profile", image, colors=True)

with open(os.path.join(FOLDER, "cases.json"), "w") as out:
    json.dump(jobs, out)
