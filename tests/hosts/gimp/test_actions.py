# SPDX-License-Identifier: Apache-2.0
"""Every other menu entry of the plug-in in both real GIMPs, and every way in which it can fail."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.hosts import xcfread
from tests.hosts.gimp.gimphost import INSIDE, PHOTO, VERSIONS, Gimp

pytestmark = pytest.mark.hosts

WIDTH, HEIGHT = PHOTO
_KILLED = """#!/bin/bash
# The engine, killed when it first tells how far it is.
mkfifo "$0.told"
exec 4<>"$0.told"
chroot /machine {python} "$@" <&0 2>&4 &
read -r _ <&4
kill -9 $!
wait $!
"""


class Run:
    """What one GIMP told."""

    def __init__(self, gimp: Gimp) -> None:
        self.gimp, self.folder = gimp, gimp.folder
        killed = gimp.folder / "killed-engine"
        killed.write_text(_KILLED.format(python=sys.executable))
        killed.chmod(0o755)
        self.output = gimp.run(INSIDE / "actions.py")
        self.told: dict[str, Any] = json.loads((self.folder / "actions.json").read_text())

    def message(self, name: str) -> str:
        """What the user is told about a failure. In 2.10 a script only hears that there is one."""
        reported: list[str] = self.told[name]
        return self.output if self.gimp.old else reported[0]

    def layers(self, name: str) -> list[xcfread.Layer]:
        return xcfread.layers(self.folder / f"{name}.xcf")


@pytest.fixture(scope="module", params=list(VERSIONS))
def run(request: pytest.FixtureRequest) -> Run:
    return Run(request.getfixturevalue(VERSIONS[request.param]))


def pixels(plane: xcfread.Plane | None, kind: str) -> np.ndarray:
    assert plane is not None
    return np.frombuffer(plane.data, kind).reshape(plane.height, plane.width, -1)


@pytest.mark.parametrize(("precision", "kind", "full"), [("u8", ">u1", 255), ("u16", ">u2", 65535)])
def test_refine_keeps_strokes(run: Run, precision: str, kind: str, full: int) -> None:
    name = f"refine-{precision}"
    number = run.told[name]
    request, answer = run.gimp.job(number, "request"), run.gimp.job(number, "answer")
    np.testing.assert_array_equal(request["previous"], run.gimp.job(number - 1, "answer")["alpha"])
    painted = request["mask"] != request["previous"]
    assert painted[2:12, 2:14].all()
    assert painted.sum() <= 12 * 10 + 10 * 10
    got = pixels(run.layers(name)[0].mask, kind)[..., 0]
    np.testing.assert_array_equal(got, answer["alpha"])
    assert (got[2:12, 2:14] == full).all()
    assert (got[40:50, 60:70] == 0).all()


def test_refine_in_a_selection(run: Run) -> None:
    number = run.told["refine-selection"]
    request, answer = run.gimp.job(number, "request"), run.gimp.job(number, "answer")
    region = np.zeros((HEIGHT, WIDTH), np.uint8)
    region[20:60, 40:80] = 255
    np.testing.assert_array_equal(request["region"], region)
    got = pixels(run.layers("refine-selection")[0].mask, ">u1")[..., 0]
    np.testing.assert_array_equal(got, answer["alpha"])
    np.testing.assert_array_equal(got[region == 0], request["mask"][region == 0])
    assert run.told["selection stays"][1:] == [40, 20, 80, 60]


def test_what_is_set_for_a_mask_stays(run: Run) -> None:
    assert run.told["state after remove"] == [False, True, False]
    assert run.told["state after refine again"] == [False, False, True]
    assert run.told["state after remove again"] == [False, False, True]


def test_strokes_are_not_lost(run: Run) -> None:
    assert run.told["channels after the same again"] == 0
    assert run.told["channels"] == ["Mask of photo"]
    assert run.told["kept channel"] == run.told["kept"]
    assert 0 < run.told["kept"][0] < 255
    assert run.told["selected after"] == ["photo", True]


def test_clean_edge_colors(run: Run) -> None:
    top, below = run.layers("clean")
    assert (top.visible, below.visible) == (True, False)
    answer = run.gimp.job(run.told["clean"], "answer")
    np.testing.assert_array_equal(pixels(top.pixels, ">u2")[..., :3], answer["foreground"])
    assert top.mask is not None
    assert below.mask is not None
    assert top.mask.data == below.mask.data
    picture = np.asarray(Image.open(run.folder / "photo.png"))
    original = pixels(below.pixels, ">u2")
    np.testing.assert_array_equal(original[..., :3], picture.astype(np.uint16) * 257)


def test_background(run: Run) -> None:
    top, shadow, fill = run.layers("background")
    assert [layer.name for layer in (shadow, fill)] == ["Shadow", "Background"]
    assert (pixels(fill.pixels, ">u1") == (10, 200, 30, 255)).all()
    dark = pixels(shadow.pixels, ">u1")
    assert (dark[dark[..., 3] > 0][:, :3] == 0).all()
    # The shadow is the mask moved and softened: its weight moved by as much.
    mask = pixels(top.mask, ">u1")[..., 0]
    assert np.abs(_centre(dark[..., 3]) - _centre(mask) - (4, 6)).max() < 3
    assert run.told["selection after background"][1:] == [5, 6, 25, 26]
    assert run.told["color after background"] == [1, 2, 3]
    assert run.told["channels after background"] == 0


def _centre(weights: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return np.array([np.average(x, weights=weights), np.average(y, weights=weights)])


def test_white_background(run: Run) -> None:
    layers = run.layers("white")
    assert len(layers) == 2
    assert (pixels(layers[1].pixels, ">f4") == 1).all()


def prompt(run: Run, name: str) -> dict[str, Any]:
    """What a job said about which object is meant."""
    options = json.loads(run.gimp.job(run.told[name], "request")["options"].tobytes())
    return dict(options["prompt"])


def test_points_reach_the_engine_in_the_layers_coordinates(run: Run) -> None:
    assert prompt(run, "points")["points"] == [[60, 35, 1], [80, 55, 1]]
    alpha = run.gimp.job(run.told["points"], "answer")["alpha"]
    (layer,) = run.layers("points")
    np.testing.assert_array_equal(pixels(layer.mask, ">u1")[..., 0], alpha)
    assert (alpha[35, 60], alpha[55, 80]) == (255, 255)


def test_a_selection_is_a_box(run: Run) -> None:
    assert prompt(run, "selection as box")["boxes"] == [[20, 10, 100, 85]]
    assert "region" not in run.gimp.job(run.told["selection as box"], "request")
    assert prompt(run, "given points")["points"] == [[60, 50, 1], [5, 5, 0]]


def test_drawables_of_a_script_count(run: Run) -> None:
    if run.gimp.old:
        assert "drawables" not in run.told  # there it takes none
    else:
        assert run.told["drawables"] == [True, True, "above"]
        assert run.told["mask as drawable"] == [1, True]


def test_several_layers_get_a_mask_each(run: Run) -> None:
    if run.gimp.old:
        assert "several" not in run.told  # there only one can be selected
        return
    layers = run.layers("several")
    assert [layer.name for layer in layers] == ["small", "photo"]
    for number, layer in enumerate(layers, run.told["several"]):
        alpha = run.gimp.job(number, "answer")["alpha"]
        np.testing.assert_array_equal(pixels(layer.mask, ">u1")[..., 0], alpha)
    assert alpha.shape == (HEIGHT, WIDTH)
    message, same, dirty = run.told["one of several locked"]
    assert 'The pixels of the layer "locked" are locked. Unlock them first.' in message
    assert same
    assert not dirty


SENTENCES = {
    "no layer": "The image has no layer. Add one first.",
    "locked": 'The pixels of the layer "photo" are locked. Unlock them first.',
    "text": 'The layer "words" is text, which has no background. Select one with a picture.',
    "floating": "There is a floating selection. Anchor it, or make it a layer, first.",
    "channel": "A channel is selected. Select a layer in the Layers dock.",
    "no mask": 'The layer "photo" has no mask. Use Remove Background first.',
    "indexed colors": "Clean colors need an RGB image: use Image > Mode > RGB first.",
    "no points": "Draw a path with its points on the object, or select the object, first.",
    "engine missing": "there is no Python interpreter at /nowhere/python (any more). Install it",
    "engine killed": "in the middle of the job",
    "server gone": "No Mattebrush server at http://127.0.0.1:9 was found. Start it in a terminal",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_failures_say_what_to_do_and_leave_the_image_alone(run: Run, name: str) -> None:
    _, same, dirty = run.told[name]
    assert SENTENCES[name] in run.message(name)
    assert same
    assert not dirty


def test_settings_tell_what_was_found(run: Run) -> None:
    assert "settings" not in run.told
    assert "Engine: version" in run.output
    assert "Devices that work: cpu" in run.output
    assert run.told["settings kept"]["engine"] == "process"
    assert run.told["settings kept"]["device"] == "cpu"
    assert "No Mattebrush server at 127.0.0.1:9 was found" in run.message("settings without server")
