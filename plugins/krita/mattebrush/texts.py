# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user reads that more than one module says; and the way to translations.

Translations are in locale/LANGUAGE/LC_MESSAGES/mattebrush.mo beside this file.
"""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import Any

_ = gettext.translation(
    "mattebrush", str(Path(__file__).with_name("locale")), fallback=True
).gettext

STAGES = {
    "start": _("Starting the engine"),
    "reading": _("Reading the layer"),
    "writing": _("Making the mask"),
    "segmentation": _("Finding the subject"),
    "trimap": _("Finding the edge"),
    "matting": _("Looking at the edge"),
    "retouch": _("Finishing the mask"),
    "decontamination": _("Cleaning the edge colors"),
    "waiting for the server": _("Waiting for the server"),
}
"""The engine's stages, and our own."""


def summary(report: dict[str, Any], seconds: float) -> str:
    """One run in a few words: models, device, seconds. `seconds` is the whole time the user saw."""
    by = [report.get(name) for name in ("model", "matting") if report.get(name)]
    words = [
        " + ".join(by),
        str(report.get("device", "")),
        _("%.1f s") % seconds,
    ]
    return " · ".join(word for word in words if word)
