# SPDX-License-Identifier: Apache-2.0
"""Opens networks on a device and runs them: sessions, shared between threads, and honest devices.

A device counts as working when it has really run a network, not when onnxruntime lists it. Where
files lie it asks `store`; of pictures (segmentation, matting) it knows nothing.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Cancelled, DeviceUnavailable, ModelInvalid, OptionInvalid
from . import cancellation, store, tokenizers
from .catalog import TOKENIZER, Graph, ModelRow, Tensor, get

PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""onnxruntime's name for each device, fastest first: the order in which "auto" tries them."""

_PROBE = base64.b64decode(
    "CAgSADpvCg8KAXgKAXcSAXkiBENvbnYSBXByb2JlKhsIAQgDCAEIARABQgF3SgwAAIA/AAAAQAAAQEBaGwoBeBIWChQI"
    "ARIQCgIIAQoCCAMKAggBCgIIAWIbCgF5EhYKFAgBEhAKAggBCgIIAQoCCAEKAggBQgQKABAN"
)


@dataclasses.dataclass(frozen=True)
class DeviceStatus:
    """Whether a device ran a small network, and if not, why not."""

    name: str
    works: bool
    detail: str


class Session:
    """A network, open on a device. `run` may be called from several threads at once.

    row: its catalog row, None for a file that has none. version: changes when the file does.
    device: where it really runs, such as "cpu" or "cuda".
    warnings: sentences a person should read, such as a fallback to the CPU.
    inputs, outputs: as the file itself says; open sides are None.
    metadata: the free-form properties written into the file.
    taps: values inside the network that are given out as well, after its own outputs.
    """

    def __init__(
        self,
        path: Path,
        row: ModelRow | None,
        device: str,
        threads: int | None,
        taps: tuple[str, ...] = (),
    ) -> None:
        self.path, self.row, self._taps = path, row, taps
        state = path.stat()
        self.version = (state.st_mtime_ns, state.st_size)
        self.warnings: list[str] = []
        self._threads = threads
        self._may_fall_back = device == "auto"
        self._one_at_a_time = threading.Lock()
        self.device, self._session = self._open(device)
        self.inputs = tuple(_tensor(node) for node in self._session.get_inputs())
        self.outputs = tuple(_tensor(node) for node in self._session.get_outputs())
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs the network; arrays by the names of the file's inputs and outputs.

        Parameters
        ----------
        inputs : Mapping[str, numpy.ndarray]
            By the names of the file's inputs, in the dtypes and shapes that it declares.

        Returns
        -------
        dict[str, numpy.ndarray]
            By the names of the file's outputs.

        Raises
        ------
        DeviceUnavailable
            When the device fails (out of memory, lost) and falling back to the CPU is not allowed.
        ModelInvalid
            When the network itself cannot take these inputs.
        Cancelled
            When the `cancellation.CancelToken` that covers this thread was cancelled.
        """
        values = self._values(inputs)
        return dict(zip((output.name for output in self.outputs), values, strict=True))

    def _values(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        session = self._session
        try:
            return self._run(session, inputs)
        except Cancelled:
            raise
        except Exception as failure:
            return self._run_on_cpu(inputs, failure)

    def _run_on_cpu(self, inputs: Mapping[str, np.ndarray], failure: Exception) -> list[np.ndarray]:
        """After a failure elsewhere: it was the device, unless the CPU fails too."""
        device = self.device
        if device != "cpu":
            if not self._may_fall_back:
                raise _unavailable(device, failure) from failure
            session = _create(self.path, "cpu", self._threads, self._taps)
            try:
                values = self._run(session, inputs)
            except Cancelled:
                raise
            except Exception as second:
                failure = second
            else:
                self._give_up(device, failure)
                self.device, self._session = "cpu", session
                return values
        raise ModelInvalid(
            f"{self.path.name} failed to run: {_first_line(failure)}",
            "Check the file with `mattebrush models verify`.",
        ) from failure

    def _run(self, session: Any, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        if self.device != "directml":
            return _interruptible(session, inputs)
        with self._one_at_a_time:  # DirectML sessions must not run twice at the same time
            return _interruptible(session, inputs)

    def _open(self, device: str) -> tuple[str, Any]:
        for name in _candidates(device):
            try:
                if name != "cpu":
                    _probe(name)
                return name, _create(self.path, name, self._threads, self._taps)
            except ModelInvalid:
                raise
            except Exception as failure:
                self._give_up(name, failure)
        return "cpu", _create(self.path, "cpu", self._threads, self._taps)

    def _give_up(self, device: str, failure: Exception) -> None:
        """Falls back to the CPU and records a warning; raises where that is not allowed."""
        if not self._may_fall_back:
            raise _unavailable(device, failure) from failure
        self.warnings.append(
            f"The device {device} does not work ({_first_line(failure)}); ran on the CPU instead."
        )


def _interruptible(session: Any, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    token = cancellation.current()
    if token is None:
        return list(session.run(None, dict(inputs)))
    handle = _onnxruntime().RunOptions()
    with token.covering(handle):
        return list(session.run(None, dict(inputs), handle))


_MOST_SESSIONS = 8
"""Of the sessions nobody dropped, only so many stay: the one not asked for longest goes first."""

_sessions: dict[tuple[Any, ...], Session] = {}
_opening: dict[tuple[Any, ...], threading.Lock] = {}
_registry = threading.Lock()


def open_session(
    model: str | Path | ModelRow,
    device: str = "auto",
    threads: int | None = None,
    *,
    role: str = "model",
    taps: tuple[str, ...] = (),
) -> Session:
    """The session of a catalog id, a row, or a file (a Path); opened once, then shared.

    Parameters
    ----------
    model : str or Path or ModelRow
        An id of the catalog, a row of it, or a network file outside the store.
    device : str, optional
        "auto" takes the fastest that works, and falls back to the CPU with a warning in
        `Session.warnings`; any other must work.
    threads : int or None, optional
        CPU threads; None follows the machine.
    role : str, optional
        Which file of the model, "model", "encoder" or "decoder".
    taps : tuple of str, optional
        Names of values inside the network that are to be outputs, too.

    Returns
    -------
    Session

    Raises
    ------
    ModelUnavailable
        When it is not installed.
    ModelInvalid
        When the file is damaged or does not fit its row.
    DeviceUnavailable
        When a device that was asked for by name does not work here.
    OptionInvalid
        For an unknown device.
    """
    if device != "auto" and device not in PROVIDERS:
        raise OptionInvalid(
            f"There is no device {device!r}.", f"Choose auto or one of {', '.join(PROVIDERS)}."
        )
    row = None if isinstance(model, Path) else get(model)
    path = model if isinstance(model, Path) else store.resolve(get(model)).paths[role]
    try:
        state = path.stat()
    except OSError as failure:
        raise ModelInvalid(f"{path} cannot be read: {failure.strerror}.") from failure
    key = (str(path), state.st_mtime_ns, state.st_size, row, role, device, threads, taps)
    with _registry:
        lock = _opening.setdefault(key, threading.Lock())
    with lock:  # so that two threads that ask at once do not load the file twice
        session = _sessions.get(key)
        if session is None:
            session = Session(path, row, device, threads, taps)
            if row is not None:
                check(session, row.interface.graphs[role])
    with _registry:
        _sessions.pop(key, None)
        _sessions[key] = session
        while len(_sessions) > _MOST_SESSIONS:
            _sessions.pop(next(iter(_sessions)))
    return session


def release(model_id: str) -> None:
    """Drops the sessions of this model; memory goes back when the last user lets go of them.

    Parameters
    ----------
    model_id : str
        An id of the catalog.
    """
    with _registry:
        for key, session in list(_sessions.items()):
            if session.row is not None and session.row.id == model_id:
                del _sessions[key]
    _trim()


def devices() -> list[DeviceStatus]:
    """Every device this engine knows, tried with a small real inference.

    Returns
    -------
    list[DeviceStatus]
        One a device, those that do not work too, with the reason.
    """
    return [_status(name) for name in PROVIDERS]


def check(session: Session, graph: Graph) -> None:
    """Compares an open network with what its row expects.

    Parameters
    ----------
    session : Session
        An open network.
    graph : Graph
        The inputs and outputs that the row expects; further outputs are allowed.

    Raises
    ------
    ModelInvalid
        Where they differ, naming what does.
    """
    differences = [
        *_differences("input", graph.inputs, session.inputs, exact=True),
        *_differences("output", graph.outputs, session.outputs, exact=False),
    ]
    if differences:
        name = session.row.id if session.row else "its row"
        raise ModelInvalid(
            f"{session.path.name} does not fit {name}: {'; '.join(differences)}.",
            "Is it the file of another model? See `mattebrush models info`.",
        )


def check_file(path: Path, row: ModelRow, role: str) -> None:
    """Whether a file can serve as one of a model's.

    Parameters
    ----------
    path : Path
        The file.
    row : ModelRow
        The model's row of the catalog.
    role : str
        Which file of the model, such as "model", "encoder" or "tokenizer".

    Raises
    ------
    ModelInvalid
        When it is no network (or tokenizer), or does not fit this role of its row.
    """
    if role == TOKENIZER:
        tokenizers.read(path)
        return
    if role not in row.interface.graphs:
        return  # weights beside a network: what opens it says whether they fit
    session = Session(path, row, "cpu", threads=1)
    check(session, row.interface.graphs[role])


def _differences(
    what: str, expected: tuple[Tensor, ...], actual: tuple[Tensor, ...], exact: bool
) -> list[str]:
    """Sentences on what a file has otherwise than expected; `exact` forbids further tensors."""
    problems = []
    by_name = {tensor.name: tensor for tensor in actual}
    unnamed = iter(actual)
    for position, tensor in enumerate(expected):
        # With a single unnamed tensor the file's own name is taken; several need names to be told
        # apart.
        have = by_name.get(tensor.name) if tensor.name else next(unnamed, None)
        label = f"{what} {tensor.name or position}"
        if have is None:
            if not tensor.optional:
                problems.append(f"{label} is missing (it has {', '.join(by_name) or 'none'})")
            continue
        if have.dtype != tensor.dtype:
            problems.append(f"{label} is {have.dtype}, expected {tensor.dtype}")
        if not _fits(tensor.shape, have.shape):
            problems.append(f"{label} is {_shape(have.shape)}, expected {_shape(tensor.shape)}")
    if exact and len(actual) > len(expected):
        problems.append(f"it has {len(actual)} {what}s, expected {len(expected)}")
    return problems


def _fits(expected: tuple[int | None, ...], actual: tuple[int | None, ...]) -> bool:
    if not expected:
        return True
    return len(expected) == len(actual) and all(
        a is None or b is None or a == b for a, b in zip(expected, actual, strict=True)
    )


def _shape(shape: tuple[int | None, ...]) -> str:
    return "x".join("?" if side is None else str(side) for side in shape) or "a scalar"


def _unavailable(device: str, failure: Exception) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"The device {device} does not work: {_first_line(failure).rstrip('.')}.",
        "See `mattebrush doctor`, or use --device cpu.",
    )


def _candidates(device: str) -> list[str]:
    if device != "auto":
        return [device]
    available = _onnxruntime().get_available_providers()
    return [name for name, provider in PROVIDERS.items() if provider in available]


def _create(path: Path, device: str, threads: int | None, taps: tuple[str, ...] = ()) -> Any:
    ort = _onnxruntime()
    try:
        session = ort.InferenceSession(
            _tapped(path.read_bytes(), taps) if taps else str(path),
            sess_options=_options(threads, device),
            providers=_chain(device),
            enable_fallback=0,  # onnxruntime's own goes to the CPU with no more than a print
        )
    except Exception as failure:
        if type(failure).__name__ in ("InvalidProtobuf", "InvalidGraph", "NoSuchFile", "NoModel"):
            raise ModelInvalid(
                f"{path.name} is not a readable ONNX file: {_first_line(failure)}",
                "Fetch it again with `mattebrush models pull`, or add another copy.",
            ) from failure
        if device == "cpu":
            raise ModelInvalid(
                f"{path.name} cannot be opened: {_first_line(failure)}",
                "It may need a newer onnxruntime.",
            ) from failure
        raise
    _must_hold(session, device)
    return session


def _tapped(model: bytes, taps: tuple[str, ...]) -> bytes:
    """A network whose inner values of these names are outputs, too. Protocol buffers that follow
    each other are one (a repeated field gets longer), so that what is missing is written after
    it: ModelProto.graph (7), GraphProto.output (12), ValueInfoProto.name (1)."""

    def field(number: int, payload: bytes) -> bytes:
        length, size = len(payload), b""
        while length > 0x7F:
            size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
        return bytes([number << 3 | 2]) + size + bytes([length]) + payload

    return model + b"".join(field(7, field(12, field(1, name.encode()))) for name in taps)


def _must_hold(session: Any, device: str) -> None:
    """onnxruntime drops a provider that will not load with no more than a log line."""
    if session.get_providers()[0] != PROVIDERS[device]:
        raise DeviceUnavailable(f"onnxruntime did not take {PROVIDERS[device]}")


def _chain(device: str) -> list[str]:
    """Operators that a device lacks run on the CPU; that is onnxruntime's way, not a fallback."""
    return [PROVIDERS[device]] if device == "cpu" else [PROVIDERS[device], PROVIDERS["cpu"]]


def _options(threads: int | None, device: str) -> Any:
    options = _onnxruntime().SessionOptions()
    options.log_severity_level = 4  # failures reach us as exceptions; the rest is noise
    options.intra_op_num_threads = threads or _machine_threads()
    options.enable_mem_pattern = device != "directml"  # which cannot use it
    return options


@functools.cache
def _machine_threads() -> int:
    """CPU threads this process may use: its affinity, and a container's quota where there is one.

    0 leaves it to onnxruntime, which takes the physical cores of the whole machine.
    """
    whole = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else whole
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        allowed = min(allowed, max(1, int(quota) // int(period)))
    return allowed if allowed < whole else 0


@functools.cache
def _probe(device: str) -> None:
    """Runs a 1x1 convolution whose answer is known, with no help from the CPU allowed.

    The network: x (1, 3), as a picture of one pixel; y = 1 x0 + 2 x1 + 3 x2. Raises whatever
    the device raises.
    """
    ort = _onnxruntime()
    if PROVIDERS[device] not in ort.get_available_providers():
        raise DeviceUnavailable("the installed onnxruntime has no support for it (docs/gpu.md)")
    options = _options(1, device)
    if device != "cpu":
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    session = ort.InferenceSession(_PROBE, sess_options=options, providers=[PROVIDERS[device]])
    _must_hold(session, device)
    (answer,) = session.run(None, {"x": np.ones((1, 3, 1, 1), np.float32)})
    if answer.ravel().tolist() != [6.0]:
        raise DeviceUnavailable(f"a small network gave {answer.ravel().tolist()}, not [6.0]")


def _status(device: str) -> DeviceStatus:
    try:
        _probe(device)
    except Exception as failure:
        return DeviceStatus(device, False, _first_line(failure))
    return DeviceStatus(device, True, "ran a small network")


@functools.cache
def _onnxruntime() -> Any:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        with contextlib.suppress(Exception):  # older versions lack it; the probe tells the truth
            onnxruntime.preload_dlls()
    return onnxruntime


def _tensor(node: Any) -> Tensor:
    kinds = {"float": "float32", "double": "float64", "float16": "float16"}
    kind = node.type.removeprefix("tensor(").removesuffix(")")
    shape = tuple(side if isinstance(side, int) else None for side in node.shape)
    return Tensor(node.name, shape, kinds.get(kind, kind))


def _first_line(failure: Exception) -> str:
    return (str(failure).strip() or type(failure).__name__).splitlines()[0][:300]


def _trim() -> None:
    """Returns freed memory to the system where the C library would keep it (glibc)."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
