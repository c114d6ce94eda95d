# SPDX-License-Identifier: Apache-2.0
"""Photographs as backgrounds and, from inside their masks, as textures for drawn subjects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from training import shards


class Photographs:
    """A random lot of photographs with masks, decoded and held in memory."""

    def __init__(self, data: Path, count: int, seed: int) -> None:
        """Takes `count` photographs from the training shards under `data`."""
        rng = np.random.default_rng(seed)
        paths = shards.find_shards(data, shards.TRAINING)
        rng.shuffle(paths)
        self._pairs: list[shards.Pair] = []
        for path in paths:
            self._pairs += [pair for pair in shards.read_pairs(path) if rng.random() < 0.6]
            if len(self._pairs) >= count:
                break
        self._pairs = self._pairs[:count]

    def background(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """A random window on a random photograph, (size, size, 3) float32 in [0, 1]."""
        pair = self._pick(rng)
        height, width = pair.mask.shape
        side = min(height, width) * rng.uniform(0.25, 1)
        x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
        return _window(pair.image, (x, y, x + side, y + side), size)

    def texture(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """A window inside the middle of what a photograph shows, (size, size, 3) in [0, 1]."""
        pair = self._pick(rng)
        height, width = pair.mask.shape
        ys, xs = np.nonzero(pair.mask > 127)
        if len(ys) == 0:
            return self.background(rng, size)
        side = float(np.clip(np.sqrt(len(ys)) * 0.7, 24, min(height, width)))
        x = float(np.clip(np.median(xs) - side / 2, 0, width - side))
        y = float(np.clip(np.median(ys) - side / 2, 0, height - side))
        return _window(pair.image, (x, y, x + side, y + side), size)

    def _pick(self, rng: np.random.Generator) -> shards.Pair:
        return self._pairs[rng.integers(len(self._pairs))]


def _window(image: np.ndarray, box: tuple[float, float, float, float], size: int) -> np.ndarray:
    picture = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC, box)
    return np.asarray(np.asarray(picture) / 255, np.float32)
