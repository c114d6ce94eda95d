# SPDX-License-Identifier: Apache-2.0
"""Shared runs: as alone, really fewer, and nobody feels another's failure or cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.helper as oh
import pytest

from mattebrush import engine
from mattebrush.errors import Cancelled, ModelInvalid
from mattebrush.models import gathering, runtime
from mattebrush.models.runtime import Session
from mattebrush.models.work import Work
from mattebrush.options import Options
from tests.models.networks import tiny

MANY = 6
Batches = list[int]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long enough for all to come, however busy the machine is."""
    monkeypatch.setattr(gathering, "_PATIENCE", 2.0)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Batches:
    """How many pictures each run had, in the order of the runs; they run all the same."""
    seen: Batches = []
    really = runtime._interruptible

    def counted(session: Any, inputs: Any) -> Any:
        seen.append(len(next(iter(inputs.values()))))
        return really(session, inputs)

    monkeypatch.setattr(runtime, "_interruptible", counted)
    return seen


def salient() -> Session:
    """The embedded network, opened anew, so that it has nothing proved yet."""
    path = runtime.open_session("mattebrush-salient", "cpu").path
    return Session(path, None, "cpu", 1, False)


def network(path: Path, nodes: Sequence[Any], constants: Sequence[Any] = ()) -> Session:
    """From x (n, 3, h, w) to y, as the nodes say, declared to take any batch."""
    value = oh.make_tensor_value_info
    shape: list[int | str | None] = ["n", 3, "h", "w"]
    ends = [value(name, onnx.TensorProto.FLOAT, shape) for name in ("x", "y")]
    graph = oh.make_graph(nodes, "test", ends[:1], ends[1:], constants)
    onnx.save(oh.make_model(graph, opset_imports=[oh.make_opsetid("", 13)], ir_version=8), path)
    return Session(path, None, "cpu", 1, False)


def pictures(side: int = 64, count: int = MANY) -> list[np.ndarray]:
    return list(np.random.default_rng(3).random((count, 1, 3, side, side), np.float32))


def at_once(call: Callable[[Any], Any], things: Sequence[Any]) -> list[Future[Any]]:
    """The call for each thing as a piece of work, all in the same moment."""
    ready = threading.Barrier(len(things))

    def done(thing: Any) -> Any:
        with Work():
            ready.wait(20)
            return call(thing)

    with ThreadPoolExecutor(len(things)) as pool:
        return [pool.submit(done, thing) for thing in things]


def asked(session: Session, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    name, answer = session.inputs[0].name, session.outputs[0].name
    futures = at_once(lambda array: session.run_gathered({name: array})[answer], arrays)
    return [future.result() for future in futures]


def alone(session: Session, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    name, answer = session.inputs[0].name, session.outputs[0].name
    return [session.run({name: array})[answer] for array in arrays]


def test_several_share_a_run_and_get_their_own_answers(batches: Batches) -> None:
    session, arrays = salient(), pictures()
    expected = alone(session, arrays)
    asked(session, arrays)  # in which the network proves that it can
    batches.clear()
    got = asked(session, arrays)
    for mine, answer in zip(got, expected, strict=True):
        np.testing.assert_allclose(mine, answer, atol=1e-5)
    assert batches == [MANY]


def test_the_engine_s_cut_outs_share_runs_too(batches: Batches) -> None:
    """All the way, with pictures whose answers differ."""
    options = Options(model="mattebrush-salient", device="cpu", matting="none", decontaminate=False)
    images = [np.full((96, 96, 3), 40, np.uint8) for _ in range(MANY)]
    for number, image in enumerate(images):
        image[20:80, 10 + 5 * number : 50 + 5 * number] = 230
    expected = [engine.remove_background(image, options).alpha for image in images]
    for _ in range(2):
        batches.clear()
        futures = at_once(lambda image: engine.remove_background(image, options), images)
        for future, alpha in zip(futures, expected, strict=True):
            np.testing.assert_allclose(future.result().alpha, alpha, atol=1e-4)
    assert batches == [MANY]


def test_one_picture_waits_for_nobody(batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_PATIENCE", 60.0)
    session, (array,) = salient(), pictures(count=1)
    start = time.monotonic()
    session.run_gathered({"image": array})
    asked(session, [array])
    assert batches == [1, 1] and time.monotonic() - start < 30


def test_other_sizes_do_not_share(batches: Batches) -> None:
    session = salient()
    arrays = [*pictures(64, 2), *pictures(96, 2)]
    for mine, answer in zip(asked(session, arrays), alone(session, arrays), strict=True):
        np.testing.assert_allclose(mine, answer, atol=1e-5)


def test_no_run_has_more_than_so_many(batches: Batches) -> None:
    session, arrays = salient(), pictures(32, gathering.MOST * 2 + 1)
    asked(session, arrays)
    assert 1 < max(batches) <= gathering.MOST


def test_answers_that_depend_on_the_others_are_not_shared(tmp_path: Path, batches: Batches) -> None:
    mean = oh.make_node("ReduceMean", ["x"], ["m"], axes=[0], keepdims=1)
    session = network(tmp_path / "mixes.onnx", [mean, oh.make_node("Sub", ["x", "m"], ["y"])])
    for _ in range(2):
        batches.clear()
        assert all((answer == 0).all() for answer in asked(session, pictures()))
    assert batches == [1] * MANY  # by then it has been found out


def test_a_network_that_fails_with_several_runs_one_by_one(
    tmp_path: Path, batches: Batches
) -> None:
    shape = oh.make_tensor("shape", onnx.TensorProto.INT64, [4], [1, 3, 64, 64])
    session = network(
        tmp_path / "one.onnx", [oh.make_node("Reshape", ["x", "shape"], ["y"])], [shape]
    )
    for _ in range(2):
        batches.clear()
        arrays = pictures()
        for mine, array in zip(asked(session, arrays), arrays, strict=True):
            np.testing.assert_array_equal(mine, array)
    assert batches == [1] * MANY


def test_a_batch_of_one_in_the_file_stays_one(tmp_path: Path, batches: Batches) -> None:
    session = Session(tiny("u2net", tmp_path / "u2net.onnx"), None, "cpu", 1, False)
    asked(session, pictures(320, 3))
    assert batches == [1] * 3


def test_the_failure_of_one_is_its_own(tmp_path: Path) -> None:
    session, arrays = salient(), pictures()
    bad = np.ones((1, 2, 64, 64), np.float32)
    expected = alone(session, arrays)
    futures = at_once(lambda array: session.run_gathered({"image": array}), [bad, *arrays])
    with pytest.raises(ModelInvalid):
        futures[0].result()
    for future, answer in zip(futures[1:], expected, strict=True):
        np.testing.assert_allclose(future.result()["probability"], answer, atol=1e-5)


@pytest.mark.parametrize("who", range(3))
def test_the_cancel_of_one_is_its_own(who: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped while the shared run goes on, be it the one who leads it or not."""
    session, arrays = salient(), pictures(count=3)
    expected = alone(session, arrays)
    asked(session, arrays)
    works = [Work() for _ in arrays]
    ready = threading.Barrier(len(works))
    really = runtime._interruptible

    def stopped(onnx_session: Any, inputs: Any) -> Any:
        if len(inputs["image"]) == len(arrays):
            works[who].stop()
        return really(onnx_session, inputs)

    def run(work: Work, array: np.ndarray) -> Any:
        with work:
            ready.wait(20)
            answer = session.run_gathered({"image": array})["probability"]
            session.run({"image": array[:, :, :32, :32]})  # what comes next
        return answer

    monkeypatch.setattr(runtime, "_interruptible", stopped)
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(run, *pair) for pair in zip(works, arrays, strict=True)]
    for number, (future, answer) in enumerate(zip(futures, expected, strict=True)):
        if number == who:
            with pytest.raises(Cancelled):
                future.result()
        else:
            np.testing.assert_allclose(future.result(), answer, atol=1e-5)
