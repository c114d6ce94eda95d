# SPDX-License-Identifier: Apache-2.0
"""Work on the strips of a picture on all cores, in order, with few of them in memory."""

from __future__ import annotations

import collections
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_WORKERS = 8  # deflate is then faster than any disk


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """work(item) for every item, in the order of `items`, which is only read as far as needed.

    Parameters
    ----------
    work : Callable[[Item], Result]
        Called with each item, in threads.
    items : Iterable[Item]
        What there is to do.

    Yields
    ------
    Result
    """
    workers = min(_MOST_WORKERS, os.cpu_count() or 1)
    pending: collections.deque[Future[Result]] = collections.deque()
    with ThreadPoolExecutor(workers) as pool:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
