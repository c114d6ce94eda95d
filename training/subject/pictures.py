# SPDX-License-Identifier: Apache-2.0
"""The training pictures, decoded once to one array on disk and read from it ever after.

All stand squashed to one square, with their aspect beside, so that a batch is a slice.
Augmentation is `training/augment.py`'s. Of the kinds that have no development set of their own
every tenth is kept out of training, by a hash of its name.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from training.loop import RUNS
from training.shards import Pair, find_shards, read_pairs

KINDS = {
    "photo": ("train/duts-tr-*.tar", "train/ccp-*.tar"),
    "taught": (),
    "portrait": ("train/portraits-*.tar",),
    "plain": ("train/plain-*.tar",),
    "none": ("train/none-*.tar",),
    "cutout": ("train/cutouts-*.tar",),
}
"""The kinds of training pictures and their shards. "taught" are the photographs for which
TEACHER holds a soft mask: large subjects and those cut by the frame."""

TEACHER = ("train/teacher-duts-*.tar",)

SHARES = {
    "photo": 0.61,
    "taught": 0.14,
    "portrait": 0.05,
    "plain": 0.05,
    "none": 0.02,
    "cutout": 0.13,
}
"""Of a batch."""


@dataclass(frozen=True)
class Pictures:
    """planes: (N, 4, side, side) uint8, RGB and mask (of a cut-out: its colour and alpha); memory-
    mapped, or a device's own copy. aspect: (N,) width / height. rows_of: by kind."""

    planes: torch.Tensor
    aspect: torch.Tensor
    rows_of: dict[str, npt.NDArray[np.int64]]

    def to(self, device: str) -> Pictures:
        """The same in a device's memory: 5.1 GB for the whole set at side 320."""
        if device == "cpu":
            return self
        return Pictures(self.planes.to(device), self.aspect, self.rows_of)

    def rows(self, step: int, size: int, seed: int) -> npt.NDArray[np.int64]:
        """(size,) which pictures are a step's: kinds drawn by SHARES, photographs each once an
        epoch; depends on nothing but `seed` and `step`, so that a resumed run repeats itself."""
        draws = np.random.default_rng((seed, step))
        kinds = [kind for kind in SHARES if len(self.rows_of[kind])]
        shares = np.array([SHARES[kind] for kind in kinds])
        drawn = draws.choice(len(kinds), size, p=shares / shares.sum())
        rows = [draws.choice(self.rows_of[kinds[kind]]) for kind in drawn]
        photos = self.rows_of["photo"]
        a_pass = max(1, len(photos) // size)
        order = np.random.default_rng((seed, step // a_pass)).permutation(photos)
        own = order[step % a_pass * size :][:size]
        for place in np.flatnonzero(drawn == kinds.index("photo")):
            rows[place] = own[place % len(own)]
        return np.array(rows)

    def batch(self, rows: npt.NDArray[np.int64]) -> torch.Tensor:
        """(len(rows), 4, side, side) uint8."""
        return self.planes[torch.from_numpy(rows).to(self.planes.device)]


def kept_out(name: str) -> bool:
    """Whether a picture is for development, by a hash of its name: a tenth."""
    return hashlib.sha1(name.encode()).digest()[0] < 26


def load(data: Path, side: int, cache: Path = RUNS / "data") -> Pictures:
    """All kinds of the shards at (side, side); decoded into `cache` at first use.

    Raises InputInvalid when there are no photographs.
    """
    find_shards(data, KINDS["photo"])
    shards = {kind: _shards(data, patterns) for kind, patterns in KINDS.items()}
    teacher = _shards(data, TEACHER)
    path = (
        cache / f"subjects-{side}-{key([*itertools.chain(*shards.values()), *teacher], side)}.npy"
    )
    if not path.exists():
        _decode(shards, teacher, side, path)
    mapped = np.load(path, mmap_mode="r+")
    facts = json.loads(path.with_suffix(".json").read_text())
    kinds = np.array(facts["kinds"])
    rows_of = {kind: np.flatnonzero(kinds == kind) for kind in KINDS}
    rows_of["photo"] = np.flatnonzero((kinds == "photo") | (kinds == "taught"))
    return Pictures(torch.from_numpy(mapped), torch.tensor(facts["aspects"]), rows_of)


def key(shards: list[Path], side: int) -> str:
    """Tells apart what is kept of different shards at different sides."""
    listing = "|".join(f"{path.name}:{path.stat().st_size}" for path in shards)
    return hashlib.sha256(f"{side}|{listing}".encode()).hexdigest()[:12]


def teacher_masks(shards: list[Path]) -> dict[str, npt.NDArray[np.uint8]]:
    """Soft masks (H, W) by picture: members `NAME.teacher.webp`."""
    masks = {}
    for shard in shards:
        with tarfile.open(shard) as tar:
            for member in tar:
                file = tar.extractfile(member)
                if file is not None and member.name.endswith(".teacher.webp"):
                    with Image.open(io.BytesIO(file.read())) as picture:
                        mask = np.asarray(picture.convert("L"))
                    masks[member.name.removesuffix(".teacher.webp")] = mask
    return masks


def _shards(data: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(data.glob(pattern))]


def _decode(shards: dict[str, list[Path]], teacher: list[Path], side: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    soft = teacher_masks(teacher)
    facts: dict[str, list[object]] = {"kinds": [], "aspects": []}
    with partial.open("wb") as file:
        for kind, pair in _pairs(shards):
            if pair.name in soft and kind == "photo":
                kind, pair = "taught", Pair(pair.name, pair.image, soft[pair.name])
            file.write(squash(pair, side).tobytes())
            facts["kinds"].append(kind)
            facts["aspects"].append(pair.image.shape[1] / pair.image.shape[0])
    shape = (len(facts["kinds"]), 4, side, side)
    raw = np.memmap(partial, np.uint8, "r", shape=shape)
    whole = np.lib.format.open_memmap(path.with_suffix(".whole"), "w+", np.uint8, shape)
    whole[:] = raw
    whole.flush()
    partial.unlink()
    path.with_suffix(".json").write_text(json.dumps(facts))
    path.with_suffix(".whole").replace(path)


def _pairs(shards: dict[str, list[Path]]) -> Iterator[tuple[str, Pair]]:
    for kind, paths in shards.items():
        for shard in paths:
            for pair in read_pairs(shard):
                if kind in ("photo", "taught") or not kept_out(pair.name):
                    yield kind, pair


def squash(pair: Pair, side: int) -> npt.NDArray[np.uint8]:
    """(4, side, side) uint8: the pair resized with an anti-aliasing filter, aspect given up."""
    image = Image.fromarray(pair.image).resize((side, side), Image.Resampling.BILINEAR)
    mask = Image.fromarray(pair.mask).resize((side, side), Image.Resampling.BILINEAR)
    return np.concatenate([np.asarray(image).transpose(2, 0, 1), np.asarray(mask)[None]])
