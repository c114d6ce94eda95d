# SPDX-License-Identifier: Apache-2.0
"""The engine as wheels inside Blender's extension, for one platform: nothing is fetched later.

Blender installs the wheels of an extension itself and gives each its own version of Python; numpy
it has. The engine then runs in a child process of Blender's own Python.
"""

from __future__ import annotations

import dataclasses
import platform
import subprocess
import sys
from pathlib import Path

from mattebrush import __version__

from ..errors import InputInvalid, OutputUnwritable

PYTHONS = ("3.11", "3.13")
"""Of Blender 4.2 to 5.0, and from 5.1 on."""

_NEEDS = ("onnxruntime>=1.18", "Pillow>=11.3")
"""What a job needs beside numpy; the other dependencies read and write files."""

_OWN = ("numpy",)
"""What every Blender brings."""


HOLDERS = {
    "mattebrush": ("2026 The Mattebrush authors",),
    "onnxruntime": ("2018 Microsoft Corporation",),
    "flatbuffers": ("2014 Google Inc.",),
    "protobuf": ("2008 Google Inc.",),
    "packaging": ("2014 Donald Stufft and individual contributors",),
    "pillow": (
        "1997-2011 Secret Labs AB",
        "1995-2011 Fredrik Lundh and contributors",
        "2010 Jeffrey 'Alex' Clark and contributors",
    ),
}
"""Wheel -> whose it is, as Blender's manifests have it; where its license names no year, that of
its first release."""


@dataclasses.dataclass(frozen=True)
class Platform:
    """name: as in Blender's manifests. tags: what its wheels may be made for, newest first."""

    name: str
    tags: tuple[str, ...]


PLATFORMS = (
    Platform("linux-x64", tuple(f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 17))),
    Platform("windows-x64", ("win_amd64",)),
    Platform("windows-arm64", ("win_arm64",)),
    Platform(
        "macos-arm64",
        (
            *(f"macosx_{major}_0_arm64" for major in (14, 13, 12, 11)),
            *(f"macosx_{major}_0_universal2" for major in (14, 13, 12, 11)),
        ),
    ),
    Platform(
        "macos-x64",
        (
            *(f"macosx_{major}_0_x86_64" for major in (13, 12, 11)),
            *(f"macosx_10_{minor}_x86_64" for minor in (15, 13, 9)),
            *(f"macosx_{major}_0_universal2" for major in (13, 12, 11)),
        ),
    ),
)


def named(name: str) -> Platform:
    """The `Platform` of this name, "" for this machine's.

    Parameters
    ----------
    name : str
        Of a platform; "" for this machine's.

    Returns
    -------
    Platform

    Raises
    ------
    InputInvalid
    """
    name = name or _here()
    for each in PLATFORMS:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in PLATFORMS)
    raise InputInvalid(f"There is no platform {name}.", f"Name one of {known} with --platform.")


def _here() -> str:
    system = {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    return f"{system}-{'arm64' if machine in ('arm64', 'aarch64') else 'x64'}"


def collect(where: Platform, folder: Path) -> list[Path]:
    """Puts the wheels for a platform into `folder`; returns their paths, sorted.

    Parameters
    ----------
    where : Platform
        Which platform.
    folder : Path
        Where to write.

    Returns
    -------
    list[Path]
        Their paths, sorted.

    Raises
    ------
    OutputUnwritable
    """
    _engine(folder)
    for python in PYTHONS:
        command = ["download", "--only-binary=:all:", "--python-version", python]
        for tag in where.tags:
            command += ["--platform", tag]
        _pip([*command, "--dest", str(folder), *_NEEDS])
    wheels = sorted(folder.glob("*.whl"))
    for wheel in list(wheels):
        if distribution(wheel) in _OWN:
            wheel.unlink()
            wheels.remove(wheel)
    return wheels


def distribution(wheel: Path) -> str:
    """The name of what a wheel holds, in small letters.

    Parameters
    ----------
    wheel : Path
        Path of the wheel.

    Returns
    -------
    str
    """
    return wheel.name.split("-")[0].lower()


def _engine(folder: Path) -> None:
    """This very engine as a wheel: built from a checkout, else fetched as the same version."""
    checkout = Path(__file__).parents[3]
    if (checkout / "pyproject.toml").is_file():
        _pip(["wheel", "--no-deps", "--wheel-dir", str(folder), str(checkout)])
    else:
        _pip(["download", "--no-deps", "--dest", str(folder), f"mattebrush=={__version__}"])


def _pip(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["?"]
        raise OutputUnwritable(
            f"The wheels cannot be collected: {words[-1]}.",
            f"Let {sys.executable} have pip and see whether the package index can be reached.",
        )
