# SPDX-License-Identifier: GPL-3.0-or-later
"""The window in which the user says which engine to use; the same for all hosts."""

from __future__ import annotations

from . import mattebrush_client as client
from .qt import QtWidgets
from .texts import _

_KINDS = {
    "auto": _("Server if one runs, else own process"),
    "server": _("Server only"),
    "process": _("Own process only"),
}


class EngineDialog(QtWidgets.QDialog):
    """Show it with `show()`: Krita stands still inside a nested event loop."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Mattebrush: Engine"))
        now = client.Settings.load()
        self._kind = QtWidgets.QComboBox()
        for value, text in _KINDS.items():
            self._kind.addItem(text, value)
        self._kind.setCurrentIndex(self._kind.findData(now.engine))
        self._python = QtWidgets.QLineEdit(now.python)
        self._server = QtWidgets.QLineEdit(now.server)
        self._server.setPlaceholderText(_("look for one"))
        self._token = QtWidgets.QLineEdit(now.token)
        self._token.setEchoMode(QtWidgets.QLineEdit.EchoMode.Password)
        form = QtWidgets.QFormLayout(self)
        form.addRow(_("&Engine:"), self._kind)
        form.addRow(_("&Python with the engine:"), self._python)
        form.addRow(_("&Server address:"), self._server)
        form.addRow(_("Server &token:"), self._token)
        self._problem = QtWidgets.QLabel()
        self._problem.setWordWrap(True)
        form.addRow(self._problem)
        kinds = QtWidgets.QDialogButtonBox.StandardButton
        buttons = QtWidgets.QDialogButtonBox(kinds.Ok | kinds.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    def accept(self) -> None:
        """Keeps what was entered, or says why it cannot be kept."""
        settings = client.Settings.load()
        settings.engine = self._kind.currentData()
        settings.python = self._python.text().strip()
        settings.server = self._server.text().strip()
        settings.token = self._token.text().strip()
        try:
            settings.save()
        except client.ClientError as why:
            self._problem.setText(str(why))
        else:
            super().accept()
