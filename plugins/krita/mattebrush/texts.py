# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the user's language. What all hosts say is the kit's; what only Krita's user reads is
translated in locale/LANGUAGE.po beside this file.
"""

from __future__ import annotations

import os
from pathlib import Path

from . import mattebrush_kit as kit
from .qt import QtCore

# Krita puts the language it was set to into the environment; macOS has none there.
kit.use_language(os.environ.get("LANGUAGE", "").split(":")[0] or QtCore.QLocale().name())

_ = kit.translator(str(Path(__file__).with_name("locale")))
