# SPDX-License-Identifier: Apache-2.0
"""Fetches one file over HTTP: goes on where it stopped, honors proxies, says how far it is.

Whether the bytes are the right ones is for install.py to say. Proxies come from the environment
(http_proxy, https_proxy, no_proxy) and the system's settings, as urllib finds them.
"""

from __future__ import annotations

import email.message
import http.client
import json
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO, Any

from .. import __version__
from ..cutout import Progress, no_progress
from ..errors import DownloadFailed, OutputUnwritable

ATTEMPTS = 5
PAUSE = 1.0
"""Seconds before the second attempt; doubled before each further one."""

_CHUNK = 1 << 20
_TIMEOUT = 30.0  # seconds without a byte
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})


def fetch(url: str, part: Path, progress: Progress = no_progress) -> None:
    """Downloads `url` into `part`; bytes that are there from an earlier attempt are kept.

    They are only kept when the server confirms, by ETag or date, that the file is still the same.
    A connection that breaks is taken up again, `ATTEMPTS` times in all. progress("download", f)
    is called with the fraction done; an exception raised from it stops the download and leaves
    `part` to go on from.

    Parameters
    ----------
    url : str
        Where it is.
    part : Path
        Where it goes until it is whole.
    progress : Progress, optional
        Called as progress(stage, fraction); may raise to stop.

    Raises
    ------
    DownloadFailed, OutputUnwritable
        DownloadFailed when the file does not arrive whole, OutputUnwritable when the disk refuses
        it.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise DownloadFailed(f"{url} is no web address.", "Give one that starts with https://.")
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        try:
            _once(url, part, progress)
            return
        except (OSError, http.client.HTTPException) as failure:
            if isinstance(failure, urllib.error.HTTPError) and failure.code not in _TRANSIENT:
                raise _refused(url, failure) from failure
            reason = getattr(failure, "reason", None) or failure
    raise DownloadFailed(
        f"{url} did not arrive whole: {reason or type(reason).__name__}.",
        "Try again: what has arrived is kept. Behind a proxy, set https_proxy.",
    )


def discard(part: Path) -> None:
    """Forgets an unfinished download.

    Parameters
    ----------
    part : Path
        What has arrived of it.
    """
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _once(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    tag = _remembered(part, url)
    headers = {"User-Agent": f"mattebrush/{__version__}", "Accept-Encoding": "identity"}
    if have and tag:
        headers |= {"Range": f"bytes={have}-", "If-Range": tag}
    try:
        with _opener().open(
            urllib.request.Request(url, headers=headers), timeout=_TIMEOUT
        ) as answer:
            start = _start(answer, have)
            _receive(answer, part, start, url, progress)
    except urllib.error.HTTPError as failure:
        if failure.code != 416:
            raise
        # Nothing lies beyond what we have: it is whole, or no longer the same file.
        if failure.headers.get("Content-Range") != f"bytes */{have}":
            discard(part)
            raise ConnectionError("the file has changed on the server") from failure


def _start(answer: Any, have: int) -> int:
    """From which byte the answer goes on; 0 when the server sends everything anew."""
    if answer.status != 206:
        return 0
    span = answer.headers.get("Content-Range", "")
    if not span.startswith(f"bytes {have}-"):
        raise ConnectionError(f"the server sent {span!r} instead of what follows byte {have}")
    return have


def _receive(answer: Any, part: Path, start: int, url: str, progress: Progress) -> None:
    length = answer.headers.get("Content-Length")
    total = start + int(length) if length is not None else None
    _must_fit(part, (total or 0) - start)
    with _writable(part, "ab" if start else "wb") as file:
        _remember(part, url, answer.headers)
        done = start
        while chunk := answer.read1(_CHUNK):  # what has come, without waiting for a chunk to fill
            _write(file, chunk, part)
            done += len(chunk)
            progress("download", done / total if total else 0.0)
    if total is not None and done < total:
        raise ConnectionError(f"the connection ended after {done} of {total} bytes")


def _must_fit(part: Path, size: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if size > free:
        raise OutputUnwritable(
            f"{size / 1e6:.1f} MB more are needed in {part.parent}, {free / 1e6:.1f} MB are free.",
            "Free some space, or set MATTEBRUSH_HOME to a folder on another disk.",
        )


def _writable(part: Path, mode: str) -> IO[bytes]:
    try:
        return part.open(mode, buffering=0)
    except OSError as failure:
        raise _unwritable(part, failure) from failure


def _write(file: IO[bytes], chunk: bytes, part: Path) -> None:
    """Unbuffered, so that what counts as arrived is on the disk; such a write may do only a bit."""
    rest = memoryview(chunk)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as failure:
        raise _unwritable(part, failure) from failure


def _unwritable(part: Path, failure: OSError) -> OutputUnwritable:
    return OutputUnwritable(
        f"{part} cannot be written: {failure.strerror or failure}.",
        "Free some space, or set MATTEBRUSH_HOME to a folder elsewhere, then pull again.",
    )


def _refused(url: str, failure: urllib.error.HTTPError) -> DownloadFailed:
    fix = "Try --mirror, or fetch it by hand and use `mattebrush models add FILE`."
    if failure.code in (401, 403):
        fix = (
            "It wants you to sign in, or to agree to terms first: open the page shown by "
            "`mattebrush models info`, download it there, then use `mattebrush models add FILE`."
        )
    return DownloadFailed(f"{url} answered {failure.code} {failure.reason}.", fix)


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to something less."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme not in ("http", "https") or (req.type == "https" and scheme != "https"):
            raise DownloadFailed(f"{req.full_url} leads to {newurl}, which is not secure.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoDowngrade)


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _remember(part: Path, url: str, headers: email.message.Message) -> None:
    # A weak ETag promises no equal bytes, so it cannot vouch for a continuation.
    tag = headers.get("ETag", "")
    tag = headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
    try:
        _note(part).write_text(json.dumps({"url": url, "tag": tag}), "utf-8")
    except OSError as failure:
        raise _unwritable(part, failure) from failure


def _remembered(part: Path, url: str) -> str:
    try:
        note = json.loads(_note(part).read_text("utf-8"))
        return str(note["tag"]) if note["url"] == url else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""
