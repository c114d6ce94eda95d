# SPDX-License-Identifier: Apache-2.0
"""A lane: one fair, ordered queue and one worker process. There is one per device.

`FairQueue` takes turns between clients; `Worker` (in `worker_process`) runs the process. A lane
works on one item at a time.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from .worker_process import Worker

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
        """The next item, or None when in `timeout` seconds none came."""
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


class Lane(Generic[T]):
    """Runs `work(item, lane)` for every item put, one after the other."""

    def __init__(
        self,
        name: str,
        work: Callable[[T, Lane[T]], None],
        idle_seconds: float,
        job_seconds: float,
    ) -> None:
        self.queue: FairQueue[T] = FairQueue()
        self.worker = Worker(job_seconds)
        self._work = work
        self._idle_seconds = idle_seconds
        self._last_work = time.monotonic()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name=f"lane-{name}")
        self._thread.start()

    def _loop(self) -> None:
        while not self._closing.is_set():
            item = self.queue.get(min(1.0, self._idle_seconds))
            if item is not None:
                try:
                    self._work(item, self)
                finally:
                    self._last_work = time.monotonic()
            elif time.monotonic() - self._last_work > self._idle_seconds:
                self.worker.stop()

    def close(self) -> None:
        """Ends the thread and the process; a task that runs ends with it when it is cancelled."""
        self._closing.set()
        self._thread.join(5.0)
        self.worker.stop()
