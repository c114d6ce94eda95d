# SPDX-License-Identifier: Apache-2.0
"""What the page of `mattebrush review` asks: a batch's queue, worst first, and decisions.

The queue itself is `mattebrush.batch.review`.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response

from .calls import JSON, Call
from .errors import NotFound
from .jobs_api import failures
from .responses import json_response
from .routes import Body, Reply, Route

if TYPE_CHECKING:
    from mattebrush.batch.review import Queue

PNG = "image/png"


@functools.cache
def _queue_of(folder: Path) -> Queue:
    from mattebrush.batch.review import Queue

    return Queue(folder)


def _queue(call: Call) -> Queue:
    if call.settings.review is None:
        raise NotFound("This server reviews no batch.", "Start one: mattebrush review FOLDER")
    return _queue_of(call.settings.review)


def _get_queue(call: Call) -> Response:
    queue = _queue(call)
    fields = ("id", "key", "certainty", "share", "error", "warnings", "review", "output")
    rows = [{name: row.get(name) for name in fields} for row in queue.rows()]
    return json_response({"folder": queue.folder.name, "pictures": rows})


def _picture(name: str) -> Any:
    def handler(call: Call) -> Response:
        queue = _queue(call)
        return Response(getattr(queue, name)(call.path["id"]), mimetype=PNG)

    return handler


def _post_strokes(call: Call) -> Response:
    queue = _queue(call)
    body = call.body()
    try:
        strokes = bytes(body.reader().read())
    finally:
        body.release()
    return Response(queue.paint(call.path["id"], strokes), mimetype=PNG)


def _decision(name: str) -> Any:
    def handler(call: Call) -> Response:
        row = getattr(_queue(call), name)(call.path["id"])
        return json_response({"id": row["id"], "review": row["review"]})

    return handler


_OBJECT = {JSON: {"type": "object"}}
_PICTURE_REPLIES = {200: Reply("A picture.", {PNG: None}), **failures(400, 404, 422, 500)}
_DECIDED = {200: Reply("It is noted.", _OBJECT), **failures(400, 404, 422, 500)}

ROUTES = (
    Route(
        "GET",
        "/v1/review",
        "The pictures of the batch under review, worst first.",
        _get_queue,
        {200: Reply("Name of the folder, and pictures.", _OBJECT), **failures(400, 404)},
    ),
    Route(
        "GET", "/v1/review/{id}/original", "The photograph.", _picture("original"), _PICTURE_REPLIES
    ),
    Route(
        "GET",
        "/v1/review/{id}/result",
        "What was made of it.",
        _picture("result"),
        _PICTURE_REPLIES,
    ),
    Route("GET", "/v1/review/{id}/mask", "Its mask.", _picture("mask"), _PICTURE_REPLIES),
    Route(
        "POST",
        "/v1/review/{id}/strokes",
        "Refine the mask by strokes: white belongs to the subject, black does not.",
        _post_strokes,
        {**_PICTURE_REPLIES, **failures(413, 415)},
        bodies=(Body(PNG, "White and black strokes on nothing, of the preview's size."),),
    ),
    Route(
        "POST",
        "/v1/review/{id}/undo",
        "Take the last strokes back.",
        _picture("undo"),
        _PICTURE_REPLIES,
    ),
    Route(
        "POST",
        "/v1/review/{id}/accept",
        "It is good; where strokes were made, it is written anew in place.",
        _decision("accept"),
        _DECIDED,
    ),
    Route("POST", "/v1/review/{id}/reject", "It will not do.", _decision("reject"), _DECIDED),
)
"""The review page's routes."""
