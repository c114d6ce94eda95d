# SPDX-License-Identifier: Apache-2.0
"""A lane: one fair, ordered queue, one thread, one worker process. There is one per device.

`FairQueue` takes turns between clients; `Worker` is the server's hand on the process: it starts it
when needed, sends one task, follows it, and kills it when it crashes, hangs or will not stop.
"""

from __future__ import annotations

import collections
import itertools
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from mattebrush.errors import Cancelled

from . import worker as child
from .blobs import Blob, forget
from .errors import EngineCrashed, TaskFailed, TookTooLong

CANCEL_GRACE = 0.3
"""Seconds a worker has to stop by itself before it is killed; a cancel takes at most a second."""

_LOOK_SECONDS = 0.05

T = TypeVar("T")


class FairQueue(Generic[T]):
    """First come first served within a client, turn about between clients."""

    def __init__(self) -> None:
        self._waiting: collections.OrderedDict[str, collections.deque[T]] = (
            collections.OrderedDict()
        )
        self._changed = threading.Condition()

    def put(self, client: str, item: T) -> None:
        """Adds an item at the end of its client's line."""
        with self._changed:
            self._waiting.setdefault(client, collections.deque()).append(item)
            self._changed.notify()

    def get(self, timeout: float) -> T | None:
        """The next item, or None when none came in `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._waiting), timeout):
                return None
            client, line = next(iter(self._waiting.items()))
            item = line.popleft()
            if line:
                self._waiting.move_to_end(client)
            else:
                del self._waiting[client]
            return item

    def remove(self, client: str, item: T) -> bool:
        """Takes an item out of the line; False when it is not (or no longer) in it."""
        with self._changed:
            line = self._waiting.get(client, collections.deque())
            if item not in line:
                return False
            line.remove(item)
            if not line:
                del self._waiting[client]
            return True

    def __len__(self) -> int:
        with self._changed:
            return sum(map(len, self._waiting.values()))


class Worker:
    """One worker process, started at the first task and again after each death."""

    _numbers = itertools.count(1)

    def __init__(self, job_seconds: float) -> None:
        self._job_seconds = job_seconds
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None
        self._starts = 0

    @property
    def pid(self) -> int | None:
        """The process's id, or None while there is none."""
        return self._process.pid if self._process is not None else None

    @property
    def restarts(self) -> int:
        """How often the process was started again: after a crash, a kill, or idleness."""
        return max(0, self._starts - 1)

    def run(
        self,
        kind: str,
        inputs: dict[str, Blob],
        params: dict[str, Any],
        progress: Callable[[str, float], None],
        cancelled: Callable[[], bool],
    ) -> tuple[Blob, dict[str, Any]]:
        """Runs one task; returns its output and the facts about it.

        Raises Cancelled, TaskFailed, EngineCrashed, TookTooLong.
        """
        number = next(self._numbers)
        name = f"mattebrush-{os.getpid()}-{number}"
        handles = {key: blob.handle() for key, blob in inputs.items()}
        self._send(child.Task(number, kind, handles, params, name))
        try:
            done = self._follow(number, progress, cancelled)
        except (Cancelled, EngineCrashed, TookTooLong):
            forget(name)
            raise
        return Blob.attach(done.output), done.facts

    def _send(self, task: child.Task) -> None:
        if self._process is None or not self._process.is_alive():
            self._start()
        try:
            self._pipe_now().send(task)
        except OSError:
            # It died between two tasks; nothing of this one has been done.
            self._start()
            self._pipe_now().send(task)

    def _follow(
        self,
        number: int,
        progress: Callable[[str, float], None],
        cancelled: Callable[[], bool],
    ) -> child.Done:
        give_up = time.monotonic() + self._job_seconds
        asked_to_stop: float | None = None
        while True:
            message = self._message()
            now = time.monotonic()
            if isinstance(message, child.Done):
                return message
            if isinstance(message, child.Failed):
                if message.failure["code"] == Cancelled.code:
                    raise Cancelled("The job was cancelled.")
                raise TaskFailed(message.failure)
            if isinstance(message, child.Progressed):
                progress(message.stage, message.fraction)
            if asked_to_stop is None and cancelled():
                asked_to_stop = now
                self._ask_to_stop(number)
            if asked_to_stop is not None and now - asked_to_stop > CANCEL_GRACE:
                self.stop()
                raise Cancelled("The job was cancelled.")
            if now > give_up:
                self.stop()
                raise TookTooLong(
                    f"The job ran longer than {self._job_seconds:g} seconds and was stopped.",
                    "Try a smaller picture or a faster model.",
                )

    def _ask_to_stop(self, number: int) -> None:
        try:
            self._pipe_now().send(child.Cancel(number))
        except OSError:
            return  # It has just ended; the next look at the pipe says so.

    def _message(self) -> object:
        """The next message, or None after a moment without one."""
        process, pipe = self._process, self._pipe_now()
        assert process is not None
        ready = wait([pipe, process.sentinel], _LOOK_SECONDS)
        try:
            if pipe in ready or pipe.poll():
                return pipe.recv()
        except (EOFError, OSError):
            ready = [process.sentinel]
        if process.sentinel in ready:
            raise self._crash()
        return None

    def _crash(self) -> EngineCrashed:
        process = self._process
        assert process is not None
        process.join(1.0)
        how = process.exitcode
        self.stop()
        ended = f"signal {-how}" if how is not None and how < 0 else f"status {how}"
        return EngineCrashed(
            f"The engine's process ended unexpectedly ({ended}) while it worked on this picture.",
            "The server goes on. If it happens again with this picture, choose another model.",
        )

    def _start(self) -> None:
        self.stop()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=child.main, args=(theirs,), daemon=True, name="mattebrush-worker"
        )
        try:
            process.start()
        except OSError as error:
            ours.close()
            raise EngineCrashed(
                f"The engine's process cannot be started: {error.strerror}.",
                "Close other programs, then try again.",
            ) from error
        finally:
            theirs.close()
        self._process, self._pipe = process, ours
        self._starts += 1

    def _pipe_now(self) -> Connection:
        assert self._pipe is not None
        return self._pipe

    def stop(self) -> None:
        """Ends the process, and with it whatever it does and every model it holds."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.join(5.0)
            process.close()


class Lane(Generic[T]):
    """Runs `work(item, worker)` for every item put, one after the other."""

    def __init__(
        self,
        name: str,
        work: Callable[[T, Worker], None],
        idle_seconds: float,
        job_seconds: float,
    ) -> None:
        self.name = name
        self.queue: FairQueue[T] = FairQueue()
        self.worker = Worker(job_seconds)
        self._work = work
        self._idle_seconds = idle_seconds
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name=f"lane-{name}")
        self._thread.start()

    def _loop(self) -> None:
        last_work = time.monotonic()
        while not self._closing.is_set():
            item = self.queue.get(timeout=min(1.0, self._idle_seconds))
            if item is not None:
                self._work(item, self.worker)
                last_work = time.monotonic()
            elif time.monotonic() - last_work > self._idle_seconds:
                self.worker.stop()
        self.worker.stop()

    def close(self) -> None:
        """Ends the thread and the process; a task that runs ends with it when it is cancelled."""
        self._closing.set()
        self._thread.join(5.0)
