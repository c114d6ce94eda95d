# SPDX-License-Identifier: Apache-2.0
"""Matting of a large picture at a smaller size, carried up to full size along its colours.

A network knows edges as they look in pictures of its own size: hair that is many pixels wide, and
bands wider than it can see, it decides worse at full size than at a smaller one, and slower. What
it decided there becomes a linear function of colour in windows of few pixels, and what such a
function leaves over is added.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..scaling import box_means, of_blocks
from ..tiles import Window
from .linear import LocalLinearModel, on_window
from .trimap import UNKNOWN

_RADIUS = 2
_REGULARISATION = 1e-4


def shrunk(image: np.ndarray, trimap: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Picture, float32 (h, w, C) in 0..1, and trimap, uint8 (h, w), a whole `factor` smaller.

    Only a block that is certain throughout is certain.
    """
    known = box_means(trimap, factor)
    rounding = 0.25 / factor**2  # half of what one unknown pixel makes
    small = np.full(known.shape, UNKNOWN, np.uint8)
    small[known < rounding], small[known > 1 - rounding] = 0, 255
    return box_means(image, factor), small


def carry_up(
    small: np.ndarray, alpha: np.ndarray, factor: int, image: np.ndarray
) -> Callable[[Window], np.ndarray]:
    """What gives any window's alpha of the full picture, float32 (h, w) in [0, 1].

    small: picture of `shrunk`. alpha: float32 (h, w), decided for it. image: the full picture.
    """

    def window(at: Window) -> np.ndarray:
        places = [_blocks(part, factor, size) for part, size in zip(at, alpha.shape, strict=True)]
        crop = (places[0], places[1])
        colour = np.ascontiguousarray(np.moveaxis(small[crop], 2, 0))
        model = LocalLinearModel(colour, _RADIUS, _REGULARISATION)
        fitted = model.fit(alpha[crop])
        left_over = alpha[crop] - model.apply(fitted)
        inside = (_moved(at[0], crop[0].start * factor), _moved(at[1], crop[1].start * factor))
        coefficients = [of_blocks(plane, factor) for plane in fitted]
        carried = on_window(coefficients, inside, image[at])
        carried += of_blocks(left_over, factor).window(inside)
        return np.clip(carried, 0, 1, out=carried)

    return window


def _blocks(pixels: slice, factor: int, size: int) -> slice:
    """The small picture's pixels that have a say in these of the full one."""
    reach = 2 * _RADIUS + 1  # two windows of the model, and what lies between two pixels
    return slice(
        max(pixels.start // factor - reach, 0), min(-(-pixels.stop // factor) + reach, size)
    )


def _moved(pixels: slice, start: int) -> slice:
    return slice(pixels.start - start, pixels.stop - start)
