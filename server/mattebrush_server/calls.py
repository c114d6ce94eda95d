# SPDX-License-Identifier: Apache-2.0
"""A request as the handlers see it: validated parameters, pictures in blobs, whose turn it is."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from typing import IO, Any

import flask

from mattebrush.errors import OptionInvalid

from .blobs import Blob
from .errors import MediaTypeUnknown
from .guard import Guard
from .routes import Body, Field, Route, read_fields
from .service import Service
from .settings import Settings

FORM = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"

LONGEST_NAME = 64
"""Of a page's name for itself."""


class Request(flask.Request):
    """Flask's request, with uploads in memory: pictures never touch the disk."""

    max_form_parts = 64

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()


@dataclasses.dataclass(frozen=True)
class Call:
    """What a handler gets.

    path, query: the route's own parameters. media_type: that of the body which was chosen.
    """

    service: Service
    guard: Guard
    route: Route
    routes: tuple[Route, ...]
    request: flask.Request
    path: dict[str, str]
    query: dict[str, Any]
    media_type: str

    @property
    def settings(self) -> Settings:
        """The server's settings."""
        return self.service.settings

    @property
    def client(self) -> str:
        """Whose turn it is in the queue: address and program, as far as one can know."""
        agent = self.request.headers.get("User-Agent", "")[:200]
        return f"{self.request.remote_addr} {agent}"

    @property
    def page(self) -> str:
        """The open page that asks, by its own name for itself; "" for other programs."""
        return self.request.headers.get("X-Page", "")[:LONGEST_NAME]

    def still_wanted(self) -> bool:
        """Whether the client is still there, as far as the connection tells."""
        gone = self.request.environ.get("waitress.client_disconnected")
        return gone is None or not gone()

    def wait_seconds(self) -> float:
        """How long the client prefers to wait (RFC 7240); 0 when it does not."""
        match = re.search(
            r"\bwait\b(?:\s*=\s*(\d{1,6}))?", self.request.headers.get("Prefer", ""), re.ASCII
        )
        if match is None:
            return 0.0
        most = self.settings.job_seconds
        return min(float(match[1]), most) if match[1] else most

    def body(self) -> Blob:
        """The raw body. The caller releases it."""
        stream = self.request.environ["wsgi.input"]
        blob: Blob | None = getattr(stream, "blob", None)
        return blob.keep() if blob is not None else Blob.of(self.request.get_data(cache=False))

    def fields(self, *, lenient: bool = False) -> dict[str, Any]:
        """The values of the body's fields: form texts, or a JSON object's members.

        lenient: leaves unknown names and empty values alone. Raises OptionInvalid.
        """
        texts_by_name = self._json_texts() if self.media_type == JSON else self._form_texts()
        if lenient:
            texts_by_name = {name: [t for t in texts if t] for name, texts in texts_by_name.items()}
            texts_by_name = {name: texts for name, texts in texts_by_name.items() if texts}
        return read_fields(self._text_fields(), texts_by_name, lenient=lenient)

    def _text_fields(self) -> tuple[Field, ...]:
        body = next(body for body in self.route.bodies if body.media_type == self.media_type)
        return tuple(field for field in body.fields if field.type != "binary")

    def _form_texts(self) -> dict[str, list[str]]:
        # A part of a form need not have a name.
        return {name or "": texts for name, texts in self.request.form.lists()}

    def _json_texts(self) -> dict[str, list[str]]:
        values = self.json_object()
        texts = {}
        for name, value in values.items():
            if isinstance(value, (dict, list)):
                raise OptionInvalid(f"{name[:80]} must be a plain value.")
            if value is not None:
                texts[name] = [json.dumps(value) if not isinstance(value, str) else value]
        return texts

    def json_object(self) -> dict[str, Any]:
        """The body as one JSON object. Raises OptionInvalid."""
        try:
            values = json.loads(self.request.get_data(cache=False))
        except (ValueError, RecursionError) as error:
            raise OptionInvalid("The body is not JSON.") from error
        if not isinstance(values, dict):
            raise OptionInvalid("The body must be one JSON object.")
        return values

    def file(self, name: str) -> Blob | None:
        """An uploaded file of the form, or None. The caller releases it."""
        upload = self.request.files.get(name)
        if upload is None:
            return None
        stream = upload.stream
        data = stream.getbuffer() if isinstance(stream, io.BytesIO) else memoryview(stream.read())
        with data:
            return Blob.of(data)


def body_of(route: Route, content_type: str) -> Body | None:
    """The body of the route that a content type names. Raises MediaTypeUnknown when none does."""
    if not route.bodies:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    for body in route.bodies:
        if body.media_type in (kind, f"{kind.partition('/')[0]}/*"):
            return body
    raise MediaTypeUnknown(
        f"The body's content type is {kind[:80] or 'not given'}.",
        f"Send {', '.join(body.media_type for body in route.bodies)}.",
    )
