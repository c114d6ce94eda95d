# SPDX-License-Identifier: Apache-2.0
"""How things move from one frame to another: dense motion at a small size, in plain numpy.

Block matching from coarse to fine, each level starting from the one above; the finest is told to
fractions of a pixel by the parabola through the best match and its neighbors. As fine as carrying
a mask needs, for a few milliseconds a frame: OpenCV would be the largest thing a user installs.
"""

from __future__ import annotations

import numpy as np

from ..imaging.resize import resize

_FINEST, _COARSEST = 192, 40
"""Longest side of the finest and the coarsest level, in cells."""

_SEARCH = 3
"""How far the coarsest level looks, in its cells: a twelfth of the picture's side. Each finer level
mends what came from above by one cell."""

_WINDOW = 2
"""Radius of the block that is compared."""

_STILL = np.float32(0.002)
"""What a cell of motion costs, so that flat ground does not wander."""


def displacement(frame: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where each cell of `frame` lies in `other`.

    Parameters
    ----------
    frame, other
        (h, w, 3) float32 in 0..1, of one size.

    Returns
    -------
    numpy.ndarray
        (h', w', 2) float32: down and across, as shares of the picture's height and width, on a
        grid whose longest side is at most 192.
    """
    flow = None
    for size in _levels(frame.shape[:2]):
        here, there = resize(frame, size, "area"), resize(other, size, "area")
        reach = 1
        if flow is None:
            flow, reach = np.zeros((*size, 2), np.float32), _SEARCH
        else:
            flow = resize(flow, size)
        flow = _smoothed(_matched(here, there, flow, reach))
    assert flow is not None
    return flow


def warp(plane: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """What `plane`, of the other frame, shows where each cell of this frame went.

    Parameters
    ----------
    plane
        (h, w) or (h, w, C) float32.
    flow
        Of `displacement`, at any size.

    Returns
    -------
    numpy.ndarray
        In the shape of `plane`; what came from outside repeats the border.
    """
    height, width = plane.shape[:2]
    move = resize(flow, (height, width)) if flow.shape[:2] != (height, width) else flow
    y = np.arange(height, dtype=np.float32)[:, None] + move[..., 0] * height
    x = np.arange(width, dtype=np.float32)[None] + move[..., 1] * width
    return _sampled(plane, y, x)


def composed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The displacement over two steps.

    Parameters
    ----------
    first
        From this frame to the next.
    second
        From there on, looked up where `first` leads.

    Returns
    -------
    numpy.ndarray
        On the grid of `first`.
    """
    return first + warp(second, first)


def mismatch(frame: np.ndarray, other: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """How unlike a frame and what the flow fetched from the other are.

    Parameters
    ----------
    frame, other
        (h, w, 3) float32 in 0..1, of one size.
    flow
        Of `displacement`.

    Returns
    -------
    numpy.ndarray
        (h', w') float32: mean difference of color over a block, on the flow's grid.
    """
    size = flow.shape[:2]
    here, there = resize(frame, size, "area"), resize(other, size, "area")
    return _box(np.abs(here - warp(there, flow)).mean(axis=2), _WINDOW)


def _levels(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Sizes from coarse to fine."""
    longest = max(shape)
    finest = min(_FINEST, longest)
    sides = [finest]
    while sides[-1] > _COARSEST:
        sides.append(-(-sides[-1] // 2))
    ratios = [side / longest for side in reversed(sides)]
    return [(max(2, round(shape[0] * r)), max(2, round(shape[1] * r))) for r in ratios]


def _matched(here: np.ndarray, there: np.ndarray, flow: np.ndarray, reach: int) -> np.ndarray:
    height, width = here.shape[:2]
    start = warp(there, flow)
    padded = np.pad(start, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    side = 2 * reach + 1
    costs = np.empty((side * side, height, width), np.float32)
    for i in range(side):
        for j in range(side):
            difference = np.abs(here - padded[i : i + height, j : j + width]).mean(axis=2)
            far = abs(i - reach) + abs(j - reach)
            costs[i * side + j] = _box(difference, _WINDOW) + _STILL * far
    best = costs.argmin(axis=0)
    down, across = np.divmod(best, side)
    move = np.stack([down - reach, across - reach], axis=2).astype(np.float32)
    move[..., 0] += _fraction(costs, best, side, down, side)
    move[..., 1] += _fraction(costs, best, 1, across, side)
    size = np.array([height, width], np.float32)
    there_too: np.ndarray = move / size
    return there_too + warp(flow, there_too)


def _fraction(
    costs: np.ndarray, best: np.ndarray, step: int, at: np.ndarray, side: int
) -> np.ndarray:
    """Where between the neighbors the parabola through three costs has its foot, -.5 to .5."""
    inside = (at > 0) & (at < side - 1)
    flat = costs.reshape(len(costs), -1)
    columns = np.arange(flat.shape[1])
    index = best.ravel()
    low = flat[np.clip(index - step, 0, len(costs) - 1), columns]
    high = flat[np.clip(index + step, 0, len(costs) - 1), columns]
    middle = flat[index, columns]
    bend = low + high - 2 * middle
    foot = np.where(bend > 1e-6, (low - high) / np.maximum(2 * bend, 1e-6), 0)
    return np.where(inside, np.clip(foot, -0.5, 0.5).reshape(best.shape), 0).astype(np.float32)


def _smoothed(flow: np.ndarray) -> np.ndarray:
    """The median over three by three cells, which drops single wrong matches and keeps edges."""
    height, width = flow.shape[:2]
    padded = np.pad(flow, ((1, 1), (1, 1), (0, 0)), mode="edge")
    around = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    middle: np.ndarray = np.median(np.stack(around), axis=0)
    return middle


def _box(plane: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a square, the border repeated."""
    side = 2 * radius + 1
    total = np.cumsum(np.pad(plane, ((radius + 1, radius), (0, 0)), mode="edge"), axis=0)
    rows = total[side:] - total[:-side]
    total = np.cumsum(np.pad(rows, ((0, 0), (radius + 1, radius)), mode="edge"), axis=1)
    mean: np.ndarray = (total[:, side:] - total[:, :-side]) / np.float32(side * side)
    return mean


def _sampled(plane: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Bilinear samples at y, x, clipped to the plane."""
    height, width = plane.shape[:2]
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    top, left = y.astype(np.intp), x.astype(np.intp)
    down, across = y - top, x - left
    if plane.ndim == 3:
        down, across = down[..., None], across[..., None]
    below, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    upper = plane[top, left] * (1 - across) + plane[top, right] * across
    lower = plane[below, left] * (1 - across) + plane[below, right] * across
    sampled: np.ndarray = upper * (1 - down) + lower * down
    return sampled.astype(np.float32)
