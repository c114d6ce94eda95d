# SPDX-License-Identifier: Apache-2.0
"""Folders that results go into: on a disk, or by URL through fsspec (S3, GCS, SFTP, and so on).

fsspec is loaded only where somebody gave a URL. Keys of a store stand where its own tools look for
them (environment, ~/.aws), so that none ends up in a manifest.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import extras
from ..errors import MattebrushError, OptionInvalid, OutputUnwritable

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: C:/ is a drive
_PART = re.compile(r"\.(.{,100})\.[0-9a-f]{8}\.part", re.DOTALL)
"""What `atomic.whole_file` calls a file until it is whole."""

_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oci", "memory"})
"""Without folders of their own. Making a "folder" there could make a bucket."""


def is_url(text: str) -> bool:
    """Whether a source or destination is to be had through fsspec.

    Parameters
    ----------
    text : str
        As it was typed.

    Returns
    -------
    bool
    """
    return _URL.match(text) is not None and not text.lower().startswith("file://")


def local_path(text: str) -> Path:
    """A path, or what a file:// URL means.

    Parameters
    ----------
    text : str
        No other URL.

    Returns
    -------
    Path
    """
    if text.lower().startswith("file://"):
        return Path(urllib.request.url2pathname(urllib.parse.urlsplit(text).path))
    return Path(text)


def file_system(url: str) -> tuple[Any, str]:
    """fsspec's file system for a URL, and the path in it.

    Parameters
    ----------
    url : str
        Such as "s3://bucket/photos".

    Returns
    -------
    tuple[Any, str]

    Raises
    ------
    OptionInvalid
        Where a package is missing, the kind of URL is unknown, or it has a password in it.
    """
    if urllib.parse.urlsplit(url).password is not None:
        raise OptionInvalid(
            "The URL has a password in it, which would end up in the manifest.",
            "Leave it out; keys stand where the store's own tools look for them.",
        )
    if "::" in url:
        raise OptionInvalid(f"{url} is a chain of URLs.", "Give one URL.")
    try:
        import fsspec
    except ImportError as missing:
        raise OptionInvalid(
            f"{url} is read and written through a further package.",
            extras.advice("cloud", "fsspec s3fs"),
        ) from missing
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as missing:  # fsspec names the package; the extra brings that of S3 only
        raise OptionInvalid(
            f"{url} needs a further package: {missing}.",
            extras.advice("cloud", "fsspec s3fs")
            if url.lower().startswith(("s3:", "s3a:"))
            else "It goes into the Python environment that Mattebrush runs in.",
        ) from missing
    except ValueError as failure:
        raise OptionInvalid(f"{url} is no URL that fsspec knows: {failure}.") from failure
    return system, str(path)


def reason(failure: Exception) -> str:
    """Why a store refused, in its own words.

    Parameters
    ----------
    failure : Exception
        fsspec's drivers raise whatever their libraries do.

    Returns
    -------
    str
    """
    text = getattr(failure, "strerror", None) or str(failure)
    return f"{text} ({type(failure).__name__})" if text else type(failure).__name__


@dataclasses.dataclass(frozen=True)
class LocalFolder:
    """A folder on a disk."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def exists(self, name: str) -> bool:
        """Whether a file is there.

        Parameters
        ----------
        name : str
            Its path within the folder, with forward slashes.

        Returns
        -------
        bool
        """
        return (self.path / name).exists()

    def write(self, name: str, data: bytes) -> None:
        """Writes a file, whole or not at all, and the folders above it.

        Parameters
        ----------
        name : str
            Its path within the folder, with forward slashes.
        data : bytes
            What it holds.

        Raises
        ------
        OutputUnwritable
        """
        from ..atomic import whole_file

        target = self.path / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            raise OutputUnwritable(
                f"Cannot make the folder {target.parent}: {failure.strerror}."
            ) from failure
        with whole_file(target, overwrite=True) as file:
            file.write(data)

    def sweep(self, names: Iterable[str]) -> None:
        """Removes what a kill has left of files that were being written.

        Parameters
        ----------
        names : Iterable[str]
            Files that nobody else writes now, by their paths within the folder.
        """
        wanted: dict[Path, set[str]] = {}
        for name in names:
            path = self.path / name
            wanted.setdefault(path.parent, set()).add(path.name)
        for parent, below in wanted.items():
            with contextlib.suppress(OSError):
                for path in parent.glob(".*.part"):
                    part = _PART.fullmatch(path.name)
                    if part and part[1] in below:
                        path.unlink()


@dataclasses.dataclass(frozen=True)
class RemoteFolder:
    """A folder by URL. Can be sent to other processes and machines."""

    url: str

    def __str__(self) -> str:
        return self.url

    def exists(self, name: str) -> bool:
        """Whether a file is there.

        Parameters
        ----------
        name : str
            Its path within the folder, with forward slashes.

        Returns
        -------
        bool
        """
        system, root = file_system(self.url)
        try:
            return bool(system.exists(f"{root.rstrip('/')}/{name}"))
        except Exception as failure:  # see `reason`
            raise self._refused(name, failure) from failure

    def read(self, name: str) -> bytes:
        """A file's bytes.

        Parameters
        ----------
        name : str
            Its path within the folder, with forward slashes.

        Returns
        -------
        bytes
        """
        system, root = file_system(self.url)
        try:
            return bytes(system.cat_file(f"{root.rstrip('/')}/{name}"))
        except Exception as failure:  # see `reason`
            raise self._refused(name, failure) from failure

    def names(self, below: str) -> list[str]:
        """What lies in a folder of this one, sorted.

        Parameters
        ----------
        below : str
            The folder's path within this one.

        Returns
        -------
        list[str]
            Paths within this folder; none where there is no such folder.
        """
        system, root = file_system(self.url)
        root = root.rstrip("/")
        try:
            system.invalidate_cache()
            paths = system.find(f"{root}/{below}")
        except FileNotFoundError:
            return []
        except Exception as failure:  # see `reason`
            raise self._refused(below, failure) from failure
        return sorted(str(path)[len(root) + 1 :] for path in paths)

    def write(self, name: str, data: bytes) -> None:
        """Writes a file.

        Parameters
        ----------
        name : str
            Its path within the folder, with forward slashes.
        data : bytes
            What it holds.

        Raises
        ------
        OutputUnwritable
        """
        system, root = file_system(self.url)
        path = f"{root.rstrip('/')}/{name}"
        try:
            if self.url.split(":", 1)[0].lower() not in _STORES:
                system.makedirs(path.rpartition("/")[0], exist_ok=True)
            system.pipe_file(path, data)
        except Exception as failure:  # see `reason`
            raise self._refused(name, failure) from failure

    def _refused(self, name: str, failure: Exception) -> MattebrushError:
        return OutputUnwritable(
            f"{self.url.rstrip('/')}/{name} cannot be had: {reason(failure)}.",
            "Check the address, the network and your keys, then go on with --resume.",
        )


Folder = LocalFolder | RemoteFolder


def folder(text: str) -> Folder:
    """Where results go.

    Parameters
    ----------
    text : str
        A path or URL.

    Returns
    -------
    Folder
    """
    return RemoteFolder(text) if is_url(text) else LocalFolder(local_path(text))
