# SPDX-License-Identifier: Apache-2.0
"""Remove Background in both real GIMPs: the mask in the saved file is what the engine answered."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.hosts import xcfread
from tests.hosts.gimp import profiles
from tests.hosts.gimp.gimphost import INSIDE, PHOTO, VERSIONS, Gimp

pytestmark = pytest.mark.hosts

WIDTH, HEIGHT = PHOTO
# Samples in XCF files are big-endian.
KEPT = {"u8": ">u1", "u16": ">u2", "u32": ">u4", "half": ">f2", "float": ">f4", "double": ">f8"}


class Run:
    """What one GIMP made of all cases."""

    def __init__(self, gimp: Gimp) -> None:
        self.gimp, self.folder = gimp, gimp.folder
        self.photo = np.asarray(Image.open(self.folder / "photo.png"))
        (self.folder / "wide.icc").write_bytes(profiles.wide_gamut())
        gimp.run(INSIDE / "masks.py")
        self.cases: dict[str, int] = json.loads((self.folder / "cases.json").read_text())

    def job(self, case: str, kind: str) -> dict[str, np.ndarray]:
        """The request or the answer of a case, as it went through the pipe."""
        return self.gimp.job(self.cases[case], kind)

    def layers(self, case: str) -> list[xcfread.Layer]:
        return xcfread.layers(self.folder / f"{case}.xcf")


@pytest.fixture(scope="module", params=["3.0", "2.10"])
def run(request: pytest.FixtureRequest) -> Run:
    return Run(request.getfixturevalue(VERSIONS[request.param]))


def values(plane: xcfread.Plane, kind: str) -> np.ndarray:
    return np.frombuffer(plane.data, KEPT[kind]).reshape(plane.height, plane.width, -1)


def mask(layer: xcfread.Layer, kind: str) -> np.ndarray:
    assert layer.mask is not None
    assert layer.mask_applied
    return values(layer.mask, kind)[..., 0]


def at_depth(alpha: np.ndarray, kind: str) -> np.ndarray:
    """What an answer becomes in an image of that precision."""
    full = {"|u1": 255, "<u2": 65535, "<f4": 1}[alpha.dtype.str]
    exact = alpha.astype(np.float64) / full
    if kind.startswith("u"):
        return np.floor(exact * (2.0 ** int(kind[1:]) - 1) + 0.5).astype(KEPT[kind])
    return exact.astype(KEPT[kind])


RGB = [f"rgb-{kind}{trc}" for kind in KEPT for trc in ("", "-linear")]
OTHERS = ["grey-u8", "grey-u16", "grey-float", "indexed", "indexed-alpha",
          "profile-u8", "profile-float", "offset", "group", "replace", "selection",
          "offset-selection", "colors-u8", "colors-u16", "colors-float-linear"]  # fmt: skip
DEPTHS = {"group": "u16", "add": "u16"}


def depth_of(case: str) -> str:
    named = [kind for kind in KEPT if kind in case.split("-")]
    return named[0] if named else DEPTHS.get(case, "u8")


@pytest.mark.parametrize("case", RGB + OTHERS)
def test_mask_is_the_answer(run: Run, case: str) -> None:
    kind = depth_of(case)
    alpha = run.job(case, "answer")["alpha"]
    assert alpha.shape == (HEIGHT, WIDTH)
    assert alpha.min() == 0
    assert alpha.max() > 0
    got = mask(run.layers(case)[0], kind)
    if kind == "u32":
        # GIMP's own float arithmetic has 24 bits.
        assert np.abs(got.astype(float) - at_depth(alpha, kind)).max() <= 2**9
    elif kind == "half":
        # GIMP's own conversion cuts off where it could round.
        assert np.abs(got.astype(float) - at_depth(alpha, kind)).max() <= 2**-11
    elif kind == "double":
        # babl takes whichever of its conversions it just found fast, some by way of float32.
        assert np.abs(got - at_depth(alpha, kind)).max() <= 2**-24
    else:
        np.testing.assert_array_equal(got, at_depth(alpha, kind))


def test_the_engine_sees_the_picture(run: Run) -> None:
    expected = run.photo
    for case in ("rgb-u8", "indexed", "rgb-u16", "rgb-float", "offset", "group"):
        image = run.job(case, "request")["image"]
        seen = image[..., :3] / (255 if image.dtype == np.uint8 else 65535)
        off = np.abs(seen - expected / 255)
        assert off.mean() <= 8 / 255 if case == "indexed" else off.max() <= 0.6 / 255, case


def test_alpha_goes_along(run: Run) -> None:
    assert run.job("rgb-u8", "request")["image"].shape == (HEIGHT, WIDTH, 4)
    assert run.job("grey-u16", "request")["image"].shape == (HEIGHT, WIDTH, 2)
    assert run.job("indexed", "request")["image"].shape == (HEIGHT, WIDTH, 3)


def test_pixels_stay_as_they_were(run: Run) -> None:
    for case in ("rgb-u8", "replace", "selection", "offset"):
        pixels = values(run.layers(case)[0].pixels, "u8")
        np.testing.assert_array_equal(pixels[..., :3], run.photo)


def test_group_and_offset_are_kept(run: Run) -> None:
    group = run.layers("group")[0]
    assert (group.name, group.mask is not None) == ("group", True)
    assert run.layers("offset")[0].offset == (-30, 25)


def test_existing_mask(run: Run) -> None:
    old = np.zeros((HEIGHT, WIDTH), bool)
    old[:, : WIDTH // 2] = True
    both = mask(run.layers("intersect")[0], "u8")
    alpha = run.job("intersect", "answer")["alpha"]
    np.testing.assert_array_equal(both, np.where(old, alpha, 0))
    either = mask(run.layers("add")[0], "u16")
    alpha = run.job("add", "answer")["alpha"]
    np.testing.assert_array_equal(either, np.where(old, 65535, alpha))


def test_selection_restricts(run: Run) -> None:
    region = run.job("selection", "request")["region"]
    assert region.shape == (HEIGHT, WIDTH)
    assert (region[0, 0], region[45, 65]) == (0, 255)
    assert not mask(run.layers("selection")[0], "u8")[region == 0].any()
    shifted = np.zeros((HEIGHT, WIDTH), np.uint8)
    shifted[5:55, 30:100] = 255  # canvas (0..70, 30..80) in a layer at (-30, 25)
    np.testing.assert_array_equal(run.job("offset-selection", "request")["region"], shifted)


@pytest.mark.parametrize("case", ["colors-u8", "colors-u16", "colors-float-linear"])
def test_clean_colors_are_a_layer_of_their_own(run: Run, case: str) -> None:
    top, below = run.layers(case)
    assert (top.visible, below.visible) == (True, False)
    assert below.mask is None
    kind = depth_of(case)
    foreground = run.job(case, "answer")["foreground"]
    got = values(top.pixels, kind)[..., :3].astype(np.float64)
    if kind == "float":
        linear_sent = (run.folder / "home-2.10").exists()
        expected = foreground if linear_sent else _linear(foreground)
        np.testing.assert_allclose(got, expected, atol=1e-5)
    else:
        np.testing.assert_array_equal(got, foreground)


def test_clean_colors_keep_the_profile(run: Run) -> None:
    """What the engine leaves alone stays the same to the bit, in a wide gamut too."""
    top, below = run.layers("colors-profile")
    clean, before = values(top.pixels, "u8"), values(below.pixels, "u8")
    sent = run.job("colors-profile", "request")["image"][..., :3]
    alone = (run.job("colors-profile", "answer")["foreground"] == sent).all(axis=2)
    assert (alone & (mask(top, "u8") == 255)).any()
    np.testing.assert_array_equal(clean[alone], before[alone])


def _linear(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
