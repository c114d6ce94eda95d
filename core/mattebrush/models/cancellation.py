# SPDX-License-Identifier: Apache-2.0
"""Cancels the networks of one task, from any thread, while others of the same process go on."""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Iterator
from typing import Any

from ..errors import Cancelled


class CancelToken:
    """Covers what runs inside `with token:`, in this thread and in threads that got its context.

    `cancel` ends the networks that run there, between two of their operators, with Cancelled.
    """

    def __init__(self) -> None:
        self.cancelled = False
        self._handles: set[Any] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> CancelToken:
        self._context = _current.set(self)
        return self

    def __exit__(self, *failure: object) -> None:
        _current.reset(self._context)

    def cancel(self) -> None:
        """Ends the networks that run now, and those that are yet to start."""
        with self._lock:
            self.cancelled = True
            for handle in self._handles:
                handle.terminate = True

    @contextlib.contextmanager
    def covering(self, handle: Any) -> Iterator[None]:
        """A network runs inside the block under this handle (onnxruntime's RunOptions).

        Parameters
        ----------
        handle : Any
            Onnxruntime's RunOptions.
        """
        with self._lock:
            if self.cancelled:
                raise _cancelled()
            self._handles.add(handle)
        try:
            yield
        except Exception as failure:
            if self.cancelled:
                raise _cancelled() from failure
            raise
        finally:
            with self._lock:
                self._handles.discard(handle)


_current: contextvars.ContextVar[CancelToken | None] = contextvars.ContextVar(
    "_current", default=None
)


def current() -> CancelToken | None:
    """The token that covers this thread, None where there is none.

    Returns
    -------
    CancelToken or None
    """
    return _current.get()


def _cancelled() -> Cancelled:
    return Cancelled("The work was cancelled.")
