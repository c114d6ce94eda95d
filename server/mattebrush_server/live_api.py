# SPDX-License-Identifier: Apache-2.0
"""What the page of `mattebrush live` asks: a camera's frame, cut out. On this machine only."""

from __future__ import annotations

import re

from flask import Response

from mattebrush.errors import JobInvalid

from . import openapi
from .addresses import is_loopback
from .calls import Call
from .errors import NotFound
from .jobs_api import failures
from .responses import file_response
from .routes import Body, Field, Reply, Route

RAW = "application/octet-stream"

_MOST_PIXELS = 1920 * 1088
_SIDE = 4096


def _post_frame(call: Call) -> Response:
    if not is_loopback(call.settings.host):
        raise NotFound(
            "This server cuts out no live frames.", "On the camera's machine: mattebrush live"
        )
    if not re.fullmatch(openapi.NAME, call.path["id"]):
        raise NotFound("There is no such page.")
    query = call.query
    if query["width"] * query["height"] > _MOST_PIXELS:
        raise JobInvalid("The frames are too large.", "At most 1920 x 1080 pixels.")
    params = {
        **{name: query[name] for name in ("width", "height", "rate", "background", "step")},
        "name": call.path["id"],
        "choose": _choice(query["choose"]),
        "device": call.settings.devices[0],
    }
    body = call.body()
    try:
        if body.size != query["width"] * query["height"] * 4:
            raise JobInvalid(
                f"The body has {body.size} bytes.",
                "Send width x height pixels of 4 bytes: red, green, blue, alpha.",
            )
        output, facts = call.service.live.frame(body, params, call.still_wanted)
    finally:
        body.release()
    response = file_response(output, RAW)
    subject = "chosen" if facts["chosen"] else "standing-out"
    response.headers["Server-Timing"] = (
        f"work;dur={1000 * facts['seconds']:.1f}, step;desc={facts['step']}, subject;desc={subject}"
    )
    return response


def _choice(text: str | None) -> list[float] | str | None:
    if not text or text == "nothing":
        return "" if text else None
    return [min(1.0, float(share)) for share in text.split(",")]


_SHARE = r"(?:0|1|0?\.\d{1,6}|0\.\d{1,6})"

ROUTES = (
    Route(
        "POST",
        "/v1/live/{id}",
        "A camera's frame, cut out as fast as it can be; on this machine only. The name is the "
        "page's own: frames of one name are of one camera, in order.",
        _post_frame,
        {
            200: Reply("The frame with its alpha: raw RGBA.", {RAW: None}),
            **failures(400, 404, 408, 410, 413, 415, 422, 429, 500, 504),
        },
        query=(
            Field("width", "integer", "In pixels.", required=True, minimum=2, maximum=_SIDE),
            Field("height", "integer", "In pixels.", required=True, minimum=2, maximum=_SIDE),
            Field("rate", "number", "Frames a second.", default=30.0, minimum=1, maximum=120),
            Field(
                "background",
                "string",
                "Behind the subject.",
                default="transparent",
                enum=("transparent", "blur"),
            ),
            Field(
                "step",
                "integer",
                "Of quality, 1 the best; 0 for what the time allows.",
                default=0,
                minimum=0,
                maximum=6,
            ),
            Field(
                "choose",
                "string",
                "x,y of the subject to follow, in shares of the sides; `nothing` for what stands "
                "out.",
                pattern=rf"^(nothing|{_SHARE},{_SHARE})$",
            ),
        ),
        bodies=(Body(RAW, "The frame: raw RGBA, row by row."),),
    ),
)
"""The live page's route."""
