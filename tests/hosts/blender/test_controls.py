# SPDX-License-Identifier: Apache-2.0
"""The node's controls in the real Blenders, and one file in all of them: exact at neutral, the
same picture everywhere, without the add-on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.hosts.blender import blenders

pytestmark = pytest.mark.hosts


@pytest.fixture(scope="module")
def oldest(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A file from 3.4, and what it shows there."""
    folder = tmp_path_factory.mktemp("oldest")
    shutil.copytree(built / "zips", folder / "zips")
    seen = blenders.run(blenders.find("3.4"), "controls", folder)
    return folder / "controls.blend", seen


def edge(row: np.ndarray) -> float:
    """Where alpha falls below one half, right of the middle, in pixels."""
    right = row[64:]
    index = int(np.argmax(right < 0.5))
    return float(index - 1 + (right[index - 1] - 0.5) / (right[index - 1] - right[index]))


def softness(row: np.ndarray) -> float:
    """Standard deviation of the edge right of the middle, in pixels."""
    steps = -np.diff(row[64:])
    places = np.arange(len(steps))
    middle = (places * steps).sum() / steps.sum()
    return float(np.sqrt(((places - middle) ** 2 * steps).sum() / steps.sum()))


def test_controls(blender: blenders.Blender, user: Path) -> None:
    seen = blenders.run(blender, "controls", user)
    mask = np.array(seen["mask"])
    neutral, one, three, seven, inwards, soft, softer, inverse = map(np.array, seen["rows"])
    np.testing.assert_array_equal(np.rint(neutral * 65535), np.rint(mask * 65535))
    for row, pixels in ((one, 1), (three, 3), (seven, 7), (inwards, -3.5)):
        assert abs(edge(row) - edge(mask) - pixels) < 0.1
    assert abs(softness(soft) - np.hypot(2, softness(mask))) < 0.2
    assert abs(softness(softer) - np.hypot(6, softness(mask))) < 0.5
    np.testing.assert_allclose(inverse, 1 - mask, atol=1e-4)


def test_a_file_of_the_oldest_is_the_same_everywhere(
    blender: blenders.Blender, oldest: tuple[Path, Any], tmp_path: Path
) -> None:
    file, there = oldest
    here = blenders.run(blender, "controls_elsewhere", tmp_path, file=str(file))
    # Blender's own Blur differs a little between its compositors.
    np.testing.assert_allclose(here["rows"], there["rows"], atol=0.02)
    np.testing.assert_array_equal(here["rows"][0], there["rows"][0])
