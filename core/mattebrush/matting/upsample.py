# SPDX-License-Identifier: Apache-2.0
"""Guided upsampling: what a network decided, perhaps at a smaller size, along the full picture's
colors.

A network knows edges as they look in pictures of its own size: hair that is many pixels wide, and
unknown regions wider than its receptive field, it decides worse at full size than at a smaller one,
and slower. And what it says is true in the mean but does not follow every hair. So a few rounds of
the guided filter (`guided`) start from its answer, and their linear functions of color hold at full
size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..imaging.depth import to_unit
from ..imaging.resize import box_means, of_blocks
from ..imaging.tiles import Window
from .linear import LocalLinearModel, on_window, stretch
from .trimap import BACKGROUND, FOREGROUND, UNKNOWN

_RADIUS = 8
_REGULARIZATION = 1e-5
ROUNDS, TRIMAP_ROUNDS = 1, 6
"""After a coarse alpha, and after a trimap alone, whose unknown region is wider."""

_SHRUNK = np.float32(0.05)
"""See `guided`; half as much is lost from an answer that was good before."""


def downsample(image: np.ndarray, trimap: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Picture, float32 (h, w, C) in 0..1, and trimap, uint8 (h, w), a whole `factor` smaller.

    A block with an unknown pixel is unknown. One that a certain edge goes through is not, else
    every edge of a large mask would be decided where a few pixels of it were asked for.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1 to 4), alpha last where there is one.
    trimap : numpy.ndarray
        (H, W): 0 background, 255 subject, between unknown.
    factor : int
        How many times smaller.

    Returns
    -------
    tuple[numpy.ndarray, numpy.ndarray]
    """
    open_pixels = (trimap == UNKNOWN).view(np.uint8) * np.uint8(255)
    known = np.where(box_means(trimap, factor) > 0.5, np.uint8(FOREGROUND), np.uint8(BACKGROUND))
    known[box_means(open_pixels, factor) > 0] = UNKNOWN
    return box_means(image, factor), known


def prepare(
    small: np.ndarray,
    trimap: np.ndarray,
    alpha: np.ndarray,
    image: np.ndarray,
    factor: int,
    rounds: int,
) -> Callable[[Window], np.ndarray]:
    """What gives any window's alpha of the full picture, float32 (h, w) in [0, 1].

    Parameters
    ----------
    small : numpy.ndarray
        Of `downsample`, or the full ones where `factor` is 1.
    trimap : numpy.ndarray
        Of `downsample`, or the full ones where `factor` is 1.
    alpha : numpy.ndarray
        Float32 (h, w), decided for them.
    image : numpy.ndarray
        The full picture.
    factor : int
        How many times smaller.
    rounds : int
        How often the filter runs.

    Returns
    -------
    Callable[[Window], numpy.ndarray]
    """
    reach = 2 * _RADIUS * rounds + 1  # two windows a round, and what lies between two pixels

    def window(at: Window) -> np.ndarray:
        crop = (
            _blocks(at[0], factor, reach, alpha.shape[0]),
            _blocks(at[1], factor, reach, alpha.shape[1]),
        )
        color = np.ascontiguousarray(np.moveaxis(to_unit(small[crop]), 2, 0))
        model = LocalLinearModel(color, _RADIUS, _REGULARIZATION)
        decided, unknown = alpha[crop], trimap[crop] == UNKNOWN
        smooth = decided
        for _ in range(rounds - 1):
            smooth = np.where(unknown, np.clip(model.apply(model.fit(smooth)), 0, 1), decided)
        coefficients = [of_blocks(plane, factor) for plane in model.fit(smooth)]
        inside = (_moved(at[0], crop[0].start * factor), _moved(at[1], crop[1].start * factor))
        return stretch(on_window(coefficients, inside, image[at]), _SHRUNK)

    return window


def _blocks(pixels: slice, factor: int, reach: int, size: int) -> slice:
    """The small picture's pixels that have a say in these of the full one."""
    return slice(
        max(pixels.start // factor - reach, 0), min(-(-pixels.stop // factor) + reach, size)
    )


def _moved(pixels: slice, start: int) -> slice:
    return slice(pixels.start - start, pixels.stop - start)
