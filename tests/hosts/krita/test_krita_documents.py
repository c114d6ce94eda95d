# SPDX-License-Identifier: Apache-2.0
"""Pixels and masks in every kind of document and layer, in the real Kritas without a window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.hosts import kraread
from tests.hosts.krita.kritahost import Krita
from tests.objects.scenes import three

pytestmark = pytest.mark.hosts

WIDTH, HEIGHT = 340, 220
SPACES = (
    "space-RGBA-U8",
    "space-RGBA-U16",
    "space-RGBA-F16",
    "space-RGBA-F32",
    "space-GRAYA-U8",
    "space-GRAYA-U16",
    "space-GRAYA-F32",
    "space-CMYKA-U8",
    "space-CMYKA-F32",
    "space-LABA-U16",
    "space-LABA-F32",
)
LAYERS = ("offset", "group", "clone", "file", "vector")
OTHERS = ("refine", "existing", "points", "subject", "empty")


class Run:
    """What one run of Krita over all cases left."""

    def __init__(self, folder: Path, observed: dict[str, Any]) -> None:
        self.folder = folder
        self.observed = observed

    def plane(self, case: str, name: str) -> np.ndarray:
        data = np.fromfile(self.folder / f"{case}.{name}", np.uint8)
        return data.reshape(HEIGHT, WIDTH, -1).squeeze()

    def in_srgb(
        self, case: str, krita: str, engine: str, dtype: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """RGB, 0 to 255, of a plane as Krita shows it and as the engine was sent it or gave it."""
        wide = np.fromfile(self.folder / f"{case}.{engine}", dtype).reshape(HEIGHT, WIDTH, -1)
        colors = wide[..., :3] / (1 if wide.dtype == np.uint8 else 257.0)
        return self.plane(case, krita)[..., 2::-1].astype(float), colors


@pytest.fixture(scope="module")
def run(krita: Krita, picture: Path, server: dict[str, str]) -> Run:
    krita.choose(**server)
    folder = krita.folder / "documents"
    folder.mkdir()
    observed = krita.run("documents", str(folder), str(picture), *SPACES, *LAYERS, *OTHERS)
    Image.fromarray(three()[0]).save(folder / "three.png")
    observed |= krita.run("documents", str(folder), str(folder / "three.png"), "split")
    return Run(folder, observed)


@pytest.mark.parametrize("case", SPACES + LAYERS)
def test_saved_mask_is_what_the_engine_gave(run: Run, case: str) -> None:
    observed = run.observed[case]
    x, y, width, height = observed["rect"]
    inputs = np.fromfile(run.folder / f"{case}.alpha", np.uint8).reshape(observed["shape"])
    assert inputs.shape == (height, width)
    assert 0.05 < inputs.mean() / 255 < 0.7  # there is a subject
    expected = np.zeros((HEIGHT + 400, WIDTH + 400), np.uint8)
    expected[200 + y : 200 + y + height, 200 + x : 200 + x + width] = inputs
    expected = expected[200 : 200 + HEIGHT, 200 : 200 + WIDTH]
    (layer,) = [each for each in kraread.layers(run.folder / f"{case}.kra") if each.masks]
    assert layer.masks[-1].name == observed["name"] == "Mask 1"
    saved = np.frombuffer(layer.masks[-1].pixels, np.uint8).reshape(HEIGHT, WIDTH)
    np.testing.assert_array_equal(saved, expected)
    with Image.open(run.folder / f"{case}.png") as exported:
        alpha = np.asarray(exported)[..., -1]
    np.testing.assert_array_equal(alpha if alpha.dtype == np.uint8 else alpha >> 8, expected)


@pytest.mark.parametrize("case", SPACES + LAYERS)
def test_pixels_and_selection_stay(run: Run, case: str) -> None:
    assert run.observed[case]["pixels kept"]
    assert run.observed[case]["selection kept"]


@pytest.mark.parametrize("case", SPACES)
def test_document_is_of_the_kind_asked_for(run: Run, case: str) -> None:
    _, model, depth = case.split("-")
    assert (run.observed[case]["model"], run.observed[case]["depth"]) == (model, depth)


@pytest.mark.parametrize("case", SPACES)
def test_clean_colors_change_the_edge_only(run: Run, case: str) -> None:
    observed = run.observed[case]["clean"]
    before, after = run.plane(case, "pixels"), run.plane(case, "clean")
    mask = run.plane(case, "mask")
    soft = (mask > 0) & (mask < 255)
    np.testing.assert_array_equal(before[~soft], after[~soft])
    assert observed["name"].endswith("clean colors")
    assert observed["above"].index(observed["name"]) == 1
    assert observed["original"] == [True, False]  # not changed, hidden
    assert observed["masks"] == [1, 1]
    # In sRGB of 8 bits the edge shows what the engine gave. Not so in CMYK: there Krita's two ways
    # of converting differ in how black is mapped, by several levels of 255; by how much, the
    # original's pixels tell, which went the same two ways.
    displayed, inputs = run.in_srgb(case, "clean8", "foreground", observed["kind"])
    difference = np.abs(displayed - inputs)[soft]
    if "CMYKA" in case:
        original, sent = run.in_srgb(case, "pixels8", "sent", observed["kind"])
        assert difference.mean() < np.abs(original - sent)[soft].mean() + 3
    else:
        assert np.percentile(difference, 99) <= 3, difference.max()
    before8 = run.plane(case, "pixels8")[..., 2::-1].astype(float)
    assert np.abs(displayed - before8)[soft].mean() > 3


def test_layers_beneath_a_replaced_mask_are_read_without_it(run: Run) -> None:
    assert run.observed["group"]["again"] == {"same": True, "old kept hidden": True}


def test_refining_keeps_strokes(run: Run) -> None:
    before, after = run.plane("refine", "before"), run.plane("refine", "after")
    assert (before[5:25, 5:25] == 0).all()
    assert (after[5:25, 5:25] == 255).all()
    assert (after[100:120, 150:170] == 0).all()
    assert run.observed["refine"]["old hidden"]
    assert run.observed["refine"]["name"].startswith("Mask 2, refined")


def test_a_mask_that_is_there_is_added_to_or_kept(run: Run) -> None:
    assert run.observed["existing"] == {"added": True, "first": False, "both shown": True}


def test_a_spot_of_the_selection_is_a_point(run: Run) -> None:
    assert run.observed["points"]["model"] == "mobile-sam"
    assert run.observed["points"]["name"] == "Mask 1, object"
    assert run.observed["points"]["prompt"] == {"points": [[100.0, 150.0, 1]]}
    y, x = np.nonzero(run.plane("points", "mask") > 127)
    assert abs(x.mean() - 100) < 8
    assert abs(y.mean() - 150) < 8


def test_select_subject_is_the_matte(run: Run) -> None:
    assert run.observed["subject"] == {"equal": True, "children": 0}


def test_what_cannot_be_done_says_so(run: Run) -> None:
    observed = run.observed["empty"]
    assert "“empty” is empty" in observed["empty layer"]
    assert "Select a paint" in observed["no layer"]
    assert "Run Remove Background first" in observed["no mask"]


@pytest.mark.parametrize("colors", ("plain", "clean"))
def test_three_things_are_three_masks_in_a_group(run: Run, colors: str) -> None:
    observed = run.observed["split"][colors]
    assert observed["above"][-1].endswith(", objects")
    # From the bottom: the one found first is the topmost.
    assert observed["parts"] == [[f"Object {number}", True] for number in (3, 2, 1)]
    assert observed["hidden"]
    assert observed["remembered"]
    assert observed["same pixels"] == (colors == "plain")
    saved = {each.name: each for each in kraread.layers(run.folder / f"split-{colors}.kra")}
    for number, true in enumerate(three()[1], 1):
        (mask,) = saved[f"Object {number}"].masks
        assert mask.name == f"Object {number}"
        values = np.frombuffer(mask.pixels, np.uint8).reshape(mask.height, mask.width)
        assert np.abs(values / 255 - true).mean() < 0.003


def test_words_without_a_model_lead_to_one(run: Run) -> None:
    text, detail, action, _label = run.observed["split"]["words"]
    assert text == "The model that this needs is not on this machine yet."
    assert "grounding-dino-tiny" in detail
    assert action == "download-model"
