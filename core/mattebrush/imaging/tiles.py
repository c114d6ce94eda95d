# SPDX-License-Identifier: Apache-2.0
"""Plans windows over the part of a picture that needs work, so that cost follows the edge.

Pure geometry: what happens inside a window is the business of matting and decontamination.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Window = tuple[slice, slice]
"""Rows and columns of a picture, both with explicit start and stop; indexes an array directly."""

Extent = tuple[int, int, int, int]
"""(top, bottom, left, right), bottom and right exclusive."""


@dataclasses.dataclass(frozen=True)
class Tile:
    """One piece of work.

    outer: what to read, in picture coordinates: `inner` and the halo around it.
    inner: the pixels that this tile alone decides, in picture coordinates.
    """

    outer: Window
    inner: Window

    @property
    def crop(self) -> Window:
        """`inner` as seen from inside `outer`: `result[tile.inner] = work(outer)[tile.crop]`."""
        (outer_rows, outer_columns), (rows, columns) = self.outer, self.inner
        top, left = outer_rows.start, outer_columns.start
        return (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of `outer`."""
        rows, columns = self.outer
        return rows.stop - rows.start, columns.stop - columns.start


def plan(band: npt.NDArray[np.bool_], tile: int, halo: int, multiple: int = 1) -> list[Tile]:
    """Covers every true pixel of `band` (bool, (H, W)) by exactly one tile's `inner`.

    tile: longest side of an `inner`, in pixels.
    halo: context around `inner`, in pixels, cut where the picture ends.
    multiple: `outer` begins and ends at multiples of this, or where the picture ends: networks
        that look at cells of so many pixels see the same cells as in the whole picture.

    Inner windows are disjoint and tight around the band; neighbors are merged where one window
    costs no more pixels than two. The order is by rows, then by columns. An empty band gives [].
    """
    if tile < 1 or halo < 0 or multiple < 1:
        raise ValueError(f"tile {tile}, halo {halo}, multiple {multiple} make no plan")
    height, width = band.shape
    extents = _merged(list(_occupied(band, tile)), tile, halo)
    return [
        Tile(
            outer=(
                _grown(top, bottom, halo, multiple, height),
                _grown(left, right, halo, multiple, width),
            ),
            inner=(slice(top, bottom), slice(left, right)),
        )
        for top, bottom, left, right in sorted(extents)
    ]


def _occupied(band: npt.NDArray[np.bool_], tile: int) -> Iterator[Extent]:
    """The tight extent of the band inside each cell of a regular grid laid over it."""
    filled_rows = np.flatnonzero(band.any(axis=1))
    if not filled_rows.size:
        return
    for first, last in _cells(int(filled_rows[0]), int(filled_rows[-1]) + 1, tile):
        strip = band[first:last]
        filled = np.flatnonzero(strip.any(axis=0))
        if not filled.size:
            continue
        for left, right in _cells(int(filled[0]), int(filled[-1]) + 1, tile):
            columns = filled[np.searchsorted(filled, left) : np.searchsorted(filled, right)]
            if columns.size:
                rows = np.flatnonzero(strip[:, left:right].any(axis=1))
                yield (
                    first + int(rows[0]),
                    first + int(rows[-1]) + 1,
                    int(columns[0]),
                    int(columns[-1]) + 1,
                )


def _cells(start: int, stop: int, longest: int) -> Iterator[tuple[int, int]]:
    """Cuts [start, stop) into the fewest equal parts that are no longer than `longest`."""
    count = -(-(stop - start) // longest)
    cuts = [start + (stop - start) * i // count for i in range(count + 1)]
    yield from itertools.pairwise(cuts)


def _merged(extents: list[Extent], tile: int, halo: int) -> list[Extent]:
    """Joins neighbors in reading order, row by row and then column by column, while it pays."""
    for axis in (0, 2):
        extents = sorted(extents, key=lambda e: (e[axis], e[2 - axis]))
        table = np.array(extents, dtype=np.int64).reshape(-1, 4)
        last = 0
        for i in range(1, len(table)):
            union = _join(table, last, i, tile, halo)
            if union is None:
                last = i
            else:
                table[last] = union
                table[i] = 0  # an empty extent touches nothing
        extents = [(t, b, x0, x1) for t, b, x0, x1 in table.tolist() if b > t]
    return extents


def _join(table: npt.NDArray[np.int64], i: int, j: int, tile: int, halo: int) -> Extent | None:
    """One extent for rows i and j, if it is allowed, costs no more and touches no third one."""
    a, b = table[i].tolist(), table[j].tolist()
    top, bottom, left, right = union = (
        min(a[0], b[0]),
        max(a[1], b[1]),
        min(a[2], b[2]),
        max(a[3], b[3]),
    )
    if max(bottom - top, right - left) > tile:
        return None
    if _cost(union, halo) > _cost(a, halo) + _cost(b, halo):
        return None
    touched = (
        (table[:, 0] < bottom) & (table[:, 1] > top) & (table[:, 2] < right) & (table[:, 3] > left)
    )
    return union if np.count_nonzero(touched) == 2 else None


def _cost(extent: Sequence[int], halo: int) -> int:
    top, bottom, left, right = extent
    return (bottom - top + 2 * halo) * (right - left + 2 * halo)


def _grown(start: int, stop: int, halo: int, multiple: int, limit: int) -> slice:
    """[start, stop) with its halo, stretched to multiples on both sides, cut to [0, limit)."""
    start = max(start - halo, 0) // multiple * multiple
    return slice(start, min(-(-(stop + halo) // multiple) * multiple, limit))
