# SPDX-License-Identifier: Apache-2.0
"""Tiles cover the band exactly once, stay tight, and cost as much as the edge is long."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mattebrush.cutout import no_progress
from mattebrush.imaging import tiles
from mattebrush.imaging.strips import strips
from mattebrush.imaging.tile_workers import for_each_tile


def _circle(size: int, thickness: float) -> npt.NDArray[np.bool_]:
    y, x = np.ogrid[:size, :size]
    radius = np.hypot(y - size / 2, x - size / 2)
    return np.asarray(np.abs(radius - size / 3) < thickness)


def test_an_empty_band_needs_no_work() -> None:
    assert tiles.plan(np.zeros((40, 50), bool), tile=16, halo=4) == []


def test_a_small_band_is_one_tight_tile_with_its_halo() -> None:
    band = np.zeros((100, 200), bool)
    band[30:35, 60:72] = True
    (tile,) = tiles.plan(band, tile=64, halo=8)
    assert tile.inner == (slice(30, 35), slice(60, 72))
    assert tile.outer == (slice(22, 43), slice(52, 80))
    assert tile.crop == (slice(8, 13), slice(8, 20))
    assert tile.shape == (21, 28)


def test_the_halo_ends_where_the_picture_ends() -> None:
    band = np.zeros((10, 10), bool)
    band[0, 9] = True
    (tile,) = tiles.plan(band, tile=4, halo=3)
    assert tile.outer == (slice(0, 4), slice(6, 10))
    assert tile.crop == (slice(0, 1), slice(3, 4))


def test_outer_windows_begin_and_end_at_multiples_or_with_the_picture() -> None:
    band = np.zeros((64, 20), bool)
    band[58:64, 3:5] = True
    (tile,) = tiles.plan(band, tile=16, halo=2, multiple=16)
    assert tile.outer == (slice(48, 64), slice(0, 16))
    (tile,) = tiles.plan(band, tile=16, halo=2, multiple=32)
    assert tile.outer == (slice(32, 64), slice(0, 20))  # 20 columns have no room for 32


def test_two_specks_side_by_side_share_a_window_and_distant_ones_do_not() -> None:
    band = np.zeros((64, 400), bool)
    band[30, 10] = band[30, 14] = True
    assert len(tiles.plan(band, tile=3, halo=8)) == 2  # 5 columns do not fit in a tile of 3
    assert len(tiles.plan(band, tile=5, halo=8)) == 1
    band[30, 390] = True
    plan = tiles.plan(band, tile=200, halo=8)
    assert [tile.inner[1] for tile in plan] == [slice(10, 15), slice(390, 391)]


def test_cost_follows_the_length_of_the_edge() -> None:
    def cost(size: int) -> int:
        plan = tiles.plan(_circle(size, 4), tile=96, halo=8)
        return sum(tile.shape[0] * tile.shape[1] for tile in plan)

    assert cost(2000) < 2.6 * cost(1000)  # four times the area, twice the edge


@pytest.mark.parametrize("wrong", [(0, 1, 1), (8, -1, 1), (8, 1, 0)])
def test_a_plan_needs_sane_sizes(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="make no plan"):
        tiles.plan(np.ones((4, 4), bool), *wrong)


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    density=st.sampled_from([0.002, 0.02, 0.3, 1.0]),
    tile=st.integers(1, 40),
    halo=st.integers(0, 20),
    multiple=st.sampled_from([1, 8, 16]),
)
def test_every_band_pixel_is_decided_exactly_once(
    seed: int, height: int, width: int, density: float, tile: int, halo: int, multiple: int
) -> None:
    band = np.random.default_rng(seed).random((height, width)) < density
    decided = np.zeros(band.shape, int)
    for piece in tiles.plan(band, tile, halo, multiple):
        decided[piece.inner] += 1
        inside: npt.NDArray[np.bool_] = band[piece.inner]
        assert inside[0].any() and inside[-1].any()
        assert inside[:, 0].any() and inside[:, -1].any()
        assert max(inside.shape) <= tile
        assert np.array_equal(band[piece.outer][piece.crop], inside)
        for outer, inner, limit in zip(piece.outer, piece.inner, band.shape, strict=True):
            assert 0 <= outer.start <= max(inner.start - halo, 0)
            assert min(inner.stop + halo, limit) <= outer.stop <= limit
            assert outer.start % multiple == 0
            assert outer.stop % multiple == 0 or outer.stop == limit
    assert (decided[band] == 1).all()
    assert (decided <= 1).all()


@given(height=st.integers(0, 100), rows=st.one_of(st.none(), st.integers(1, 30)))
def test_strips_cover_every_row_once(height: int, rows: int | None) -> None:
    parts = list(strips(height, 100_000, rows))
    assert [row for part in parts for row in range(part.start, part.stop)] == list(range(height))
    assert all(part.stop - part.start <= (rows or 11) for part in parts)


def test_no_tile_is_begun_after_one_has_failed() -> None:
    many = tiles.plan(np.ones((64, 640), bool), 64, 0)
    begun: list[tiles.Tile] = []

    def work(tile: tiles.Tile) -> None:
        begun.append(tile)
        raise ZeroDivisionError

    for _ in range(200):  # a pool's thread is quicker than its owner, but not always
        begun.clear()
        with pytest.raises(ZeroDivisionError):
            for_each_tile(many, work, "matting", no_progress, threads=1)
        assert begun == many[:1]
