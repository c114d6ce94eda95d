# SPDX-License-Identifier: GPL-3.0-or-later
"""What an action is given, and what comes of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from . import jobs
from .choices import Choices
from .masks import Hidden
from .mattebrush_client import Answer
from .qt import QRect


@dataclasses.dataclass
class Task:
    """What an action works on: the document, the node the user is on (a layer or a mask of it),
    what the user chose, whom to tell how far it is.
    """

    document: Any
    node: Any
    choices: Choices
    report: jobs.Report


@dataclasses.dataclass
class Proposal:
    """A mask that was found for `layer` in `rect` and is not in the document yet. old: the masks
    that it would stand for. kind: of its name, see `masks.name`.
    """

    task: Task
    layer: Any
    rect: QRect
    answer: Answer
    old: tuple[Any, ...]
    kind: str


@dataclasses.dataclass
class Outcome:
    """What came of it. made: the new mask or layer, None where there is none. mask: the new mask,
    which shall be the active node. hidden: what `made` stands for, hidden as long as that is
    there.
    """

    report: dict[str, Any]
    made: Any = None
    mask: Any = None
    hidden: tuple[Hidden, ...] = ()
