# SPDX-License-Identifier: Apache-2.0
"""What a batch writes down: one JSON line a picture, and which are done when it goes on.

A line stands only after its result is whole, and a line cut by a kill is dropped when the batch
goes on, so that every key is done once, whenever it was stopped.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import secrets
import time
from pathlib import Path
from typing import Any

from ..errors import OutputUnwritable
from ..options import Options
from .places import Folder, RemoteFolder

NAME = "manifest.jsonl"

PARTS = "manifest"
"""The folder of a manifest by URL, in which each run has files of its own."""

_PART_ROWS, _PART_SECONDS = 500, 5.0


def fingerprint(data: bytes) -> str:
    """Of a picture's content.

    Parameters
    ----------
    data : bytes
        A file's bytes.

    Returns
    -------
    str
    """
    return hashlib.sha256(data).hexdigest()


def settings_of(options: Options, recipe: Any) -> str:
    """Of all that a result depends on besides the picture; how many threads is no part of it.

    Parameters
    ----------
    options : Options
        What is asked for.
    recipe : Any
        What the result is to be.

    Returns
    -------
    str
    """
    from .. import __version__

    values = [__version__, {**dataclasses.asdict(options), "threads": None}, repr(recipe)]
    return hashlib.sha256(json.dumps(values, default=repr).encode()).hexdigest()[:16]


class Manifest:
    """The manifest of a destination folder, open for more lines.

    Raises OutputUnwritable from the constructor where it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path: Path | str = folder / NAME
        self._path = folder / NAME
        self.is_new = not self._path.exists()
        self.rows = read(self._path)
        try:
            self._tidy()
            self._file = self._path.open("a", encoding="utf-8")
        except OSError as failure:
            raise OutputUnwritable(
                f"{self.path} cannot be written: {failure.strerror}."
            ) from failure

    def _tidy(self) -> None:
        """Ends a line that a kill has cut, by dropping it."""
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        if data and not data.endswith(b"\n"):
            with self._path.open("r+b") as file:
                file.truncate(data.rfind(b"\n") + 1)

    def is_done(self, key: str, content: str, settings: str) -> bool:
        """Whether this picture, as it is now, was done with these settings.

        Parameters
        ----------
        key : str
            What it is called.
        content : str
            The picture's SHA-256.
        settings : str
            The options' digest.

        Returns
        -------
        bool
        """
        row = self.rows.get(key)
        return (
            row is not None
            and not row.get("error")
            and row.get("sha256") == content
            and row.get("settings") == settings
        )

    def add(self, row: dict[str, Any]) -> None:
        """Writes a line and has it on the disk.

        Parameters
        ----------
        row : dict[str, Any]
            The model's row of the catalog.

        Raises
        ------
        OutputUnwritable
        """
        try:
            self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as failure:
            raise OutputUnwritable(
                f"{self.path} cannot be written: {failure.strerror}."
            ) from failure
        self.rows[row["key"]] = row

    def close(self) -> None:
        """No more lines."""
        with contextlib.suppress(OSError):
            self._file.close()


class PartedManifest(Manifest):
    """The manifest of a destination by URL, where nothing can be added to a file.

    Each run writes files of its own, several rows at a time, so that machines that share a
    destination don't take each other's away. What a kill takes is the last few seconds' rows; their
    pictures are done again.

    Parameters
    ----------
    folder
        The destination.
    """

    def __init__(self, folder: RemoteFolder) -> None:
        self.path = f"{folder.url.rstrip('/')}/{PARTS}"
        self._folder = folder
        names = [name for name in folder.names(PARTS) if name.endswith(".jsonl")]
        self.is_new = not names
        self.rows = {}
        for name in names:
            self.rows.update(rows_of(folder.read(name).decode("utf-8", errors="replace")))
        # Sorted by name, later runs come later.
        self._run = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
        self._number, self._waiting, self._since = 0, list[str](), 0.0

    def add(self, row: dict[str, Any]) -> None:
        """Notes a row, which is written within seconds.

        Parameters
        ----------
        row : dict[str, Any]
            A picture's row.

        Raises
        ------
        OutputUnwritable
        """
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(json.dumps(row, ensure_ascii=False) + "\n")
        self.rows[row["key"]] = row
        late = time.monotonic() - self._since >= _PART_SECONDS
        if late or len(self._waiting) >= _PART_ROWS:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            name = f"{PARTS}/{self._run}-{self._number:06d}.jsonl"
            self._folder.write(name, "".join(self._waiting).encode())
            self._number, self._waiting = self._number + 1, []

    def close(self) -> None:
        """Writes the last rows."""
        self._write()


def opened(folder: Folder) -> Manifest:
    """A destination's manifest, open for more rows.

    Parameters
    ----------
    folder : Folder
        The destination.

    Returns
    -------
    Manifest
    """
    if isinstance(folder, RemoteFolder):
        return PartedManifest(folder)
    return Manifest(folder.path)


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The last whole line of every key, by key.

    Parameters
    ----------
    path : Path
        A file or folder.

    Returns
    -------
    dict[str, dict[str, Any]]
    """
    return rows_of(path.read_text("utf-8", errors="replace")) if path.exists() else {}


def rows_of(text: str) -> dict[str, dict[str, Any]]:
    """The last whole line of every key, by key.

    Parameters
    ----------
    text : str
        JSON lines.

    Returns
    -------
    dict[str, dict[str, Any]]
    """
    rows: dict[str, dict[str, Any]] = {}
    for line in text.split("\n"):  # not splitlines: JSON may hold other separators as they are
        with contextlib.suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            rows[row["key"]] = row
    return rows


def doubtful(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in the order in which a person should look at them: failures, then the least certain.

    Parameters
    ----------
    rows : dict[str, dict[str, Any]]
        How many at a time.

    Returns
    -------
    list[dict[str, Any]]
    """
    return sorted(
        rows.values(), key=lambda row: (not row.get("error"), row.get("certainty", 0.0), row["key"])
    )
