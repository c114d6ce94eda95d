# SPDX-License-Identifier: Apache-2.0
"""What the subject looks like, and what is around it: two histograms of color, learnt from key
frames and slowly kept up to date. By them a passer-by is told from a part of the subject that
comes to light, and the subject is known again when it returns.
"""

from __future__ import annotations

import dataclasses

import numpy as np

_BINS = 12
_LEAST = 1e-4
"""Share that a color never seen counts with, of both."""


@dataclasses.dataclass(frozen=True)
class Appearance:
    """subject, ground: float32 (bins, bins, bins), shares that add up to one."""

    subject: np.ndarray
    ground: np.ndarray

    @classmethod
    def learnt(cls, image: np.ndarray, probability: np.ndarray) -> Appearance:
        """What a frame shows of both.

        Parameters
        ----------
        image
            (h, w, 3) float32 in 0..1.
        probability
            Where its subject is, (h, w) in [0, 1].

        Returns
        -------
        Appearance
        """
        return cls(
            _histogram(image, np.where(probability > 0.8, probability, 0)),
            _histogram(image, np.where(probability < 0.2, 1 - probability, 0)),
        )

    def mixed(self, other: Appearance, subject: float, ground: float) -> Appearance:
        """So much of another's subject and ground in place of this one's.

        Parameters
        ----------
        other
            What was seen later.
        subject, ground
            The share it gets of each, 0 to 1.

        Returns
        -------
        Appearance
        """
        return Appearance(
            self.subject + np.float32(subject) * (other.subject - self.subject),
            self.ground + np.float32(ground) * (other.ground - self.ground),
        )

    def likeness(self, image: np.ndarray) -> np.ndarray:
        """How much more each pixel's color is the subject's than the ground's.

        Parameters
        ----------
        image
            (h, w, 3) float32 in 0..1.

        Returns
        -------
        numpy.ndarray
            (h, w) float32 in [0, 1]; .5 where it could be either.
        """
        cells = _cells(image)
        subject, ground = self.subject[cells] + _LEAST, self.ground[cells] + _LEAST
        share: np.ndarray = subject / (subject + ground)
        return share


def _cells(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    index = np.clip((image * _BINS).astype(np.intp), 0, _BINS - 1)
    return index[..., 0], index[..., 1], index[..., 2]


def _histogram(image: np.ndarray, weight: np.ndarray) -> np.ndarray:
    r, g, b = _cells(image)
    flat = (r * _BINS + g) * _BINS + b
    counts = np.bincount(flat.ravel(), weight.ravel(), _BINS**3).reshape((_BINS,) * 3)
    smooth = counts.copy()  # a color's neighbors count a little, since light changes
    for axis in range(3):
        rolled = np.zeros_like(smooth)
        ahead = [slice(None)] * 3
        behind = [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        rolled[tuple(ahead)] += smooth[tuple(behind)]
        rolled[tuple(behind)] += smooth[tuple(ahead)]
        smooth = smooth + 0.25 * rolled
    share: np.ndarray = (smooth / max(smooth.sum(), 1e-6)).astype(np.float32)
    return share
