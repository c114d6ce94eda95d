# SPDX-License-Identifier: Apache-2.0
"""The job contract is one: the same bytes through the pipe and over HTTP, the same answer."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from mattebrush.jobs import contract
from tests.server.server_client import scene

NPZ = "application/x-npz"


def through_the_pipe(body: bytes) -> bytes:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "mattebrush", "job"]
    return subprocess.run(
        command, input=body, env=environment, capture_output=True, timeout=60
    ).stdout


def over_http(client: Any, body: bytes) -> bytes:
    answer = client.ask("POST", "/v1/jobs", body, Content_Type=NPZ, Prefer="wait")
    return bytes(answer.body)


def members(body: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        return dict(archive)


def requests() -> dict[str, bytes]:
    picture = scene()
    mask = np.where(picture[:, :, 0] > 200, 255, 0).astype(np.uint8)
    trimap = mask.copy()
    trimap[::3] = 128
    painted = mask.copy()
    painted[:20, :20] = 255
    deep = picture.astype(np.uint16) * 257
    return {
        "remove": contract.encode_request({"force": True}, image=picture),
        "16 bits": contract.encode_request({"force": True, "feather": 2.5}, image=deep),
        "segment": contract.encode_request({"op": "segment", "depth": 32}, image=picture),
        "matte": contract.encode_request({"op": "matte"}, image=picture, mask=trimap),
        "decontaminate": contract.encode_request({"op": "decontaminate"}, image=picture, mask=mask),
        "refine": contract.encode_request(
            {"op": "refine"}, image=picture, mask=painted, previous=mask, region=mask
        ),
    }


@pytest.mark.parametrize("name", requests())
def test_answers_are_the_same(client: Any, name: str) -> None:
    body = requests()[name]
    piped, served = members(through_the_pipe(body)), members(over_http(client, body))
    assert set(piped) == set(served) >= {"alpha", "report"}
    reports = [json.loads(each.pop("report").tobytes()) for each in (piped, served)]
    stages = [set(report.pop("seconds")) for report in reports]
    assert reports[0] == reports[1] and stages[0] == stages[1]
    for member, array in piped.items():
        assert array.dtype == served[member].dtype
        np.testing.assert_array_equal(array, served[member])


@pytest.mark.parametrize(
    "body",
    (
        b"no zip",
        contract.encode_request({"op": "remove"}, image=np.full((64, 64, 3), 128, np.uint8)),
        contract.encode_request({"op": "matte"}, image=scene()),
        contract.encode_request({"model": "no-such"}, image=scene()),
        contract.encode_request({"feather": -1}, image=scene()),
        contract.encode_request({}, image=scene(), mask=np.zeros((3, 3), np.uint8)),
    ),
    ids=("no zip", "no subject", "no mask", "no model", "bad option", "other size"),
)
def test_failures_are_the_same(client: Any, body: bytes) -> None:
    assert json.loads(through_the_pipe(body)) == json.loads(over_http(client, body))
