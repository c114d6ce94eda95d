# SPDX-License-Identifier: Apache-2.0
"""The two kinds of response bodies: plain values as JSON, and the bytes of a blob."""

from __future__ import annotations

import json
from typing import Any

import flask
from flask import Response
from werkzeug.wsgi import wrap_file

from .blobs import Blob
from .calls import JSON


def json_response(values: Any, status: int = 200) -> Response:
    """Plain values as JSON."""
    return Response(json.dumps(values), status, mimetype=JSON)


def file_response(blob: Blob, media_type: str) -> Response:
    """A response with the blob's bytes, which are kept until they are sent; takes over its use."""
    file = blob.delivery()
    blob.release()
    body = wrap_file(flask.request.environ, file)
    response = Response(body, mimetype=media_type, direct_passthrough=True)
    response.headers["Content-Length"] = str(blob.size)
    return response
