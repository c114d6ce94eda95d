# SPDX-License-Identifier: Apache-2.0
"""The development sets of the subject network, none of which it was trained on.

Whole photographs, close-ups cut from them, portraits, things before plain grounds, cut-outs over
photographs with their true alpha, and pictures with nothing in them. One set alone misleads:
subjects are small in it, or large, or always before the same ground.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.shards import DEVELOPMENT, Pair, find_shards, read_pairs
from training.subject.development import close_up
from training.subject.pictures import KINDS, kept_out

Sets = dict[str, list[Pair]]


def development_sets(data: Path, count: int = 0) -> Sets:
    """All sets by name; of each the first `count` pictures, or all where it is 0."""
    photographs = [p for s in find_shards(data, DEVELOPMENT) for p in read_pairs(s)]
    sets = {
        "photographs": photographs,
        "close-ups": [c for c in map(close_up, photographs) if c is not None],
        "portraits": held_out(data, "portrait"),
        "plain grounds": held_out(data, "plain"),
        "cut-outs": list(composed(held_out(data, "cutout"), photographs)),
        "nothing": [*held_out(data, "none"), *windows_beside(photographs), *flat_scenes()],
    }
    return {name: pairs[: count or len(pairs)] for name, pairs in sets.items() if pairs}


def held_out(data: Path, kind: str) -> list[Pair]:
    """The tenth of a kind of training picture that is kept for development."""
    shards = [path for pattern in KINDS[kind] for path in sorted(data.glob(pattern))]
    return [pair for shard in shards for pair in read_pairs(shard) if kept_out(pair.name)]


def composed(cutouts: list[Pair], photographs: list[Pair]) -> Iterator[Pair]:
    """Each cut-out before the part of a photograph that holds no subject, at half to nine tenths
    of its height, by a fixed draw; drawings as well as photographs."""
    draws = np.random.default_rng(7)
    grounds = [window.image for window in windows_beside(photographs)]
    for pair in cutouts:
        ground = Image.fromarray(grounds[draws.integers(len(grounds))]).resize((400, 400))
        size = int(400 * draws.uniform(0.5, 0.9))
        ratio = size / max(pair.mask.shape)
        shape = (max(1, int(pair.mask.shape[1] * ratio)), max(1, int(pair.mask.shape[0] * ratio)))
        left, top = (int(draws.uniform(0, 400 - side)) for side in shape)
        color = np.asarray(Image.fromarray(pair.image).resize(shape, Image.Resampling.BILINEAR))
        alpha = np.asarray(Image.fromarray(pair.mask).resize(shape, Image.Resampling.BILINEAR))
        image, mask = np.array(ground), np.zeros((400, 400), np.uint8)
        window = np.s_[top : top + shape[1], left : left + shape[0]]
        share = alpha[..., None] / np.float32(255)
        image[window] = np.rint(share * color + (1 - share) * image[window]).astype(np.uint8)
        mask[window] = alpha
        yield Pair(pair.name, image, mask)


def windows_beside(pairs: list[Pair]) -> Iterator[Pair]:
    """Windows of half the sides that hold none of the subject, one a picture where there is one."""
    for pair in pairs:
        h, w = pair.mask.shape
        for top, left in ((0, 0), (0, w - w // 2), (h - h // 2, 0), (h - h // 2, w - w // 2)):
            window = np.s_[top : top + h // 2, left : left + w // 2]
            if pair.mask[window].max() < 128:
                yield Pair(pair.name, pair.image[window], np.zeros_like(pair.mask[window]))
                break


def flat_scenes() -> Iterator[Pair]:
    """Twenty pictures that hold nothing: even colors, gradients, noise."""
    draws = np.random.default_rng(1)
    ramp = np.linspace(0, 1, 256)[:, None, None] * np.ones((1, 320, 1))
    for kind in range(20):
        first, last = draws.uniform(0, 255, (2, 3))
        picture = first + (last - first) * (ramp if kind % 2 else 0.0 * ramp)
        picture = (picture + draws.normal(0, (kind % 4) * 6.0, (256, 320, 3))).clip(0, 255)
        yield Pair(f"flat-{kind}", picture.astype(np.uint8), np.zeros((256, 320), np.uint8))


def truth_of(pair: Pair) -> npt.NDArray[np.float32]:
    """(H, W) float32 0..1."""
    truth: npt.NDArray[np.float32] = pair.mask / np.float32(255)
    return truth
