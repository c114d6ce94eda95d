# SPDX-License-Identifier: Apache-2.0
"""Workers side by side, each a process with its models open, and never more pixels in work than
memory has room for.

A worker that is killed takes its picture with it, not the batch: the pool is made anew and the
pictures that were in work are tried once more, one at a time, so that the guilty one is known.
"""

from __future__ import annotations

import concurrent.futures
import io
import multiprocessing
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from PIL import Image

from .remover import Remover, Result

MEGAPIXELS = 240.0
"""In work at a time, all workers together: about four gigabytes. A larger picture works alone."""

T = TypeVar("T")

_remover: Remover | None = None


def _begin(remover: Remover) -> None:
    global _remover
    _remover = remover


def _work(data: bytes) -> Result:
    assert _remover is not None
    return _remover.one(data)


def megapixels(data: bytes) -> float:
    """A picture's size by its header; a guess by its bytes where Pillow does not read that.

    Parameters
    ----------
    data : bytes
        A file's bytes.

    Returns
    -------
    float
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                return picture.width * picture.height / 1e6
    except Exception:  # whatever is wrong with it, the worker will say so
        return len(data) / 1e6


def each(
    remover: Remover, pictures: Iterable[tuple[T, bytes]], workers: int
) -> Iterator[tuple[T, Result]]:
    """Every picture's result, in the order in which they are done.

    Parameters
    ----------
    remover
        Sent to each worker once.
    pictures
        (whatever tells the picture, its bytes); read as workers become free.
    workers
        How many processes; 1 works in this one.

    Yields
    ------
    tuple
        Whatever tells the picture, and its result.
    """
    if workers == 1:
        for tag, data in pictures:
            yield tag, remover.one(data)
        return
    pool = _pool(remover, workers)
    waiting: dict[Future[Result], tuple[T, bytes, float]] = {}
    try:
        for tag, data in pictures:
            size = megapixels(data)
            # One more than there are workers, so that none waits while its result is written.
            while waiting and (
                len(waiting) > workers or size + sum(w[2] for w in waiting.values()) > MEGAPIXELS
            ):
                broken, done = _settled(waiting)
                yield from done
                if broken:
                    pool.shutdown(wait=False, cancel_futures=True)
                    yield from _one_at_a_time(remover, broken)
                    pool = _pool(remover, workers)
            try:
                waiting[pool.submit(_work, data)] = (tag, data, size)
            except BrokenProcessPool:
                pool = _pool(remover, workers)
                waiting[pool.submit(_work, data)] = (tag, data, size)
        while waiting:
            broken, done = _settled(waiting)
            yield from done
            yield from _one_at_a_time(remover, broken)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _pool(remover: Remover, workers: int) -> ProcessPoolExecutor:
    # Spawned: onnxruntime's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(remover,))


def _settled(
    waiting: dict[Future[Result], tuple[T, bytes, float]],
) -> tuple[list[tuple[T, bytes]], list[tuple[T, Result]]]:
    """Waits for one at least: pictures whose worker died, and results."""
    done, _ = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
    if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
        # A pool breaks for all that is in it, one after the other; none may be left for the next.
        done, _ = concurrent.futures.wait(waiting)
    broken, results = [], []
    for future in done:
        tag, data, _size = waiting.pop(future)
        try:
            results.append((tag, future.result()))
        except BrokenProcessPool:
            broken.append((tag, data))
    return broken, results


def _one_at_a_time(remover: Remover, pictures: list[tuple[T, bytes]]) -> Iterator[tuple[T, Result]]:
    for tag, data in pictures:
        with _pool(remover, 1) as pool:
            try:
                yield tag, pool.submit(_work, data).result()
            except BrokenProcessPool:
                text = "The worker was ended while it worked on this picture, twice."
                yield tag, Result(b"", {"error": text, "code": "worker-lost"})
