# SPDX-License-Identifier: Apache-2.0
"""A "Remove Background" action in file managers, and an entry among the machine's programs.

Nautilus, Nemo, Caja, Dolphin, Thunar and PCManFM on Linux, Finder's services on macOS, "Send to" on
Windows: each a small file of the user's that starts this very engine on the pictures that are
selected there.
"""

from __future__ import annotations

import plistlib
import shlex
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from .. import paths
from ..atomic import whole_file
from ..errors import OutputUnwritable
from .packages import engine_location
from .places import Machine

TITLE = "Remove Background"

_MARK = "mattebrush"
"""Stands in each of our files: what lacks it is somebody else's."""

_DESKTOP = """\
[Desktop Entry]
Type=Application
Name=Mattebrush
Comment=Remove backgrounds in your browser, on this machine
Exec={page}
Icon=applications-graphics
Terminal=false
Categories=Graphics;2DGraphics;RasterGraphics;
Keywords=background;cut-out;mask;matting;
"""

_MIME_TYPES = "image/jpeg;image/png;image/webp;image/tiff;image/bmp;image/heif;image/avif;"

_SERVICE_MENU = """\
[Desktop Entry]
Type=Service
MimeType={types}
Actions=mattebrush
X-KDE-ServiceTypes=KonqPopupMenu/Plugin

[Desktop Action mattebrush]
Name={title}
Icon=applications-graphics
Exec={script} %F
"""

_SEND_TO = """\
[Desktop Entry]
Type=Application
Name={title}
Icon=applications-graphics
MimeType={types}
Exec={script} %F
"""
"""Thunar's "Send To": its menu of custom actions is one file, and the user's."""

_ACTION = """\
[Desktop Entry]
Type=Action
Name={title}
Icon=applications-graphics
Profiles=pictures;

[X-Action-Profile pictures]
MimeTypes={types}
Exec={script} %F
"""
"""PCManFM's."""

_SCRIPT = """\
#!/bin/sh
# Made by "mattebrush desktop install": NAME-cutout.png beside each picture that is selected.
if ! said=$({command} remove "$@" 2>&1) && command -v notify-send >/dev/null; then
    notify-send Mattebrush "$said"
fi
"""

_BATCH = """\
@echo off
rem Made by "mattebrush desktop install": NAME-cutout.png beside each picture that is sent.
{settings}"{python}" -m mattebrush remove %*
if errorlevel 1 pause
"""


def files(machine: Machine, engine: Mapping[str, str]) -> dict[Path, bytes]:
    """Path -> content of each file for a machine.

    Parameters
    ----------
    machine : Machine
        Whose folders; None means this one.
    engine : Mapping[str, str]
        `python`, and `python_path` where the interpreter does not find the engine by itself.

    Returns
    -------
    dict[Path, bytes]
    """
    if machine.system == "win32":
        return dict(_windows(machine, engine))
    if machine.system == "darwin":
        return dict(_mac(machine, engine))
    return dict(_linux(machine, engine))


def install(machine: Machine | None = None) -> list[Path]:
    """Writes the files for this user; returns their paths.

    A file of that name that is not ours stays, and is not among them.

    Parameters
    ----------
    machine : Machine or None, optional
        Whose folders; None means this one.

    Returns
    -------
    list[Path]
        Their paths.

    Raises
    ------
    OutputUnwritable
    """
    written = []
    for path, content in files(machine or Machine.here(), engine_location()).items():
        if paths.exists(path) and not _is_ours(path):
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputUnwritable(
                f"The folder {path.parent} cannot be made: {error.strerror or error}."
            ) from error
        with whole_file(path, overwrite=True) as out:
            out.write(content)
        # Dolphin and Nautilus start only what may be executed.
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        written.append(path)
    return written


def uninstall(machine: Machine | None = None) -> list[Path]:
    """Removes what `install` wrote; returns what was there.

    Parameters
    ----------
    machine : Machine or None, optional
        Whose folders; None means this one.

    Returns
    -------
    list[Path]
        What was there.

    Raises
    ------
    OutputUnwritable
    """
    removed = []
    for path in files(machine or Machine.here(), engine_location()):
        if _is_ours(path):
            try:
                path.unlink()
            except OSError as error:
                raise OutputUnwritable(
                    f"{path} cannot be removed: {error.strerror or error}."
                ) from error
            removed.append(path)
            _drop_empty(path.parent)
    return removed


def _linux(machine: Machine, engine: Mapping[str, str]) -> Iterator[tuple[Path, bytes]]:
    data = machine.folder("XDG_DATA_HOME", ".local/share")
    config = machine.folder("XDG_CONFIG_HOME", ".config")
    script = _SCRIPT.format(command=_command(engine)).encode()
    for base in (data / "nautilus", data / "nemo", config / "caja"):
        yield base / "scripts" / TITLE, script
    own = data / "mattebrush" / "remove-background.sh"
    yield own, script
    for place, menu in (
        ("kio/servicemenus", _SERVICE_MENU),
        ("Thunar/sendto", _SEND_TO),
        ("file-manager/actions", _ACTION),
    ):
        text = menu.format(title=TITLE, types=_MIME_TYPES, script=_desktop_quoted(str(own)))
        yield data / place / "mattebrush.desktop", text.encode()
    page = " ".join(_desktop_quoted(word) for word in _words(engine, "page"))
    yield data / "applications" / "mattebrush.desktop", _DESKTOP.format(page=page).encode()


def _mac(machine: Machine, engine: Mapping[str, str]) -> Iterator[tuple[Path, bytes]]:
    """A service of Finder: a bundle with what it takes, and a workflow of one shell script."""
    contents = machine.home / "Library" / "Services" / f"{TITLE}.workflow" / "Contents"
    service = {
        "NSMenuItem": {"default": TITLE},
        "NSMessage": "runWorkflowAsService",
        "NSSendFileTypes": ["public.image"],
        "NSRequiredContext": {"NSApplicationIdentifier": "com.apple.finder"},
    }
    info = {"CFBundleIdentifier": f"org.{_MARK}.remove-background", "NSServices": [service]}
    action = {
        "action": {
            "ActionBundlePath": "/System/Library/Automator/Run Shell Script.action",
            "ActionName": "Run Shell Script",
            "BundleIdentifier": "com.apple.RunShellScript",
            "AMAccepts": {
                "Container": "List",
                "Optional": True,
                "Types": ["com.apple.cocoa.string"],
            },
            "AMProvides": {"Container": "List", "Types": ["com.apple.cocoa.string"]},
            "ActionParameters": {
                "COMMAND_STRING": f'{_command(engine)} remove "$@"',
                "inputMethod": 1,  # as arguments
                "shell": "/bin/sh",
            },
        }
    }
    workflow = {
        "AMApplicationVersion": "2.10",
        "AMDocumentVersion": "2",
        "actions": [action],
        "connectors": {},
        "workflowMetaData": {
            "serviceInputTypeIdentifier": "com.apple.Automator.fileSystemObject.image",
            "serviceOutputTypeIdentifier": "com.apple.Automator.nothing",
            "workflowTypeIdentifier": "com.apple.Automator.servicesMenu",
        },
    }
    yield contents / "Info.plist", plistlib.dumps(info)
    yield contents / "document.wflow", plistlib.dumps(workflow)


def _windows(machine: Machine, engine: Mapping[str, str]) -> Iterator[tuple[Path, bytes]]:
    roaming = machine.folder("APPDATA", "AppData/Roaming")
    settings = ""
    if engine.get("python_path"):
        settings = f'set "PYTHONPATH={engine["python_path"]}"\r\n'
    text = _BATCH.replace("\n", "\r\n").format(settings=settings, python=engine["python"])
    folder = roaming / "Microsoft" / "Windows" / "SendTo"
    yield folder / f"{TITLE}.cmd", text.encode("utf-8")


def _words(engine: Mapping[str, str], *arguments: str) -> list[str]:
    """The engine's command with arguments, word by word."""
    words = [engine["python"], "-m", "mattebrush", *arguments]
    if engine.get("python_path"):
        words = ["env", f"PYTHONPATH={engine['python_path']}", *words]
    return words


def _command(engine: Mapping[str, str]) -> str:
    return shlex.join(_words(engine))


def _desktop_quoted(word: str) -> str:
    """A word of an Exec line, by the standard: escaped as an argument, then as a value."""
    for special in ("\\", '"', "`", "$"):
        word = word.replace(special, f"\\{special}")
    word = word.replace("\\", "\\\\").replace("%", "%%")
    return f'"{word}"'


def _is_ours(path: Path) -> bool:
    try:
        return _MARK.encode() in path.read_bytes()
    except OSError:
        return False


def _drop_empty(folder: Path) -> None:
    """Removes the folders of a bundle, or of ours alone, once nothing is in them."""
    while folder.name in ("Contents", f"{TITLE}.workflow", _MARK) and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
