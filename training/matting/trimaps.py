# SPDX-License-Identifier: Apache-2.0
"""Trimaps as people paint them and coarse alphas as small networks make them, from a true alpha."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from . import fields

KNOWN = 0.02
"""How far from 0 or 1 an alpha may be and still count as certain."""


def reach(alpha: np.ndarray) -> np.ndarray:
    """Distance in pixels, float32 (H, W), to the nearest place that is neither clearly 0 nor 1.

    An edge between a 0 and a 1 counts as such a place.
    """
    high = alpha > 0.5
    step = np.zeros(alpha.shape, bool)
    step[:, 1:] |= high[:, 1:] != high[:, :-1]
    step[1:] |= high[1:] != high[:-1]
    soft = (alpha > KNOWN) & (alpha < 1 - KNOWN) | step
    if not soft.any():
        return np.full(alpha.shape, 255, np.float32)
    return np.asarray(ndimage.distance_transform_edt(~soft), np.float32).clip(0, 255)


def paint(rng: np.random.Generator, alpha: np.ndarray, width: tuple[float, float]) -> np.ndarray:
    """A trimap, uint8 0/128/255, whose band reaches `width` (least, most) pixels past the edge.

    The margin varies along the edge, and islands of certainty smaller than a brush are painted
    over, as nobody paints those between hairs.
    """
    size = alpha.shape[0]
    near, far = np.sort(np.exp(rng.uniform(np.log(width[0]), np.log(width[1]), 2)))
    margin = near + (far - near) * fields.smooth(rng, size, int(rng.integers(1, 6)))
    known = reach(alpha) > margin
    brush = rng.uniform(0, 1.5) * near
    if brush > 1:
        sure = ndimage.distance_transform_edt(known) > brush
        known = ndimage.distance_transform_edt(~sure) <= brush if sure.any() else sure
    trimap = np.full(alpha.shape, 128, np.uint8)
    trimap[known & (alpha > 0.5)] = 255
    trimap[known & (alpha <= 0.5)] = 0
    return trimap


def guess(rng: np.random.Generator, alpha: np.ndarray) -> np.ndarray:
    """A coarse alpha, float32 (H, W) in [0, 1], as a low-resolution segmentation would give it.

    Blurred, sharpened by a sigmoid, displaced, its fine strands missing or swollen.
    """
    size = alpha.shape[0]
    cell = np.exp(rng.uniform(np.log(2), np.log(12)))  # pixels to one of the network's
    soft = alpha
    if rng.random() < 0.5:  # what is finer than a cell is lost
        soft = ndimage.grey_opening(soft, size=(int(cell) | 1, int(cell) | 1))
    soft = fields.blur(soft, cell * rng.uniform(0.4, 1.2))
    gain = np.exp(rng.uniform(np.log(5), np.log(16)))
    level = rng.uniform(0.3, 0.7) + 0.3 * (fields.smooth(rng, size, 6) - 0.5)
    soft = 1 / (1 + np.exp(-gain * (soft - level)))
    shift = rng.normal(size=2) * cell * 0.3
    few = max(8, round(size / cell))
    grid = np.linspace(0, size - 1, few)
    coarse = ndimage.map_coordinates(
        soft, np.meshgrid(grid + shift[0], grid + shift[1], indexing="ij"), order=1, mode="nearest"
    )
    places = np.linspace(0, few - 1, size)
    fine = ndimage.map_coordinates(coarse, np.meshgrid(places, places, indexing="ij"), order=1)
    return np.asarray(fine, np.float32).clip(0, 1)


def around(rng: np.random.Generator, coarse: np.ndarray) -> np.ndarray:
    """The trimap an engine would build from a coarse alpha: certain only away from its edge."""
    low, high = rng.uniform(0.02, 0.15), rng.uniform(0.85, 0.98)
    unsure = (coarse > low) & (coarse < high)
    margin = np.exp(rng.uniform(np.log(2), np.log(24)))
    band = ndimage.distance_transform_edt(~unsure) <= margin if unsure.any() else unsure
    return np.where(band, 128, np.where(coarse > 0.5, 255, 0)).astype(np.uint8)
