# SPDX-License-Identifier: Apache-2.0
"""The training photographs, decoded once to one array on disk and read from it ever after.

All stand squashed to one square, as the network sees them in use, so that a batch is a slice.
Augmentation is `training/augment.py`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from training.loop import RUNS
from training.shards import Pair, count_pairs, find_shards, read_pairs


@dataclass(frozen=True)
class Pictures:
    """planes: (N, 4, side, side) uint8, RGB and mask; memory-mapped, or a device's own copy."""

    planes: torch.Tensor

    def __len__(self) -> int:
        return len(self.planes)

    def to(self, device: str) -> Pictures:
        """The same in a device's memory: 3.8 GB for the whole set at side 288."""
        return self if device == "cpu" else Pictures(self.planes.to(device))

    def rows(self, step: int, size: int, seed: int) -> torch.Tensor:
        """(size,) which pictures are a step's, each once an epoch, in an order that depends on
        nothing but `seed` and `step`, so that a resumed run repeats itself."""
        a_pass = max(1, len(self) // size)
        order = np.random.default_rng((seed, step // a_pass)).permutation(len(self))
        chosen = np.sort(order[step % a_pass * size :][:size])
        return torch.from_numpy(chosen)

    def batch(self, rows: torch.Tensor) -> torch.Tensor:
        """(len(rows), 4, side, side) uint8."""
        return self.planes[rows.to(self.planes.device)]


def load(data: Path, patterns: tuple[str, ...], side: int, cache: Path = RUNS / "data") -> Pictures:
    """The pairs of the shards that match, at (side, side); decoded into `cache` at first use."""
    shards = find_shards(data, patterns)
    path = cache / f"pictures-{side}-{key(shards, side)}.npy"
    if not path.exists():
        _decode(shards, side, path)
    mapped = np.load(path, mmap_mode="r+")
    return Pictures(torch.from_numpy(mapped))


def key(shards: list[Path], side: int) -> str:
    """Tells apart what is kept of different shards at different sides."""
    listing = "|".join(f"{path.name}:{path.stat().st_size}" for path in shards)
    return hashlib.sha256(f"{side}|{listing}".encode()).hexdigest()[:12]


@torch.no_grad()
def answers(
    network: nn.Module, pictures: Pictures, side: int, device: str = "cpu"
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """(logit at `side`, mask as kept), each (n, 1, ., .), a score of pictures at a time."""
    for first in range(0, len(pictures), 20):
        unit = pictures.planes[first : first + 20].float() / 255
        image = functional.interpolate(unit[:, :3], (side, side), mode="bilinear", antialias=True)
        yield network(image.to(device))[0].float().cpu(), unit[:, 3:]


def _decode(shards: list[Path], side: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    shape = (sum(map(count_pairs, shards)), 4, side, side)
    planes = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    for row, pair in enumerate(_pairs(shards)):
        planes[row] = squash(pair, side)
    planes.flush()
    partial.replace(path)


def _pairs(shards: list[Path]) -> Iterator[Pair]:
    for shard in shards:
        yield from read_pairs(shard)


def squash(pair: Pair, side: int) -> npt.NDArray[np.uint8]:
    """(4, side, side) uint8: the pair resized with an anti-aliasing filter, aspect given up."""
    image = Image.fromarray(pair.image).resize((side, side), Image.Resampling.BILINEAR)
    mask = Image.fromarray(pair.mask).resize((side, side), Image.Resampling.BILINEAR)
    return np.concatenate([np.asarray(image).transpose(2, 0, 1), np.asarray(mask)[None]])
