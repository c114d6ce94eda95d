# SPDX-License-Identifier: Apache-2.0
"""The table of routes: each with its parameters, bodies and responses, said once.

From it Flask gets its rules, requests are validated, and /openapi.json is written (`openapi`), so
that the document cannot say anything else than what the server does.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from mattebrush.errors import OptionInvalid

from .errors import ParameterInvalid

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


@dataclasses.dataclass(frozen=True)
class Field:
    """A parameter in a query string or a form: its type, bounds, default and what it is for.

    otherwise: taken for what makes no sense, as the API of another has it; None refuses that.
    """

    name: str
    type: str
    text: str
    default: Any = None
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    required: bool = False
    otherwise: Any = None

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        schema: dict[str, Any] = {"type": self.type}
        if self.type == "binary":
            schema = {"type": "string", "format": "binary"}
        optional = {
            "enum": list(self.enum) or None,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "pattern": self.pattern,
            "default": self.default,
        }
        schema.update({key: value for key, value in optional.items() if value is not None})
        return schema

    def parse(self, text: str) -> Any:
        """The value a client wrote. Raises ParameterInvalid."""
        try:
            return _PARSERS[self.type](self, text)
        except ParameterInvalid:
            if self.otherwise is None:
                raise
            return self.otherwise

    def _refuse(self, text: str, fix: str) -> ParameterInvalid:
        return ParameterInvalid(self.name, f"{self.name} is {text[:80]!r}.", fix)

    def _string(self, text: str) -> str:
        if self.enum and text not in self.enum:
            raise self._refuse(text, f"Choose one of {', '.join(self.enum)}.")
        if self.pattern and not re.search(self.pattern, text):
            raise self._refuse(text, self.text)
        return text

    def _boolean(self, text: str) -> bool:
        if text.lower() not in _TRUE + _FALSE:
            raise self._refuse(text, "Choose true or false.")
        return text.lower() in _TRUE

    def _number(self, text: str) -> float:
        fix = f"Give a {self.type} from {self.minimum:g} to {self.maximum:g}."
        if len(text) > 40 or not re.fullmatch(_NUMBERS[self.type], text, re.ASCII):
            raise self._refuse(text, fix)
        value = int(text) if self.type == "integer" else float(text)
        assert self.minimum is not None and self.maximum is not None
        if not math.isfinite(value) or not self.minimum <= value <= self.maximum:
            raise self._refuse(text, fix)
        return value


_NUMBERS = {"integer": r"[+-]?\d+", "number": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"}
_PARSERS: dict[str, Callable[[Field, str], Any]] = {
    "string": Field._string,
    "boolean": Field._boolean,
    "integer": Field._number,
    "number": Field._number,
}


@dataclasses.dataclass(frozen=True)
class Body:
    """A request body of one content type: raw bytes, or a form or JSON object of fields."""

    media_type: str
    text: str
    fields: tuple[Field, ...] = ()


@dataclasses.dataclass(frozen=True)
class Reply:
    """What one status means. `media` maps content types to JSON schemas (None: bytes)."""

    text: str
    media: Mapping[str, dict[str, Any] | None] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Route:
    """One operation.

    rule: the path with {names}. open: needs no token. takes_work: is refused early when the
    server is full.
    """

    method: str
    rule: str
    summary: str
    handler: Callable[..., Any]
    replies: Mapping[int, Reply]
    query: tuple[Field, ...] = ()
    bodies: tuple[Body, ...] = ()
    open: bool = False
    takes_work: bool = False

    @property
    def flask_rule(self) -> str:
        """The path as Flask writes it."""
        return self.rule.replace("{", "<").replace("}", ">")

    @property
    def matcher(self) -> re.Pattern[str]:
        """A pattern for the paths of this route."""
        return re.compile(re.sub(r"{\w+}", "[^/]+", self.rule) + r"\Z")


def read_fields(
    fields: tuple[Field, ...], sent: Mapping[str, list[str]], *, lenient: bool = False
) -> dict[str, Any]:
    """The values of `fields` in a query string or form, defaults included.

    Parameters
    ----------
    fields
        What there may be.
    sent
        Texts by name, each as often as it was sent.
    lenient
        Leaves unknown names alone, as the APIs of others do.

    Raises
    ------
    OptionInvalid
        For unknown names; ParameterInvalid, which is one, for values.
    """
    known = {field.name for field in fields}
    unknown = sorted(set(sent) - known)
    if unknown and not lenient:
        names = ", ".join(name[:80] for name in unknown[:5])
        raise OptionInvalid(
            f"Unknown parameter {names}.", f"Known are {', '.join(sorted(known)) or 'none'}."
        )
    values = {}
    for field in fields:
        texts = sent.get(field.name, [])
        if len(texts) > 1:
            raise ParameterInvalid(field.name, f"{field.name} is given more than once.")
        if not texts and field.required:
            raise ParameterInvalid(field.name, f"{field.name} is missing.", field.text)
        values[field.name] = field.parse(texts[0]) if texts else field.default
    return values
