# SPDX-License-Identifier: Apache-2.0
"""Writes the OpenAPI document from the table of routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mattebrush import __version__

from .routes import Body, Field, Reply, Route

FAILURE: dict[str, Any] = {
    "type": "object",
    "required": ["code", "message", "fix"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "fix": {"type": "string"},
    },
}
"""The schema of a failure, as in the job contract."""

NAME = "[A-Za-z0-9_-]{1,40}"
"""Pattern of the names in paths."""

_BYTES = {"type": "string", "format": "binary"}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The OpenAPI 3.0 document of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.rule, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Mattebrush",
            "version": __version__,
            "description": "Removes backgrounds on this machine. docs/server.md is the manual.",
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            }
        },
        "paths": paths,
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.rule}").strip("_"),
        "parameters": [*_path_parameters(route), *map(_query_parameter, route.query)],
        "responses": {str(status): _response(reply) for status, reply in route.replies.items()},
        "security": [] if route.open else [{"bearer": []}, {"apiKey": []}],
    }
    if route.bodies:
        operation["requestBody"] = {
            "required": True,
            "content": {body.media_type: {"schema": _body_schema(body)} for body in route.bodies},
        }
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    schema = {"type": "string", "pattern": f"^{NAME}$"}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name in re.findall(r"{(\w+)}", route.rule)
    ]


def _query_parameter(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "in": "query",
        "required": field.required,
        "description": field.text,
        "schema": field.schema(),
    }


def _body_schema(body: Body) -> dict[str, Any]:
    if not body.fields:
        return {**_BYTES, "description": body.text}
    schema: dict[str, Any] = {
        "type": "object",
        "description": body.text,
        "properties": {
            field.name: {**field.schema(), "description": field.text} for field in body.fields
        },
    }
    required = [field.name for field in body.fields if field.required]
    if required:
        schema["required"] = required
    return schema


def _response(reply: Reply) -> dict[str, Any]:
    content = {kind: {"schema": schema or _BYTES} for kind, schema in reply.media.items()}
    return {"description": reply.text, **({"content": content} if content else {})}
