# SPDX-License-Identifier: Apache-2.0
"""Dilation, rank filters and connected components, in plain numpy.

Masks are bool (H, W), planes float32 (H, W). Serra, "Image Analysis and Mathematical Morphology",
1982.
"""

from __future__ import annotations

import numpy as np


def dilated(mask: np.ndarray, pixels: int) -> np.ndarray:
    """`mask` and everything within about `pixels` of it (a little more, never less).

    Done on blocks, so that its cost does not depend on `pixels`.

    Parameters
    ----------
    mask : numpy.ndarray
        True, or not 0, where it is set.
    pixels : int
        How many.

    Returns
    -------
    numpy.ndarray
    """
    if pixels <= 0:
        return mask
    step = max(1, pixels // 4)
    blocks = block_maximum(mask, step)
    for _ in range(-(-pixels // step)):
        blocks = dilated_square(blocks)
    return blocks_to_pixels(blocks, step, mask.shape)


def dilated_square(mask: np.ndarray) -> np.ndarray:
    """`mask` grown by one pixel to all eight sides.

    Parameters
    ----------
    mask : numpy.ndarray
        True, or not 0, where it is set.

    Returns
    -------
    numpy.ndarray
    """
    out = mask.copy()
    for axis in (0, 1):
        source = out.copy()
        ahead, behind = [slice(None)] * 2, [slice(None)] * 2
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        out[tuple(ahead)] |= source[tuple(behind)]
        out[tuple(behind)] |= source[tuple(ahead)]
    return out


def dilated_cross(mask: np.ndarray) -> np.ndarray:
    """`mask` grown by one pixel up, down, left and right.

    Parameters
    ----------
    mask : numpy.ndarray
        True, or not 0, where it is set.

    Returns
    -------
    numpy.ndarray
    """
    out = mask.copy()
    out[1:] |= mask[:-1]
    out[:-1] |= mask[1:]
    out[:, 1:] |= mask[:, :-1]
    out[:, :-1] |= mask[:, 1:]
    return out


def nearest(seeds: np.ndarray, within: np.ndarray | None = None) -> np.ndarray:
    """Which of several sets of seeds each pixel lies nearest to, going in octagons.

    Parameters
    ----------
    seeds : numpy.ndarray
        bool (N, H, W); of a pixel that is a seed of several, the first counts.
    within : numpy.ndarray or None, optional
        bool (H, W), where the ways may lead; None for everywhere.

    Returns
    -------
    numpy.ndarray
        bool (N, H, W), each pixel in one of them; in none where no way leads.
    """
    free = np.ones(seeds.shape[1:], bool) if within is None else within.copy()
    out = seeds & free & (np.cumsum(seeds, axis=0) == 1)
    free &= ~out.any(axis=0)
    step = 0
    while free.any():
        grow = dilated_square if step % 2 else dilated_cross
        reached = np.stack([grow(plane) for plane in out]) & free
        reached &= np.cumsum(reached, axis=0) == 1
        if not reached.any():
            break
        out |= reached
        free &= ~reached.any(axis=0)
        step += 1
    return out


def steps(plane: np.ndarray) -> np.ndarray:
    """Where a pixel differs from one of its four neighbors: bool (H, W).

    Parameters
    ----------
    plane : numpy.ndarray
        (H, W).

    Returns
    -------
    numpy.ndarray
    """
    out = np.zeros(plane.shape, bool)
    vertical, horizontal = plane[1:] != plane[:-1], plane[:, 1:] != plane[:, :-1]
    out[1:] |= vertical
    out[:-1] |= vertical
    out[:, 1:] |= horizontal
    out[:, :-1] |= horizontal
    return out


def neighborhood(plane: np.ndarray, choose: np.ufunc) -> np.ndarray:
    """np.minimum or np.maximum over each three by three neighborhood, borders repeated.

    Parameters
    ----------
    plane : numpy.ndarray
        (H, W).
    choose : numpy.ufunc
        np.minimum or np.maximum.

    Returns
    -------
    numpy.ndarray
    """
    padded = np.pad(plane, 1, mode="edge")
    rows = choose(choose(padded[:-2], padded[1:-1]), padded[2:])
    return np.ascontiguousarray(choose(choose(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]))


def dilated_disc(plane: np.ndarray, radius: float) -> np.ndarray:
    """Gray-scale dilation by a disc, interpolated between the whole radii around `radius`.

    Parameters
    ----------
    plane : numpy.ndarray
        (H, W) floats.
    radius : float
        In pixels; fractions are interpolated.

    Returns
    -------
    numpy.ndarray
    """
    lower = int(radius)
    share = np.float32(radius - lower)
    low = _disc_maximum(plane, lower)
    if not share:
        return low
    return low + share * (_disc_maximum(plane, lower + 1) - low)


def _disc_maximum(plane: np.ndarray, radius: int) -> np.ndarray:
    """Greatest value within `radius` of each pixel: one horizontal run a row of the disc."""
    if radius == 0:
        return plane
    height, width = plane.shape
    padded = np.pad(plane, radius, mode="edge")
    out = plane.copy()
    for dy in range(radius + 1):
        half = int((radius * radius - dy * dy + radius * 0.5) ** 0.5)
        run = padded[:, radius - half : radius - half + width]
        for dx in range(-half + 1, half + 1):
            run = np.maximum(run, padded[:, radius + dx : radius + dx + width])
        for y in {radius + dy, radius - dy}:
            np.maximum(out, run[y : y + height], out=out)
    return out


def block_maximum(values: np.ndarray, step: int) -> np.ndarray:
    """The greatest value of each `step` x `step` block; the last blocks may be cut.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W).
    step : int
        A block's side in pixels.

    Returns
    -------
    numpy.ndarray
    """
    if step == 1:
        return values
    rows = np.maximum.reduceat(values, np.arange(0, values.shape[0], step), axis=0)
    return np.maximum.reduceat(rows, np.arange(0, values.shape[1], step), axis=1)


def blocks_to_pixels(blocks: np.ndarray, step: int, shape: tuple[int, ...]) -> np.ndarray:
    """Each block repeated `step` x `step`, cut to `shape`.

    Parameters
    ----------
    blocks : numpy.ndarray
        A value a block.
    step : int
        A block's side in pixels.
    shape : tuple[int, ...]
        (H, W).

    Returns
    -------
    numpy.ndarray
    """
    whole = np.repeat(np.repeat(blocks, step, axis=0), step, axis=1)
    return whole[: shape[0], : shape[1]]


def label(mask: np.ndarray) -> np.ndarray:
    """Connected components (8 neighbors) numbered from 1, 0 elsewhere.

    Each pixel takes the least number in its row's run, then its column's, until nothing changes:
    few rounds, all of them in numpy.

    Parameters
    ----------
    mask : numpy.ndarray
        Bool (H, W).

    Returns
    -------
    numpy.ndarray
    """
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
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
