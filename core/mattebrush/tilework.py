# SPDX-License-Identifier: Apache-2.0
"""Does work on many tiles at a time, tells how far it is, and stops when nobody wants it."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from .cutout import Progress
from .tiles import Tile


def each(
    tiles: Sequence[Tile],
    work: Callable[[Tile], None],
    stage: str,
    progress: Progress,
    threads: int | None,
) -> None:
    """Calls `work` for every tile, `threads` at a time (None: as the machine has).

    numpy and onnxruntime let go of the interpreter lock, so threads share the load. Whatever
    `work` or `progress` raises ends the rest: tiles under way are finished, no other is begun.
    """
    failed = threading.Event()

    def worked(tile: Tile) -> None:
        # A pool's thread takes the next tile sooner than anybody can take it back.
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
        # With the context, so that a stop of this work reaches the networks that its tiles run.
        futures = [pool.submit(contextvars.copy_context().run, worked, tile) for tile in tiles]
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            progress(stage, done / len(tiles))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    progress(stage, 1.0)
