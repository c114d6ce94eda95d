# SPDX-License-Identifier: Apache-2.0
"""The APIs on this server, side by side: whose paths they are, how each tells failures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from mattebrush.errors import MattebrushError

from . import jobs_api, live_api, movies_api, page_api, rembg_api, removebg_api, review
from .errors import status_of
from .routes import Route


@dataclasses.dataclass(frozen=True)
class Dialect:
    """explain: status and JSON object of a failure. lenient: unknown parameters are let pass."""

    prefix: str
    explain: Callable[[MattebrushError], tuple[int, dict[str, Any]]]
    lenient: bool


def _own(error: MattebrushError) -> tuple[int, dict[str, Any]]:
    return status_of(error.code), error.to_json()


_DIALECTS = (
    Dialect(removebg_api.PREFIX, removebg_api.explain, lenient=True),
    Dialect(rembg_api.PREFIX, rembg_api.explain, lenient=True),
    Dialect("/", _own, lenient=False),
)

ROUTES: tuple[Route, ...] = (
    *jobs_api.ROUTES,
    *page_api.ROUTES,
    *review.ROUTES,
    *live_api.ROUTES,
    *movies_api.ROUTES,
    *removebg_api.ROUTES,
    *rembg_api.ROUTES,
)


def of(path: str) -> Dialect:
    """The dialect that is spoken at a path."""
    return next(
        (dialect for dialect in _DIALECTS if path.startswith(dialect.prefix)), _DIALECTS[-1]
    )
