# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user painted, as a layer of its own: apart from any matte, so that it outlives them.

A layer has a value and a coverage for each pixel, as a brush lays them down: over another matte
the soft rim of a stroke is soft again, and no ring of the old matte stays around it. Pure numpy.
"""

import dataclasses

import numpy as np

_SEEN = 0.5 / 255
"""Smaller changes are rounding, not paint."""

_FULL = 0.995
_PURE = 0.02
_FLAT = 0.6 / 255
"""By how much neighbours may differ where a brush painted one even grey."""


@dataclasses.dataclass
class Strokes:
    """value, cover: float32 (H, W) in 0..1. Where cover is 0 nothing was painted."""

    value: np.ndarray
    cover: np.ndarray

    def __bool__(self):
        return bool(self.cover.any())


def painted(before, after):
    """The `Strokes` that turned the mask `before` into `after`, float32 (H, W) each.

    Towards white it is white paint that covers in part, towards black it is black paint; but an
    even grey was meant as it is: "decide here".
    """
    before, after = np.clip(before, 0, 1), np.clip(after, 0, 1)
    change = after - before
    touched = np.abs(change) > _SEEN
    value = (change > 0).astype(np.float32)
    room = np.where(change > 0, 1 - before, before)
    cover = np.where(touched, np.abs(change) / np.maximum(room, 1e-6), 0)
    cover = np.where(cover > _FULL, 1, np.clip(cover, 0, 1)).astype(np.float32)
    grey = touched & (after > _PURE) & (after < 1 - _PURE) & _even(after)
    return Strokes(np.where(grey, after, value).astype(np.float32), np.where(grey, 1, cover))


def _even(plane):
    """bool (H, W): pixels whose eight neighbours have their own value."""
    padded = np.pad(plane, 1, mode="edge")
    height, width = plane.shape
    high, low = plane, plane
    for down in range(3):
        for right in range(3):
            other = padded[down : down + height, right : right + width]
            high, low = np.maximum(high, other), np.minimum(low, other)
    return high - low < _FLAT


def merged(below, above):
    """One layer that does what `above` does over `below`; either may be None."""
    if below is None or above is None:
        return below if above is None else above
    rest = below.cover * (1 - above.cover)
    cover = above.cover + rest
    value = (above.value * above.cover + below.value * rest) / np.maximum(cover, 1e-6)
    return Strokes(value.astype(np.float32), cover.astype(np.float32))


def over(strokes, matte):
    """float32 (H, W): the matte with the strokes on it; the matte itself without any."""
    if strokes is None:
        return matte
    mixed = matte + strokes.cover * (strokes.value - matte)
    return np.where(strokes.cover == 1, strokes.value, mixed).astype(np.float32)


def planes(strokes):
    """float32 (H, W, 3) as it is kept in a file: value, cover, nothing."""
    return np.stack([strokes.value, strokes.cover, np.zeros_like(strokes.value)], axis=2)


def of_planes(values):
    """`planes` undone; None where nothing was painted at all."""
    strokes = Strokes(np.ascontiguousarray(values[..., 0]), np.ascontiguousarray(values[..., 1]))
    return strokes if strokes else None
