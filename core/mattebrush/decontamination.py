# SPDX-License-Identifier: Apache-2.0
"""Foreground color: what an edge pixel would show without the background that shines through.

The method is multi-level foreground estimation (Germer, Uelwer, Conrad and Harmeling, "Fast
Multi-Level Foreground Estimation", 2020) with three changes that make it fast in plain numpy: its
coarse levels are solved once for the whole picture at an eighth of the size; its fine levels only
at the pixels of the edge, in tiles; and levels are box means, not samples, so that one or two
sweeps a level do. Colors are in the file's own encoding, as everywhere in the engine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from .cutout import Progress, no_progress
from .imaging.depth import to_depth, to_unit
from .imaging.morphology import dilated_cross
from .imaging.resize import box_means
from .imaging.tile_workers import for_each_tile
from .imaging.tiles import Tile, plan

_FINE_LEVELS = 3
_STEP = 2**_FINE_LEVELS
"""Size of a coarse pixel. What lies further apart than a few of these shares only coarse color."""

_SWEEPS = (1, 2, 3)
"""Jacobi sweeps at full, half and quarter size. More gain little: each level starts near."""

_COARSE_SWEEPS = 8
_TILE, _HALO = 512, 16
_CERTAIN = np.float32(0.002)
"""A box mean of alpha nearer to 0 or 1 than this counts as certain."""

_SMOOTHNESS = np.float32(1e-5)
_GRADIENT_WEIGHT = np.float32(0.1)
"""How much more a neighbor counts per difference in alpha; published: 1e-5 and 1."""


def estimate_foreground(
    image: np.ndarray,
    alpha: np.ndarray,
    progress: Progress = no_progress,
    threads: int | None = None,
) -> np.ndarray:
    """The straight color F in I = alpha F + (1 - alpha) B.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1|3) uint8, uint16 or float32 in 0..1.
    alpha : numpy.ndarray
        Float32 (H, W) in [0, 1].
    progress : Progress, optional
        Called as progress(stage, fraction); may raise to stop.
    threads : int or None, optional
        How many tiles at a time; None follows the machine.

    Returns
    -------
    numpy.ndarray
        A copy of `image` in which the pixels with 0 < alpha < 1 hold the estimate; all others are
        the image's own, so that painting the mask white brings the original back.
    """
    out = image.copy()
    soft = (alpha > 0) & (alpha < 1)
    tiles = plan(soft, _TILE, _HALO)
    coarse = _coarse_colors(image, alpha) if tiles else np.empty(0, np.float32)

    def work(tile: Tile) -> None:
        aligned = _aligned(tile)
        colors = _fine_colors(image, alpha, aligned, coarse)
        where = soft[tile.inner]
        out[tile.inner][where] = to_depth(colors[aligned.crop][where], out.dtype)

    for_each_tile(tiles, work, "decontamination", progress, threads)
    return out


def _aligned(tile: Tile) -> Tile:
    """The tile with `outer` grown to start on a coarse pixel, so that levels lie on each other."""
    rows, columns = tile.outer
    outer = (
        slice(rows.start // _STEP * _STEP, rows.stop),
        slice(columns.start // _STEP * _STEP, columns.stop),
    )
    return dataclasses.replace(tile, outer=outer)


def _coarse_colors(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """F above B, (2C, h, w) float32, at an eighth of the size."""
    levels = [(_planes(box_means(image, _STEP)), box_means(alpha, _STEP))]
    while min(levels[-1][1].shape) > 1:
        levels.append((_half(levels[-1][0]), _half(levels[-1][1])))
    smallest, share = levels[-1]
    colors = np.concatenate(
        [
            np.broadcast_to(_mean(smallest, share), smallest.shape),
            np.broadcast_to(_mean(smallest, 1 - share), smallest.shape),
        ]
    )
    for color, opacity in reversed(levels):
        colors = _grown(colors, opacity.shape)
        _settle(colors, color, opacity, _COARSE_SWEEPS)
    return colors


def _fine_colors(
    image: np.ndarray, alpha: np.ndarray, tile: Tile, coarse: np.ndarray
) -> np.ndarray:
    """F, (h, w, C) float32, for the tile's `outer`."""
    levels = [(_planes(to_unit(image[tile.outer])), alpha[tile.outer])]
    for _ in range(_FINE_LEVELS - 1):
        levels.append((_half(levels[-1][0]), _half(levels[-1][1])))
    rows, columns = tile.outer
    colors = coarse[
        :,
        rows.start // _STEP : -(-rows.stop // _STEP),
        columns.start // _STEP : -(-columns.stop // _STEP),
    ]
    for level in reversed(range(_FINE_LEVELS)):
        color, opacity = levels[level]
        colors = _grown(colors, opacity.shape)
        _settle(colors, color, opacity, _SWEEPS[level])
    return np.moveaxis(colors[: image.shape[2]], 0, 2)


def _settle(colors: np.ndarray, image: np.ndarray, alpha: np.ndarray, sweeps: int) -> None:
    """Jacobi sweeps of the level's equations, in place, where alpha is uncertain.

    colors: F above B, (2C, h, w). image: (C, h, w). alpha: (h, w). Each pixel takes the weighted
    mean of its neighbors' F and B, then both share the residual of the matting equation in
    proportion to alpha and 1 - alpha: the closed form of the paper's two by two system.
    """
    height, width = alpha.shape
    channels = len(image)
    front, back = alpha > 1 - _CERTAIN, alpha < _CERTAIN
    np.copyto(colors[:channels], image, where=front)
    np.copyto(colors[channels:], image, where=back)
    here = np.flatnonzero(dilated_cross(~(front | back)))
    if not here.size:
        return
    y, x = np.divmod(here, width)
    neighbors = (
        here - width * (y > 0),
        here + width * (y < height - 1),
        here - (x > 0),
        here + (x < width - 1),
    )
    opacity = alpha.reshape(-1)
    a = opacity[here]
    weights = [_SMOOTHNESS + _GRADIENT_WEIGHT * np.abs(a - opacity[at]) for at in neighbors]
    total = weights[0] + weights[1] + weights[2] + weights[3]
    shares = [weight / total for weight in weights]
    gain = 1 / (a * a + (1 - a) * (1 - a) + total)
    gains = a * gain, (1 - a) * gain
    # Plane by plane: numpy is at its fastest on long rows.
    for channel in range(channels):
        seen = image[channel].reshape(-1)[here]
        front_plane, back_plane = (colors[at].reshape(-1) for at in (channel, channels + channel))
        for _ in range(sweeps):
            foreground = _around(front_plane, neighbors, shares)
            background = _around(back_plane, neighbors, shares)
            residual = seen - background - a * (foreground - background)
            front_plane[here] = np.clip(foreground + gains[0] * residual, 0, 1)
            back_plane[here] = np.clip(background + gains[1] * residual, 0, 1)


def _around(
    plane: np.ndarray, neighbors: Sequence[np.ndarray], shares: Sequence[np.ndarray]
) -> np.ndarray:
    """The weighted mean of each pixel's neighbors."""
    mean = plane[neighbors[0]]
    mean *= shares[0]
    for at, share in zip(neighbors[1:], shares[1:], strict=True):
        part = plane[at]
        part *= share
        mean += part
    return mean


def _planes(values: np.ndarray) -> np.ndarray:
    """(h, w, C) to (C, h, w)."""
    return np.ascontiguousarray(np.moveaxis(values, 2, 0))


def _half(values: np.ndarray) -> np.ndarray:
    """Means of two by two pixels of (..., h, w); the last row and column repeat where they miss."""
    if values.shape[-2] % 2:
        values = np.concatenate([values, values[..., -1:, :]], axis=-2)
    if values.shape[-1] % 2:
        values = np.concatenate([values, values[..., -1:]], axis=-1)
    rows = values[..., 0::2, :] + values[..., 1::2, :]
    return (rows[..., 0::2] + rows[..., 1::2]) * np.float32(0.25)


def _grown(colors: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Each pixel of (C, h, w) repeated two by two, cut to `shape`; always a copy of its own."""
    if colors.shape[1:] == shape:
        return np.array(colors)
    wide = np.repeat(colors, 2, axis=2)[:, :, : shape[1]]
    return np.ascontiguousarray(np.repeat(wide, 2, axis=1)[:, : shape[0]])


def _mean(color: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(C, 1, 1)."""
    mean: np.ndarray = (color * weight).sum(axis=(1, 2), keepdims=True)
    return mean / (weight.sum() + np.float32(1e-6))
