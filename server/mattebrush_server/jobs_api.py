# SPDX-License-Identifier: Apache-2.0
"""The server's own API: jobs, their progress and results, models, devices, health, metrics."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from mattebrush import __version__
from mattebrush.errors import JobInvalid, OptionInvalid
from mattebrush.options import EMBEDDED_MODEL, Options

from . import formats, movies, openapi, peek
from .blobs import Blob
from .calls import FORM, JSON, Call
from .jobs import STATES, Job
from .responses import file_response, json_response
from .routes import Body, Field, Reply, Route
from .service import RENDER, finished_output

NPZ = "application/x-npz"
_NPZ_NAMES = (NPZ, "application/zip", "application/octet-stream")
_EVENT_SECONDS = 15.0
_EVENTS = "text/event-stream"

JOB_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state", "stage", "fraction", "created"],
    "properties": {
        "id": {"type": "string"},
        "state": {"type": "string", "enum": list(STATES)},
        "stage": {"type": "string"},
        "fraction": {"type": "number", "minimum": 0, "maximum": 1},
        "created": {"type": "number", "description": "Seconds since 1970."},
        "error": openapi.FAILURE,
        "model": {"type": "string"},
        "changed": {"type": "array", "items": {"type": "integer"}},
    },
}
OPTIONS = Field(
    "options",
    "string",
    'JSON as in the job contract, such as {"op": "remove", "feather": 1.5}.',
    default="{}",
)


def failures(*statuses: int) -> dict[int, Reply]:
    texts = {
        400: "What was sent makes no sense; the message says what to change.",
        401: "The token is missing or wrong.",
        403: "From a foreign host name or web page.",
        404: "No such job.",
        408: "The request did not arrive in time.",
        409: "Not finished.",
        410: "The job was cancelled.",
        413: "Too many bytes or pixels.",
        415: "The content type is none of those listed.",
        422: "Understood, but there is no result: no subject, no such model or device.",
        429: "Full. Retry-After says when to try again.",
        500: "The engine failed or crashed on this picture.",
        504: "The job took too long.",
    }
    return {each: Reply(texts[each], {JSON: openapi.FAILURE}) for each in (*statuses, 401, 403)}


_RESULT = dict.fromkeys(formats.MEDIA_TYPES.values()) | {JSON: {"type": "object"}}
_NO_RESULT = (400, 404, 409, 410, 413, 422, 429, 500, 504)


def _post_job(call: Call) -> Response:
    job, device = _job_of(call)
    seconds = call.wait_seconds()
    call.service.submit(job, device)
    if seconds and call.service.wait(job, seconds, call.still_wanted):
        try:
            return _result_response(call, job)
        finally:
            call.service.store.drop(job)
    response = json_response(job.to_json(), 202)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return response


def _job_of(call: Call) -> tuple[Job, str]:
    """The job a request asks for, and the device it names."""
    if call.media_type in _NPZ_NAMES:
        request = call.body()
        job = Job(
            call.client, "job", {"request": request}, {}, peek.request_pixels(request), call.page
        )
        return job, peek.request_device(request)
    most = call.settings.picture_pixels
    params: dict[str, Any] = {}
    if call.media_type == FORM:
        params["options"] = options_of(call.fields()["options"])
        inputs = _pictures(call)
    else:
        params["options"] = options_of(call.query["options"])
        inputs = {"image": call.body()}
    names = {"image": "picture"}
    pixels = max(
        peek.picture_pixels(blob, most, names.get(name, name)) for name, blob in inputs.items()
    )
    job = Job(call.client, "picture", inputs, params, pixels, call.page)
    return job, params["options"].get("device", "auto")


def _pictures(call: Call) -> dict[str, Blob]:
    pictures = {}
    for name in ("image", "mask", "previous", "region"):
        blob = call.file(name)
        if blob is not None:
            pictures[name] = blob
    if "image" not in pictures:
        raise JobInvalid("The form has no file named image.", "Send the picture as `image`.")
    return pictures


def options_of(text: str) -> dict[str, Any]:
    """The options of a job, checked as far as possible before it is queued."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionInvalid("options are not JSON.", OPTIONS.text) from error
    if not isinstance(values, dict):
        raise OptionInvalid("options must be one JSON object.", OPTIONS.text)
    own = ("op", "depth", "force")
    Options.from_json({name: value for name, value in values.items() if name not in own})
    return values


def _get_job(call: Call) -> Response:
    return json_response(call.service.store.find(call.path["id"]).to_json())


def _get_result(call: Call) -> Response:
    job = call.service.store.find(call.path["id"])
    response = _result_response(call, job)
    call.service.deliver(job)
    return response


def _post_result(call: Call) -> Response:
    job = call.service.store.find(call.path["id"])
    background = call.file("picture")
    if background is None:
        raise JobInvalid("The form has no file named picture.", "Send it as `picture`.")
    peek.check_pixels(background, call.settings.picture_pixels)
    response = _result_response(call, job, {"background": background})
    call.service.deliver(job)
    return response


def _result_response(call: Call, job: Job, extra: dict[str, Blob] | None = None) -> Response:
    params = _rendering_of(call.query)
    format = params.pop("format") or _preferred(call, job)
    finished_output(job)
    if "movie" in job.facts and format != "report":
        return file_response(job.keep_output(), movies.MEDIA_TYPES[job.facts["movie"]])
    if format == "report":
        return json_response(job.facts)
    if format == "npz":
        return file_response(job.keep_output(), NPZ)
    rendering = call.service.render(job, {"format": format, **params}, call.still_wanted, extra)
    try:
        return file_response(finished_output(rendering).keep(), formats.MEDIA_TYPES[format])
    finally:
        rendering.release()


def _rendering_of(query: dict[str, Any]) -> dict[str, Any]:
    """A result's query as the parameters of `rendering`."""
    color = query["background"]
    shadow = {"opacity": query["shadow"] / 100} if query["shadow"] else None
    return {
        "format": query["format"],
        "background": formats.color(color) if color else None,
        "feather": query["feather"],
        "shift_edge": query["shift_edge"],
        "crop": [(0.0, "px")] * 4 if query["crop"] else None,
        "shadow": shadow,
        "longest_side": query["longest_side"],
        "box": [int(side) for side in query["box"].split(",")] if query["box"] else None,
    }


def _preferred(call: Call, job: Job) -> str:
    """The format that the Accept header names first, else the kind's own."""
    default = "npz" if job.kind == "job" else "png"
    offered = {formats.MEDIA_TYPES[default]: default}
    for name, media in formats.MEDIA_TYPES.items():
        offered.setdefault(media, name)
    best = call.request.accept_mimetypes.best_match(list(offered))
    return offered[best] if best else default


def _get_events(call: Call) -> Response:
    job = call.service.store.find(call.path["id"])
    return Response(call.service.follow(job, _EVENT_SECONDS), mimetype=_EVENTS)


def _delete_job(call: Call) -> Response:
    call.service.cancel(call.service.store.find(call.path["id"]))
    return Response(status=204)


def _get_models(call: Call) -> Response:
    from mattebrush.models import catalog, store

    rows = [
        {
            "id": row.id,
            "name": row.name,
            "license": row.license,
            "commercial": row.commercial,
            "license_note": row.license_note,
            "page": row.page,
            "size": row.size,
            "embedded": row.embedded,
            "gated": row.gated,
            "best_at": row.best_at,
            "kind": row.kind,
            "prompts": row.kind == "prompt" or row.id == EMBEDDED_MODEL,
            "installed": store.installed(row) is not None,
        }
        for row in catalog.rows().values()
    ]
    return json_response({"models": rows})


def _get_devices(call: Call) -> Response:
    job = call.service.ask(RENDER, Job(call.client, "status", {}, {}), call.still_wanted)
    with finished_output(job).view as view:
        status = json.loads(bytes(view))
    job.release()
    return json_response({"devices": status["devices"], "lanes": list(call.settings.devices)})


def _get_health(call: Call) -> Response:
    return json_response({"status": "ok", "service": "mattebrush", "version": __version__})


def _get_metrics(call: Call) -> Response:
    return Response(call.service.metrics_text(), mimetype="text/plain")


def _get_openapi(call: Call) -> Response:
    return json_response(openapi.document(call.routes))


_JSON_OBJECT = {JSON: {"type": "object"}}
_TEXT = {"text/plain": {"type": "string"}}

ROUTES = (
    Route(
        "POST",
        "/v1/jobs",
        "Send a picture, or an NPZ request of the job contract. With `Prefer: wait` the answer is "
        "the result, and the server forgets it.",
        _post_job,
        {
            200: Reply("The result, when waited for.", _RESULT),
            202: Reply("Taken in; Location says where to ask.", {JSON: JOB_SCHEMA}),
            **failures(400, 408, 410, 413, 415, 422, 429, 500, 504),
        },
        query=(OPTIONS, *formats.RESULT_FIELDS),
        bodies=(
            *(Body(name, "A request of the job contract.") for name in _NPZ_NAMES),
            Body("image/*", "A picture file; options in the query."),
            Body(
                FORM,
                "Picture files and options.",
                (
                    Field("image", "binary", "The picture.", required=True),
                    Field("mask", "binary", "A mask, for refine, matte and decontaminate."),
                    Field("previous", "binary", "The mask last given, for refine."),
                    Field("region", "binary", "White where to work."),
                    OPTIONS,
                ),
            ),
        ),
        takes_work=True,
    ),
    Route(
        "GET",
        "/v1/jobs/{id}",
        "State, stage and progress of a job.",
        _get_job,
        {200: Reply("The job.", {JSON: JOB_SCHEMA}), **failures(400, 404)},
    ),
    Route(
        "GET",
        "/v1/jobs/{id}/result",
        "The result, in the form asked for.",
        _get_result,
        {200: Reply("The result.", _RESULT), **failures(*_NO_RESULT)},
        query=formats.RESULT_FIELDS,
    ),
    Route(
        "POST",
        "/v1/jobs/{id}/result",
        "The result before a picture of one's own.",
        _post_result,
        {200: Reply("The result.", _RESULT), **failures(*_NO_RESULT, 408, 415)},
        query=formats.RESULT_FIELDS,
        bodies=(
            Body(
                FORM,
                "The background.",
                (Field("picture", "binary", "Scaled to cover.", required=True),),
            ),
        ),
    ),
    Route(
        "GET",
        "/v1/jobs/{id}/events",
        "Server-sent events: the job, each time it changes, until it ends.",
        _get_events,
        {
            200: Reply("Events named `job`, data as in GET /v1/jobs/{id}.", {_EVENTS: None}),
            **failures(400, 404, 429),
        },
    ),
    Route(
        "DELETE",
        "/v1/jobs/{id}",
        "Stop a job, wherever it is, and forget it and its pictures.",
        _delete_job,
        {204: Reply("Stopped and forgotten."), **failures(400, 404)},
    ),
    Route(
        "GET",
        "/v1/models",
        "The models of the catalog: license, and whether installed.",
        _get_models,
        {200: Reply("The models.", _JSON_OBJECT), **failures(400)},
    ),
    Route(
        "GET",
        "/v1/devices",
        "What inference can run on, each tried with a real one.",
        _get_devices,
        {200: Reply("The devices.", _JSON_OBJECT), **failures(400, 429, 500)},
    ),
    Route(
        "GET",
        "/healthz",
        "Whether the server is there.",
        _get_health,
        {200: Reply("It is.", _JSON_OBJECT), **failures(400)},
        open=True,
    ),
    Route(
        "GET",
        "/metrics",
        "Counters in Prometheus' text format.",
        _get_metrics,
        {200: Reply("The counters.", _TEXT), **failures(400)},
    ),
    Route(
        "GET",
        "/openapi.json",
        "This document.",
        _get_openapi,
        {200: Reply("OpenAPI 3.0.", _JSON_OBJECT), **failures(400)},
    ),
)
"""The server's own routes."""
