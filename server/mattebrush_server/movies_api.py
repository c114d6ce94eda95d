# SPDX-License-Identifier: Apache-2.0
"""Sending a short movie; it is then a job like others, with its progress and its result."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from flask import Response

from mattebrush.errors import OptionInvalid

from . import formats, movies
from .calls import JSON, Call
from .jobs import Job
from .jobs_api import JOB_SCHEMA, OPTIONS, failures, options_of
from .responses import json_response
from .routes import Body, Field, Reply, Route
from .service import MOVIES


def _post_movie(call: Call) -> Response:
    query = call.query
    options = options_of(query["options"])
    if query["format"] == "mp4" and not query["background"]:
        raise OptionInvalid(
            "MP4 carries no transparency.", "Add a background, or take mov or webm."
        )
    background = formats.color(query["background"]) if query["background"] else None
    folder = Path(tempfile.gettempdir()) / f"mattebrush-movie-{secrets.token_hex(12)}"
    params = {
        "folder": str(folder),
        "format": query["format"],
        "background": background,
        "options": options,
    }
    movie = call.body()
    job = Job(call.client, MOVIES, {"movie": movie}, params, movies.MOST_PIXELS, call.page)
    call.service.submit(job, MOVIES)
    response = json_response(job.to_json(), 202)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return response


ROUTES = (
    Route(
        "POST",
        "/v1/movies",
        f"Send a short movie: at most {movies.MOST_FRAMES} frames of 1920 x 1080 pixels. Followed, "
        "fetched and ended as any job; its result is the movie, with its sound.",
        _post_movie,
        {
            202: Reply("Taken in; Location says where to ask.", {JSON: JOB_SCHEMA}),
            **failures(400, 408, 410, 413, 415, 422, 429, 500),
        },
        query=(
            Field(
                "format",
                "string",
                "mov: ProRes 4444 with alpha. webm: VP9 with alpha. mp4: H.264 on a background.",
                default="mov",
                enum=tuple(movies.MEDIA_TYPES),
            ),
            Field("background", "string", "Color behind the subject.", pattern=formats.COLOR),
            OPTIONS,
        ),
        bodies=(Body("video/*", "The movie's file."),),
        takes_work=True,
    ),
)
"""The movies' route."""
