# SPDX-License-Identifier: Apache-2.0
"""The work of the server, without HTTP: takes jobs in, has lanes run them, gives results out.

Jobs go to the lane of their device. Turning a result into a file goes to a lane of its own, so
that a download never waits for the next picture's inference.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mattebrush.errors import Cancelled, MattebrushError

from .blobs import Blob
from .errors import Busy, NotFinished
from .jobs import Job, JobStore
from .lanes import Lane
from .live_desk import LiveDesk
from .metrics import Metrics
from .pages import Pages
from .settings import Settings

if TYPE_CHECKING:
    from mattebrush.models.catalog import ModelRow

logger = logging.getLogger(__name__)

_TICK_SECONDS = 1.0
_LOOK_SECONDS = 0.2

RENDER = "render"
MOVIES = "movie"
"""Kinds of jobs with a lane of their own: pictures do not wait for them."""


class Service:
    """One server's jobs, queues and processes. `close` ends them all."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = JobStore(settings)
        self.metrics = Metrics()
        self.pages = Pages()
        self.live = LiveDesk(settings)
        self.last_request = time.monotonic()
        names = (*settings.devices, RENDER, MOVIES)
        self.lanes: dict[str, Lane[Job]] = {
            name: Lane(name, self._work, settings.idle_worker, settings.job_seconds)
            for name in names
        }
        self._awaited: set[Job] = set()
        self._waiters = threading.BoundedSemaphore(settings.waiters)
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep_house, daemon=True, name="housekeeper")
        self._keeper.start()

    def submit(self, job: Job, device: str = "auto") -> None:
        """Takes a job in and queues it. Raises Busy, InputTooLarge; then its inputs are released.

        device: the lane's name; one that has no lane goes to the first.
        """
        try:
            self.store.admit(job)
        except MattebrushError:
            job.release()
            raise
        self._lane(device).queue.put(job.client, job)
        self.metrics.count("jobs_admitted")

    def _lane(self, device: str) -> Lane[Job]:
        first = self.settings.devices[0]
        return self.lanes[device if device in (*self.settings.devices, MOVIES) else first]

    def _work(self, job: Job, lane: Lane[Job]) -> None:
        if not job.wanted:
            job.fail(Cancelled("The job was cancelled."))
            return
        started = time.monotonic()
        job.progressed("starting", 0.0)
        # What it was admitted as is what it may decode to, whatever its header said.
        params = {"max_pixels": job.pixels, **job.params}
        try:
            output, facts = lane.worker.run(
                job.kind, job.inputs, params, job.progressed, lambda: not job.wanted
            )
        except MattebrushError as error:
            job.fail(error)
        except Exception:
            # Whatever it was, the lane must live on, and the process start afresh.
            logger.exception("A lane failed")
            lane.worker.stop()
            job.fail(MattebrushError("The server failed on this job.", "Try again."))
        else:
            job.succeed(output, facts)
        finally:
            if "folder" in job.params:  # of a process that was killed in the middle
                shutil.rmtree(job.params["folder"], ignore_errors=True)
        self.metrics.finished(job.kind, job.state, time.monotonic() - started)

    def cancel(self, job: Job) -> None:
        """Stops a job, waiting or running, and forgets it. Returns at once when it waits only."""
        job.stop()
        for lane in self.lanes.values():
            if lane.queue.remove(job.client, job):
                job.fail(Cancelled("The job was cancelled."))
        if not job.finished:
            job.wait_until_finished(timeout=5.0)
        self.store.drop(job)

    def leave(self, page: str) -> None:
        """An open page has gone: nobody waits for its jobs any more."""
        self.pages.forget(page)
        for job in self.store.select(lambda job: job.page == page):
            job.stop()  # all at once; each is then taken out of its line
        for job in self.store.select(lambda job: job.page == page):
            self.cancel(job)

    def download(self, job: Job, row: ModelRow) -> Job:
        """Fetches a model's files as a job; the one that runs where it is being fetched already.

        Raises Busy.
        """
        for other in self.store.select(lambda other: other.kind == job.kind):
            if other.params == job.params and not other.finished:
                return other
        self.store.admit(job)
        threading.Thread(target=_download, args=(job, row), daemon=True, name="download").start()
        return job

    def wait(self, job: Job, timeout: float, still_wanted: Callable[[], bool]) -> bool:
        """Waits for a job's end; cancels it if nobody wants it any more.

        Parameters
        ----------
        job
            One that was submitted.
        timeout
            Seconds at most.
        still_wanted
            Whether the client is still there.

        Returns
        -------
        bool
            Whether it has ended.

        Raises
        ------
        Busy, Cancelled
            When too many wait already, or the client is gone; the job is cancelled then.
        """
        if not self._waiters.acquire(blocking=False):
            self.cancel(job)
            raise Busy("Too many requests wait for a result.", "Ask for the job without waiting.")
        try:
            end = time.monotonic() + timeout
            while not job.wait_until_finished(_LOOK_SECONDS):
                if not still_wanted():
                    self.cancel(job)
                    raise Cancelled("The client has gone.")
                if time.monotonic() > end:
                    return False
            return True
        finally:
            self._waiters.release()

    def rendered(
        self,
        job: Job,
        params: dict[str, Any],
        still_wanted: Callable[[], bool],
        extra: dict[str, Blob] | None = None,
    ) -> Job:
        """Runs a job that nobody will ask for again, and turns its answer into a file.

        Parameters
        ----------
        job
            A new one; it is dropped afterwards.
        params, still_wanted, extra
            As for `render`.

        Returns
        -------
        Job
            The render job, done; the caller releases it. Raises as `submit`, `wait`, `render`.
        """
        self.submit(job)
        try:
            self.wait(job, self.settings.job_seconds, still_wanted)
            return self.render(job, params, still_wanted, extra)
        finally:
            self.cancel(job)

    def render(
        self,
        job: Job,
        params: dict[str, Any],
        still_wanted: Callable[[], bool],
        extra: dict[str, Blob] | None = None,
    ) -> Job:
        """Turns a finished job's answer into a file.

        Parameters
        ----------
        job
            The finished job.
        params
            See `rendering.render`.
        still_wanted
            Whether the client is still there.
        extra
            Further inputs, such as a background.

        Returns
        -------
        Job
            The render job, done; the caller releases it.

        Raises
        ------
        NotFinished
            While the job is under way; else what made it, or rendering, fail.
        """
        finished_output(job)
        inputs = {**job.keep_pictures(), **(extra or {})}
        known = {"kind": job.kind, "max_pixels": self.settings.picture_pixels}
        rendering = Job(job.client, RENDER, inputs, {**known, **params})
        return self.ask(RENDER, rendering, still_wanted)

    def ask(self, lane: str, job: Job, still_wanted: Callable[[], bool]) -> Job:
        """Runs a job that clients do not see.

        Parameters
        ----------
        lane
            A device's name, or `RENDER`.
        job
            What to run.
        still_wanted
            Whether the client is still there.

        Returns
        -------
        Job
            The same, done; the caller releases it. Raises what makes it fail; it is released then.
        """
        self._awaited.add(job)
        try:
            self.lanes[lane].queue.put(job.client, job)
            self.wait(job, self.settings.job_seconds, still_wanted)
            finished_output(job)
        except MattebrushError:
            job.stop()
            job.release()
            raise
        finally:
            self._awaited.discard(job)
        return job

    def follow(self, job: Job, pulse_seconds: float) -> Iterator[bytes]:
        """Server-sent events of a job until it ends; a comment now and then shows a lost client.

        Raises Busy when too many wait already.
        """
        events = self._events(job, pulse_seconds)
        next(events)  # takes its place now; closed before its first step it would keep it for ever
        return events

    def _events(self, job: Job, pulse_seconds: float) -> Iterator[bytes]:
        if not self._waiters.acquire(blocking=False):
            raise Busy("Too many requests wait for a result.", "Ask for the job's state instead.")
        try:
            yield b""  # to `follow`
            seen = -1
            while True:
                changes, state, over = job.changes, json.dumps(job.to_json()), job.finished
                if changes != seen:
                    yield f"event: job\ndata: {state}\n\n".encode()
                else:
                    yield b": still there\n\n"
                if over:
                    return
                seen = changes
                job.wait_for_news(seen, pulse_seconds)
        finally:
            self._waiters.release()

    def metrics_text(self) -> str:
        """What /metrics says."""
        gauges: dict[str, float] = {
            "mattebrush_pixels_held": self.store.pixels,
            "mattebrush_jobs_held": len(self.store.select(lambda job: True)),
        }
        for name, lane in self.lanes.items():
            gauges[f'mattebrush_queue_length{{lane="{name}"}}'] = len(lane.queue)
            gauges[f'mattebrush_worker_restarts_total{{lane="{name}"}}'] = lane.worker.restarts
        return self.metrics.text(gauges)

    def deliver(self, job: Job) -> None:
        """Notes that a result was fetched: from now on it may be dropped for others."""
        job.delivered = True
        job.touched = time.monotonic()

    def idle_seconds(self) -> float:
        """Seconds since the last request, 0 while anything waits or runs, or a page is open."""
        if self.pages.any_open() or self.store.select(lambda job: not job.finished):
            return 0.0
        return time.monotonic() - self.last_request

    def _keep_house(self) -> None:
        while not self._closing.wait(_TICK_SECONDS):
            self.store.expire(time.monotonic())
            self.live.tidy()
            for page in self.pages.gone():
                self.leave(page)

    def close(self) -> None:
        """Cancels everything and ends the processes."""
        self._closing.set()
        for job in (*self.store.select(lambda job: True), *self._awaited):
            job.stop()
        self.live.close()
        for lane in self.lanes.values():
            lane.close()
        for job in self.store.select(lambda job: True):
            self.store.drop(job)


def _download(job: Job, row: ModelRow) -> None:
    from mattebrush.models import install

    def progress(name: str, fraction: float) -> None:
        if not job.wanted:
            raise Cancelled("The download was canceled.", "What has arrived is kept.")
        job.progressed("download", fraction)

    try:
        install.pull(row, progress=progress)
    except MattebrushError as error:
        job.fail(error)
    except Exception:
        logger.exception("A download failed")
        job.fail(MattebrushError("The server failed on this download.", "Try again."))
    else:
        job.succeed(Blob.of(b""), {})


def finished_output(job: Job) -> Blob:
    """A job's output. Raises what made it fail, or NotFinished."""
    if job.failure is not None:
        raise job.failure
    if job.output is None:
        raise NotFinished("The job is not finished.", "Ask for its state, or wait.")
    return job.output
