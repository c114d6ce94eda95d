# SPDX-License-Identifier: Apache-2.0
"""Mask work: measured on shapes whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebrush import retouch
from mattebrush.imaging.morphology import dilated


def step_edge(width: int = 200) -> np.ndarray:
    alpha = np.zeros((40, width), np.float32)
    alpha[:, width // 2 :] = 1
    return alpha


@pytest.mark.parametrize("sigma", [0.5, 2.0, 7.0, 20.0])
def test_feather_is_a_gaussian(sigma: float) -> None:
    alpha = step_edge()
    row = retouch.feather(alpha, sigma)[20]
    slope = np.diff(row)
    center = (slope * np.arange(1, 200)).sum() / slope.sum()
    spread = np.sqrt((slope * (np.arange(1, 200) - center) ** 2).sum() / slope.sum())
    assert center == pytest.approx(100, abs=0.6)
    assert spread == pytest.approx(sigma, rel=0.12, abs=0.05)
    assert row[0] == 0 and row[-1] == 1


@settings(deadline=None, max_examples=20)
@given(st.floats(-12, 12))
def test_shift_edge_moves_a_straight_edge_by_so_many_pixels(pixels: float) -> None:
    moved = retouch.shift_edge(step_edge(), pixels)
    assert moved[20].sum() == pytest.approx(100 + pixels, abs=0.02)


def test_shift_edge_is_monotone_and_nothing_at_zero() -> None:
    alpha = np.random.default_rng(3).random((60, 70)).astype(np.float32)
    assert np.array_equal(retouch.shift_edge(alpha, 0), alpha)
    last = retouch.shift_edge(alpha, -3)
    for pixels in (-2.5, -1, -0.2, 0, 0.3, 1, 2.7):
        now = retouch.shift_edge(alpha, pixels)
        assert (now >= last - 1e-6).all()
        last = now


def test_shift_edge_grows_a_disc_evenly() -> None:
    y, x = np.mgrid[:101, :101] - 50
    alpha = (np.hypot(x, y) <= 20).astype(np.float32)
    grown = retouch.shift_edge(alpha, 5)
    assert np.sqrt(grown.sum() / np.pi) == pytest.approx(25, abs=0.6)
    radius = np.hypot(x, y)
    assert grown[radius < 24].min() == 1
    assert grown[radius > 27].max() == 0


def test_far_from_edges_nothing_is_computed_and_nothing_changes() -> None:
    alpha = step_edge(3000)
    for out in (retouch.feather(alpha, 2), retouch.shift_edge(alpha, 3)):
        assert np.array_equal(out[:, :1400], alpha[:, :1400])
        assert np.array_equal(out[:, 1600:], alpha[:, 1600:])


def test_keep_largest_follows_winding_parts() -> None:
    alpha = np.zeros((120, 160), np.float32)
    for column in range(5, 120, 10):  # a long snake
        alpha[10:110, column : column + 3] = 1
        row = 107 if (column // 10) % 2 else 10
        alpha[row : row + 3, column : column + 13] = 1
    snake = alpha.copy()
    alpha[40:70, 140:158] = 0.9
    assert np.array_equal(retouch.keep_largest(alpha), snake)


def test_keep_largest_leaves_one_part_and_emptiness_alone() -> None:
    whole = np.ones((30, 30), np.float32)
    assert np.array_equal(retouch.keep_largest(whole), whole)
    assert retouch.keep_largest(np.zeros((30, 30), np.float32)).max() == 0


def test_keep_largest_works_on_large_masks() -> None:
    alpha = np.zeros((1500, 3000), np.float32)
    alpha[100:900, 100:900] = 1
    alpha[1200:1300, 2000:2900] = 1
    kept = retouch.keep_largest(alpha)
    assert kept[100:900, 100:900].all()
    assert kept.sum() == 800 * 800


@pytest.mark.parametrize("scale", (1, 12))
def test_opaque_inside_fills_windows_and_leaves_edges(scale: int) -> None:
    def scaled(alpha: np.ndarray) -> np.ndarray:
        return np.kron(alpha, np.ones((scale, scale), np.float32))

    alpha = np.zeros((100, 150), np.float32)
    alpha[20:80, 20:130] = 1
    alpha[20:80, 14:20] = np.linspace(0.15, 0.9, 6)  # hair
    alpha[60:70, 30:40] = 0  # between the arm and the body
    filled = alpha.copy()
    alpha[30:50, 40:70] = 0.4  # a window
    alpha[30:50, 90:110] = np.linspace(0.2, 0.8, 20)  # another
    assert np.array_equal(retouch.opaque_inside(scaled(alpha)), scaled(filled))


def test_opaque_inside_leaves_what_has_no_window_alone() -> None:
    for value in (0.0, 1.0):
        alpha = np.full((30, 40), value, np.float32)
        assert np.array_equal(retouch.opaque_inside(alpha), alpha)


def test_harden() -> None:
    alpha = np.array([[0, 0.49, 0.5, 1]], np.float32)
    assert retouch.harden(alpha).tolist() == [[0, 0, 1, 1]]


@given(st.integers(0, 40))
def test_grown_never_falls_short(pixels: int) -> None:
    where = np.zeros((90, 90), bool)
    where[45, 45] = True
    grown = dilated(where, pixels)
    y, x = np.nonzero(grown)
    assert grown[max(0, 45 - pixels) : 46 + pixels, 45].all()
    assert np.abs(y - 45).max() <= 2.5 * pixels + 1
    assert np.abs(x - 45).max() <= 2.5 * pixels + 1
