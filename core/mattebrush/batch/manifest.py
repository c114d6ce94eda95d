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
from pathlib import Path
from typing import Any

from ..errors import OutputUnwritable
from ..options import Options

NAME = "manifest.jsonl"


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
    """Of all that a result depends on besides the picture.

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

    values = [__version__, dataclasses.asdict(options), repr(recipe)]
    return hashlib.sha256(json.dumps(values, default=repr).encode()).hexdigest()[:16]


class Manifest:
    """The manifest of a destination folder, open for more lines.

    Raises OutputUnwritable from the constructor where it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.is_new = not self.path.exists()
        self.rows = read(self.path)
        try:
            self._tidy()
            self._file = self.path.open("a", encoding="utf-8")
        except OSError as failure:
            raise OutputUnwritable(
                f"{self.path} cannot be written: {failure.strerror}."
            ) from failure

    def _tidy(self) -> None:
        """Ends a line that a kill has cut, by dropping it."""
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        if data and not data.endswith(b"\n"):
            with self.path.open("r+b") as file:
                file.truncate(data.rfind(b"\n") + 1)

    def is_done(self, key: str, content: str, settings: str, result: Path) -> bool:
        """Whether this picture, as it is now, has its result with these settings.

        Parameters
        ----------
        key : str
            What it is called.
        content : str
            The picture's SHA-256.
        settings : str
            The options' digest.
        result : Path
            Where its result is.

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
            and result.exists()
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
    rows: dict[str, dict[str, Any]] = {}
    if not path.exists():
        return rows
    for line in path.read_text("utf-8", errors="replace").splitlines():
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
