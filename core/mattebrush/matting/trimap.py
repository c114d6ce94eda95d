# SPDX-License-Identifier: Apache-2.0
"""Where the edge is undecided: a trimap from a network's probability.

The unknown region is where the network doubts, and one of its own pixels to either side, since it
sees no finer than that. So it is wide at hair, where the probability falls slowly, narrow at hard
edges, and in proportion to the picture's size. It ends at a distance from the contour where the
probability is one half: deep inside a subject of which the network is unsure, half-transparent
would be the one answer that is surely wrong.
"""

from __future__ import annotations

import numpy as np

from ..imaging.depth import FULL
from ..imaging.morphology import dilated, neighborhood
from ..imaging.resize import Upsampled
from ..imaging.strips import strips

BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255
"""The values of a trimap, uint8."""

_DOUBT = 0.05
"""A probability nearer to 0 or 1 than this is believed."""

_REACH_OUTWARD = 0.06
"""How far beyond the contour the unknown region may reach, as a share of the longer side: that is
long hair."""

_REACH_INWARD = 0.03
"""The same into the subject, where hair is dense soon: half of it leaves fewer ghosts."""

_ROWS = 256


def adaptive_trimap(
    probability: np.ndarray, height: int, width: int, side: int | None = None
) -> np.ndarray:
    """uint8 (height, width): 0 background, 128 unknown, 255 foreground.

    Parameters
    ----------
    probability : numpy.ndarray
        Float32 (h, w) in [0, 1] at the network's own resolution, covering the picture.
    height : int
        In pixels.
    width : int
        In pixels.
    side : int or None, optional
        The longer side, in cells, of the whole picture where this is a part of it.

    Returns
    -------
    numpy.ndarray
    """
    believed = _decided_far_from_contour(probability, side or max(probability.shape))
    lowest = Upsampled(neighborhood(believed, np.minimum), height, width)
    highest = Upsampled(neighborhood(believed, np.maximum), height, width)
    trimap = np.full((height, width), UNKNOWN, np.uint8)
    for rows in strips(height, width, _ROWS):
        window = (rows, slice(0, width))
        trimap[rows][lowest.window(window) > 1 - _DOUBT] = FOREGROUND
        trimap[rows][highest.window(window) < _DOUBT] = BACKGROUND
    return trimap


def from_plane(values: np.ndarray) -> np.ndarray:
    """A plane of any depth as a trimap: exactly 0 and full are certain, all else is unknown.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W).

    Returns
    -------
    numpy.ndarray
    """
    trimap = np.full(values.shape, UNKNOWN, np.uint8)
    trimap[values == 0] = BACKGROUND
    trimap[values == FULL[values.dtype]] = FOREGROUND
    return trimap


def unknown_region(trimap: np.ndarray) -> np.ndarray:
    """bool (H, W): where the trimap says neither background nor foreground.

    Parameters
    ----------
    trimap : numpy.ndarray
        (H, W): 0 background, 255 subject, between unknown.

    Returns
    -------
    numpy.ndarray
    """
    unknown: np.ndarray = (trimap != BACKGROUND) & (trimap != FOREGROUND)
    return unknown


def _decided_far_from_contour(probability: np.ndarray, side: int) -> np.ndarray:
    inside = probability > 0.5
    near_subject = _spread(inside, _REACH_OUTWARD * side)
    near_ground = _spread(~inside, _REACH_INWARD * side)
    return np.where(near_subject & near_ground, probability, inside.astype(np.float32))


def _spread(area: np.ndarray, pixels: float) -> np.ndarray:
    for _ in range(round(pixels / 2)):
        area = dilated(area, 2)
    return area
