# SPDX-License-Identifier: Apache-2.0
"""Prints which of the plug-in's procedures this GIMP knows, and in GIMP 3 where its menus are."""

import os
import sys

sys.path.insert(0, os.environ["INSIDE"])

from pictures import *

for name in ("remove-background", "refine-mask", "clean-edge-colors", "cut-out-from-points",
             "background", "settings", "refine-options", "help", "split-into-objects"):  # fmt: skip
    if pdb.query("plug-in-mattebrush-" + name) not in ([], (), (0, ())):
        sys.stderr.write("KNOWN %s\n" % name)
    if sys.version_info[0] > 2:
        from gi.repository import Gimp

        procedure = Gimp.get_pdb().lookup_procedure("plug-in-mattebrush-" + name)
        for path in procedure.get_menu_paths() if procedure else []:
            sys.stderr.write("MENU %s %s\n" % (name, path))
