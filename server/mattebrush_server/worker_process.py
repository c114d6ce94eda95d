# SPDX-License-Identifier: Apache-2.0
"""Runs a worker process: starts it when needed, sends tasks, follows each, and kills it when one
crashes, hangs or will not stop.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any

from mattebrush.errors import Cancelled

from . import worker as child
from .blobs import Blob, forget
from .errors import EngineCrashed, TaskFailed, TookTooLong

CANCEL_GRACE = 0.3
"""Seconds a worker has to stop by itself before it is killed; a cancel takes at most a second."""

_LOOK_SECONDS = 0.05

_Inbox = queue.SimpleQueue[object]


class _Ended(Exception):
    """The process has ended, and this task with it: by `crash`, or None when it was killed."""

    def __init__(self, crash: EngineCrashed | None) -> None:
        self.crash = crash


class Worker:
    """One worker process, started at the first task and again after each death."""

    _numbers = itertools.count(1)

    def __init__(self, job_seconds: float) -> None:
        self._job_seconds = job_seconds
        self._process: _Process | None = None
        self._starts = 0
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process's id, or None while there is none."""
        process = self._process
        return None if process is None else process.pid

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
        """Runs one task.

        Parameters
        ----------
        kind
            One of `tasks.TASKS`.
        inputs, params
            What it works on.
        progress
            Called with stage and fraction.
        cancelled
            Whether the task is no longer wanted.

        Returns
        -------
        tuple of (Blob, dict)
            Its output and the facts about it.

        Raises
        ------
        Cancelled, TaskFailed, EngineCrashed, TookTooLong
        """
        handles = {key: blob.handle() for key, blob in inputs.items()}
        while True:
            number = next(self._numbers)
            name = f"mattebrush-{os.getpid()}-{number}"
            process, inbox = self._send(child.Task(number, kind, handles, params, name))
            try:
                done = self._follow(process, number, inbox, progress, cancelled)
            except _Ended as ended:
                forget(name)
                if ended.crash is not None:
                    raise ended.crash from None
            except (Cancelled, TookTooLong):
                forget(name)
                raise
            else:
                return Blob.attach(done.output), done.facts
            finally:
                process.drop(number)

    def _send(self, task: child.Task) -> tuple[_Process, _Inbox]:
        with self._lock:
            for _ in range(2):  # it may have died since it was last heard of
                if self._process is None:
                    self._process = _Process()
                    self._starts += 1
                with contextlib.suppress(OSError):
                    return self._process, self._process.post(task)
                self._process = None
        raise EngineCrashed(
            "The engine's process ended as soon as it was started.",
            "Look at what the server prints, and try again.",
        )

    def _follow(
        self,
        process: _Process,
        number: int,
        inbox: _Inbox,
        progress: Callable[[str, float], None],
        cancelled: Callable[[], bool],
    ) -> child.Done:
        give_up = time.monotonic() + self._job_seconds
        cancelled_at: float | None = None
        while True:
            try:
                message = inbox.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                message = None
            now = time.monotonic()
            if isinstance(message, child.Done):
                return message
            if isinstance(message, child.Failed):
                if message.failure["code"] == Cancelled.code:
                    raise Cancelled("The job was cancelled.")
                raise TaskFailed(message.failure)
            if isinstance(message, _Ended):
                if cancelled():
                    raise Cancelled("The job was cancelled.")
                raise message
            if isinstance(message, child.Progressed):
                progress(message.stage, message.fraction)
            if cancelled_at is None and cancelled():
                cancelled_at = now
                process.cancel(number)
            if cancelled_at is not None and now - cancelled_at > CANCEL_GRACE:
                self._kill(process)
                raise Cancelled("The job was cancelled.")
            if now > give_up:
                self._kill(process)
                raise TookTooLong(
                    f"The job ran longer than {self._job_seconds:g} seconds and was stopped.",
                    "Try a smaller picture or a faster model.",
                )

    def stop(self) -> None:
        """Ends the process, and with it every model it holds; what it does begins again."""
        process = self._process
        if process is not None:
            self._kill(process)

    def _kill(self, process: _Process) -> None:
        with self._lock:
            if self._process is process:
                self._process = None
        process.kill()


class _Process:
    """A worker process that runs, with an inbox for each task it was sent."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=child.main, args=(theirs,), daemon=True, name="mattebrush-worker"
        )
        try:
            self._process.start()
        except OSError as error:
            self._pipe.close()
            raise EngineCrashed(
                f"The engine's process cannot be started: {error.strerror}.",
                "Close other programs, then try again.",
            ) from error
        finally:
            theirs.close()
        self.pid = self._process.pid
        self._inboxes: dict[int, _Inbox] = {}
        self._killed = self._over = False
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True, name="worker-reader")
        self._reader.start()

    def post(self, task: child.Task) -> _Inbox:
        """Sends a task; what is said of it comes into the inbox. Raises OSError when it is dead."""
        inbox: _Inbox = queue.SimpleQueue()
        with self._lock:
            self._inboxes[task.number] = inbox
            try:
                self._pipe.send(task)
            except OSError:
                del self._inboxes[task.number]
                raise
        return inbox

    def cancel(self, number: int) -> None:
        """Asks it to stop a task."""
        # Where it has just ended, the inbox says so.
        with self._lock, contextlib.suppress(OSError):
            self._pipe.send(child.Cancel(number))

    def drop(self, number: int) -> None:
        """Nobody listens for this task any more."""
        self._inboxes.pop(number, None)

    def kill(self) -> None:
        """Ends it, and waits for its end."""
        with self._lock:
            if not self._over and self._process.is_alive():
                self._killed = True
                self._process.kill()
        self._reader.join(5.0)

    def _read(self) -> None:
        try:
            while self._pipe in wait([self._pipe, self._process.sentinel]) or self._pipe.poll():
                number, message = self._pipe.recv()
                inbox = self._inboxes.get(number)
                if inbox is not None:
                    inbox.put(message)
        except (EOFError, OSError):
            pass
        finally:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._process.join(1.0)
            self._process.kill()  # in case it only closed its pipe
            self._process.join(5.0)
            code = self._process.exitcode
            self._process.close()
            self._pipe.close()
            self._over = True
            for inbox in self._inboxes.values():
                inbox.put(_Ended(None if self._killed else _crash(code)))


def _crash(code: int | None) -> EngineCrashed:
    ended = f"signal {-code}" if code is not None and code < 0 else f"status {code}"
    return EngineCrashed(
        f"The engine's process ended unexpectedly ({ended}) while it worked on this picture.",
        "The server goes on. If it happens again with this picture, choose another model.",
    )
