# SPDX-License-Identifier: Apache-2.0
"""Every failure the engine tells a person about, as a class that carries what to do.

`code` is stable and goes into JSON answers; `exit_status` is what the command line ends with
(docs/cli.md lists them). Anything that is not one of these is a bug.
"""

from __future__ import annotations


class MattebrushError(Exception):
    """What went wrong, in one sentence, and in `fix` the way out (may be empty)."""

    code = "internal"
    exit_status = 1

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".strip()

    def to_json(self) -> dict[str, str]:
        """The failure object of the job contract: `code`, `message`, `fix`.

        Returns
        -------
        dict[str, str]
        """
        return {"code": self.code, "message": self.message, "fix": self.fix}


class OptionInvalid(MattebrushError):
    """An option has a value that makes no sense."""

    code = "option-invalid"
    exit_status = 2


class NoSubject(MattebrushError):
    """The network saw nothing that stands out from its background."""

    code = "no-subject"
    exit_status = 3


class InputInvalid(MattebrushError):
    """An input cannot be read, is damaged, or is not what it should be."""

    code = "input-invalid"
    exit_status = 4


class InputTooLarge(InputInvalid):
    """An input would decode to more pixels than allowed (a decompression bomb, or a real giant)."""

    code = "input-too-large"


class JobInvalid(InputInvalid):
    """A job request is not an NPZ of the published form."""

    code = "job-invalid"


class OutputUnwritable(MattebrushError):
    """The result cannot be written: no permission, full disk, unknown format."""

    code = "output-unwritable"
    exit_status = 5


class OutputExists(OutputUnwritable):
    """The output file is there already and nobody said to replace it."""

    code = "output-exists"


class ModelUnavailable(MattebrushError):
    """A model is unknown, not installed, or needs a package that is not there."""

    code = "model-unavailable"
    exit_status = 6


class ModelInvalid(ModelUnavailable):
    """A model file is damaged, or does not fit the contract of its catalog row."""

    code = "model-invalid"


class DeviceUnavailable(MattebrushError):
    """The device asked for could not run a real inference."""

    code = "device-unavailable"
    exit_status = 7


class DownloadFailed(MattebrushError):
    """A download the user asked for did not arrive whole."""

    code = "download-failed"
    exit_status = 8


class Cancelled(MattebrushError):
    """Whoever asked for the work no longer wants it. Raised by progress callbacks to stop."""

    code = "cancelled"
    exit_status = 130
