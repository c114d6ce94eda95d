# SPDX-License-Identifier: Apache-2.0
"""The plug-in in GIMP 3's own window, by keyboard and mouse: menu, dialog, strokes, undo, cancel.

The pictures taken on the way stay in the test's folder (screen/*.png) to be looked at.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hosts.gimp import windows
from tests.hosts.gimp.gimphost import REPOSITORY
from tests.hosts.gimp.windows import Window

pytestmark = pytest.mark.hosts

_STOPPED = """#!/bin/bash
echo $$ > {folder}/engine.new && mv {folder}/engine.new {folder}/engine.pid
(sleep 0.3; kill -STOP $$) &
exec chroot /machine {python} "$@"
"""
_CANCEL = (754, 630)
"""Where GIMP shows its Cancel button when its window has its first size."""
_FACE = (245, 258)
"""Where the lemur's face is in the dialog of Cut Out Object."""
_SET_UP = (509, 440)
"""Where Set Up is in that of Remove Background when there is no engine."""
_THUMBNAIL = (956, 536, 988, 560)
"""Where the Layers dock then shows the only layer's mask."""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    with windows.opened("3.0", tmp_path_factory.mktemp("window")) as opened:
        yield opened


def thumbnail_off(window: Window, mask: np.ndarray, name: str) -> float:
    """How far, of 255, what stands at the mask's thumbnail is from `mask`; takes a picture."""
    displayed = Image.open(window.screen.picture(name)).convert("L").crop(_THUMBNAIL)
    small = Image.fromarray(mask).resize(displayed.size, Image.Resampling.BOX)
    return float(np.abs(np.asarray(displayed, float) - np.asarray(small, float)).mean())


def test_from_menu_to_undo(window: Window) -> None:
    screen = window.screen
    screen.key("alt+l", "m")
    time.sleep(1)
    screen.picture("menu")
    screen.key("Escape", "Escape", "Escape")

    window.choose("Remove Background")
    screen.picture("dialog")
    screen.key("Return")
    screen.wait(lambda: window.look()["mask"], "the mask")
    expected = window.gimp.job(window.gimp.last_job(), "answer")["alpha"]
    window.wait_for_mask(expected, "the mask")
    screen.wait(lambda: thumbnail_off(window, expected, "removed") < 30, "the mask's thumbnail")
    first = window.look()
    assert first["editing"]

    screen.key("ctrl+f")
    screen.wait(lambda: window.look()["mask"] != first["mask"], "the same again")
    window.wait_for_mask(expected, "the same mask again")

    # A stroke with the brush, in black, across the lemur's breast.
    screen.window("photo")
    screen.key("p")
    screen.drag((400, 300), (480, 320))
    painted = window.painted(expected)
    screen.picture("painted")
    stroke = (painted == 0) & (expected > 200)
    assert stroke.sum() > 300

    before = window.look()["mask"]
    window.at_once("Refine Mask")
    screen.wait(lambda: window.look()["mask"] not in (0, before), "the refined mask")
    last = window.gimp.last_job()
    refined = window.gimp.job(last, "answer")["alpha"]
    window.wait_for_mask(refined, "the refined mask")
    assert (refined != painted).any()
    screen.picture("refined")
    np.testing.assert_array_equal(window.gimp.job(last, "request")["previous"], expected)
    assert (refined[stroke] == 0).all()
    # A black stroke raises nothing that it did not touch, and most of the picture stays as it was.
    alone = painted == expected
    assert (refined <= expected)[alone].all()
    assert (refined == expected)[alone].mean() > 0.9

    screen.window("photo")
    screen.key("ctrl+z")
    window.wait_for_mask(painted, "undo of Refine Mask")
    screen.key("ctrl+z")
    window.wait_for_mask(expected, "undo of the stroke")
    screen.key("ctrl+z")
    screen.wait(lambda: window.look()["mask"] == first["mask"], "undo of the repetition")
    screen.key("ctrl+z")
    screen.wait(lambda: not window.look()["mask"], "undo of Remove Background")
    assert window.look()["parasites"] == []
    assert thumbnail_off(window, expected, "undone") > 50
    screen.key("ctrl+y")
    window.wait_for_mask(expected, "the mask after redo")
    screen.key("ctrl+z")
    screen.wait(lambda: not window.look()["mask"], "undo again")
    assert not window.look()["dirty"]


def test_a_click_cuts_the_object_out(window: Window) -> None:
    screen, gimp = window.screen, window.gimp
    before = gimp.last_job()
    dialog = window.choose("Cut Out Object")
    screen.click_in(dialog, *_FACE)
    screen.wait(lambda: gimp.last_job() > before and answered(window), "the preview")
    screen.picture("clicked")
    screen.key("Return")
    screen.wait(lambda: not screen.windows("Mattebrush: Cut"), "the dialog's end")
    screen.wait(lambda: window.look()["mask"], "the mask")
    request = gimp.job(gimp.last_job(), "request")
    ((x, y, keep),) = json.loads(request["options"].tobytes())["prompt"]["points"]
    expected = gimp.job(gimp.last_job(), "answer")["alpha"]
    window.wait_for_mask(expected, "the mask")
    assert (keep, expected[y, x]) == (1, 255)
    assert 0.1 < (expected > 127).mean() < 0.6
    screen.key("ctrl+z")
    screen.wait(lambda: not window.look()["mask"], "undo")


def answered(window: Window) -> bool:
    """Whether the last job has its answer."""
    path = window.gimp.folder / "jobs" / f"{window.gimp.last_job():04}.answer"
    return path.exists() and path.stat().st_size > 0


def test_cancel(window: Window) -> None:
    """The engine is stopped in the middle of its work, so that there is time to press Cancel."""
    screen, gimp = window.screen, window.gimp
    engine = gimp.folder / "stopped-engine"
    engine.write_text(_STOPPED.format(folder=gimp.inside(gimp.folder), python=sys.executable))
    engine.chmod(0o755)
    folders = [str(REPOSITORY / name) for name in ("core", "server")]
    gimp.set_up(python=gimp.inside(engine), python_path=os.pathsep.join(folders))
    window.choose("Remove Background")
    screen.key("Return")
    # The preview's engine ends with the dialog; then comes the one that is meant.
    screen.wait(lambda: not screen.windows("Mattebrush: Remove"), "the dialog's end")
    note = gimp.folder / "engine.pid"
    screen.wait(lambda: note.exists() and state(int(note.read_text())) == "T", "the engine")
    pid = int(note.read_text())
    assert not window.look()["mask"]  # GIMP answers while the engine works
    screen.window("photo")
    screen.picture("working")
    screen.click(*_CANCEL)
    time.sleep(1)
    os.kill(pid, signal.SIGCONT)
    screen.wait(lambda: state(pid) == "", "the engine's end")
    screen.picture("cancelled")
    assert window.look() == {
        "layers": ["photo.png"],
        "mask": 0,
        "editing": False,
        "dirty": False,
        "parasites": [],
    }


def state(pid: int) -> str:
    """R, S, T ... of a process; "" when there is none (any more)."""
    try:
        result = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
    return "" if result == "Z" else result


def test_help_is_a_page_to_read(window: Window) -> None:
    window.at_once("Mattebrush Help")
    window.screen.window("^Mattebrush Help$")
    window.screen.picture("help")
    window.screen.key("Escape")
    window.screen.wait(lambda: not window.screen.windows("^Mattebrush Help$"), "the page's end")


def test_without_an_engine_set_up_is_offered(window: Window) -> None:
    screen, gimp = window.screen, window.gimp
    gimp.set_up(python="/nowhere/python")
    dialog = window.choose("Remove Background")

    def run_job() -> bool:
        if not screen.windows("^Mattebrush$"):
            screen.click_in(dialog, *_SET_UP)  # the button comes when the preview has failed
        return bool(screen.windows("^Mattebrush$"))

    screen.wait(run_job, "the question")
    screen.picture("question")
    screen.key("Escape")
    screen.wait(lambda: not screen.windows("^Mattebrush$"), "the question's end")
    screen.key("Escape")
    screen.wait(lambda: not screen.windows("Mattebrush: Remove"), "the dialog's end")
    assert not (gimp.home / ".local" / "share" / "mattebrush").exists()  # nobody had agreed
    assert not window.look()["mask"]
