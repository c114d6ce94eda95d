# SPDX-License-Identifier: Apache-2.0
"""The note by which plug-ins find a running server: its address and token, for its user only.

One file per server, `server-PID.json`, so that two servers do not fight. Removed at exit; one left
by a server that died is recognized by its process being gone, and removed by the next to look.
plugins/client/mattebrush_client.py reads the same files.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from mattebrush import __version__, paths
from mattebrush.errors import OutputUnwritable


def folder() -> Path:
    """Where the notes lie: the user's runtime folder, else their cache folder."""
    home = paths.home()
    if os.environ.get("XDG_RUNTIME_DIR"):
        base = Path(os.environ["XDG_RUNTIME_DIR"])
    elif os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or home)
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "mattebrush"


def announce(url: str, token: str) -> Path:
    """Writes this server's note, mode 600, whole or not at all. Raises OutputUnwritable."""
    note = folder() / f"server-{os.getpid()}.json"
    part = note.with_suffix(".part")
    values = {"url": url, "token": token, "pid": os.getpid(), "version": __version__}
    try:
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(values, out)
        part.replace(note)
    except OSError as error:
        raise OutputUnwritable(
            f"The note for plug-ins cannot be written to {note.parent}: {error.strerror}.",
            "Set XDG_RUNTIME_DIR to a folder of yours.",
        ) from error
    return note


def withdraw(note: Path) -> None:
    """Removes a note."""
    with contextlib.suppress(OSError):
        note.unlink()


def running() -> list[dict[str, Any]]:
    """The notes of servers whose process is alive, newest first; removes the others."""
    notes = []
    for path in folder().glob("server-*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(path.read_text(encoding="utf-8"))
            if _alive(int(note["pid"])):
                notes.append((path.stat().st_mtime, note))
            else:
                withdraw(path)
    return [note for _, note in sorted(notes, key=lambda pair: -pair[0])]


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return _alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _alive_on_windows(pid: int) -> bool:
    import ctypes

    query, still_active = 0x1000, 259
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(query, False, pid)
    if not handle:
        return False
    status = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(status))
    kernel.CloseHandle(handle)
    return status.value == still_active
