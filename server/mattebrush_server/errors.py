# SPDX-License-Identifier: Apache-2.0
"""Failures that only a server has, in the engine's form, and the HTTP status of every failure."""

from __future__ import annotations

from collections.abc import Iterable

from mattebrush.errors import MattebrushError, OptionInvalid


class WithHeaders(MattebrushError):
    """A failure that HTTP wants to have headers."""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names and values."""
        return []


class Busy(WithHeaders):
    """The queue or the memory set aside for pictures is full."""

    code = "busy"
    retry_after = 5
    """Seconds after which trying again makes sense."""

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [("Retry-After", str(self.retry_after))]


class NotAllowed(MattebrushError):
    """The token is missing or wrong, or the request comes from somewhere it must not."""

    code = "not-allowed"


class TokenMissing(NotAllowed):
    """No token at all."""


class OriginRefused(MattebrushError):
    """A web page of another origin, or a host name that is not this server's."""

    code = "origin-refused"


class ParameterInvalid(OptionInvalid):
    """A parameter, by its `name`, has a value that makes no sense."""

    def __init__(self, name: str, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.name = name


class RegionOutside(MattebrushError):
    """The region of interest reaches beyond the picture."""

    code = "region-outside"


class RegionEmpty(MattebrushError):
    """There is nothing in the region of interest."""

    code = "region-empty"


class NotFound(MattebrushError):
    """No such job or page."""

    code = "not-found"


class MethodRefused(WithHeaders):
    """The path is known, the method is not allowed there, only those `allowed`."""

    code = "method-not-allowed"

    def __init__(self, message: str, fix: str = "", allowed: Iterable[str] = ()) -> None:
        super().__init__(message, fix)
        self.allowed = sorted(allowed)

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [("Allow", ", ".join(self.allowed))]


class NotFinished(MattebrushError):
    """The result was asked for before there is one."""

    code = "not-finished"


class UploadTooLarge(MattebrushError):
    """The request has more bytes than the server takes."""

    code = "upload-too-large"


class UploadTooSlow(MattebrushError):
    """The request did not arrive in time."""

    code = "upload-too-slow"


class MediaTypeUnknown(MattebrushError):
    """The body's content type is none that the route takes."""

    code = "media-type-unknown"


class EngineCrashed(MattebrushError):
    """The worker process ended while it worked on the job."""

    code = "engine-crashed"


class TookTooLong(MattebrushError):
    """The job ran past the server's limit."""

    code = "took-too-long"


class TaskFailed(MattebrushError):
    """A failure told by the worker process: its own code, message and fix, carried over."""

    def __init__(self, failure: dict[str, str]) -> None:
        super().__init__(failure["message"], failure["fix"])
        self.code = failure["code"]


STATUS = {
    "option-invalid": 400,
    "input-invalid": 400,
    "job-invalid": 400,
    "region-outside": 400,
    "region-empty": 400,
    "not-allowed": 401,
    "origin-refused": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "upload-too-slow": 408,
    "not-finished": 409,
    "cancelled": 410,
    "input-too-large": 413,
    "upload-too-large": 413,
    "media-type-unknown": 415,
    "no-subject": 422,
    "model-unavailable": 422,
    "model-invalid": 422,
    "device-unavailable": 422,
    "busy": 429,
    "took-too-long": 504,
}
"""HTTP status by failure code; a code that is not here is the server's own fault."""


def status_of(code: str) -> int:
    """The HTTP status that goes with a failure's code."""
    return STATUS.get(code, 500)
