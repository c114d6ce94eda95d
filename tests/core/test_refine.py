# SPDX-License-Identifier: Apache-2.0
"""Refining keeps its promises, whatever was painted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mattebrush
from mattebrush.imaging.depth import FULL, to_depth
from tests.core.scenes import disc

SCENE = disc(96, 128)
DEPTHS = [np.uint8, np.uint16, np.float32]


def mask_in(dtype: type) -> np.ndarray:
    return to_depth(SCENE.alpha.astype(np.float32), dtype)


@st.composite
def strokes(draw: st.DrawFn) -> list[tuple[int, int, int, int, float]]:
    """Rectangles (y, x, height, width) painted with a value 0..1."""
    one = st.tuples(
        st.integers(0, 90),
        st.integers(0, 120),
        st.integers(1, 30),
        st.integers(1, 30),
        st.sampled_from([0.0, 1.0, 0.25, 0.5, 0.8]),
    )
    return draw(st.lists(one, min_size=0, max_size=4))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(DEPTHS), strokes(), st.booleans(), strokes())
def test_pure_strokes_stay_and_the_rest_is_untouched(
    dtype: type,
    painted: list[tuple[int, int, int, int, float]],
    with_region: bool,
    regions: list[tuple[int, int, int, int, float]],
) -> None:
    previous = mask_in(dtype)
    mask = previous.copy()
    full = FULL[np.dtype(dtype)]
    for y, x, height, width, value in painted:
        mask[y : y + height, x : x + width] = value * full
    region = np.zeros(mask.shape, np.uint8)
    for y, x, height, width, _ in regions:
        region[y : y + height, x : x + width] = 255
    better = mattebrush.refine(SCENE.image, mask, previous, region if with_region else None).alpha
    assert better.dtype == dtype
    changed = mask != previous
    pure = (mask == 0) | (mask == full)
    assert np.array_equal(better[changed & pure], mask[changed & pure])
    touched = changed & ~pure
    if with_region:
        touched |= region > 0
    assert np.array_equal(better[~touched], mask[~touched])


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_gray_stroke_over_the_edge_is_decided_from_the_picture(dtype: type) -> None:
    previous = mask_in(dtype)
    mask = previous.copy()
    mask[20:76, 30:50] = FULL[np.dtype(dtype)] * 0.5
    better = mattebrush.refine(SCENE.image, mask, previous).alpha / FULL[np.dtype(dtype)]
    painted = np.zeros(mask.shape, bool)
    painted[20:76, 30:50] = True
    assert np.abs(better - SCENE.alpha)[painted].mean() < 0.06
    assert np.abs(mask / FULL[np.dtype(dtype)] - SCENE.alpha)[painted].mean() > 0.3


def test_a_region_mends_a_ragged_edge_there_and_nowhere_else() -> None:
    rough = np.round((SCENE.alpha > 0.5) * 255).astype(np.uint8)
    region = np.zeros(rough.shape, np.uint8)
    region[:48] = 255
    better = mattebrush.refine(SCENE.image, rough, region=region).alpha
    assert np.array_equal(better[48:], rough[48:])
    edge = (SCENE.alpha > 0.02) & (SCENE.alpha < 0.98)
    edge[48:] = False
    before = np.abs(rough / 255 - SCENE.alpha)[edge].mean()
    after = np.abs(better / 255 - SCENE.alpha)[edge].mean()
    assert after < 0.6 * before


def test_without_strokes_or_region_every_edge_is_mended() -> None:
    rough = np.round((SCENE.alpha > 0.5) * 255).astype(np.uint8)
    better = mattebrush.refine(SCENE.image, rough).alpha
    before, after = (np.abs(m / 255 - SCENE.alpha).mean() for m in (rough, better))
    assert after < 0.6 * before


@pytest.mark.parametrize("value", [0, 255])
def test_a_mask_without_an_edge_stays(value: int) -> None:
    mask = np.full((96, 128), value, np.uint8)
    assert np.array_equal(mattebrush.refine(SCENE.image, mask).alpha, mask)
