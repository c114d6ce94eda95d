# SPDX-License-Identifier: Apache-2.0
"""Nothing leaves the machine, and nothing is written but where docs/privacy.md says.

Each command, the library and the server run under strace: with a home, without one, with one that
cannot be written, and as a user that the machine does not know.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.cli import command_line
from tests.privacy import tracer

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-tests"
UNKNOWN_USER = 54_321

LIBRARY = """
import numpy, mattebrush
image = numpy.asarray(__import__("PIL.Image").Image.open("photo.png").convert("RGB"))
cutout = mattebrush.remove_background(image)
cutout = mattebrush.refine(image, (cutout.alpha * 255).astype("uint8"))
assert cutout.alpha.shape == image.shape[:2]
"""

JOB = """
import io, subprocess, sys, zipfile
import numpy
from numpy.lib import format
pixels = numpy.asarray(__import__("PIL.Image").Image.open("photo.png").convert("RGB"))
file = io.BytesIO()
with zipfile.ZipFile(file, "w") as archive:
    for name, array in (("image", pixels), ("options", numpy.frombuffer(b"{}", numpy.uint8))):
        with archive.open(name + ".npy", "w") as member:
            format.write_array(member, array)
answer = subprocess.run(
    [sys.executable, "-m", "mattebrush", "job"], input=file.getvalue(), capture_output=True
)
assert answer.returncode == 0, answer.stderr
"""

ENGINE = [sys.executable, "-m", "mattebrush"]
COMMANDS = {
    "remove": [*ENGINE, "remove", "photo.png", "-o", "out/cut.png", "--force"],
    "layers": [*ENGINE, "remove", "photo.png", "-o", "out/cut.psd", "--force"],
    "segment": [*ENGINE, "segment", "photo.png", "-o", "out/coarse.png", "--force"],
    "matte": [*ENGINE, "matte", "photo.png", "mask.png", "-o", "out/alpha.png"],
    "decontaminate": [*ENGINE, "decontaminate", "photo.png", "mask.png", "-o", "out/f.png"],
    "refine": [*ENGINE, "refine", "photo.png", "mask.png", "-o", "out/better.png"],
    "doctor": [*ENGINE, "doctor"],
    "models list": [*ENGINE, "models", "list"],
    "models verify": [*ENGINE, "models", "verify"],
    "plugin status": [*ENGINE, "plugin", "status"],
    "page": [*ENGINE, "page", "--print"],
    "job": [sys.executable, "-c", JOB],
    "library": [sys.executable, "-c", LIBRARY],
}
LIVE = "head -c 110592 /dev/zero | {} -m mattebrush live --size 128x96 >out/raw"
PORT = "import gimpfu\\n"
SHELL = f"printf '{PORT}' >out/old.py; {sys.executable} -m mattebrush"
SLOW = {
    "batch": [*ENGINE, "batch", "photos", "out/cut"],
    "check": [*ENGINE, "check", "amazon", "photo.png"],
    "video": [*ENGINE, "video", "photos", "-o", "out/frames"],
    "live": ["sh", "-c", LIVE.format(sys.executable)],
    "models selftest": [*ENGINE, "models", "selftest"],
    "plugin build": [*ENGINE, "plugin", "build", "--to", "out"],
    "gimpfu": ["sh", "-c", f"{SHELL} gimpfu port out/old.py --output-dir out"],
    "desktop": [*ENGINE, "desktop", "install"],
}
"""Those that take longer under strace: before a release."""
SERVED = {"serve", "review"}
"""What the server's own test below runs."""
STATUS = {"page": 2, "check": 4}  # no server runs; the picture is none for a shop
ALSO = {"desktop": (".local/share", ".config"), "plugin build": (".config/mattebrush",)}
"""Where docs/privacy.md says that a command writes besides."""
HOMELESS = ("remove", "doctor", "models list", "plugin status", "job", "library")
HOMES = ("a home", "no home", "read-only home", "unknown user")
CASES = [("a home", name) for name in COMMANDS]
CASES += [(home, name) for home in HOMES[1:] for name in HOMELESS]
LATER = [pytest.param("a home", name, marks=pytest.mark.slow) for name in SLOW]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to work in, with a picture and a mask."""
    work = tmp_path / "work"
    (work / "out").mkdir(parents=True)
    y, x = np.mgrid[:96, :128]
    inside = (x - 64) ** 2 + (y - 48) ** 2 < 900
    pixels = np.where(inside[..., None], (220, 40, 40), (40, 90, 60)).astype(np.uint8)
    Image.fromarray(pixels).save(work / "photo.png")
    (work / "photos").mkdir()
    Image.fromarray(pixels).save(work / "photos" / "0.png")
    soft = np.clip(900 - (x - 64.0) ** 2 - (y - 48.0) ** 2, 0, 255).astype(np.uint8)
    Image.fromarray(soft).save(work / "mask.png")
    return work


def surroundings(home: str, folder: Path) -> tuple[dict[str, str], list[str], list[Path]]:
    """Environment, the words before the command, and where may be written beside `folder`."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    kept |= {"PYTHONPATH": f"{ROOT}/core:{ROOT}/server", "PYTHONDONTWRITEBYTECODE": "1"}
    place = folder.parent / "home"
    place.mkdir()
    documented = [place / ".local/share/mattebrush", place / ".cache/mattebrush"]
    if home == "a home":
        return kept | {"HOME": str(place)}, [], documented
    if home == "read-only home":
        return kept | {"HOME": "/proc/self"}, [], []
    before = as_unknown_user() if home == "unknown user" else []
    return kept, before, documented if not before else []


def as_unknown_user() -> list[str]:
    """Words that run a command under a number that stands for nobody on this machine."""
    unshare = shutil.which("unshare")
    words = [unshare or "", "--user", f"--map-user={UNKNOWN_USER}"]
    if unshare is None or subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("needs user namespaces, which this kernel or container does not grant")
    return words


def check(trace: tracer.Trace, allowed: list[Path]) -> None:
    """Nothing reached, nothing written elsewhere."""
    assert not trace.reached, "\n".join(trace.reached)
    elsewhere = [path for path in trace.written if not is_allowed(path, allowed)]
    assert not elsewhere, sorted(elsewhere)


def is_allowed(path: Path, allowed: list[Path]) -> bool:
    if any(path.is_relative_to(place) for place in allowed):
        return True
    if "__pycache__" in path.parts:  # Python's own, as the page says
        return True
    # A parent of an allowed place that was missing is made with it; devices are no files.
    if any(place.is_relative_to(path) for place in allowed):
        return True
    return path.parts[1:2] in (("dev",), ("proc",)) or path.as_posix().startswith(
        ("pipe:", "socket:")
    )


@pytest.mark.parametrize(("home", "name"), [*CASES, *LATER])
def test_a_command_reaches_nothing_and_writes_what_was_asked(
    home: str, name: str, folder: Path
) -> None:
    environment, before, allowed = surroundings(home, folder)
    command = {**COMMANDS, **SLOW}[name]
    allowed += [folder.parent / "home" / place for place in ALSO.get(name, ())]
    trace = tracer.start(command, environment, folder, *before).finish()
    assert trace.status == STATUS.get(name, 0), trace.output
    assert "Traceback" not in trace.output
    check(trace, [folder / "out", *allowed])


def test_each_command_is_run() -> None:
    (commands,) = [
        action.choices
        for action in command_line.parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    run = {name.split()[0] for name in (*COMMANDS, *SLOW)} | SERVED
    assert set(commands) - run == set()


@contextlib.contextmanager
def traced_server(
    environment: dict[str, str], folder: Path, before: list[str]
) -> Iterator[tuple[tracer.Traced, int]]:
    """A server that answers, and its port."""
    environment = {**environment, "MATTEBRUSH_TOKEN": TOKEN}
    running = tracer.start([*ENGINE, "serve"], environment, folder, *before)
    try:
        assert running.process.stdout is not None
        for line in running.process.stdout:
            if match := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                yield running, int(match[1])
                return
        pytest.fail(f"the server ended with {running.process.wait()}")
    finally:
        if running.process.poll() is None:
            running.process.kill()


def ask(port: int, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {TOKEN}"} | ({"Content-Type": kind} if kind else {})
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
    assert answer.status < 300, data
    return data


@pytest.mark.parametrize("home", HOMES)
def test_the_server_reaches_nothing_and_writes_its_note(home: str, folder: Path) -> None:
    environment, before, allowed = surroundings(home, folder)
    if home == "no home":  # then the user's entry in the machine's list gives one
        runtime = folder / "out" / "runtime"
        runtime.mkdir()
        environment["XDG_RUNTIME_DIR"] = str(runtime)
    photo = (folder / "photo.png").read_bytes()
    boundary = "a-line-of-the-tests"
    form = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="p.png"\r\n\r\n'
    body = form.encode() + photo + f"\r\n--{boundary}--\r\n".encode()
    with traced_server(environment, folder, before) as (running, port):
        kind = f"multipart/form-data; boundary={boundary}"
        assert ask(port, "POST", "/api/remove", body, kind).startswith(b"\x89PNG")
        ask(port, "GET", "/v1/models")
        end(running.process)
        trace = running.finish()
    check(trace, [folder / "out", *allowed])


def end(process: subprocess.Popen[str]) -> None:
    """Asks the program under strace to stop, as Ctrl-C would."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for child in children.read_text().split():
            os.kill(int(child), signal.SIGTERM)
            return
    pytest.fail("strace has no child")


def test_models_without_a_home_say_where_to_put_them(folder: Path) -> None:
    environment, before, _ = surroundings("unknown user", folder)
    command = [*before, *ENGINE, "models", "pull", "u2netp", "--accept-license"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 5
    assert "no home folder" in done.stderr
    assert "MATTEBRUSH_HOME" in done.stderr


def test_the_tracer_sees_what_it_should(folder: Path) -> None:
    """It would be silent about a call that it does not know."""
    leak = (
        "import socket, pathlib, os\n"
        "pathlib.Path('leak.txt').write_text('x'); os.mkdir('leak')\n"
        "pathlib.Path('leak.txt').rename('leak/moved')\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "for place in (('192.0.2.1', 9), ('127.0.0.53', 53)):\n"
        "    try: s.sendto(b'x', place)\n"
        "    except OSError: pass\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    trace = tracer.start([sys.executable, "-c", leak], environment, folder).finish()
    assert trace.written >= {folder / "leak.txt", folder / "leak", folder / "leak/moved"}
    assert len(trace.reached) == 2


def test_the_page_on_privacy_names_the_places() -> None:
    page = (ROOT / "docs/privacy.md").read_text("utf-8")
    for place in ("~/.local/share/mattebrush", "~/.cache/mattebrush", "MATTEBRUSH_HOME"):
        assert place in page
    assert "ORT_DISABLE_TELEMETRY" in page
