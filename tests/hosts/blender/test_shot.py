# SPDX-License-Identifier: Apache-2.0
"""A shot of 48 frames in the real Blenders, as a compositor does it: import, masks, three strokes,
a comp over green, the file on a farm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hosts.blender import blenders

pytestmark = pytest.mark.hosts

COUNT, SIZE = 48, (120, 160)
FIRST, SECOND, THIRD = 8, 16, 40
GREEN = (0, 255, 0)


def plate(photo: np.ndarray, frame: int) -> np.ndarray:
    """A slow pan: a pixel to the right in each frame."""
    height, width = SIZE
    return photo[40 : 40 + height, 60 + frame : 60 + frame + width]


def picture(path: Path) -> np.ndarray:
    """A file's own values."""
    return np.asarray(Image.open(path)).astype(int)


@pytest.mark.parametrize("version", [pytest.param("3.4", marks=pytest.mark.slow), "5.2"])
def test_from_import_to_a_clean_comp(
    version: str, user: Path, server: dict[str, str], photo: Path
) -> None:
    whole = np.asarray(Image.open(photo))
    (user / "plates").mkdir()
    for frame in range(1, COUNT + 1):
        Image.fromarray(plate(whole, frame)).save(user / f"plates/pan_{100 + frame}.png")
    env = blenders.environment(user, **server)
    blender = blenders.find(version)
    args = {"first": str(user / "plates/pan_101.png"), "count": COUNT}
    seen = blenders.run(blender, "shot", user, env, **args)
    assert seen["range"] == [1, COUNT]
    assert seen["report"].startswith(f"{COUNT} masks made, 0 were there")
    # What the engine knew after frame 24 was kept: from there it goes on, to the same result.
    assert seen["anew"] == {"same": True, "shown": list(range(25, COUNT + 1))}
    states = seen["states"]
    assert states["MISSING"] == []
    between, followed = set(range(FIRST, SECOND + 1)), set(states["PAINTED"])
    assert between <= followed
    assert {THIRD - 1, THIRD, THIRD + 1} <= followed
    assert not followed & set(range(1, FIRST))  # nobody carried there

    masks = user / "masks/Background Mask"
    for frame in range(1, COUNT + 1):
        alpha = picture(masks / f"mask_{frame:04d}.png") / 65535
        comp = picture(user / f"comp_{frame:04d}.png")
        assert (comp[alpha == 0] == GREEN).all(), frame
        kept = alpha == 1
        assert 500 < kept.sum() < kept.size - 500, frame  # a subject, and what is cut away
        # Where it is whole the plate shows: clean colors are for the edge.
        assert np.abs(comp[kept] - plate(whole, frame)[kept]).mean() < 2, frame
    for frame in (*between,):
        # The pan moves everything a pixel to the left in each frame.
        away = min(abs(frame - FIRST), abs(frame - SECOND))
        kept = picture(masks / f"mask_{frame:04d}.png")[2:18, 102 + away : 128 - away]
        assert (kept == 65535).all(), frame
    dropped = picture(masks / f"mask_{THIRD:04d}.png")[102:118, 42:68]
    assert not dropped.any()
    after = picture(masks / f"mask_{THIRD + 4:04d}.png")[102:118, 42:62]
    assert not after.any()

    blenders.run(blender, "shot_on_a_farm", user, env, count=COUNT)
    for frame in range(1, COUNT + 1, 8):
        np.testing.assert_array_equal(
            picture(user / f"farm_{frame:04d}.png"), picture(user / f"comp_{frame:04d}.png")
        )
