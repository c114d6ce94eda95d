# SPDX-License-Identifier: Apache-2.0
"""Several objects in the real Blenders: a node for each, and the OpenEXR of `--objects` read by
Blender's own Cryptomatte node."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.objects import files
from mattebrush.objects.find import find
from mattebrush.raster import Raster
from mattebrush.render import Recipe
from tests.hosts.blender import blenders
from tests.objects.scenes import three

pytestmark = pytest.mark.hosts


def test_split_into_objects(blender: blenders.Blender, user: Path) -> None:
    image, masks = three()
    Image.fromarray(image).save(user / "three.png")
    seen = blenders.run(blender, "split", user, photo=str(user / "three.png"))
    assert "grounding-dino-tiny" in seen["words"]
    assert seen["names"] == ["Object 1", "Object 2", "Object 3"]
    objects = find(image)
    for number, true in enumerate(masks, 1):
        visible = np.array(seen["masks"][number - 1]) / 255
        assert np.abs(visible - true).mean() < 0.003
        assert np.abs(visible - objects.mask(number)).max() <= 1.01 / 255
        np.testing.assert_allclose(seen["boxes"][number - 1], objects[number].box, atol=0.01)


def test_blender_picks_objects_of_the_exr_by_name(blender: blenders.Blender, user: Path) -> None:
    pytest.importorskip("OpenEXR")
    names = ("dog", "red bag", "bird")
    objects = find(three()[0])
    for number, name in enumerate(names, 1):
        objects = objects.rename(number, name)
    path = user / "three.exr"
    files.write(path, Raster(three()[0]), objects, Recipe(format="exr"), overwrite=True)
    seen = blenders.run(blender, "cryptomatte", user, exr=str(path), names=names)
    assert seen["layer"] == "CryptoObject"
    for name, visible in zip(names, seen["masks"], strict=True):
        assert np.abs(np.array(visible) - objects.mask(name)).max() < 1e-3
