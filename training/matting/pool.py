# SPDX-License-Identifier: Apache-2.0
"""Subjects drawn ahead of time, because drawing takes longer than a training step may.

    python -m training.matting.pool --count 6000

fills ~/.cache/mattebrush-training/matting-pool with chunks of `CHUNK` subjects as raw arrays.
A subject depends on its number alone, so a pool can be made again, or grow later. Training may
start on the first chunks.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from . import shapes
from .canvas import Subject

FOLDER = Path.home() / ".cache" / "mattebrush-training" / "matting-pool"
SIZE = 256
CHUNK = 200


def fill(folder: Path, count: int) -> None:
    """Draws subjects until `folder` holds at least `count`; keeps chunks that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, count, CHUNK):
        path = folder / f"{first:06d}.npy"
        if path.exists():
            continue
        chunk = np.empty((CHUNK, SIZE, SIZE, 4), np.uint8)
        for k in range(CHUNK):
            rng = np.random.default_rng((first + k, 4))
            subject = shapes.draw(shapes.pick_kind(rng), rng, SIZE)
            chunk[k, ..., :3] = np.round(subject.foreground * 255)
            chunk[k, ..., 3] = np.round(subject.alpha * 255)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as stream:
            np.save(stream, chunk)
        partial.replace(path)
        print(f"{first + CHUNK} of {count}", flush=True)


class Pool:
    """Reads subjects from the chunks in a folder; new chunks are seen by `refresh`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._chunks: list[np.ndarray] = []
        self.refresh()
        if not self._chunks:
            raise FileNotFoundError(
                f"No subjects in {folder}. Draw some with `python -m training.matting.pool`."
            )

    def refresh(self) -> None:
        """Takes in the chunks written since."""
        paths = sorted(self.folder.glob("*.npy"))
        self._chunks += [np.load(path, mmap_mode="r") for path in paths[len(self._chunks) :]]

    def __len__(self) -> int:
        return len(self._chunks) * CHUNK

    def subject(self, rng: np.random.Generator, size: int) -> Subject:
        """A random subject, cut to `size` where its edge is, turned and mirrored at random."""
        whole = self._chunks[rng.integers(len(self._chunks))][rng.integers(CHUNK)]
        y, x = _corner(rng, whole[..., 3], size)
        cut = whole[y : y + size, x : x + size]
        if rng.random() < 0.5:
            cut = cut.transpose(1, 0, 2)
        cut = cut[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])].astype(np.float32) / 255
        return Subject(np.ascontiguousarray(cut[..., 3]), np.ascontiguousarray(cut[..., :3]))


def _corner(rng: np.random.Generator, alpha: np.ndarray, size: int) -> tuple[int, int]:
    """A corner to cut at, so that the cut holds some edge if there is any."""
    room = alpha.shape[0] - size
    ys, xs = np.nonzero((alpha > 8) & (alpha < 247))
    if room <= 0 or len(ys) == 0:
        return 0, 0
    k = rng.integers(len(ys))
    y, x = (int(v) - int(rng.uniform(0.2, 0.8) * size) for v in (ys[k], xs[k]))
    return int(np.clip(y, 0, room)), int(np.clip(x, 0, room))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Draw subjects ahead of training.")
    parser.add_argument("--count", type=int, default=6000, help="subjects in all (default 6000)")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    os.nice(19)
    fill(options.folder, options.count)


if __name__ == "__main__":
    main()
