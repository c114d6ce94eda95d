# SPDX-License-Identifier: Apache-2.0
"""Fixtures: each Blender in turn, the zips, pictures, and the engine's own answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hosts.blender import blenders


@pytest.fixture(scope="session", params=blenders.VERSIONS)
def blender(request: pytest.FixtureRequest) -> blenders.Blender:
    """Each version in turn."""
    return blenders.find(request.param)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with zips/ and config/."""
    return blenders.build_zips(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small photograph, 320 pixels wide, as PNG."""
    path = tmp_path_factory.mktemp("photo") / "lemur.png"
    with Image.open(blenders.ROOT / "examples/lemur.jpg") as picture:
        picture.convert("RGB").resize((320, 207)).save(path)
    return path


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory, photo: Path) -> Path:
    """Twelve frames of a slow pan over the photograph, numbered from 101: the first one's path."""
    folder = tmp_path_factory.mktemp("frames")
    whole = np.asarray(Image.open(photo))
    for index in range(12):
        left = 30 + 2 * index
        Image.fromarray(whole[10:190, left : left + 240]).save(folder / f"pan_{101 + index}.png")
    return folder / "pan_101.png"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A running engine server; what it yields leads plug-ins to it."""
    folder = tmp_path_factory.mktemp("server")
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(blenders.ROOT / name) for name in ("core", "server")),
        "XDG_RUNTIME_DIR": str(folder),
    }
    command = [sys.executable, "-m", "mattebrush", "serve"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        for _ in range(600):
            if list(folder.glob("mattebrush/server-*.json")):
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield {"XDG_RUNTIME_DIR": str(folder)}
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def user(tmp_path: Path, built: Path) -> Path:
    """A folder for one user who has just installed the engine, beside the zips."""
    shutil.copytree(built / "config", tmp_path / "config")
    shutil.copytree(built / "zips", tmp_path / "zips")
    return tmp_path
