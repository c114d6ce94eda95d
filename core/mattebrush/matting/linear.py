# SPDX-License-Identifier: Apache-2.0
"""alpha as a linear function of color in every small window of a picture.

The model behind the guided filter (He, Sun and Tang, "Guided Image Filtering", 2010) and
closed-form matting. What is fitted on a small version of a picture holds on the picture itself
(Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting", 2008, section
4.4), so that every hair of the picture shapes an edge that was decided at the small size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..imaging.depth import to_unit
from ..imaging.resize import Upsampled
from ..imaging.tiles import Window


class LocalLinearModel:
    """alpha = a . color + b in every window of one picture (C, h, w) float32, C 1 or 3.

    radius: a window has 2 radius + 1 pixels a side. regularization: added to the variance of
    color; windows that vary less than that give their mean.
    """

    def __init__(self, color: np.ndarray, radius: int, regularization: float) -> None:
        self._color, self._radius = color, radius
        self._mean = self._means(color)
        self._inverse = self._inverse_covariance(float(regularization))

    def fit(self, alpha: np.ndarray) -> np.ndarray:
        """Coefficients of least squares, averaged over the windows each pixel lies in.

        alpha: (h, w) float32. Returns a (one a channel) and b, (C + 1, h, w) float32.
        """
        moments = self._means(np.concatenate([alpha[None], self._color * alpha]))
        mean, covariance = moments[0], moments[1:] - self._mean * moments[0]
        slope = np.stack([(row * covariance).sum(axis=0) for row in self._inverse])
        offset = mean - (slope * self._mean).sum(axis=0)
        return self._means(np.concatenate([slope, offset[None]]))

    def apply(self, coefficients: np.ndarray) -> np.ndarray:
        """alpha (h, w) of what `fit` gave."""
        alpha: np.ndarray = (coefficients[:-1] * self._color).sum(axis=0) + coefficients[-1]
        return alpha

    def _inverse_covariance(self, regularization: float) -> np.ndarray:
        """(C, C, h, w): inverses of the regularized color covariance, by cofactors."""
        color, mean = self._color, self._mean
        channels = len(color)
        pairs = [(i, j) for i in range(channels) for j in range(i, channels)]
        products = self._means(np.stack([color[i] * color[j] for i, j in pairs]))
        # Where a window has one color, cofactors are differences of nearly equal numbers.
        c = np.empty((channels, channels, *color.shape[1:]), np.float64)
        for (i, j), product in zip(pairs, products, strict=True):
            c[i, j] = c[j, i] = product - mean[i] * mean[j] + (regularization if i == j else 0)
        if channels == 1:
            return (1 / np.maximum(c, regularization)).astype(np.float32)
        cofactors = np.empty_like(c)
        for i in range(3):
            for j in range(i, 3):
                (p, q), (r, s) = ([k for k in range(3) if k != n] for n in (i, j))
                sign = -1 if (i + j) % 2 else 1
                cofactors[i, j] = cofactors[j, i] = sign * (c[p, r] * c[q, s] - c[p, s] * c[q, r])
        determinant = (c[0] * cofactors[0]).sum(axis=0)
        return (cofactors / np.maximum(determinant, regularization**3)).astype(np.float32)

    def _means(self, planes: np.ndarray) -> np.ndarray:
        """Means over the windows of (n, h, w) float32, borders repeated."""
        around = (self._radius, self._radius)
        size = 2 * self._radius + 1
        columns = _sums(np.pad(planes, ((0, 0), around, (0, 0)), mode="edge"), 1, size)
        sums = _sums(np.pad(columns, ((0, 0), (0, 0), around), mode="edge"), 2, size)
        return np.multiply(sums, np.float32(1 / size**2), out=sums)


def _sums(planes: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Sums of `size` neighbors, of each place that has them, out of sums of 1, 2, 4, ...

    Few additions a sum, so float32 keeps its digits, which a running sum would lose.
    """

    def shifted(values: np.ndarray, start: int, length: int) -> np.ndarray:
        return values[(slice(None),) * axis + (slice(start, start + length),)]

    length = planes.shape[axis] - size + 1
    total = np.zeros_like(shifted(planes, 0, length))
    start, power, powers = 0, 1, planes
    while True:
        if size & power:
            total += shifted(powers, start, length)
            start += power
        if start == size:
            return total
        pairs = powers.shape[axis] - power
        powers = shifted(powers, 0, pairs) + shifted(powers, power, pairs)
        power *= 2


def on_window(coefficients: Sequence[Upsampled], at: Window, seen: np.ndarray) -> np.ndarray:
    """a . color + b on a window of the full picture, float32 (h, w), not cut to 0..1.

    coefficients: of `fit`, one map each. seen: that window's pixels, (h, w, C) uint8, uint16 or
    float32.
    """
    alpha = coefficients[-1].window(at)
    color = to_unit(seen)
    for channel, coefficient in enumerate(coefficients[:-1]):
        alpha += coefficient.window(at) * color[:, :, channel]
    return alpha


def stretch(alpha: np.ndarray, by: np.float32) -> np.ndarray:
    """What came out `by` too near to one half, spread out again and cut to [0, 1]; in place."""
    alpha -= by
    alpha /= 1 - 2 * by
    return np.clip(alpha, 0, 1, out=alpha)
