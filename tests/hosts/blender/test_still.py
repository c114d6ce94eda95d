# SPDX-License-Identifier: Apache-2.0
"""A photograph in the real Blenders: installed from the zip, cut out, painted on, saved, reopened.

Alpha in the rendered PNG must be the engine's own mask exactly, its colours the engine's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mattebrush
from tests.hosts.blender import blenders

pytestmark = pytest.mark.hosts


def test_cut_out_painted_refined_and_reopened(
    blender: blenders.Blender, user: Path, photo: Path
) -> None:
    picture = np.asarray(Image.open(photo))
    cutout = mattebrush.remove_background(picture)
    assert cutout.foreground is not None
    seen = blenders.run(blender, "still", user, photo=str(photo))
    assert seen["links"] == ["CompositorNodeImage"]  # connected without further work
    assert seen["menu"].startswith("NODE_MT_category")
    assert seen["space"] == "Non-Color"

    untouched = np.array(seen["untouched"])
    np.testing.assert_array_equal(untouched[..., :3], picture)  # without a mask: as it was
    assert (untouched[..., 3] == 255).all()

    generated = np.array(seen["generated"])
    mask = np.rint(cutout.alpha * 255).astype(int)
    np.testing.assert_array_equal(generated[..., 3], mask)
    solid = mask == 255
    assert solid.mean() > 0.03
    np.testing.assert_array_equal(generated[solid][:, :3], cutout.foreground[solid])
    displayed = np.asarray(Image.open(user / "foreground.png"))[..., :3].astype(int)
    assert np.abs(displayed - cutout.foreground).max() <= 1

    refined = np.array(seen["refined"])[..., 3]
    assert (refined[:40, :40] == 255).all()  # strokes stay
    assert (refined[150:170, 120:140] == 0).all()
    far = np.s_[100:, 250:]
    np.testing.assert_array_equal(refined[far], mask[far])
    assert seen["old_kept"]
    old = np.array(seen["old"])
    old[:40, :40], old[150:170, 120:140] = mask[:40, :40], mask[150:170, 120:140]
    np.testing.assert_array_equal(old, mask)

    last = refined.copy()
    last[:5, 300:] = 255  # painted after refining, before saving: never lost
    without = blenders.run(blender, "reopened", user, env=blenders.environment(user / "farm"))
    np.testing.assert_array_equal(np.array(without["render"])[..., 3], last)
    again = blenders.run(blender, "reopened_with", user)
    np.testing.assert_array_equal(np.array(again["render"])[..., 3], last)
    assert again["given"]
    assert again["asset"]
