# SPDX-License-Identifier: Apache-2.0
"""Puts model files into the store, checks them, takes them out: pull, add, verify, remove.

A file gets its final name only when it came whole, has the published checksum and fits its row.
What came is written down (store.Receipt), so that where nobody published a SHA-256 the one first
seen counts from then on. Asking for the license is the caller's duty (commands.py).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .. import paths
from ..atomic import whole_file
from ..cutout import Progress, no_progress
from ..errors import (
    DownloadFailed,
    InputInvalid,
    ModelInvalid,
    ModelUnavailable,
    OptionInvalid,
    OutputUnwritable,
)
from . import download, runtime, store
from .catalog import DATA, ModelFile, ModelRow, get, rows
from .store import Receipt

_CHUNK = 1 << 20


@dataclasses.dataclass(frozen=True)
class Added:
    """A file now in the store. note: what a person should know about its checksum."""

    row: ModelRow
    file: ModelFile
    path: Path
    receipt: Receipt
    note: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What `verify` found for one file. good: False when it is not what it should be."""

    row: ModelRow
    file: ModelFile
    path: Path
    good: bool
    detail: str


def pull(row: ModelRow, mirror: str = "", progress: Progress = no_progress) -> list[Added]:
    """Downloads the files of a model that are not here, or not good any more, and verifies them.

    Parameters
    ----------
    row : ModelRow
        The model's row of the catalog.
    mirror : str, optional
        Base address that holds the files under the catalog's file names; "" takes the published
        addresses.
    progress : Progress, optional
        Called as progress(file name, fraction), 0 to 1; may raise to stop.

    Returns
    -------
    list[Added]
        The files that were downloaded; empty where all were here and good.

    Raises
    ------
    OptionInvalid
        For a model that is part of Mattebrush.
    ModelUnavailable
        When nobody publishes a file.
    DownloadFailed
        When a file does not arrive, or has the wrong checksum.
    ModelInvalid
        When a file does not fit its row.
    OutputUnwritable
        When the store cannot be written.
    """
    _not_embedded(row)
    return [
        _pull_file(row, file, mirror, progress) for file in row.files if not _is_good(row, file)
    ]


def add(source: Path, model_id: str | None = None) -> Added:
    """Takes a file from disk into the store.

    Parameters
    ----------
    source : Path
        The file on disk; it is copied, and stays where it is.
    model_id : str or None, optional
        The catalog id; None finds it by the file's name (an id, or a published name).

    Returns
    -------
    Added
        Where it is now, and what is known of its checksum.

    Raises
    ------
    OptionInvalid
        When the name does not tell which model it is.
    ModelUnavailable
        For an id that is not in the catalog.
    ModelInvalid
        When the file does not fit the row.
    InputInvalid
        When it cannot be read.
    OutputUnwritable
        When the store cannot be written.
    """
    if not paths.is_file(source):
        raise InputInvalid(f"There is no file {source}.")
    row = get(model_id) if model_id else _row_of(source)
    _not_embedded(row)
    file = _file_of(source, row)
    target = _folder(row) / file.name
    digests = _Digests()
    with _readable(source) as stream, whole_file(target, overwrite=True) as copy:
        for chunk in _chunks(stream):
            digests.update(chunk)
            copy.write(chunk)
    return _record(row, file, digests, str(source.resolve()))


def verify(row: ModelRow) -> list[Verdict]:
    """Compares each installed file of a model with its checksum, and with its row's contract.

    Parameters
    ----------
    row : ModelRow
        The model's row of the catalog.

    Returns
    -------
    list[Verdict]
        One a file, in the row's order.

    Raises
    ------
    ModelUnavailable
        When the model is not installed.
    """
    entry = store.resolve(row)
    return [_verdict(row, file, entry.paths[file.role]) for file in row.files]


def remove(row: ModelRow) -> list[Path]:
    """Deletes a model's files, finished and unfinished, from the store; returns what went.

    Parameters
    ----------
    row : ModelRow
        The model's row of the catalog.

    Returns
    -------
    list[Path]
        The files that were deleted.

    Raises
    ------
    OptionInvalid
        For a model that is part of Mattebrush.
    ModelUnavailable
        When there is nothing of it in the store; files of rembg are not ours to delete.
    OutputUnwritable
        When a file cannot be deleted.
    """
    _not_embedded(row)
    runtime.release(row.id)
    place = store.folder(row)
    gone = [path for path in sorted(place.glob("*")) if path.is_file()]
    if not gone:
        entry = store.installed(row)
        where = f" It is used in place from {entry.paths[row.files[0].role]}." if entry else ""
        raise ModelUnavailable(
            f"There is nothing of {row.id} in {place}.{where}",
            "Delete rembg's files yourself if you want." if entry else "",
        )
    try:
        for path in gone:
            path.unlink()
        place.rmdir()
    except OSError as failure:
        raise OutputUnwritable(
            f"{failure.filename} cannot be deleted: {failure.strerror}.",
            "Change its rights, or those of its folder.",
        ) from failure
    return gone


def _verdict(row: ModelRow, file: ModelFile, path: Path) -> Verdict:
    ours = path.parent == store.folder(row)
    receipt = store.receipts(row).get(file.role) if ours else None
    good, detail = _compare(file, _Digests.of(path), receipt)
    if good:
        try:
            runtime.check_file(path, row, file.role)
        except ModelInvalid as failure:
            good, detail = False, failure.message
    return Verdict(row, file, path, good, detail)


def _is_good(row: ModelRow, file: ModelFile) -> bool:
    path = store.find(row, file)
    return path is not None and _verdict(row, file, path).good


def _pull_file(row: ModelRow, file: ModelFile, mirror: str, progress: Progress) -> Added:
    url = f"{mirror.rstrip('/')}/{file.name}" if mirror else file.url
    if not url:
        way = f"`mattebrush models add FILE --id {row.id}`"
        page = f"Look on {row.page}" if row.page else ""
        steps = [page, row.note, "" if way in row.note else f"Then: {way}"]
        raise ModelUnavailable(
            f"No address is known from which {file.name} could be fetched.",
            " ".join(f"{step}." for step in steps if step),
        )
    target = _folder(row) / file.name
    part = target.with_name(file.name + ".part")
    download.fetch(url, part, lambda _, fraction: progress(file.name, fraction))
    digests = _Digests.of(part)
    expected = [(file.sha256, digests.sha256), (file.md5, digests.md5)]
    if any(published and published != seen for published, seen in expected):
        download.discard(part)
        raise DownloadFailed(
            f"{url} is not the published file: its SHA-256 is {digests.sha256}, its MD5 "
            f"{digests.md5}; published is {file.sha256 or file.md5}.",
            "It was deleted. Try again, or another mirror.",
        )
    try:
        runtime.check_file(part, row, file.role)
    except ModelInvalid:
        download.discard(part)
        raise
    part.replace(target)
    download.discard(part)
    return _record(row, file, digests, url)


class _Digests:
    """SHA-256 and MD5 of the same bytes, in one pass."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    @classmethod
    def of(cls, path: Path) -> _Digests:
        digests = cls()
        with _readable(path) as stream:
            for chunk in _chunks(stream):
                digests.update(chunk)
        return digests

    def update(self, chunk: bytes) -> None:
        self._sha256.update(chunk)
        self._md5.update(chunk)
        self.size += len(chunk)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.read(_CHUNK), b"")


def _readable(source: Path) -> IO[bytes]:
    try:
        return source.open("rb")
    except OSError as failure:
        raise InputInvalid(f"{source} cannot be read: {failure.strerror}.") from failure


def _published(file: ModelFile, digests: _Digests) -> bool | None:
    """Whether the bytes are the published ones; None when nobody published a checksum."""
    if file.sha256:
        return digests.sha256 == file.sha256
    return digests.md5 == file.md5 if file.md5 else None


def _record(row: ModelRow, file: ModelFile, digests: _Digests, source: str) -> Added:
    published = _published(file, digests)
    receipt = Receipt(digests.sha256, digests.size, published, source)
    notes = {**store.receipts(row), file.role: receipt}
    with whole_file(_folder(row) / store.RECEIPT, overwrite=True) as stream:
        table = {role: dataclasses.asdict(note) for role, note in notes.items()}
        stream.write(json.dumps(table, indent=2).encode())
    runtime.release(row.id)
    note = {
        True: f"Its checksum is the published {'SHA-256' if file.sha256 else 'MD5'}.",
        False: "Its checksum is NOT the published one: these are other weights, or another export.",
        None: "Nobody published a checksum; the one seen now counts from here on.",
    }[published]
    return Added(row, file, store.folder(row) / file.name, receipt, note)


def _compare(file: ModelFile, digests: _Digests, receipt: Receipt | None) -> tuple[bool, str]:
    if receipt is not None and digests.sha256 != receipt.sha256:
        return False, "has changed since it was installed; pull or add it again"
    match _published(file, digests):
        case True:
            return True, f"is the published file, SHA-256 {digests.sha256}"
        case None if receipt is None:
            return True, f"no checksum is published or noted; SHA-256 {digests.sha256}"
        case None:
            return True, f"is what was installed (none published), SHA-256 {digests.sha256}"
        case _ if receipt is None:
            return False, f"is not the published file, SHA-256 {digests.sha256}"
        case _:
            return True, f"is what was added, not the published file, SHA-256 {digests.sha256}"


def _row_of(source: Path) -> ModelRow:
    if source.stem in rows():
        return rows()[source.stem]
    named = [row for row in rows().values() if any(f.name == source.name for f in row.files)]
    if len(named) == 1:
        return named[0]
    which = f" It belongs to {' and to '.join(row.id for row in named)}." if named else ""
    raise OptionInvalid(
        f"The name {source.name} does not say which model it is.{which}",
        "Say it with --id; `mattebrush models list` shows them.",
    )


def _file_of(source: Path, row: ModelRow) -> ModelFile:
    """Which of a model's files this is: the one whose contract it fits."""
    named = [file for file in row.files if file.name == source.name]
    if named and named[0].role not in row.interface.graphs:
        runtime.check_file(source, row, named[0].role)
        return named[0]
    failures = []
    # A picture of weights fits nothing by its contents, and is known by its name alone.
    checked = [file for file in row.files if not file.role.endswith(DATA)]
    for file in checked:
        try:
            runtime.check_file(source, row, file.role)
            return file
        except ModelInvalid as failure:
            failures.append(failure)
    if len(failures) == 1:
        raise failures[0]
    raise ModelInvalid(
        f"{source.name} fits none of the files of {row.id}. "
        + " ".join(
            f"As {file.role}: {failure.message}"
            for file, failure in zip(checked, failures, strict=True)
        ),
        failures[0].fix,
    )


def _folder(row: ModelRow) -> Path:
    place = store.folder(row)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        homeless = place.is_relative_to(paths.NO_HOME)
        raise OutputUnwritable(
            "This user has no home folder, where models would be kept."
            if homeless
            else f"The folder {place} cannot be made: {failure.strerror}.",
            "Set MATTEBRUSH_HOME to a folder that is yours.",
        ) from failure
    return place


def _not_embedded(row: ModelRow) -> None:
    if row.embedded:
        raise OptionInvalid(f"{row.id} ships with Mattebrush; there is nothing to do.")
