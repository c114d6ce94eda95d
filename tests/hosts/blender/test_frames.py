# SPDX-License-Identifier: Apache-2.0
"""What moves, in the real Blenders: a picture sequence with resume and strokes carried on, and a
short movie, against a warm server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebrush.imaging.depth import to_depth
from mattebrush.jobs import contract, operations
from mattebrush.models import catalog, store
from mattebrush.video import VideoSession
from tests.hosts.blender import blenders
from tests.models import networks

pytestmark = pytest.mark.hosts

COUNT = 12
PAINTED = 9


def mask_files(folder: Path) -> list[np.ndarray]:
    """The 16-bit masks of a folder, in order."""
    return [np.asarray(Image.open(path)) for path in sorted(folder.glob("mask_*.png"))]


def followed(first: Path) -> dict[int, np.ndarray]:
    """Frame -> matte of the engine's own session over the frames."""
    session = VideoSession()
    done = []
    for number in range(1, COUNT + 1):
        done += session.feed(
            number, np.asarray(Image.open(first.with_name(f"pan_{100 + number}.png")))
        )
    results = {}
    for result in (*done, *session.finish()):
        assert result.cutout is not None
        results[result.frame] = result.cutout.matte
    return results


def as_bytes(mask: np.ndarray) -> np.ndarray:
    """What Blender renders of a 16-bit mask into 8 bits."""
    return np.rint(mask / 65535 * 255).astype(int)


def test_sequence(
    blender: blenders.Blender, user: Path, server: dict[str, str], frames: Path
) -> None:
    env = blenders.environment(user, **server)
    args = {"first": str(frames), "count": COUNT, "painted_frame": PAINTED}
    seen = blenders.run(blender, "sequence", user, env, **args)
    first, second = seen["first_run"], seen["second_run"]
    for name in ("mask_0004.png", "matte/0004.png", "foreground_0004.png", "frames/0004.json"):
        assert any(each.endswith(name) for each in first), name
    assert {name: second[name] for name in first} == first  # nothing is done again
    assert seen["report"].startswith(f"{COUNT - 4} masks made, 4 were there")

    folder = user / "masks/Background Mask"
    raw = np.asarray(Image.open(folder / "matte/0003.png"))
    np.testing.assert_array_equal(raw, to_depth(followed(frames)[3], np.dtype(np.uint16)))

    files = mask_files(folder)
    assert len(files) == COUNT
    rendered = np.array(seen["rendered"])
    assert rendered[..., 60:120, 60:180].any()
    for index in range(PAINTED - 1):  # those that no stroke came to
        expected = files[index]
        if index == 1:  # painted on in the end
            expected = np.asarray(Image.open(folder / "matte/0002.png"))
        np.testing.assert_array_equal(rendered[index], as_bytes(expected))

    assert (np.array(seen["left"])[:30, :30] == 255).all()
    carried = np.array(seen["carried"])
    for index in range(COUNT):
        # The pan moves everything two pixels to the left in each frame.
        end = 30 - 2 * (index + 1 - PAINTED) - 2
        painted = carried[index][2:28, :end]
        if index + 1 >= PAINTED:
            assert (painted == 255).all(), index
        else:
            np.testing.assert_array_equal(carried[index], rendered[index])

    again = blenders.run(blender, "sequence_reopened", user, env, count=COUNT)
    reopened = np.array(again["rendered"])
    assert (reopened[1][150:, 230:] == 255).all()  # painted before rendering, and before saving
    reopened[1][150:, 230:] = carried[1][150:, 230:]
    np.testing.assert_array_equal(reopened, carried)
    rendering = np.array(seen["rendering"])
    assert (rendering[0][170:, 230:] == 255).all()
    np.testing.assert_array_equal(rendering[1], carried[2])


@pytest.mark.parametrize("version", [blenders.VERSIONS[0], blenders.VERSIONS[-1]])
def test_cancelled_in_the_middle(version: str, user: Path, frames: Path) -> None:
    blender = blenders.find(version)
    seen = blenders.run(blender, "cancelled", user, first=str(frames), count=COUNT)
    assert seen["running"] == 1  # one engine for all frames
    assert seen["left"] == 0
    assert 2 <= len(seen["done"]) < COUNT
    assert seen["report"].startswith(f"{COUNT - len(seen['done'])} masks made, ")
    assert seen["frames"] == list(range(1, COUNT + 1))
    assert not [text for text in seen["told"][1:] if text == "Frame 1: Starting the engine"]


@pytest.mark.parametrize("version", [blenders.VERSIONS[0], blenders.VERSIONS[-1]])
def test_video_model(
    version: str, user: Path, frames: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames 1 to 3, a cut, 4 and 5, by a network that adds a tenth for each it remembers."""
    home, model = user / "home", "rvm-mobilenetv3-fp32"
    monkeypatch.setenv("MATTEBRUSH_HOME", str(home))
    row = catalog.get(model)
    networks.tiny(row.interface.id, store.folder(row) / row.files[0].name)
    folder = user / "cut"
    folder.mkdir()
    shots = [np.asarray(Image.open(frames.with_name(f"pan_{at}.png"))) for at in range(101, 106)]
    shots[3:] = [255 - picture // 2 for picture in shots[3:]]
    for number, picture in enumerate(shots, 101):
        Image.fromarray(picture).save(folder / f"pan_{number}.png")
    env = blenders.environment(user, MATTEBRUSH_HOME=str(home))
    args = {"first": str(folder / "pan_101.png"), "count": 5, "model": model}
    seen = blenders.run(blenders.find(version), "video_model", user, env, **args)

    def run_job(index: int, first: int) -> np.ndarray:
        options = {"model": model, "decontaminate": False, "depth": 16, "force": True}
        arrays = {"image": shots[index]}
        if first < index:
            arrays["earlier"] = np.stack(shots[first:index])
        alpha = operations.run(contract.request_of(options, arrays)).alpha
        assert alpha is not None
        return alpha

    for index, first in enumerate((0, 0, 0, 3, 3)):
        mask = np.asarray(Image.open(user / f"at_once/000{index + 1}.png"))
        np.testing.assert_array_equal(mask, run_job(index, first))
        if first < index:
            assert (mask != run_job(index, index)).mean() > 0.1  # it does remember
    # Made anew by itself: the same, since the frames before are shown to the model again.
    assert seen["again"] == ["0005.png"]
    remade = user / "masks/Background Mask/matte/0005.png"
    assert remade.read_bytes() == (user / "at_once/0005.png").read_bytes()


def test_movie(blender: blenders.Blender, user: Path, server: dict[str, str], frames: Path) -> None:
    env = blenders.environment(user, **server)
    seen: Any = blenders.run(blender, "movie", user, env, first=str(frames), count=4)
    for files, ending in zip(seen["files"], ("png", "exr"), strict=True):
        made = [f"{part}_000{at}.{ending}" for part in ("foreground", "mask") for at in (2, 3, 4)]
        assert files == [*made, "mattebrush.json"]
    assert np.array(seen["masks"]).any(axis=(2, 3)).all()
    np.testing.assert_array_equal(seen["rendered"], seen["masks"])
    for scenario in ("movie_reopened", "movie_reopened_with"):
        again = blenders.run(blender, scenario, user, env, count=4)
        np.testing.assert_array_equal(again["rendered"], seen["masks"][-1])
    assert again["mask"] == [2, 3, 4]
    for read in seen["read"]:  # frame 3, but for what the codec changed
        wrong = [
            np.abs(np.array(read) - np.asarray(Image.open(path)).astype(int)).mean()
            for path in sorted(frames.parent.glob("pan_*.png"))[:4]
        ]
        assert np.argmin(wrong) == 2, wrong
        assert wrong[2] < 4, wrong
