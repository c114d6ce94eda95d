# SPDX-License-Identifier: Apache-2.0
"""Pictures on the hosts' pages: cut to the window, and taken by tests that are there."""

from __future__ import annotations

import subprocess
import sys

from PIL import Image

from tools import screenshots
from tools.lock import ROOT


def test_the_empty_screen_around_the_windows_is_cut_off() -> None:
    screen = Image.new("RGB", (200, 100))
    screen.paste((40, 90, 200), (0, 10, 120, 70))
    window = screenshots.cut(screen)
    assert window.size == (120, 60)
    assert window.convert("RGB").getcolors() == [(120 * 60, (40, 90, 200))]


def test_the_tests_and_the_pictures_are_there() -> None:
    for host, shot in screenshots.SHOTS.items():
        assert (ROOT / shot.test[0]).exists()
        page = (ROOT / "docs" / f"{host}.md").read_text("utf-8")
        assert f"pictures/{host}.png" in page and f"tools.screenshots {host}" in page
        assert (screenshots.PICTURES / f"{host}.png").exists()


def test_the_command_is_one() -> None:
    command = [sys.executable, "-m", "tools.screenshots", "inkscape"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no picture of inkscape" in done.stderr
