# SPDX-License-Identifier: Apache-2.0
"""Which pages are open: while one is, the server stays; when it has gone, its jobs are nobody's."""

from __future__ import annotations

import threading
import time

AWAY_SECONDS = 150.0
"""A browser lets a page that is not looked at speak once a minute; after this it has gone."""

_MOST = 1000


class Pages:
    """When each open page was last heard of, by the name it gave itself."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def seen(self, page: str) -> None:
        """Notes that a page is there."""
        with self._lock:
            self._seen.pop(page, None)
            self._seen[page] = time.monotonic()
            while len(self._seen) > _MOST:
                del self._seen[next(iter(self._seen))]

    def forget(self, page: str) -> None:
        """A page has said that it goes."""
        with self._lock:
            self._seen.pop(page, None)

    def any_open(self) -> bool:
        """Whether some page is there."""
        now = time.monotonic()
        with self._lock:
            return any(now - seen <= AWAY_SECONDS for seen in self._seen.values())

    def gone(self) -> list[str]:
        """Pages that were not heard of for so long that they have gone; forgets them."""
        now = time.monotonic()
        with self._lock:
            gone = [page for page, seen in self._seen.items() if now - seen > AWAY_SECONDS]
            for page in gone:
                del self._seen[page]
        return gone
