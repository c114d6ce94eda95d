# SPDX-License-Identifier: Apache-2.0
"""PyQt6, which Krita 6 brings: the real PyQt6 with PyQt5 beside it, and no Krita.

No Krita 6 is to be had here, so what stands in for its module is `inside/krita6/krita.py`; this
shows that the plug-in's own Qt code runs, not that Krita 6 does as Krita 5.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebrush.plugins import packages
from mattebrush.plugins.places import Place
from tests.hosts.krita.kritahost import INSIDE, INSTALL

pytestmark = pytest.mark.hosts

PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module")
def told(picture: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    both = subprocess.run([PYTHON, "-c", "import PyQt5.QtWidgets, PyQt6.QtCore"], check=False)
    if both.returncode:
        reason = f"PyQt5 and PyQt6 are not both here: {INSTALL} installs them"
        if os.environ.get("MATTEBRUSH_CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("qt6")
    data = folder / "data"
    data.mkdir()
    packages.install(Place("krita", "", "native", data))
    environment = {
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "XDG_RUNTIME_DIR": str(folder),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{INSIDE / 'krita6'}:{data / 'pykrita'}",
    }
    command = [PYTHON, str(INSIDE / "qt6.py"), str(folder), str(picture)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "told.json").read_text())
    alpha = np.fromfile(folder / "alpha", np.uint8).reshape(found["alpha"])
    return {**found, "alpha": alpha}


def test_the_qt_that_krita_has_loaded_is_taken(told: dict[str, Any]) -> None:
    assert told["PyQt5"] == []


def test_docker_shows_the_engine_keeps_choices_and_reports(told: dict[str, Any]) -> None:
    assert "ready (own process; cpu" in told["engine"]
    assert told["settings"]["feather"] == "2.5"
    assert told["settings"]["clean_colors"] == "True"
    assert "No picture is open" in told["report"]


def test_dialog_saves_the_engine_chosen(told: dict[str, Any]) -> None:
    assert told["dialog"]["server"] == "http://127.0.0.1:9"
    assert told["dialog"]["device"] == "cpu"  # from the docker


def test_a_picture_goes_to_the_engine_and_its_matte_comes_back(told: dict[str, Any]) -> None:
    assert told["alpha"].shape == (220, 340)
    assert 0.05 < told["alpha"].mean() / 255 < 0.7


def test_pixels_are_reordered_at_both_depths(told: dict[str, Any]) -> None:
    assert told["orders"] == [[3, 2, 1, 4], [3, 0, 2, 0, 1, 0, 4, 0]]
