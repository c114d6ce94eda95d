# SPDX-License-Identifier: Apache-2.0
"""In which forms a result can be had, and what can be asked for on the way. Data only."""

from __future__ import annotations

from .routes import Field

MEDIA_TYPES = {
    "png": "image/png",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "jpg": "image/jpeg",
    "mask": "image/png",
    "foreground": "image/png",
    "zip": "application/zip",
    "npz": "application/x-npz",
    "report": "application/json",
}
"""Content type by the name of a form of result."""

_NAMED = {
    "white": "#ffffff",
    "black": "#000000",
    "gray": "#808080",
    "red": "#ff0000",
    "green": "#00ff00",
    "blue": "#0000ff",
    "yellow": "#ffff00",
}
COLOR = rf"^(#[0-9a-fA-F]{{6}}|{'|'.join(_NAMED)})$"

RENDERED = {**MEDIA_TYPES, "alpha": "image/png", "zip-color-alpha": "application/zip"}
"""Content type of everything `rendering` writes: two more, which remove.bg's API has."""

RESULT_FIELDS = (
    Field(
        "format",
        "string",
        "png, webp, tiff: the cut-out. jpg: flattened. mask: as PNG, for a layer, which keeps the "
        "picture's own transparency beside it. foreground: the colors, as PNG. zip: the cut-out, "
        "its alpha, its colors. npz: the answer of the job contract. report: JSON. Default: what "
        "Accept asks for, else npz for NPZ requests and png for pictures.",
        enum=tuple(MEDIA_TYPES),
    ),
    Field("background", "string", "Color behind the cut-out, such as #ffffff.", pattern=COLOR),
    Field("feather", "number", "Soften the edge: sigma in pixels.", 0.0, minimum=0, maximum=100),
    Field(
        "shift_edge",
        "number",
        "Move the edge outward (> 0) or inward (< 0), in pixels.",
        0.0,
        minimum=-100,
        maximum=100,
    ),
    Field("crop", "boolean", "Crop to the subject and its shadow.", False),
    Field(
        "shadow", "integer", "A soft drop shadow: opacity in percent.", 0, minimum=0, maximum=100
    ),
    Field(
        "box",
        "string",
        "Only this part of the result: x,y,width,height in its pixels.",
        pattern=r"^\d{1,6},\d{1,6},[1-9]\d{0,5},[1-9]\d{0,5}$",
    ),
    Field(
        "longest_side", "integer", "Scale down to this many pixels.", minimum=1, maximum=1_000_000
    ),
)
"""Query parameters of a result."""


def color(text: str) -> list[int]:
    """r, g, b, a of a text that matches `COLOR`."""
    digits = _NAMED.get(text, text)[1:]
    return [*(int(digits[at : at + 2], 16) for at in (0, 2, 4)), 255]
