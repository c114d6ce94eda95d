# SPDX-License-Identifier: Apache-2.0
"""Masks and trimaps as people paint them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebrush import errors, masks, raster
from mattebrush.imaging.depth import to_depth

SHAPE = (90, 120)


def painted(black: int = 0, gray: int = 128, white: int = 255, depth: Any = np.uint8) -> np.ndarray:
    """A trimap: black, a ring of gray, white."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(x - 60, y - 45)
    return np.select([away < 20, away < 30], [white, gray], black).astype(depth)


CLEAN = painted()


def three(values: np.ndarray) -> np.ndarray:
    """0, 128, 255 of a trimap at full scale."""
    full = np.iinfo(values.dtype).max
    return np.where(values == 0, 0, np.where(values == full, 255, 128))


@pytest.mark.parametrize("depth", (np.uint8, np.uint16))
@pytest.mark.parametrize(
    "levels",
    (
        (3, 128, 252), (0, 127, 254), (10, 100, 245), (0, 1, 2), (0, 128, 255),
        (16, 126, 235), (40, 90, 200), (0, 50, 100),
    ),
)  # fmt: skip
def test_trimaps_are_understood(levels: tuple[int, int, int], depth: Any) -> None:
    scale = 257 if depth == np.uint16 and max(levels) > 2 else 1
    black, gray, white = (level * scale for level in levels)
    inputs = painted(black, gray, white, depth=depth)
    got, remarks = masks.understood(inputs, "trimap", "The trimap")
    np.testing.assert_array_equal(three(got), CLEAN)
    assert bool(remarks) == (levels != (0, 128, 255))


def test_a_jpeg_trimap_is_understood() -> None:
    Image.fromarray(CLEAN).save(file := io.BytesIO(), "JPEG", quality=85)
    plane = raster.read(file.getvalue()).plane("t.jpg")
    got, _ = masks.understood(plane, "trimap", "t.jpg", lossy=True)
    assert (three(got) != CLEAN).mean() < 0.05
    assert set(np.unique(three(got)[40:50, 55:65])) == {255}
    assert set(np.unique(three(got)[:8, :8])) == {0}


@pytest.mark.parametrize(
    ("inputs", "words"),
    (
        (np.full(SHAPE, 128, np.uint8), "no certain background.*no certain subject"),
        (np.full(SHAPE, 255, np.uint8), "no certain background"),
        (np.zeros(SHAPE, np.uint8), "no certain subject"),
        (np.where(CLEAN == 0, 0, 128).astype(np.uint8), "no certain subject"),
    ),
)
def test_a_trimap_that_says_nothing_for_certain_warns(inputs: np.ndarray, words: str) -> None:
    import re

    _, remarks = masks.understood(inputs, "trimap", "The trimap")
    assert len(remarks) == 1 and re.search(words, remarks[0])


@pytest.mark.parametrize("kind", masks.KINDS)
def test_zero_and_one_are_black_and_white(kind: str) -> None:
    inputs = (CLEAN == 255).astype(np.uint8)
    for values in (inputs, inputs.astype(np.uint16)):
        got, remarks = masks.understood(values, kind, "The mask")
        np.testing.assert_array_equal(got, values * np.iinfo(values.dtype).max)
        assert "0 and 1" in remarks[0]
    got, remarks = masks.understood(inputs.astype(bool), kind, "The mask")
    np.testing.assert_array_equal(got, inputs * 255)


def test_zero_one_two_as_opacity_is_refused() -> None:
    with pytest.raises(errors.InputInvalid, match="0, 1 and 2"):
        masks.understood(painted(0, 1, 2), "alpha", "The mask")


def test_a_mask_painted_three_and_252_is_black_and_white() -> None:
    got, remarks = masks.understood(painted(3, 128, 252), "mask", "The mask")
    np.testing.assert_array_equal(got, CLEAN)
    assert "black and white" in remarks[0]


def test_eight_bits_in_sixteen_are_stretched() -> None:
    got, remarks = masks.understood(CLEAN.astype(np.uint16), "mask", "The mask")
    np.testing.assert_array_equal(got, CLEAN.astype(np.uint16) * 257)
    assert "8-bit" in remarks[0]


@pytest.mark.parametrize("depth", (np.uint8, np.uint16, np.float32))
def test_soft_masks_stay_to_the_bit(depth: Any) -> None:
    ramp = np.broadcast_to(np.linspace(0, 1, 600, dtype=np.float32), (40, 600))
    values = to_depth(np.ascontiguousarray(ramp), depth)
    for kind in ("mask", "alpha", "region"):
        got, remarks = masks.understood(values, kind, "The mask")
        assert got is values
        assert remarks == []


def test_faint_opacity_of_our_own_is_not_a_painters_black() -> None:
    faint = CLEAN.copy()
    faint[:20], faint[40:44, 55:65] = 1, 254
    for kind in ("mask", "alpha"):
        got, remarks = masks.understood(faint, kind, "The mask")
        assert got is faint
        assert remarks == []


def test_a_few_faint_pixels_are_not_blown_up() -> None:
    faint = np.zeros(SHAPE, np.uint8)
    faint[3, 4:9] = 1
    got, remarks = masks.understood(faint, "mask", "The mask")
    assert got is faint
    assert "almost black" in remarks[0]


@pytest.mark.parametrize("kind", ("mask", "alpha"))
@pytest.mark.parametrize("ends", ((1, 254), (16, 235)))
def test_where_nothing_is_pure_the_ends_are_meant(ends: tuple[int, int], kind: str) -> None:
    got, remarks = masks.understood(painted(ends[0], 128, ends[1]), kind, "The mask")
    assert (got == 0).sum() == (CLEAN == 0).sum() and (got == 255).sum() == (CLEAN == 255).sum()
    assert "black and white" in remarks[0]


@pytest.mark.parametrize(
    ("given", "words"),
    (
        (painted(40, 120, 255), "darkest value is 40 of 255"),
        (np.full(SHAPE, 128, np.uint8), "brightest value is 128 of 255"),
        (painted(0, 50, 100)[30:60, 45:75], "brightest value is 100 of 255"),
        (painted(0, 1, 3), "almost black"),
        (painted(0, 514, 1020, np.uint16), "almost black"),
    ),
)
def test_a_mask_without_pure_ground_warns(given: np.ndarray, words: str) -> None:
    for kind in ("mask", "alpha"):
        _, remarks = masks.understood(given, kind, "The mask")
        assert any(words in remark for remark in remarks), remarks


def test_a_trimap_without_anything_unknown_warns() -> None:
    hard = np.where(CLEAN == 255, 255, 0).astype(np.uint8)
    got, remarks = masks.understood(hard, "trimap", "The trimap")
    assert got is hard
    assert len(remarks) == 1 and "nothing unknown" in remarks[0]
    labels = painted(0, 1, 255)  # what is unknown looks like black
    assert any("nothing unknown" in r for r in masks.understood(labels, "trimap", "It")[1])


@pytest.mark.parametrize("bits", (10, 12, 14))
def test_unscaled_sensor_numbers_are_stretched(bits: int) -> None:
    top = (1 << bits) - 1
    given = painted(0, top // 2, top, np.uint16)
    for kind in ("mask", "alpha", "trimap"):
        got, remarks = masks.understood(given, kind, "The mask")
        assert set(np.unique(got)) >= {0, 65535}
        assert abs(int(got[45, 85]) - 32767) < 64 and f"{bits}-bit" in remarks[0]


def test_floats_beyond_one() -> None:
    got, remarks = masks.understood(CLEAN.astype(np.float32), "alpha", "The mask")
    np.testing.assert_allclose(got, CLEAN / 255, atol=1e-6)
    assert "8-bit" in remarks[0]
    got, _ = masks.understood(painted(0, 1, 2).astype(np.float32), "trimap", "The trimap")
    np.testing.assert_array_equal(got, CLEAN)
    overshot = np.clip(CLEAN / 255, -0.0005, 1).astype(np.float32) * np.float32(1.0005)
    assert masks.understood(overshot, "mask", "The mask")[0].max() == 1
    for wrong in (CLEAN * np.float32(0.5), CLEAN / np.float32(100), CLEAN / np.float32(-255)):
        with pytest.raises(errors.InputInvalid, match="floats from"):
            masks.understood(wrong.astype(np.float32), "mask", "The mask")


def test_a_mask_that_was_lossy_once_is_gray() -> None:
    noise = np.random.default_rng(0).integers(-2, 3, (*SHAPE, 3))
    trembling = np.clip(CLEAN[..., None].astype(int) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(trembling).save(file := io.BytesIO(), "PNG")
    plane = raster.read(file.getvalue()).plane("m.png")
    assert np.abs(plane.astype(int) - CLEAN).max() <= 2
    trembling[..., 0] //= 2
    Image.fromarray(trembling).save(file := io.BytesIO(), "PNG")
    with pytest.raises(errors.InputInvalid, match="color picture"):
        raster.read(file.getvalue()).plane("m.png")
