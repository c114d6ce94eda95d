# SPDX-License-Identifier: Apache-2.0
"""A real HTTP server on loopback that can misbehave on request: for the tests of downloads."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclasses.dataclass
class File:
    """One file to serve, and how the server treats requests for it.

    etag: "" for none. ranges: whether parts are given. cut_after: each answer ends, with the
    connection, after so many bytes. cuts: only so many answers are cut. status: answer this
    instead. location: redirect there. declared: claim this length. held: the second half comes when
    this is set, or after five seconds.
    """

    content: bytes = b""
    etag: str = '"one"'
    ranges: bool = True
    cut_after: int = 0
    cuts: int = 0
    status: int = 200
    location: str = ""
    declared: int | None = None
    held: threading.Event | None = None


@dataclasses.dataclass
class Site:
    """files: by path. log: (path, headers) of every request, as the server got them."""

    url: str
    files: dict[str, File]
    log: list[tuple[str, dict[str, str]]] = dataclasses.field(default_factory=list)


@contextlib.contextmanager
def serving(files: dict[str, File]) -> Iterator[Site]:
    """Serves `files` (by path, "/name") on a free port while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.log.append((self.path, dict(self.headers)))
            # A client that uses us as its proxy asks for a full address.
            path = "/" + self.path.partition("://")[2].partition("/")[2]
            file = files.get(path if "://" in self.path else self.path)
            if file is None:
                self.send_error(404)
            elif file.location:
                self.send_response(302)
                self.send_header("Location", file.location)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif file.status != 200:
                self.send_error(file.status)
            else:
                self._send(file)

        def _send(self, file: File) -> None:
            content, start = file.content, 0
            span = self.headers.get("Range", "")
            if span and file.ranges and self.headers.get("If-Range", file.etag) == file.etag:
                start = int(span.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
                )
            else:
                self.send_response(200)
            body = content[start:]
            self.send_header("Content-Length", str(file.declared or len(body)))
            if file.etag:
                self.send_header("ETag", file.etag)
            self.end_headers()
            if file.cuts:
                file.cuts -= 1
                body = body[: file.cut_after]
                self.close_connection = True
            if file.held:
                self.wfile.write(body[: len(body) // 2])
                file.held.wait(5)
                body = body[len(body) // 2 :]
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests read `Site.log`; the terminal stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_address[1]}", files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
