# SPDX-License-Identifier: Apache-2.0
"""Works on many tiles at a time, reports progress, and stops on cancellation."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from ..cutout import Progress
from .tiles import Tile


def for_each_tile(
    tiles: Sequence[Tile],
    work: Callable[[Tile], None],
    stage: str,
    progress: Progress,
    threads: int | None,
) -> None:
    """Calls `work` for every tile, `threads` at a time (None: as the machine has).

    numpy and onnxruntime let go of the interpreter lock, so threads share the load. Whatever
    `work` or `progress` raises ends the rest: tiles under way are finished, no other is begun.

    Parameters
    ----------
    tiles : Sequence[Tile]
        Where the work is.
    work : Callable[[Tile], None]
        What to do with each.
    stage : str
        Which stage of the work.
    progress : Progress
        Called as progress(stage, fraction); may raise to stop.
    threads : int or None
        How many at a time; None follows the machine.
    """
    failed = threading.Event()

    def unless_failed(tile: Tile) -> None:
        # A worker thread takes the next tile sooner than it can be taken back.
        if failed.is_set():
            return
        try:
            work(tile)
        except BaseException:
            failed.set()
            raise

    progress(stage, 0.0)
    pool = ThreadPoolExecutor(threads)
    try:
        # With the context, so that a cancel token covers the networks that the tiles run.
        futures = [
            pool.submit(contextvars.copy_context().run, unless_failed, tile) for tile in tiles
        ]
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            progress(stage, done / len(tiles))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    progress(stage, 1.0)
