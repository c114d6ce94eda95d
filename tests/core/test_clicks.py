# SPDX-License-Identifier: Apache-2.0
"""A click means one object, where two look the same."""

from __future__ import annotations

import numpy as np
import pytest

import mattebrush
from mattebrush import Options, Point, Prompt
from mattebrush.imaging.rect import Rect
from mattebrush.segmentation.guided import parts_clicked

LEFT, RIGHT = (60.0, 80.0), (180.0, 80.0)
WHOLE = Rect(0, 0, 240, 160)


def two_discs() -> np.ndarray:
    """Two bright discs of one size before a noisy ground: (160, 240, 3) uint8."""
    ground = np.random.default_rng(1).integers(20, 70, (160, 240, 3), np.uint8)
    y, x = np.ogrid[:160, :240]
    on = [(x - cx) ** 2 + (y - cy) ** 2 < 45**2 for cx, cy in (LEFT, RIGHT)]
    return np.where((on[0] | on[1])[..., None], np.array([235, 170, 60], np.uint8), ground)


@pytest.mark.parametrize(
    ("clicks", "left", "right"),
    [
        ([(*LEFT, 1)], True, False),
        ([(*RIGHT, 1)], False, True),
        ([(*LEFT, 1), (*RIGHT, 1)], True, True),
        ([(*LEFT, 1), (*RIGHT, 0)], True, False),
    ],
)
def test_what_no_click_is_on_stays_out(
    clicks: list[tuple[float, float, int]], left: bool, right: bool
) -> None:
    prompt = Prompt(tuple(Point(x, y, label) for x, y, label in clicks))
    matte = mattebrush.segment(two_discs(), Options(prompt=prompt)).alpha
    seen = [matte[int(y), int(x)] for x, y in (LEFT, RIGHT)]
    assert [value > 0.9 for value in seen] == [left, right]
    assert [value < 0.1 for value in seen] == [not left, not right]


def parts(gap: int) -> np.ndarray:
    """Two squares side by side, `gap` cells between them, over a map like the network's."""
    answer = np.zeros((160, 240), np.float32)
    answer[60:100, 60:100] = answer[60:100, 100 + gap : 140 + gap] = 0.9
    return answer


def test_a_post_before_the_object_does_not_cut_it_in_two() -> None:
    prompt = Prompt((Point(80, 80, 1),))
    near, far = parts(2), parts(30)
    np.testing.assert_array_equal(parts_clicked(near, prompt, WHOLE), near)
    assert parts_clicked(far, prompt, WHOLE).sum() == pytest.approx(far.sum() / 2)


def test_boxes_and_clicks_beside_everything_leave_the_answer() -> None:
    far = parts(30)
    for prompt in (
        Prompt((Point(80, 80, 1),), ((50.0, 50.0, 200.0, 120.0),)),
        Prompt((Point(10, 10, 1),)),
        Prompt((Point(80, 80, 0),)),
    ):
        assert parts_clicked(far, prompt, WHOLE) is far
