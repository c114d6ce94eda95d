# SPDX-License-Identifier: Apache-2.0
"""The HTTP API v1.0 of remove.bg, for programs that have a client for it.

Parameters, headers, JSON result and failures are in its form; the key is this server's token, and
nothing is charged. Pictures are sent, never fetched: `image_url` and `bg_image_url` are refused.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from typing import Any

from flask import Response

from mattebrush.errors import InputInvalid, JobInvalid, MattebrushError

from . import peek
from .blobs import Blob
from .calls import FORM, JSON, URLENCODED, Call
from .errors import NotAllowed, ParameterInvalid, TokenMissing
from .formats import RENDERED
from .jobs import Job
from .responses import file_response, json_response
from .routes import Body, Field, Reply, Route
from .service import finished_output

PREFIX = "/v1.0/"

_MEGAPIXELS = {
    "preview": 0.25,
    "small": 0.25,
    "regular": 0.25,
    "medium": 1.5,
    "hd": 4.0,
    "full": None,
    "4k": None,
    "50MP": None,
    "auto": None,
    "500px": 0.25,
}
"""Size by name; None is the picture's own."""

_TYPES = (
    "auto",
    "person",
    "product",
    "animal",
    "car",
    "car_interior",
    "car_part",
    "transportation",
    "graphic",
    "graphics",
    "other",
)
_LENGTH = r"-?\d{1,5}(\.\d{1,4})?(px|%)"
_MARGIN = r"\d{1,5}(\.\d{1,4})?(px|%)?"
_SHARE = r"(100(\.0{1,4})?|\d{1,2}(\.\d{1,4})?)%"
_LEVEL_1 = {
    "car_interior": "car",
    "car_part": "car",
    "graphic": "other",
    "graphics": "other",
    "transportation": "other",
}
"""The broader of two names for a kind of subject."""

_LARGEST_MARGIN = {"px": 500, "%": 50}
_CREDITS = 1_000_000

_FIELDS = (
    Field("image_file_b64", "string", "The picture in base64."),
    Field("image_url", "string", "Refused: this server fetches nothing."),
    Field("size", "string", "Largest size of the result.", "preview", enum=tuple(_MEGAPIXELS)),
    Field(
        "type",
        "string",
        "What the subject is. One network finds them all, so this only comes back as X-Type.",
        "auto",
        enum=_TYPES,
        otherwise="auto",
    ),
    Field(
        "type_level",
        "string",
        "none: no header X-Type.",
        "1",
        enum=("none", "1", "2", "latest"),
        otherwise="1",
    ),
    Field(
        "format",
        "string",
        "auto: PNG where there is transparency, else JPEG.",
        "auto",
        enum=("auto", "png", "jpg", "webp", "zip"),
    ),
    Field(
        "roi",
        "string",
        "Region of interest: x1 y1 x2 y2, each in px or %.",
        pattern=rf"^{_LENGTH}( {_LENGTH}){{3}}$",
    ),
    Field("crop", "boolean", "Crop to the subject and its shadow.", False, otherwise=False),
    Field(
        "crop_margin",
        "string",
        "Around the cropped subject: one, two or four lengths in px or %.",
        "0px",
        pattern=rf"^{_MARGIN}([ ,]{_MARGIN}|([ ,]{_MARGIN}){{3}})?$",
    ),
    Field(
        "scale",
        "string",
        "The subject's size in the result: original, or 10% to 100%.",
        "original",
        pattern=rf"^(original|(?=100|[1-9]\d){_SHARE})$",
    ),
    Field(
        "position",
        "string",
        "original, center, or one or two values in %.",
        "",
        pattern=rf"^(|original|center|{_SHARE}([ ,]{_SHARE})?)$",
    ),
    Field("channels", "string", "The cut-out, or its alpha.", "rgba", enum=("rgba", "alpha")),
    Field("add_shadow", "boolean", "A soft shadow.", False, otherwise=False),
    Field(
        "shadow_type",
        "string",
        "Anything but none is a soft drop shadow.",
        "none",
        enum=("none", "auto", "drop", "car", "3D"),
    ),
    Field("shadow_opacity", "integer", "In percent.", 50, minimum=0, maximum=100),
    Field(
        "semitransparency",
        "boolean",
        "false: what the subject encloses, such as a car's windows, is opaque; edges stay soft.",
        True,
    ),
    Field("bg_color", "string", "Hex (81d4fa, fff, 81d4fa77) or a color's name."),
    Field("bg_image_url", "string", "Refused: this server fetches nothing."),
)

_CODES = {
    "origin-refused": (403, "forbidden", "Not allowed from here"),
    "no-subject": (
        400,
        "unknown_foreground",
        "Could not identify foreground in image.",
    ),
    "input-invalid": (400, "failed_to_read_image", "There was an error reading the image."),
    "job-invalid": (400, "missing_source", "No image given"),
    "input-too-large": (400, "resolution_too_high", "Image resolution too high"),
    "upload-too-large": (400, "file_too_large", "File too large"),
    "upload-too-slow": (400, "upload_too_slow", "The request did not arrive in time"),
    "media-type-unknown": (400, "invalid_content_type", "Content type not supported"),
    "region-outside": (400, "roi_exceeds_bounds", "ROI exceeds image bounds"),
    "region-empty": (400, "roi_region_empty", "ROI region is empty"),
    "option-invalid": (400, "invalid_parameters", "Invalid parameters"),
    "model-unavailable": (400, "model_unavailable", "Model not available"),
    "cancelled": (400, "cancelled", "The request was cut off"),
    "busy": (429, "rate_limit_exceeded", "Rate limit exceeded"),
    "not-found": (404, "not_found", "Not found"),
    "method-not-allowed": (405, "method_not_allowed", "Method not allowed"),
}
"""Status, code and title as published, by our code. Clients show the title and look at the code."""

_VALUES = ("size", "channels")
"""Parameters whose title is worded otherwise than that of the rest."""


class Refused(MattebrushError):
    """A failure that has a code and a title of remove.bg's own."""

    code = "option-invalid"

    def __init__(self, published: str, title: str, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.published = published
        self.title = title


def explain(error: MattebrushError) -> tuple[int, dict[str, Any]]:
    """A failure in remove.bg's form: `errors`, a list of title, detail and code."""
    status, code, title = _published(error)
    return status, {"errors": [{"title": title, "detail": str(error), "code": code}]}


def _published(error: MattebrushError) -> tuple[int, str, str]:
    if isinstance(error, Refused):
        return 400, error.published, error.title
    if isinstance(error, NotAllowed):
        missing = isinstance(error, TokenMissing)
        return 403, "auth_failed", "Missing API Key" if missing else "API Key invalid"
    if isinstance(error, ParameterInvalid):
        worded = "Invalid value for parameter '{}'" if error.name in _VALUES else None
        title = (worded or "Invalid {} parameter given").format(error.name)
        return 400, f"invalid_{error.name}", title
    return _CODES.get(
        error.code, (500, "unknown_error", "An unknown error happened. Please try again later.")
    )


def _post_removebg(call: Call) -> Response:
    fields = call.fields(lenient=True)
    _refuse_urls(fields)
    picture = _picture(call, fields)
    background = call.file("bg_image_file") if call.media_type == FORM else None
    if background is not None and fields["bg_color"]:
        raise Refused(
            "multiple_bg_sources",
            "Multiple background sources given: Please provide either the bg_color, the "
            "bg_image_url or the bg_image_file parameter.",
            "There is more than one background.",
            "Send one of them.",
        )
    pixels = max(_pixels(call, each) for each in (picture, background) if each is not None)
    render = _render_params(fields, background is not None)
    params = {"options": {"op": "remove"}, "roi": _lengths(fields["roi"])}
    job = Job(call.client, "picture", {"image": picture}, params, pixels)
    extra = {} if background is None else {"background": background}
    rendering = call.service.rendered(job, render, call.still_wanted, extra)
    try:
        return _result(call, fields, rendering, render["format"])
    finally:
        rendering.release()


def _pixels(call: Call, picture: Blob) -> int:
    try:
        return peek.picture_pixels(picture, call.settings.picture_pixels)
    except InputInvalid as error:
        raise Refused("invalid_file_type", "Invalid file type", error.message, error.fix) from error


def _refuse_urls(fields: dict[str, Any]) -> None:
    for name, code, what in (
        ("image_url", "failed_image_download", "image"),
        ("bg_image_url", "failed_bg_download", "background image"),
    ):
        if fields[name]:
            raise Refused(
                code,
                f"Failed to download {what} from given {name}: this server fetches nothing",
                f"{name} is refused: this server fetches nothing.",
                f"Send the picture itself as {name.replace('url', 'file')}.",
            )


def _picture(call: Call, fields: dict[str, Any]) -> Blob:
    uploaded = call.file("image_file") if call.media_type == FORM else None
    encoded = fields["image_file_b64"]
    if uploaded is not None and encoded:
        uploaded.release()
        raise Refused(
            "multiple_sources",
            "Multiple image sources given: Please provide either the image_url, image_file or "
            "image_file_b64 parameter.",
            "There is more than one picture.",
            "Send image_file only.",
        )
    if uploaded is not None:
        return uploaded
    if not encoded:
        raise JobInvalid(
            "Please provide the source image in the image_file or image_file_b64 parameter."
        )
    try:
        # Some clients send a data URL.
        return Blob.of(base64.b64decode(encoded.partition("base64,")[2] or encoded))
    except (binascii.Error, ValueError) as error:
        raise Refused(
            "failed_to_read_image",
            "There was an error reading the image.",
            "image_file_b64 is not base64.",
        ) from error


def _render_params(fields: dict[str, Any], has_background: bool) -> dict[str, Any]:
    color, margins = _color(fields["bg_color"]), _margins(fields["crop_margin"])
    opaque = has_background or (color is not None and color[3] == 255)
    format = fields["format"]
    if fields["channels"] == "alpha":
        format = "alpha"
    elif format == "auto":
        format = "jpg" if opaque else "png"
    elif format == "zip":
        format = "zip-color-alpha"
    shadow = fields["add_shadow"] or fields["shadow_type"] != "none"
    megapixels = _MEGAPIXELS[fields["size"]]
    return {
        "format": format,
        "background": color,
        "opaque_inside": not fields["semitransparency"],
        "shadow": {"opacity": fields["shadow_opacity"] / 100} if shadow else None,
        "crop": margins if fields["crop"] else None,
        "scale": None if fields["scale"] == "original" else float(fields["scale"][:-1]) / 100,
        "position": _position(fields),
        "most_pixels": None if megapixels is None else int(megapixels * 1_000_000),
    }


def _lengths(text: str | None) -> list[tuple[float, str]] | None:
    """`10px 5%` as [(10, "px"), (5, "%")]."""
    if not text:
        return None
    return [
        (float(number), unit or "px")
        for number, _, unit in re.findall(r"(-?\d+(\.\d+)?)(px|%)?", text)
    ]


def _margins(text: str) -> list[tuple[float, str]]:
    """CSS order: top, right, bottom, left."""
    margins = _lengths(text) or [(0.0, "px")]
    if any(number > _LARGEST_MARGIN[unit] for number, unit in margins):
        raise ParameterInvalid("crop_margin", f"crop_margin is {text}.", "At most 500px or 50%.")
    return (margins * 4)[:4] if len(margins) < 4 else margins


def _position(fields: dict[str, Any]) -> list[float] | None:
    text = fields["position"] or ("original" if fields["scale"] == "original" else "center")
    if text == "original":
        return None
    if text == "center":
        return [0.5, 0.5]
    values = [float(value) / 100 for value in re.findall(r"[\d.]+", text)]
    return values * 2 if len(values) == 1 else values


def _color(text: str | None) -> list[int] | None:
    """r, g, b, a of remove.bg's notations. Raises OptionInvalid."""
    if not text:
        return None
    digits = text.lstrip("#")
    if re.fullmatch(r"[0-9a-fA-F]{3,4}", digits):
        digits = "".join(digit * 2 for digit in digits)
    if re.fullmatch(r"[0-9a-fA-F]{6}([0-9a-fA-F]{2})?", digits):
        return [int(f"{digits}ff"[at : at + 2], 16) for at in (0, 2, 4, 6)]
    from PIL import ImageColor

    try:
        return [*ImageColor.getcolor(text[:40].lower(), "RGBA")]  # type: ignore[misc]
    except ValueError as error:
        raise ParameterInvalid(
            "bg_color",
            f"bg_color is {text[:40]!r}.",
            "Give hex digits such as 81d4fa, or a color's name.",
        ) from error


def _result(call: Call, fields: dict[str, Any], rendering: Job, format: str) -> Response:
    facts = rendering.facts
    output = finished_output(rendering)
    # To the letter: common clients list JSON first, and want the picture.
    if call.request.headers.get("Accept", "").strip().lower() == JSON:
        with output.view as view:
            encoded = base64.b64encode(view).decode("ascii")
        box = {f"foreground_{side}": value for side, value in facts["foreground"].items()}
        response = json_response({"data": {"result_b64": encoded, **box}})
    else:
        response = file_response(output.keep(), RENDERED[format])
    level = fields["type_level"]
    kind = {} if level == "none" else {"X-Type": _kind(fields["type"], level)}
    headers = {
        **kind,
        "X-Width": facts["width"],
        "X-Height": facts["height"],
        "X-Max-Width": facts["full_width"],
        "X-Max-Height": facts["full_height"],
        "X-Credits-Charged": 0,
        **{f"X-Foreground-{side.title()}": value for side, value in facts["foreground"].items()},
        **_rate_limit(call),
    }
    for name, value in headers.items():
        response.headers[name] = str(value)
    return response


def _kind(fields: str, level: str) -> str:
    kind = "other" if fields == "auto" else fields
    return _LEVEL_1.get(kind, kind) if level == "1" else kind


def _rate_limit(call: Call) -> dict[str, int]:
    most, _pixels = call.settings.quota
    client = call.client
    undelivered = len(
        call.service.store.select(lambda job: job.client == client and not job.delivered)
    )
    return {
        "X-RateLimit-Limit": most,
        "X-RateLimit-Remaining": max(0, most - undelivered),
        "X-RateLimit-Reset": int(time.time()) + 1,
    }


def _get_account(call: Call) -> Response:
    # Scripts stop where there are none left; here there are always so many.
    credits = {"total": _CREDITS, "subscription": 0, "payg": _CREDITS, "enterprise": 0}
    api = {"free_calls": _CREDITS, "sizes": "all"}
    return json_response({"data": {"attributes": {"credits": credits, "api": api}}})


_FAILURE: dict[str, Any] = {
    "type": "object",
    "required": ["errors"],
    "properties": {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["title", "code"],
                "properties": {name: {"type": "string"} for name in ("title", "detail", "code")},
            },
        }
    },
}
_FAILURES = {
    status: Reply(text, {JSON: _FAILURE})
    for status, text in {
        400: "A parameter makes no sense, there is no readable picture, or no foreground in it.",
        403: "The key is missing or wrong.",
        429: "Full. Retry-After says when to try again.",
        500: "The engine failed or crashed on this picture.",
    }.items()
}
_FILE = Field("image_file", "binary", "The picture.")
_BACKGROUND = Field("bg_image_file", "binary", "A picture for the background.")

ROUTES = (
    Route(
        "POST",
        "/v1.0/removebg",
        "remove.bg's: remove the background of a picture.",
        _post_removebg,
        {
            200: Reply(
                "The result.",
                {
                    **dict.fromkeys(("image/png", "image/jpeg", "image/webp", "application/zip")),
                    JSON: {"type": "object"},
                },
            ),
            **_FAILURES,
        },
        bodies=(
            Body(FORM, "The picture and parameters.", (_FILE, _BACKGROUND, *_FIELDS)),
            Body(JSON, "Parameters, the picture in base64.", _FIELDS),
            Body(URLENCODED, "Parameters, the picture in base64.", _FIELDS),
        ),
        takes_work=True,
    ),
    Route(
        "GET",
        "/v1.0/account",
        "remove.bg's: nothing is charged here.",
        _get_account,
        {
            200: Reply(
                "Credits, which never get fewer: nothing is charged.", {JSON: {"type": "object"}}
            ),
            **{status: _FAILURES[status] for status in (400, 403, 429)},
        },
    ),
)
"""remove.bg's routes."""
