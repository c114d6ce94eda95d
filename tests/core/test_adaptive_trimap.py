# SPDX-License-Identifier: Apache-2.0
"""Where the unknown region ends: at what a look doubts, and outward a little further."""

from __future__ import annotations

import numpy as np
import pytest

from mattebrush.matting.trimap import BACKGROUND, FOREGROUND, UNKNOWN, adaptive_trimap

SIDE = 200
EDGE = 100
"""The column at which the subject, on the left, ends."""


@pytest.fixture
def decided() -> np.ndarray:
    """A network that is sure of everything."""
    probability = np.zeros((SIDE, SIDE), np.float32)
    probability[:, :EDGE] = 1
    return probability


def unknown_columns(trimap: np.ndarray) -> np.ndarray:
    return np.flatnonzero((trimap == UNKNOWN).any(axis=0))


def test_hair_beyond_what_a_sure_network_sees_is_looked_for(decided: np.ndarray) -> None:
    unknown = unknown_columns(adaptive_trimap(decided, SIDE, SIDE))
    outward, inward = unknown[-1] - EDGE + 1, EDGE - unknown[0]
    assert inward <= 2 < outward <= 0.03 * SIDE


def test_what_the_first_look_doubted_near_the_contour_is_unknown(decided: np.ndarray) -> None:
    first = decided.copy()
    first[:, EDGE - 5 : EDGE + 5] = 0.5
    trimap = adaptive_trimap(decided, SIDE, SIDE, first_look=first)
    assert (trimap[:, EDGE - 5 : EDGE + 5] == UNKNOWN).all()
    assert (adaptive_trimap(decided, SIDE, SIDE)[:, EDGE - 5] == FOREGROUND).all()


def test_what_it_doubted_far_from_the_contour_is_decided(decided: np.ndarray) -> None:
    first = decided.copy()
    first[:, 20:40] = first[:, 160:180] = 0.5
    trimap = adaptive_trimap(decided, SIDE, SIDE, first_look=first)
    assert (trimap[:, 20:40] == FOREGROUND).all()
    assert (trimap[:, 160:180] == BACKGROUND).all()
