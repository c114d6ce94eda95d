# SPDX-License-Identifier: Apache-2.0
"""The development pictures with true alpha, and the errors that matting is measured by."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image


@dataclasses.dataclass(frozen=True)
class Sample:
    """A photograph with its true alpha.

    image: (H, W, 3) uint8. alpha: (H, W) float32 in [0, 1]. trimap: (H, W) uint8 or None.
    """

    name: str
    image: np.ndarray
    alpha: np.ndarray
    trimap: np.ndarray | None = None


def alphamatting(data: Path, trimap: str) -> Iterator[Sample]:
    """The nine pictures of alphamatting.com held here, with "trimap1" or "trimap2"."""
    folder = data / "matting-dev" / "alphamatting"
    for path in sorted((folder / "image").glob("*.png")):
        known = np.asarray(Image.open(folder / trimap / path.name).convert("L"))
        three = np.where(known > 200, 255, np.where(known < 50, 0, 128)).astype(np.uint8)
        yield Sample(path.stem, _rgb(path), _alpha(folder / "alpha" / path.name), three)


def am2k(data: Path) -> Iterator[Sample]:
    """Four animals with true soft alpha, no trimaps."""
    folder = data / "matting-dev" / "am2k"
    for path in sorted((folder / "image").glob("*.jpg")):
        yield Sample(path.stem, _rgb(path), _alpha(folder / "alpha" / f"{path.stem}.png"))


def _rgb(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def _alpha(path: Path) -> np.ndarray:
    return np.asarray(np.asarray(Image.open(path).convert("L")) / 255, np.float32)


def sad(predicted: np.ndarray, sample: Sample) -> float:
    """Sum of |predicted - true| over the unknown region, in thousands."""
    return float(np.abs(predicted - sample.alpha)[sample.trimap == 128].sum() / 1000)


def mse(predicted: np.ndarray, sample: Sample) -> float:
    """Mean squared error over the unknown region."""
    return float(np.square(predicted - sample.alpha)[sample.trimap == 128].mean())


def mad(predicted: np.ndarray, sample: Sample) -> float:
    """Mean |predicted - true| over the whole picture."""
    return float(np.abs(predicted - sample.alpha).mean())
