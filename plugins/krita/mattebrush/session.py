# SPDX-License-Identifier: GPL-3.0-or-later
"""The one run there can be at a time and what became of the last, for docker and menus alike.

It also keeps watch over what a run has hidden: Krita does not count showing and hiding as undo
steps, so when the user undoes a mask, what it stood for is shown again, and hidden when they redo.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Callable

from krita import Krita

from . import choices, layers
from .errors import NotHere
from .mattebrush_client import ClientError
from .qt import QtCore, QTimer
from .steps import Steps, Work
from .task import Outcome, Task
from .texts import _

_WATCH = 300
_MOST_WATCHED = 50


@dataclasses.dataclass
class Standin:
    """`made` stands for `hidden`, as long as it is in the document."""

    document: Any
    made: str
    hidden: tuple[Any, ...]
    there: bool = True


class Session(QtCore.QObject):
    """Signals: `started` with the action's title; `told` with stage and fraction; `finished` with
    an `Outcome` and the seconds it took; `failed` with a ClientError.
    """

    started = QtCore.pyqtSignal(str)
    told = QtCore.pyqtSignal(str, float)
    finished = QtCore.pyqtSignal(object, float)
    failed = QtCore.pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self.last: tuple[str, Callable[[Task], Work]] | None = None
        self.outcome: Outcome | None = None
        self._steps: Steps | None = None
        self._document: Any = None
        self._began = 0.0
        self._standins: list[Standin] = []
        self._watch = QTimer(self)
        self._watch.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        return self._steps is not None

    def run(self, title: str, action: Callable[[Task], Work]) -> None:
        """Starts an action on the active document. Says so when one is under way already."""
        if self.busy:
            self.failed.emit(NotHere(_("Mattebrush is still at work."), _("Wait, or cancel it.")))
            return
        self.last = (title, action)
        self._document = Krita.instance().activeDocument()
        self.started.emit(title)
        if self._document is None:
            self._ended(self.failed, NotHere(_("No picture is open."), _("Open one first.")))
            return
        self._began = time.monotonic()
        # Now, not when the first step is due: what the user clicked at is meant.
        node = self._document.activeNode() or _only_layer(self._document)
        self._steps = Steps(self._work(action, node), self)
        self._steps.ended.connect(self._succeeded)
        self._steps.failed.connect(self._broke)

    def _work(self, action: Callable[[Task], Work], node: Any) -> Work:
        document = self._document
        outcome = yield from action(Task(document, node, choices.load(), self.told.emit))
        if outcome.mask is not None:
            yield from layers.activate(document, outcome.mask)
        return outcome

    def cancel(self) -> None:
        """Ends the run, if there is one; the document stays as it is."""
        if self._steps is not None:
            self._steps.cancel()

    def accept(self) -> None:
        """Removes the masks that the last run replaced."""
        if self.outcome is not None:
            for mask in self.outcome.old_masks:
                mask.remove()
            self.outcome.old_masks = ()

    def _succeeded(self, outcome: Outcome) -> None:
        self.outcome = outcome
        if outcome.hidden:
            made = layers.identity(outcome.made)
            self._standins.append(Standin(self._document, made, outcome.hidden))
            del self._standins[:-_MOST_WATCHED]
            self._watch.start(_WATCH)
        if not choices.load().keep_old:
            self.accept()
        self._ended(self.finished, outcome, time.monotonic() - self._began)

    def _broke(self, why: Exception) -> None:
        if not isinstance(why, ClientError):
            why = ClientError(_("Unexpected: %s: %s") % (type(why).__name__, why))
        self._ended(self.failed, why)

    def _ended(self, signal: Any, *values: Any) -> None:
        self._steps = None
        signal.emit(*values)

    def _look(self) -> None:
        """Shows what stood-in nodes have gone, hides what those that came back stand for."""
        open_documents = Krita.instance().documents()
        self._standins = [s for s in self._standins if s.document in open_documents]
        for standin in self._standins:
            there = layers.find(standin.document, standin.made) is not None
            if there != standin.there:
                standin.there = there
                layers.show(standin.document, standin.hidden, not there)
        if not self._standins:
            self._watch.stop()


def _only_layer(document: Any) -> Any:
    """After some undo steps Krita has no active node; with one layer it is clear which is meant."""
    nodes = document.topLevelNodes()
    return nodes[0] if len(nodes) == 1 else None
