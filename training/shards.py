# SPDX-License-Identifier: Apache-2.0
"""Reads the tar shards of photographs with masks: `NAME.image.webp` beside `NAME.mask.webp`.

What is done with the pictures (resizing, caching, augmentation) is left to the caller. The data
themselves are never part of the project; see training/README.md for where they come from.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from mattebrush.errors import InputInvalid

DEFAULT_DATA = Path("../shared/data")
"""Where the data stand when training is started from the project's root."""

TRAINING = ("train/duts-tr-*.tar", "train/ccp-*.tar")
DEVELOPMENT = ("dev/duts-te-500-*.tar",)


@dataclass(frozen=True)
class Pair:
    """A photograph and what stands out in it.

    image: (H, W, 3) uint8 RGB. mask: (H, W) uint8, 0 background to 255 subject. name: the
    member's name without its endings, unique within a set.
    """

    name: str
    image: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint8]


def find_shards(data: Path, patterns: tuple[str, ...]) -> list[Path]:
    """The shard files under `data` that match `patterns` (TRAINING, DEVELOPMENT or your own).

    Raises InputInvalid when there are none.
    """
    results = [path for pattern in patterns for path in sorted(data.glob(pattern))]
    if not results:
        raise InputInvalid(
            f"No training data: {data} holds nothing like {' or '.join(patterns)}.",
            "Give the folder of the shards with --data; training/README.md says what goes there.",
        )
    return results


def read_pairs(shard: Path) -> Iterator[Pair]:
    """Every pair of a shard in the order of the tar, decoded one at a time.

    Raises InputInvalid when a member has no partner or the sizes of the two differ.
    """
    waiting: dict[str, dict[str, npt.NDArray[np.uint8]]] = {}
    with tarfile.open(shard) as tar:
        for member in tar:
            stem, _, kind = member.name.removesuffix(".webp").rpartition(".")
            file = tar.extractfile(member)
            if file is None or kind not in ("image", "mask"):
                continue
            with Image.open(io.BytesIO(file.read())) as picture:
                mode = "RGB" if kind == "image" else "L"
                halves = waiting.setdefault(stem, {})
                halves[kind] = np.asarray(picture.convert(mode))
            if len(halves) == 2:
                del waiting[stem]
                yield _pair(shard, stem, halves["image"], halves["mask"])
    if waiting:
        raise InputInvalid(
            f"{shard.name}: {sorted(waiting)[0]} has an image or a mask, not both.",
            "Fetch the shard again.",
        )


def _pair(
    shard: Path, name: str, image: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]
) -> Pair:
    if image.shape[:2] != mask.shape:
        raise InputInvalid(
            f"{shard.name}: image and mask of {name} differ in size, "
            f"{image.shape[:2]} and {mask.shape}.",
            "Fetch the shard again.",
        )
    return Pair(name, image, mask)
