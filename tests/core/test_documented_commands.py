# SPDX-License-Identifier: Apache-2.0
"""What the manual and the README show can be typed as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush import raster
from mattebrush.cli import command_line
from tests.video import movies

ROOT = Path(__file__).parents[2]


def _shown(page: str) -> list[str]:
    """Every `mattebrush ...` of a page: in a code block up to what explains it, or in backticks."""
    text = (ROOT / page).read_text("utf-8")
    blocks = "".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    lines = re.findall(r"^mattebrush \S.*?(?=  |$)", blocks, re.MULTILINE)
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    table = [line for line in prose.splitlines() if line.startswith("| ")]
    return lines + re.findall(r"`(mattebrush \S[^`]*)`", "\n".join(table))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the examples name."""
    with Image.open(ROOT / "examples" / "vase.jpg") as example:
        photo = example.convert("RGB").resize((320, 240))
    photo.save(tmp_path / "photo.jpg", quality=95)
    (tmp_path / "photos" / "a").mkdir(parents=True)
    photo.save(tmp_path / "photos" / "a" / "b.jpg", quality=95)
    pixels = np.asarray(photo)
    raster.write(tmp_path / "scan.tif", raster.Raster(pixels.astype(np.uint16) * 257))
    mask = np.zeros((240, 320), np.uint8)
    mask[40:220, 100:220] = 255
    trimap = mask.copy()
    trimap[60:200, 90:120] = 128
    painted = mask.copy()
    painted[5:15, 5:15] = 255
    for name, plane in (("mask", mask), ("alpha", mask), ("trimap", trimap), ("painted", painted)):
        Image.fromarray(plane).save(tmp_path / f"{name}.png")
    movies.write(tmp_path / "clip.mp4", [pixels] * 2)
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
def test_examples_run(folder: Path) -> None:
    given = set(folder.iterdir())
    manual, readme = _shown("docs/cli.md"), _shown("README.md")
    assert len(manual) > 7 and len(readme) > 7
    examples = list(dict.fromkeys(manual + readme))  # most stand in both
    interpreter = f"{shlex.quote(sys.executable)} -m "
    for example in examples:
        command = interpreter + re.sub(r"(?<=-o )alpha\.png", "new-alpha.png", example)
        done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{example}\n{done.stderr}"
        made = set(folder.iterdir()) - given
        assert made or done.stdout, f"{example} gave nothing"
        for path in made:  # the next one finds the folder as it was
            subprocess.run(["rm", "-r", str(path)], check=True)


def test_commands_about_models_are_understood() -> None:
    parser = command_line._parser()
    shown = _shown("docs/models.md")
    assert len(shown) > 7
    for command in shown:
        assert parser.parse_args(shlex.split(command, comments=True)[1:]).func
