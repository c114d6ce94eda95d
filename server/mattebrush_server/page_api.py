# SPDX-License-Identifier: Apache-2.0
"""What only the page asks for: a session, links, that it is open, pictures its browser cannot read,
models by consent, texts. Its files are served by `app`.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from importlib import resources
from types import ModuleType
from typing import Any

from flask import Response

from mattebrush.errors import ModelUnavailable, OptionInvalid

from . import addresses, openapi, peek
from .calls import JSON, Call
from .errors import NotFound
from .jobs import Job
from .jobs_api import JOB_SCHEMA, failures
from .responses import file_response, json_response
from .routes import Body, Field, Reply, Route
from .service import RENDER, finished_output

_QR_BORDER = 4  # modules of quiet around it, which readers need


def _post_session(call: Call) -> Response:
    key = call.fields()["key"]
    return json_response({"token": call.guard.open_session(key)})


def _post_link(call: Call) -> Response:
    """A new link; where other machines may use the server, as they have it and as a QR code."""
    fragment = f"#key={call.guard.new_key()}"
    port = int(call.request.environ["SERVER_PORT"])
    links = [f"{each}/{fragment}" for each in addresses.for_others(call.settings.host, port)]
    return json_response(
        {"fragment": fragment, "links": links, "qr": _qr(links[0]) if links else None}, 201
    )


def _qr(text: str) -> dict[str, Any]:
    """size: of its square, in modules. path: its dark ones, as an SVG path to be stroked."""
    import segno

    rows = list(segno.make(text, error="m", micro=False).matrix_iter(border=_QR_BORDER))
    dark = [(x, y) for y, row in enumerate(rows) for x, module in enumerate(row) if module]
    return {"size": len(rows), "path": "".join(f"M{x} {y}.5h1" for x, y in dark)}


def _put_page(call: Call) -> Response:
    call.service.pages.seen(_name(call))
    remote = bool(addresses.for_others(call.settings.host, 0))
    return json_response({"remote": remote})


def _delete_page(call: Call) -> Response:
    call.service.leave(_name(call))
    return Response(status=204)


def _name(call: Call) -> str:
    """The page's own name for itself. Raises NotFound for what is none."""
    if not re.fullmatch(openapi.NAME, call.path["id"]):
        raise NotFound("There is no such page.")
    return call.path["id"]


def _post_picture(call: Call) -> Response:
    picture = call.body()
    most = call.settings.picture_pixels
    try:
        pixels = peek.check_pixels(picture, most)
        job = Job(call.client, "shown", {"image": picture.keep()}, {}, pixels)
        job = call.service.ask(RENDER, job, call.still_wanted)
    finally:
        picture.release()
    try:
        return file_response(finished_output(job).keep(), "image/png")
    finally:
        job.release()


def _post_model(call: Call) -> Response:
    from mattebrush.models import catalog, store

    row = catalog.get(call.path["id"])
    if not call.settings.downloads:
        raise ModelUnavailable(
            "This server downloads no models.",
            f"On its machine, run: mattebrush models pull {row.id}",
        )
    if call.fields()["accept_license"] != row.license:
        raise OptionInvalid(
            f"{row.name} is under the license {row.license}.",
            "Read it, and send its name as accept_license if you agree.",
        )
    if store.installed(row) is not None:
        raise OptionInvalid(f"{row.name} is here already.")
    job = Job(call.client, "download", {}, {"model": row.id}, page=call.page)
    return json_response(call.service.download(job, row).to_json(), 202)


@functools.cache
def texts(language: str) -> dict[str, str]:
    """The page's words in a language, by the English ones. Raises KeyError for an unknown one."""
    languages = _kit_languages()
    if language not in dict(languages.LANGUAGES):
        raise KeyError(language)
    own = resources.files(__package__).joinpath("page").joinpath("locale")
    with resources.as_file(own) as folder:
        return {**languages.catalogue(language), **languages.catalogue(language, str(folder))}


@functools.cache
def presets_script() -> str:
    """The engine's frames (`mattebrush.shop.presets`) as a module for the page."""
    from mattebrush.shop import presets

    frames = {}
    for name, preset in presets.own().items():
        frame = {"name": preset.title, "fill": preset.fill, "background": preset.background}
        if preset.size is not None:
            frame["size"] = list(preset.size)
        else:
            frame["aspect"] = preset.proportion
        frames[name] = frame
    return f"export const PRESETS = {json.dumps(frames, ensure_ascii=False)};\n"


def _kit_languages() -> ModuleType:
    """The kit's module that reads catalogs: it stands on its own, as in the plug-ins."""
    from mattebrush.plugins import packages

    path = packages.sources() / "client" / "mattebrush_kit" / "languages.py"
    spec = importlib.util.spec_from_file_location("mattebrush_kit_languages", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_OBJECT = {JSON: {"type": "object"}}

ROUTES = (
    Route(
        "POST",
        "/v1/sessions",
        "A session, in exchange for the key of the page's link.",
        _post_session,
        {200: Reply("The session's token.", _OBJECT), **failures(400, 413, 415)},
        bodies=(
            Body(
                JSON,
                "The key.",
                (Field("key", "string", "From the link's fragment.", required=True),),
            ),
        ),
        open=True,
    ),
    Route(
        "POST",
        "/v1/links",
        "A new link to the page: good for one session, within ten minutes.",
        _post_link,
        {
            201: Reply("What to add to the page's address; whole links for others.", _OBJECT),
            **failures(400),
        },
    ),
    Route(
        "PUT",
        "/v1/pages/{id}",
        "The page is open: the server stays, and keeps its jobs.",
        _put_page,
        {
            200: Reply("Whether other machines can open the page, too.", _OBJECT),
            **failures(400, 404),
        },
    ),
    Route(
        "DELETE",
        "/v1/pages/{id}",
        "The page was closed: its jobs are canceled.",
        _delete_page,
        {204: Reply("They are."), **failures(400, 404)},
    ),
    Route(
        "POST",
        "/v1/pictures",
        "A picture of any kind as a PNG, for programs that cannot read it.",
        _post_picture,
        {
            200: Reply("The picture, upright.", {"image/png": None}),
            **failures(400, 408, 410, 413, 415, 429, 500, 504),
        },
        bodies=(Body("image/*", "A picture file."),),
        takes_work=True,
    ),
    Route(
        "POST",
        "/v1/models/{id}",
        "Download a model whose license is accepted. Followed and ended as any job.",
        _post_model,
        {
            202: Reply("Under way.", {JSON: JOB_SCHEMA}),
            **failures(400, 413, 415, 422, 429),
        },
        bodies=(
            Body(
                JSON,
                "The consent.",
                (
                    Field(
                        "accept_license",
                        "string",
                        "The license's name, as GET /v1/models has it.",
                        required=True,
                    ),
                ),
            ),
        ),
    ),
)
"""The page's routes."""
