# SPDX-License-Identifier: Apache-2.0
"""The one Gaussian blur, separable, in plain numpy."""

from __future__ import annotations

import numpy as np


def reach(sigma: float) -> int:
    """Pixels that a blur of `sigma` looks to each side."""
    return int(np.ceil(3 * sigma)) + 1


def blurred(plane: np.ndarray, sigma: float) -> np.ndarray:
    """A plane, float32 (h, w) in [0, 1], blurred by a Gaussian; its borders repeated."""
    radius = reach(sigma) - 1
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padding = [(radius, radius) if each == axis else (0, 0) for each in (0, 1)]
        padded = np.pad(plane, padding, mode="edge")
        size = plane.shape[axis]
        out = np.zeros_like(plane)
        for offset, weight in enumerate(kernel):
            window = [slice(None), slice(None)]
            window[axis] = slice(offset, offset + size)
            out += weight * padded[tuple(window)]
        plane = out
    return np.clip(plane, 0, 1)
