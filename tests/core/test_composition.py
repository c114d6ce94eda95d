# SPDX-License-Identifier: Apache-2.0
"""A cut-out on something new: what must hold whatever the picture is."""

from __future__ import annotations

import numpy as np
import pytest

from mattebrush import composition
from mattebrush.composition import Shadow

BACKDROPS = {
    "black": (0.0, 0.0, 0.0),
    "white": (1.0, 1.0, 1.0),
    "orange": (1.0, 0.65, 0.0),
    "navy": (0.0, 0.0, 0.5),
}


def subject() -> tuple[np.ndarray, np.ndarray]:
    """Grays from dark to bright, everywhere opaque."""
    ramp = np.linspace(40, 230, 64).round().astype(np.uint8)
    return np.tile(ramp[None, :, None], (64, 1, 3)), np.ones((64, 64), np.float32)


@pytest.mark.parametrize("name", BACKDROPS)
def test_matched_colors_are_neither_put_out_nor_burnt_nor_dyed(name: str) -> None:
    colors, alpha = subject()
    matched = composition.match_colors(colors, alpha, BACKDROPS[name])
    before, after = colors.astype(int), matched.astype(int)
    assert after.mean() > 0.7 * before.mean(), "put out"
    assert (after.max(axis=2) < 255).mean() > 0.8, "burnt"
    assert np.ptp(after, axis=2).max() < 80, "dyed"


def test_matched_colors_move_towards_the_background() -> None:
    colors, alpha = subject()
    warm = composition.match_colors(colors, alpha, BACKDROPS["orange"]).mean(axis=(0, 1))
    cold = composition.match_colors(colors, alpha, BACKDROPS["navy"]).mean(axis=(0, 1))
    assert warm[0] > warm[2] + 5
    assert cold[2] > cold[0] + 5


def test_a_crop_takes_the_shadow_in() -> None:
    alpha = np.zeros((100, 120), np.float32)
    alpha[40:60, 30:50] = 1
    shadow = composition.drop_shadow(alpha, Shadow(0.5, 0.5, 25, 10))
    rows, columns = composition.visible_rect(alpha, shadow).grown(2).slices
    assert (rows.start, columns.start) == (38, 28)
    assert 70 <= rows.stop <= 76 and 75 <= columns.stop <= 81
    outside = shadow.copy()
    outside[rows, columns] = 0
    assert outside.max() < 1 / 255
