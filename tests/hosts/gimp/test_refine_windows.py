# SPDX-License-Identifier: Apache-2.0
"""In every GIMP's own window: Remove Background by its dialog, a damaged mask, two strokes with
the brush, Refine Mask by one key, and what is left of the error.

The pictures taken on the way stay in the test's folder (screen/*.png) to be looked at.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.hosts.gimp import windows
from tests.hosts.gimp.gimphost import VERSIONS
from tests.hosts.gimp.windows import Window

pytestmark = pytest.mark.hosts

_STROKES = {
    # on the lemur, on the leaves: from and to, as the window's first size shows them
    "3.0": (((440, 420), (500, 400)), ((600, 180), (660, 240))),
    "3.2": (((440, 420), (500, 400)), ((600, 180), (660, 240))),
    "2.10": (((690, 600), (750, 590)), ((860, 380), (920, 440))),
}
_FAR = 45
"""How far the damage reaches beyond the strokes, in pixels."""


def reach(painted: np.ndarray, distance: int) -> np.ndarray:
    """Everything within a distance of what was painted."""
    y, x = np.nonzero(painted)
    shape = Image.new("L", painted.shape[::-1])
    draw = ImageDraw.Draw(shape)
    for at_x, at_y in zip(x[::7], y[::7], strict=True):
        draw.ellipse([at_x - distance, at_y - distance, at_x + distance, at_y + distance], fill=255)
    return np.asarray(shape) > 0


def stroke(window: Window, ends: tuple[tuple[int, int], tuple[int, int]], key: str) -> np.ndarray:
    """Paints with the brush in the color that `key` gives; returns the mask then."""
    before = window.mask()
    assert before is not None
    window.screen.window("photo")
    window.screen.key("p", "d", *key)
    window.screen.drag(*ends)
    return window.painted(before)


@pytest.mark.parametrize("version", VERSIONS)
def test_two_strokes_halve_the_error(version: str, tmp_path: Path) -> None:
    with windows.opened(version, tmp_path) as window:
        screen = window.screen
        window.choose("Remove Background")
        screen.wait(lambda: previewed(window), "the preview")
        screen.picture("dialog")
        screen.key("Return")
        screen.wait(lambda: window.look()["mask"], "the mask")
        truth = window.gimp.job(window.gimp.last_job(), "answer")["alpha"]
        window.wait_for_mask(truth, "the mask")

        # Where the strokes will go: the damage is laid around them.
        keep, drop = _STROKES[version]
        bitten = stroke(window, keep, "") != truth
        screen.key("ctrl+z")
        window.wait_for_mask(truth, "undo")
        grown = stroke(window, drop, "x") != truth
        screen.key("ctrl+z")
        window.wait_for_mask(truth, "undo")
        assert (truth[bitten] > 200).mean() > 0.9
        assert (truth[grown] < 50).mean() > 0.9
        damaged = truth.copy()
        damaged[reach(bitten, _FAR)] = 0
        damaged[reach(grown, _FAR)] = 255
        (window.gimp.folder / "damaged.bin").write_bytes(damaged.tobytes())
        window.run("damage.py")
        window.wait_for_mask(damaged, "the damage")

        stroke(window, keep, "x")
        painted = stroke(window, drop, "")
        screen.picture("painted")
        before = window.look()["mask"]
        if version == "3.2":
            window.at_once("Refine Mask")  # it reads no keys of plug-ins from a file
        else:
            screen.window("photo")
            screen.key(windows.REFINE_KEY)
        screen.wait(lambda: window.look()["mask"] not in (0, before), "the refined mask")
        last = window.gimp.last_job()
        refined = window.gimp.job(last, "answer")["alpha"]
        window.wait_for_mask(refined, "the refined mask")
        screen.picture("refined")
        np.testing.assert_array_equal(window.gimp.job(last, "request")["previous"], damaged)
        np.testing.assert_array_equal(window.gimp.job(last, "request")["mask"], painted)
        assert off(refined, truth) < 0.5 * off(damaged, truth)
        screen.key("ctrl+z")
        window.wait_for_mask(painted, "undo of Refine Mask")


def off(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(mask.astype(float) - truth).mean())


def previewed(window: Window) -> bool:
    """Whether the dialog's preview has been answered."""
    answers = sorted((window.gimp.folder / "jobs").glob("*.answer"))
    return bool(answers) and answers[-1].stat().st_size > 0
