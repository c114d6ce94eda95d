# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the canvas before it is a mask: previews, and the object tool with clicks and boxes.

The object tool asks the engine anew at every click and shows what it means; the picture is not
touched before the user keeps it. One at a time, and none in the way of another: starting, ending
and accepting all go through here.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from krita import Krita

from . import actions, canvas, choices, layers
from .errors import NotHere
from .mattebrush_client import Cancelled, ClientError
from .overlay import Overlay, drawable
from .qt import QtCore
from .session import Session
from .steps import Steps, in_thread
from .task import Proposal
from .texts import _


class Pointing(QtCore.QObject):
    """Signals: `changed` when something begins or ends to be on the canvas, or is another."""

    changed = QtCore.pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._overlay: Overlay | None = None
        self._node: Any = None
        self._document: Any = None
        self._stale = False
        self._kept = False
        self._drawing: Steps | None = None
        self._hidden: tuple[Any, ...] = ()
        session.proposed.connect(self._proposed)
        session.finished.connect(lambda _outcome, _seconds: self._leave())
        session.failed.connect(self._failed)
        session.dropped.connect(self._dropped)

    @property
    def active(self) -> bool:
        """Whether clicks are being taken."""
        return self._overlay is not None and self._node is not None

    def start(self) -> None:
        """Takes clicks on the active picture. What is selected in it is taken for clicks, too."""
        self.end()
        application = Krita.instance()
        document, below = application.activeDocument(), canvas.widget()
        if document is None or below is None:
            self._session.refuse(NotHere(_("No picture is open."), _("Open one first.")))
            return
        node = document.activeNode() or layers.only(document)
        try:
            selected = actions.selected_prompt(document, layers.carrier(node))
        except ClientError as why:
            self._session.refuse(why)
            return
        self._document, self._node = document, node
        self._lay_over(below, points=True)
        if self._overlay is not None:
            self._overlay.add(selected)
        self.changed.emit()

    def end(self) -> None:
        """Forgets the clicks and what was found for them; the picture is as it was."""
        if self._overlay is not None:
            if self._session.busy and self._node is not None:
                self._session.cancel()
            self._session.drop()
            self._leave()

    def show_on(self, backdrop: str) -> None:
        """Shows what is shown on another backdrop."""
        proposal = self._session.proposal
        if proposal is not None:
            proposal.task.choices.backdrop = backdrop
            self._draw(proposal)

    # ---------------------------------------------------------------------------- the object tool

    def _lay_over(self, below: Any, points: bool) -> None:
        view = Krita.instance().activeWindow().activeView()
        overlay = Overlay(below, view, self._document, points)
        overlay.pointed.connect(self._ask)
        overlay.accepted.connect(self._accept)
        overlay.ended.connect(self.end)
        overlay.destroyed.connect(partial(self._closed, id(overlay)))
        self._overlay = overlay

    def _ask(self) -> None:
        """Has the engine find what the clicks mean, or again when it is at it."""
        if self._overlay is None:
            return
        if self._session.busy:
            self._stale = True
            self._session.cancel()
            return
        self._stale = self._kept = False
        prompts = self._overlay.prompts
        if not prompts.points and not prompts.boxes:
            self._session.drop()
            return
        marks = {"points": list(prompts.points), "boxes": list(prompts.boxes)}
        prompt = {name: values for name, values in marks.items() if values}
        action = partial(actions.propose_object, prompt=prompt)
        self._session.run(_("Cut Out Object"), action, self._document, self._node)

    def _accept(self) -> None:
        """What has been found becomes the mask; what is still being looked for, when it is."""
        self._kept = self._session.busy
        if self._session.proposal is not None:
            self._session.accept()

    # -------------------------------------------------------------------------------- what is shown

    def _proposed(self, proposal: Proposal) -> None:
        if self._overlay is None:
            below = canvas.widget()
            if below is None:
                return
            self._document = proposal.task.document
            self._lay_over(below, points=False)
        self._show_old(True)
        self._hidden = tuple(mask for mask in proposal.old if mask.visible())
        layers.show(proposal.task.document, self._hidden, False)
        if self._kept:
            self._kept = False
            self._session.accept()
            return
        self._draw(proposal)
        self.changed.emit()

    def _draw(self, proposal: Proposal) -> None:
        height, width = proposal.answer.alpha.shape
        values = bytes(proposal.answer.alpha.data)

        def show(image: Any) -> None:
            if self._overlay is not None:
                self._overlay.show_mask(image, proposal.rect, proposal.task.choices.backdrop)

        self._drawing = Steps(in_thread(lambda: drawable(values, width, height)), self)
        self._drawing.ended.connect(show)

    def _dropped(self) -> None:
        """What was found is not wanted; the clicks, if any, stay."""
        self._show_old(True)
        if self._overlay is not None:
            self._overlay.show_mask(None, self._overlay.rect(), choices.BACKDROPS[0])
            if self._node is None:
                self._leave()
        self.changed.emit()

    def _failed(self, why: ClientError) -> None:
        if self._stale and isinstance(why, Cancelled):
            self._ask()

    def _show_old(self, visible: bool) -> None:
        if self._hidden and self._document in Krita.instance().documents():
            layers.show(self._document, self._hidden, visible)
        self._hidden = ()

    def _leave(self) -> None:
        overlay, self._overlay, self._node = self._overlay, None, None
        self._hidden = ()
        if overlay is not None:
            overlay.hide()
            overlay.deleteLater()
            self.changed.emit()

    def _closed(self, which: int, _object: Any = None) -> None:
        """The view was closed, and the overlay went with it."""
        if self._overlay is not None and id(self._overlay) == which:
            self._overlay = self._node = None
            self._hidden = ()
            self._session.drop()
            self.changed.emit()
