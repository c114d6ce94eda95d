# SPDX-License-Identifier: Apache-2.0
"""The process that runs the engine, so that a crash of a native library takes down only this.

It takes tasks from a pipe and answers, under their numbers, with progress and one outcome each;
pictures pass in shared memory (`blobs`). What the tasks do is in `tasks`. One thread listens all
the while: at a cancel it ends the task's network, and when the server has gone the whole process.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from mattebrush.cutout import Progress
from mattebrush.errors import Cancelled, InputTooLarge, MattebrushError
from mattebrush.jobs import contract
from mattebrush.models.cancellation import CancelToken

from .blobs import Blob, Handle

logger = logging.getLogger(__name__)

_REPORT_SECONDS = 0.05


@dataclasses.dataclass(frozen=True)
class Task:
    """A piece of work: a key of `tasks.TASKS`, its inputs, and a name for the output's memory."""

    number: int
    kind: str
    inputs: dict[str, Handle]
    params: dict[str, Any]
    output_name: str


@dataclasses.dataclass(frozen=True)
class Cancel:
    """The task of that number is no longer wanted."""

    number: int


@dataclasses.dataclass(frozen=True)
class Progressed:
    """How far the task is: a stage's name and the share of it that is done."""

    stage: str
    fraction: float


@dataclasses.dataclass(frozen=True)
class Done:
    """The task's output, and what there is to say about it."""

    output: Handle
    facts: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Failed:
    """The failure object of the job contract."""

    failure: dict[str, str]


def main(pipe: Connection) -> None:
    """Works until the server closes the pipe."""
    # Ctrl-C in a terminal reaches the whole group; the server says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner = _Runner(pipe)
    threading.Thread(target=runner.listen, daemon=True, name="listener").start()
    runner.run()


class _Runner:
    """Takes tasks and cancels from the pipe (`listen`), runs the tasks in their order (`run`)."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._tasks: queue.SimpleQueue[tuple[Task, CancelToken]] = queue.SimpleQueue()
        self._tokens: dict[int, CancelToken] = {}
        self._sending = threading.Lock()

    def listen(self) -> None:
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                # Not sys.exit: the main thread may be inside native code.
                os._exit(0)
            if isinstance(message, Task):
                token = self._tokens[message.number] = CancelToken()
                self._tasks.put((message, token))
            elif (cancelled := self._tokens.get(message.number)) is not None:
                cancelled.cancel()

    def run(self) -> None:
        while True:
            task, token = self._tasks.get()
            with token:
                _do(
                    task,
                    token,
                    functools.partial(self._send, task.number),
                    functools.partial(self._finish, task.number),
                )

    def _finish(self, number: int, outcome: Done | Failed) -> None:
        del self._tokens[number]
        self._send(number, outcome)

    def _send(self, number: int, message: object) -> None:
        with self._sending:
            self._pipe.send((number, message))


def _do(
    task: Task,
    token: CancelToken,
    report: Callable[[Progressed], None],
    finish: Callable[[Done | Failed], None],
) -> None:
    """Runs a task, and calls `finish` once."""
    last = ("", 0.0)

    def progress(stage: str, fraction: float) -> None:
        nonlocal last
        if token.cancelled:
            raise Cancelled("The job was cancelled.")
        now = time.monotonic()
        if stage != last[0] or now - last[1] >= _REPORT_SECONDS:
            last = (stage, now)
            report(Progressed(stage, fraction))

    with contextlib.ExitStack() as afterwards:
        # Memory is freed after the outcome was sent: for a large picture that takes a while.
        try:
            outcome: Done | Failed = _done(task, progress, afterwards)
        except MattebrushError as error:
            outcome = Failed(error.to_json())
        except MemoryError:
            outcome = Failed(
                InputTooLarge(
                    "There is not enough memory for a picture of this size.", "Try a smaller one."
                ).to_json()
            )
        except Exception:
            # Logged here, never sent: a traceback is no answer to a client.
            logger.exception("A task of kind %s failed", task.kind)
            outcome = Failed(MattebrushError("The engine failed on this picture.").to_json())
        finish(outcome)


def _done(task: Task, progress: Progress, afterwards: contextlib.ExitStack) -> Done:
    from .tasks import TASKS

    inputs = {}
    for name, handle in task.inputs.items():
        inputs[name] = Blob.attach(handle)
        afterwards.callback(inputs[name].detach)
    made, facts = TASKS[task.kind](inputs, task.params, progress)
    output = _blob(made, task.output_name)
    afterwards.callback(lambda kept: output.detach(), made)
    return Done(output.handle(), facts)


def _blob(made: bytes | contract.Answer, name: str) -> Blob:
    if isinstance(made, bytes):
        return Blob.of(made, name)
    return Blob.written(
        contract.answer_room(made), functools.partial(contract.write_answer, made), name
    )
