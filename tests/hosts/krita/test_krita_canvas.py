# SPDX-License-Identifier: Apache-2.0
"""The canvas by mouse: clicks and boxes that choose the subject, previews, strokes on the mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.hosts.krita.kritahost import Krita

pytestmark = pytest.mark.hosts

WIDTH, HEIGHT = 340, 220
DOT = (100, 50)
BITE = (slice(22, 82), slice(130, 210))


class Work:
    """What a user's work on the canvas left."""

    def __init__(self, folder: Path, observed: dict[str, Any]) -> None:
        self.folder = folder
        self.observed = observed

    def mask(self, name: str) -> np.ndarray:
        plane = np.fromfile(self.folder / f"{name}.mask", np.uint8).reshape(HEIGHT, WIDTH)
        return plane.astype(float) / 255


@pytest.fixture(scope="module")
def work(krita: Krita, picture: Path, screen: str) -> Work:
    krita.engine_by_process()
    folder = krita.folder / "canvas"
    folder.mkdir()
    dots = Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128))
    x, y = DOT
    dots.paste((255, 0, 0), (x - 3, y - 3, x + 4, y + 4))
    dots.save(folder / "dots.png")
    observed = krita.show("canvaswork", screen, str(folder), str(picture), str(folder / "dots.png"))
    return Work(folder, observed)


def test_a_click_is_where_the_picture_is_however_the_view_is_turned(work: Work) -> None:
    assert len(work.observed["places"]) == 4
    for x, y, label in work.observed["places"]:
        # Within the dot: where the view is smaller than the picture, a screen's pixel is several.
        assert abs(x - 100.5) < 2.5, work.observed["places"]
        assert abs(y - 50.5) < 2.5, work.observed["places"]
        assert label == 1


def test_a_click_shows_what_it_means_before_anything_is_changed(work: Work) -> None:
    observed = work.observed["object"]
    assert observed["undo"]
    assert observed["masks"] == 0
    before, after = observed["tinted"]
    assert after[0] > before[0] + 30 or after[1] < before[1] - 30  # what goes is tinted red
    assert observed["two"][1][2] == 0  # the right button: not this
    assert observed["one"] == 1


def test_enter_makes_the_mask_of_the_object_in_one_step(work: Work) -> None:
    observed = work.observed["object"]
    assert observed["name"] == observed["active"] == "Mask 1, object"
    assert observed["gone"]
    assert observed["undone"] == 0
    predicted, subject = work.mask("object") > 0.5, work.mask("whole") > 0.5
    assert (predicted & subject).sum() / (predicted | subject).sum() > 0.7


def test_a_box_is_dragged_and_cancel_changes_nothing(work: Work) -> None:
    observed = work.observed["box"]
    np.testing.assert_allclose(observed["box"], [60, 40, 220, 200], atol=2)
    assert observed["gone"]
    assert observed["masks"] == 0


def test_a_preview_waits_until_it_is_accepted(work: Work) -> None:
    observed = work.observed["preview"]
    assert observed["undo"]
    assert observed["masks"] == 0
    assert observed["accept"]
    assert observed["combo"]
    red, green, blue = observed["green"]
    assert green > red + 60 and green > blue + 60
    assert observed["mask"] == "Mask 1"


def test_a_discarded_preview_leaves_the_old_mask(work: Work) -> None:
    assert work.observed["discard"] == {"meanwhile": False, "after": True, "masks": 1}


def test_drop_paints_black_on_the_mask(work: Work) -> None:
    assert work.observed["drop"] == {"active": "Mask 1", "painted": 0}


def test_two_strokes_bring_hair_back(work: Work) -> None:
    whole, stroked, back = (work.mask(name) for name in ("whole", "stroked", "given-back"))
    painted = stroked != work.mask("bitten")
    assert painted[BITE].sum() > 300
    around = np.zeros_like(painted)
    around[BITE] = True
    around &= ~painted
    before = np.abs(stroked - whole)[around].mean()
    after = np.abs(back - whole)[around].mean()
    assert before > 0.05
    assert after < before / 2, (before, after)


def test_closing_the_picture_ends_the_tool(work: Work) -> None:
    assert work.observed["closed"] == {"overlay": True, "cancel": False}
