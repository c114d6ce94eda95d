# SPDX-License-Identifier: Apache-2.0
"""Plans windows over the part of a picture that needs work, so that cost follows the edge.

Pure geometry: what happens inside a window is the business of matting and decontamination.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .rect import Rect

Window = tuple[slice, slice]
"""Rows and columns of a picture, both with explicit start and stop: what `Rect.slices` gives, and
what indexes an array directly."""


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


def plan(region: npt.NDArray[np.bool_], tile: int, halo: int, multiple: int = 1) -> list[Tile]:
    """Covers every true pixel of `region` (bool, (H, W)) by exactly one tile's `inner`.

    Inner windows are disjoint and tight around the region; neighbors are merged where one window
    costs no more pixels than two. The order is by rows, then by columns. An empty region gives [].

    Parameters
    ----------
    region : npt.NDArray[numpy.bool_]
        Where to work.
    tile : int
        Longest side of an `inner`, in pixels.
    halo : int
        Context around `inner`, in pixels, cut where the picture ends.
    multiple : int, optional
        `outer` begins and ends at multiples of this, or where the picture ends: networks that look
        at cells of so many pixels see the same cells as in the whole picture.

    Returns
    -------
    list[Tile]
    """
    if tile < 1 or halo < 0 or multiple < 1:
        raise ValueError(f"tile {tile}, halo {halo}, multiple {multiple} make no plan")
    height, width = region.shape
    rects = _merged(list(_occupied(region, tile)), tile, halo)
    return [
        Tile(
            outer=(
                _grown(rect.y0, rect.y1, halo, multiple, height),
                _grown(rect.x0, rect.x1, halo, multiple, width),
            ),
            inner=rect.slices,
        )
        for rect in sorted(rects, key=lambda rect: (rect.y0, rect.y1, rect.x0))
    ]


def _occupied(region: npt.NDArray[np.bool_], tile: int) -> Iterator[Rect]:
    """The tight rectangle of the region inside each cell of a regular grid laid over it."""
    filled_rows = np.flatnonzero(region.any(axis=1))
    if not filled_rows.size:
        return
    for first, last in _cells(int(filled_rows[0]), int(filled_rows[-1]) + 1, tile):
        strip = region[first:last]
        filled = np.flatnonzero(strip.any(axis=0))
        if not filled.size:
            continue
        for left, right in _cells(int(filled[0]), int(filled[-1]) + 1, tile):
            columns = filled[np.searchsorted(filled, left) : np.searchsorted(filled, right)]
            if columns.size:
                rows = np.flatnonzero(strip[:, left:right].any(axis=1))
                yield Rect(
                    int(columns[0]),
                    first + int(rows[0]),
                    int(columns[-1]) + 1,
                    first + int(rows[-1]) + 1,
                )


def _cells(start: int, stop: int, longest: int) -> Iterator[tuple[int, int]]:
    """Cuts [start, stop) into the fewest equal parts that are no longer than `longest`."""
    count = -(-(stop - start) // longest)
    cuts = [start + (stop - start) * i // count for i in range(count + 1)]
    yield from itertools.pairwise(cuts)


def _merged(rects: list[Rect], tile: int, halo: int) -> list[Rect]:
    """Joins neighbors in reading order, row by row and then column by column, while it pays."""
    for axis in (1, 0):
        rects = sorted(rects, key=lambda rect: (rect[axis], rect[1 - axis]))
        table = np.array(rects, dtype=np.int64).reshape(-1, 4)
        last = 0
        for i in range(1, len(table)):
            union = _join(table, last, i, tile, halo)
            if union is None:
                last = i
            else:
                table[last] = union
                table[i] = 0  # an empty rectangle touches nothing
        rects = [Rect(*row) for row in table.tolist() if row[3] > row[1]]
    return rects


def _join(table: npt.NDArray[np.int64], i: int, j: int, tile: int, halo: int) -> Rect | None:
    """One rectangle for rows i and j, if it is allowed, costs no more and touches no third one."""
    a, b = Rect(*table[i].tolist()), Rect(*table[j].tolist())
    union = Rect(min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1))
    if max(union.height, union.width) > tile:
        return None
    if _cost(union, halo) > _cost(a, halo) + _cost(b, halo):
        return None
    x0, y0, x1, y1 = table.T
    touched = (y0 < union.y1) & (y1 > union.y0) & (x0 < union.x1) & (x1 > union.x0)
    return union if np.count_nonzero(touched) == 2 else None


def _cost(rect: Rect, halo: int) -> int:
    return (rect.height + 2 * halo) * (rect.width + 2 * halo)


def _grown(start: int, stop: int, halo: int, multiple: int, limit: int) -> slice:
    """[start, stop) with its halo, stretched to multiples on both sides, cut to [0, limit)."""
    start = max(start - halo, 0) // multiple * multiple
    return slice(start, min(-(-(stop + halo) // multiple) * multiple, limit))
