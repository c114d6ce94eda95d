# SPDX-License-Identifier: GPL-3.0-or-later
"""Long work in small pieces, run by Krita's own event loop.

Work is a generator that yields how many milliseconds it can wait. Krita does not update its layers
inside nested event loops and libkis belongs to the main thread, so this is the only way to do
something long there that keeps the window alive. What is not libkis may go to a thread:
`yield from in_thread(function)`.
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Generator

from .mattebrush_client import Cancelled
from .qt import QtCore, QTimer

Work = Generator[int, None, Any]
"""Yields the pause until its next piece, in milliseconds; returns its result."""

_THREAD_POLL = 10


class Steps(QtCore.QObject):
    """Runs one `Work` to its end: `ended` carries its result, `failed` what it raised."""

    ended = QtCore.pyqtSignal(object)
    failed = QtCore.pyqtSignal(object)

    def __init__(self, work: Work, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._advance)
        self._timer.start(0)

    def cancel(self) -> None:
        """Ends the work where it stands; what it has under `finally` is done."""
        self._timer.stop()
        self._go(lambda: self._work.throw(Cancelled()))

    def _advance(self) -> None:
        self._go(lambda: next(self._work))

    def _go(self, piece: Callable[[], int]) -> None:
        try:
            pause = piece()
        except StopIteration as end:
            self.ended.emit(end.value)
        except Exception as why:  # whatever it is, the user must hear of it
            self.failed.emit(why)
        else:
            self._timer.start(pause)


def in_thread(function: Callable[[], Any]) -> Work:
    """Starts `function` in a thread at once; waiting for it is the work, which gives its result.

    It must not touch Krita.
    """
    results: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as why:
            errors.append(why)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait() -> Work:
        while thread.is_alive():
            yield _THREAD_POLL
        if errors:
            raise errors[0]
        return results[0]

    return wait()
