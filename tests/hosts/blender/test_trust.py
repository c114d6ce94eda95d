# SPDX-License-Identifier: Apache-2.0
"""What a compositor has to be able to rely on, in the real Blenders: a mask is used only for the
plate and the frame that it was made from, and nothing that was painted is lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.models import catalog, store
from tests.hosts.blender import blenders
from tests.models import networks

pytestmark = pytest.mark.hosts

COUNT = 8
ENDS = [blenders.VERSIONS[0], blenders.VERSIONS[-1]]


def stored(path: Path) -> np.ndarray:
    """A 16-bit mask as Blender renders it into 8 bits."""
    return np.rint(np.asarray(Image.open(path)) / 65535 * 255).astype(int)


@pytest.fixture
def clips(frames: Path, user: Path) -> dict[str, str]:
    """The first frames of two clips with files of the same names, eight frames each."""
    paths = {}
    for name in ("first", "other"):
        folder = user / name
        folder.mkdir()
        for index in range(COUNT):
            with Image.open(frames.with_name(f"pan_{101 + index}.png")) as picture:
                displayed = (
                    picture if name == "first" else picture.transpose(Image.Transpose.ROTATE_180)
                )
                displayed.save(folder / f"pan_{101 + index}.png")
        paths[name] = str(folder / "pan_101.png")
    return paths


def test_a_mask_is_used_for_its_own_frame_and_plate_only(
    blender: blenders.Blender, user: Path, server: dict[str, str], clips: dict[str, str]
) -> None:
    env = blenders.environment(user, **server)
    seen = blenders.run(blender, "plates", user, env, count=COUNT, **clips)
    masks = user / "masks/Background Mask"
    moved = user / "masks/Background Mask 3"
    made = {frame: stored(moved / f"mask_{frame + 2:04d}.png") for frame in (3, 4, 6)}
    for frame, alpha in enumerate(seen["any order"], 1):
        if frame in made:
            np.testing.assert_array_equal(alpha, made[frame])
        else:  # never empty, and never the mask of another frame
            assert (np.array(alpha) == 255).all(), frame
    assert (np.array(seen["inverted"]) == 255).all()  # of a frame without a mask
    assert "Frame 5 has no mask" in seen["warned"]
    record = json.loads((masks / "frames/0003.json").read_text())
    assert record["plate"]
    assert 0 < record["certainty"] <= 1
    assert not record["painted"]

    assert (np.array(seen["other clip"]) == 255).all()
    assert "another plate" in seen["warned other"]
    assert seen["made other"].startswith("1 masks made, 0 were there")
    second = user / "masks/Background Mask 2"
    np.testing.assert_array_equal(seen["other masked"], stored(second / "mask_0003.png"))
    np.testing.assert_array_equal(seen["first again"], made[3])

    assert (np.array(seen["slipped"]) == 255).all()
    assert [reported.split(",")[0] for reported in seen["made slipped"]] == ["0 masks made"] * 2
    for frame in (4, 6):  # 3 is made anew below
        before = masks / f"mask_{frame:04d}.png"
        assert (moved / f"mask_{frame + 2:04d}.png").read_bytes() == before.read_bytes()
    assert all("from before the clip was moved" in reported for reported in seen["made slipped"])

    assert (np.array(seen["frame replaced"]) == 255).all()
    assert seen["made replaced"].startswith("1 masks made, 1 were there")
    assert seen["on a farm"][3:] == seen["any order"][3:]  # without the add-on


@pytest.mark.parametrize("version", ENDS)
def test_no_stroke_is_lost(
    version: str, user: Path, server: dict[str, str], clips: dict[str, str]
) -> None:
    env = blenders.environment(user, **server)
    blender = blenders.find(version)
    seen = blenders.run(blender, "strokes", user, env, first=clips["first"], count=COUNT)
    masks = user / "masks/Background Mask"
    painted = np.s_[2:26, 2:26]
    for name in ("painted", "refined", "remade", "other format", "again"):
        assert (np.array(seen[name])[painted] == 255).all(), name
    np.testing.assert_array_equal(seen["refined"], seen["refined twice"])
    far = np.s_[:, 150:]
    np.testing.assert_array_equal(np.array(seen["refined"])[far], np.array(seen["made"])[far])
    assert (masks / "strokes/0004.png").exists()

    keys, carried = seen["keys"], seen["carried"]
    assert keys == [4, 7]
    assert carried["4"] == [5, 6]  # to the next key and no further
    assert carried["7"] == [5, 6]
    before, after = np.array(seen["before carrying"]), np.array(seen["after carrying"])
    for frame in (5, 6):
        # The pan moves everything two pixels to the left in each frame.
        left = 2 + 2 * (frame - 4)
        assert (after[frame - 1][4:24, 4 : 26 - left] == 255).all(), frame
        assert (after[frame - 1][156:174, 206 + 2 * (7 - frame) : 232] == 255).all(), frame
        outside = np.ones(after[0].shape, bool)
        outside[:60, :60] = outside[110:, 160:] = False
        # What no stroke is near stays much as it was: a stroke on the subject tells the engine a
        # little about the rest of it, and one that keeps never takes away.
        change = after[frame - 1][outside] - before[frame - 1][outside]
        assert (change >= 0).all(), frame
        assert (change > 10).mean() < 0.01, frame
    for frame in (1, 2, 3, 8):
        np.testing.assert_array_equal(after[frame - 1], before[frame - 1])

    assert seen["shared"] is False
    np.testing.assert_array_equal(seen["first's"], seen["first's after"])
    np.testing.assert_array_equal(seen["copy has strokes"], seen["first's"])
    assert seen["leaking"] == []  # options of an operator that the next call would inherit


@pytest.mark.parametrize("version", ENDS)
def test_the_object_that_was_chosen_is_followed(
    version: str, user: Path, clips: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a network that answers a disc around the points, or the middle of the box."""
    home, model = user / "home", "efficientsam-ti"
    monkeypatch.setenv("MATTEBRUSH_HOME", str(home))
    row = catalog.get(model)
    networks.tiny(row.interface.id, store.folder(row) / row.files[0].name)
    env = blenders.environment(user, MATTEBRUSH_HOME=str(home))
    args = {"first": clips["first"], "model": model}
    seen = blenders.run(blenders.find(version), "objects", user, env, **args)
    for name, at in (("one", (60, 90)), ("two", (180, 60))):
        for frame, (x, y) in seen[name].items():
            # Each frame's box is around the disc before, whose middle is off by up to two pixels.
            assert np.hypot(x - at[0], y - at[1]) < 3 + 2 * abs(int(frame) - 4), (name, frame)
    assert sorted(seen["one"]) == ["3", "4", "5", "6"]  # outwards from the marked frame, 4
    assert seen["again"].startswith("0 masks made, 3 were there")
    assert seen["moved"].startswith("1 masks made")  # another choice is another mask
    assert np.hypot(seen["moved to"][0] - 120, seen["moved to"][1] - 130) < 4
    assert seen["left"] == 0


@pytest.mark.parametrize("version", ["3.4", "4.5", "5.2"])
def test_garbage_and_core_from_masks_of_blenders_own(
    version: str, user: Path, server: dict[str, str], photo: Path
) -> None:
    env = blenders.environment(user, **server)
    seen = blenders.run(blenders.find(version), "mattes", user, env, photo=str(photo))
    alone, garbage, both = (
        np.array(seen[name]) for name in ("alone", "Garbage Matte", "Core Matte")
    )
    middle, right = slice(165, 235), slice(245, 320)
    assert alone[:, :155].any()
    assert not garbage[:, :155].any()
    np.testing.assert_array_equal(garbage[:, middle], alone[:, middle])
    assert not both[:, :155].any()
    np.testing.assert_array_equal(both[:, middle], alone[:, middle])
    assert (both[:, right] == 255).all()
    assert seen["nodes"] == 2  # the same node for another mask
    assert "linked" in seen["refused"]


@pytest.mark.parametrize("version", ENDS)
def test_the_plate_as_it_is_on_screen(version: str, user: Path, photo: Path) -> None:
    """Exposure and view transform, when the user wants it; stored values otherwise."""
    seen = blenders.run(blenders.find(version), "as_shown", user, photo=str(photo))
    picture = np.asarray(Image.open(photo)) / 255
    linear = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4)
    brighter = np.clip(linear * 4, 0, 1)
    bent = np.where(brighter <= 0.0031308, brighter * 12.92, 1.055 * brighter ** (1 / 2.4) - 0.055)
    assert np.abs(np.array(seen["shown"]) / 65535 - bent).max() < 1.5 / 255
    np.testing.assert_array_equal(seen["stored"], np.asarray(Image.open(photo)))
    assert seen["settings"]["as_shown"]
    assert seen["clean"] == [207, 320, 3]


@pytest.mark.parametrize("version", ENDS)
def test_two_machines_give_what_one_gives(
    version: str, user: Path, server: dict[str, str], clips: dict[str, str]
) -> None:
    env = blenders.environment(user, **server)
    blender = blenders.find(version)
    blenders.run(blender, "chunk", user, env, first=clips["first"], frames=[1, 6], name="whole")
    for frames in ([4, 6], [1, 3]):
        blenders.run(blender, "chunk", user, env, first=clips["first"], frames=frames, name="parts")
    whole, parts = (
        {
            str(path.relative_to(user / name)): path.read_bytes()
            for path in sorted((user / name).rglob("*"))
            if path.is_file() and path.suffix == ".png"
        }
        for name in ("masks_whole", "masks_parts")
    )
    assert len(whole) == 6 * 3  # matte, mask and clean colors
    assert whole == parts


@pytest.mark.parametrize("version", ENDS)
def test_masks_and_strokes_travel_with_the_node_and_the_file(
    version: str, user: Path, server: dict[str, str], clips: dict[str, str]
) -> None:
    """A node renamed, a file saved in another folder: nothing is made anew, no stroke is lost."""
    env = blenders.environment(user, **server)
    args = {"first": clips["first"], "count": 3}
    seen = blenders.run(blenders.find(version), "travels", user, env, **args)
    before = seen["before"]
    assert (np.array(before[1])[2:26, 2:26] == 255).all()
    for name in ("renamed, shown", "saved elsewhere", "made elsewhere, shown"):
        np.testing.assert_array_equal(seen[name], before)
    for name in ("renamed", "made elsewhere"):
        assert seen[name].startswith("0 masks made, 3 were there already, 3 of them"), name
    assert seen["saved elsewhere, told"] == ""
    assert "masks/Renamed/strokes/0002.png" in seen["files"]
