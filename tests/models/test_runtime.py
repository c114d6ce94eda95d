# SPDX-License-Identifier: Apache-2.0
"""Sessions and devices: shared, honest about what ran, and given back."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnx.helper as oh
import onnxruntime as ort
import pytest

from mattebrush.errors import Cancelled, DeviceUnavailable, ModelInvalid, OptionInvalid
from mattebrush.models import runtime
from mattebrush.models.cancellation import CancelToken
from tests import sessions


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    sessions.forget_all()
    yield
    sessions.forget_all()


@pytest.fixture
def doubler(tmp_path: Path) -> Path:
    """A network that gives y = x + x for x of (1, 4)."""
    value = oh.make_tensor_value_info
    graph = oh.make_graph(
        [oh.make_node("Add", ["x", "x"], ["y"])],
        "doubler",
        [value("x", onnx.TensorProto.FLOAT, [1, 4])],
        [value("y", onnx.TensorProto.FLOAT, [1, 4])],
    )
    path = tmp_path / "doubler.onnx"
    onnx.save(oh.make_model(graph, opset_imports=[oh.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_the_probe_is_the_network_its_comment_describes() -> None:
    model = onnx.load_from_string(runtime._PROBE)
    onnx.checker.check_model(model)
    (weights,) = model.graph.initializer
    assert onnx.numpy_helper.to_array(weights).ravel().tolist() == [1.0, 2.0, 3.0]
    assert [node.op_type for node in model.graph.node] == ["Conv"]


def test_a_listed_device_is_one_that_ran() -> None:
    states = {state.name: state for state in runtime.devices()}
    assert set(states) == set(runtime.PROVIDERS)
    assert states["cpu"].works
    assert all(state.detail for state in states.values())


def test_threads_share_one_session_and_get_their_own_answers(doubler: Path) -> None:
    def work(number: int) -> tuple[int, float]:
        session = runtime.open_session(doubler, "cpu")
        return id(session), float(
            session.run({"x": np.full((1, 4), number, np.float32)})["y"][0, 0]
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(64)))
    assert len({identity for identity, _ in answers}) == 1
    assert [value for _, value in answers] == [2.0 * number for number in range(64)]


def test_a_device_that_fails_is_an_error(doubler: Path) -> None:
    broken = next((state.name for state in runtime.devices() if not state.works), None)
    if broken is None:
        pytest.skip("every device works on this machine")
    with pytest.raises(DeviceUnavailable, match=broken):
        runtime.open_session(doubler, broken)


def test_a_device_that_is_listed_but_cannot_run_is_found_out(
    doubler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """onnxruntime's Azure provider is a real one of this kind: there, and runs nothing here."""
    listed = "AzureExecutionProvider"
    if listed not in ort.get_available_providers():
        pytest.skip("this onnxruntime has no provider that lists itself and runs nothing")
    monkeypatch.setattr(runtime, "PROVIDERS", {"cuda": listed, "cpu": "CPUExecutionProvider"})
    runtime._probe.cache_clear()
    try:
        states = {state.name: state.works for state in runtime.devices()}
        assert states == {"cuda": False, "cpu": True}
        session = runtime.open_session(doubler)
        assert session.device == "cpu"
        assert "ran on the CPU instead" in session.warnings[0]
        with pytest.raises(DeviceUnavailable, match="cuda does not work"):
            runtime.open_session(doubler, "cuda")
    finally:
        runtime._probe.cache_clear()


def test_auto_says_what_ran(doubler: Path) -> None:
    session = runtime.open_session(doubler)
    assert session.device in runtime.PROVIDERS
    assert session.run({"x": np.ones((1, 4), np.float32)})["y"].tolist() == [[2.0] * 4]


def test_unknown_devices_are_named() -> None:
    with pytest.raises(OptionInvalid, match="npu"):
        runtime.open_session("u2netp", "npu")


@pytest.mark.parametrize("content", [b"", b"not a network", b"<html>404</html>"])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelInvalid, match=r"bad\.onnx"):
        runtime.open_session(path)


def test_inputs_a_network_cannot_take_are_a_named_error(doubler: Path) -> None:
    session = runtime.open_session(doubler, "cpu")
    with pytest.raises(ModelInvalid, match=r"doubler\.onnx failed to run"):
        session.run({"x": np.ones((1, 5), np.float32)})


def test_a_run_is_interrupted_and_the_session_goes_on(tmp_path: Path) -> None:
    """A chain of products that takes a minute or more, and ends at the next link."""
    value, side = oh.make_tensor_value_info, 2000
    names = ["x", *(f"h{n}" for n in range(500)), "y"]
    nodes = [oh.make_node("MatMul", [a, "x"], [b]) for a, b in itertools.pairwise(names)]
    shape = [value(name, onnx.TensorProto.FLOAT, ["s", "s"]) for name in ("x", "y")]
    graph = oh.make_graph(nodes, "chain", shape[:1], shape[1:])
    path = tmp_path / "chain.onnx"
    onnx.save(oh.make_model(graph, opset_imports=[oh.make_opsetid("", 13)], ir_version=8), path)
    session = runtime.open_session(path, "cpu")
    mine, other = CancelToken(), CancelToken()

    def run(work: CancelToken) -> None:
        with work:
            session.run({"x": np.zeros((side, side), np.float32)})

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(run, mine)
        while not mine._handles:
            time.sleep(0.01)
        other.cancel()
        time.sleep(0.2)
        assert mine._handles and not slow.done()
        mine.cancel()
        start = time.monotonic()
        with pytest.raises(Cancelled):
            slow.result(60)
        assert time.monotonic() - start < 10
    with pytest.raises(Cancelled):  # stopped before it began
        run(other)
    assert session.run({"x": np.eye(2, dtype=np.float32)})["y"].tolist() == [[1, 0], [0, 1]]


def test_a_file_that_changed_is_opened_again(doubler: Path, tmp_path: Path) -> None:
    first = runtime.open_session(doubler, "cpu")
    copy = tmp_path / "copy.onnx"
    shutil.copy(doubler, copy)
    copy.replace(doubler)
    assert runtime.open_session(doubler, "cpu") is not first


def test_only_so_many_sessions_stay_open(doubler: Path) -> None:
    first = runtime.open_session(doubler, "cpu", 1)
    for threads in range(2, runtime._MOST_SESSIONS + 2):
        runtime.open_session(doubler, "cpu", threads)
    assert len(runtime._sessions) == runtime._MOST_SESSIONS
    assert runtime.open_session(doubler, "cpu", 1) is not first
