# SPDX-License-Identifier: Apache-2.0
"""How likely it is that a cut-out needs nobody: a number a picture, from the coarse mask alone.

A logistic regression on how much of the subject is in doubt, fitted on the development sets by
`python -m training.subject.certainty`, which also says how well it sorts.
"""

from __future__ import annotations

import numpy as np

from ..imaging.resize import resize

_CELLS = 96
"""Across, of the map that is judged: the same for every network and picture."""

WEIGHTS = (6.01, -3.95, -3.53, -3.85, 1.07)
"""Of a constant and of `features`, in order."""


def features(probability: np.ndarray) -> np.ndarray:
    """What the certainty of a map is judged by.

    Parameters
    ----------
    probability : numpy.ndarray
        float32 (h, w) in [0, 1], of any size.

    Returns
    -------
    numpy.ndarray
        float64 (4,): the share of the subject in doubt; the share of the picture that is neither
        subject nor ground; how sure the surest part is; how much of the border is subject.
    """
    p = resize(probability, (_CELLS, _CELLS), "area").astype(np.float64)
    subject = max(float(p.sum()), 1.0)
    surest = float(np.sort(p, axis=None)[-_CELLS:].mean())
    border = np.concatenate([p[0], p[-1], p[:, 0], p[:, -1]])
    doubt = float((4 * p * (1 - p)).sum() / subject)
    between = float(((p > 0.2) & (p < 0.8)).mean())
    return np.array([min(doubt, 3.0), between, surest, float(border.mean())])


def certainty(probability: np.ndarray) -> float:
    """How sure a map is of the subject: a logistic regression over `features`.

    Parameters
    ----------
    probability : numpy.ndarray
        float32 (h, w) in [0, 1], of any size.

    Returns
    -------
    float
        0 to 1, rounded to a thousandth.
    """
    score = WEIGHTS[0] + float(features(probability) @ np.array(WEIGHTS[1:]))
    return round(float(1 / (1 + np.exp(-np.clip(score, -30, 30)))), 3)
