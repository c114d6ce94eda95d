# SPDX-License-Identifier: Apache-2.0
"""The session as hosts have it: one warm child process, through the client that they share."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebrush.cutout import no_progress
from mattebrush.errors import JobInvalid, OptionInvalid
from mattebrush.jobs import contract
from mattebrush.jobs.session import Frames

from .scenes import frames, overlap

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    sys.path.insert(0, str(ROOT / "plugins" / "client"))
    try:
        yield importlib.import_module("mattebrush_client")
    finally:
        sys.path.remove(str(ROOT / "plugins" / "client"))


def array(client: Any, values: np.ndarray) -> Any:
    return client.Array(values.tobytes(), values.shape, str(values.dtype))


def plane(received: Any) -> np.ndarray:
    return np.frombuffer(received.data, received.dtype).reshape(received.shape)


def test_a_warm_process_answers_frame_after_frame(client: Any) -> None:
    clip = frames(4)
    engine = client.ProcessEngine(sys.executable, str(ROOT / "core"))
    box = {"boxes": [[18, 26, 62, 70]]}
    session = client.FrameSession(
        engine, {"op": "open", "prompt": box, "steady": 1, "device": "cpu"}
    )
    try:
        answers = {}

        def ask(options: dict[str, Any], **arrays: Any) -> Any:
            answer = session.ask(options, **arrays).result()
            if answer.report["frame"] is not None:
                answers[answer.report["frame"]] = answer
            return answer

        assert ask({"op": "frame", "frame": 0}, image=array(client, clip[0][0])).alpha is None
        with pytest.raises(client.EngineRefused, match="choose one of"):
            session.ask({"op": "remove"}).result()
        for number in (1, 2, 3):  # the session has gone on
            ask({"op": "frame", "frame": number}, image=array(client, clip[number][0]))
        state = session.ask({"op": "state"}).result().state
        assert state is not None and bytes(state.data[:2]) == b"PK"
        assert ask({"op": "finish"}).report["ready"] == 0
        assert sorted(answers) == [0, 1, 2, 3]
        for number, answer in answers.items():
            assert overlap(plane(answer.alpha), clip[number][1]) > 0.85
            assert plane(answer.foreground).shape == clip[number][0].shape
            assert answer.report["alpha_is"] == "matte" and not answer.report["lost"]
    finally:
        session.close()
    assert session.process.poll() is not None


def test_cancelling_ends_the_process_and_is_told(client: Any) -> None:
    engine = client.ProcessEngine(sys.executable, str(ROOT / "core"))
    session = client.FrameSession(engine, {"op": "open", "device": "cpu"})
    job = session.ask({"op": "frame", "frame": 0}, image=array(client, frames(1)[0][0]))
    job.cancel()
    with pytest.raises(client.Cancelled):
        job.result()
    session.process.wait()
    with pytest.raises(client.EngineDied):
        session.ask({"op": "next"}).result()
    session.close()


def answer_to(
    session: Frames, options: dict[str, Any], **arrays: np.ndarray | None
) -> contract.Answer:
    return session.answer(contract.encode_request(options, **arrays), no_progress)


def opened(**options: Any) -> Frames:
    session = Frames()
    answer_to(session, {"op": "open", "device": "cpu", **options})
    return session


def test_a_session_goes_on_elsewhere_with_its_state_and_answers_in_the_depth_asked_for() -> None:
    clip = frames(3)
    box = {"boxes": [[18, 26, 62, 70]]}
    one = opened(steady=0, depth=16, decontaminate=False, prompt=box)
    for number in (0, 1):
        answer = answer_to(one, {"op": "frame", "frame": number}, image=clip[number][0])
    assert answer.alpha is not None and answer.alpha.dtype == np.uint16
    assert answer.foreground is None
    state = answer_to(one, {"op": "state"}).state
    last = answer_to(one, {"op": "frame", "frame": 2}, image=clip[2][0])
    two = Frames()
    options = {"op": "open", "device": "cpu", "steady": 0, "depth": 16, "decontaminate": False}
    answer_to(two, options, state=state)
    again = answer_to(two, {"op": "frame", "frame": 2}, image=clip[2][0])
    np.testing.assert_array_equal(again.alpha, last.alpha)
    hidden = answer_to(two, {"op": "frame", "frame": 2, "deliver": False}, image=clip[2][0])
    assert hidden.alpha is None and hidden.report["frame"] == 2


def test_a_key_mask_comes_back() -> None:
    clip = frames(1)
    session = opened(steady=0)
    mask = clip[0][1].astype(np.uint8) * 255
    answer_to(session, {"op": "key", "frame": 0}, mask=mask)
    answer = answer_to(session, {"op": "frame", "frame": 0}, image=clip[0][0])
    np.testing.assert_array_equal(answer.alpha, mask)


IMAGE = np.zeros((4, 6, 3), np.uint8)
BAD: dict[str, tuple[dict[str, Any], dict[str, np.ndarray], type[Exception]]] = {
    "open twice": ({"op": "open"}, {}, JobInvalid),
    "no frame number": ({"op": "frame"}, {"image": IMAGE}, OptionInvalid),
    "a negative one": ({"op": "frame", "frame": -1}, {"image": IMAGE}, OptionInvalid),
    "no image": ({"op": "frame", "frame": 0}, {}, JobInvalid),
    "options too late": (
        {"op": "frame", "frame": 0, "hard": True},
        {"image": IMAGE},
        OptionInvalid,
    ),
    "deliver maybe": ({"op": "frame", "frame": 0, "deliver": 1}, {"image": IMAGE}, OptionInvalid),
    "an empty key": ({"op": "key", "frame": 0}, {}, OptionInvalid),
    "no such op": ({"op": "jump"}, {}, OptionInvalid),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_requests_are_refused(case: str) -> None:
    options, arrays, error = BAD[case]
    with pytest.raises(error):
        answer_to(opened(), options, **arrays)


def test_bad_beginnings_are_refused() -> None:
    with pytest.raises(JobInvalid, match="not open"):
        answer_to(Frames(), {"op": "next"})
    for state in (b"x", b"PK\x03\x04", np.zeros(3).tobytes()):
        with pytest.raises(JobInvalid, match="state"):
            answer_to(Frames(), {"op": "open"}, state=np.frombuffer(state, np.uint8))
    with pytest.raises(OptionInvalid, match="steady"):
        opened(steady="much")
    with pytest.raises(JobInvalid, match="no state"):
        contract.decode(contract.encode_request({}, image=IMAGE, state=IMAGE[0, 0]))
