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
        self._covariance = self._factors(regularization)

    def fit(self, alpha: np.ndarray) -> np.ndarray:
        """Coefficients of least squares, averaged over the windows each pixel lies in.

        Parameters
        ----------
        alpha : numpy.ndarray
            (h, w) float32. Returns a (one a channel) and b, (C + 1, h, w) float32.

        Returns
        -------
        numpy.ndarray
        """
        moments = self._means(np.concatenate([alpha[None], self._color * alpha]))
        mean, covariance = moments[0], moments[1:] - self._mean * moments[0]
        slope = self._covariance.solve(covariance)
        offset = mean - (slope * self._mean).sum(axis=0)
        return self._means(np.concatenate([slope, offset[None]]))

    def apply(self, coefficients: np.ndarray) -> np.ndarray:
        """alpha (h, w) of what `fit` gave.

        Parameters
        ----------
        coefficients : numpy.ndarray
            What `fit` gave.

        Returns
        -------
        numpy.ndarray
        """
        alpha: np.ndarray = (coefficients[:-1] * self._color).sum(axis=0) + coefficients[-1]
        return alpha

    def _factors(self, regularization: float) -> _Factors:
        """Of the windows' regularized color covariance."""
        color, mean = self._color, self._mean
        pairs = [(i, j) for i in range(len(color)) for j in range(i, len(color))]
        products = self._means(np.stack([color[i] * color[j] for i, j in pairs]))
        covariance = {}
        for (i, j), product in zip(pairs, products, strict=True):
            product -= mean[i] * mean[j]
            if i == j:
                product += np.float32(regularization)
            covariance[i, j] = product
        return _Factors(covariance, len(color), np.float32(regularization))

    def _means(self, planes: np.ndarray) -> np.ndarray:
        """Means over the windows of (n, h, w) float32, borders repeated."""
        size = 2 * self._radius + 1
        means = np.empty_like(planes)
        # Plane by plane: one and its sums stay in the processor's cache.
        for plane, mean in zip(planes, means, strict=True):
            padded = np.pad(plane, self._radius, mode="edge")
            sums = _sums(_sums(padded, 0, size), 1, size)
            np.multiply(sums, np.float32(1 / size**2), out=mean)
        return means


class _Factors:
    """L D L^T of one symmetric positive matrix a pixel: by cofactors the inverse would need double
    precision, where a window has one color."""

    def __init__(
        self, upper: dict[tuple[int, int], np.ndarray], size: int, least: np.float32
    ) -> None:
        """upper: planes (h, w) float32 of the upper triangle, which this may change. least: what
        no pivot is below."""
        self._size = size
        self._lower: dict[tuple[int, int], np.ndarray] = {}
        self._pivots = []
        for k in range(size):
            pivot = np.maximum(upper[k, k], least)
            self._pivots.append(pivot)
            for i in range(k + 1, size):
                factor = upper[k, i] / pivot
                self._lower[i, k] = factor
                for j in range(i, size):
                    upper[i, j] -= factor * upper[k, j]

    def solve(self, right: np.ndarray) -> np.ndarray:
        """x of A x = right, both (size, h, w) float32."""
        x = right.copy()
        for k in range(self._size):
            for i in range(k + 1, self._size):
                x[i] -= self._lower[i, k] * x[k]
        for k in reversed(range(self._size)):
            x[k] /= self._pivots[k]
            for i in range(k + 1, self._size):
                x[k] -= self._lower[i, k] * x[i]
        return x


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

    Parameters
    ----------
    coefficients : Sequence[Upsampled]
        Of `fit`, one map each.
    at : Window
        Which window of the picture.
    seen : numpy.ndarray
        That window's pixels, (h, w, C) uint8, uint16 or float32.

    Returns
    -------
    numpy.ndarray
    """
    alpha = coefficients[-1].window(at)
    color = to_unit(seen)
    for channel, coefficient in enumerate(coefficients[:-1]):
        alpha += coefficient.window(at) * color[:, :, channel]
    return alpha


def stretch(alpha: np.ndarray, by: np.float32) -> np.ndarray:
    """What came out `by` too near to one half, spread out again and cut to [0, 1]; in place.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    by : numpy.float32
        How much nearer.

    Returns
    -------
    numpy.ndarray
    """
    alpha -= by
    alpha /= 1 - 2 * by
    return np.clip(alpha, 0, 1, out=alpha)
