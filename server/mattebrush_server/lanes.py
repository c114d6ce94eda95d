# SPDX-License-Identifier: Apache-2.0
"""A lane: one fair, ordered queue and one worker process. There is one per device.

`FairQueue` takes turns between clients; `Worker` (in `worker_process`) is the server's hand on the
process. A lane works on one item at a time, on several small ones where that is worth it.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from .worker_process import Worker

MOST_AT_ONCE = 8
"""Small items that one worker process does side by side, on a device that gains from it."""

T = TypeVar("T")


class FairQueue(Generic[T]):
    """First come first served within a client, turn about between clients.

    under_way: what was given out and is not `done`.
    """

    def __init__(self) -> None:
        self.under_way: list[T] = []
        self._waiting: collections.OrderedDict[str, collections.deque[T]] = (
            collections.OrderedDict()
        )
        self._changed = threading.Condition()

    def put(self, client: str, item: T) -> None:
        """Adds an item at the end of its client's line."""
        with self._changed:
            self._waiting.setdefault(client, collections.deque()).append(item)
            self._changed.notify()

    def get(
        self, timeout: float, may_join: Callable[[T, list[T]], bool] = lambda item, others: True
    ) -> T | None:
        """The next item, or None when in `timeout` seconds none came.

        may_join: whether it may be given out now, beside those under way; until then it keeps its
        place, and so do all behind it.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._next_may(may_join), timeout):
                return None
            client, line = next(iter(self._waiting.items()))
            item = line.popleft()
            if line:
                self._waiting.move_to_end(client)
            else:
                del self._waiting[client]
            self.under_way.append(item)
            return item

    def _next_may(self, may_join: Callable[[T, list[T]], bool]) -> bool:
        line = next(iter(self._waiting.values()), None)
        return line is not None and may_join(line[0], self.under_way)

    def done(self, item: T) -> None:
        """An item that was given out is under way no more."""
        with self._changed:
            self.under_way.remove(item)
            self._changed.notify_all()

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
    """Runs `work(item, lane)` for every item put: one after the other, or, where `widen` was
    called, as many side by side as are `small`.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[T, Lane[T]], None],
        small: Callable[[T], bool],
        idle_seconds: float,
        job_seconds: float,
    ) -> None:
        self.name = name
        self.queue: FairQueue[T] = FairQueue()
        self.worker = Worker(job_seconds)
        self._work = work
        self._small = small
        self._idle_seconds = idle_seconds
        self._last_work = time.monotonic()
        self._at_once = 1
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.widen(1)

    def widen(self, at_once: int) -> None:
        """From now on works on so many small items at a time."""
        with self._lock:
            self._at_once = at_once
            while len(self._threads) < at_once and not self._closing.is_set():
                thread = threading.Thread(target=self._loop, daemon=True, name=f"lane-{self.name}")
                self._threads.append(thread)
                thread.start()

    def _may_join(self, item: T, others: list[T]) -> bool:
        return not others or (
            len(others) < self._at_once and all(map(self._small, (item, *others)))
        )

    def _loop(self) -> None:
        while not self._closing.is_set():
            item = self.queue.get(min(1.0, self._idle_seconds), self._may_join)
            if item is not None:
                try:
                    self._work(item, self)
                finally:
                    self._last_work = time.monotonic()
                    self.queue.done(item)
            elif self._idle():
                self.worker.stop()

    def _idle(self) -> bool:
        idle = time.monotonic() - self._last_work > self._idle_seconds
        return idle and not self.queue.under_way

    def close(self) -> None:
        """Ends the threads and the process; a task that runs ends with it when it is cancelled."""
        self._closing.set()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(5.0)
        self.worker.stop()
