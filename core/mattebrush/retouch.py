# SPDX-License-Identifier: Apache-2.0
"""Work on a finished mask: feather, shift the edge, keep the largest part, fill, harden.

All take and give alpha, float32 (H, W) in [0, 1], and touch only the tiles near an edge. What a
user paints, and how it is kept, is in `refinement`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .scaling import box_means, of_blocks
from .tiles import Tile, plan

_TILE = 512
_FINEST_SIGMA = 3.0
"""A wider blur is done on a smaller picture: nothing finer survives it anyway."""

_STEP = 8
"""Largest disc, in pixels, that one pass of `shift_edge` moves by; farther takes more passes."""

_PART = np.float32(0.1)
"""Paler than this does not join two parts into one."""


def feather(alpha: np.ndarray, sigma: float) -> np.ndarray:
    """The edge blurred by a Gaussian of `sigma` pixels."""
    if sigma <= 0:
        return alpha
    step = max(1, int(sigma / _FINEST_SIGMA))
    if step == 1:
        return _near_edges(alpha, _reach(sigma), lambda part: _gaussian(part, sigma))
    small = box_means(alpha, step)
    blurred = _near_edges(small, _reach(sigma / step), lambda part: _gaussian(part, sigma / step))
    height, width = alpha.shape
    return of_blocks(blurred, step).window((slice(0, height), slice(0, width)))


def shift_edge(alpha: np.ndarray, pixels: float) -> np.ndarray:
    """The edge moved outwards (pixels > 0) or inwards (< 0), fractions allowed.

    Grey-scale dilation or erosion by a disc (Serra, "Image Analysis and Mathematical Morphology",
    1982), between two whole radii by linear interpolation: the identity at 0, monotone in
    `pixels`, and a soft edge keeps its softness.
    """
    if pixels < 0:
        return 1 - shift_edge(1 - alpha, -pixels)
    left = pixels
    while left > 0:
        radius = min(left, float(_STEP))
        alpha = _near_edges(alpha, _STEP + 1, lambda part, r=radius: _dilated(part, r))  # type: ignore[misc]
        left -= radius
    return alpha


def keep_largest(alpha: np.ndarray) -> np.ndarray:
    """Only the connected part with the largest area; all else becomes 0.

    Connection is judged on blocks (the longest side has at most 1024 of them), so parts less
    than a block apart count as one. Paler parts than 0.1 stay where they touch the largest.
    """
    step = max(1, -(-max(alpha.shape) // 1024))
    solid = _block_maximum(alpha, step) >= _PART
    labels = _labels(solid)
    if labels.max() <= 1:
        return alpha
    areas = np.bincount(labels.ravel(), weights=box_means(alpha, step).ravel())
    areas[0] = 0
    largest = labels == areas.argmax()
    keep = _grown_by_one(largest) & ~(solid & ~largest)
    whole = np.repeat(np.repeat(keep, step, axis=0), step, axis=1)
    return np.where(whole[: alpha.shape[0], : alpha.shape[1]], alpha, np.float32(0))


def opaque_inside(alpha: np.ndarray) -> np.ndarray:
    """What the subject encloses and shows through, a car's windows say, made opaque.

    Judged on blocks as in `keep_largest`. A half-transparent part that touches the background
    (paler than 0.1) is an edge, and stays as it is.
    """
    step = max(1, -(-max(alpha.shape) // 1024))
    palest = 1 - _block_maximum(1 - alpha, step)
    clear = palest < _PART
    sheer = ~clear & (palest < 1 - _PART)
    labels = _labels(sheer)
    enclosed = sheer & ~np.isin(labels, np.unique(labels[_grown_by_one(clear)]))
    fill = _grown_by_one(enclosed) & ~clear & ~(sheer & ~enclosed)
    whole = np.repeat(np.repeat(fill, step, axis=0), step, axis=1)
    return np.where(whole[: alpha.shape[0], : alpha.shape[1]], np.float32(1), alpha)


def harden(alpha: np.ndarray) -> np.ndarray:
    """1 where alpha is at least one half, else 0."""
    return (alpha >= np.float32(0.5)).astype(np.float32)


def grown(where: np.ndarray, pixels: int) -> np.ndarray:
    """bool (H, W): `where` and everything within about `pixels` of it (a little more, never less).

    Done on blocks, so that its cost does not depend on `pixels`.
    """
    if pixels <= 0:
        return where
    step = max(1, pixels // 4)
    blocks = _block_maximum(where, step)
    for _ in range(-(-pixels // step)):
        blocks = _grown_by_one(blocks)
    whole = np.repeat(np.repeat(blocks, step, axis=0), step, axis=1)
    return whole[: where.shape[0], : where.shape[1]]


def _reach(sigma: float) -> int:
    return int(np.ceil(3 * sigma)) + 1


def _near_edges(
    alpha: np.ndarray, reach: int, work: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """`work`, which looks `reach` pixels around, applied wherever alpha is not constant."""
    out = alpha.copy()
    for tile in plan(grown(_varying(alpha), reach), _TILE, reach):
        out[tile.inner] = _worked(alpha, tile, reach, work)
    return out


def _worked(
    alpha: np.ndarray, tile: Tile, reach: int, work: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    # Beyond the picture the mask goes on as it ends, so that borders are no edges.
    rows, columns = tile.outer
    inner_rows, inner_columns = tile.inner
    before = (
        reach - (inner_rows.start - rows.start),
        reach - (inner_columns.start - columns.start),
    )
    after = (reach - (rows.stop - inner_rows.stop), reach - (columns.stop - inner_columns.stop))
    padded = np.pad(alpha[tile.outer], ((before[0], after[0]), (before[1], after[1])), mode="edge")
    return work(padded)[reach : padded.shape[0] - reach, reach : padded.shape[1] - reach]


def _varying(alpha: np.ndarray) -> np.ndarray:
    """Where a pixel differs from a neighbour or is partly transparent."""
    varying = (alpha > 0) & (alpha < 1)
    vertical, horizontal = alpha[1:] != alpha[:-1], alpha[:, 1:] != alpha[:, :-1]
    varying[1:] |= vertical
    varying[:-1] |= vertical
    varying[:, 1:] |= horizontal
    varying[:, :-1] |= horizontal
    return varying


def _gaussian(part: np.ndarray, sigma: float) -> np.ndarray:
    radius = _reach(sigma) - 1
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padding = [(radius, radius) if each == axis else (0, 0) for each in (0, 1)]
        padded = np.pad(part, padding, mode="edge")
        size = part.shape[axis]
        blurred = np.zeros_like(part)
        for offset, weight in enumerate(kernel):
            window = [slice(None), slice(None)]
            window[axis] = slice(offset, offset + size)
            blurred += weight * padded[tuple(window)]
        part = blurred
    return np.clip(part, 0, 1)


def _dilated(part: np.ndarray, radius: float) -> np.ndarray:
    """Dilation by a disc of `radius`, interpolated between the whole radii around it."""
    lower = int(radius)
    share = np.float32(radius - lower)
    low = _disc_maximum(part, lower)
    if not share:
        return low
    return low + share * (_disc_maximum(part, lower + 1) - low)


def _disc_maximum(part: np.ndarray, radius: int) -> np.ndarray:
    """Greatest value within `radius` of each pixel: one horizontal run a row of the disc."""
    if radius == 0:
        return part
    height, width = part.shape
    padded = np.pad(part, radius, mode="edge")
    out = part.copy()
    for dy in range(radius + 1):
        half = int((radius * radius - dy * dy + radius * 0.5) ** 0.5)
        run = padded[:, radius - half : radius - half + width]
        for dx in range(-half + 1, half + 1):
            run = np.maximum(run, padded[:, radius + dx : radius + dx + width])
        for y in {radius + dy, radius - dy}:
            np.maximum(out, run[y : y + height], out=out)
    return out


def _block_maximum(values: np.ndarray, step: int) -> np.ndarray:
    if step == 1:
        return values
    rows = np.maximum.reduceat(values, np.arange(0, values.shape[0], step), axis=0)
    return np.maximum.reduceat(rows, np.arange(0, values.shape[1], step), axis=1)


def _grown_by_one(where: np.ndarray) -> np.ndarray:
    out = where.copy()
    for axis in (0, 1):
        source = out.copy()
        ahead, behind = [slice(None)] * 2, [slice(None)] * 2
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        out[tuple(ahead)] |= source[tuple(behind)]
        out[tuple(behind)] |= source[tuple(ahead)]
    return out


def _labels(where: np.ndarray) -> np.ndarray:
    """Connected parts (8 neighbours) numbered from 1, 0 elsewhere.

    Each pixel takes the least number in its row's run, then its column's, until nothing changes:
    few rounds, all of them in numpy.
    """
    labels = np.where(where, np.arange(1, where.size + 1).reshape(where.shape), 0)
    while True:
        before = labels
        labels = _least_in_runs(_least_in_runs(labels).T).T
        labels = _least_diagonally(labels)
        if np.array_equal(labels, before):
            break
    _, numbered = np.unique(labels, return_inverse=True)
    numbered = numbered.reshape(labels.shape)
    return numbered if (labels == 0).any() else numbered + 1


def _least_in_runs(labels: np.ndarray) -> np.ndarray:
    """Every run of nonzero numbers in a row set to the least of them."""
    flat = np.pad(labels, ((0, 0), (0, 1))).ravel()
    inside = flat > 0
    starts = np.flatnonzero(inside & ~np.concatenate([[False], inside[:-1]]))
    if not starts.size:
        return labels
    least = np.minimum.reduceat(np.where(inside, flat, flat.size), starts)
    run = np.cumsum(np.bincount(starts, minlength=flat.size)) - 1
    out = np.where(inside, least[np.maximum(run, 0)], 0)
    return out.reshape(labels.shape[0], -1)[:, :-1]


def _least_diagonally(labels: np.ndarray) -> np.ndarray:
    out = labels.copy()
    for a, b in (
        ((slice(1, None), slice(1, None)), (slice(None, -1), slice(None, -1))),
        ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))),
    ):
        both = (out[a] > 0) & (out[b] > 0)
        least = np.minimum(out[a], out[b])
        out[a] = np.where(both, least, out[a])
        out[b] = np.where(both, np.minimum(out[b], least), out[b])
    return out
