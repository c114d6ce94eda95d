# SPDX-License-Identifier: Apache-2.0
"""Who is let in, what parameters are let through, how many pixels a header claims."""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mattebrush.errors import InputInvalid, InputTooLarge, OptionInvalid
from mattebrush.jobs import contract
from mattebrush_server import discovery, peek
from mattebrush_server.addresses import is_loopback
from mattebrush_server.blobs import Blob
from mattebrush_server.errors import NotAllowed, OriginRefused
from mattebrush_server.guard import Guard
from mattebrush_server.routes import Field, read_fields
from mattebrush_server.settings import Settings

TOKEN = "a-token-of-the-tests"


def headers(**args: str) -> Any:
    values = {name.replace("_", "-").lower(): value for name, value in args.items()}
    return lambda name: values.get(name.lower())


@pytest.fixture
def guard() -> Guard:
    return Guard(Settings(token=TOKEN, origins=("https://app.example",), hosts=("studio.lan",)))


@pytest.mark.parametrize(
    "host",
    ("127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]:80", "[::1]", "10.1.2.3", "studio.lan:5"),
)
def test_own_hosts_are_known(guard: Guard, host: str) -> None:
    guard.check_place(headers(Host=host))


@pytest.mark.parametrize(
    "host",
    ("", "evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "127.0.0.1@x"),
)
def test_foreign_hosts_are_refused(guard: Guard, host: str) -> None:
    with pytest.raises(OriginRefused):
        guard.check_place(headers(Host=host))


@pytest.mark.parametrize("origin", ("http://127.0.0.1:8000", "https://app.example"))
def test_own_page_and_allowed_origins_pass(guard: Guard, origin: str) -> None:
    guard.check_place(headers(Host="127.0.0.1:8000", Origin=origin))


@pytest.mark.parametrize(
    "origin",
    ("http://127.0.0.1:8001", "http://evil.example", "null", "", "https://app.example.evil"),
)
def test_other_pages_are_refused(guard: Guard, origin: str) -> None:
    with pytest.raises(OriginRefused):
        guard.check_place(headers(Host="127.0.0.1:8000", Origin=origin))


def test_cross_site_fetch_without_origin_is_refused(guard: Guard) -> None:
    with pytest.raises(OriginRefused):
        guard.check_place(headers(Host="localhost", Sec_Fetch_Site="cross-site"))
    guard.check_place(headers(Host="localhost", Sec_Fetch_Site="same-origin"))


def test_token_by_either_header(guard: Guard) -> None:
    guard.check_token(headers(Authorization=f"Bearer {TOKEN}"))
    guard.check_token(headers(X_Api_Key=TOKEN))


@pytest.mark.parametrize(
    "inputs",
    (
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"X_Api_Key": TOKEN + "x"},
        {"X_Api_Key": ""},
        {"X_Api_Key": "\udcff"},
    ),
)
def test_anything_else_is_no_token(guard: Guard, inputs: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        guard.check_token(headers(**inputs))


def test_links_lead_to_the_page_from_anywhere_and_nowhere_else(guard: Guard) -> None:
    followed = headers(Host="localhost", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    guard.check_place(followed, page=True)
    with pytest.raises(OriginRefused):
        guard.check_place(followed)
    with pytest.raises(OriginRefused):  # not as a script of another page
        guard.check_place(
            headers(Host="localhost", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors"),
            page=True,
        )


def test_an_old_key_opens_nothing(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    key, young = guard.new_key(), guard.new_key()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 590)
    guard.open_session(young)
    monkeypatch.setattr(time, "monotonic", lambda: now + 601)
    with pytest.raises(NotAllowed):
        guard.open_session(key)


def test_a_link_opens_one_session(guard: Guard) -> None:
    key = guard.new_key()
    session = guard.open_session(key)
    guard.check_token(headers(Authorization=f"Bearer {session}"))
    with pytest.raises(NotAllowed):
        guard.open_session(key)
    with pytest.raises(NotAllowed):
        guard.check_token(headers(Authorization=f"Bearer {key}"))


@pytest.mark.parametrize(
    ("host", "loopback"),
    (
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("me.lan", False),
    ),
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


NUMBER = Field("n", "number", "A number.", 1.0, minimum=-5, maximum=5)
FIELDS = (
    NUMBER,
    Field("i", "integer", "A whole number.", minimum=0, maximum=9),
    Field("b", "boolean", "Yes or no.", False),
    Field("s", "string", "A word.", enum=("one", "two")),
)


def test_fields_read_and_defaulted() -> None:
    args = {"n": ["-2.5e0"], "b": ["true"], "s": ["two"]}
    assert read_fields(FIELDS, args) == {"n": -2.5, "i": None, "b": True, "s": "two"}


@pytest.mark.parametrize(
    "inputs",
    (
        {"x": ["1"]},
        {"n": ["1", "2"]},
        {"n": ["6"]},
        {"n": ["nan"]},
        {"n": ["1_0"]},
        {"n": ["٣"]},
        {"i": ["1.0"]},
        {"i": ["9" * 50]},
        {"b": ["maybe"]},
        {"s": ["three"]},
    ),
)
def test_other_values_are_refused(inputs: dict[str, list[str]]) -> None:
    with pytest.raises(OptionInvalid):
        read_fields(FIELDS, inputs)


@given(st.text(max_size=60))
def test_a_number_is_within_its_bounds_or_refused(text: str) -> None:
    try:
        assert -5 <= NUMBER.parse(text) <= 5
    except OptionInvalid as refused:
        assert refused.fix


@pytest.mark.parametrize("format", ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "AVIF"))
def test_pixels_are_read_from_the_header(format: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (70, 30), "red").save(file, format)
    assert peek.picture_pixels(Blob.of(file.getvalue()), unknown=1) == 2100


def test_lossless_webp_too() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (300, 5)).save(file, "WEBP", lossless=True)
    assert peek.picture_pixels(Blob.of(file.getvalue()), unknown=1) == 1500


def test_an_npz_counts_its_largest_member() -> None:
    file = io.BytesIO()
    np.savez(file, image=np.zeros((4, 5, 3), np.uint8), mask=np.zeros((40, 50), np.uint8))
    assert peek.request_pixels(Blob.of(file.getvalue())) == 2000


@pytest.mark.parametrize(
    ("options", "device"),
    (({"device": "cuda"}, "cuda"), ({"op": "remove"}, "auto"), ({"device": ["cpu"]}, "auto")),
)
def test_an_npz_names_its_device(options: dict[str, Any], device: str) -> None:
    body = contract.encode_request(options, image=np.zeros((4, 5, 3), np.uint8))
    assert peek.request_device(Blob.of(body)) == device
    assert peek.request_device(Blob.of(body[:-9])) == "auto"


@pytest.mark.filterwarnings("ignore")
@given(st.binary(max_size=400))
def test_peeking_never_fails(data: bytes) -> None:
    blob = Blob.of(data)
    for start in (
        b"",
        b"PK\x03\x04",
        b"RIFF0000WEBPVP8 ",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0",
        b"GIF89a",
        b"0000ftypheic",
        b"0000ftypavif0000ispe",
    ):
        with contextlib.suppress(InputInvalid, InputTooLarge):
            assert peek.picture_pixels(Blob.of(start + data), unknown=7) >= 0
    assert peek.request_pixels(blob) == 0


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "mattebrush"


def test_the_note_is_for_its_user_only(runtime: Path) -> None:
    note = discovery.announce("http://127.0.0.1:1", TOKEN)
    assert note == runtime / f"server-{os.getpid()}.json"
    if os.name != "nt":
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert json.loads(note.read_text()) == discovery.running()[0]
    assert set(discovery.running()[0]) == {"url", "token", "pid", "version"}
    discovery.withdraw(note)
    assert discovery.running() == [] and list(runtime.iterdir()) == []


def test_notes_of_the_dead_are_removed(runtime: Path) -> None:
    runtime.mkdir()
    dead = runtime / "server-4194999.json"
    dead.write_text(json.dumps({"url": "http://127.0.0.1:1", "token": TOKEN, "pid": 4194999}))
    (runtime / "server-broken.json").write_text("{")
    assert discovery.running() == []
    assert not dead.exists()
