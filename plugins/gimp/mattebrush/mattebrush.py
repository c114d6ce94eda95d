#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattebrush in GIMP 2.10 and 3: hands its entries to the GIMP that runs it.

What stands in the menus is in mattebrush_entries, what an entry does in mattebrush_actions. Pixels
are read and written by mattebrush_gimp3 or mattebrush_gimp210, the dialogs are mattebrush_dialog,
the engine is reached through mattebrush_client, and mattebrush_kit has what all hosts share.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from mattebrush_entries import ENTRIES

if sys.version_info[0] > 2:
    from mattebrush_register3 import main
else:
    from mattebrush_register210 import main

main(ENTRIES)
