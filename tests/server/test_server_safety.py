# SPDX-License-Identifier: Apache-2.0
"""What must not get in: strangers, foreign pages, bombs, lies about length, slow uploads."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import socket
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mattebrush.jobs import contract
from mattebrush_server.dialects import ROUTES
from tests.server.server_client import TOKEN, scene, until

Serving = Callable[..., AbstractContextManager[Any]]
NPZ = "application/x-npz"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.rule}")
@pytest.mark.parametrize("token", (None, "wrong"))
def test_every_route_but_health_wants_the_token(client: Any, route: Any, token: str | None) -> None:
    answer = client.ask(route.method, route.rule.replace("{id}", "x"), b"", token=token)
    if route.rule == "/healthz":
        assert answer.status == 200
    elif route.rule == "/v1/sessions":  # it wants a key of its own instead
        assert answer.status == 415
    else:
        assert answer.status == (403 if route.rule.startswith("/v1.0/") else 401)


def test_head_is_as_get(client: Any) -> None:
    assert client.ask("HEAD", "/healthz", token=None).status == 200
    assert client.ask("HEAD", "/", token=None).status == 200
    assert client.ask("HEAD", "/v1/models", token=None).status == 401


def test_unknown_paths_want_the_token_too(client: Any) -> None:
    assert client.ask("GET", "/v1/nothing", token=None).status == 401
    assert client.ask("GET", "/v1/nothing").status == 404
    assert client.ask("PATCH", "/v1/jobs").status == 405


@pytest.mark.parametrize(
    "sent",
    (
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
    ),
)
@pytest.mark.parametrize("path", ("/", "/healthz", "/v1/models", "/v1.0/account"))
def test_foreign_pages_get_nothing(client: Any, sent: dict[str, str], path: str) -> None:
    answer = client.ask("GET", path, **sent)
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


def test_an_origin_allowed_by_name_may_ask(serving: Serving) -> None:
    with serving(origins=("https://app.example",)) as client:
        origin = {"Origin": "https://app.example"}
        preflight = client.ask("OPTIONS", "/v1/jobs", token=None, **origin)
        assert preflight.status == 204
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        assert client.ask("GET", "/v1/models", **origin).status == 200
        assert client.ask("GET", "/v1/models", token=None, **origin).status == 401
        assert client.ask("OPTIONS", "/v1/jobs", Origin="https://evil.example").status == 403


def test_pages_carry_a_strict_policy(client: Any) -> None:
    for path in ("/", "/page/main.js", "/v1/models"):
        headers = client.ask("GET", path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    (
        "/page/../app.py",
        "/page/..%2fapp.py",
        "/page/%2e%2e%2fapp.py",
        "/page/..%5capp.py",
        "/page/%00",
        "/page/.",
        "/page/__init__.py",
        "//etc/passwd",
        "/page//etc/passwd",
    ),
)
def test_no_path_leads_out_of_the_page(client: Any, path: str) -> None:
    assert client.ask("GET", path).status == 404


# ------------------------------------------------------------------ on the wire


@pytest.fixture
def hurried(serving: Serving) -> Iterator[Any]:
    """A client of a server that is strict about bytes and seconds."""
    limits = {"upload_bytes": 1_000_000, "upload_seconds": 1.0, "upload_bytes_per_second": 100_000}
    with serving(**limits) as client:
        yield client


def head(length: int | str, *more: str) -> bytes:
    lines = (
        "POST /v1/jobs HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {TOKEN}",
        f"Content-Type: {NPZ}",
        f"Content-Length: {length}",
        *more,
    )
    return "\r\n".join((*lines, "", "")).encode()


def exchange(client: Any, *pieces: bytes, pause: float = 0.0, half_close: bool = False) -> bytes:
    """Sends raw bytes, with pauses between, and returns what comes until the server closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except ConnectionError:
            pass
    return received


def status(received: bytes) -> int:
    return int(received.split(b" ", 2)[1])


def test_a_stranger_s_body_is_not_waited_for(client: Any) -> None:
    stranger = head(10**9).replace(TOKEN.encode(), b"guess")
    assert status(exchange(client, stranger)) == 401


def test_too_many_bytes_are_refused_before_they_come(hurried: Any) -> None:
    assert status(exchange(hurried, head(10**9))) == 413
    assert status(exchange(hurried, head(10**30))) == 413
    answer = hurried.ask("POST", "/v1/jobs", b"x" * 3_000_000, Content_Type=NPZ)
    assert (answer.status, answer.json()["code"]) == (413, "upload-too-large")


def test_too_many_bytes_in_chunks_are_refused(hurried: Any) -> None:
    chunked = head(0, "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    chunk = b"40000\r\n" + bytes(0x40000) + b"\r\n"
    assert status(exchange(hurried, chunked, *[chunk] * 6)) == 413


def test_chunks_within_bounds_are_taken(client: Any, picture: np.ndarray) -> None:
    body = contract.encode_request({"op": "remove", "force": True}, image=picture)
    answer = client.ask("POST", "/v1/jobs", iter([body[:100], body[100:]]), Content_Type=NPZ)
    assert answer.status == 202
    assert client.wait(answer.json()["id"])["state"] == "done"


def test_a_slow_upload_is_ended(hurried: Any) -> None:
    assert status(exchange(hurried, head(900_000), *[b"x"] * 8, pause=0.3)) == 408


def test_who_reads_no_more_is_let_go(serving: Serving) -> None:
    options = {"op": "segment", "depth": 32}
    body = contract.encode_request(options, image=scene(4000, 2500))
    with serving(upload_seconds=1.0, upload_bytes_per_second=100_000_000) as client:
        job_id = client.send(options, image=scene(4000, 2500))
        assert client.wait(job_id)["state"] == "done"
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            connection.sendall(head(len(body), "Prefer: wait") + body)
            assert connection.recv(1000)
            loaded = client.server.service.store
            until(lambda: len(loaded.select(lambda each: True)) == 1)
            until(lambda: not client.server._waitress.active_channels)


@pytest.mark.parametrize("length", ("-1", "+5", "1e3", "0x10", "5, 6", ""))
def test_a_length_that_is_none_is_refused(client: Any, length: str) -> None:
    assert status(exchange(client, head(length, "Connection: close"))) == 400


def test_cut_connections_leave_nothing_behind(client: Any, picture: np.ndarray) -> None:
    loaded = client.server.service.store.pixels
    body = contract.encode_request({"op": "remove", "force": True}, image=picture)
    for cut in (0, 1, 100, len(body) - 1):
        assert exchange(client, head(len(body)) + body[:cut], half_close=True) in (b"",)
    assert exchange(client, b"GET /healthz HT", half_close=True) == b""
    assert client.server.service.store.pixels == loaded
    assert client.ask("GET", "/healthz").status == 200


@pytest.mark.parametrize("method", ("GET", "OPTIONS", "HEAD", "POST"))
@pytest.mark.parametrize("token", ("", f"Authorization: Bearer {TOKEN}\r\n"))
def test_the_server_as_a_whole_is_no_page(
    client: Any, method: str, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = f"{method} * HTTP/1.1\r\nHost: localhost\r\n{token}Connection: close\r\n\r\n"
    assert status(exchange(client, sent.encode())) == (404 if token else 401)
    assert not caplog.records


def test_no_body_is_invited_where_none_comes(client: Any) -> None:
    sent = head(0, "Expect: 100-continue", "Connection: close")
    start = time.monotonic()
    assert status(exchange(client, sent)) in (202, 400)
    assert time.monotonic() - start < 5


def test_headers_alone_decide(client: Any) -> None:
    """Before a body comes: the address, the method, the type."""
    for change, expected in (
        ((b"/v1/jobs", b"/v1/nothing"), 404),
        ((b"POST", b"PUT"), 405),
        ((NPZ.encode(), b"text/plain"), 415),
    ):
        received = exchange(client, head(10**8).replace(*change))
        assert status(received) == expected
    assert b"Allow: POST" in exchange(client, head(10**8).replace(b"POST", b"PUT"))


def test_many_that_say_nothing_hold_nobody_up(serving: Serving) -> None:
    with serving() as client, contextlib.ExitStack() as open_ones:
        for number in range(420):
            connection = socket.create_connection(("127.0.0.1", client.port), timeout=20)
            open_ones.enter_context(connection)
            if number % 2:
                connection.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: local")
        start = time.monotonic()
        assert client.ask("GET", "/healthz").status == 200
        assert time.monotonic() - start < 6


def test_a_header_is_not_waited_for_without_end(serving: Serving) -> None:
    with serving(upload_seconds=1.0) as client:
        trickle = [bytes([each]) for each in b"GET /healthz HTTP/1.1\r\n"]
        received = exchange(client, *trickle, pause=0.2)
        assert received == b"" or status(received) == 408


def test_who_has_only_said_all_gets_an_answer(client: Any, picture: np.ndarray) -> None:
    body = contract.encode_request({"op": "remove", "force": True}, image=picture)
    received = exchange(client, head(len(body), "Prefer: wait") + body, half_close=True)
    while received.startswith(b"HTTP/1.1 100 "):
        received = received.partition(b"\r\n\r\n")[2]
    assert status(received) == 200 and b"PK" in received
    received = exchange(
        client, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", half_close=True
    )
    assert b"mattebrush" in received


def test_garbage_is_no_request(client: Any) -> None:
    for line in (
        b"\x16\x03\x01\x02\0\x01\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\x00\r\n\r\n",
    ):
        received = exchange(client, line + b"\r\n\r\n", half_close=True)
        assert b"Traceback" not in received
        assert received == b"" or status(received) == 400


# ------------------------------------------------------------------ hostile content


def npz(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def described(shape: str, kind: str = "|u1") -> bytes:
    return npy(f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}")


HOSTILE = {
    "nothing": b"",
    "no zip": b"hello",
    "cut zip": npz(image=described("(4, 4, 3)"))[:-10],
    "objects": npz(
        image=npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"\x80\x04N.")
    ),
    "absurd shape": npz(image=described("(1000000000, 1000000000, 3)")),
    "negative shape": npz(image=described("(-1, 5, 3)")),
    "lying shape": npz(image=described("(9000, 9000, 3)")),
    "zip bomb": npz(image=described("(9, 9, 3)") + bytes(200_000_000)),
    "header bomb": npz(image=npy("(" * 5000)),
    "strange member": npz(**{"../../etc/passwd": described("(1, 1)")}),
    "options no json": npz(
        image=described("(1, 1)", "|u1") + b"x", options=described("(3,)") + b"{{{"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_are_refused_with_memory_flat(client: Any, name: str) -> None:
    client.wait(client.send({"op": "remove", "force": True}, image=np.zeros((8, 8, 3), np.uint8)))
    server, worker = psutil.Process(), psutil.Process(client.worker_pid())
    before = server.memory_info().rss + worker.memory_info().rss
    answer = client.ask("POST", "/v1/jobs", HOSTILE[name], Content_Type=NPZ, Prefer="wait")
    assert answer.status in (400, 413), answer.body
    assert answer.json()["code"] in ("job-invalid", "option-invalid", "input-too-large")
    assert b"Traceback" not in answer.body
    after = server.memory_info().rss + worker.memory_info().rss
    assert after - before < 60_000_000


def bomb_png(side: int) -> bytes:
    """A PNG whose header claims side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", (20_000, 100_000, 2**31 - 1))
def test_a_picture_bomb_is_refused_by_its_header(client: Any, side: int) -> None:
    answer = client.ask("POST", "/v1/jobs", bomb_png(side), Content_Type="image/png")
    assert (answer.status, answer.json()["code"]) == (413, "input-too-large")


@pytest.mark.parametrize(
    "body", (b"", b"\xff\xd8\xff", b"GIF89a", b"<svg/>", gzip.compress(b"x"), b"II*\0" + bytes(100))
)
def test_what_is_no_picture_is_refused(client: Any, body: bytes) -> None:
    answer = client.ask("POST", "/v1/jobs", body, Content_Type="image/png", Prefer="wait")
    assert (answer.status, answer.json()["code"]) == (400, "input-invalid"), answer.body


def test_what_is_no_mask_is_refused_at_the_door(client: Any, picture_file: bytes) -> None:
    answer = client.form("/v1/jobs", {"image": picture_file, "mask": b"no mask"})
    assert (answer.status, answer.json()["code"]) == (400, "input-invalid")
    assert answer.json()["message"].startswith("The mask is not a picture")


@pytest.mark.parametrize("path", ("/v1/jobs", "/api/remove", "/v1.0/removebg"))
def test_parts_without_a_name_are_refused_or_let_pass(client: Any, path: str) -> None:
    body = b"--x\r\nContent-Disposition: form-data\r\n\r\nhello\r\n--x--\r\n"
    answer = client.ask("POST", path, body, Content_Type="multipart/form-data; boundary=x")
    assert answer.status == 400, answer.body


@pytest.mark.parametrize(
    "options",
    (
        "x",
        "[]",
        "null",
        '{"model": ["u2net"]}',
        '{"unknown": 1}',
        '{"feather": 1e999}',
        '{"model": "../../etc/passwd"}',
        "[" * 50_000,
    ),
)
def test_hostile_options_are_refused(client: Any, picture_file: bytes, options: str) -> None:
    answer = client.form("/v1/jobs", {"image": picture_file}, options=options)
    if answer.status == 202:  # only the engine knows which models there are
        answer = client.ask("GET", f"/v1/jobs/{client.wait(answer.json()['id'])['id']}/result")
    assert answer.status in (400, 422), answer.body
    assert b"Traceback" not in answer.body


def _fuzzed(examples: int) -> settings:
    fixtures = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=examples, deadline=None, suppress_health_check=fixtures)


STARTS = (
    b"",
    b"PK\x03\x04",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\0\0\0\0WEBP",
    b"II*\0",
    b"\xff\xd8\xff\xe0",
)


def _random_bytes(client: Any, data: bytes, kind: str) -> None:
    answer = client.ask("POST", "/v1/jobs", data, Content_Type=kind, Prefer="wait")
    assert answer.status in (400, 413), answer.body
    assert answer.json()["code"] != "internal"


RANDOM = given(
    data=st.builds(bytes.__add__, st.sampled_from(STARTS), st.binary(max_size=2000)),
    kind=st.sampled_from([NPZ, "image/png", "image/webp"]),
)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@_fuzzed(40)
@RANDOM
def test_random_bytes_are_refused(client: Any, data: bytes, kind: str) -> None:
    _random_bytes(client, data, kind)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@_fuzzed(5000)
@RANDOM
def test_many_random_bytes_are_refused(client: Any, data: bytes, kind: str) -> None:
    _random_bytes(client, data, kind)


def _damaged_request(client: Any, picture: np.ndarray, data: st.DataObject) -> None:
    body = bytearray(
        contract.encode_request({"op": "remove", "force": True}, image=picture[:8, :8])
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] = data.draw(st.integers(0, 255))
    answer = client.ask("POST", "/v1/jobs", bytes(body), Content_Type=NPZ, Prefer="wait")
    assert answer.status in (200, 400, 413, 422), answer.body


@_fuzzed(40)
@given(data=st.data())
def test_damaged_requests_are_answered_or_refused(
    client: Any, picture: np.ndarray, data: st.DataObject
) -> None:
    _damaged_request(client, picture, data)


@pytest.mark.slow
@_fuzzed(2000)
@given(data=st.data())
def test_many_damaged_requests_are_answered_or_refused(
    client: Any, picture: np.ndarray, data: st.DataObject
) -> None:
    _damaged_request(client, picture, data)


FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "AVIF")


@pytest.mark.slow
@_fuzzed(2000)
@given(data=st.data())
def test_damaged_pictures_are_answered_or_refused(
    client: Any, picture: np.ndarray, data: st.DataObject
) -> None:
    file = io.BytesIO()
    Image.fromarray(picture[:24, :24]).save(file, data.draw(st.sampled_from(FORMATS)))
    body = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    del body[data.draw(st.integers(len(body) // 2, len(body))) :]
    path = "/v1/jobs?options=%7B%22force%22:true%7D"
    answer = client.ask("POST", path, bytes(body), Content_Type="image/x", Prefer="wait")
    assert answer.status in (200, 400, 413, 422), answer.body


def test_the_document_is_the_routes(client: Any) -> None:
    document = client.ask("GET", "/openapi.json").json()
    message = {
        (method.upper(), rule) for rule, ways in document["paths"].items() for method in ways
    }
    assert message == {(route.method, route.rule) for route in ROUTES}
    assert json.dumps(document)
