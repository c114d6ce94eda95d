# SPDX-License-Identifier: Apache-2.0
"""Where a batch's pictures come from: folders with sub-folders, lists, wildcards, tar shards, on a
disk or by URL.

Every picture has a key, its path within the source with forward slashes, from which the result's
name is made, so that a tree comes out as it went in.
"""

from __future__ import annotations

import dataclasses
import glob
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..errors import InputInvalid, MattebrushError, OptionInvalid
from . import places

_PHOTOGRAPHS = {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif"}
_OTHERS = {".avif", ".bmp", ".gif", ".psd", ".psb", ".jp2", ".j2k", ".tga", ".exr"}
_OTHERS |= {".ppm", ".pgm", ".pbm", ".pnm", ".pfm"}
ENDINGS = frozenset(_PHOTOGRAPHS | _OTHERS)
"""What counts as a picture in a folder or shard; what a list names is taken as it is."""


@dataclasses.dataclass(frozen=True)
class Item:
    """A picture. key: unique in its batch. path: the file, or the shard that holds it, or a URL;
    member: its name there, "" for a file of its own."""

    key: str
    path: str
    member: str = ""

    def read(self) -> bytes:
        """The picture's bytes.

        Returns
        -------
        bytes

        Raises
        ------
        InputInvalid
            Where it cannot be read.
        """
        if places.is_url(self.path):
            try:
                system, path = places.file_system(self.path)
                if not self.member:
                    return bytes(system.cat_file(path))
                with system.open(path, "rb") as file:
                    return self._from_shard(file)
            except MattebrushError:
                raise
            except Exception as failure:  # whatever a driver of fsspec raises
                why = places.reason(failure)
                raise InputInvalid(f"{self.key} cannot be read: {why}.") from failure
        try:
            if not self.member:
                return Path(self.path).read_bytes()
            with Path(self.path).open("rb") as file:
                return self._from_shard(file)
        except (OSError, tarfile.TarError, KeyError) as failure:
            why = getattr(failure, "strerror", None) or str(failure)
            raise InputInvalid(f"{self.key} cannot be read: {why}.") from failure

    def _from_shard(self, shard: BinaryIO) -> bytes:
        with tarfile.open(fileobj=shard) as tar:
            file = tar.extractfile(self.member)
            if file is None:
                raise InputInvalid(f"{self.member} is no file in {self.path}.")
            return file.read()


def find(source: str) -> list[Item]:
    """The pictures of a source, in natural order.

    Parameters
    ----------
    source
        A folder; a `.tar` shard; a `.txt` list with a path a line; a wildcard, in which `**` goes
        through sub-folders; or one picture. Or any of these by URL.

    Returns
    -------
    list of Item
        A picture each.

    Raises
    ------
    InputInvalid
        Where there is nothing of the kind.
    """
    path = places.local_path(source)
    if places.is_url(source):
        items = list(_of_url(source))
    elif path.is_dir():
        items = list(_of_folder(path))
    elif path.suffix.lower() == ".tar" and path.is_file():
        items = list(_of_shard(path))
    elif path.suffix.lower() == ".txt" and path.is_file():
        items = list(_of_list(path))
    elif path.is_file():
        items = [Item(path.name, str(path))]
    else:
        items = list(_of_wildcard(str(path) if source.lower().startswith("file:") else source))
    if not items:
        raise InputInvalid(
            f"{source} holds no pictures.", "Give a folder, a list, a wildcard or a tar shard."
        )
    return sorted(items, key=lambda item: natural(item.key))


def targets(items: Sequence[Item], ending: str) -> dict[str, str]:
    """The result's path within the destination for every key.

    Parameters
    ----------
    items : Sequence[Item]
        What there is to do.
    ending : str
        Of the results, with its dot.

    Returns
    -------
    dict[str, str]

    Raises
    ------
    OptionInvalid
        Naming both, where two pictures would have one result.
    """
    taken: dict[str, str] = {}
    results = {}
    for item in items:
        result = re.sub(r"\.[^./]*$", "", item.key) + ending
        # Some file systems take letters of either case for the same.
        other = taken.setdefault(result.lower(), item.key)
        if other != item.key:
            raise OptionInvalid(
                f"{other} and {item.key} would both become {result}.",
                "Rename one of them, or run them apart.",
            )
        results[item.key] = result
    return results


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key to sort by, in which 2 comes before 10.

    Parameters
    ----------
    text : str
        As a person wrote it.

    Returns
    -------
    list[tuple[int, int, str]]
    """
    parts = re.split(r"(\d+)", text.lower())
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts if p]


def _of_folder(folder: Path) -> Iterator[Item]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in ENDINGS and not hidden and path.is_file():
            yield Item(path.relative_to(folder).as_posix(), str(path))


def _of_shard(shard: Path) -> Iterator[Item]:
    try:
        with shard.open("rb") as file:
            yield from _members(file, str(shard))
    except (OSError, tarfile.TarError) as failure:
        raise InputInvalid(f"{shard} is no tar file that can be read: {failure}.") from failure


def _members(file: BinaryIO, label: str) -> Iterator[Item]:
    with tarfile.open(fileobj=file) as tar:
        members = [m.name for m in tar if m.isfile()]
    for name in members:
        parts = name.replace("\\", "/").split("/")
        if Path(name).suffix.lower() in ENDINGS and ".." not in parts and parts[0]:
            yield Item("/".join(parts), label, name)


def _of_list(listing: Path) -> Iterator[Item]:
    named = _named(listing.read_text("utf-8-sig"))
    if any(map(places.is_url, named)):
        if not all(map(places.is_url, named)):
            raise InputInvalid(
                f"{listing} names URLs and files of this machine.", "Make a list of each."
            )
        yield from _below_one_url(named)
        return
    paths = [Path(line) if Path(line).is_absolute() else listing.parent / line for line in named]
    yield from _below_one_folder([str(path) for path in paths])


def _named(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _of_url(url: str) -> Iterator[Item]:
    system, root = places.file_system(url)
    root = root.rstrip("/")
    ending = PurePosixPath(root).suffix.lower()
    try:
        system.invalidate_cache()  # what a run before this one saw is old
        if ending == ".tar" and system.isfile(root):
            with system.open(root, "rb") as file:
                yield from _members(file, url)
        elif ending == ".txt" and system.isfile(root):
            named = _named(system.cat_file(root).decode("utf-8-sig"))
            above = url.rpartition("/")[0]
            urls = [line if places.is_url(line) else f"{above}/{line}" for line in named]
            yield from _below_one_url(urls)
        elif ending in ENDINGS and system.isfile(root):
            yield Item(PurePosixPath(root).name, url)
        elif glob.has_magic(root) and not system.isdir(root):
            paths = [path for path in system.glob(root) if system.isfile(path)]
            yield from _below_one_url([system.unstrip_protocol(path) for path in paths])
        else:
            for path in system.find(root):
                key = str(path)[len(root) :].lstrip("/")
                # A store's names are any text: none may lead out of the destination.
                hidden = any(part.startswith(".") for part in re.split(r"[/\\]", key))
                if PurePosixPath(key).suffix.lower() in ENDINGS and not hidden:
                    yield Item(key, system.unstrip_protocol(path))
    except MattebrushError:
        raise
    except FileNotFoundError:
        return  # said by the caller, as of any other source
    except Exception as failure:  # whatever a driver of fsspec raises
        raise InputInvalid(
            f"{url} cannot be read: {places.reason(failure)}.",
            "Check the address, the network and your keys.",
        ) from failure


def _below_one_url(urls: list[str]) -> Iterator[Item]:
    """Keys are what differs, as of paths."""
    folders = [url.split("/")[:-1] for url in urls]
    shared = 0
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared += 1
    for url in urls:
        key = "/".join(part for part in url.split("/")[shared:] if part)
        if ".." not in re.split(r"[/\\]", key):
            yield Item(key, url)


def _of_wildcard(pattern: str) -> Iterator[Item]:
    paths = glob.glob(pattern, recursive=True)  # noqa: PTH207 - the user's own spelling
    yield from _below_one_folder([path for path in paths if Path(path).is_file()])


def _below_one_folder(paths: list[str]) -> Iterator[Item]:
    """Keys are what differs: the paths from the folder that holds them all."""
    folders = [Path(path).absolute().parent for path in paths]
    common = folders[0] if folders else Path()
    for folder in folders:
        while common != folder and common not in folder.parents and common != common.parent:
            common = common.parent
    for path in paths:
        own = Path(path).absolute()
        key = own.relative_to(common) if own.is_relative_to(common) else Path(own.name)
        yield Item(key.as_posix(), path)
