# SPDX-License-Identifier: Apache-2.0
"""The two kinds of response bodies: plain values as JSON, and the bytes of a blob."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Response

from .blobs import Blob
from .calls import JSON


def json_response(values: Any, status: int = 200) -> Response:
    """Plain values as JSON."""
    return Response(json.dumps(values), status, mimetype=JSON)


def file_response(blob: Blob, media_type: str) -> Response:
    """A response with the blob's bytes; releases it when they are sent."""

    def pieces() -> Iterator[bytes]:
        try:
            yield from blob.chunks()
        finally:
            blob.release()

    response = Response(pieces(), mimetype=media_type)
    response.headers["Content-Length"] = str(blob.size)
    return response
