# SPDX-License-Identifier: Apache-2.0
"""Jobs over HTTP: the answer is the engine's own, progress is told, cancel and crashes are real."""

from __future__ import annotations

import contextlib
import errno
import http.client
import io
import json
import os
import signal
import socket
import time
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from multiprocessing.context import SpawnProcess
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

import mattebrush
from mattebrush import Options
from mattebrush.jobs import contract
from mattebrush_server import blobs
from tests.server.server_client import TOKEN, scene, until

Serving = Callable[..., AbstractContextManager[Any]]
FORCED = {"op": "remove", "force": True}


@pytest.fixture(scope="module")
def expected(picture: np.ndarray) -> Any:
    """What the engine says of the picture in this process."""
    return mattebrush.remove_background(picture, Options())


def members(body: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        return dict(archive)


def test_an_npz_job_gives_the_engine_s_own_answer(
    client: Any, picture: np.ndarray, expected: Any
) -> None:
    job_id = client.send({**FORCED, "depth": 32}, image=picture)
    state = client.wait(job_id)
    assert state["state"] == "done" and state["fraction"] == 1, state
    answer = client.ask("GET", f"/v1/jobs/{job_id}/result")
    assert answer.headers["content-type"] == "application/x-npz"
    got = members(answer.body)
    np.testing.assert_array_equal(got["alpha"], expected.alpha)
    np.testing.assert_array_equal(got["foreground"], expected.foreground)
    report = json.loads(got["report"].tobytes())
    assert report["model"] == expected.report.model
    assert client.ask("GET", f"/v1/jobs/{job_id}/result?format=report").json() == report


def test_what_reading_left_out_is_in_the_report(client: Any, picture: np.ndarray) -> None:
    frames = [Image.fromarray(picture), Image.fromarray(picture[::-1])]
    frames[0].save(file := io.BytesIO(), "WEBP", save_all=True, append_images=frames[1:])
    job_id = json.loads(
        client.ask(
            "POST", f"/v1/jobs?options={quote(json.dumps(FORCED))}", file.getvalue(),
            Content_Type="image/webp",
        ).body
    )["id"]  # fmt: skip
    client.wait(job_id)
    report = client.ask("GET", f"/v1/jobs/{job_id}/result?format=report").json()
    assert report["warnings"][0].startswith("The file is animated")


def test_a_picture_in_a_picture_out(client: Any, picture_file: bytes, expected: Any) -> None:
    answer = client.ask(
        "POST",
        f"/v1/jobs?options={json.dumps(FORCED).replace(' ', '')}".replace('"', "%22"),
        picture_file,
        Content_Type="image/png",
        Prefer="wait",
    )
    assert answer.status == 200 and answer.headers["content-type"] == "image/png", answer.body
    np.testing.assert_array_equal(
        answer.picture()[:, :, 3], np.rint(expected.alpha * 255).astype(np.uint8)
    )


@pytest.fixture(scope="module")
def finished(client: Any, picture_file: bytes) -> str:
    """The id of a job that is done."""
    answer = client.form("/v1/jobs", {"image": picture_file}, options=json.dumps(FORCED))
    assert answer.status == 202, answer.body
    job_id = answer.json()["id"]
    assert answer.headers["location"] == f"/v1/jobs/{job_id}"
    assert client.wait(job_id)["state"] == "done"
    return str(job_id)


@pytest.mark.parametrize(
    ("format", "mode"),
    (
        ("png", "RGBA"),
        ("webp", "RGBA"),
        ("tiff", "RGBA"),
        ("jpg", "RGB"),
        ("mask", "L"),
        ("foreground", "RGB"),
    ),
)
def test_every_form_of_result_opens(client: Any, finished: str, format: str, mode: str) -> None:
    answer = client.ask("GET", f"/v1/jobs/{finished}/result?format={format}")
    assert answer.status == 200, answer.body
    opened = Image.open(io.BytesIO(answer.body))
    assert (opened.mode, opened.size) == (mode, (120, 80))
    assert answer.headers["content-length"] == str(len(answer.body))


def test_zip_holds_cut_out_mask_and_foreground(client: Any, finished: str) -> None:
    answer = client.ask("GET", f"/v1/jobs/{finished}/result?format=zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["cutout.png", "mask.png", "foreground.png"]


def test_accept_chooses_the_form(client: Any, finished: str) -> None:
    path = f"/v1/jobs/{finished}/result"
    for accept, kind in (("image/webp", "image/webp"), ("*/*", "image/png")):
        assert client.ask("GET", path, Accept=accept).headers["content-type"] == kind
    assert client.ask("GET", path, Accept="application/json").json()["op"] == "remove"


def test_a_background_is_put_behind(client: Any, finished: str, expected: Any) -> None:
    answer = client.ask("GET", f"/v1/jobs/{finished}/result?format=png&background=%230000ff")
    pixels = answer.picture()
    clear = expected.alpha == 0
    assert clear.any()
    assert (pixels[clear][:, :3] == (0, 0, 255)).all()


def test_a_picture_of_one_s_own_is_put_behind(client: Any, finished: str, expected: Any) -> None:
    ground = io.BytesIO()
    Image.new("RGB", (40, 40), (10, 200, 30)).save(ground, "PNG")
    path = f"/v1/jobs/{finished}/result?format=png"
    answer = client.form(path, {"picture": ground.getvalue()})
    assert answer.status == 200, answer.body
    assert (answer.picture()[expected.alpha == 0][:, :3] == (10, 200, 30)).all()


def test_edge_and_size_are_applied(client: Any, finished: str) -> None:
    def mask(query: str) -> np.ndarray:
        answer = client.ask("GET", f"/v1/jobs/{finished}/result?format=mask{query}")
        assert answer.status == 200, answer.body
        pixels: np.ndarray = answer.picture().astype(int)
        return pixels

    plain = mask("")
    assert mask("&shift_edge=4").sum() > plain.sum() > mask("&shift_edge=-4").sum()
    soft = mask("&feather=4")
    assert np.abs(np.diff(soft, axis=1)).max() < np.abs(np.diff(plain, axis=1)).max()
    assert mask("&longest_side=60").shape == (40, 60)


def test_refine_takes_masks_as_pictures(client: Any, picture: np.ndarray) -> None:
    previous = np.zeros(picture.shape[:2], np.uint8)
    mask = previous.copy()
    mask[10:30, 10:30] = 255
    files = {
        name: _png(pixels)
        for name, pixels in (("image", picture), ("mask", mask), ("previous", previous))
    }
    answer = client.form("/v1/jobs", files, options=json.dumps({"op": "refine"}))
    job_id = answer.json()["id"]
    assert client.wait(job_id)["state"] == "done"
    alpha = client.ask("GET", f"/v1/jobs/{job_id}/result?format=mask").picture()
    assert (alpha[12:28, 12:28] == 255).all()
    assert (alpha[60:, 80:] == 0).all()


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_events_tell_the_way_to_the_end(client: Any, picture: np.ndarray) -> None:
    job_id = client.send(FORCED, image=picture)
    answer = client.ask("GET", f"/v1/jobs/{job_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [
        json.loads(line.removeprefix("data: "))
        for line in answer.body.decode().splitlines()
        if line.startswith("data: ")
    ]
    assert events[-1]["state"] == "done"
    assert [each["id"] for each in events] == [job_id] * len(events)


def test_deleted_is_forgotten(client: Any, picture: np.ndarray) -> None:
    job_id = client.send(FORCED, image=picture)
    assert client.ask("DELETE", f"/v1/jobs/{job_id}").status == 204
    for path in ("", "/result", "/events"):
        assert client.ask("GET", f"/v1/jobs/{job_id}{path}").status == 404


def test_cancel_stops_the_work_within_a_second(client: Any, large_picture: np.ndarray) -> None:
    job_id = client.send(FORCED, image=large_picture)
    client.wait_for(job_id, lambda state: state["stage"] not in ("", "starting"))
    start = time.monotonic()
    assert client.ask("DELETE", f"/v1/jobs/{job_id}").status == 204
    assert time.monotonic() - start < 1.0
    lane = client.server.service.lanes["auto"]
    assert len(lane.queue) == 0
    after = client.send(FORCED, image=large_picture[:64, :64].copy())
    assert client.wait(after)["state"] == "done"


def test_result_before_the_end_is_told_apart(client: Any, large_picture: np.ndarray) -> None:
    job_id = client.send(FORCED, image=large_picture)
    answer = client.ask("GET", f"/v1/jobs/{job_id}/result")
    assert (answer.status, answer.json()["code"]) == (409, "not-finished")
    client.ask("DELETE", f"/v1/jobs/{job_id}")


def test_a_client_that_goes_stops_its_job(client: Any, large_picture: np.ndarray) -> None:
    body = contract.encode_request(FORCED, image=large_picture)
    head = (
        "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nPrefer: wait\r\n"
        "Authorization: Bearer a-token-of-the-tests\r\n"
        f"Content-Type: application/x-npz\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.port)) as connection:
        connection.sendall(head.encode() + body)
        until(lambda: bool(client.server.service.store.select(lambda each: not each.finished)))
    until(lambda: not client.server.service.store.select(lambda each: not each.finished))


@pytest.mark.skipif(not hasattr(signal, "SIGSEGV"), reason="needs signals")
def test_a_crash_fails_the_job_and_nothing_else(client: Any, large_picture: np.ndarray) -> None:
    small = large_picture[:64, :64].copy()
    job_id = client.send(FORCED, image=large_picture)
    waiting = client.send(FORCED, image=small)
    client.wait_for(job_id, lambda state: state["stage"] not in ("", "starting"))
    os.kill(client.worker_pid(), signal.SIGSEGV)
    state = client.wait(job_id)
    assert state["state"] == "failed" and state["error"]["code"] == "engine-crashed", state
    assert "signal 11" in state["error"]["message"]
    answer = client.ask("GET", f"/v1/jobs/{job_id}/result")
    assert (answer.status, answer.json()["code"]) == (500, "engine-crashed")
    assert client.wait(waiting)["state"] == "done"
    metrics = client.ask("GET", "/metrics").body.decode()
    assert 'restarts_total{lane="auto"}' in metrics
    assert 'restarts_total{lane="auto"} 0' not in metrics


def test_a_process_that_cannot_start_fails_the_job_and_nothing_else(
    serving: Serving, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(process: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    with serving() as client:
        with monkeypatch.context() as patched:
            patched.setattr(SpawnProcess, "start", refuse)
            state = client.wait(client.send(FORCED, image=picture))
        assert state["error"]["code"] == "engine-crashed", state
        assert "Cannot allocate memory" in state["error"]["message"] and state["error"]["fix"]
        assert client.wait(client.send(FORCED, image=picture))["state"] == "done"


def test_no_subject_is_a_failure_with_a_way_out(client: Any) -> None:
    gray = np.full((64, 64, 3), 128, np.uint8)
    state = client.wait(client.send({"op": "remove"}, image=gray))
    assert state["state"] == "failed" and state["error"]["code"] == "no-subject", state
    assert state["error"]["fix"]


def test_full_server_says_when_to_try_again(serving: Serving, large_picture: np.ndarray) -> None:
    body = contract.encode_request(FORCED, image=large_picture[:2000, :2000].copy())
    with serving(admitted_jobs=2, client_share=1) as client, client.held():
        posted = [
            client.ask("POST", "/v1/jobs", body, Content_Type="application/x-npz") for _ in range(3)
        ]
        assert [each.status for each in posted] == [202, 202, 429]
        assert posted[2].json()["code"] == "busy" and int(posted[2].headers["retry-after"]) > 0


def test_who_may_not_wait_leaves_no_job_behind(
    serving: Serving, large_picture: np.ndarray, picture: np.ndarray
) -> None:
    with serving(waiters=1) as client:
        running = client.send(FORCED, image=large_picture)
        queue = client.server.service.lanes["auto"].queue
        until(lambda: len(queue) == 0)  # a worker has it
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", client.port)) as first:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            first.request("GET", f"/v1/jobs/{running}/events", headers=headers)
            listening = first.getresponse()  # kept: with it the connection would be closed
            assert listening.status == 200
            body = contract.encode_request(FORCED, image=picture)
            kind = {"Content_Type": "application/x-npz", "Prefer": "wait"}
            second = client.ask("POST", "/v1/jobs", body, **kind)
            assert (second.status, second.json()["code"]) == (429, "busy")
            assert client.server.service.store.select(lambda each: each.id != running) == []
            assert len(queue) == 0


def test_events_that_nobody_reads_leave_room_for_others(
    serving: Serving, picture: np.ndarray
) -> None:
    with serving(waiters=1) as client:
        done = client.send(FORCED, image=picture)
        client.wait(done)
        for _ in range(2):  # their headers alone
            assert client.ask("HEAD", f"/v1/jobs/{done}/events").status == 200
        assert client.ask("GET", f"/v1/jobs/{done}/events").status == 200


def test_idle_workers_give_their_memory_back(serving: Serving, picture: np.ndarray) -> None:
    with serving(idle_worker=0.5) as client:
        client.wait(client.send(FORCED, image=picture))
        assert client.worker_pid() is not None
        until(lambda: client.worker_pid() is None)
        assert client.wait(client.send(FORCED, image=picture))["state"] == "done"


def test_a_full_shared_memory_is_done_without(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(size: int, name: str | None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(blobs, "_segment", full)
    image = scene(1200, 800)
    with serving() as client:
        job_id = client.send({**FORCED, "depth": 8}, image=image)
        assert client.wait(job_id)["state"] == "done"
        answer = client.ask("GET", f"/v1/jobs/{job_id}/result?format=png")
        assert answer.picture().shape == (800, 1200, 4)


def test_models_devices_and_metrics(client: Any) -> None:
    models = client.ask("GET", "/v1/models").json()["models"]
    embedded = next(each for each in models if each["id"] == "mattebrush-subject")
    assert embedded["installed"] and embedded["license"] == "Apache-2.0"
    devices = client.ask("GET", "/v1/devices").json()["devices"]
    assert any(each["name"] == "cpu" and each["works"] for each in devices)
    text = client.ask("GET", "/metrics").body.decode()
    assert 'mattebrush_queue_length{lane="auto"} 0' in text
    for line in text.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0
