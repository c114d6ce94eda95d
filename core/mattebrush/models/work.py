# SPDX-License-Identifier: Apache-2.0
"""Pieces of work that run networks side by side in one process, each of which can be stopped."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Iterator
from typing import Any

from ..errors import Cancelled


class Work:
    """One piece of work: what runs inside `with work:`, in this thread and in the threads that it
    hands its context. `stop` ends its networks, between two of their operators, with Cancelled.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._handles: set[Any] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Work:
        self._token = _current.set(self)
        _under_way.add(self)
        return self

    def __exit__(self, *failure: object) -> None:
        _under_way.discard(self)
        _current.reset(self._token)

    def stop(self) -> None:
        """Stops it, from any thread: the networks that run, and those that are yet to start."""
        with self._lock:
            self.stopped = True
            for handle in self._handles:
                handle.terminate = True

    @contextlib.contextmanager
    def running(self, handle: Any) -> Iterator[None]:
        """A network runs inside the block under this handle (onnxruntime's RunOptions)."""
        with self._lock:
            if self.stopped:
                raise _cancelled()
            self._handles.add(handle)
        try:
            yield
        except Exception as failure:
            if self.stopped:
                raise _cancelled() from failure
            raise
        finally:
            with self._lock:
                self._handles.discard(handle)


_current: contextvars.ContextVar[Work | None] = contextvars.ContextVar("_current", default=None)
_under_way: set[Work] = set()


def current() -> Work | None:
    """The work that this thread does, None where nobody said."""
    return _current.get()


def under_way() -> int:
    """How many pieces of work this process does at the moment."""
    return len(_under_way)


def _cancelled() -> Cancelled:
    return Cancelled("The work was cancelled.")
