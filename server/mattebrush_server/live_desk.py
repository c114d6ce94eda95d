# SPDX-License-Identifier: Apache-2.0
"""The process that cuts out live frames, beside the lanes: a frame stands in no line of jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from .blobs import Blob
from .errors import Busy
from .settings import Settings
from .worker_process import Worker

_AT_A_TIME = 4
"""Frames in hand, of all pages together."""


class LiveDesk:
    """Started with the first frame, ended when none comes any more."""

    def __init__(self, settings: Settings) -> None:
        self._idle = settings.idle_worker
        self._worker = Worker(settings.job_seconds)
        self._places = threading.BoundedSemaphore(_AT_A_TIME)
        self._last = time.monotonic()

    def frame(
        self, body: Blob, params: dict[str, Any], still_wanted: Callable[[], bool]
    ) -> tuple[Blob, dict[str, Any]]:
        """Cuts out a frame; `body` and `params` as `live.frame` has them.

        Raises Busy where too many are on their way, and as `Worker.run` does.
        """
        if not self._places.acquire(blocking=False):
            raise Busy("Too many frames are on their way.", "Leave some out.")
        try:
            return self._worker.run(
                "live", {"frame": body}, params, _untold, lambda: not still_wanted()
            )
        finally:
            self._last = time.monotonic()
            self._places.release()

    @property
    def pid(self) -> int | None:
        """The process's id, or None while there is none."""
        return self._worker.pid

    def tidy(self) -> None:
        """Ends the process where no frame came for long."""
        if self._worker.pid is not None and time.monotonic() - self._last > self._idle:
            self._worker.stop()

    def close(self) -> None:
        """Ends the process."""
        self._worker.stop()


def _untold(stage: str, fraction: float) -> None:
    """Nobody waits to hear how far a frame is."""
