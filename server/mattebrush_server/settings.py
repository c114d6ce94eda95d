# SPDX-License-Identifier: Apache-2.0
"""What a server is told at its start, with the limits that keep its memory bounded."""

from __future__ import annotations

import dataclasses
import secrets
from pathlib import Path

MEGABYTE = 1_000_000
MEGAPIXEL = 1_000_000


@dataclasses.dataclass(frozen=True)
class Settings:
    """One server's settings.

    token: what clients prove themselves with. devices: one worker process each, the first takes the
    jobs that ask for none in particular. origins: web origins allowed besides our own page, such as
    "https://app.example". hosts: further names this server may be called by. rembg_open: POST
    /api/remove needs no token (loopback only). downloads: whether the page may have models
    downloaded. review: the folder of a batch that is under review, None for none. idle_exit:
    seconds without a request after which the server ends; None never. idle_worker: seconds without
    work after which a worker process, and the models it holds, is given up. upload_bytes: largest
    request body. picture_pixels: largest picture. admitted_pixels: all pictures the server holds at
    a time, waiting, running and finished ones together. admitted_jobs: how many of them.
    client_share: of both, what one client may hold at most (but always one picture). waiters:
    requests that may hold a thread to wait for a job. job_seconds: longest run of one job.
    keep_seconds: how long a result that nobody fetched is kept; keep_delivered_seconds: one that
    was fetched.
    """

    token: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    devices: tuple[str, ...] = ("auto",)
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    rembg_open: bool = False
    downloads: bool = True
    review: Path | None = None
    idle_exit: float | None = None
    idle_worker: float = 300.0
    upload_bytes: int = 1024 * MEGABYTE
    picture_pixels: int = 200 * MEGAPIXEL
    admitted_pixels: int = 500 * MEGAPIXEL
    admitted_jobs: int = 64
    client_share: float = 0.5
    waiters: int = 48
    job_seconds: float = 900.0
    keep_seconds: float = 600.0
    keep_delivered_seconds: float = 60.0
    upload_seconds: float = 30.0
    upload_bytes_per_second: int = 250_000

    @property
    def largest_picture(self) -> int:
        """Pixels of the largest picture that is taken in."""
        return min(self.picture_pixels, self.admitted_pixels)

    @property
    def bounds(self) -> tuple[int, int]:
        """How many jobs, and pixels of theirs, the server holds at most."""
        return self.admitted_jobs, self.admitted_pixels

    @property
    def quota(self) -> tuple[int, int]:
        """The same of one client."""
        jobs = max(1, int(self.admitted_jobs * self.client_share))
        return jobs, max(self.largest_picture, int(self.admitted_pixels * self.client_share))
