# SPDX-License-Identifier: Apache-2.0
"""Blender 3.4 and 5.2 with their windows on a virtual screen, used by mouse and keyboard."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.hosts.blender import blenders

pytestmark = pytest.mark.hosts

BUTTONS = {
    "3.4": {"generate": (462, 103), "paint": (462, 132), "refine": (462, 153)},
    "5.2": {"generate": (462, 103), "paint": (462, 132), "refine": (462, 153)},
}
"""Where they are in our panel."""


@pytest.fixture
def screen() -> Iterator[str]:
    """The name of a virtual screen."""
    for tool in ("Xvfb", "xdotool", "import"):
        if shutil.which(tool) is None:
            reason = f"{tool} is not here: {blenders.INSTALL}"
            if os.environ.get("MATTEBRUSH_CI"):
                pytest.fail(reason)
            pytest.skip(reason)
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    try:
        yield f":{os.read(read, 10).decode().strip()}"
    finally:
        process.terminate()
        process.wait()
        os.close(read)
        os.close(write)


@pytest.mark.parametrize("version", blenders.WINDOWS)
def test_mouse_and_keyboard(version: str, user: Path, photo: Path, screen: str) -> None:
    answer = user / "gui.json"
    shutil.copy(photo, user)
    here = str(user / photo.name)
    arguments = json.dumps({"folder": str(user), "photo": here, "buttons": BUTTONS[version]})
    window = ["--factory-startup", "--window-geometry", "0", "0", "1400", "900", "-noaudio"]
    script = ["--python-exit-code", "3", "--python", str(blenders.INSIDE / "gui.py")]
    command, more = blenders.windowed(
        version, user, [*window, *script, "--", str(answer), arguments]
    )
    done = subprocess.run(
        command,
        env=blenders.environment(user, DISPLAY=screen, LIBGL_ALWAYS_SOFTWARE="1", **more),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert answer.exists(), f"see {user}/failed.png\n{done.stdout}\n{done.stderr}"
    seen = json.loads(answer.read_text())
    assert seen["added"] == ["Background Mask", 1]
    assert seen["ticks"] == 4  # the window went on while the engine worked
    assert seen["cancelled"]
    assert seen["mask"] > 0.02
    assert seen["redone"]
    assert seen["painting"]
    assert seen["painted"] > 100
    assert seen["second"] > 100
    assert seen["goes_on"]
    assert seen["dirty"]
    assert seen["frame"].endswith("Mask 1")
    assert seen["frame_painted"] > 100
    assert seen["outline"][0] == 0
    assert seen["outline"][1] > 100  # a circle of the next frame's disc
    assert seen["flat_box"] == 0
    (x, y, stroke), *points = seen["marks"]
    assert abs(x - 0.5) < 0.02
    assert abs(y - 0.5) < 0.02
    assert stroke == 0
    assert {stroke for *_, stroke in points} == {1}
    assert len(points) == 12
    across = [x for x, *_ in points]
    assert across == sorted(across)
    assert {round(y, 3) for _, y, _ in points} == {round(points[0][1], 3)}
    assert seen["drawn"] == ["FINISHED", "MASK", True, [320, 207]]
    assert seen["frame_goes_on"] == [True, 1]  # after Refine the brush is on the new mask
    assert seen["frame_painted_again"] > 100
    assert seen["frame_keys"] == [1]
    assert seen["brush_down"]
    assert seen["frame_kept"] < 1e-4
    assert seen.get("from_image", seen["mask"]) == pytest.approx(
        seen["mask"], abs=1e-6
    )  # without strokes
    assert seen["unharmed"]
    assert "mattebrush plugin install" in seen["said"]
    blender = blenders.find(version)
    farm = blenders.environment(user / "farm")
    after = blenders.run(blender, "reopened", user, env=farm)
    np.testing.assert_array_equal(np.array(after["render"])[..., 3], np.array(seen["saved"]))
    (user / "config/mattebrush/plugins.json").unlink(missing_ok=True)
    again = blenders.run(blender, "reopened_with", user)
    assert again["given"]  # what was painted can still be told from what the engine gave
