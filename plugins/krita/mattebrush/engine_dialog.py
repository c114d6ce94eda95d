# SPDX-License-Identifier: GPL-3.0-or-later
"""The window in which the user says which engine to use, and tests it; the same for all hosts."""

from __future__ import annotations

from typing import Any

from . import jobs
from . import mattebrush_client as client
from . import mattebrush_kit as kit
from .qt import QtCore, QtWidgets
from .steps import Steps
from .texts import _
from .widgets import Picked, button, fill, text


class EngineDialog(QtWidgets.QDialog):
    """Show it with `show()`: Krita stands still inside a nested event loop. Signal: `set_up` when
    the user wants an engine to be made, or to be looked after.
    """

    set_up = QtCore.pyqtSignal()

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Mattebrush: Engine"))
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        now = client.Settings.load()
        form = QtWidgets.QFormLayout(self)
        self._controls = {}
        for row in kit.ENGINE_SETTINGS:
            made = _control(row, getattr(now, row.name))
            made.setToolTip(kit.tr(row.tip))
            form.addRow(kit.tr(row.title), made)
            self._controls[row.name] = made
        self._outcome = text(_("What the test found"))
        self._outcome.setMinimumWidth(360)
        form.addRow(self._outcome)
        kinds = QtWidgets.QDialogButtonBox.StandardButton
        buttons = QtWidgets.QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self._test = button(_("T&est"), _("Asks this engine what it can do"), self._try)
        own = button(_("&Set Up…"), _("Makes an engine here, repairs or removes it"), self._leave)
        for each in (self._test, own):
            buttons.addButton(each, QtWidgets.QDialogButtonBox.ButtonRole.ActionRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self._steps: Steps | None = None

    def accept(self) -> None:
        """Keeps what was entered, or says why it cannot be kept."""
        try:
            self._entered().save()
        except client.ClientError as why:
            self._outcome.setText(str(why))
        else:
            super().accept()

    def _leave(self) -> None:
        self.reject()
        self.set_up.emit()

    def _entered(self) -> client.Settings:
        settings = client.Settings.load()
        for name, made in self._controls.items():
            setattr(settings, name, _value(made))
        return settings

    def _try(self) -> None:
        self._outcome.setText(kit.stage_text("start") + "…")
        self._test.setEnabled(False)
        work = jobs.run(lambda stage, fraction: None, {"op": "status"}, settings=self._entered())
        self._steps = Steps(work, self)
        self._steps.ended.connect(lambda answer: self._tried(kit.engine_facts(answer.report)))
        self._steps.failed.connect(lambda why: self._tried([str(why)]))

    def _tried(self, lines: list[Any]) -> None:
        self._outcome.setText("\n".join(lines))
        self._test.setEnabled(True)


def _control(row: Any, value: str) -> QtWidgets.QWidget:
    if row.kind == "choice":
        made = QtWidgets.QComboBox()
        fill(made, {choice: kit.tr(label) for choice, label in row.choices}, value)
        return made
    if row.kind == "file":
        return Picked(value, kit.tr(row.title))
    made = QtWidgets.QLineEdit(value)
    if row.kind == "password":
        made.setEchoMode(QtWidgets.QLineEdit.EchoMode.Password)
    return made


def _value(made: QtWidgets.QWidget) -> str:
    if isinstance(made, QtWidgets.QComboBox):
        return str(made.currentData())
    line = made.line if isinstance(made, Picked) else made
    return str(line.text()).strip()
