# SPDX-License-Identifier: Apache-2.0
"""What lies at a path that a person typed, and where their home is: plain answers, where pathlib
may raise.

`Path.exists` and its kin pass on "permission denied", "name too long" and the like before Python
3.14; a path of which nothing can be learned holds nothing that could be used.
"""

from __future__ import annotations

import os
from pathlib import Path


def exists(path: Path | str) -> bool:
    """Whether anything is there, a link that leads somewhere included.

    Parameters
    ----------
    path : Path or str
        A file or folder.

    Returns
    -------
    bool
    """
    return os.path.exists(path)  # noqa: PTH110 - see above


def is_file(path: Path | str) -> bool:
    """Whether a regular file is there.

    Parameters
    ----------
    path : Path or str
        A file or folder.

    Returns
    -------
    bool
    """
    return os.path.isfile(path)  # noqa: PTH113 - see above


def is_folder(path: Path | str) -> bool:
    """Whether a folder is there.

    Parameters
    ----------
    path : Path or str
        A file or folder.

    Returns
    -------
    bool
    """
    return os.path.isdir(path)  # noqa: PTH112 - see above


NO_HOME = Path(os.devnull) / "no-home"
"""Stands for the home of a user who has none: nothing is there, and nothing can be put there."""


def home() -> Path:
    """The user's home folder; `NO_HOME` where none is known (a container run as some number).

    Returns
    -------
    Path
    """
    return expanded("~")


def expanded(path: Path | str) -> Path:
    """`path` with `~` as the user's home, as far as that is known.

    Parameters
    ----------
    path : Path or str
        A file or folder.

    Returns
    -------
    Path
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return NO_HOME.joinpath(*Path(path).parts[1:])
