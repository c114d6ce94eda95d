# SPDX-License-Identifier: Apache-2.0
"""Cut-outs with true alpha (`train/cutouts-*.tar`) as subjects for training and for measuring."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from training import shards

from .canvas import Subject

_SHARDS = ("train/cutouts-*.tar",)
_KEPT_APART = 6
"""One cut-out in so many, by a checksum of its name, is measured on and never trained on."""


def kept_apart(name: str) -> bool:
    """Whether a cut-out is for measuring only."""
    return zlib.crc32(name.encode()) % _KEPT_APART == 0


def read(data: Path, apart: bool) -> list[shards.Pair]:
    """The cut-outs for measuring (`apart`) or for training, decoded."""
    return [
        pair
        for path in shards.find_shards(data, _SHARDS)
        for pair in shards.read_pairs(path)
        if kept_apart(pair.name) == apart and _has_edge(pair)
    ]


def subject(rng: np.random.Generator, pair: shards.Pair, size: int) -> Subject:
    """A window of `size` pixels of one cut-out around its edge, enlarged or shrunk, and
    mirrored in half of the cases."""
    zoom = float(np.exp(rng.uniform(np.log(0.5), np.log(1.6))))
    side = size / zoom
    ys, xs = np.nonzero((pair.mask > 8) & (pair.mask < 247))
    k = rng.integers(len(ys))
    y, x = ys[k] - rng.uniform(0.2, 0.8) * side, xs[k] - rng.uniform(0.2, 0.8) * side
    margin = int(np.ceil(side))
    top, left = int(np.floor(y)), int(np.floor(x))
    # The window may reach beyond the cut-out: there is nothing there.
    mask = _window(np.pad(pair.mask, margin), top + margin, left + margin, side, size)
    around = ((margin, margin), (margin, margin), (0, 0))
    weighted = pair.image.astype(np.float32) * (pair.mask[..., None] / np.float32(255))
    color = np.stack(
        [
            _window(plane, top + margin, left + margin, side, size)
            for plane in np.moveaxis(np.pad(weighted, around), 2, 0)
        ],
        -1,
    )
    alpha = mask / 255
    foreground = (color / 255 + 5e-4) / (alpha[..., None] + 1e-3)
    if rng.random() < 0.5:
        alpha, foreground = alpha[:, ::-1], foreground[:, ::-1]
    alpha = np.where(alpha > 0.992, 1, np.where(alpha < 0.008, 0, alpha))
    return Subject(alpha.astype(np.float32), np.clip(foreground, 0, 1).astype(np.float32))


def _window(plane: np.ndarray, top: int, left: int, side: float, size: int) -> np.ndarray:
    picture = Image.fromarray(plane.astype(np.float32))
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR, box))


def _has_edge(pair: shards.Pair) -> bool:
    return bool(((pair.mask > 8) & (pair.mask < 247)).sum() > 50)
