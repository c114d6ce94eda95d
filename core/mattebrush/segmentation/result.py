# SPDX-License-Identifier: Apache-2.0
"""What a segmentation network saw, and how its raw output becomes that."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..imaging.resize import resize
from ..models.catalog import ModelRow, Postprocessing


@dataclasses.dataclass
class Segmentation:
    """What a network saw.

    probability: float32 (h, w) in [0, 1] at the network's own resolution; covers the picture
        exactly, without filling. Not stretched: a picture without a subject stays near 0.
    model: the catalog row. device: what really ran. warnings: sentences a person should read.
    first_look: float32 (h, w), what the network said before it looked again, where it did.
    """

    probability: np.ndarray
    model: ModelRow
    device: str
    warnings: list[str] = dataclasses.field(default_factory=list)
    first_look: np.ndarray | None = None

    @property
    def undecided(self) -> np.ndarray:
        """What certainty is judged by, float32 (h, w): a second look decides what the first left
        open, right or wrong, so that only the first one shows doubt."""
        return self.probability if self.first_look is None else self.first_look

    def at(self, height: int, width: int) -> np.ndarray:
        """The probability at another size, resized bilinearly in float.

        Parameters
        ----------
        height : int
            In pixels.
        width : int
            In pixels.

        Returns
        -------
        numpy.ndarray
            float32 (height, width) in [0, 1].
        """
        return resize(self.probability, (height, width))


def probabilities(values: np.ndarray, how: Postprocessing, layout: str) -> np.ndarray:
    """A network's output as one map, as its catalog row says.

    Parameters
    ----------
    values : numpy.ndarray
        The output, three axes in the order of `layout` after a batch of one.
    how : Postprocessing
        The row's post-processing: activation, and which channels are foreground.
    layout : str
        Order of its axes, "NCHW" or else channels last.

    Returns
    -------
    numpy.ndarray
        float32 (h, w) in [0, 1].
    """
    planes = np.asarray(values, np.float32)
    planes = planes.reshape(planes.shape[-3:])
    if layout != "NCHW":
        planes = planes.transpose(2, 0, 1)
    if how.activation == "softmax" or (
        how.activation == "softmax-if-logits" and not _are_shares(planes)
    ):
        planes = np.exp(planes - planes.max(axis=0))
        planes /= planes.sum(axis=0)
    chosen = planes[list(how.channels)].sum(axis=0)
    if how.activation == "sigmoid" or (
        how.activation == "sigmoid-if-logits" and (chosen.min() < 0 or chosen.max() > 1)
    ):
        chosen = sigmoid(chosen)
    probability: np.ndarray = np.clip(np.nan_to_num(chosen, copy=False), 0, 1)
    return probability


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Logits as probabilities, in place of overflow the exact 0 and 1 they round to.

    Parameters
    ----------
    logits : numpy.ndarray
        Any shape.

    Returns
    -------
    numpy.ndarray
        Of the same shape, in [0, 1].
    """
    probability: np.ndarray = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
    return probability


def _are_shares(planes: np.ndarray) -> bool:
    """Whether channels (c, h, w) are shares of one already, up to rounding."""
    return bool(planes.min() >= 0 and np.allclose(planes.sum(axis=0), 1, atol=0.01))
