# SPDX-License-Identifier: Apache-2.0
"""Opens every FOLDER/NAME.psd and saves it as FOLDER/NAME.xcf, in both GIMPs."""

import os
import sys

if sys.version_info[0] > 2:
    sys.path.insert(0, os.environ["GIMPFU"])

from gimpfu import *

for name in sorted(os.listdir(os.environ["FOLDER"])):
    if name.endswith(".psd"):
        source = os.path.join(os.environ["FOLDER"], name)
        saved = source[: -len("psd")] + "xcf"
        image = pdb.gimp_file_load(source, source)
        pdb.gimp_file_save(image, image.layers[0], saved, saved)
        pdb.gimp_image_delete(image)
