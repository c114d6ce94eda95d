# SPDX-License-Identifier: Apache-2.0
"""Shards: pairs come whole or with an error that names the member."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="pip install -e .[training]")


from mattebrush.errors import InputInvalid
from training.shards import TRAINING, find_shards, read_pairs
from training.subject import pictures


def write_shard(path: Path, members: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, array in members.items():
            buffer = io.BytesIO()
            Image.fromarray(array).save(buffer, "webp", lossless=True)
            entry = tarfile.TarInfo(f"{name}.webp")
            entry.size = buffer.tell()
            buffer.seek(0)
            tar.addfile(entry, buffer)


def a_pair(seed: int, height: int = 30, width: int = 40) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    image = draws.integers(0, 256, (height, width, 3), dtype=np.uint8)
    mask = np.zeros((height, width), np.uint8)
    mask[5:20, 5:20] = 255
    return image, mask


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for shard in range(2):
        members: dict[str, np.ndarray] = {}
        for row in range(3):
            image, mask = a_pair(shard * 3 + row)
            members |= {f"s{shard}_{row}.image": image, f"s{shard}_{row}.mask": mask}
        write_shard(tmp_path / "train" / f"duts-tr-{shard}.tar", members)
    return tmp_path


def test_pairs_come_back_as_written(data: Path) -> None:
    shards = find_shards(data, TRAINING)
    pairs = [pair for shard in shards for pair in read_pairs(shard)]
    assert [pair.name for pair in pairs] == [f"s{s}_{r}" for s in (0, 1) for r in range(3)]
    image, mask = a_pair(4)
    assert np.array_equal(pairs[4].image, image)
    assert np.array_equal(pairs[4].mask, mask)


def test_no_data_says_where_it_looked_and_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="duts-tr") as caught:
        find_shards(tmp_path, TRAINING)
    assert "--data" in caught.value.fix


def test_half_a_pair_is_named(tmp_path: Path) -> None:
    write_shard(tmp_path / "lone.tar", {"lone.image": a_pair(1)[0]})
    with pytest.raises(InputInvalid, match=r"lone\.tar: lone has"):
        list(read_pairs(tmp_path / "lone.tar"))


def test_mask_of_another_size_is_named(tmp_path: Path) -> None:
    write_shard(tmp_path / "odd.tar", {"a.image": a_pair(1)[0], "a.mask": a_pair(1, 31)[1]})
    with pytest.raises(InputInvalid, match="differ in size"):
        list(read_pairs(tmp_path / "odd.tar"))


def test_pictures_are_decoded_once_and_squashed(data: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = pictures.load(data, 32, cache)
    written = [path.stat().st_mtime_ns for path in cache.iterdir()]
    again = pictures.load(data, 32, cache)
    assert [path.stat().st_mtime_ns for path in cache.iterdir()] == written
    assert first.planes.shape == (6, 4, 32, 32)
    assert np.array_equal(first.planes, again.planes)
    assert first.aspect.tolist() == pytest.approx([40 / 30] * 6)
    # The square of 15 of 30 by 15 of 40 pixels covers the same share after squashing.
    assert first.planes[0, 3].float().mean() / 255 == pytest.approx(15 * 15 / 1200, abs=0.02)


def test_an_epoch_holds_every_photograph_once_and_repeats_by_seed(
    data: Path, tmp_path: Path
) -> None:
    loaded = pictures.load(data, 32, tmp_path / "cache")
    epoch = np.concatenate(
        [loaded.batch(loaded.rows(step, 2, 7))[:, :3].numpy() for step in range(3)]
    )
    assert len(np.unique(epoch.reshape(6, -1), axis=0)) == 6
    assert np.array_equal(loaded.rows(4, 2, 7), loaded.rows(4, 2, 7))
    orders = {loaded.rows(0, 2, seed).tobytes() for seed in range(20)}
    assert len(orders) > 1


def test_a_teachers_masks_stand_in_and_a_tenth_of_other_kinds_is_kept_out(
    data: Path, tmp_path: Path
) -> None:
    soft = np.full((30, 40), 77, np.uint8)
    name = next(iter(read_pairs(next((data / "train").glob("duts-tr-*.tar"))))).name
    write_shard(data / "train" / "teacher-duts-0.tar", {f"{name}.teacher": soft})
    portraits = {f"p{n}": a_pair(n) for n in range(60)}
    members: dict[str, np.ndarray] = {}
    for stem, (image, mask) in portraits.items():
        members |= {f"{stem}.image": image, f"{stem}.mask": mask}
    write_shard(data / "train" / "portraits-0.tar", members)
    loaded = pictures.load(data, 32, tmp_path / "cache")
    (taught,) = loaded.rows_of["taught"]
    assert np.unique(loaded.planes[taught, 3].numpy()).tolist() == [77]
    assert taught in loaded.rows_of["photo"]
    kept = [n for n in portraits if pictures.kept_out(n)]
    assert 0 < len(kept) < 20
    assert len(loaded.rows_of["portrait"]) == 60 - len(kept)
