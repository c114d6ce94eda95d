# SPDX-License-Identifier: Apache-2.0
"""`mattebrush plugin install blender` in the real Blenders, and Blender's own check of the zip."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.blender import blenders

pytestmark = pytest.mark.hosts


def mattebrush(*arguments: str, config: Path) -> str:
    """What the command line prints."""
    sources = os.pathsep.join(str(blenders.ROOT / name) for name in ("core", "server"))
    env = {**os.environ, "PYTHONPATH": sources, "XDG_CONFIG_HOME": str(config)}
    command = [sys.executable, "-m", "mattebrush", *arguments]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def test_installed_by_the_command(blender: blenders.Blender, tmp_path: Path) -> None:
    place = tmp_path / blender.version
    place.mkdir()
    here = ("blender", "--folder", str(place))
    config = tmp_path / "config"
    assert "installed in" in mattebrush("plugin", "install", *here, config=config)
    env = blenders.environment(
        tmp_path,
        BLENDER_USER_RESOURCES=str(place),
        BLENDER_USER_SCRIPTS=str(place / "scripts"),
        XDG_CONFIG_HOME=str(tmp_path / "nothing"),  # the engine's place is beside the client
    )
    seen = blenders.run(blender, "installed", tmp_path, env)
    assert seen["node"] == "Background Mask"
    output = "NodeGroupOutput" if blender.version >= "5" else "CompositorNodeComposite"
    between = [["Image", "CompositorNodeGroup"], ["Background Mask", output]]
    assert sorted(seen["links"]) == sorted(between)
    assert "removed" in mattebrush("plugin", "uninstall", *here, config=config)
    assert not list(place.rglob("mattebrush"))


def test_blender_finds_nothing_wrong_with_the_extension(built: Path) -> None:
    blenders.find("4.5")
    packages = blenders.VENVS / "4.5/lib/python3.11/site-packages/bpy/4.5"
    checker = packages / "scripts/addons_core/bl_pkg/cli/blender_ext.py"
    archive = next((built / "zips").glob("*extension*.zip"))
    done = subprocess.run(
        [blenders.VENVS / "4.5/bin/python", checker, "validate", archive],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
