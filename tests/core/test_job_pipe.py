# SPDX-License-Identifier: Apache-2.0
"""`mattebrush job` as a real child process: answers, failures, and ending when it should."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mattebrush.jobs import contract

COMMAND = [sys.executable, "-m", "mattebrush", "job"]


def soft_disc(size: int) -> tuple[np.ndarray, np.ndarray]:
    """A red disc before green, and its alpha."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    alpha = np.clip((size / 3 - np.hypot(x, y)) / (size / 12) + 0.5, 0, 1).astype(np.float32)
    red, green = np.array([200, 30, 20]), np.array([10, 180, 40])
    image = alpha[..., None] * red + (1 - alpha[..., None]) * green
    return np.round(image).astype(np.uint8), alpha


def decontaminate_request(size: int) -> bytes:
    image, alpha = soft_disc(size)
    return contract.encode_request({"op": "decontaminate", "depth": 32}, image=image, mask=alpha)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_a_job_is_answered_on_stdout_and_its_progress_told_on_stderr() -> None:
    image, alpha = soft_disc(96)
    done = subprocess.run(COMMAND, input=decontaminate_request(96), capture_output=True)
    assert done.returncode == 0, done.stderr
    with np.load(io.BytesIO(done.stdout)) as answer:
        report = json.loads(answer["report"].tobytes())
        foreground = answer["foreground"]
        assert np.array_equal(answer["alpha"], alpha)
    assert report["op"] == "decontaminate"
    certain = (alpha == 0) | (alpha == 1)
    assert np.array_equal(foreground[certain], image[certain])
    half = (alpha > 0.4) & (alpha < 0.6)
    assert np.abs(foreground[half] - np.array([200, 30, 20.0])).mean() < 12
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]
    assert {"stage", "fraction"} == set(lines[0])
    assert all(0 <= line["fraction"] <= 1 for line in lines)


def test_a_failure_is_one_json_object_and_its_own_exit_status() -> None:
    done = subprocess.run(COMMAND, input=b"not an npz", capture_output=True)
    assert done.returncode == 4
    assert json.loads(done.stdout)["code"] == "job-invalid"
    assert b"Traceback" not in done.stderr


def test_an_empty_request_is_a_named_failure() -> None:
    done = subprocess.run(COMMAND, stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 4
    assert json.loads(done.stdout)["message"]


def busy(started: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """A job in the middle of its work."""
    process = subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    started.append(process)
    assert process.stdin and process.stderr
    process.stdin.write(decontaminate_request(3000))
    process.stdin.close()
    assert process.stderr.readline().startswith(b"{"), "no progress line"
    return process


def gone_within(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    return process.returncode


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_sigterm_ends_it_at_once_and_without_a_traceback(
    started: list[subprocess.Popen[bytes]],
) -> None:
    process = busy(started)
    process.send_signal(signal.SIGTERM)
    assert gone_within(process, 5) == -signal.SIGTERM
    assert process.stdout and process.stderr
    assert process.stdout.read() == b""
    assert b"Traceback" not in process.stderr.read()


@pytest.mark.skipif(os.name == "nt", reason="watching a pipe's reader needs POSIX")
def test_it_ends_when_the_asker_stops_reading(started: list[subprocess.Popen[bytes]]) -> None:
    process = busy(started)
    assert process.stdout
    process.stdout.close()
    assert gone_within(process, 10) == 141
