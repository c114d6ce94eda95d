# SPDX-License-Identifier: Apache-2.0
"""A job, and the store that holds all of them: what was admitted, for how long, what comes next.

The store's bound is on pictures held, waiting, running or done, so that memory is a matter of
settings: a job counts from admission until it fails or is dropped. It runs nothing; `service` does.
"""

from __future__ import annotations

import collections
import dataclasses
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from mattebrush.errors import Cancelled, InputTooLarge, MattebrushError

from .blobs import Blob
from .errors import Busy, NotFound
from .settings import MEGAPIXEL, Settings

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED)
_FINAL = (DONE, FAILED, CANCELLED)
_FAILURES_KEPT = 256


@dataclasses.dataclass(eq=False)
class Job:
    """One piece of work for a lane, and what has become of it.

    client: whose turn it takes in the queue. page: the open page it is for, with which it ends.
    kind, inputs, params: the worker's task. pixels: what it counts in the store.
    facts: the report, or what else the worker says of its output.
    """

    client: str
    kind: str
    inputs: dict[str, Blob]
    params: dict[str, Any]
    pixels: int = 0
    page: str = ""
    id: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(12))
    state: str = QUEUED
    stage: str = ""
    fraction: float = 0.0
    output: Blob | None = None
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    failure: MattebrushError | None = None
    created: float = dataclasses.field(default_factory=time.time)
    touched: float = dataclasses.field(default_factory=time.monotonic)
    delivered: bool = False
    changes: int = 0
    _news: threading.Condition = dataclasses.field(default_factory=threading.Condition)
    _stop: bool = False
    _released: bool = False

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in _FINAL

    @property
    def holds_pictures(self) -> bool:
        """Whether it takes up room: one that failed has nothing left but its failure."""
        return self.failure is None

    def stop(self) -> None:
        """Says that the job is no longer wanted; whoever runs it looks at `wanted`."""
        self._stop = True

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return not self._stop

    def progressed(self, stage: str, fraction: float) -> None:
        """Notes how far it is."""
        with self._news:
            self.state, self.stage, self.fraction = RUNNING, stage, fraction
            self._announce()

    def succeed(self, output: Blob, facts: dict[str, Any]) -> None:
        """Ends it with its output."""
        with self._news:
            if self._released:
                output.release()
                return
            self.state, self.fraction, self.output, self.facts = DONE, 1.0, output, facts
            # A header that could not be read counted as the largest picture there may be.
            if "width" in facts:
                self.pixels = min(self.pixels, facts["width"] * facts["height"])
            self._announce()

    def fail(self, failure: MattebrushError) -> None:
        """Ends it without one; its pictures are of no more use."""
        with self._news:
            if not self.finished:
                self.state = CANCELLED if isinstance(failure, Cancelled) else FAILED
                self.failure = failure
                self._announce()
        self.release()

    def _announce(self) -> None:
        self.changes += 1
        self.touched = time.monotonic()
        self._news.notify_all()

    def wait_for_news(self, since: int, timeout: float) -> int:
        """Waits until something changed after the change number `since`; returns the number now."""
        with self._news:
            self._news.wait_for(lambda: self.changes != since, timeout)
            return self.changes

    def wait_until_finished(self, timeout: float) -> bool:
        """Waits for the end; False when it did not come in `timeout` seconds."""
        with self._news:
            return self._news.wait_for(lambda: self.finished, timeout)

    def keep_pictures(self) -> dict[str, Blob]:
        """Its inputs and its output, as `answer`, each with a user more. Raises NotFound."""
        with self._news:
            if self._released or self.output is None:
                raise NotFound("The job's result has been dropped.", "Send the picture again.")
            return {name: blob.keep() for name, blob in self._blobs().items()}

    def keep_output(self) -> Blob:
        """Its output, with a user more. Raises NotFound."""
        pictures = self.keep_pictures()
        output = pictures.pop("answer")
        for blob in pictures.values():
            blob.release()
        return output

    def _blobs(self) -> dict[str, Blob]:
        return {**self.inputs, **({"answer": self.output} if self.output else {})}

    def release(self) -> None:
        """Gives back the memory of its pictures."""
        with self._news:
            if self._released:
                return
            self._released = True
        for blob in self._blobs().values():
            blob.release()

    def to_json(self) -> dict[str, Any]:
        """What a client is told: id, state, stage, fraction; at the end the failure, or by which
        model it was done and what a correction has changed (x, y, width, height)."""
        state: dict[str, Any] = {
            "id": self.id,
            "state": self.state,
            "stage": self.stage,
            "fraction": round(self.fraction, 4),
            "created": round(self.created, 3),
        }
        if self.failure is not None:
            state["error"] = self.failure.to_json()
        state |= {name: self.facts[name] for name in ("model", "changed") if name in self.facts}
        return state


class JobStore:
    """All jobs that clients know of, within the bounds of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def admit(self, job: Job) -> None:
        """Takes a job in. Raises InputTooLarge, or Busy when there is no room for it now."""
        largest = self._settings.largest_picture
        if job.pixels > largest:
            raise InputTooLarge(
                f"The picture has {job.pixels / MEGAPIXEL:.0f} megapixels.",
                f"This server takes at most {largest / MEGAPIXEL:.0f}.",
            )
        with self._lock:
            dropped = self._make_room(job)
            self._jobs[job.id] = job
        for each in dropped:
            each.release()

    def _make_room(self, wanted: Job) -> list[Job]:
        """Drops results as far as needed, oldest first. Raises Busy when that is not enough.

        Within a client's own quota only what it has fetched goes. Within the store's bounds those
        of clients go, too, that hold more than the one who asks.
        """
        settings = self._settings
        holding = [job for job in self._jobs.values() if job.holds_pictures]
        dropped: list[Job] = []

        def drop(droppable: list[Job], refusal: tuple[str, str]) -> None:
            job = min(droppable, key=_touched, default=None)
            if job is None:
                raise Busy(*refusal)
            dropped.append(job)
            holding.remove(job)

        while not _fits(own := _of(wanted, holding), wanted, *settings.quota):
            drop([job for job in own if _droppable(job)], _QUOTA_USED)
        while not _fits(holding, wanted, *settings.bounds):
            fetched = [job for job in holding if _droppable(job)]
            drop(fetched or _of_hoarders(holding, wanted), _FULL)
        failed = [job for job in self._jobs.values() if not job.holds_pictures]
        for job in (*dropped, *failed[:-_FAILURES_KEPT]):
            del self._jobs[job.id]
        return dropped

    def full(self) -> bool:
        """Whether a job more would be refused for their number alone, whoever sends it."""
        return len(self.select(lambda job: not job.finished)) >= self._settings.admitted_jobs

    def find(self, job_id: str) -> Job:
        """The job of that id. Raises NotFound."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None:
            raise NotFound(
                "There is no such job.",
                "Results are dropped a while after they were fetched; send the picture again.",
            )
        return job

    def drop(self, job: Job) -> None:
        """Forgets a job and gives back its memory."""
        with self._lock:
            self._jobs.pop(job.id, None)
        job.release()

    def expire(self, now: float) -> None:
        """Drops finished jobs that were kept long enough; `now` is on the monotonic clock."""
        for job in self.select(lambda job: job.finished):
            kept = now - job.touched
            limit = (
                self._settings.keep_delivered_seconds
                if job.delivered
                else self._settings.keep_seconds
            )
            if kept > limit:
                self.drop(job)

    def select(self, test: Callable[[Job], bool]) -> list[Job]:
        """The jobs that pass the test, oldest first."""
        with self._lock:
            return [job for job in self._jobs.values() if test(job)]

    @property
    def pixels(self) -> int:
        """Pixels of all pictures held."""
        return _pixels(self.select(lambda job: job.holds_pictures))


_FULL = ("The server has as many pictures as it can hold.", "Try again soon.")
_QUOTA_USED = (
    "This client has as many pictures on the server as one may.",
    "Fetch or delete results, or try again soon.",
)


def _fits(jobs: list[Job], wanted: Job, most_jobs: int, most_pixels: int) -> bool:
    return len(jobs) < most_jobs and _pixels(jobs) + wanted.pixels <= most_pixels


def _of(wanted: Job, jobs: list[Job]) -> list[Job]:
    return [job for job in jobs if job.client == wanted.client]


def _pixels(jobs: list[Job]) -> int:
    return sum(job.pixels for job in jobs)


def _touched(job: Job) -> float:
    return job.touched


def _droppable(job: Job) -> bool:
    return job.delivered and job.finished


def _of_hoarders(holding: list[Job], wanted: Job) -> list[Job]:
    """Results that nobody fetches of the client that holds the most, if it would still hold more
    than the one who asks: so nobody is locked out by what another leaves lying.
    """
    counts = collections.Counter(job.client for job in holding)
    pixels: collections.Counter[str] = collections.Counter()
    for job in holding:
        pixels[job.client] += job.pixels
    mine = (counts[wanted.client] + 1, pixels[wanted.client] + wanted.pixels)
    hoards = [
        client
        for client in counts
        if client != wanted.client and (counts[client] > mine[0] or pixels[client] > mine[1])
    ]
    results = [job for job in holding if job.finished and job.client in hoards]
    most = max((counts[job.client] for job in results), default=0)
    return [job for job in results if counts[job.client] == most]
