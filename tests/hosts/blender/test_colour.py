# SPDX-License-Identifier: Apache-2.0
"""Colour in the real Blenders: premultiplication at every edge, display-encoded and scene-linear,
renders as sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mattebrush
from tests.hosts.blender import blenders

pytestmark = pytest.mark.hosts

GREYS = np.array([0, 64, 128, 255]) / 255
BACKGROUNDS = {"black": (0, 0, 0), "white": (1, 1, 1), "red": (1, 0, 0), "blue": (0.1, 0.2, 1)}
CARDS = {"own": 128, "clean": 204}
"""Bytes of the card: 0.5 and 0.8."""


def linear(display: np.ndarray) -> np.ndarray:
    """Scene-linear of sRGB."""
    return np.where(display <= 0.04045, display / 12.92, ((display + 0.055) / 1.055) ** 2.4)


def display(values: np.ndarray) -> np.ndarray:
    """sRGB of scene-linear."""
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)


def test_grey_card(blender: blenders.Blender, user: Path) -> None:
    seen = blenders.run(blender, "grey_card", user)
    for name, byte in CARDS.items():
        steps = np.array(seen[name]["alone"])[8, 8::16]
        np.testing.assert_array_equal(steps[:, 3], np.rint(GREYS * 255))
        assert np.abs(steps[1:, :3] - byte).max() <= 1  # straight again in the PNG
        card = linear(np.array(byte / 255))
        for background, below in BACKGROUNDS.items():
            got = np.array(seen[name][background])[8, 8::16]
            mixed = GREYS[:, None] * card + (1 - GREYS[:, None]) * np.array(below)
            assert np.abs(got[:, :3] - display(mixed) * 255).max() <= 1, (name, background)
            assert (got[:, 3] == 255).all()
    own, clean = (linear(np.array(byte / 255)) for byte in CARDS.values())
    for amount in (0.0, 0.5, 1.0):  # of Decontaminate
        expected = display(own + amount * (clean - own)) * 255
        assert np.abs(np.array(seen[f"{amount}"])[..., :3] - expected).max() <= 1, amount


def test_encodings(blender: blenders.Blender, user: Path, photo: Path) -> None:
    picture = np.asarray(Image.open(photo)).astype(int)
    encoded = picture / 255
    seen = blenders.run(blender, "colours", user, photo=str(photo))
    assert {name: each["type"] for name, each in seen.items()} == {
        "bytes": "uint8",
        "deep": "uint16",
        "linear": "uint16",
        "bytes_linear": "uint16",
    }
    np.testing.assert_array_equal(seen["bytes"]["read"], picture)
    assert np.abs(np.array(seen["deep"]["read"]) - picture).max() <= 1
    brighter = np.clip(linear(encoded) * 2, 0, 1)
    assert np.abs(np.array(seen["linear"]["read"]) - display(brighter) * 255).max() <= 1
    assert np.abs(np.array(seen["bytes_linear"]["read"]) - display(encoded) * 255).max() <= 1
    # Back to the compositor: scene-linear, and brighter than white where the picture was.
    for name, expected in (
        ("bytes", linear(encoded)),
        ("deep", linear(encoded)),
        ("linear", linear(encoded) * 2),
        ("bytes_linear", encoded),
    ):
        assert np.abs(np.array(seen[name]["linear"]) - expected).max() < 1e-3, name


def test_render_as_source(blender: blenders.Blender, user: Path) -> None:
    seen = blenders.run(blender, "render_layers", user)
    displayed = np.array(seen["shown"])
    now, later = np.array(seen["now"]), np.array(seen["later"])
    assert now.shape == (64, 96, 4)
    assert np.abs(now[..., 3] - displayed[..., 3]).max() <= 1
    solid = displayed[..., 3] == 255
    assert solid.any()
    assert np.abs(now[solid] - displayed[solid]).max() <= 2
    columns = np.arange(96)
    places = [
        (alpha[..., 3].sum(axis=0) * columns).sum() / alpha[..., 3].sum() for alpha in (now, later)
    ]
    assert places[1] > places[0] + 20  # another frame was rendered for it
    masks = np.array(seen["masks"])
    assert masks.shape == (4, 64, 96)
    first, fourth, fifth, result = (
        (mask.sum(axis=0) * columns).sum() / mask.sum() for mask in masks
    )
    assert first + 20 < fourth < fifth - 8  # each from the render of its own frame
    assert abs(fifth - places[1]) < 5  # the side in shadow may be missing
    assert result == first
    assert seen["kept"] == [1, True, 1]


@pytest.mark.parametrize("version", ["3.4", "4.5", "5.2"])
def test_a_plate_with_transparency_of_its_own(
    version: str, user: Path, server: dict[str, str], photo: Path
) -> None:
    """Clean colors lie under the plate's own alpha: at rest, without the add-on, and in files."""
    color = np.asarray(Image.open(photo))
    own = np.linspace(0, 1, color.shape[1])[None].repeat(color.shape[0], axis=0)
    plate = np.dstack([color, np.rint(own * 255).astype(np.uint8)])
    Image.fromarray(plate).save(user / "plate_0001.png")
    env = blenders.environment(user, **server)
    args = {"plate": str(user / "plate_0001.png")}
    seen = blenders.run(blenders.find(version), "transparent", user, env, **args)
    cutout = mattebrush.remove_background(plate)
    assert cutout.foreground is not None
    followed = np.array(seen["matte"])
    for name, matte in (("still", cutout.matte), ("PNG", followed), ("EXR", followed)):
        displayed = np.array(seen[name])
        assert np.abs(displayed[..., 3] / 255 - matte * plate[..., 3] / 255).max() < 1.5 / 255, name
        solid = displayed[..., 3] > 128
        assert solid.sum() > 1000
        wrong = np.abs(displayed[..., :3] - cutout.foreground[..., :3].astype(int)).max(axis=2)[
            solid
        ]
        limit = 3 if name == "still" else 40  # a clip's edges are decided by another matting
        assert np.median(wrong) <= 1, name
        assert np.quantile(wrong, 0.9) <= limit, name
    for name in ("still", "EXR"):
        np.testing.assert_allclose(seen[f"{name} alone"], seen[name], atol=1)
    np.testing.assert_allclose(seen["EXR"], seen["PNG"], atol=2)


@pytest.mark.parametrize("version", ["3.4", "5.2"])
def test_a_plate_that_is_graded_later_keeps_its_grade(
    version: str, user: Path, server: dict[str, str], photo: Path, frames: Path
) -> None:
    """Clean colors of another grade are not shown, and the masks stay."""
    env = blenders.environment(user, **server)
    args = {"photo": str(photo), "first": str(frames)}
    seen = blenders.run(blenders.find(version), "graded", user, env, **args)
    for kind in ("still", "clip"):
        made, graded, back, again, plate = (
            np.array(seen[f"{kind} {name}"])
            for name in ("made", "graded", "back", "made again", "plate")
        )
        np.testing.assert_array_equal(graded, plate)
        np.testing.assert_array_equal(back, made)
        assert np.abs(made - plate).mean() > 10
        assert 0 < (again != plate).any(axis=2).mean() < 0.5  # clean at the edges, and graded
        assert np.median(np.abs(again - plate)) <= 1
        np.testing.assert_array_equal(seen[f"{kind} graded, alpha"], seen[f"{kind} made, alpha"])
        assert "clean colors" in seen[f"{kind} graded, told"]
        for name in ("made", "back", "made again"):
            assert seen[f"{kind} {name}, told"] == ""
    np.testing.assert_allclose(seen["animated"], seen["animated, files"], atol=1)
