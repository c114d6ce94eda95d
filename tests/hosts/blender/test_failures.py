# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in the real Blenders: a report that names the way out, and nothing harmed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.blender import blenders

pytestmark = pytest.mark.hosts

MESSAGES = {
    "no node": "Background Mask",
    "wrong name": '"Background Mask"',
    "not moving": "This Frame",
    "no engine": "mattebrush plugin install",
    "no engine, tested": "mattebrush plugin install",
    "not installed there": "no Mattebrush engine",
    "killed": "killed by signal 9",
    "no model": "no-such-model",
    "no server": "127.0.0.1:9",
    "no subject": "No subject",
    "no image": "shows no image",
    "source missing": "gone.png",
    "no size": "0 x",
    "not connected": "Connect an Image",
    "never saved": "Save it first",
    "not writable": "/proc/masks",
    "disk full": "No space left",
}


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with little room."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be made here: run as root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_reports(
    blender: blenders.Blender,
    user: Path,
    photo: Path,
    frames: Path,
    full_disk: Path,
) -> None:
    paths = {"photo": photo, "first": frames, "full": full_disk}
    seen = blenders.run(
        blender, "failures", user, None, **{name: str(path) for name, path in paths.items()}
    )
    message = seen["said"]
    offline = message.pop("offline", None)
    if blender.version != "3.4":
        assert "Allow Online Access" in offline
        assert "Allow Online Access" in message.pop("set up offline")
    else:
        assert message.pop("not agreed")
    assert set(message) == set(MESSAGES)
    for name, words in MESSAGES.items():
        assert words in message[name], (name, message[name])
    assert 0 < seen["shown"] < 12  # what was done before there was no room
    assert not [name for name in seen["left"] if ".part" in name]


def test_which_node(blender: blenders.Blender, user: Path, photo: Path) -> None:
    seen = blenders.run(blender, "two_nodes", user, photo=str(photo))
    assert "Select one of" in seen["which"]
    assert seen["masks"] == [True, True]


def test_farm(user: Path, photo: Path) -> None:
    """Blender's own command line, as a farm calls it."""
    blenders.run(blenders.find("3.4"), "two_nodes", user, photo=str(photo))
    env = blenders.environment(user)

    def farm(expression: str) -> subprocess.CompletedProcess[str]:
        start = ["blender", "-b", str(user / "two.blend"), "--python-exit-code", "3"]
        return subprocess.run(
            [*start, "--python-expr", f"import bpy; {expression}"],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    done = farm("bpy.ops.mattebrush.generate_mask(node='Background Mask')")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Mattebrush: Finding the subject (0%)" in done.stdout
    failed = farm("bpy.ops.mattebrush.generate_mask(node='Other')")
    assert failed.returncode == 3
    assert 'There is no Background Mask node "Other"' in failed.stdout + failed.stderr
