# SPDX-License-Identifier: Apache-2.0
"""Settings that cannot be written, then a run with those there were. FULL: a full folder."""

import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *

try:
    pdb.plug_in_mattebrush_settings("auto", "", "", "", "some-model", "auto", False)
except RuntimeError as why:
    sys.stderr.write("REFUSED %s\n" % why)
image = photo()
remove(image)
assert image.layers[0].mask is not None
sys.stderr.write("STILL WORKS\n")
