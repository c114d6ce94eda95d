# SPDX-License-Identifier: Apache-2.0
"""The HTTP API of rembg's server, for programs that have a client for it.

Its parameters steer our engine. The trimap follows the picture, as it does everywhere here, until
`af`, `ab` or `ae` ask for another one. `extras` reach nothing but what is listed. Nothing is
fetched from a URL.
"""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from mattebrush.errors import JobInvalid, MattebrushError, ModelUnavailable, OptionInvalid

from . import peek
from .calls import FORM, JSON, Call
from .errors import MethodRefused, status_of
from .jobs import Job
from .responses import file_response
from .routes import Body, Field, Reply, Route
from .service import finished_output

PREFIX = "/api/"

_FAILURE: dict[str, Any] = {
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "string"}},
}

_NAMES = frozenset(
    (
        *("u2net", "u2netp", "u2net_human_seg", "u2net_cloth_seg", "silueta"),
        *("isnet-general-use", "isnet-anime", "bria-rmbg", "ben2-base"),
        *("birefnet-general", "birefnet-general-lite", "birefnet-portrait", "birefnet-dis"),
        *("birefnet-hrsod", "birefnet-cod", "birefnet-massive"),
    )
)
"""rembg's names. Its clients send u2net, its default, unasked."""

_GENERAL = ("silueta", "u2net", "isnet-general-use", "birefnet-general-lite", "birefnet-general")
"""Models for any subject, the better the later, that stand in for one that is not installed; the
embedded one comes before them all."""

_THRESHOLDS = {"af": 240, "ab": 10, "ae": 10}
"""rembg's defaults; its clients send them unasked."""

_FIELDS = (
    Field("model", "string", "A model by rembg's name; default: the embedded one."),
    Field("a", "boolean", "Alpha matting: soft edges at full resolution.", False),
    Field(
        "af",
        "integer",
        "With a: above this the mask is foreground. Where af, ab and ae are rembg's defaults, the "
        "trimap follows the picture instead.",
        _THRESHOLDS["af"],
        minimum=0,
        maximum=255,
    ),
    Field(
        "ab",
        "integer",
        "With a: below this the mask is background.",
        _THRESHOLDS["ab"],
        minimum=0,
        maximum=255,
    ),
    Field(
        "ae",
        "integer",
        "With a: side in pixels of the square by which both are eroded.",
        _THRESHOLDS["ae"],
        minimum=0,
        maximum=1_000_000,
    ),
    Field("om", "boolean", "Only the mask.", False),
    Field("ppm", "boolean", "A clean binary mask.", False),
    Field("dc", "boolean", "Decontaminate the edge's color.", False),
    Field("vm", "boolean", "Matting by ViTMatte, when installed.", False),
    Field(
        "bgc",
        "string",
        "Background color r,g,b,a.",
        pattern=r"^\s*\d{1,3}(\s*,\s*\d{1,3}){2,3}\s*$",
    ),
    Field("extras", "string", 'JSON; {"sam_prompt": [...]} only.'),
)
_PROMPT_ONLY = "extras may only hold sam_prompt: points and rectangles."


def explain(error: MattebrushError) -> tuple[int, dict[str, Any]]:
    """A failure in FastAPI's form, which rembg's clients know."""
    status = 422 if error.code == "option-invalid" else status_of(error.code)
    return status, {"detail": str(error)}


def _post_remove(call: Call) -> Response:
    # rembg reads bgc and extras from the query string, the rest from the form.
    query = {name: value for name, value in call.query.items() if value is not None}
    fields = {**call.fields(lenient=True), **query}
    picture = call.file("file")
    if picture is None:
        raise JobInvalid("The form has no file named file.", "Send the picture as `file`.")
    most = call.settings.picture_pixels
    params = {"options": _options(fields), "thresholds": _thresholds(fields)}
    pixels = peek.picture_pixels(picture, most)
    render = {"format": "mask" if fields["om"] else "png", "background": _color(fields["bgc"])}
    job = Job(call.client, "picture", {"image": picture}, params, pixels)
    rendering = call.service.rendered(job, render, call.still_wanted)
    try:
        response = file_response(finished_output(rendering).keep(), "image/png")
        response.headers["X-Model"] = str(job.facts.get("model", ""))
        return response
    finally:
        rendering.release()


def _options(fields: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "op": "remove",
        "force": True,  # rembg always answers with a picture
        "matting": "auto" if fields["a"] else "none",
        "hard": fields["ppm"],
        "decontaminate": fields["dc"],
    }
    if fields["vm"]:
        options["matting"] = _vitmatte()
    if fields["model"]:
        options["model"] = _model(fields["model"])
    if fields["extras"]:
        options["prompt"] = _prompt(fields["extras"])
    return options


def _thresholds(fields: dict[str, Any]) -> dict[str, int] | None:
    """af, ab and ae, where alpha matting is asked for with others than rembg's defaults."""
    thresholds = {name: fields[name] for name in _THRESHOLDS}
    wanted = (fields["a"] or fields["vm"]) and thresholds != _THRESHOLDS
    return thresholds if wanted else None


def _model(name: str) -> str:
    """The catalog's id of a model by rembg's name: itself where it is installed, else the best
    that is. Raises ModelUnavailable for a name that rembg does not have either.
    """
    from mattebrush.models import catalog, store

    rows = catalog.rows().values()
    if name == "sam":  # rembg's name for any promptable model
        prompted = [row for row in rows if row.kind == "prompt"]
        return next((row for row in prompted if store.installed(row)), prompted[0]).id
    for row in rows:
        files = [known for file in row.files for known in file.rembg]
        if name == row.id or f"{name}.onnx" in files:
            if store.installed(row) is not None or name not in _NAMES:
                return row.id
            break
    if name not in _NAMES:
        raise ModelUnavailable(f"There is no model called {name[:80]!r}.", "See GET /v1/models.")
    candidates = [row for row in rows if row.kind == "salient" and store.installed(row) is not None]
    general = [row for row in candidates if row.embedded or row.id in _GENERAL]
    return max(general, key=lambda row: _GENERAL.index(row.id) if row.id in _GENERAL else -1).id


def _vitmatte() -> str:
    from mattebrush.models import catalog, store

    for row in catalog.rows().values():
        if row.kind == "trimap" and store.installed(row) is not None:
            return row.id
    raise ModelUnavailable(
        "No ViTMatte model is installed.", "See `mattebrush models list`, or leave out vm."
    )


def _prompt(extras: str) -> dict[str, Any]:
    """rembg's sam_prompt as the job contract's prompt. Raises OptionInvalid."""
    try:
        marks = json.loads(extras)
        if set(marks) - {"sam_prompt"}:
            raise OptionInvalid("extras hold what this server does not take.", _PROMPT_ONLY)
        prompts = marks.get("sam_prompt", [])
        points = [[*m["data"], m.get("label", 1)] for m in prompts if m["type"] == "point"]
        boxes = [m["data"] for m in prompts if m["type"] == "rectangle"]
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise OptionInvalid("extras cannot be read.", _PROMPT_ONLY) from error
    return {"points": points, "boxes": boxes}


def _color(text: str | None) -> list[int] | None:
    if not text:
        return None
    values = [int(value) for value in text.split(",")]
    if max(values) > 255:
        raise OptionInvalid(f"bgc is {text}.", "Give r,g,b,a from 0 to 255.")
    return values


def _get_remove(call: Call) -> Response:
    raise MethodRefused(
        "This server fetches nothing.", "POST the picture itself as `file`.", ["POST"]
    )


_STATUSES = {
    400: "The file is no picture.",
    401: "The token is missing or wrong.",
    403: "From a foreign host name or web page.",
    408: "The request did not arrive in time.",
    410: "The client has gone.",
    413: "Too many bytes or pixels.",
    415: "Not a form.",
    422: "A parameter makes no sense, or there is no such model.",
    429: "Full. Retry-After says when to try again.",
    500: "The engine failed or crashed on this picture.",
    504: "The job took too long.",
}

ROUTES = (
    Route(
        "POST",
        "/api/remove",
        "rembg's: remove the background of the file sent.",
        _post_remove,
        {
            200: Reply("The cut-out, or the mask.", {"image/png": None}),
            **{status: Reply(text, {JSON: _FAILURE}) for status, text in _STATUSES.items()},
        },
        query=tuple(field for field in _FIELDS if field.name in ("bgc", "extras")),
        bodies=(
            Body(
                FORM,
                "The picture and rembg's parameters.",
                (Field("file", "binary", "The picture.", required=True), *_FIELDS),
            ),
        ),
        takes_work=True,
    ),
    Route(
        "GET",
        "/api/remove",
        "rembg's download from a URL, which is refused.",
        _get_remove,
        {
            status: Reply(text, {JSON: _FAILURE})
            for status, text in {
                401: _STATUSES[401],
                403: _STATUSES[403],
                405: "Always: this server fetches nothing.",
            }.items()
        },
    ),
)
"""rembg's routes."""
