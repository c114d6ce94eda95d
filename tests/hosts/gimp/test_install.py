# SPDX-License-Identifier: Apache-2.0
"""`mattebrush plugin` for GIMP, by command line, seen from the real GIMPs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.hosts.gimp import gimphost
from tests.hosts.gimp.gimphost import INSIDE, REPOSITORY, Gimp

pytestmark = pytest.mark.hosts

ENTRIES = {
    "background",
    "clean-edge-colors",
    "cut-out-from-points",
    "help",
    "refine-mask",
    "refine-options",
    "remove-background",
    "settings",
    "split-into-objects",
}


def plugin(gimp: Gimp, *words: str) -> str:
    """Runs `mattebrush plugin ...` as the user of that GIMP; returns what it printed."""
    folders = [str(REPOSITORY / name) for name in ("core", "server")]
    done = subprocess.run(
        [sys.executable, "-m", "mattebrush", "plugin", *words],
        env={
            "HOME": str(gimp.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(folders),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def known(gimp: Gimp) -> set[str]:
    """The plug-in's procedures that GIMP knows; in GIMP 3 their menus are checked, too."""
    output = gimp.run(INSIDE / "has_it.py")
    matches = set(re.findall(r"^KNOWN (\S+)$", output, re.MULTILINE))
    if not gimp.old:
        menus = set(re.findall(r"^MENU (\S+) (.+)$", output, re.MULTILINE))
        menus = {(name, path.partition("/[")[0]) for name, path in menus}
        expected = {(name, "<Image>/Filters/Mattebrush") for name in matches}
        in_layer = matches - {"settings", "help"}
        assert menus == expected | {(name, "<Image>/Layer/Mask") for name in in_layer}
    return matches


@pytest.mark.parametrize("make", [gimphost.gimp3, gimphost.gimp32, gimphost.gimp210])
def test_install_status_uninstall_build(make: type, tmp_path: Path) -> None:
    gimp: Gimp = make(tmp_path)
    reported = f"GIMP {gimp.version}"
    assert f"{reported}: removed" in plugin(gimp, "uninstall", "gimp")
    assert f"{reported:<22} not installed" in plugin(gimp, "status")
    assert known(gimp) == set()

    assert "Restart GIMP" in plugin(gimp, "install", "gimp")
    assert f"{reported:<22} Mattebrush " in plugin(gimp, "status")
    assert known(gimp) == ENTRIES

    plugin(gimp, "uninstall", "gimp")
    paths = [Path(line) for line in plugin(gimp, "build", "gimp", "--to", str(tmp_path)).split()]
    (path,) = [each for each in paths if f"gimp{'2.10' if gimp.old else '3'}-" in each.name]
    unpack(path, gimp.config / "plug-ins")
    shutil.rmtree(gimp.config / "interpreters", ignore_errors=True)
    assert known(gimp) == ENTRIES


def unpack(path: Path, folder: Path) -> None:
    """Unpacks a zip with the permissions in it, as every unpacker on Linux does."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            Path(archive.extract(entry, folder)).chmod(entry.external_attr >> 16 & 0o777)
