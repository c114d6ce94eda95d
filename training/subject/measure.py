# SPDX-License-Identifier: Apache-2.0
"""The field's two figures for a saliency map, as the peers' papers take them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

BETA2 = 0.3
"""Weight of precision over recall in F, from Achanta et al. (CVPR 2009) onwards."""


@dataclass(frozen=True)
class Accuracy:
    """mae: mean |predicted - true| over all pixels, a mean over pictures; 0 is perfect. max_f: the
    best F over 255 thresholds of the mean precision and recall over pictures; 1 is perfect."""

    mae: float
    max_f: float


def precision_recall(
    prediction: npt.NDArray[np.uint8], truth: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(255,) precision and recall of `prediction >= t` for t = 1..255; both arrays of one shape.

    Where nothing is predicted precision is 0, as in the common evaluation code.
    """
    hits = np.bincount(prediction[truth], minlength=256)[::-1].cumsum()[::-1][1:]
    calls = np.bincount(prediction.ravel(), minlength=256)[::-1].cumsum()[::-1][1:]
    return hits / np.maximum(calls, 1), hits / max(1, int(truth.sum()))


def accuracy(
    pairs: Iterable[tuple[FloatArray, FloatArray]],
) -> Accuracy:
    """Figures over (prediction, truth) pairs, each (H, W) in 0..1."""
    errors, precisions, recalls = [], [], []
    for prediction, truth in pairs:
        errors.append(np.abs(prediction - truth).mean())
        levels = np.rint(prediction * 255).astype(np.uint8)
        precision, recall = precision_recall(levels, truth > 0.5)
        precisions.append(precision)
        recalls.append(recall)
    p, r = np.mean(precisions, 0), np.mean(recalls, 0)
    f = (1 + BETA2) * p * r / np.maximum(BETA2 * p + r, 1e-9)
    return Accuracy(float(np.mean(errors)), float(f.max()))
