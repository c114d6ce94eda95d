# SPDX-License-Identifier: Apache-2.0
"""`mattebrush plugin install blender` in the real Blenders, and Blender's own check of the zip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mattebrush.plugins import wheels
from tests.hosts.blender import blenders

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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
    assert not list(place.rglob("mattebrush*"))


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


@pytest.mark.parametrize("version", ["4.2", blenders.VERSIONS[-1]])
def test_the_extension_with_its_wheels_needs_nothing_else(
    version: str, with_engine: Path, tmp_path: Path, photo: Path
) -> None:
    """No engine is installed, no server runs, and Blender may not go online."""
    (tmp_path / "zips").mkdir()
    (tmp_path / "zips/mattebrush-blender-extension-0.1.0.zip").symlink_to(with_engine)
    seen = blenders.run(blenders.find(version), "wheels", tmp_path, photo=str(photo))
    assert seen["python"] == seen["own python"]
    assert seen["module"] == "bl_ext.user_default.mattebrush"
    assert not seen["set up"]  # nothing to be fetched is offered
    assert "Mask by" in seen["report"]
    assert seen["mask"] > 0.02
    assert not (tmp_path / "config/mattebrush").exists()


@pytest.fixture(scope="module")
def with_engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension for this machine, its wheels inside."""
    folder = tmp_path_factory.mktemp("with-engine")
    more = ("--wheels", "--output-dir", str(folder))
    reported = mattebrush("plugin", "build", "blender", *more, config=folder / "config")
    path = Path(reported.strip())
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("wheels/")]
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert [f"./{name}" for name in names] == manifest["wheels"]
    assert manifest["platforms"] == ["linux-x64"]
    assert not [name for name in names if "numpy" in name]
    brought = {wheels.distribution(Path(name)) for name in names}
    assert brought <= set(wheels.HOLDERS)  # each has somebody who is credited
    credited = {each for name in brought for each in wheels.HOLDERS[name]}
    assert credited == set(manifest["copyright"])
    assert path.stat().st_size < 200e6  # what extensions.blender.org takes
    return path


def test_a_blender_that_made_no_folders_yet(tmp_path: Path) -> None:
    """As a package of Debian's installs it: there is a program, and nothing of the user's."""
    blenders.find("3.4")
    config = tmp_path / "config"
    reported = mattebrush("plugin", "install", "blender", config=config)
    assert "Blender 3.4: installed in" in reported
    assert (config / "blender/3.4/scripts/addons/mattebrush_blender/__init__.py").is_file()


def test_the_add_on_is_not_the_engine_by_name(tmp_path: Path, built: Path) -> None:
    """With the engine on Blender's path, as in a virtual environment, it is switched on."""
    env = blenders.environment(tmp_path, PYTHONPATH=str(blenders.ROOT / "core"))
    shutil.copytree(built / "zips", tmp_path / "zips")
    blender = blenders.find("3.4")
    assert blenders.run(blender, "switched_on", tmp_path, env)["node"] == "Background Mask"


def test_in_the_users_language(user: Path) -> None:
    """Through Blender's own translations; the bpy wheels are built without them. What is missing
    in a catalogue is found by tests/tools/test_messages.py."""
    seen = blenders.run(blenders.find("3.4"), "language", user, name="de_DE")
    assert seen["operator"] == "Striche mitnehmen"
    assert seen["label"] == "Keines gewählt: was hervorsticht"
    assert seen["said"] == "Zweifelhaft"
    assert seen["stage"] != "Finding the subject"
    assert "Der Compositor hat keinen Knoten Hintergrundmaske. Fügen Sie" in seen["problem"]
    assert seen["untold"] == []
