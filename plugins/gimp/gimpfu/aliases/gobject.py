# SPDX-License-Identifier: GPL-3.0-or-later
"""Put beside a plug-in that imports `gobject` by itself: PyGTK's module of that name over GTK 3."""

import sys

from gimpfu import _pygtk

sys.modules[__name__] = _pygtk.modules()[__name__]
