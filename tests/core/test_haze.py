# SPDX-License-Identifier: Apache-2.0
"""Haze goes, hair stays, and where the coarse mask is not sure nothing happens."""

from __future__ import annotations

import numpy as np
import pytest

from mattebrush.imaging.resize import Upsampled
from mattebrush.matting.haze import without_haze

SIZE = 240


@pytest.fixture
def strands() -> np.ndarray:
    """Hairs two pixels wide, twelve apart, nearly opaque."""
    alpha = np.zeros((SIZE, SIZE), np.float32)
    alpha[:, 5::12] = alpha[:, 6::12] = 0.8
    return alpha


def sure_of(value: float) -> Upsampled:
    return Upsampled(np.full((30, 30), value, np.float32), SIZE, SIZE)


def everywhere(alpha: np.ndarray) -> np.ndarray:
    return np.ones(alpha.shape, bool)


def test_a_veil_over_background_goes() -> None:
    veil = np.full((SIZE, SIZE), 0.3, np.float32)
    assert without_haze(veil, everywhere(veil), sure_of(0.0)).max() < 0.01


def test_hair_over_background_stays_to_the_bit(strands: np.ndarray) -> None:
    assert np.array_equal(without_haze(strands, everywhere(strands), sure_of(0.0)), strands)


def test_hair_in_a_veil_is_freed_of_it(strands: np.ndarray) -> None:
    alpha = np.maximum(strands, 0.3)
    inner = np.s_[12:-12, 12:-12]
    free = without_haze(alpha, everywhere(alpha), sure_of(0.0))[inner]
    assert free[strands[inner] == 0].max() < 0.01
    assert free[strands[inner] > 0].min() > 0.6


@pytest.mark.parametrize("doubt", [0.1, 0.5, 1.0])
def test_a_veil_where_the_coarse_mask_doubts_stays(doubt: float) -> None:
    veil = np.full((SIZE, SIZE), 0.3, np.float32)
    assert np.array_equal(without_haze(veil, everywhere(veil), sure_of(doubt)), veil)


def test_what_is_certain_stays() -> None:
    veil = np.full((SIZE, SIZE), 0.3, np.float32)
    left = without_haze(veil, np.zeros(veil.shape, bool), sure_of(0.0))
    assert np.array_equal(left, veil)
