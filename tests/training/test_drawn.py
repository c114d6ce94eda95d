# SPDX-License-Identifier: Apache-2.0
"""Pictures by which drawn art is measured."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install -e .[training]")

from training.shards import Pair
from training.subject import drawn


def square() -> Pair:
    """A gray square with a dark half, whose picture is gray outside as well."""
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 20:50] = 255
    image = np.full((40, 60, 3), 128, np.uint8)
    image[10:30, 35:50] = 10
    return Pair("clip-square", image, mask)


def test_on_paper_all_but_the_subject_is_white() -> None:
    displayed = drawn.on_paper(square())
    assert (displayed.image[square().mask == 0] == 255).all()
    assert np.array_equal(displayed.image[square().mask > 0], square().image[square().mask > 0])


def test_line_art_has_the_outline_and_the_lines_between_colors() -> None:
    image = drawn.as_lines(square()).image
    assert set(np.unique(image)) == {0, 255}
    assert (image[square().mask == 0] == 255).all()
    assert (image[10, 20:50] == 0).all() and (image[15:25, 20] == 0).all()
    assert (image[15:25, 24:32] == 255).all(), "the paper shows through"
    assert (image[15:25, 34:36] == 0).any(axis=1).all(), "where the colors meet"


def test_overlap_is_of_both_over_either() -> None:
    one, other = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    one[:2], other[1:3] = 1, 1
    assert drawn.overlap(one, other) == pytest.approx(1 / 3)
    assert drawn.overlap(one, one) == 1
