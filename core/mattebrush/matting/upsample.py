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

import dataclasses
from collections.abc import Callable

import numpy as np

from ..imaging.resize import box_means, of_blocks
from ..imaging.tiles import Window
from .linear import LocalLinearModel, on_window, stretch
from .trimap import BACKGROUND, FOREGROUND, UNKNOWN

_REGULARIZATION = 1e-5


@dataclasses.dataclass(frozen=True)
class Effort:
    """How an answer is settled. rounds: how often the filter runs. radius: of its windows, in
    pixels of what was decided. shrunk: see `guided`. step: of a full picture that many pixels a
    side are taken together, in windows of as many fewer."""

    rounds: int
    radius: int
    shrunk: float
    step: int = 1


AFTER_COARSE = Effort(1, 4, 0.07, 2)
AFTER_TRIMAP = Effort(6, 8, 0.05, 2)
"""A trimap's unknown region is wider than what is left of a coarse alpha."""


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
    effort: Effort,
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
    effort : Effort
        How it is settled.

    Returns
    -------
    Callable[[Window], numpy.ndarray]
    """
    # What was decided at a smaller size has fewer pixels to take together already.
    step = effort.step if factor == 1 else 1
    radius = effort.radius // step
    reach = (2 * radius * effort.rounds + 1) * step  # two windows a round, and between two pixels

    def window(at: Window) -> np.ndarray:
        crop = (
            _blocks(at[0], factor, reach, alpha.shape[0], step),
            _blocks(at[1], factor, reach, alpha.shape[1], step),
        )
        color, decided = (box_means(values[crop], step) for values in (small, alpha))
        unknown = box_means((trimap[crop] == UNKNOWN).view(np.uint8), step) > 0
        planes = np.ascontiguousarray(np.moveaxis(color, 2, 0))
        model = LocalLinearModel(planes, radius, _REGULARIZATION)
        smooth = decided
        for _ in range(effort.rounds - 1):
            smooth = np.where(unknown, np.clip(model.apply(model.fit(smooth)), 0, 1), decided)
        coefficients = [of_blocks(plane, factor * step) for plane in model.fit(smooth)]
        inside = (_moved(at[0], crop[0].start * factor), _moved(at[1], crop[1].start * factor))
        return stretch(on_window(coefficients, inside, image[at]), np.float32(effort.shrunk))

    return window


def _blocks(pixels: slice, factor: int, reach: int, size: int, step: int) -> slice:
    """The small picture's pixels that have a say in these of the full one, from a multiple of
    `step`, so that every tile takes the same ones together."""
    first = max(pixels.start // factor - reach, 0)
    return slice(first // step * step, min(-(-pixels.stop // factor) + reach, size))


def _moved(pixels: slice, start: int) -> slice:
    return slice(pixels.start - start, pixels.stop - start)
