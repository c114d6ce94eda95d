# SPDX-License-Identifier: Apache-2.0
"""Split Into Objects in the real GIMPs: three things are three named masks."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.hosts import xcfread
from tests.hosts.gimp.gimphost import INSIDE, VERSIONS, Gimp
from tests.objects.scenes import three

pytestmark = pytest.mark.hosts

NAMES = ["Object 1", "Object 2", "Object 3"]


@pytest.fixture(scope="module", params=list(VERSIONS))
def run(request: pytest.FixtureRequest) -> tuple[Gimp, str, dict[str, Any]]:
    gimp: Gimp = request.getfixturevalue(VERSIONS[request.param])
    Image.fromarray(three()[0]).save(gimp.folder / "three.png")
    output = gimp.run(INSIDE / "objects.py")
    return gimp, output, json.loads((gimp.folder / "objects.json").read_text())


def values(plane: xcfread.Plane | None, kind: str) -> np.ndarray:
    assert plane is not None
    return np.frombuffer(plane.data, kind).reshape(plane.height, plane.width, -1)


@pytest.mark.parametrize(("precision", "kind", "full"), [("u8", ">u1", 255), ("u16", ">u2", 65535)])
def test_layers(run: Any, precision: str, kind: str, full: int) -> None:
    gimp, _output, reported = run
    group, *parts, original = xcfread.layers(gimp.folder / f"objects-{precision}.xcf")
    assert (group.name, original.name) == ("farm, objects", "farm")
    assert [part.name for part in parts] == NAMES
    assert [part.visible for part in parts] == [True] * 3
    assert (group.visible, original.visible) == (True, False)
    assert original.mask is not None
    assert reported[f"selected {precision}"] == group.name
    total = np.zeros(three()[0].shape[:2], np.int64)
    for part, true in zip(parts, three()[1], strict=True):
        mask = values(part.mask, kind)[..., 0]
        assert np.abs(mask / full - true).mean() < 0.003
        total += mask
        np.testing.assert_array_equal(values(part.pixels, kind), values(original.pixels, kind))
    assert total.max() <= full


def test_channels(run: Any) -> None:
    reported = run[2]
    assert reported["channels"] == NAMES
    assert reported["channels seen"] == [False] * 3
    for row, true in zip(reported["channel row"], three()[1], strict=True):
        moved = np.zeros(len(row))
        moved[: len(row) - 20] = true[130, 20:]
        assert np.abs(np.array(row) / 255 - moved).mean() < 0.02


def test_words_without_a_model_for_them(run: Any) -> None:
    gimp, output, reported = run
    message = output if gimp.old else reported["words"]
    assert "The model that this needs is not on this machine yet." in message
    assert "mattebrush models pull grounding-dino-tiny" in message
    assert reported["words: untouched"]
