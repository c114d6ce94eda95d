# SPDX-License-Identifier: Apache-2.0
"""The two kinds of response bodies: plain values as JSON, and the bytes of a blob."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from .blobs import Blob
from .calls import JSON
from .gate import BlobParcel


def json_response(values: Any, status: int = 200) -> Response:
    """Plain values as JSON."""
    return Response(json.dumps(values), status, mimetype=JSON)


def file_response(blob: Blob, media_type: str) -> Response:
    """A response with the blob's bytes, which are kept until they are sent; takes over its use."""
    response = Response(BlobParcel(blob), mimetype=media_type, direct_passthrough=True)
    blob.release()
    response.headers["Content-Length"] = str(blob.size)
    return response
