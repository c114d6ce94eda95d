# SPDX-License-Identifier: Apache-2.0
"""Matting without a network: the guided filter, iterated until the known areas have spread.

One pass of the color guided filter (He, Sun and Tang, "Guided Image Filtering", 2010) explains
alpha locally as a linear function of color. Repeated with the known pixels put back each time it
descends the matting Laplacian's energy with large windows (He, Sun and Tang, "Fast Matting Using
Large Kernel Matting Laplacian Matrices", 2010), here with momentum. All of that happens once, on
the whole picture at a small size; what goes up to full resolution are the coefficients of the
linear function (`linear`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from ..imaging.resize import Upsampled, box_means, of_blocks
from ..imaging.tiles import Window
from .linear import LocalLinearModel, on_window, stretch


@dataclasses.dataclass(frozen=True)
class Effort:
    """How long it tries. side: longest side of the small size. radius: a window has 2 radius + 1
    pixels a side. rounds: how often the filter runs. shrunk: least squares with a penalty, averaged
    over windows, answers with less contrast than there is: what comes out this near to 0 or 1 was 0
    or 1, and the rest is spread out again."""

    side: int
    radius: int
    rounds: int
    shrunk: float


AFTER_TRIMAP = Effort(448, 8, 40, 0.1)
"""At twice that size the windows are too small for what is known to reach the middle of a wide
unknown region: on alphamatting.com's trimap2 the error grows by a third."""

AFTER_COARSE = Effort(448, 8, 6, 0.1)

TRIMAP_DRAFT, COARSE_DRAFT = Effort(448, 8, 40, 0.08), Effort(224, 4, 3, 0.08)
"""For a network to go on from. After a coarse alpha more does not help it (`bench.choices`), and
one round is too few for the coarse alpha of a weaker network; what is to be the end needs six."""

_REGULARIZATION = 1e-5
_MOMENTUM = np.float32(0.8)
_CERTAIN = 0.999


def prepare(
    image: np.ndarray, trimap: np.ndarray, coarse: Upsampled | None, effort: Effort | None = None
) -> Callable[[Window], np.ndarray]:
    """Solves the small problem; returns what gives any window's alpha, float32 (h, w) in [0, 1].

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1|3) uint8, uint16 or float32.
    trimap : numpy.ndarray
        Uint8 (H, W).
    coarse : Upsampled or None
        Where to start in the unknown region; None starts from half.
    effort : Effort or None, optional
        How long to try; None has enough for what is asked for to be the end result.

    Returns
    -------
    Callable[[Window], numpy.ndarray]
        What gives any window's alpha, float32 (h, w) in [0, 1].
    """
    effort = effort or (AFTER_TRIMAP if coarse is None else AFTER_COARSE)
    factor = max(1, round(max(trimap.shape) / effort.side))
    color = np.ascontiguousarray(np.moveaxis(box_means(image, factor), 2, 0))
    # Only a block that is certain throughout is certain; its mean is then exactly 0 or 1.
    known = box_means(trimap, factor)
    start = known if coarse is None else Upsampled(coarse.values, *known.shape).whole()
    coefficients = [of_blocks(plane, factor) for plane in _solved(color, known, start, effort)]

    def window(at: Window) -> np.ndarray:
        return stretch(on_window(coefficients, at, image[at]), np.float32(effort.shrunk))

    return window


def _solved(color: np.ndarray, known: np.ndarray, start: np.ndarray, effort: Effort) -> np.ndarray:
    """Coefficients a (one a channel) and b of alpha = a . color + b, (C + 1, h, w) float32; zeros
    far from what is unknown."""
    foreground, background = known > _CERTAIN, known < 1 - _CERTAIN
    near = _around(~(foreground | background), 2 * effort.radius)
    whole = np.zeros((len(color) + 1, *known.shape), np.float32)
    color, start = color[:, near[0], near[1]], start[near]
    foreground, background = foreground[near], background[near]
    model = LocalLinearModel(color, effort.radius, _REGULARIZATION)

    def pinned(alpha: np.ndarray) -> np.ndarray:
        alpha[foreground], alpha[background] = 1, 0
        return alpha

    alpha = before = pinned(start.copy())
    for _ in range(effort.rounds):
        coefficients = model.fit(alpha)
        new = pinned(np.clip(model.apply(coefficients), 0, 1))
        alpha = np.clip(new + _MOMENTUM * (new - before), 0, 1)
        before = new
    whole[:, near[0], near[1]] = model.fit(before)
    return whole


def _around(unknown: np.ndarray, margin: int) -> Window:
    """What has a say in the unknown pixels: two windows around them, since what is known stays."""
    rows, columns = (
        _reach(np.flatnonzero(unknown.any(axis=axis)), unknown.shape[1 - axis], margin)
        for axis in (1, 0)
    )
    return rows, columns


def _reach(places: np.ndarray, size: int, margin: int) -> slice:
    if not places.size:
        return slice(0, size)
    return slice(max(int(places[0]) - margin, 0), min(int(places[-1]) + 1 + margin, size))
