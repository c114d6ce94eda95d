# SPDX-License-Identifier: Apache-2.0
"""The one Gaussian blur, separable, in plain numpy."""

from __future__ import annotations

import numpy as np


def reach(sigma: float) -> int:
    """Pixels that a blur of `sigma` looks to each side.

    Parameters
    ----------
    sigma : float
        In pixels.

    Returns
    -------
    int
    """
    return int(np.ceil(3 * sigma)) + 1


def blurred(plane: np.ndarray, sigma: float | tuple[float, float]) -> np.ndarray:
    """A plane, float32 (h, w) in [0, 1], blurred by a Gaussian; its borders repeated.

    Parameters
    ----------
    plane : numpy.ndarray
        (H, W).
    sigma : float or tuple[float, float]
        In pixels, more than 0; two for down and across.

    Returns
    -------
    numpy.ndarray
    """
    for axis, along in enumerate(sigma if isinstance(sigma, tuple) else (sigma, sigma)):
        plane = _along(plane, along, axis)
    return np.clip(plane, 0, 1)


def _along(plane: np.ndarray, sigma: float, axis: int) -> np.ndarray:
    radius = reach(sigma) - 1
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    padding = [(radius, radius) if each == axis else (0, 0) for each in (0, 1)]
    padded = np.pad(plane, padding, mode="edge")
    size = plane.shape[axis]
    out = np.zeros_like(plane)
    for offset, weight in enumerate(kernel):
        window = [slice(None), slice(None)]
        window[axis] = slice(offset, offset + size)
        out += weight * padded[tuple(window)]
    return out
