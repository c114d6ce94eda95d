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

from . import actions, choices, clearing, layers, masks
from .errors import NotHere
from .mattebrush_client import ClientError
from .qt import QtCore, QTimer
from .steps import Steps, Work
from .task import Outcome, Proposal, Task
from .texts import _

_WATCH = 300
_MOST_WATCHED = 50

Action = Callable[[Task], Work]


@dataclasses.dataclass
class Standin:
    """`made` stands for `hidden`, as long as it is in the document."""

    document: Any
    made: str
    hidden: tuple[masks.Hidden, ...]
    there: bool = True


class Session(QtCore.QObject):
    """Signals: `started` with the action's title; `progressed` with stage and fraction; `proposed`
    with a `Proposal` that waits to be accepted; `dropped` when it is not any more; `finished` with
    an `Outcome` and the seconds it took; `failed` with the ClientError that ended a run; `refused`
    with one that kept it from being started.
    """

    started = QtCore.pyqtSignal(str)
    progressed = QtCore.pyqtSignal(str, float)
    proposed = QtCore.pyqtSignal(object)
    dropped = QtCore.pyqtSignal()
    finished = QtCore.pyqtSignal(object, float)
    failed = QtCore.pyqtSignal(object)
    refused = QtCore.pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self.last: tuple[str, Action] | None = None
        self.proposal: Proposal | None = None
        self.seconds = 0.0
        self.op = "remove"
        self.reports: dict[str, dict[str, Any]] = {}
        self._steps: Steps | None = None
        self._clearing: Steps | None = None
        self._document: Any = None
        self._began = 0.0
        self._standins: list[Standin] = []
        self._watch = QTimer(self)
        self._watch.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        return self._steps is not None

    def run(
        self,
        title: str,
        action: Action,
        document: Any = None,
        node: Any = None,
        op: str = "remove",
    ) -> None:
        """Starts an action on `node`, by default the active one of the active document.

        op: the kind of its job. Refuses when an action is under way already.
        """
        if self.busy:
            self.refuse(NotHere(_("Mattebrush is still at work."), _("Wait, or cancel it.")))
            return
        self.proposal = None
        # Now, not when the first step is due: what the user clicked at is meant.
        document = document or Krita.instance().activeDocument()
        self.last, self.op = (title, action), op
        if document is None:
            self.refuse(NotHere(_("No picture is open."), _("Open one first.")))
            return
        self._start(title, self._work(action, document, node or _node(document)), document)

    def again(self) -> None:
        """Runs the last action once more."""
        if self.last is not None:
            self.run(*self.last, op=self.op)

    def cancel(self) -> None:
        """Ends the run, if there is one; the document stays as it is."""
        if self._steps is not None:
            self._steps.cancel()

    def accept(self) -> None:
        """Puts what was proposed into the document; without that, clears away replaced masks."""
        if self.busy:
            return
        if self.proposal is not None:
            proposal, self.proposal = self.proposal, None
            work = _active(proposal.task.document, actions.put(proposal))
            self._start(_("Mask"), work, proposal.task.document)
        else:
            document = Krita.instance().activeDocument()
            if document is not None:
                self._clearing = Steps(clearing.clear(document), self)
                self._clearing.ended.connect(lambda _result: self.dropped.emit())
                self._clearing.failed.connect(self.refuse)

    def drop(self) -> None:
        """Forgets what was proposed."""
        self.proposal = None
        self.dropped.emit()

    def refuse(self, why: ClientError) -> None:
        """Says why something is not even begun."""
        self.refused.emit(why)

    def _start(self, title: str, work: Work, document: Any) -> None:
        self._document = document
        self._began = time.monotonic()
        self._steps = Steps(work, self)
        self._steps.ended.connect(self._succeeded)
        self._steps.failed.connect(self._broke)
        self.started.emit(title)

    def _work(self, action: Action, document: Any, node: Any) -> Work:
        task = Task(document, node, choices.load(), self.progressed.emit)
        return (yield from _active(document, action(task)))

    def _succeeded(self, result: Outcome | Proposal) -> None:
        self._steps = None
        self.seconds = time.monotonic() - self._began
        report = result.answer.report if isinstance(result, Proposal) else result.report
        self.reports[self.op] = report
        if isinstance(result, Proposal):
            self.proposal = result
            self.proposed.emit(result)
            return
        if result.hidden:
            made = layers.identity(result.made)
            self._standins.append(Standin(self._document, made, result.hidden))
            del self._standins[:-_MOST_WATCHED]
            self._watch.start(_WATCH)
        self.finished.emit(result, self.seconds)

    def _broke(self, why: Exception) -> None:
        if not isinstance(why, ClientError):
            why = ClientError(_("Unexpected: %s: %s") % (type(why).__name__, why))
        self._steps = None
        self.failed.emit(why)

    def _look(self) -> None:
        """Shows what stood-in nodes have gone, hides what those that came back stand for."""
        open_documents = Krita.instance().documents()
        self._standins = [s for s in self._standins if s.document in open_documents]
        for standin in self._standins:
            there = layers.find(standin.document, standin.made) is not None
            if there != standin.there:
                standin.there = there
                if there:
                    masks.hide(standin.document, tuple(each.node for each in standin.hidden))
                    standin.document.refreshProjection()
                else:
                    masks.show(standin.document, standin.hidden)
        if not self._standins:
            self._watch.stop()


def _active(document: Any, work: Work) -> Work:
    """The work, and then the mask that came of it made the active node."""
    result = yield from work
    if isinstance(result, Outcome) and result.mask is not None:
        yield from layers.activate(document, result.mask)
    return result


def _node(document: Any) -> Any:
    return document.activeNode() or layers.only(document)
