# SPDX-License-Identifier: Apache-2.0
"""Which GIMP and which Krita this machine can start without a window.

A look at the disk and at PATH; no program is started. An AppImage, or a program anywhere else, is
named by an environment variable.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from .. import paths
from ..plugins.places import Machine

VARIABLES = {"gimp": "MATTEBRUSH_GIMP", "krita": "MATTEBRUSH_KRITA"}
"""Environment variables that name a program."""

_FLATPAKS = {"gimp": "org.gimp.GIMP", "krita": "org.kde.krita"}
_RUNNER = "kritarunner"

# The first that is found is taken: without a window where there is such a program, newest first.
_ON_PATH = {
    "gimp": (
        *("gimp-console", "gimp-console-3.2", "gimp-console-3.0", "gimp-console-2.10"),
        *("gimp", "gimp-3.2", "gimp-3.0", "gimp-2.10"),
    ),
    "krita": (_RUNNER, "krita"),
}
_ON_WINDOWS = {
    "gimp": ("GIMP 3/bin/gimp-console-3*.exe", "GIMP 2/bin/gimp-console-2*.exe"),
    "krita": (f"Krita*/bin/{_RUNNER}.exe", "Krita*/bin/krita.exe"),
}
_ON_MAC = {
    "gimp": ("GIMP*.app/Contents/MacOS/gimp-console*", "GIMP*.app/Contents/MacOS/gimp"),
    "krita": (f"krita.app/Contents/MacOS/{_RUNNER}", "krita.app/Contents/MacOS/krita"),
}


@dataclasses.dataclass(frozen=True)
class Program:
    """A program of this machine.

    path: what is started. flatpak: the application's id where `path` is flatpak itself.
    """

    path: str
    flatpak: str = ""

    @property
    def runs_scripts(self) -> bool:
        """Whether it is the part of Krita that runs a script and needs no screen."""
        return bool(self.flatpak) or Path(self.path).name.startswith(_RUNNER)


def find(host: str, machine: Machine | None = None) -> Program | None:
    """The program that can write that host's files.

    Parameters
    ----------
    host : str
        "gimp" or "krita".
    machine : Machine or None, optional
        Which machine; None means this one.

    Returns
    -------
    Program or None
        None where there is none.
    """
    machine = machine or Machine.here()
    named = machine.variables.get(VARIABLES[host])
    if named:
        return Program(named)
    if machine.system == "win32":
        bases = (
            machine.folder("PROGRAMFILES", "Program Files"),
            machine.folder("LOCALAPPDATA", "AppData/Local") / "Programs",
        )
        return _in_folders(bases, _ON_WINDOWS[host])
    search = machine.variables.get("PATH", "")
    for name in _ON_PATH[host]:
        path = shutil.which(name, path=search)
        if path is not None:
            return Program(path)
    if machine.system == "darwin":
        bases = (
            machine.folder("APPLICATIONS", "/Applications"),
            machine.home / "Applications",
        )
        return _in_folders(bases, _ON_MAC[host])
    return _flatpak(host, machine)


def _in_folders(bases: tuple[Path, ...], patterns: tuple[str, ...]) -> Program | None:
    for pattern in patterns:
        for base in bases:
            candidates = sorted(base.glob(pattern)) if paths.is_folder(base) else []
            if candidates:
                return Program(str(candidates[-1]))
    return None


def _flatpak(host: str, machine: Machine) -> Program | None:
    flatpak = shutil.which("flatpak", path=machine.variables.get("PATH", ""))
    application = _FLATPAKS[host]
    user = machine.folder("XDG_DATA_HOME", ".local/share") / "flatpak"
    for base in (user, machine.folder("FLATPAK_SYSTEM_DIR", "/var/lib/flatpak")):
        if flatpak is not None and paths.is_folder(base / "app" / application):
            return Program(flatpak, application)
    return None
