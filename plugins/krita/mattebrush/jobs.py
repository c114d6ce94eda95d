# SPDX-License-Identifier: GPL-3.0-or-later
"""A job of the engine as a step of the work: found, started, looked after, ended with it."""

from __future__ import annotations

import threading
from typing import Any, Callable

from . import mattebrush_client as client
from .steps import Work, in_thread

Report = Callable[[str, float], None]
"""Called as report(stage, fraction)."""

_POLL = 15


def run(
    report: Report,
    options: dict[str, Any],
    settings: client.Settings | None = None,
    **arrays: client.Array | None,
) -> Work:
    """The engine's `Answer`. Raises ClientError with what went wrong and what to do.

    settings: which engine; by default what the user has chosen.
    """
    report("start", 0.0)
    engine = yield from in_thread(lambda: client.connect(settings))  # it may have to ask a server
    job = engine.start(options, **arrays)
    arrays.clear()
    return (yield from followed(job, report))


def followed(job: client.Job, report: Report) -> Work:
    """What a job gives, looked after until it has ended; it ends with this work."""
    try:
        while not job.poll():
            report(job.stage, job.fraction)
            yield _POLL
        return job.result()
    finally:
        if not job.poll():
            # In a thread: it waits for the engine to be gone.
            threading.Thread(target=job.cancel, daemon=True).start()
