# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import MattebrushError, OutputExists, OutputUnwritable


@contextlib.contextmanager
def whole_file(path: Path | str, overwrite: bool = False) -> Iterator[BinaryIO]:
    """A binary file to write into, which takes the name `path` when the block ends well.

    Until then it is a hidden file in the same folder; if the block is left by any exception,
    Ctrl-C included, nothing remains. A link is followed, so that it goes on pointing to the file.

    Parameters
    ----------
    path : Path or str
        The name that it takes.
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Yields
    ------
    BinaryIO

    Raises
    ------
    OutputExists, OutputUnwritable
        OutputExists when `path` is there and `overwrite` is False (even if it came to be while the
        block ran), and OutputUnwritable when the system refuses: no such folder, no permission,
        full disk.
    """
    label, target = path, Path(path)
    try:
        target = target.resolve()
        _check(label, target, overwrite)
        part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
        # Not tempfile: its files are private (0600), the result should follow the user's umask.
        file = part.open("x+b")
    except (OSError, ValueError, RuntimeError) as failure:
        raise _unwritable(label, failure) from failure
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _give_name(part, target, label, overwrite)
    except OSError as failure:
        raise _unwritable(label, failure) from failure
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _check(label: Path | str, target: Path, overwrite: bool) -> None:
    if target.is_dir():
        raise OutputUnwritable(f"{label} is a folder.", "Give the name of a file.")
    if target.exists() and not target.is_file():
        raise OutputUnwritable(f"{label} is not a regular file.", "Give another name.")
    if target.exists() and not overwrite:
        raise _exists(label)
    if not target.parent.is_dir():
        raise OutputUnwritable(f"The folder of {label} does not exist.", "Create it first.")


def _give_name(part: Path, target: Path, label: Path | str, overwrite: bool) -> None:
    """Renames `part`; without `overwrite` in a way that fails if the name has been taken since."""
    if overwrite:
        part.replace(target)
        return
    try:
        if os.name == "nt":  # rename refuses an existing target there, and only there
            part.rename(target)
        else:
            os.link(part, target)
    except FileExistsError:
        raise _exists(label) from None
    except OSError:  # a file system without hard links
        if target.exists():
            raise _exists(label) from None
        part.replace(target)


def _exists(label: Path | str) -> OutputExists:
    return OutputExists(f"{label} exists already.", "Choose another name, or allow overwriting.")


_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space, or write elsewhere."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space, or write elsewhere."),
    errno.EFBIG: ("the file would become too large there", "Write elsewhere."),
    errno.EACCES: ("permission is denied", "Write to a folder that is yours."),
    errno.EPERM: ("permission is denied", "Write to a folder that is yours."),
    errno.EROFS: ("the disk is read-only", "Write elsewhere."),
    errno.ENAMETOOLONG: ("the name is too long", "Give a shorter one."),
    errno.ENOTDIR: ("a part of its path is not a folder", "Give another path."),
}


def _unwritable(label: Path | str, failure: Exception) -> MattebrushError:
    if isinstance(failure, OSError) and failure.errno in _REASONS:
        reason, fix = _REASONS[failure.errno]
    else:
        reason = getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
        fix = "Write elsewhere."
    return OutputUnwritable(f"{label} cannot be written: {reason}.", fix)
