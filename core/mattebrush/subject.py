# SPDX-License-Identifier: Apache-2.0
"""Whether a result shows a subject, and what to say where it does not: decided here, once, for
library, jobs and command line."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from .errors import NoSubject

if TYPE_CHECKING:
    import numpy as np

    from .cutout import Report
    from .options import Options

NO_SUBJECT = "No subject was found in this picture."

_SOLID = 0.5
"""A result in which no pixel is more subject than background shows none."""


def has_subject(alpha: np.ndarray) -> bool:
    """Whether what is delivered shows a subject.

    Parameters
    ----------
    alpha : numpy.ndarray
        What is delivered, float32 (H, W) in [0, 1].

    Returns
    -------
    bool
        True where a pixel is at least half opaque.
    """
    return bool(alpha.max() >= _SOLID)


@dataclasses.dataclass(frozen=True)
class Wording:
    """How a client calls the ways out: parts of one sentence, "" for ways that it does not have."""

    select: str
    reselect: str
    point: str
    words: str
    model: str
    shrink: str
    force: str = ""


FOR_HOSTS = Wording(
    select="Select the part that shows it",
    reselect="Select another part",
    point="Move the points or the box onto it",
    words="Use other words",
    model="choose another model",
    shrink="Shift the edge less far inward",
)
FOR_COMMAND_LINE = Wording(
    select="Say where it is with --region",
    reselect="Give another --region",
    point="Move --point or --box onto it",
    words="Use other words in --text",
    model="try another --model",
    shrink="Give a smaller --shift-edge",
    force="use --force",
)


FOR_LIBRARY = Wording(
    select="Say where it is with Options(region=...)",
    reselect="Give another region",
    point="Move the prompt's points or boxes onto it",
    words="Use other words",
    model="try another model",
    shrink="Give a smaller shift_edge",
    force="use force=True",
)


def required(report: Report, options: Options, wording: Wording) -> None:
    """Stops at a result that shows no subject.

    Parameters
    ----------
    report : Report
        What is known of the run; its `subject_found` decides.
    options : Options
        What was asked for, which decides which way out comes first.
    wording : Wording
        How the client calls the ways out.

    Raises
    ------
    NoSubject
        Where none was found, with what the report warns of, which may be why, and the ways out
        that fit the call.
    """
    if report.subject_found:
        return
    first = wording.select
    if options.text:
        first = wording.words
    elif options.prompt:
        first = wording.point
    elif options.region is not None:
        first = wording.reselect
    elif options.shift_edge < 0:
        first = wording.shrink
    ways = [way for way in (first, wording.model, wording.force) if way]
    reasons = [warning for warning in report.warnings if warning != NO_SUBJECT]
    advice = f"{', '.join(ways[:-1])}, or {ways[-1]}."
    raise NoSubject(NO_SUBJECT, " ".join([*reasons, advice]))
