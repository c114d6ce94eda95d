# SPDX-License-Identifier: Apache-2.0
"""Where the edge is undecided: a trimap from a network's probability.

The unknown region is where the network doubts, in any of its looks: a second look decides what the
first left open, right or wrong. Into the subject it goes one of the network's own pixels further,
since it sees no finer than that; outward a little more, since fine hair is less than a pixel to it.
So it is wide at hair, where the probability falls slowly, narrow at hard edges, and in proportion
to the picture's size. It ends at a distance from the contour where the probability is one half:
deep inside a subject of which the network is unsure, half-transparent would be the one answer that
is surely wrong.
"""

from __future__ import annotations

import numpy as np

from ..imaging.depth import FULL
from ..imaging.morphology import dilated, neighborhood
from ..imaging.resize import Upsampled
from ..imaging.strips import strips

BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255
"""The values of a trimap, uint8."""

_DOUBT = 0.03
"""A probability nearer to 0 or 1 than this is believed."""

_UNSEEN = 0.01
"""How far beyond all doubt hair may stick out, as a share of the longer side. Measured in
`training/README.md`."""

_REACH_OUTWARD = 0.06
"""How far beyond the contour the unknown region may reach, as a share of the longer side: that is
long hair."""

_REACH_INWARD = 0.05
"""The same into the subject, where hair is dense soon. Less leaves fewer ghosts in subjects of
which the network is unsure, and more of the background between hairs."""

_ROWS = 256


def adaptive_trimap(
    probability: np.ndarray,
    height: int,
    width: int,
    side: int | None = None,
    first_look: np.ndarray | None = None,
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
    first_look : numpy.ndarray or None, optional
        Float32 (h, w), what the network said before it looked again, where it did.

    Returns
    -------
    numpy.ndarray
    """
    side = side or max(probability.shape)
    first = probability if first_look is None else first_look
    inside = probability > 0.5
    near = _near_contour(inside, side)
    least = np.where(near, np.minimum(probability, first), inside).astype(np.float32)
    most = np.where(near, np.maximum(probability, first), inside).astype(np.float32)
    for _ in range(1 + round(_UNSEEN * side)):
        most = neighborhood(most, np.maximum)
    lowest = Upsampled(neighborhood(least, np.minimum), height, width)
    highest = Upsampled(most, height, width)
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


def _near_contour(inside: np.ndarray, side: int) -> np.ndarray:
    near_subject = _spread(inside, _REACH_OUTWARD * side)
    return near_subject & _spread(~inside, _REACH_INWARD * side)


def _spread(area: np.ndarray, pixels: float) -> np.ndarray:
    for _ in range(round(pixels / 2)):
        area = dilated(area, 2)
    return area
