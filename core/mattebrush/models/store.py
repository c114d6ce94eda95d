# SPDX-License-Identifier: Apache-2.0
"""Where model files lie on this machine, and which models are complete.

Putting files there is install.py's work; this module only looks. Looks in three places: the
networks that ship with the engine, Mattebrush's own folder, and rembg's folders, whose files are
used in place.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .. import paths
from ..errors import ModelUnavailable
from .catalog import NETWORKS, ModelFile, ModelRow, rows

RECEIPT = "installed.json"


@dataclasses.dataclass(frozen=True)
class Installed:
    """A model whose files are all here.

    paths: by role. source: "embedded", "store" (ours to remove) or "rembg" (theirs).
    """

    row: ModelRow
    paths: dict[str, Path]
    source: str


@dataclasses.dataclass(frozen=True)
class Receipt:
    """What was written down about one file when it was put into the store.

    sha256: of the bytes that came; from then on they are what `verify` expects.
    published: True when a published checksum confirmed them, False when it differs,
        None when nobody published one.
    source: the address or path it came from.
    """

    sha256: str
    size: int
    published: bool | None
    source: str


def home() -> Path:
    """Mattebrush's data folder for this user; MATTEBRUSH_HOME overrides the platform's place.

    Below `paths.NO_HOME` for a user without a home: nothing is installed there, nothing can be.

    Returns
    -------
    Path
    """
    if chosen := os.environ.get("MATTEBRUSH_HOME"):
        return paths.expanded(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or paths.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = paths.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or paths.home() / ".local" / "share"
    return Path(base) / "mattebrush"


def folder(row: ModelRow) -> Path:
    """Where this model's files lie when they are in the store.

    Parameters
    ----------
    row : ModelRow
        The model's row of the catalog.

    Returns
    -------
    Path
    """
    return home() / "models" / row.id


def installed(row: ModelRow) -> Installed | None:
    """Where the files of this model are, or None when one is missing.

    Parameters
    ----------
    row : ModelRow
        The model's row of the catalog.

    Returns
    -------
    Installed or None
        None where a file is missing that is not optional.
    """
    candidates = {file.role: find(row, file) for file in row.files}
    paths = {role: path for role, path in candidates.items() if path is not None}
    if any(file.role not in paths and not file.optional for file in row.files):
        return None
    if row.embedded:
        return Installed(row, paths, "embedded")
    ours = any(path.parent == folder(row) for path in paths.values())
    return Installed(row, paths, "store" if ours else "rembg")


def find(row: ModelRow, file: ModelFile) -> Path | None:
    """Where one file of a model is: shipped, in the store, or in a folder of rembg.

    Parameters
    ----------
    row : ModelRow
        The model's row of the catalog.
    file : ModelFile
        Which of its files.

    Returns
    -------
    Path or None
        None where it is in none of these.
    """
    own = NETWORKS / file.name if row.embedded else folder(row) / file.name
    return own if paths.is_file(own) else _rembg(file)


def all_installed() -> list[Installed]:
    """Every model of the catalog that can run now.

    Returns
    -------
    list[Installed]
        In the catalog's order.
    """
    candidates = (installed(row) for row in rows().values())
    return [entry for entry in candidates if entry is not None]


def resolve(row: ModelRow) -> Installed:
    """As `installed`.

    Parameters
    ----------
    row : ModelRow
        The model's row of the catalog.

    Returns
    -------
    Installed

    Raises
    ------
    ModelUnavailable
        With the way to get it, when it is not here.
    """
    entry = installed(row)
    if entry is not None:
        return entry
    if row.embedded:
        raise ModelUnavailable(
            f"The network of {row.id} is missing from this installation.",
            "Install Mattebrush again.",
        )
    raise ModelUnavailable(
        f"The model {row.id} is not installed.",
        f"Get it with `mattebrush models pull {row.id}`, or from a file with "
        f"`mattebrush models add FILE --id {row.id}`.",
    )


def receipts(row: ModelRow) -> dict[str, Receipt]:
    """What was written down when the files of this model were put into the store, by role.

    Parameters
    ----------
    row : ModelRow
        The model's row of the catalog.

    Returns
    -------
    dict[str, Receipt]
        Empty where nothing was, or where it cannot be read.
    """
    try:
        table = json.loads((folder(row) / RECEIPT).read_text("utf-8"))
        return {role: Receipt(**values) for role, values in table.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # never installed, or the note was damaged: `verify` then says "unpinned"


def rembg_folders() -> Iterator[Path]:
    """Where rembg keeps its downloads, old layout first.

    Yields
    ------
    Path
    """
    base = os.environ.get("XDG_DATA_HOME") or "~"
    yield paths.expanded(os.environ.get("U2NET_HOME") or Path(base) / ".u2net")
    yield paths.expanded(os.environ.get("REMBG_HOME") or "~/.rembg") / "models"


def _rembg(file: ModelFile) -> Path | None:
    for place in rembg_folders():
        for name in file.rembg:
            # The newer layout has one folder for each model.
            for candidate in (place / name, *sorted(place.glob(f"*/{name}"))):
                if paths.is_file(candidate):
                    return candidate
    return None
