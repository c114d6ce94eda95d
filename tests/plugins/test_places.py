# SPDX-License-Identifier: Apache-2.0
"""Each system's folders, laid out in a temporary home and found again."""

from pathlib import Path

import pytest

from mattebrush.plugins.places import Machine, find, fresh_blenders

LAYOUTS = [
    ("linux", {}, "gimp", ".config/GIMP/3.0", "GIMP 3.0"),
    ("linux", {}, "gimp", ".config/GIMP/2.10", "GIMP 2.10"),
    ("linux", {}, "gimp", ".var/app/org.gimp.GIMP/config/GIMP/3.2", "GIMP 3.2 (flatpak)"),
    ("linux", {}, "gimp", "snap/gimp/current/.config/GIMP/3.0", "GIMP 3.0 (snap)"),
    ("linux", {"XDG_CONFIG_HOME": "elsewhere"}, "gimp", "elsewhere/GIMP/3.0", "GIMP 3.0"),
    ("linux", {}, "krita", ".local/share/krita", "Krita"),
    ("linux", {"XDG_DATA_HOME": "data"}, "krita", "data/krita", "Krita"),
    ("linux", {}, "krita", ".var/app/org.kde.krita/data/krita", "Krita (flatpak)"),
    ("linux", {}, "krita", "snap/krita/current/.local/share/krita", "Krita (snap)"),
    ("linux", {}, "blender", ".config/blender/4.5", "Blender 4.5"),
    (
        "linux",
        {},
        "blender",
        ".var/app/org.blender.Blender/config/blender/5.0",
        "Blender 5.0 (flatpak)",
    ),
    ("darwin", {}, "gimp", "Library/Application Support/GIMP/3.0", "GIMP 3.0"),
    ("darwin", {}, "krita", "Library/Application Support/krita", "Krita"),
    ("darwin", {}, "blender", "Library/Application Support/Blender/5.2", "Blender 5.2"),
    ("win32", {}, "gimp", "AppData/Roaming/GIMP/2.10", "GIMP 2.10"),
    ("win32", {"APPDATA": "roam"}, "krita", "roam/krita", "Krita"),
    ("win32", {}, "blender", "AppData/Roaming/Blender Foundation/Blender/4.2", "Blender 4.2"),
    (
        "win32",
        {},
        "krita",
        "AppData/Local/Packages/49800Krita_abc/LocalCache/Roaming/krita",
        "Krita (store)",
    ),
]


def machine(home: Path, system: str, variables: dict[str, str]) -> Machine:
    return Machine(system, home, {name: str(home / value) for name, value in variables.items()})


@pytest.mark.parametrize(("system", "variables", "host", "folder", "expected"), LAYOUTS)
def test_each_layout_is_found(
    tmp_path: Path, system: str, variables: dict[str, str], host: str, folder: str, expected: str
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (place,) = find(host, machine(tmp_path, system, variables))
    assert place.folder == tmp_path / folder
    assert str(place) == expected


def test_nothing_is_found_in_an_empty_home(tmp_path: Path) -> None:
    for system in ("linux", "darwin", "win32"):
        for host in ("gimp", "krita", "blender"):
            assert find(host, machine(tmp_path, system, {})) == []


def test_versions_side_by_side_newest_first_and_too_old_ones_left_out(tmp_path: Path) -> None:
    for name in ("2.8", "2.10", "3.0", "3.2", "backup", "3.0-old"):
        (tmp_path / ".config" / "GIMP" / name).mkdir(parents=True)
    objects = find("gimp", machine(tmp_path, "linux", {}))
    assert [place.version for place in objects] == ["3.2", "3.0", "2.10"]


def test_blenders_that_nobody_has_used_yet(tmp_path: Path) -> None:
    """Their programs lie where each system has them; too old ones are left out."""
    for folder in (
        "programs/Blender Foundation/Blender 4.5/4.5/scripts",
        "programs/Blender Foundation/Blender 3.3/3.3",
        "applications/Blender.app/Contents/Resources/5.2/scripts",
        "opt/blender/5.0/scripts",
    ):
        (tmp_path / folder).mkdir(parents=True)
    program = tmp_path / "opt/blender/blender"
    program.write_text("#!/bin/sh\necho Blender 5.0.1\n")
    program.chmod(0o755)
    for system, variable, folder, version in (
        ("win32", "PROGRAMFILES", "programs", "4.5"),
        ("darwin", "APPLICATIONS", "applications", "5.2"),
        ("linux", "PATH", "opt/blender", "5.0"),
    ):
        here = machine(tmp_path, system, {variable: folder})
        (place,) = fresh_blenders(here)
        assert place.version == version
        assert not place.folder.exists()
        place.folder.mkdir(parents=True)
        assert fresh_blenders(here) == []
        assert place in find("blender", here)


def test_a_blender_spread_over_a_distribution_is_asked_itself(tmp_path: Path) -> None:
    program = tmp_path / "bin/blender"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho Blender 3.6.2; echo more\n")
    program.chmod(0o755)
    (place,) = fresh_blenders(machine(tmp_path, "linux", {"PATH": "bin"}))
    assert place.version == "3.6"
    program.write_text("#!/bin/sh\nexit 1\n")
    assert fresh_blenders(machine(tmp_path, "linux", {"PATH": "bin"})) == []
