# SPDX-License-Identifier: GPL-3.0-or-later
"""Put beside a plug-in that imports `gimpplugin` by itself: gimpfu's module of that name."""

import sys

import gimpfu

sys.modules[__name__] = gimpfu.gimpplugin
