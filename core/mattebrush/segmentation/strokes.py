# SPDX-License-Identifier: Apache-2.0
"""What a user painted on a mask: where it differs from the one last answered.

Pure white and black are certain where the brush was full. Everything between, the brush's soft
rim and gray strokes alike, says "decide here".
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..imaging.depth import FULL, to_depth
from ..imaging.rect import Rect
from ..imaging.strips import strips

_ROWS = 1024


@dataclasses.dataclass(frozen=True)
class Strokes:
    """The strokes on a mask.

    window: the smallest rectangle around all of them; empty where there are none.
    keep, drop, decide: bool (h, w), of the window: painted white, painted black, painted with
        anything between.
    """

    window: Rect
    keep: np.ndarray
    drop: np.ndarray
    decide: np.ndarray

    def __bool__(self) -> bool:
        return self.window.width > 0


def find_strokes(mask: np.ndarray, previous: np.ndarray | None) -> Strokes:
    """The strokes on `mask` (H, W); none where `previous`, the mask before them, is not known.

    Parameters
    ----------
    mask, previous
        (H, W) uint8, uint16 or float32, in whichever depths; compared in that of the mask.

    Returns
    -------
    Strokes
    """
    nothing = np.zeros((0, 0), bool)
    if previous is None:
        return Strokes(Rect(0, 0, 0, 0), nothing, nothing, nothing)
    window = _painted_window(mask, previous)
    if window.width <= 0:
        return Strokes(Rect(0, 0, 0, 0), nothing, nothing, nothing)
    part = mask[window.slices]
    painted = part != to_depth(previous[window.slices], mask.dtype)
    keep, drop = painted & (part == FULL[mask.dtype]), painted & (part == 0)
    return Strokes(window, keep, drop, painted & ~keep & ~drop)


def _painted_window(mask: np.ndarray, previous: np.ndarray) -> Rect:
    """In strips, so that a large mask in another depth is not copied whole."""
    height, width = mask.shape
    rows, columns = np.zeros(height, bool), np.zeros(width, bool)
    for strip in strips(height, width, _ROWS):
        painted = mask[strip] != to_depth(previous[strip], mask.dtype)
        rows[strip] = painted.any(axis=1)
        columns |= painted.any(axis=0)
    y, x = np.flatnonzero(rows), np.flatnonzero(columns)
    if not y.size:
        return Rect(0, 0, 0, 0)
    return Rect(int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1)
