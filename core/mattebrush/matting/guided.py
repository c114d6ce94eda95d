# SPDX-License-Identifier: Apache-2.0
"""Matting without a network: the guided filter, iterated until the known areas have spread.

One pass of the colour guided filter (He, Sun and Tang, "Guided Image Filtering", 2010) explains
alpha locally as a linear function of colour. Repeated with the known pixels put back each time it
descends the matting Laplacian's energy with large windows (He, Sun and Tang, "Fast Matting Using
Large Kernel Matting Laplacian Matrices", 2010), here with momentum. All of that happens once, on
the whole picture at a small size; what goes up to full resolution are the coefficients of the
linear function (Levin, Lischinski and Weiss, "A Closed-Form Solution to Natural Image Matting",
2008, section 4.4), so that every hair of the picture itself shapes the edge.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..depth import to_unit
from ..scaling import Stretched, box_means, of_blocks
from ..tiles import Window

SIDE = 448
"""Longest side of the small size. At twice that the windows are too small for what is known to
reach the middle of a wide band: on alphamatting.com's trimap2 the error grows by a third."""

_RADIUS = 8
_REGULARISATION = np.float32(1e-5)
_ROUNDS = 20
"""With a coarse alpha to start from."""

_TRIMAP_ROUNDS = 40
_MOMENTUM = np.float32(0.8)
_CERTAIN = 0.999

_SHRUNK = np.float32(0.1)
"""Least squares with a penalty, averaged over windows, answers with less contrast than there is:
what comes out this near to 0 or 1 was 0 or 1, and the rest is spread out again."""


def prepare(
    image: np.ndarray, trimap: np.ndarray, coarse: Stretched | None
) -> Callable[[Window], np.ndarray]:
    """Solves the small problem; returns what gives any window's alpha, float32 (h, w) in [0, 1].

    image: (H, W, 1|3) uint8, uint16 or float32. trimap: uint8 (H, W). coarse: where to start in
    the unknown band; None starts from half.
    """
    rounds = _TRIMAP_ROUNDS if coarse is None else _ROUNDS
    factor = max(1, round(max(trimap.shape) / SIDE))
    colour = np.ascontiguousarray(np.moveaxis(box_means(image, factor), 2, 0))
    # Only a block that is certain throughout is certain; its mean is then exactly 0 or 1.
    known = box_means(trimap, factor)
    start = known if coarse is None else Stretched(coarse.values, *known.shape).whole()
    coefficients = [of_blocks(plane, factor) for plane in _solved(colour, known, start, rounds)]

    def window(at: Window) -> np.ndarray:
        alpha = coefficients[-1].window(at)
        seen = to_unit(image[at])
        for channel, coefficient in enumerate(coefficients[:-1]):
            alpha += coefficient.window(at) * seen[:, :, channel]
        alpha -= _SHRUNK
        alpha /= 1 - 2 * _SHRUNK
        return np.clip(alpha, 0, 1, out=alpha)

    return window


def _solved(colour: np.ndarray, known: np.ndarray, start: np.ndarray, rounds: int) -> np.ndarray:
    """Coefficients a (one a channel) and b of alpha = a . colour + b: (C + 1, h, w) float32."""
    model = _LocalLinearModel(colour)
    foreground, background = known > _CERTAIN, known < 1 - _CERTAIN

    def pinned(alpha: np.ndarray) -> np.ndarray:
        alpha[foreground], alpha[background] = 1, 0
        return alpha

    alpha = before = pinned(start.copy())
    for _ in range(rounds):
        coefficients = model.fit(alpha)
        new = pinned(np.clip(model.apply(coefficients), 0, 1))
        alpha = np.clip(new + _MOMENTUM * (new - before), 0, 1)
        before = new
    return model.fit(before)


class _LocalLinearModel:
    """alpha as a linear function of colour in every window of one picture (C, h, w) float32."""

    def __init__(self, colour: np.ndarray) -> None:
        self._colour = colour
        self._mean = _box(colour)
        self._inverse = _inverse_covariance(colour, self._mean)

    def fit(self, alpha: np.ndarray) -> np.ndarray:
        """Coefficients of least squares, averaged over the windows each pixel lies in."""
        moments = _box(np.concatenate([alpha[None], self._colour * alpha]))
        mean, covariance = moments[0], moments[1:] - self._mean * moments[0]
        slope = np.stack([(row * covariance).sum(axis=0) for row in self._inverse])
        offset = mean - (slope * self._mean).sum(axis=0)
        return _box(np.concatenate([slope, offset[None]]))

    def apply(self, coefficients: np.ndarray) -> np.ndarray:
        alpha: np.ndarray = (coefficients[:-1] * self._colour).sum(axis=0) + coefficients[-1]
        return alpha


def _inverse_covariance(colour: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """(C, C, h, w): inverses of the regularised colour covariance, by cofactors."""
    channels = len(colour)
    pairs = [(i, j) for i in range(channels) for j in range(i, channels)]
    products = _box(np.stack([colour[i] * colour[j] for i, j in pairs]))
    # Where a window has one colour, cofactors are differences of nearly equal numbers.
    c = np.empty((channels, channels, *colour.shape[1:]), np.float64)
    for (i, j), product in zip(pairs, products, strict=True):
        c[i, j] = c[j, i] = product - mean[i] * mean[j] + (_REGULARISATION if i == j else 0)
    if channels == 1:
        return (1 / np.maximum(c, _REGULARISATION)).astype(np.float32)
    cofactors = np.empty_like(c)
    for i in range(3):
        for j in range(i, 3):
            (p, q), (r, s) = ([k for k in range(3) if k != n] for n in (i, j))
            sign = -1 if (i + j) % 2 else 1
            cofactors[i, j] = cofactors[j, i] = sign * (c[p, r] * c[q, s] - c[p, s] * c[q, r])
    determinant = (c[0] * cofactors[0]).sum(axis=0)
    return (cofactors / np.maximum(determinant, float(_REGULARISATION) ** 3)).astype(np.float32)


def _box(planes: np.ndarray) -> np.ndarray:
    """Means over windows of 2 _RADIUS + 1 pixels of (n, h, w) float32, borders repeated."""
    size = 2 * _RADIUS + 1
    around = (_RADIUS + 1, _RADIUS)
    # Running sums lose digits in float32.
    sums = np.cumsum(
        np.pad(planes, ((0, 0), around, (0, 0)), mode="edge"), axis=1, dtype=np.float64
    )
    columns = sums[:, size:] - sums[:, :-size]
    sums = np.cumsum(np.pad(columns, ((0, 0), (0, 0), around), mode="edge"), axis=2)
    return ((sums[:, :, size:] - sums[:, :, :-size]) / size**2).astype(np.float32)
