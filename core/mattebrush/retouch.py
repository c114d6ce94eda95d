# SPDX-License-Identifier: Apache-2.0
"""Work on a finished mask: feather, shift the edge, keep the largest part, fill, harden.

All take and give alpha, float32 (H, W) in [0, 1], and touch only the tiles near an edge. What a
user paints, and how it is kept, is in `matting.refine`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from .imaging import gaussian, morphology
from .imaging.resize import box_means, of_blocks
from .imaging.tiles import Tile, plan

_TILE = 512
_FINEST_SIGMA = 3.0
"""A wider blur is done on a smaller picture: nothing finer survives it anyway."""

_STEP = 8
"""Largest disc, in pixels, that one pass of `shift_edge` moves by; farther takes more passes."""

_PART = np.float32(0.1)
"""Paler than this does not join two parts into one."""


def feather(alpha: np.ndarray, sigma: float) -> np.ndarray:
    """The edge blurred by a Gaussian of `sigma` pixels.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    sigma : float
        In pixels.

    Returns
    -------
    numpy.ndarray
    """
    if sigma <= 0:
        return alpha
    step = max(1, int(sigma / _FINEST_SIGMA))
    blur = functools.partial(gaussian.blurred, sigma=sigma / step)
    reach = gaussian.reach(sigma / step)
    if step == 1:
        return _near_edges(alpha, reach, blur)
    small = _near_edges(box_means(alpha, step), reach, blur)
    height, width = alpha.shape
    return of_blocks(small, step).window((slice(0, height), slice(0, width)))


def shift_edge(alpha: np.ndarray, pixels: float) -> np.ndarray:
    """The edge moved outward (pixels > 0) or inward (< 0), fractions allowed.

    Gray-scale dilation or erosion by a disc (Serra, "Image Analysis and Mathematical Morphology",
    1982), between two whole radii by linear interpolation: the identity at 0, monotone in
    `pixels`, and a soft edge keeps its softness.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    pixels : float
        Outward, or inward where less than 0.

    Returns
    -------
    numpy.ndarray
    """
    if pixels < 0:
        return 1 - shift_edge(1 - alpha, -pixels)
    left = pixels
    while left > 0:
        dilate = functools.partial(morphology.dilated_disc, radius=min(left, float(_STEP)))
        alpha = _near_edges(alpha, _STEP + 1, dilate)
        left -= _STEP
    return alpha


def keep_largest(alpha: np.ndarray) -> np.ndarray:
    """Only the connected part with the largest area; all else becomes 0.

    Connection is judged on blocks (the longest side has at most 1024 of them), so parts less
    than a block apart count as one. Paler parts than 0.1 stay where they touch the largest.

    Parameters
    ----------
    alpha : numpy.ndarray
        The matte, (H, W).

    Returns
    -------
    numpy.ndarray
    """
    step = max(1, -(-max(alpha.shape) // 1024))
    solid = morphology.block_maximum(alpha, step) >= _PART
    labels = morphology.label(solid)
    if labels.max() <= 1:
        return alpha
    areas = np.bincount(labels.ravel(), weights=box_means(alpha, step).ravel())
    areas[0] = 0
    largest = labels == areas.argmax()
    keep = morphology.dilated_square(largest) & ~(solid & ~largest)
    return np.where(morphology.blocks_to_pixels(keep, step, alpha.shape), alpha, np.float32(0))


def opaque_inside(alpha: np.ndarray) -> np.ndarray:
    """What the subject encloses and shows through, a car's windows say, made opaque.

    Judged on blocks as in `keep_largest`. A half-transparent part that touches the background
    (paler than 0.1) is an edge, and stays as it is.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).

    Returns
    -------
    numpy.ndarray
    """
    step = max(1, -(-max(alpha.shape) // 1024))
    palest = 1 - morphology.block_maximum(1 - alpha, step)
    clear = palest < _PART
    sheer = ~clear & (palest < 1 - _PART)
    labels = morphology.label(sheer)
    enclosed = sheer & ~np.isin(labels, np.unique(labels[morphology.dilated_square(clear)]))
    fill = morphology.dilated_square(enclosed) & ~clear & ~(sheer & ~enclosed)
    return np.where(morphology.blocks_to_pixels(fill, step, alpha.shape), np.float32(1), alpha)


def harden(alpha: np.ndarray) -> np.ndarray:
    """1 where alpha is at least one half, else 0.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).

    Returns
    -------
    numpy.ndarray
    """
    return (alpha >= np.float32(0.5)).astype(np.float32)


def _near_edges(
    alpha: np.ndarray, reach: int, work: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """`work`, which looks `reach` pixels around, applied wherever alpha is not constant."""
    out = alpha.copy()
    for tile in plan(morphology.dilated(_varying(alpha), reach), _TILE, reach):
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
    """Where a pixel differs from a neighbor or is partly transparent."""
    return morphology.steps(alpha) | ((alpha > 0) & (alpha < 1))
