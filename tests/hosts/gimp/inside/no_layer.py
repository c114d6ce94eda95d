# SPDX-License-Identifier: Apache-2.0
"""Calls Remove Background on an image without layers: its sentence is printed by GIMP."""

import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *

try:
    remove(gimp.Image(20, 20, RGB))
except RuntimeError:
    pass
