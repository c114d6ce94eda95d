# SPDX-License-Identifier: Apache-2.0
"""The Flask application: the table of routes put on the wire, the safety headers, the failures."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import flask
from flask import Response
from werkzeug.exceptions import HTTPException

from mattebrush.errors import MattebrushError

from . import dialects, page_api, rembg_api
from .calls import JSON, Call, Request, body_of
from .errors import Busy, MethodRefused, NotFound, WithHeaders
from .guard import Guard, Header
from .responses import json_response
from .routes import Route, read_fields
from .service import Service

logger = logging.getLogger(__name__)

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_PAGE_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_TEXTS = re.compile(r"texts-(\w{2,5})\.json", re.ASCII)


class Application:
    """The WSGI application of one service, and the same rules for the gate in front of it."""

    def __init__(self, service: Service, guard: Guard) -> None:
        self._service = service
        self._guard = guard
        self.routes = dialects.ROUTES
        self._matchers = [(route, route.matcher) for route in self.routes]
        self.flask = flask.Flask(__name__, static_folder=None)
        self.flask.request_class = Request
        self.flask.config["MAX_FORM_MEMORY_SIZE"] = service.settings.upload_bytes
        self._add_rules()

    def _add_rules(self) -> None:
        flask_app = self.flask
        for route in self.routes:
            flask_app.add_url_rule(
                route.flask_rule,
                f"{route.method} {route.rule}",
                self._view(route),
                methods=[route.method],
                provide_automatic_options=False,
            )
        for rule, name in {"/": "index.html", "/page/<name>": ""}.items():
            flask_app.add_url_rule(
                rule, rule, _page, defaults={"name": name} if name else None, methods=["GET"]
            )
        flask_app.before_request(self._before)
        flask_app.after_request(self._after)
        flask_app.register_error_handler(MattebrushError, self._failure)
        flask_app.register_error_handler(HTTPException, self._http_failure)
        flask_app.register_error_handler(Exception, self._bug)

    def judge(self, method: str, path: str, header: Header) -> None:
        """Refuses a request by its headers alone.

        Parameters
        ----------
        method, path
            Of the request line, the path without its query.
        header
            Gives a header's value by its name, None where there is none.

        Raises
        ------
        MattebrushError
            What the request is answered with.
        """
        page = method in ("GET", "HEAD") and (path == "/" or path.startswith("/page/"))
        self._guard.check_place(header, page=page)
        method = "GET" if method == "HEAD" else method
        here = [route for route, matcher in self._matchers if matcher.match(path)]
        route = next((each for each in here if each.method == method), None)
        if not self._is_open(method, path, header, route):
            self._guard.check_token(header)
        if route is not None:
            body_of(route, header("Content-Type") or "")
            if route.takes_work and self._service.store.full():
                raise Busy("The server has as many jobs as it can hold.", "Try again soon.")
        elif here:
            if method != "OPTIONS":
                raise _method_refused(each.method for each in here)
        elif not page:
            raise NotFound("There is nothing at this address.")

    def _is_open(self, method: str, path: str, header: Header, route: Route | None) -> bool:
        if route is not None:
            return route.open or (
                path.startswith(rembg_api.PREFIX) and self._service.settings.rembg_open
            )
        page = method == "GET" and (path == "/" or path.startswith("/page/"))
        # A preflight carries no token; it is answered for the origins allowed by name only.
        return page or (method == "OPTIONS" and self._guard.allows(header("Origin")))

    def explain(self, path: str, error: MattebrushError) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of a failure, in the manner of the API the path belongs to."""
        return dialects.of(path).explain(error)

    def _view(self, route: Route) -> Callable[..., Response]:
        def view(**path: str) -> Response:
            request = flask.request
            lenient = dialects.of(route.rule).lenient
            query = read_fields(route.query, dict(request.args.lists()), lenient=lenient)
            body = body_of(route, request.headers.get("Content-Type", ""))
            call = Call(
                self._service,
                self._guard,
                route,
                self.routes,
                request,
                path,
                query,
                body.media_type if body else "",
            )
            response: Response = route.handler(call)
            return response

        return view

    def _before(self) -> Response | None:
        request = flask.request
        self._service.last_request = time.monotonic()
        self.judge(request.method, request.path, request.headers.get)
        if request.method == "OPTIONS":
            return Response(status=204)
        return None

    def _after(self, response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        origin = flask.request.headers.get("Origin")
        if self._guard.allows(origin):
            response.headers["Access-Control-Allow-Origin"] = str(origin)
            response.headers["Vary"] = "Origin"
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
            response.headers["Access-Control-Allow-Headers"] = (
                "Authorization, Content-Type, Prefer, X-Api-Key"
            )
            response.headers["Access-Control-Expose-Headers"] = "Location, Retry-After"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        self._service.metrics.count("responses", f'{{status="{response.status_code}"}}')
        return response

    def _failure(self, error: MattebrushError) -> Response:
        status, failure = self.explain(flask.request.path, error)
        response = Response(json.dumps(failure), status, mimetype=JSON)
        response.headers.extend(error.headers if isinstance(error, WithHeaders) else [])
        return response

    def _http_failure(self, error: HTTPException) -> Response:
        if error.code == 405:
            return self._failure(_method_refused(getattr(error, "valid_methods", None) or ["GET"]))
        if error.code == 404:
            return self._failure(NotFound("There is nothing at this address."))
        failure = MattebrushError(error.name)
        response = self._failure(failure)
        response.status_code = error.code or 500
        return response

    def _bug(self, error: Exception) -> Response:
        logger.error("A request failed", exc_info=error)
        return self._failure(MattebrushError("The server failed on this request."))


def _method_refused(allowed: Iterable[str]) -> MethodRefused:
    methods = sorted(set(allowed))
    return MethodRefused(
        "That method is not allowed here.", f"Use {' or '.join(methods)}.", methods
    )


def _page(name: str) -> Response:
    """A file of the page, by exact name: nothing of a path reaches the file system."""
    language = _TEXTS.fullmatch(name)
    if language is not None:
        return _texts(language[1])
    if name == "presets.js":  # one table of frames, the engine's
        return Response(page_api.presets_script(), mimetype=_PAGE_TYPES[".js"])
    files = {entry.name: entry for entry in resources.files(__package__).joinpath("page").iterdir()}
    suffix = name[name.rfind(".") :] if "." in name else ""
    if name not in files or suffix not in _PAGE_TYPES:
        raise NotFound("There is nothing at this address.")
    return Response(files[name].read_bytes(), mimetype=_PAGE_TYPES[suffix])


def _texts(language: str) -> Response:
    try:
        return json_response(page_api.texts(language))
    except KeyError as unknown:
        raise NotFound("There is nothing at this address.") from unknown
