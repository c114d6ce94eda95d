# SPDX-License-Identifier: Apache-2.0
"""Krita's window as a user has it: menus, docker, undo, the real brush, cancelling, failures."""

from __future__ import annotations

import configparser
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tests.hosts import kraread
from tests.hosts.krita import kritahost
from tests.hosts.krita.kritahost import Krita

pytestmark = pytest.mark.hosts

WIDTH, HEIGHT = 340, 220
MASK = "Mask 1"
GRAY = 8  # Krita's number of that color label


class Hour:
    """What a user's hour in Krita left: what the script observed, and its files."""

    def __init__(self, folder: Path, home: Path, observed: dict[str, Any]) -> None:
        self.folder = folder
        self.home = home
        self.observed = observed

    def mask(self, name: str) -> np.ndarray:
        return np.fromfile(self.folder / f"{name}.mask", np.uint8).reshape(HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def hour(krita: Krita, picture: Path, screen: str) -> Hour:
    krita.as_installed()
    folder = krita.folder / "window"
    folder.mkdir()
    return Hour(folder, krita.home, krita.show("window", screen, str(folder), str(picture)))


def test_entries_are_where_a_user_looks(hour: Hour) -> None:
    observed = hour.observed["entries"]
    menus = {menu: entries for menu, entries in observed["menus"].items() if entries}
    assert menus == {
        "Layer": ["Remove Background", "Cut Out Object", "Refine Mask", "Split Into Objects"],
        "Filter": ["Clean Edge Colors"],
        "Tools": ["Scripts > Select Subject"],
    }
    assert observed["shortcut"] == "Ctrl+Alt+B"


def test_docker_shows_what_matters_in_the_default_layout(hour: Hour) -> None:
    observed = hour.observed["entries"]
    assert observed["engine"].endswith("ready (cpu)")
    assert observed["tips"] == [""]  # but for the cure's, which is not shown
    assert observed["narrow"]["width"] <= 265  # as narrow as Krita's own dockers let it be
    for layout in ("default", "narrow"):
        seen = observed[layout]
        assert seen["hidden"] == [], layout
        assert seen["count"] >= 10
        assert seen["needs"] <= 250
        assert not seen["scroll bars"]
        assert max(seen["screen"]) < 6, seen  # the screen's pixels are the buttons'


def test_progress_tells_the_stage_and_the_time_left(hour: Hour) -> None:
    observed = hour.observed["remove"]
    assert any(message.startswith("Finding the subject") for message in observed["said"])
    assert any(message.endswith(" left") for message in observed["said"])
    assert observed["bar"] == sorted(observed["bar"])  # it never goes back
    assert observed["bar"][-1] > 80


def test_remove_background_is_one_step_that_keeps_everything_else(hour: Hour) -> None:
    observed = hour.observed["remove"]
    assert observed["mask"] == observed["active"] == MASK
    assert observed["undo"] == "Undo Add Layer"
    assert observed["pixels kept"]
    assert observed["selection"] == [10, 5, 320, 210]
    assert observed["modified"]
    assert observed["report"].startswith("mattebrush-subject + ")
    assert hour.observed["undo_redo"] == {"gone": True, "back": True, "same": True, "values": True}


def test_refining_keeps_the_stroke_of_the_brush(hour: Hour) -> None:
    before, painted, after = (hour.mask(name) for name in ("before", "painted", "after"))
    stroke = painted != before
    assert hour.observed["paint_and_refine"]["undo"] == "Undo Freehand Brush Stroke"
    assert stroke.sum() > 300
    pure = stroke & ((painted == 0) | (painted == 255))
    assert pure.sum() > 100
    np.testing.assert_array_equal(after[pure], painted[pure])
    # What hangs together with a black stroke goes with it, and nothing comes back by it; with a
    # white one, the other way round. Which color the brush has, Krita remembers.
    if (painted[pure] == 0).all():
        assert (after[~stroke] <= before[~stroke]).all()
    else:
        assert (painted[pure] == 255).all()
        assert (after[~stroke] >= before[~stroke]).all()
    assert hour.observed["paint_and_refine"]["mask"].startswith("Mask 2, refined")


def test_a_replaced_mask_is_hidden_until_accepted(hour: Hour) -> None:
    observed = hour.observed["again_and_accept"]
    assert observed["hidden"]
    assert observed["offered"]
    assert observed["names"] == ["mine", "Mask 3", "Mask 2, refined", "Mask 1"]
    assert observed["labels"] == [0, 0, GRAY, GRAY]  # the replaced ones are one group
    assert "Accept removes them" in observed["report"]
    assert observed["after"] == ["mine", "Mask 3"]  # nothing of the user's is taken
    assert observed["undo"] == "Undo Remove Nodes"
    assert observed["back"] == 4  # one step
    assert observed["active"] == "Mask 3"


def test_a_filter_mask_means_its_layer(hour: Hour) -> None:
    assert hour.observed["filter_mask"] == {"active": "filtermask", "more": 1}


def test_what_is_asked_in_mid_run_is_refused_without_hiding_the_run(hour: Hour) -> None:
    observed = hour.observed["still_at_work"]
    assert observed["busy"]
    assert "still at work" not in observed["report"]
    assert observed["more"] == 1


def test_undoing_shows_what_was_replaced(hour: Hour) -> None:
    observed = hour.observed["undo_shows_the_old_mask"]
    assert observed["before"] == observed["redone"] == [True, False]
    assert observed["undone"] == [True]
    assert observed["label"] == [GRAY, 0, GRAY]
    assert observed["on canvas"] > 0.05


def test_clean_colors_are_one_step(hour: Hour) -> None:
    observed = hour.observed["clean_colors"]
    assert observed["name"] == "Background, clean colors"
    assert observed["masks"] == 1
    assert observed["original hidden"]
    assert observed["undo"] == "Undo Add Layer"
    assert observed["undone"] == [1, True]
    assert observed["on canvas"] > 0.05


def test_saved_and_exported_as_shown(hour: Hour) -> None:
    (layer,) = kraread.layers(hour.folder / "window.kra")
    (visible,) = [mask for mask in layer.masks if mask.visible]
    pixels = np.frombuffer(visible.pixels, np.uint8).reshape(HEIGHT, WIDTH)
    with Image.open(hour.folder / "window.png") as exported:
        np.testing.assert_array_equal(np.asarray(exported)[..., 3], pixels)


FRAMES = 6
TIMES = [3 * number for number in range(FRAMES)]


@pytest.mark.parametrize("name", ["frame", "selected"])
def test_the_subject_is_carried_over_every_frame_without_ghosts(hour: Hour, name: str) -> None:
    assert hour.observed["frames"]["times"] == hour.observed["frames"]["selected"] == TIMES
    masks = np.stack([hour.mask(f"{name}{number}") for number in range(FRAMES)]) / 255.0
    first = masks[0] > 0.5
    assert 0.1 < first.mean() < 0.7
    ghosts = []
    for number, mask in enumerate(masks):
        there = np.roll(first, 4 * number, axis=1)  # it moves by four pixels a frame
        displayed = mask > 0.5
        assert (displayed & there).sum() / (displayed | there).sum() > 0.8, number
        ghosts.append(mask[~ndimage.binary_dilation(there, iterations=12)].mean())
    assert max(ghosts) < 0.02, ghosts
    assert ghosts[-1] < ghosts[0] + 0.005, ghosts


def test_a_mask_with_frames_is_one_step_and_not_refined(hour: Hour) -> None:
    observed = hour.observed["frames"]
    assert observed["undo"] == "Undo Add Layer"
    assert observed["undone"] == 0
    assert "use a mask without frames" in observed["refused"]


def test_what_is_gone_in_the_meantime_is_told(hour: Hour) -> None:
    cropped, removed, closed = hour.observed["changed_meanwhile"]
    assert "changed its size in the meantime" in cropped
    assert "layer was removed in the meantime" in removed
    assert "document was closed in the meantime" in closed


def test_cancel_ends_the_engine_and_changes_nothing(hour: Hour) -> None:
    observed = hour.observed["cancel"]
    assert observed["busy"]
    assert observed["report"] == "Cancelled. The picture is as it was."
    assert observed["kept"]
    assert observed["can run"]


def test_killed_and_missing_engines_are_told_with_a_button_that_helps(hour: Hour) -> None:
    killed = hour.observed["engine_killed"]
    assert "stopped in the middle of the run" in killed["report"]
    assert killed["cure"] == "Try Again"
    assert killed["again"] == killed["masks"] + 1
    missing = hour.observed["engine_missing"]
    assert "engine is not on this machine yet" in missing["report"]
    assert missing["cure"] == "Set Up..."
    assert missing["engine"] == "○ No engine"
    modal, action, texts = missing["asked"]
    assert not modal
    assert action == "Set Up..."
    assert any("needs no administrator" in text for text in texts)  # asked before it is done


def test_a_model_is_fetched_only_with_consent(hour: Hour) -> None:
    observed = hour.observed["models"]
    name, best_at, size, license_ = observed["row"]
    assert name == "MobileSAM"
    assert best_at
    assert size.endswith("MB")
    assert license_.startswith("Apache-2.0")
    assert not observed["modal"]
    assert (observed["before"], observed["agreed"]) == (False, True)
    assert observed["cure"] == "Try Again"


def test_models_have_their_names_in_the_lists(hour: Hour) -> None:
    observed = hour.observed["models"]
    assert observed["model"] == ["Built in", "MobileSAM", "Get more…"]
    assert observed["matting"][-1] == "ViTMatte S"


def test_choices_are_kept(hour: Hour) -> None:
    assert hour.observed["settings"] == [1.5, True, "cpu"]
    kept = configparser.RawConfigParser(strict=False)
    # What comes before the first section has no header.
    kept.read_string("[general]\n" + (hour.home / ".config" / "kritarc").read_text())
    assert kept["mattebrush"]["feather"] == "1.5"
    assert kept["mattebrush"]["preview"] == "True"
    shared = json.loads((hour.home / ".config" / "mattebrush" / "plugins.json").read_text())
    assert shared["device"] == "cpu"


@pytest.fixture(scope="module")
def next_start(hour: Hour, krita: Krita, picture: Path, screen: str) -> dict[str, Any]:
    """What the docker is like when Krita is started once more after that hour."""
    krita.engine_by_process()
    observed: dict[str, Any] = krita.show("docker", screen, str(hour.folder), str(picture))
    return observed


def test_choices_are_there_at_the_next_start(next_start: dict[str, Any]) -> None:
    assert (next_start["feather"], next_start["preview"]) == (1.5, True)
    assert next_start["options"]  # one click unfolds them
    assert next_start["shown"] is False  # who has closed the docker will not see it again


def test_docker_is_used_without_a_mouse(next_start: dict[str, Any]) -> None:
    assert len(next_start["tab"]) >= 14
    assert set(next_start["tab"]) <= set(next_start["reached"])
    assert next_start["report"].startswith("mattebrush-subject + ")
    assert next_start["selected"]


def test_a_selected_subject_is_outlined(hour: Hour, next_start: dict[str, Any]) -> None:
    # The canvas, beside the floating docker: nothing but the selection's outline has changed.
    shots = [Image.open(hour.folder / f"{name}.png") for name in ("plain", "selected")]
    canvas = [np.asarray(shot.convert("L"), int)[350:800, 360:1000] for shot in shots]
    assert (abs(canvas[1] - canvas[0]) > 20).sum() > 200


def test_docker_follows_the_theme(next_start: dict[str, Any]) -> None:
    assert next_start["themes"]["Krita dark"] < 110
    assert next_start["themes"]["Krita bright"] > 150


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ["Hintergrund entfernen", "Maske verfeinern", "Optionen und mehr"]),
        ("ja", ["背景を除去", "マスクを調整", "オプションなど"]),
        ("ru", ["Удалить фон", "Уточнить маску", "Параметры и другое"]),
    ],
)
def test_docker_speaks_the_users_language(
    tmp_path_factory: pytest.TempPathFactory,
    picture: Path,
    screen: str,
    language: str,
    words: list[str],
) -> None:
    krita = kritahost.find("5.3", tmp_path_factory.mktemp("language"))
    folder = krita.folder / "shots"
    folder.mkdir()
    fonts = krita.home / ".local" / "share" / "fonts"  # the machine's: this Debian has no Japanese
    fonts.symlink_to("/machine/usr/share/fonts/opentype")
    observed = krita.show("languages", screen, str(folder), str(picture), language=language)
    assert set(words) <= set(observed["texts"])
    assert observed["cut"] == []
    assert observed["needs"] <= 250
