# SPDX-License-Identifier: Apache-2.0
"""A real server on loopback, a small client for it, and pictures to send."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import io
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from mattebrush.jobs import contract
from mattebrush_server.serving import Server
from mattebrush_server.settings import Settings

TOKEN = "a-token-of-the-tests"


@dataclasses.dataclass(frozen=True)
class Response:
    """status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def picture(self) -> np.ndarray:
        """The body as the pixels of a picture file."""
        return np.asarray(Image.open(io.BytesIO(self.body)))


class Client:
    """Asks one server; sends the token unless state otherwise."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.port = int(server.url.rpartition(":")[2])

    def ask(
        self, method: str, path: str, body: Any = None, token: str | None = TOKEN, **headers: str
    ) -> Response:
        """One exchange on a connection of its own; header names with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        with contextlib.closing(connection):
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, received, answer.read())

    def send(self, options: dict[str, Any], **arrays: np.ndarray) -> str:
        """Posts an NPZ request; returns the job's id."""
        body = contract.encode_request(options, **arrays)
        answer = self.ask("POST", "/v1/jobs", body, Content_Type="application/x-npz")
        assert answer.status == 202, answer.body
        return str(answer.json()["id"])

    def form(self, path: str, files: dict[str, bytes], **texts: str) -> Response:
        """Posts a multipart form."""
        boundary = "b0undary"
        field = "Content-Disposition: form-data; name="
        parts = [
            f'--{boundary}\r\n{field}"{name}"\r\n\r\n{text}\r\n'.encode()
            for name, text in texts.items()
        ]
        for name, data in files.items():
            head = f'{field}"{name}"; filename="../{name}.png"'
            kind = "Content-Type: application/octet-stream"
            parts.append(f"--{boundary}\r\n{head}\r\n{kind}\r\n\r\n".encode() + data + b"\r\n")
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        return self.ask(
            "POST", path, body, Content_Type=f"multipart/form-data; boundary={boundary}"
        )

    def state(self, job_id: str) -> dict[str, Any]:
        """What the server says of a job."""
        state: dict[str, Any] = self.ask("GET", f"/v1/jobs/{job_id}").json()
        return state

    def wait(self, job_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """Waits for a job's end."""
        return self.wait_for(
            job_id, lambda state: state["state"] not in ("queued", "running"), seconds
        )

    def wait_for(
        self, job_id: str, test: Callable[[dict[str, Any]], bool], seconds: float = 60.0
    ) -> dict[str, Any]:
        """Waits until what the server says of a job passes the test."""
        end = time.monotonic() + seconds
        while not test(state := self.state(job_id)):
            assert time.monotonic() < end, state
            time.sleep(0.02)
        return state

    def worker_pid(self) -> int | None:
        """The process id of the first device's worker."""
        return self.server.service.lanes["auto"].worker.pid

    @contextlib.contextmanager
    def held(self) -> Iterator[int]:
        """Holds the worker still, by its process id: what is sent meanwhile stays under way,
        however fast the engine is."""
        if self.worker_pid() is None:
            job = self.send({"op": "segment", "force": True}, image=scene(64, 64))
            assert self.wait(job)["state"] == "done"
            self.ask("DELETE", f"/v1/jobs/{job}")
        pid = self.worker_pid()
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def running(**settings: Any) -> Iterator[Client]:
    """A server with these settings, and a client for it."""
    server = Server(Settings(token=TOKEN, **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield Client(server)
    finally:
        server.stop()
        thread.join(20)
        assert not thread.is_alive()


def scene(width: int = 120, height: int = 80) -> np.ndarray:
    """A bright disc before a dark, noisy ground: (H, W, 3) uint8."""
    noise = np.random.default_rng(5).integers(20, 70, (256, 256, 3), np.uint8)
    ground = np.tile(noise, (height // 256 + 1, width // 256 + 1, 1))[:height, :width]
    y, x = np.ogrid[:height, :width]
    disc = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2
    return np.where(disc[:, :, None], np.array([235, 170, 60], np.uint8), ground)


def png(pixels: np.ndarray) -> bytes:
    """The pixels as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def until(test: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits until the test holds."""
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end
        time.sleep(0.02)
