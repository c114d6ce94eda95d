# SPDX-License-Identifier: Apache-2.0
"""The note by which plug-ins find a running server: its address and token, for its user only.

One file per server, `server-PID.json`, so that two servers do not fight. Removed at exit; one left
by a server that died is recognized by its process being gone, and removed by the next to look.
plugins/client/mattebrush_client.py reads the same files.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from mattebrush import __version__, paths
from mattebrush.errors import OutputUnwritable

from .guard import KEY_SECONDS


def folder() -> Path:
    """Where the notes lie: the user's runtime folder, else their cache folder."""
    home = paths.home()
    if os.environ.get("XDG_RUNTIME_DIR"):
        base = Path(os.environ["XDG_RUNTIME_DIR"])
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home)
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "mattebrush"


def announce(url: str, token: str) -> Path:
    """Writes this server's note. Raises OutputUnwritable."""
    values = {"url": url, "token": token, "pid": os.getpid(), "version": __version__}
    return write_private(folder() / f"server-{os.getpid()}.json", json.dumps(values))


def write_private(path: Path, text: str) -> Path:
    """Writes a file that only this user can read, whole or not at all. Raises OutputUnwritable."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        part.replace(path)
    except OSError as error:
        raise OutputUnwritable(
            f"{path.name} cannot be written to {path.parent}: {error.strerror}.",
            "Set XDG_RUNTIME_DIR to a folder of yours.",
        ) from error
    return path


def leading_to(link: str) -> Path:
    """A file, for this user only, that leads a browser to a link. Raises OutputUnwritable."""
    tidy()
    target = html.escape(link, quote=True)
    page = f"""<!doctype html><meta charset="utf-8"><title>Mattebrush</title>
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={target}">
<a href="{target}">Mattebrush</a>
"""
    return write_private(folder() / f"open-{secrets.token_hex(8)}.html", page)


def tidy() -> None:
    """Removes the files of `leading_to` whose link is too old to be of use."""
    for path in folder().glob("open-*.html"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > KEY_SECONDS:
                path.unlink()


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
