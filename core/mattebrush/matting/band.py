# SPDX-License-Identifier: Apache-2.0
"""Runs a matting method where a trimap is unknown, and nowhere else, in tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .. import tilework
from ..cutout import Progress
from ..depth import to_unit
from ..scaling import Stretched
from ..tiles import Tile, plan
from . import settled
from .methods import Decide, Method

_TILE = 768
"""Of settling, in full pixels; about as fast from 512 to 1024."""

_SHARE_OF_FIRST = 0.8
"""Of the progress, where what a method decided is settled after it."""


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
    unknown = _unknown(trimap)
    if not unknown.any():
        return to_unit(trimap)
    factor = 1 if method.pixels is None else math.ceil(math.sqrt(trimap.size / method.pixels))
    small, known = settled.shrunk(image, trimap, factor) if factor > 1 else (image, trimap)
    guess = None if coarse is None else Stretched(coarse.values, *known.shape)
    share = 1.0 if method.pixels is None else _SHARE_OF_FIRST

    def first(stage: str, fraction: float) -> None:
        progress(stage, fraction * share)

    def last(stage: str, fraction: float) -> None:
        progress(stage, share + fraction * (1 - share))

    tiles = plan(_unknown(known), method.tile, method.halo, method.multiple)
    decide = method.prepare(small, known, guess)
    alpha = _decided(known, decide, tiles, first, method.threads(threads))
    if method.pixels is None:
        return alpha
    rounds = settled.TRIMAP_ROUNDS if coarse is None else settled.ROUNDS
    settle = settled.prepare(small, known, alpha, image, factor, rounds)
    return _decided(trimap, settle, plan(unknown, _TILE, 0), last, threads)


def _decided(
    trimap: np.ndarray,
    decide: Decide,
    tiles: Sequence[Tile],
    progress: Progress,
    threads: int | None,
) -> np.ndarray:
    alpha, unknown = to_unit(trimap), _unknown(trimap)

    def work(tile: Tile) -> None:
        where = unknown[tile.inner]
        alpha[tile.inner][where] = decide(tile.outer)[tile.crop][where]

    tilework.each(tiles, work, "matting", progress, threads)
    return alpha


def _unknown(trimap: np.ndarray) -> np.ndarray:
    unknown: np.ndarray = (trimap != 0) & (trimap != 255)
    return unknown
