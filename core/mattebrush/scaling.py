# SPDX-License-Identifier: Apache-2.0
"""Between a picture and a small version of it, without a full-size float plane in between."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

from .depth import FULL
from .tiles import Window, strips

_STRIP_BLOCKS = 32


@dataclasses.dataclass(frozen=True)
class Stretched:
    """A small map (h, w) float32 that covers a picture of `height` x `width` pixels."""

    values: np.ndarray
    height: int
    width: int

    def window(self, window: Window) -> np.ndarray:
        """What `window` of the map is, resized to the picture, bilinear: float32."""
        rows, columns = window
        h, w = self.values.shape
        box = (
            columns.start * w / self.width,
            rows.start * h / self.height,
            min(columns.stop * w / self.width, w),
            min(rows.stop * h / self.height, h),
        )
        size = (columns.stop - columns.start, rows.stop - rows.start)
        small = Image.fromarray(self.values)
        return np.array(small.resize(size, Image.Resampling.BILINEAR, box=box))

    def whole(self) -> np.ndarray:
        """The map at the picture's size."""
        return self.window((slice(0, self.height), slice(0, self.width)))


def of_blocks(values: np.ndarray, step: int) -> Stretched:
    """What `box_means` gave, over the pixels its blocks stand for (the last may stick out)."""
    return Stretched(values, values.shape[0] * step, values.shape[1] * step)


def box_means(values: np.ndarray, step: int) -> np.ndarray:
    """Means of `step` x `step` blocks of (H, W) or (H, W, C) uint8, uint16 or float32.

    Returns float32 in 0..1, (ceil(H / step), ceil(W / step), ...); blocks cut by the picture's
    right and lower border are means of what there is of them.
    """
    height, width = values.shape[:2]
    means = np.empty((-(-height // step), -(-width // step), *values.shape[2:]), np.float32)
    for rows in strips(height, _STRIP_BLOCKS * step):
        part = values[rows]
        down = part[::step].astype(np.float32)
        for k in range(1, step):
            more = part[k::step]
            down[: len(more)] += more
        across = down[:, ::step].copy()
        for k in range(1, step):
            more = down[:, k::step]
            across[:, : more.shape[1]] += more
        first = rows.start // step
        means[first : first + len(across)] = across
    counts = np.outer(_lengths(height, step), _lengths(width, step))
    scale = (1 / (counts * FULL[values.dtype])).astype(np.float32)
    means *= scale if values.ndim == 2 else scale[..., None]
    return means


def _lengths(total: int, step: int) -> np.ndarray:
    """Of the blocks along one side."""
    return np.diff(np.append(np.arange(0, total, step), total))
