# SPDX-License-Identifier: Apache-2.0
"""Cuts, strokes as a layer, and strokes carried along, on drawn frames whose truth is known. Needs
no Blender."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest

from tests.hosts.blender import blenders

Planes = list[np.ndarray]

HEIGHT, WIDTH = 90, 120
COUNT = 12


PACKAGE = "mattebrush_blender_parts"
sys.modules[PACKAGE] = ModuleType(PACKAGE)
sys.modules[PACKAGE].__path__ = []


def part(name: str) -> ModuleType:
    """A module of the add-on that needs nothing but numpy."""
    path = blenders.ROOT / f"plugins/blender/mattebrush/{name}.py"
    spec = importlib.util.spec_from_file_location(f"{PACKAGE}.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # data classes look themselves up there
    spec.loader.exec_module(module)
    return module


cuts, strokes, carrying = (part(name) for name in ("cuts", "strokes", "carrying"))


def texture(seed: int) -> np.ndarray:
    """float32 (H, W + 80, 3), smooth colours."""
    coarse = np.random.default_rng(seed).random((10, 21, 3))
    rows = np.linspace(0, 8.99, HEIGHT)
    columns = np.linspace(0, 19.99, WIDTH + 80)
    r, c = rows.astype(int)[:, None], columns.astype(int)
    y, x = (rows % 1)[:, None, None], (columns % 1)[:, None]
    top = coarse[r, c] * (1 - x) + coarse[r, c + 1] * x
    bottom = coarse[r + 1, c] * (1 - x) + coarse[r + 1, c + 1] * x
    return (top * (1 - y) + bottom * y).astype(np.float32)


BEHIND, SUBJECT = texture(1), 1 - texture(2) * 0.5


def drawn(speed: float, count: int = COUNT) -> tuple[Planes, Planes]:
    """Frames (H, W, 3) uint8 of a disc that moves over a still background, and their alphas."""
    pictures, alphas = [], []
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for index in range(count):
        away = np.hypot(y - 45, x - 40 - speed * index)
        alpha = np.clip((24 - away) / 4 + 0.5, 0, 1).astype(np.float32)
        left = int(speed * index)
        subject = np.roll(SUBJECT, left, axis=1)[:, :WIDTH]
        picture = alpha[..., None] * subject + (1 - alpha[..., None]) * BEHIND[:, :WIDTH]
        pictures.append((picture * 255 + 0.5).astype(np.uint8))
        alphas.append(alpha)
    return pictures, alphas


def test_a_video_model_sees_the_frames_of_its_own_shot() -> None:
    pictures, _ = drawn(3, 6)
    seen = cuts.earlier(pictures)
    np.testing.assert_array_equal(seen, pictures[:-1])
    other = [255 - picture // 2 for picture in pictures]
    np.testing.assert_array_equal(cuts.earlier(pictures[:3] + other[:3]), other[:2])
    assert cuts.earlier(pictures[:3] + other[:1]) is None
    assert cuts.earlier(pictures[:1]) is None
    smaller = [pictures[0][:-2], pictures[1]]
    assert cuts.earlier(smaller) is None


def test_cuts_are_told_from_pans_fades_and_flashes() -> None:
    assert cuts.is_cut([0.01, 0.3, 0.01], 1)
    assert cuts.is_cut([0.3], 0)
    assert not any(cuts.is_cut([0.2, 0.22, 0.19, 0.21], at) for at in range(4))
    assert not any(cuts.is_cut([0.01, 0.4, 0.4, 0.01], at) for at in range(4))
    assert not cuts.is_cut([0.0, 0.05, 0.0], 1)


def disc(radius: float, soft: float) -> np.ndarray:
    """float32 (H, W): what a round brush covers, its rim `soft` pixels wide."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(y - 45, x - 60)
    return np.clip((radius - away) / soft + 0.5, 0, 1).astype(np.float32)


@pytest.mark.parametrize("color", [0.0, 1.0])
def test_a_stroke_lies_on_another_matte_as_on_its_own(color: float) -> None:
    """Its soft rim is soft there, too: no ring of the matte that it was painted on."""
    cover = disc(20, 12)
    texture_ = np.random.default_rng(3).random((HEIGHT, WIDTH)).astype(np.float32)
    before = (0.2 + 0.6 * texture_).astype(np.float32)
    after = before + cover * (color - before)
    layer = strokes.painted(before, after)
    np.testing.assert_allclose(strokes.over(layer, before), after, atol=4e-3)
    for other in (np.full_like(before, color), 1 - before):
        expected = other + cover * (color - other)
        assert np.abs(strokes.over(layer, other) - expected).max() < 0.02


def test_grey_stays_grey() -> None:
    before = np.zeros((HEIGHT, WIDTH), np.float32)
    after = before + disc(20, 1) * 0.5
    layer = strokes.painted(before, after)
    inside = disc(17, 1) == 1
    assert (strokes.over(layer, np.ones_like(before))[inside] == 0.5).all()


def test_later_strokes_lie_on_earlier_ones_and_nothing_is_nothing() -> None:
    matte = np.full((HEIGHT, WIDTH), 0.4, np.float32)
    first = strokes.over(strokes.painted(matte, disc(30, 1)), matte)
    second = first * (1 - disc(10, 4))
    both = strokes.merged(strokes.painted(matte, first), strokes.painted(first, second))
    np.testing.assert_allclose(strokes.over(both, matte), second, atol=1e-3)
    again = strokes.of_planes(strokes.planes(both))
    np.testing.assert_array_equal(strokes.over(again, matte), strokes.over(both, matte))
    assert not strokes.painted(matte, matte)
    assert not strokes.painted(matte, matte + 0.4 / 255)  # rounding
    assert strokes.merged(None, both) is both
    assert strokes.over(None, matte) is matte


def test_strokes_follow_what_they_were_painted_on() -> None:
    pictures, truth = drawn(3, 5)
    unit = [picture.astype(np.float32) / 255 for picture in pictures]
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[40:50, 35:45] = True  # on the disc
    matte = (truth[0] * 0.5).astype(np.float32)
    layer = strokes.painted(matte, np.where(where, 1.0, matte).astype(np.float32))
    np.testing.assert_array_equal(layer.cover > 0, where)
    there_and_back = [*range(1, 5), *range(3, -1, -1)]
    before = 0
    for index in there_and_back:
        layer = carrying.onto(layer, unit[before], unit[index])
        assert layer is not None
        rows, columns = np.nonzero(layer.cover)
        assert abs(columns.mean() - (39.5 + 3 * index)) < 1
        assert abs(rows.mean() - 44.5) < 1
        assert (layer.value[layer.cover > 0] == 1).all()
        before = index


def test_strokes_leave_the_picture_with_what_they_are_on() -> None:
    wide = texture(3)
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[10:30, :20] = True
    layer = strokes.Strokes(where.astype(np.float32), where.astype(np.float32))
    layer = carrying.onto(layer, wide[:, :WIDTH], wide[:, 4 : WIDTH + 4])
    there = np.nonzero((layer.cover > 0).any(axis=0))[0]
    np.testing.assert_array_equal(there, np.arange(16))


def test_strokes_end_at_a_cut_and_where_nothing_was_painted() -> None:
    pictures, _ = drawn(0, 2)
    unit = pictures[0].astype(np.float32) / 255
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[10:20, 10:20] = True
    layer = strokes.Strokes(where.astype(np.float32), where.astype(np.float32))
    assert carrying.onto(layer, unit, 1 - unit) is None
    none = strokes.Strokes(layer.value, np.zeros_like(layer.cover))
    assert carrying.onto(none, unit, unit) is None
