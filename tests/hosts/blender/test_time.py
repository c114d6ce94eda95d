# SPDX-License-Identifier: Apache-2.0
"""Steady edges and strokes carried on, on drawn frames whose truth is known. Needs no Blender."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from types import ModuleType

import numpy as np
import pytest

from tests.hosts.blender import blenders

Planes = list[np.ndarray]

HEIGHT, WIDTH = 90, 120
COUNT = 12


def part(name: str) -> ModuleType:
    """A module of the add-on that needs nothing but numpy."""
    path = blenders.ROOT / f"plugins/blender/mattebrush/{name}.py"
    spec = importlib.util.spec_from_file_location(f"mattebrush_blender_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # data classes look themselves up there
    spec.loader.exec_module(module)
    return module


temporal, carrying = part("temporal"), part("carrying")
RANDOM = np.random.default_rng(8)


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


def steady(pictures: Planes, alphas: Planes) -> Planes:
    """Each alpha smoothed within the whole sequence."""
    window = [
        temporal.frame(number, alpha, picture)
        for number, (picture, alpha) in enumerate(zip(pictures, alphas, strict=True))
    ]
    return [temporal.smoothed(window, index) for index in range(len(window))]


def error(got: Planes, truth: Planes) -> float:
    """Mean absolute difference."""
    return float(np.mean([np.abs(a - b).mean() for a, b in zip(got, truth, strict=True)]))


def test_flicker_of_a_still_scene_is_reduced() -> None:
    pictures, truth = drawn(0)
    edge = (truth[0] > 0) & (truth[0] < 1)
    noisy = [
        np.clip(alpha + edge * RANDOM.normal(0, 0.15, alpha.shape), 0, 1).astype(np.float32)
        for alpha in truth
    ]
    noisy[6] = np.zeros_like(noisy[6])  # the subject not found in one frame
    got = steady(pictures, noisy)
    changes = [np.abs(b - a).mean() for a, b in itertools.pairwise(noisy)]
    after = [np.abs(b - a).mean() for a, b in itertools.pairwise(got)]
    assert np.mean(after) < 0.15 * np.mean(changes)
    assert error(got[6:7], truth[6:7]) < 0.01
    assert error(got, truth) < 0.7 * error(noisy[:6] + noisy[7:], truth[:6] + truth[7:])


@pytest.mark.parametrize("speed", [1.0, 3.0, 8.0])
def test_what_moves_is_followed_without_lag(speed: float) -> None:
    count = 6
    pictures, truth = drawn(speed, count)
    got = steady(pictures, truth)
    columns = np.arange(WIDTH)
    for mine, right in zip(got, truth, strict=True):
        place = (mine.sum(axis=0) * columns).sum() / mine.sum()
        assert abs(place - (right.sum(axis=0) * columns).sum() / right.sum()) < 0.2
    assert error(got, truth) < 0.004


def test_nothing_comes_over_a_cut() -> None:
    pictures, truth = drawn(0, 6)
    other = [255 - picture // 2 for picture in pictures]
    empty = [np.zeros_like(alpha) for alpha in truth]
    got = steady(pictures + other, truth + empty)
    assert error(got, truth + empty) == 0
    # Even where a part of the picture stays the same over the cut.
    for picture, before in zip(other, pictures, strict=True):
        picture[30:60, 20:60] = before[30:60, 20:60]
    assert error(steady(pictures + other, truth + empty), truth + empty) == 0


def test_a_video_model_sees_the_frames_of_its_own_shot() -> None:
    pictures, _ = drawn(3, 6)
    seen = temporal.earlier(pictures)
    np.testing.assert_array_equal(seen, pictures[:-1])
    other = [255 - picture // 2 for picture in pictures]
    np.testing.assert_array_equal(temporal.earlier(pictures[:3] + other[:3]), other[:2])
    assert temporal.earlier(pictures[:3] + other[:1]) is None
    assert temporal.earlier(pictures[:1]) is None
    smaller = [pictures[0][:-2], pictures[1]]
    assert temporal.earlier(smaller) is None


def test_cuts_are_told_from_pans_fades_and_flashes() -> None:
    assert temporal.is_cut([0.01, 0.3, 0.01], 1)
    assert temporal.is_cut([0.3], 0)
    assert not any(temporal.is_cut([0.2, 0.22, 0.19, 0.21], at) for at in range(4))
    assert not any(temporal.is_cut([0.01, 0.4, 0.4, 0.01], at) for at in range(4))
    assert not temporal.is_cut([0.0, 0.05, 0.0], 1)


def test_odd_sizes_and_deep_pictures() -> None:
    pictures, truth = drawn(0, 3)
    odd = [(picture[:, :-1].astype(np.uint16) * 257)[:-1] for picture in pictures]
    got = steady(odd, [alpha[:-1, :-1] for alpha in truth])
    np.testing.assert_array_equal(got[1], truth[1][:-1, :-1])


def test_strokes_follow_what_they_were_painted_on() -> None:
    pictures, truth = drawn(3, 5)
    unit = [picture.astype(np.float32) / 255 for picture in pictures]
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[40:50, 35:45] = True  # on the disc
    after = np.where(where, 1.0, truth[0] * 0.5).astype(np.float32)
    strokes = carrying.between((truth[0] * 0.5).astype(np.float32), after, 0.01)
    np.testing.assert_array_equal(strokes.where, where)
    for index in range(1, 5):
        strokes = carrying.onto_next(strokes, unit[index - 1], unit[index])
        assert strokes is not None
        rows, columns = np.nonzero(strokes.where)
        assert abs(columns.mean() - (39.5 + 3 * index)) < 1
        assert abs(rows.mean() - 44.5) < 1
        assert (strokes.values[strokes.where] == 1).all()


def test_strokes_leave_the_picture_with_what_they_are_on() -> None:
    wide = texture(3)
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[10:30, :20] = True
    strokes = carrying.Strokes(where, where.astype(np.float32))
    strokes = carrying.onto_next(strokes, wide[:, :WIDTH], wide[:, 4 : WIDTH + 4])
    np.testing.assert_array_equal(np.nonzero(strokes.where.any(axis=0))[0], np.arange(16))


def test_strokes_end_at_a_cut_and_where_nothing_was_painted() -> None:
    pictures, _ = drawn(0, 2)
    unit = pictures[0].astype(np.float32) / 255
    where = np.zeros((HEIGHT, WIDTH), bool)
    where[10:20, 10:20] = True
    strokes = carrying.Strokes(where, where.astype(np.float32))
    assert carrying.onto_next(strokes, unit, 1 - unit) is None
    none = carrying.Strokes(np.zeros_like(where), strokes.values)
    assert carrying.onto_next(none, unit, unit) is None
