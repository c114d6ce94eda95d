# SPDX-License-Identifier: Apache-2.0
"""Runs a matting method where a trimap is unknown, and nowhere else, in tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..cutout import Progress
from ..imaging.depth import to_unit
from ..imaging.resize import Upsampled
from ..imaging.tile_workers import for_each_tile
from ..imaging.tiles import Tile, plan
from . import upsample
from .haze import without_haze
from .methods import Decide, Method
from .trimap import unknown_region

_TILE = 768
"""Of upsampling, in full pixels; about as fast from 512 to 1024."""

_SHARE_OF_FIRST = 0.8
"""Of the progress, where what a method decided is upsampled after it."""


def matte_unknown(
    image: np.ndarray,
    trimap: np.ndarray,
    coarse: Upsampled | None,
    method: Method,
    progress: Progress,
    threads: int | None,
) -> np.ndarray:
    """Alpha float32 (H, W): what `method` says in the unknown region, exactly 0 and 1 elsewhere.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1|3) uint8, uint16 or float32.
    trimap : numpy.ndarray
        Uint8 (H, W), 0, 128, 255.
    coarse : Upsampled or None
        A first guess of alpha, if there is one.
    method : Method
        What decides it.
    progress : Progress
        May raise to stop.
    threads : int or None
        How many at a time; None follows the machine.

    Returns
    -------
    numpy.ndarray
    """
    unknown = unknown_region(trimap)
    if not unknown.any():
        return to_unit(trimap)
    blind = coarse is None
    halo = method.halo if blind else method.coarse_halo
    most = method.max_pixels if blind else min(method.max_pixels, method.coarse_pixels)
    factor = math.ceil(math.sqrt(trimap.size / most)) or 1
    small, known = upsample.downsample(image, trimap, factor) if factor > 1 else (image, trimap)
    guess = None if coarse is None else Upsampled(coarse.values, *known.shape)
    share = _SHARE_OF_FIRST if method.guided_upsampling else 1.0

    def first(stage: str, fraction: float) -> None:
        progress(stage, fraction * share)

    def last(stage: str, fraction: float) -> None:
        progress(stage, share + fraction * (1 - share))

    tiles = plan(unknown_region(known), method.tile, halo, method.multiple)
    decide = method.prepare(small, known, guess)
    alpha = _decided(known, decide, tiles, first, method.workers(threads))
    if guess is not None:
        alpha = without_haze(alpha, unknown_region(known), guess)
    if not method.guided_upsampling:
        return alpha
    effort = upsample.AFTER_TRIMAP if blind else upsample.AFTER_COARSE
    upsampled = upsample.prepare(small, known, alpha, image, factor, effort)
    return _decided(trimap, upsampled, plan(unknown, _TILE, 0), last, threads)


def _decided(
    trimap: np.ndarray,
    decide: Decide,
    tiles: Sequence[Tile],
    progress: Progress,
    threads: int | None,
) -> np.ndarray:
    alpha, unknown = to_unit(trimap), unknown_region(trimap)

    def work(tile: Tile) -> None:
        where = unknown[tile.inner]
        alpha[tile.inner][where] = decide(tile.outer)[tile.crop][where]

    for_each_tile(tiles, work, "matting", progress, threads)
    return alpha
