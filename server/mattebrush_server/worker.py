# SPDX-License-Identifier: Apache-2.0
"""The process that runs the engine, so that a crash of a native library takes down only this.

It takes tasks from a pipe and answers, under their numbers, with progress and one outcome each;
pictures pass in shared memory (`blobs`). What the tasks do is in `tasks`. They run side by side, as
many as the server sends. One thread listens all the while: at a cancel it stops the task's network,
and when the server has gone it ends the process at once.
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

from mattebrush import job
from mattebrush.cutout import Progress
from mattebrush.errors import Cancelled, MattebrushError
from mattebrush.models.work import Work

from .blobs import Blob, Handle

logger = logging.getLogger(__name__)

_TELL_SECONDS = 0.05


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
    bench = _Bench(pipe)
    threading.Thread(target=bench.listen, daemon=True, name="listener").start()
    bench.work()


class _Bench:
    """Where tasks wait for a thread. There is one thread, and more only while they are needed side
    by side."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._tasks: queue.SimpleQueue[tuple[Task, Work]] = queue.SimpleQueue()
        self._works: dict[int, Work] = {}
        self._free = 1
        self._lock = threading.Lock()
        self._one_speaks = threading.Lock()

    def listen(self) -> None:
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                # Not sys.exit: the main thread may be inside native code.
                os._exit(0)
            if isinstance(message, Task):
                self._take(message)
            elif (work := self._works.get(message.number)) is not None:
                work.stop()

    def _take(self, task: Task) -> None:
        with self._lock:
            work = self._works[task.number] = Work()
            self._free -= 1
            more = self._free < 0
            self._free += more
        self._tasks.put((task, work))
        if more:
            threading.Thread(target=self.work, daemon=True, name="hand").start()

    def work(self) -> None:
        while True:
            task, work = self._tasks.get()
            with work:
                _do(
                    task,
                    work,
                    functools.partial(self._tell, task.number),
                    functools.partial(self._finish, task.number),
                )

    def _finish(self, number: int, outcome: Done | Failed) -> None:
        with self._lock:
            del self._works[number]
            self._free += 1
        self._tell(number, outcome)

    def _tell(self, number: int, message: object) -> None:
        with self._one_speaks:
            self._pipe.send((number, message))


def _do(
    task: Task,
    work: Work,
    tell: Callable[[Progressed], None],
    finish: Callable[[Done | Failed], None],
) -> None:
    """Does a task, and calls `finish` once."""
    told = ("", 0.0)

    def progress(stage: str, fraction: float) -> None:
        nonlocal told
        if work.stopped:
            raise Cancelled("The job was cancelled.")
        now = time.monotonic()
        if stage != told[0] or now - told[1] >= _TELL_SECONDS:
            told = (stage, now)
            tell(Progressed(stage, fraction))

    with contextlib.ExitStack() as afterwards:
        # Memory is given back after the outcome was told: for a large picture it takes a while.
        try:
            outcome: Done | Failed = _done(task, progress, afterwards)
        except MattebrushError as error:
            outcome = Failed(error.to_json())
        except MemoryError:
            outcome = Failed(
                MattebrushError(
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


def _blob(made: bytes | job.Answer, name: str) -> Blob:
    if isinstance(made, bytes):
        return Blob.of(made, name)
    return Blob.written(job.answer_room(made), functools.partial(job.write_answer, made), name)
