# SPDX-License-Identifier: Apache-2.0
"""Small pictures side by side in one worker, as on a GPU: here the CPU is declared to gain from it.

That they share runs of the network is tested where that happens, in tests/models/test_gathering.py.
"""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import numpy as np
import pytest

from mattebrush import Options
from mattebrush.engine import remove_background
from mattebrush_server import worker_process
from mattebrush_server.lanes import Lane
from tests.server.server_client import Client, scene

Serving = Callable[..., AbstractContextManager[Client]]
FORCED = {"op": "remove", "force": True, "depth": 32}


@pytest.fixture
def wide(serving: Serving) -> Iterator[Client]:
    """A client of a server that has learnt that its device gains."""
    with serving(batching_devices=("cpu",)) as client:
        client.wait(client.send(FORCED, image=scene()))
        yield client


@pytest.fixture(scope="module")
def slow() -> np.ndarray:
    """Small enough to go beside others, and still a second's work."""
    return scene(2400, 1600)


def running(client: Client, *ids: str) -> None:
    """Waits until all of them are under way."""
    for each in ids:
        client.wait_for(each, lambda told: told["stage"] not in ("", "starting"))
    assert all(client.state(each)["state"] == "running" for each in ids)


def alpha(client: Client, job_id: str) -> np.ndarray:
    body = client.ask("GET", f"/v1/jobs/{job_id}/result").body
    with np.load(io.BytesIO(body), allow_pickle=False) as answer:
        return np.asarray(answer["alpha"])


def test_many_at_once_get_each_its_own_answer(wide: Client) -> None:
    pictures = [np.roll(scene(300, 200), 15 * shift, axis=1) for shift in range(-4, 4)]
    for _ in range(2):
        ids = [wide.send(FORCED, image=picture) for picture in pictures]
        for job_id, picture in zip(ids, pictures, strict=True):
            assert wide.wait(job_id)["state"] == "done"
            expected = remove_background(picture, Options()).alpha
            np.testing.assert_allclose(alpha(wide, job_id), expected, atol=1e-3)


def test_only_small_ones_go_side_by_side_and_order_is_kept() -> None:
    """Items are their sizes; none is begun before those that came sooner."""
    log: list[tuple[str, int]] = []
    release = {size: threading.Event() for size in (1, 2, 3, 100, 4)}

    def work(size: int, lane: Lane[int]) -> None:
        log.append(("begins", size))
        release[size].wait(20)
        log.append(("ends", size))

    lane: Lane[int] = Lane("test", work, lambda size: size < 10, 60, 60)
    try:
        lane.widen(2)
        for size in release:
            lane.queue.put("a", size)
        for size in release:
            until_logged(log, ("begins", size))
            time.sleep(0.05)
            release[size].set()
            until_logged(log, ("ends", size))
    finally:
        lane.close()
    begins = [size for what, size in log if what == "begins"]
    assert begins == [1, 2, 3, 100, 4]
    assert log.index(("begins", 2)) < log.index(("ends", 1))
    assert log.index(("begins", 3)) > log.index(("ends", 1))
    assert log.index(("begins", 100)) > log.index(("ends", 3))
    assert log.index(("begins", 4)) > log.index(("ends", 100))


def until_logged(log: list[tuple[str, int]], entry: tuple[str, int]) -> None:
    end = time.monotonic() + 20
    while entry not in log:
        assert time.monotonic() < end, log
        time.sleep(0.005)


def test_on_a_cpu_one_comes_after_the_other(serving: Serving, slow: np.ndarray) -> None:
    with serving() as client:
        client.wait(client.send(FORCED, image=scene()))
        first, second = client.send(FORCED, image=slow), client.send(FORCED, image=slow)
        running(client, first)
        while client.state(first)["state"] == "running":
            assert client.state(second)["state"] == "queued" or (
                client.state(first)["state"] == "done"
            )
        assert client.wait(second)["state"] == "done"


def test_one_without_a_subject_fails_alone(wide: Client, slow: np.ndarray) -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    good = [wide.send(FORCED, image=slow) for _ in range(2)]
    bad = wide.send({"op": "remove"}, image=grey)
    body = b"no archive"
    broken = wide.ask("POST", "/v1/jobs", body, Content_Type="application/x-npz").json()["id"]
    assert wide.wait(bad)["error"]["code"] == "no-subject"
    assert wide.wait(broken)["error"]["code"] == "job-invalid"
    assert [wide.wait(each)["state"] for each in good] == ["done", "done"]


def test_a_cancel_stops_its_own_job_alone(wide: Client, slow: np.ndarray) -> None:
    small = [wide.send(FORCED, image=scene(300 + n, 200)) for n in range(3)]
    job_id = wide.send(FORCED, image=slow)
    start = time.monotonic()
    assert wide.ask("DELETE", f"/v1/jobs/{job_id}").status == 204
    assert time.monotonic() - start < 1.0
    assert [wide.wait(each)["state"] for each in small] == ["done"] * 3


def test_others_begin_again_where_a_cancel_has_to_kill(
    wide: Client, slow: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "CANCEL_GRACE", -1.0)
    before = wide.worker_pid()
    kept, gone = wide.send(FORCED, image=slow), wide.send(FORCED, image=slow)
    running(wide, kept, gone)
    assert wide.ask("DELETE", f"/v1/jobs/{gone}").status == 204
    told = wide.wait(kept)
    assert told["state"] == "done", told
    assert wide.worker_pid() != before
    expected = remove_background(slow, Options()).alpha
    np.testing.assert_allclose(alpha(wide, kept), expected, atol=1e-3)


@pytest.mark.skipif(not hasattr(signal, "SIGSEGV"), reason="needs signals")
def test_a_crash_fails_all_that_were_under_way_and_nothing_else(
    wide: Client, slow: np.ndarray
) -> None:
    ids = [wide.send(FORCED, image=slow) for _ in range(3)]
    large = wide.send(FORCED, image=scene(2400, 2400))  # waits for the small ones
    running(wide, *ids)
    pid = wide.worker_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSEGV)
    for each in ids:
        told = wide.wait(each)
        assert told["error"]["code"] == "engine-crashed", told
        assert "signal 11" in told["error"]["message"] and "2 more" in told["error"]["message"]
        assert told["error"]["fix"]
    assert wide.wait(large)["state"] == "done"


def test_idle_and_close_with_several_under_way(serving: Serving, slow: np.ndarray) -> None:
    with serving(batching_devices=("cpu",), idle_worker=0.3) as client:
        client.wait(client.send(FORCED, image=scene()))
        ids = [client.send(FORCED, image=slow) for _ in range(3)]
        assert [client.wait(each)["state"] for each in ids] == ["done"] * 3
        while client.worker_pid() is not None:
            time.sleep(0.05)
        ids = [client.send(FORCED, image=slow) for _ in range(3)]
        running(client, *ids)
