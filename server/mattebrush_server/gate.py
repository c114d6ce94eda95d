# SPDX-License-Identifier: Apache-2.0
"""Where bytes come in: waitress, with every request judged by its headers before its body is read.

A request that lacks the token, comes from a foreign page, is too large, too slow, or finds the
server full is refused while its body is still on the wire. Bodies go straight into a blob, never
to disk; the bytes of all uploads under way together are bounded.
"""

from __future__ import annotations

import contextlib
import functools
import http
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from waitress.buffers import OverflowableBuffer, ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver
from waitress.server import TcpWSGIServer, create_server
from waitress.utilities import Error

from mattebrush.errors import MattebrushError

from .blobs import Blob
from .errors import Busy, UploadTooLarge, UploadTooSlow, WithHeaders
from .settings import Settings

logger = logging.getLogger(__name__)

_IN_MEMORY = 1 << 60
"""For waitress: overflow to a temporary file beyond this many bytes, that is, never."""

_THREADS_BESIDE_WAITERS = 16
_CONNECTIONS = 400
_HEADER_SECONDS = 10.0
_CROWDED = _CONNECTIONS * 3 // 4
_CROWDED_SECONDS = 1.0
"""How long, beyond so many connections, one may say nothing."""

_DRAIN_SECONDS = 10.0
_DRAIN_PAUSE = 5.0  # seconds that a busy machine may keep a client from sending on
_SOCKET_BYTES = 1 << 22  # a picture has megabytes; with the default it goes in small bites

Judge = Callable[[str, str, Callable[[str], str | None]], None]
"""judge(method, path, header) raises MattebrushError when the request must not go on."""

Explain = Callable[[str, MattebrushError], tuple[int, dict[str, Any]]]
"""explain(path, error) gives the status and the JSON object that a failure there is told by."""


class Uploads:
    """Bytes of the requests that are being received."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Reserves room. Raises Busy."""
        with self._lock:
            if size > self._left:
                raise Busy("Too many uploads are under way.", "Try again soon.")
            self._left -= size

    def give_back(self, size: int) -> None:
        """Gives room back."""
        with self._lock:
            self._left += size


class BlobFile(OverflowableBuffer):  # type: ignore[misc]
    """waitress' buffer for a body of known length, kept in a blob."""

    def __init__(self, size: int) -> None:
        self.blob = Blob.allocate(size)
        self._filled = 0

    def append(self, data: bytes) -> None:
        self.blob.write(self._filled, data)
        self._filled += len(data)

    def __len__(self) -> int:
        return self._filled

    def getfile(self) -> Any:
        reader = self.blob.reader()
        reader.blob = self.blob  # type: ignore[attr-defined]
        return reader

    def close(self) -> None:
        self.blob.release()


class BlobParcel(ReadOnlyFileBasedBuffer):  # type: ignore[misc]
    """A blob as waitress sends it, from where it lies; a user of its own until it is closed."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob.keep()
        self._closed = False
        self.remain = blob.size

    def prepare(self, size: int | None = None) -> int:
        return self.remain

    def get(self, numbytes: int = -1, skip: bool = False) -> memoryview:
        start = self._blob.size - self.remain
        part = self._blob.view[start:][: None if numbytes < 0 else numbytes]
        if skip:
            self.remain -= len(part)
        return part

    def skip(self, numbytes: int, allow_prune: bool = False) -> None:
        self.remain -= numbytes

    def __iter__(self) -> Iterator[bytes]:
        while self.remain:
            yield bytes(self.get(_SOCKET_BYTES, skip=True))

    def close(self) -> None:
        if not self._closed:
            self._closed, self.remain = True, 0
            self._blob.release()


class _Refusal(Error):  # type: ignore[misc]
    """waitress' error page, as our JSON."""

    def __init__(self, path: str, error: MattebrushError, explain: Explain) -> None:
        self.code, failure = explain(path, error)
        self.reason = http.HTTPStatus(self.code).phrase
        self._body = json.dumps(failure).encode()
        self._error = error

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        headers += self._error.headers if isinstance(self._error, WithHeaders) else []
        return f"{self.code} {self.reason}", headers, self._body


def make_server(
    application: Callable[..., Iterable[bytes]],
    listener: socket.socket,
    settings: Settings,
    judge: Judge,
    explain: Explain,
) -> TcpWSGIServer:
    """A waitress server on a bound socket; `run` serves, `close` ends it.

    Parameters
    ----------
    application
        The WSGI application.
    listener
        The socket, bound.
    settings
        The server's; its limits hold here.
    judge
        Refuses a request by its headers alone, see `app`.
    explain
        Puts an error into the words of the API that a path belongs to.
    """
    uploads = Uploads(2 * settings.upload_bytes)

    class Parser(_Parser):
        pass

    Parser.setup = (settings, uploads, judge, explain)

    class Channel(_Channel):
        parser_class = Parser

    logging.getLogger("waitress").setLevel(logging.ERROR)
    server = create_server(
        application,
        sockets=[listener],
        threads=settings.waiters + _THREADS_BESIDE_WAITERS,
        max_request_body_size=settings.upload_bytes + 1,
        inbuf_overflow=_IN_MEMORY,
        outbuf_overflow=_IN_MEMORY,
        recv_bytes=1 << 20,
        connection_limit=_CONNECTIONS,
        channel_timeout=int(settings.upload_seconds),
        cleanup_interval=1,
        channel_request_lookahead=1,  # lets a waiting request learn that its client has gone
        asyncore_use_poll=True,
        ident=None,
        expose_tracebacks=False,
    )
    server.channel_class = Channel
    server.maintenance = functools.partial(_close_stuck, server)
    server.adj.socket_options = [
        (socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES),
        (socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BYTES),
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    ]
    return server


def close(server: TcpWSGIServer, listener: socket.socket) -> None:
    """Ends a server: no new connections, and none of those there are goes on."""
    # A thread that still has something to say to a client finds nobody any more.
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    with contextlib.suppress(OSError):
        # At once: a thread that still waits for connections would keep the port open.
        listener.shutdown(socket.SHUT_RDWR)
    for channel in list(server.active_channels.values()):
        channel.will_close = True
    server.close()


def _close_stuck(server: TcpWSGIServer, now: float) -> None:
    """Closes connections that wait for a request in vain, or whose client reads no more.

    waitress looks for the former only; the latter would keep a thread and a result for ever. Where
    there are many, those that have not even sent a header make room for the others.
    """
    channels = list(server.active_channels.values())
    crowded = len(channels) > _CROWDED
    for channel in channels:
        channel.ask_whether_there()
        silent = crowded and channel.says_nothing
        patience = _CROWDED_SECONDS if silent else server.adj.channel_timeout
        if (channel.silent_since if silent else channel.last_activity) >= now - patience:
            continue
        if channel.total_outbufs_len > 0:
            # At once: a socket that takes no more bytes is never reported as writable again.
            channel.handle_close()
        elif not channel.requests:
            channel.will_close = True


class _Channel(HTTPChannel):  # type: ignore[misc]
    _drain = False
    _sends_no_more = False
    _answering = False

    def handle_read(self) -> None:
        """As waitress, except that who has only closed its own side still gets its answer."""
        if self.requests and not self._sends_no_more and self._at_end():
            self._sends_no_more = True
            self.ask_whether_there()
        else:
            super().handle_read()

    def _at_end(self) -> bool:
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return False  # waitress says what that means

    def readable(self) -> bool:
        readable: bool = super().readable()
        return readable and not self._sends_no_more

    def ask_whether_there(self) -> None:
        """Tells a client that sends no more to go on waiting; one that has gone refuses even that.

        Its end looks the same; at the second time the difference shows.
        """
        requests = list(self.requests)
        if not (self._sends_no_more and requests) or requests[0].error:
            return
        with self.outbuf_lock:
            if self._answering or requests[0].version != "1.1":
                return
            try:
                self.socket.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            except BlockingIOError:
                return
            except OSError:
                self.handle_close()

    def write_soon(self, data: Any) -> Any:
        with self.outbuf_lock:
            self._answering = True
        return super().write_soon(data)

    @property
    def says_nothing(self) -> bool:
        """Whether no request is under way here but, at most, a part of its header."""
        request: _Parser | None = self.request
        part = request is None or not request.headers_finished
        return part and not self.requests and self.total_outbufs_len == 0

    @property
    def silent_since(self) -> float:
        """When the header that is being waited for began, on waitress' clock."""
        request: _Parser | None = self.request
        since: float = self.last_activity if request is None else request.begun
        return since

    def service(self) -> None:
        # It stays so: what comes in after the refusal may look like a request of its own.
        self._drain = self._drain or self.requests[0].left_unread
        self._answering = False
        super().service()
        if self._sends_no_more and not self.requests:
            self.close_when_flushed = True
            self.server.pull_trigger()

    def handle_close(self) -> None:
        # waitress forgets a request that was cut off half-way; ours holds memory.
        with self.requests_lock:
            request: _Parser | None = getattr(self, "request", None)
            self.request = None
        if request is not None:
            request.close()
        rest = self._rest() if self._drain else None
        super().handle_close()
        if rest is not None:
            threading.Thread(target=_drain, args=(rest,), daemon=True, name="drain").start()

    def _rest(self) -> socket.socket | None:
        self._drain = False
        try:
            rest: socket.socket = self.socket.dup()
        except OSError:
            return None
        return rest


def _drain(connection: socket.socket) -> None:
    """Reads what a refused client still sends, so that it comes to read the refusal.

    Closed at once, the connection would be reset under it, and the answer lost.
    """
    end = time.monotonic() + _DRAIN_SECONDS
    with connection, contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(_DRAIN_PAUSE)
        while time.monotonic() < end and connection.recv(_SOCKET_BYTES):
            pass


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    setup: tuple[Settings, Uploads, Judge, Explain]
    completed: bool

    def __init__(self, adjustments: Any) -> None:
        super().__init__(adjustments)
        self._started = time.monotonic()
        self.begun = time.time()
        self._reserved = 0
        self._judged = False

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        try:
            self._check()
        except MattebrushError as error:
            self._refuse(error)
        except Exception as error:
            # Whatever a header does to us, its client gets an answer, and the others go on.
            logger.error("A request could not be judged", exc_info=error)
            self._refuse(MattebrushError("The server failed on this request."))
        return consumed

    def _check(self) -> None:
        settings, uploads, judge, _ = self.setup
        if self.headers_finished and not (self.empty or self.error or self._judged):
            self._judged = True
            judge(self.command, self.path, self._header)
            if self.content_length > settings.upload_bytes:
                raise self._too_large()
            self._reserve(self.content_length, uploads)
            if self.content_length > 0 and not self.chunked:
                self.body_rcv = FixedStreamReceiver(
                    self.content_length, BlobFile(self.content_length)
                )
        if self.chunked and self.error is None:
            self._reserve(self.body_bytes_received, uploads)
        if self.completed:
            # Without a body there is nothing to invite; waitress would wait for it.
            self.expect_continue = False
        if not self.completed:
            self._check_pace(settings)
        elif isinstance(self.error, Error) and self.error.code == 413:
            raise self._too_large()

    def _reserve(self, size: int, uploads: Uploads) -> None:
        uploads.take(max(0, size - self._reserved))
        self._reserved = max(size, self._reserved)

    def _check_pace(self, settings: Settings) -> None:
        body = self.body_bytes_received / settings.upload_bytes_per_second
        allowed = (
            settings.upload_seconds + body
            if self.headers_finished
            else min(_HEADER_SECONDS, settings.upload_seconds)
        )
        if time.monotonic() - self._started > allowed:
            raise UploadTooSlow("The request did not arrive in time.", "Send it again.")

    def _too_large(self) -> UploadTooLarge:
        most = self.setup[0].upload_bytes
        return UploadTooLarge(
            f"The request has more than {most / 1e6:.0f} megabytes, the most this server takes.",
            "Send a smaller picture, or start the server with a larger --max-upload.",
        )

    def _header(self, name: str) -> str | None:
        value: str | None = self.headers.get(name.upper().replace("-", "_"))
        return value

    def _refuse(self, error: MattebrushError) -> None:
        path = getattr(self, "path", "/")
        self.error = _Refusal(path, error, self.setup[3])
        # Else waitress would go on to invite the body.
        self.expect_continue = False
        self.completed = True

    @property
    def left_unread(self) -> bool:
        """Whether the client still sends a body that nobody wants."""
        pending: bool = self.content_length > self.body_bytes_received or self.chunked
        return self.error is not None and pending

    def close(self) -> None:
        self.setup[1].give_back(self._reserved)
        self._reserved = 0
        super().close()
