# SPDX-License-Identifier: Apache-2.0
"""Where GIMP, Krita and Blender look for plug-ins: every version, every way of packaging.

Path logic: which folders are there is asked of the disk, nothing is written. Only a Blender that
made no folders yet is asked itself which version it is.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .. import paths

NAMES = {"gimp": "GIMP", "krita": "Krita", "blender": "Blender"}
HOSTS = tuple(NAMES)

_VERSION = re.compile(r"\d+\.\d+$")
_OLDEST = {"gimp": (2, 10), "krita": (5, 0), "blender": (3, 4)}
_FLATPAKS = {"gimp": "org.gimp.GIMP", "krita": "org.kde.krita", "blender": "org.blender.Blender"}
_STORE_APPS = {"gimp": "*GIMP*", "krita": "*Krita*", "blender": "*Blender*"}


@dataclasses.dataclass(frozen=True)
class Place:
    """One host's own folder of one version.

    host: one of `HOSTS`. version: such as "3.0"; "" where the host keeps one folder for all.
    packaging: "native" (AppImages too), "flatpak", "snap" or "store". folder: the host's folder
    for the user's data of that version, such as ~/.config/GIMP/3.0.
    """

    host: str
    version: str
    packaging: str
    folder: Path

    @property
    def number(self) -> tuple[int, ...]:
        """The version for comparison, empty when there is none."""
        return tuple(int(part) for part in self.version.split(".")) if self.version else ()

    def __str__(self) -> str:
        packaging = "" if self.packaging == "native" else f" ({self.packaging})"
        return f"{NAMES[self.host]} {self.version}".strip() + packaging


@dataclasses.dataclass(frozen=True)
class Machine:
    """What decides where folders are, as data, so that each system's rules are tested on any.

    system: as `sys.platform`. home: the user's home. variables: environment variables.
    """

    system: str
    home: Path
    variables: Mapping[str, str]

    @classmethod
    def here(cls) -> Machine:
        """This machine.

        Returns
        -------
        Machine
        """
        return cls(sys.platform, paths.home(), os.environ)

    def folder(self, variable: str, default: str) -> Path:
        """The folder an environment variable names, else `default` below the home.

        Parameters
        ----------
        variable : str
            Name of an environment variable.
        default : str
            Path below the home where it is not set.

        Returns
        -------
        Path
        """
        return Path(self.variables.get(variable) or self.home / default)


def find(host: str, machine: Machine | None = None) -> list[Place]:
    """The places of `host` that exist, newest version first, native before sandboxed.

    Parameters
    ----------
    host : str
        "gimp", "krita" or "blender".
    machine : Machine or None, optional
        Whose folders; None means this one.

    Returns
    -------
    list[Place]
    """
    machine = machine or Machine.here()
    places: list[Place] = []
    for packaging, base in _bases(host, machine):
        if not paths.is_folder(base) and not _will_be(host, packaging, machine):
            continue
        if host == "krita":
            places.append(Place(host, "", packaging, base))
        else:
            places += _versions(host, packaging, base)
    return sorted(places, key=lambda place: place.number, reverse=True)


def fresh_blenders(machine: Machine | None = None) -> list[Place]:
    """Places of Blenders on this machine that nobody has used yet: their folders are still to be
    made, which Blender itself does only when its preferences are saved.

    Parameters
    ----------
    machine : Machine or None, optional
        Whose folders; None means this one.

    Returns
    -------
    list[Place]
    """
    machine = machine or Machine.here()
    base = next(base for _, base in _bases("blender", machine))
    versions = {*_beside_programs(machine), *_reported_by_program(machine)}
    places = [Place("blender", version, "native", base / version) for version in versions]
    places = [each for each in places if each.number >= _OLDEST["blender"]]
    places = [each for each in places if not each.folder.exists()]
    return sorted(places, key=lambda place: place.number, reverse=True)


def _beside_programs(machine: Machine) -> Iterator[str]:
    """The versions of Blenders whose program has its own folder of a version beside it."""
    if machine.system == "win32":
        programs = machine.folder("PROGRAMFILES", "Program Files")
        folders = list(programs.glob("Blender Foundation/Blender*"))
    elif machine.system == "darwin":
        folders = list(machine.folder("APPLICATIONS", "/Applications").glob("Blender*.app"))
        folders = [folder / "Contents" / "Resources" for folder in folders]
    else:
        program = shutil.which("blender", path=machine.variables.get("PATH"))
        folders = [Path(program).resolve().parent] if program else []
    for folder in folders:
        for below in folder.iterdir() if folder.is_dir() else ():
            if _VERSION.match(below.name) and below.is_dir():
                yield below.name


def _reported_by_program(machine: Machine) -> Iterator[str]:
    """The version of a Blender that a Linux distribution spread over its folders."""
    program = shutil.which("blender", path=machine.variables.get("PATH"))
    if program is None or machine.system in ("win32", "darwin"):
        return
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    version = re.search(r"^Blender (\d+\.\d+)", done.stdout, re.MULTILINE)
    if version is not None:
        yield version.group(1)


def settings_file(place: Place, machine: Machine | None = None) -> Path | None:
    """Where the Krita of that place keeps its settings, whether the file is there or not; None for
    a folder that is nobody's home.

    Parameters
    ----------
    place : Place
        Where a host keeps its plug-ins.
    machine : Machine or None, optional
        Whose folders; None means this one.

    Returns
    -------
    Path or None
    """
    machine = machine or Machine.here()
    folder = place.folder
    if place.packaging == "flatpak":
        return folder.parents[1] / "config" / "kritarc"
    if place.packaging == "snap":
        return folder.parents[2] / ".config" / "kritarc"
    if place.packaging == "store":
        return folder.parents[1] / "Local" / "kritarc"
    own = ("native", folder) in list(_bases("krita", machine))
    if not own:  # --folder, or another user's
        in_home = folder.parts[-3:] == (".local", "share", "krita")
        return folder.parents[2] / ".config" / "kritarc" if in_home else None
    if machine.system == "win32":
        return machine.folder("LOCALAPPDATA", "AppData/Local") / "kritarc"
    if machine.system == "darwin":
        return machine.home / "Library" / "Preferences" / "kritarc"
    return machine.folder("XDG_CONFIG_HOME", ".config") / "kritarc"


def _will_be(host: str, packaging: str, machine: Machine) -> bool:
    """Whether Krita, which was never started, will take that folder for its own."""
    known = host == "krita" and packaging == "native" and machine.system.startswith("linux")
    return known and shutil.which("krita", path=machine.variables.get("PATH", "")) is not None


def _versions(host: str, packaging: str, base: Path) -> Iterator[Place]:
    for folder in sorted(base.iterdir()):
        if paths.is_folder(folder) and _VERSION.match(folder.name):
            place = Place(host, folder.name, packaging, folder)
            if place.number >= _OLDEST[host]:
                yield place


def _bases(host: str, machine: Machine) -> Iterator[tuple[str, Path]]:
    """(packaging, folder that holds the host's folders), whether it is there or not."""
    if machine.system == "win32":
        yield from _windows_bases(host, machine)
    elif machine.system == "darwin":
        name = {"gimp": "GIMP", "krita": "krita", "blender": "Blender"}[host]
        yield "native", machine.home / "Library" / "Application Support" / name
    else:
        yield from _linux_bases(host, machine)


def _windows_bases(host: str, machine: Machine) -> Iterator[tuple[str, Path]]:
    below = {"gimp": "GIMP", "krita": "krita", "blender": "Blender Foundation/Blender"}[host]
    yield "native", machine.folder("APPDATA", "AppData/Roaming") / below
    packages = machine.folder("LOCALAPPDATA", "AppData/Local") / "Packages"
    if paths.is_folder(packages):
        for app in sorted(packages.glob(_STORE_APPS[host])):
            yield "store", app / "LocalCache" / "Roaming" / below


def _linux_bases(host: str, machine: Machine) -> Iterator[tuple[str, Path]]:
    flatpak = machine.home / ".var" / "app" / _FLATPAKS[host]
    snap = machine.home / "snap" / host / "current"
    if host == "krita":
        yield "native", machine.folder("XDG_DATA_HOME", ".local/share") / "krita"
        yield "flatpak", flatpak / "data" / "krita"
        yield "snap", snap / ".local" / "share" / "krita"
    else:
        name = {"gimp": "GIMP", "blender": "blender"}[host]
        yield "native", machine.folder("XDG_CONFIG_HOME", ".config") / name
        yield "flatpak", flatpak / "config" / name
        yield "snap", snap / ".config" / name
