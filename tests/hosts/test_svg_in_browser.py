# SPDX-License-Identifier: Apache-2.0
"""Outlines of objects, filled by a real browser: holes are holes, islands in them are not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.cutout import Report
from mattebrush.imaging.rect import Rect
from mattebrush.objects import files
from mattebrush.objects.result import Object, Objects
from mattebrush.raster import Raster
from mattebrush.render import Recipe

pytestmark = pytest.mark.hosts

CHROMIUM = os.environ.get("MATTEBRUSH_CHROMIUM") or shutil.which("chromium") or ""
HEIGHT, WIDTH = 200, 600


def disc(x: int, y: int, radius: int) -> np.ndarray:
    down, across = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return np.clip(radius + 0.5 - np.hypot(across - x, down - y), 0, 1)


def test_holes_and_islands(tmp_path: Path) -> None:
    if not CHROMIUM:
        reason = "no chromium: tests/hosts/install_chromium.sh, or set MATTEBRUSH_CHROMIUM"
        pytest.fail(reason) if os.environ.get("MATTEBRUSH_CI") else pytest.skip(reason)
    ring = np.maximum(disc(120, 90, 70) - disc(120, 90, 40), disc(120, 90, 15))
    frame = np.zeros((HEIGHT, WIDTH), np.float32)
    frame[30:170, 350:550] = 1
    frame[60:100, 380:440] = 0
    frame[120:150, 370:530] = 0
    whole = Rect(0, 0, WIDTH, HEIGHT)
    image = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    objects = Objects(
        (HEIGHT, WIDTH),
        tuple(Object(name, 0.9, whole, mask) for name, mask in (("ring", ring), ("frame", frame))),
        Report("objects", WIDTH, HEIGHT),
        Raster(image),
    )
    svg = tmp_path / "outlines.svg"
    files.write(svg, Raster(image), objects, Recipe(format="svg", path=1.0))
    page, shown = tmp_path / "page.html", tmp_path / "shown.png"
    page.write_text(f'<body style="margin: 0">{svg.read_text()}</body>')
    subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"),
            *(f"--window-size={WIDTH},{HEIGHT + 200}", f"--screenshot={shown}", page.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    with Image.open(shown) as picture:
        filled = 1 - np.asarray(picture.convert("L"), np.float32)[:HEIGHT, :WIDTH] / 255
    wrong = np.abs(filled - np.maximum(ring, frame))
    assert wrong.mean() < 0.01
    for y, x, inside in ((90, 120, 1), (90, 150, 0), (90, 180, 1), (80, 410, 0), (110, 410, 1)):
        assert filled[y, x] == inside
