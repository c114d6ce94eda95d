# SPDX-License-Identifier: Apache-2.0
"""Mattebrush's engine: segmentation, matting and color decontamination.

    import mattebrush
    cutout = mattebrush.remove_background(image)      # image: (H, W, 3) uint8
    cutout.alpha, cutout.foreground, cutout.report

Names are loaded when first used, so that `import mattebrush` costs nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .cutout import Cutout, Report
    from .errors import MattebrushError
    from .library import decontaminate, matte, refine, remove, remove_background, segment
    from .options import Options, Point, Prompt

# onnxruntime's wheels from 1.29 on report to their maker unless this stands in the environment
# before they are imported (onnxruntime #27379). Here, since every entry passes here first, and so
# that child processes inherit it. Who has set it has decided otherwise.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "Cutout",
    "MattebrushError",
    "Options",
    "Point",
    "Prompt",
    "Report",
    "decontaminate",
    "matte",
    "refine",
    "remove",
    "remove_background",
    "segment",
]

_HOMES = {
    "Cutout": "cutout",
    "Report": "cutout",
    "MattebrushError": "errors",
    "Options": "options",
    "Point": "options",
    "Prompt": "options",
    "decontaminate": "library",
    "matte": "library",
    "refine": "library",
    "remove": "library",
    "remove_background": "library",
    "segment": "library",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
