# SPDX-License-Identifier: Apache-2.0
"""Programs that write .xcf and .kra: which are found, and what is left where one is missing, fails,
hangs or is stopped. What the real ones write: tests/hosts/test_layered_programs.py."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mattebrush import psd, raster
from mattebrush.errors import Cancelled, OutputExists, OutputUnwritable
from mattebrush.plugins.places import Machine
from mattebrush.programs import finding, layered
from mattebrush.programs.finding import Program

PICTURE = raster.Raster(np.zeros((8, 9, 3), np.uint8))


def write_psd(file) -> None:  # type: ignore[no-untyped-def]
    psd.write_to(file, PICTURE, np.zeros((8, 9), np.float32))


def program(folder: Path, name: str, lines: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return path


def machine(home: Path, system: str = "linux", **variables: str) -> Machine:
    return Machine(system, home, {"PATH": str(home / "bin"), **variables})


def test_programs_without_a_window_go_first(tmp_path: Path) -> None:
    here = machine(tmp_path)
    assert finding.find("gimp", here) is None
    krita = program(tmp_path / "bin", "krita", "")
    assert finding.find("krita", here) == Program(str(krita))
    runner = program(tmp_path / "bin", "kritarunner", "")
    found = finding.find("krita", here)
    assert found == Program(str(runner))
    assert found.runs_scripts
    program(tmp_path / "bin", "gimp", "")
    console = program(tmp_path / "bin", "gimp-console-2.10", "")
    assert finding.find("gimp", here) == Program(str(console))
    named = machine(tmp_path, MATTEBRUSH_GIMP="/opt/GIMP.AppImage")
    assert finding.find("gimp", named) == Program("/opt/GIMP.AppImage")


def test_a_flatpak_is_found_and_given_the_folder(tmp_path: Path) -> None:
    flatpak = program(tmp_path / "bin", "flatpak", "")
    here = machine(tmp_path, FLATPAK_SYSTEM_DIR=str(tmp_path / "system"))
    assert finding.find("krita", here) is None
    (tmp_path / "system" / "app" / "org.kde.krita").mkdir(parents=True)
    assert finding.find("krita", here) == Program(str(flatpak), "org.kde.krita")


@pytest.mark.parametrize(
    ("system", "host", "path"),
    [
        ("win32", "gimp", "Programs/GIMP 3/bin/gimp-console-3.0.exe"),
        ("win32", "krita", "Programs/Krita (x64)/bin/kritarunner.exe"),
        ("darwin", "gimp", "Programs/GIMP.app/Contents/MacOS/gimp-console"),
        ("darwin", "krita", "Programs/krita.app/Contents/MacOS/krita"),
    ],
)
def test_places_of_other_systems(tmp_path: Path, system: str, host: str, path: str) -> None:
    folder = str(tmp_path / "Programs")
    here = machine(tmp_path, system, PROGRAMFILES=folder, APPLICATIONS=folder, LOCALAPPDATA="/no")
    assert finding.find(host, here) is None
    there = program(tmp_path, path, "")
    assert finding.find(host, here) == Program(str(there))


def test_without_the_program_nothing_is_begun(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(PICTURE.pixels).save(tmp_path / "a.png")
    done = subprocess.run(
        [sys.executable, "-m", "mattebrush", "remove", "a.png", "-o", "a.xcf"],
        cwd=tmp_path,
        env={**os.environ, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == OutputUnwritable.exit_status
    assert "Only GIMP writes .xcf files, and it was not found" in done.stderr
    assert "MATTEBRUSH_GIMP" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("echo it is too dark here; exit 3", "status 3.*it is too dark here"),
        ("exit 0", "status 0.*said nothing"),
        ("kill -9 $$", "status -9"),
        # A file that is no .xcf, though the program says that all is well.
        ('cd "$(dirname "$GIMP3_DIRECTORY")/.."; echo no > picture.xcf; : > done', "status 0"),
    ],
)
def test_a_program_that_fails_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, told: str
) -> None:
    monkeypatch.setenv("MATTEBRUSH_GIMP", str(program(tmp_path / "bin", "gimp", lines)))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    target = tmp_path / "out" / "a.xcf"
    for folder in (tmp_path / "temporary", target.parent):
        folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    with pytest.raises(OutputUnwritable, match=told) as caught:
        layered.write(target, "xcf", write_psd)
    assert ".psd" in caught.value.fix
    assert not list(target.parent.iterdir())
    assert not list((tmp_path / "temporary").iterdir())
    target.write_bytes(b"old")
    with pytest.raises(OutputExists):
        layered.write(target, "xcf", write_psd)
    with pytest.raises(OutputUnwritable):
        layered.write(target, "xcf", write_psd, overwrite=True)
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("stopped", (True, False))
def test_a_program_that_hangs_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    """By whoever asked for the work, or by the limit."""
    pids = tmp_path / "pids"
    lines = f"sleep 1000 & echo $! $$ > {pids}.new; mv {pids}.new {pids}; wait"
    monkeypatch.setenv("MATTEBRUSH_GIMP", str(program(tmp_path / "bin", "gimp", lines)))

    def progress(stage: str, fraction: float) -> None:
        if pids.exists() and stopped:
            raise Cancelled("Stopped.")

    def started(stage: str, fraction: float) -> None:
        if pids.exists():
            monkeypatch.setattr(time, "monotonic", lambda: float("inf"))

    error: type[Exception] = Cancelled if stopped else OutputUnwritable
    with pytest.raises(error, match=r"Stopped|did not finish within 30\d seconds"):
        layered.write(
            tmp_path / "a.xcf", "xcf", write_psd, progress=progress if stopped else started
        )
    monkeypatch.undo()
    assert not (tmp_path / "a.xcf").exists()
    end = time.monotonic() + 60
    while any(alive(int(pid)) for pid in pids.read_text().split()):
        assert time.monotonic() < end, "a process was left behind"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
