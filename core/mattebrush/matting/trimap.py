# SPDX-License-Identifier: Apache-2.0
"""Where the edge is undecided: a trimap from a network's probability.

The unknown band is where the network doubts, and one of its own pixels to either side, since it
sees no finer than that. So it is wide at hair, where the probability falls slowly, narrow at hard
edges, and in proportion to the picture's size. It ends at a distance from the contour where the
probability is one half: deep inside a subject of which the network is unsure, half-transparent
would be the one answer that is surely wrong.
"""

from __future__ import annotations

import numpy as np

from ..retouch import grown
from ..scaling import Stretched
from ..tiles import strips

UNKNOWN = 128
"""The trimap's value between background (0) and foreground (255)."""

_DOUBT = 0.05
"""A probability nearer to 0 or 1 than this is believed."""

_REACH_OUTWARD = 0.06
"""How far beyond the contour the band may reach, as a share of the longer side: long hair."""

_REACH_INWARD = 0.03
"""The same into the subject, where hair is dense soon: half of it leaves fewer ghosts."""

_ROWS = 256


def adaptive_trimap(probability: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 (height, width): 0 background, 128 unknown, 255 foreground.

    probability: float32 (h, w) in [0, 1] at the network's own resolution, covering the picture.
    """
    believed = _decided_far_from_contour(probability)
    lowest = Stretched(_ranked(believed, np.minimum), height, width)
    highest = Stretched(_ranked(believed, np.maximum), height, width)
    trimap = np.full((height, width), UNKNOWN, np.uint8)
    for rows in strips(height, _ROWS):
        window = (rows, slice(0, width))
        trimap[rows][lowest.window(window) > 1 - _DOUBT] = 255
        trimap[rows][highest.window(window) < _DOUBT] = 0
    return trimap


def _decided_far_from_contour(probability: np.ndarray) -> np.ndarray:
    inside = probability > 0.5
    side = max(probability.shape)
    near_subject = _spread(inside, _REACH_OUTWARD * side)
    near_ground = _spread(~inside, _REACH_INWARD * side)
    return np.where(near_subject & near_ground, probability, inside.astype(np.float32))


def _spread(area: np.ndarray, pixels: float) -> np.ndarray:
    for _ in range(round(pixels / 2)):
        area = grown(area, 2)
    return area


def _ranked(values: np.ndarray, choose: np.ufunc) -> np.ndarray:
    """The least or the greatest of each three by three neighbourhood."""
    padded = np.pad(values, 1, mode="edge")
    rows = choose(choose(padded[:-2], padded[1:-1]), padded[2:])
    return np.ascontiguousarray(choose(choose(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]))
