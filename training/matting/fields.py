# SPDX-License-Identifier: Apache-2.0
"""Random colors, smooth random fields, blurs and kernels: the paint box of `shapes` and `scenes`.

Arrays are float32, (H, W) or (H, W, C), values as given.
"""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image
from scipy import ndimage


def color(rng: np.random.Generator) -> np.ndarray:
    """A random color (3,) in [0, 1]: mostly muted, as things are; now and then saturated."""
    saturation = rng.beta(1.2, 2.5)
    value = rng.beta(1.3, 1.3)
    return np.array(colorsys.hsv_to_rgb(rng.random(), saturation, value), np.float32)


def smooth(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """A smooth random field (size, size) in [0, 1] with about `cells` bumps across."""
    coarse = Image.fromarray(rng.random((cells + 3, cells + 3), dtype=np.float32))
    x, y = rng.uniform(0.5, 2.5, 2)
    fine = coarse.resize((size, size), Image.Resampling.BICUBIC, (x, y, x + cells, y + cells))
    return np.asarray(fine).clip(0, 1)


def smooth_line(rng: np.random.Generator, n: int) -> np.ndarray:
    """A smooth random curve (n,) around [0, 1]."""
    knots = rng.random(8)
    return np.interp(np.linspace(0, 7, n), np.arange(8), knots)


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur over the first two axes, edges repeated."""
    spread = (sigma, sigma) + (0,) * (image.ndim - 2)
    return np.asarray(ndimage.gaussian_filter(image, spread, mode="nearest", truncate=3))


def disc_kernel(radius: float) -> np.ndarray:
    """The blur of a round aperture: an anti-aliased disc, sum 1."""
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def motion_kernel(rng: np.random.Generator) -> np.ndarray:
    """The blur of a straight movement of 3 to 24 pixels, sum 1."""
    length, turn = rng.uniform(3, 24), rng.uniform(0, np.pi)
    reach = int(np.ceil(length / 2)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along = x * np.cos(turn) + y * np.sin(turn)
    across = x * np.sin(turn) - y * np.cos(turn)
    kernel = np.clip(1 - np.abs(across), 0, 1) * np.clip(length / 2 + 0.5 - np.abs(along), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolution of (H, W, C) with a small kernel over the first two axes, edges repeated."""
    reach = len(kernel) // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    shape = padded.shape[:2]
    spectrum = np.fft.rfft2(padded, axes=(0, 1)) * np.fft.rfft2(kernel, shape)[..., None]
    full = np.fft.irfft2(spectrum, shape, axes=(0, 1))
    return full[2 * reach :, 2 * reach :].astype(np.float32)
