# SPDX-License-Identifier: Apache-2.0
"""Counters for /metrics, in Prometheus' text format. Numbers only: nothing of any picture."""

from __future__ import annotations

import collections
import threading

_HELP = {
    "mattebrush_jobs_admitted_total": ("counter", "Jobs taken in."),
    "mattebrush_jobs_total": ("counter", "Pieces of work ended, by kind and state."),
    "mattebrush_job_seconds_total": ("counter", "Seconds of work, by kind."),
    "mattebrush_responses_total": ("counter", "HTTP responses, by status."),
    "mattebrush_queue_length": ("gauge", "Pieces of work waiting, by lane."),
    "mattebrush_pixels_held": ("gauge", "Pixels of all pictures held."),
    "mattebrush_jobs_held": ("gauge", "Jobs held, finished ones included."),
    "mattebrush_worker_restarts_total": ("counter", "Worker processes started again, by lane."),
}


class Metrics:
    """Counts events; `text` prints them together with the gauges given."""

    def __init__(self) -> None:
        self._values: collections.defaultdict[str, float] = collections.defaultdict(float)
        self._lock = threading.Lock()

    def count(self, name: str, labels: str = "", amount: float = 1) -> None:
        """Adds to a counter.

        Parameters
        ----------
        name
            `mattebrush_<name>_total` is what it is called outside.
        labels
            In Prometheus' notation, without the braces.
        amount
            By how much.
        """
        with self._lock:
            self._values[f"mattebrush_{name}_total{labels}"] += amount

    def finished(self, kind: str, state: str, seconds: float) -> None:
        """Notes the end of a piece of work.

        Parameters
        ----------
        kind
            The worker's task.
        state
            What became of it, one of `jobs.STATES`.
        seconds
            How long it took.
        """
        self.count("jobs", f'{{kind="{kind}",state="{state}"}}')
        self.count("job_seconds", f'{{kind="{kind}"}}', seconds)

    def text(self, gauges: dict[str, float]) -> str:
        """All of it, families together; gauges by full name with labels."""
        with self._lock:
            values: dict[str, float] = {**self._values, **gauges}
        lines = []
        for family, (kind, text) in _HELP.items():
            rows = [row for row in sorted(values) if row.partition("{")[0] == family]
            if rows:
                lines += [f"# HELP {family} {text}", f"# TYPE {family} {kind}"]
                lines += [f"{row} {values[row]:.6g}" for row in rows]
        return "\n".join(lines) + "\n"
