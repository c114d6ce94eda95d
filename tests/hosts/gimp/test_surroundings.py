# SPDX-License-Identifier: Apache-2.0
"""The plug-in with a real server, with the server killed in mid-job, and on a full disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.gimp.gimphost import INSIDE, REPOSITORY, VERSIONS, Gimp

pytestmark = pytest.mark.hosts


@pytest.fixture(params=["3.0", "2.10"])
def gimp(request: pytest.FixtureRequest) -> Iterator[Gimp]:
    """A GIMP whose settings are put back afterwards."""
    result: Gimp = request.getfixturevalue(VERSIONS[request.param])
    before = result.settings.read_text()
    yield result
    result.settings.write_text(before)


def test_server(gimp: Gimp) -> None:
    runtime = gimp.folder / "runtime"
    folders = [str(REPOSITORY / name) for name in ("core", "server")]
    server = subprocess.Popen(
        [sys.executable, "-m", "mattebrush", "serve"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders), "XDG_RUNTIME_DIR": str(runtime)},
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 60
        while not list(runtime.glob("mattebrush/server-*.json")):
            assert time.monotonic() < end, "the server leaves a note of its address"
            time.sleep(0.1)
        (note,) = runtime.glob("mattebrush/server-*.json")
        threading.Thread(target=kill_in_second_job, args=(server, note), daemon=True).start()
        jobs = len(list((gimp.folder / "jobs").glob("*.request")))
        gimp.set_up(engine="server")  # found by its note
        output = gimp.run(INSIDE / "server.py")
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    results = json.loads((gimp.folder / "server.json").read_text())
    assert results["mask"]
    assert results["own processes"] == jobs
    assert server.returncode == -signal.SIGKILL
    assert results["gone"] != "no failure"
    message = output if gimp.old else results["gone"]
    assert "went away" in message
    assert 'Start it in a terminal with "mattebrush serve"' in message
    assert results["unharmed"] == [True, True]


def kill_in_second_job(server: subprocess.Popen[bytes], note: Path) -> None:
    """Kills the server once it has taken in its second job."""
    values = json.loads(note.read_text())
    headers = {"Authorization": f"Bearer {values['token']}"}
    request = urllib.request.Request(values["url"] + "/metrics", headers=headers)
    while server.poll() is None:
        with urllib.request.urlopen(request, timeout=60) as answer:
            if "mattebrush_jobs_admitted_total 2\n" in answer.read().decode():
                server.kill()
                return
        time.sleep(0.1)


def test_full_disk(gimp: Gimp) -> None:
    before = gimp.settings.read_bytes()
    output = gimp.run(INSIDE / "full_disk.py", full=gimp.settings.parent)
    assert "REFUSED" in output
    assert "settings cannot be written" in output
    assert "No space left on device" in output
    assert "STILL WORKS" in output
    assert gimp.settings.read_bytes() == before
