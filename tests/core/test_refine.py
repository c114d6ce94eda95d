# SPDX-License-Identifier: Apache-2.0
"""Refining keeps its promises, whatever was painted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import mattebrush
from mattebrush import Options
from mattebrush.imaging import morphology
from mattebrush.imaging.depth import FULL, to_depth
from mattebrush.segmentation import guided
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
    limit = region if with_region else None
    better = mattebrush.refine(SCENE.image, mask, previous, limit).alpha
    assert better.dtype == dtype
    changed = mask != previous
    pure = (mask == 0) | (mask == full)
    assert np.array_equal(better[changed & pure], mask[changed & pure])
    if with_region:
        assert np.array_equal(better[region == 0], mask[region == 0])
    else:
        # Black strokes raise nothing and white ones lower nothing, but where one painted gray.
        if not (changed & (mask == full)).any():
            assert (better <= mask)[~changed].all()
        if not (changed & (mask == 0)).any():
            assert (better >= mask)[~changed].all()
        if not (changed & pure).any():
            assert np.array_equal(better[~changed], mask[~changed])
    assert np.array_equal(mattebrush.refine(SCENE.image, better, better).alpha, better)


LEMUR = np.asarray(Image.open("examples/lemur.jpg").convert("RGB").resize((600, 400)))


@pytest.fixture(scope="module")
def subject() -> np.ndarray:
    """The default mask of a photograph, uint8: what it is worth is for test_default to say."""
    cutout = mattebrush.remove_background(LEMUR, Options(decontaminate=False))
    return np.round(cutout.alpha * 255).astype(np.uint8)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a > 127) & (b > 127)).sum() / ((a > 127) | (b > 127)).sum())


def left_over(mask: np.ndarray, truth: np.ndarray, painted: np.ndarray) -> float:
    return float(np.abs(mask.astype(int) - truth)[~painted].sum())


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_white_stroke_gives_back_what_was_bitten_off(subject: np.ndarray, side: str) -> None:
    rows, columns = (np.flatnonzero((subject > 127).any(axis)) for axis in (1, 0))
    y, x = int(rows.mean()), int(columns.mean())
    halves: dict[str, tuple[slice, slice]] = {
        "left": np.s_[:, :x],
        "right": np.s_[:, x:],
        "top": np.s_[:y, :],
        "bottom": np.s_[y:, :],
    }
    bitten = halves[side]
    previous = subject.copy()
    previous[bitten] = 0
    missing = np.zeros(subject.shape, bool)
    missing[bitten] = subject[bitten] > 250
    ys, xs = np.nonzero(missing)
    middle = len(ys) // 2
    at = (int(ys[middle]), int(xs[middle]))
    mask, painted = previous.copy(), np.zeros(subject.shape, bool)
    painted[at[0] - 8 : at[0] + 8, at[1] - 20 : at[1] + 20] = True
    painted &= missing
    mask[painted] = 255
    better = mattebrush.refine(LEMUR, mask, previous).alpha
    before, after = (left_over(m, subject, painted) for m in (previous, better))
    assert after < 0.6 * before
    alone = mattebrush.refine(LEMUR, mask, previous, options=Options(guided=False)).alpha
    assert left_over(alone, subject, painted) > 0.95 * before


def test_a_black_stroke_takes_away_what_does_not_belong(subject: np.ndarray) -> None:
    previous = subject.copy()
    previous[: LEMUR.shape[0] // 3, : LEMUR.shape[1] // 3] = 255
    added = previous != subject
    mask, painted = previous.copy(), np.zeros(subject.shape, bool)
    painted[20:40, 20:150] = True
    painted &= added
    mask[painted] = 0
    better = mattebrush.refine(LEMUR, mask, previous).alpha
    before, after = (left_over(m, subject, painted) for m in (previous, better))
    assert after < 0.5 * before


def test_a_rectangle_is_pulled_to_the_subject(subject: np.ndarray) -> None:
    rows, columns = (np.flatnonzero((subject > 127).any(axis)) for axis in (1, 0))
    crude = np.zeros_like(subject)
    crude[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = 255
    whole = np.full(subject.shape, 255, np.uint8)
    better = mattebrush.refine(LEMUR, crude, region=whole).alpha
    assert overlap(crude, subject) < 0.8
    assert overlap(better, subject) > 0.85


def test_without_strokes_nothing_changes(subject: np.ndarray) -> None:
    assert np.array_equal(mattebrush.refine(LEMUR, subject, subject).alpha, subject)


def test_what_lies_far_from_a_stroke_stays_to_the_bit(subject: np.ndarray) -> None:
    mask = subject.copy()
    mask[5:15, 5:25] = 255
    better = mattebrush.refine(LEMUR, mask, subject).alpha
    assert np.array_equal(better[:, 300:], subject[:, 300:])


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


def test_a_stroke_reaches_all_that_hangs_together_with_it_and_nothing_else() -> None:
    """Looked for near the stroke alone, it is what a search of the whole would give."""
    draws = np.random.default_rng(0)
    for share in (0.01, 0.03, 0.1, 0.4) * 10:
        cells = draws.random(draws.integers(3, 150, 2)) < share
        stroke = np.zeros_like(cells)
        stroke[tuple(draws.integers(0, side) for side in cells.shape)] = True
        own = morphology.dilated_square(stroke)
        labels = morphology.label(morphology.dilated(cells, guided._GAP) | own)
        expected = np.isin(labels, labels[stroke]) & (cells | own)
        np.testing.assert_array_equal(guided._touching(cells, stroke), expected)
