# SPDX-License-Identifier: Apache-2.0
"""The Kritas, a picture, a warm engine: what the tests of the plug-in share."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter

from mattebrush.models import catalog
from tests.hosts.krita import kritahost
from tests.hosts.krita.kritahost import REPOSITORY, VERSIONS, Krita
from tests.models.networks import tiny

TOKEN = "krita-tests-token-0123456789"


@pytest.fixture(scope="session", params=VERSIONS)
def krita(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Krita:
    """Each Krita in turn, with the plug-in installed and the real engine behind it."""
    return kritahost.find(request.param, tmp_path_factory.mktemp(f"krita{request.param}"))


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of an animal, small; beside it six frames of an animation."""
    path = tmp_path_factory.mktemp("picture") / "lemur.png"
    with Image.open(REPOSITORY / "examples" / "lemur.jpg") as photo:
        small = photo.convert("RGB").resize((340, 220))
    small.save(path)
    for number in range(6):  # as an animation: it moves, and one frame is blurred
        frame = ImageChops.offset(small, 4 * number, 0)
        if number == 2:
            frame = frame.filter(ImageFilter.BoxBlur(12))
        frame.save(path.with_name(f"frame{number}.png"))
    return path


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """A virtual screen."""
    with kritahost.screen() as display:
        yield display


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MATTEBRUSH_HOME with a promptable model: a tiny network, with a disc at the point."""
    home = tmp_path_factory.mktemp("models")
    promptable = catalog.get("mobile-sam")
    for file in promptable.files:
        place = home / "models" / promptable.id / file.name
        tiny(promptable.interface.id, place, role=file.role)
    return home


@pytest.fixture(scope="session")
def server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Settings that lead the client to a running server: many jobs without loading each time."""
    folder = tmp_path_factory.mktemp("server")
    environment = {
        **os.environ,
        "PYTHONPATH": f"{REPOSITORY / 'core'}:{REPOSITORY / 'server'}",
        "XDG_RUNTIME_DIR": str(folder),
        "MATTEBRUSH_HOME": str(models),
        "MATTEBRUSH_TOKEN": TOKEN,
    }
    command = [sys.executable, "-m", "mattebrush", "serve"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        notes: list[Path] = []
        end = time.monotonic() + 300
        while not notes and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
            notes = list(folder.glob("mattebrush/server-*.json"))
        assert notes, (folder / "log").read_text()
        address = json.loads(notes[0].read_text())["url"]
        yield {"engine": "server", "server": address, "token": TOKEN}
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
