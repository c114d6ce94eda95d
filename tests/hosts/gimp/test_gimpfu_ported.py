# SPDX-License-Identifier: Apache-2.0
"""Plug-ins in the style of Python 2 and GIMP 2.10, ported by the command, used in GIMP 3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattebrush.cli import main
from tests.hosts.gimp.gimphost import INSIDE, Gimp, build

pytestmark = pytest.mark.hosts
NAMES = ("stripes_file", "mirror_path", "badge")


def test_ported_plugins_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File handlers, menus of paths and of the toolbox, Python 2's and gettext's old ways."""
    gimp = Gimp(build("gimp3"), ("gimp-console-3.0", "-id", "--quit"), "3.0", tmp_path)
    (tmp_path / "runtime").mkdir()
    for name in NAMES:
        # They lie here as text, since no tool of today can read Python 2.
        old = tmp_path / f"{name}.py"
        old.write_bytes((INSIDE / "python2" / f"{name}.py.txt").read_bytes())
        target = str(gimp.config / "plug-ins")
        assert main(["gimpfu", "port", str(old), "--output-dir", target]) == 0
    assert "no counterpart" not in capsys.readouterr().out
    row = [0, 10, 200, 255]
    (tmp_path / "in.stp").write_text("4 3 " + " ".join(map(str, row)))

    gimp.run(INSIDE / "ported.py")

    results = json.loads((tmp_path / "ported.json").read_text())
    assert results["opened"] == [4, 3, row * 3]
    assert (tmp_path / "out.stripes").read_text().split() == ["4", "3", *map(str, row)]
    assert results["menus"]["python-fu-mirror-path"] == ["<Paths>/Mirror"]
    assert results["menus"]["python-fu-badge"] == ["<Image>/Filters/Badges"]
    # Five copies over two are two; each mirrored at the image's width, and closed by default.
    assert results["mirrored"] == [3, ["line 1", "line 0", "line"]]
    assert results["points"] == [0, [3.0, 1.0] * 3 + [1.0, 2.0] * 3, 1]
    width, height, pixels = results["badge"]
    assert (width, height) == (16, 8)
    colored = {n for n in range(128) if pixels[4 * n : 4 * n + 4] == [255, 128, 0, 255]}
    assert colored == {y * 16 + x for y in range(4) for x in range(4, 12)}
    assert sum(pixels[3::4]) == 255 * len(colored)
