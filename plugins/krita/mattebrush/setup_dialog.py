# SPDX-License-Identifier: GPL-3.0-or-later
"""The window that sets the engine up, without a terminal: it asks, shows how far it is, repairs and
removes. What is done is `mattebrush_setup`'s, the same for all hosts.
"""

from __future__ import annotations

from typing import Any, Callable

from . import jobs
from . import mattebrush_kit as kit
from . import mattebrush_setup as setup
from .job_dialog import JobDialog
from .qt import QtCore, QtWidgets
from .steps import Work, in_thread
from .texts import _
from .widgets import button, text


class SetupDialog(JobDialog):
    """Show it with `show()`. Signal: `changed` when the engine is another than before.

    Nothing is fetched before the user has read what, from where and to where, and presses the
    button; closing the window ends what is under way, and the next time goes on from there.
    """

    changed = QtCore.pyqtSignal()

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        title = _("Mattebrush: Set Up the Engine")
        cancel = (kit.tr("Cancel"), "")
        super().__init__(parent, title, _("How it goes"), self._again, cancel)
        self.setMinimumWidth(440)
        self._job: Callable[[], Any] | None = None
        self._state = text(_("State of the engine"))
        self._question = text(_("What will be done"))
        self._do = button("", "", self._set_up)
        self._do.setObjectName("do")
        self._verify = _offered("verify", lambda: self._start(setup.verify))
        self._repair = _offered("repair", lambda: self._start(lambda: setup.repair(agreed=True)))
        self._remove = _offered("remove", self._ask_to_remove)
        self._folder = button(
            _("From a &Folder…"), _("Takes an offline bundle, unpacked"), self._browse
        )
        self._source: Any = None
        self._browser: Any = None
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self._state)
        column.addWidget(self._question)
        actions = QtWidgets.QHBoxLayout()
        for each in (self._do, self._folder, self._verify, self._repair, self._remove):
            actions.addWidget(each)
        actions.addStretch(1)
        actions.addWidget(button(_("C&lose"), "", self.reject))
        column.addLayout(actions)
        self._add_progress(column)
        self._plan: Any = None
        self._now: Any = None
        self._removing = False
        self._look()

    # ------------------------------------------------------------------------------ what there is

    def _look(self) -> None:
        self._removing = False
        source = self._source
        self._begin(in_thread(lambda: (setup.status(), setup.plan(source))), self._known)

    def _known(self, state: Any) -> None:
        self._now, self._plan = state
        self._show()

    def _show(self) -> None:
        """Shows the state, what can be done about it, and what would be."""
        busy, known = self.busy, self._now is not None
        sentence, action = kit.SETUP_STATES[self._now.state] if known else ("", "")
        ready = known and self._now.state in ("ready", "outdated")
        self._state.setText(kit.tr(sentence) if known else kit.stage_text("start") + "…")
        self._state.setToolTip(self._now.detail or self._now.folder if known else "")
        if self._removing:
            self._question.setText(kit.removal_question())
            self._do.setText(kit.tr(kit.SETUP_ACTIONS["remove"]))
        else:
            self._question.setText(kit.setup_question(self._plan) if action else "")
            self._do.setText(kit.tr(kit.SETUP_ACTIONS[action]) if action else "")
        self._question.setVisible(bool(self._question.text()))
        self._do.setVisible(bool(self._do.text()) and not busy)
        self._folder.setVisible(bool(action) and not self._removing and not busy)
        self._verify.setVisible(ready and not busy)
        self._repair.setVisible(ready and not busy)
        self._remove.setVisible(known and self._now.state != "absent" and not busy)
        self._bar.setVisible(busy and self._job is not None)
        self._cancel.setVisible(busy and self._job is not None)
        self._fit()

    def _fit(self) -> None:
        """Makes the window as high as its texts are."""
        self.resize(self.width(), self.layout().totalHeightForWidth(self.width()))

    # --------------------------------------------------------------------------------- what is done

    def _set_up(self) -> None:
        """The button below the question: the user's answer to it."""
        source = self._source
        if self._removing:
            self._start(setup.remove)
        elif self._now.state == "damaged":
            self._start(lambda: setup.repair(agreed=True, source=source))
        else:
            self._start(lambda: setup.run(agreed=True, source=source))

    def _browse(self) -> None:
        self._browser = QtWidgets.QFileDialog(self)
        self._browser.setFileMode(QtWidgets.QFileDialog.FileMode.Directory)
        self._browser.fileSelected.connect(self._take_folder)
        self._browser.open()  # not exec: Krita stands still in a nested event loop

    def _take_folder(self, folder: str) -> None:
        self._source = setup.Source(folder=folder)
        self._look()

    def _ask_to_remove(self) -> None:
        self._removing = True
        self._show()

    def _again(self) -> None:
        if self._job is not None:
            self._start(self._job)
        else:
            self._look()

    def _start(self, job: Callable[[], Any]) -> None:
        self._job = job
        self._bar.setRange(0, 0)
        self._begin(self._work(job), self._done)

    def _work(self, job: Callable[[], Any]) -> Work:
        started = yield from in_thread(job)
        return (yield from jobs.followed(started, self._progressed))

    def _progressed(self, stage: str, fraction: float) -> None:
        self._bar.setRange(0, 100 if fraction > 0 else 0)
        self._bar.setValue(round(100 * fraction))
        self._notice.show_text(kit.stage_text(stage) + "…")
        self._fit()  # the first stage's line needs room, which the question has

    def _done(self, _status: Any) -> None:
        self._notice.show_text("")
        self.changed.emit()
        self._look()


def _offered(action: str, pressed: Callable[[], Any]) -> Any:
    return button(kit.tr(kit.SETUP_ACTIONS[action]), "", pressed)
