# SPDX-License-Identifier: Apache-2.0
"""Calls what GIMP 3 has no more and prints what gimpfu says to it."""

import os
import sys

sys.path.insert(0, os.environ["GIMPFU"])

from gimpfu import *

image = gimp.Image(4, 4, RGB)
layer = image.new_layer("layer")


def link():
    layer.linked = True


for call in (
    lambda: pdb.plug_in_ccanalyze(image, layer),
    lambda: gimp.install_temp_proc("name"),
    link,
):
    try:
        call()
    except gimp.error as why:
        sys.stderr.write("%s\n" % why)
