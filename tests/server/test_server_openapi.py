# SPDX-License-Identifier: Apache-2.0
"""The server held to its own OpenAPI document, by schemathesis."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

from mattebrush_server.dialects import ROUTES
from tests.server.server_client import TOKEN

NOT_CHECKED = [
    # A string of bytes may satisfy the schema and still be no picture.
    positive_data_acceptance,
    # It asks without the token, and gets the refusal that is due to that.
    unsupported_method,
]
MODES = {"positive": GenerationMode.POSITIVE, "negative": GenerationMode.NEGATIVE}
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}


@schemathesis.serializer("video/mp4")
def _as_it_is(context: Any, value: Any) -> Any:
    """Bytes that claim to be a movie: schemathesis knows how to send pictures, and no movies."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def document(client: Any) -> Any:
    """The document as the server gives it out."""
    return schemathesis.openapi.from_url(f"{client.server.url}/openapi.json", headers=AUTHORISED)


def _cases() -> list[Any]:
    """Every route in both modes; there is nothing to get wrong in one without parameters."""
    return [
        pytest.param(route, mode, id=f"{route.method} {route.rule} {name}")
        for route in ROUTES
        for name, mode in MODES.items()
        if name == "positive" or route.query or route.bodies or "{" in route.rule
    ]


def _holds(document: Any, route: Any, mode: GenerationMode, examples: int) -> None:
    operation = document[route.rule][route.method]

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        case.call_and_validate(headers=AUTHORISED, excluded_checks=NOT_CHECKED, timeout=300)

    holds()


@pytest.mark.parametrize(("route", "mode"), _cases())
def test_the_server_does_what_its_document_says(
    document: Any, route: Any, mode: GenerationMode
) -> None:
    _holds(document, route, mode, examples=8)


@pytest.mark.slow
@pytest.mark.parametrize(("route", "mode"), _cases())
def test_it_does_so_at_length(document: Any, route: Any, mode: GenerationMode) -> None:
    _holds(document, route, mode, examples=300)
