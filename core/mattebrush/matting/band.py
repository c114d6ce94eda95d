# SPDX-License-Identifier: Apache-2.0
"""Runs a matting method where a trimap is unknown, and nowhere else, in tiles."""

from __future__ import annotations

import numpy as np

from .. import tilework
from ..cutout import Progress
from ..depth import to_unit
from ..scaling import Stretched
from ..tiles import Tile, plan
from .methods import Method


def matte_band(
    image: np.ndarray,
    trimap: np.ndarray,
    coarse: Stretched | None,
    method: Method,
    progress: Progress,
    threads: int | None,
) -> np.ndarray:
    """Alpha float32 (H, W): what `method` says in the unknown band, exactly 0 and 1 elsewhere.

    image: (H, W, 1|3) uint8, uint16 or float32. trimap: uint8 (H, W), 0, 128, 255. coarse: a
    first guess of alpha, if there is one. progress: may raise to stop.
    """
    alpha = to_unit(trimap)
    unknown = (trimap != 0) & (trimap != 255)
    tiles = plan(unknown, method.tile, method.halo, method.multiple)
    if not tiles:
        return alpha
    decide = method.prepare(image, trimap, coarse)

    def work(tile: Tile) -> None:
        where = unknown[tile.inner]
        alpha[tile.inner][where] = decide(tile.outer)[tile.crop][where]

    tilework.each(tiles, work, "matting", progress, method.threads(threads))
    return alpha
