# SPDX-License-Identifier: GPL-3.0-or-later
"""Brush strokes followed from one frame to its neighbour, later or earlier. Pure numpy.

How far what was painted on moved is found by template matching: the least sum of squared
differences under the stroke, for all movements at once by Fourier transform (Lewis, "Fast
Template Matching", 1995). A stroke stays only where the picture under it is still the same.
"""

import numpy as np

from .strokes import Strokes

_REACH = 32
"""Pixels by which a stroke can move from one frame to the next."""

_NEAR = 1e-6
"""What a movement by one pixel costs, as a squared difference in colour: flat areas stay put."""

_SAME = 0.12
"""Difference in colour (0..1) from which a pixel is no longer what was painted on."""

_LOST = 0.5
"""A stroke of which less than this share is found again ends there."""


def onto(strokes, now, other):
    """The strokes as they lie in the neighbouring frame, or None when their subject is gone.

    now, other: float32 (H, W, 3) pictures in 0..1.
    """
    where = strokes.cover > 0
    if now.shape != other.shape or not where.any():
        return None
    window = _window(where)
    down, right = _movement(now[window], other[window], where[window])
    there = _moved(where, down, right)
    difference = np.abs(_moved(now, down, right)[there] - other[there]).max(axis=1)
    same = there.copy()
    same[there] = difference < _SAME
    if same.sum() < _LOST * where.sum():
        return None
    cover = np.where(same, _moved(strokes.cover, down, right), 0).astype(np.float32)
    return Strokes(_moved(strokes.value, down, right), cover)


def _window(where):
    """The box around the strokes with `_REACH` around it, as two slices."""
    rows, columns = np.nonzero(where)
    return tuple(
        slice(max(int(at.min()) - _REACH, 0), min(int(at.max()) + _REACH + 1, size))
        for at, size in ((rows, where.shape[0]), (columns, where.shape[1]))
    )


def _movement(a, b, where):
    """Whole pixels (down, right) by which `a` has to move to lie on `b` under the strokes."""
    # Room around it, so that nothing comes in again from the other side.
    shape = [side + _REACH for side in where.shape]
    steps = np.arange(-_REACH, _REACH + 1)

    def under(plane, template):
        """Sums of plane x template for all movements of the template."""
        product = np.fft.rfft2(plane, s=shape) * np.conj(np.fft.rfft2(template, s=shape))
        return np.fft.irfft2(product, s=shape)[steps[:, None], steps]

    a, b = a.astype(float), b.astype(float)
    inside = np.ones(where.shape)
    there = under(inside, where)  # what is moved out of the picture does not count
    cost = under(inside, where * (a**2).sum(axis=2)) + under((b**2).sum(axis=2), where)
    for channel in range(a.shape[2]):
        cost -= 2 * under(b[..., channel], where * a[..., channel])
    cost = cost / np.maximum(there, 1) + _NEAR * (steps[:, None] ** 2 + steps**2)
    cost[there < _LOST * where.sum()] = np.inf
    down, right = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return int(steps[down]), int(steps[right])


def _moved(values, down, right):
    """`values` moved by whole pixels; what comes in from outside is 0."""
    out = np.zeros_like(values)
    height, width = values.shape[:2]
    if abs(down) >= height or abs(right) >= width:
        return out
    to = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
    fro = slice(max(-down, 0), height - max(down, 0)), slice(max(-right, 0), width - max(right, 0))
    out[to] = values[fro]
    return out
