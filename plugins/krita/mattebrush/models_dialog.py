# SPDX-License-Identifier: GPL-3.0-or-later
"""The window with all networks there are: what each is best at, its size and license, and a way to
get it, once the user has seen the license and agreed.
"""

from __future__ import annotations

from typing import Any

from . import jobs
from . import mattebrush_client as client
from . import mattebrush_kit as kit
from .qt import QtCore, QtGui, QtWidgets
from .steps import Steps, Work, in_thread
from .texts import _
from .widgets import Notice, button, text


class ModelsDialog(QtWidgets.QDialog):
    """Show it with `show()`. Signals: `chosen` with the id and kind of a model to use from now on;
    `installed` when there is one more.
    """

    chosen = QtCore.pyqtSignal(str, str)
    installed = QtCore.pyqtSignal()

    def __init__(self, parent: QtWidgets.QWidget, wanted: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Mattebrush: Models"))
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(680, 420)
        self._wanted = wanted
        self._models: dict[str, Any] = {}
        self._steps: Steps | None = None
        self._list = QtWidgets.QTreeWidget()
        self._list.setRootIsDecorated(False)
        self._list.setHeaderLabels([_("Model"), _("Best at"), _("Size"), _("License")])
        self._list.setAccessibleName(_("Models"))
        self._list.currentItemChanged.connect(lambda _now, _before: self._show_current())
        self._facts = text(_("About this model"))
        self._agree = QtWidgets.QCheckBox(_("I have read the license and &agree to it"))
        self._agree.toggled.connect(lambda _checked: self._show_current())
        self._page = button(_("Read &Its Page"), "", self._open_page)
        self._use = button(_("&Use It"), _("Takes it for every run from now on"), self._choose)
        self._get = button(_("&Get…"), _("Downloads it, once you have agreed"), self._download)
        self._bar = QtWidgets.QProgressBar()
        self._cancel = button(_("&Cancel"), _("What has arrived is kept"), self._stop)
        self._notice = Notice(_("What the download did"), {"try-again": self._download})
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self._list, 1)
        column.addWidget(self._facts)
        column.addWidget(self._agree)
        row = QtWidgets.QHBoxLayout()
        for each in (self._get, self._use, self._page):
            row.addWidget(each)
        row.addStretch(1)
        row.addWidget(button(_("C&lose"), "", self.reject))
        column.addLayout(row)
        running = QtWidgets.QHBoxLayout()
        running.addWidget(self._bar, 1)
        running.addWidget(self._cancel)
        column.addLayout(running)
        column.addWidget(self._notice)
        self._load()

    # ------------------------------------------------------------------------------- the list

    def _load(self) -> None:
        self._notice.say(kit.stage_text("start") + "…")
        self._steps = Steps(in_thread(kit.list_models), self)
        self._steps.ended.connect(self._fill)
        self._steps.failed.connect(self._failed)
        self._show_current()

    def _fill(self, models: list[Any]) -> None:
        self._steps = None
        self._notice.say("")
        shown = kit.suitable(models) + kit.suitable(models, ("trimap",))
        self._models = {model.id: model for model in shown}
        self._list.clear()
        for model in shown:
            row = QtWidgets.QTreeWidgetItem([model.name or model.id, *kit.model_facts(model)])
            row.setData(0, QtCore.Qt.ItemDataRole.UserRole, model.id)
            for place in range(4):
                row.setToolTip(place, row.text(place))
            self._list.addTopLevelItem(row)
            if model.id == self._wanted:
                self._list.setCurrentItem(row)
        for place, width in enumerate((150, 240, 110)):
            self._list.setColumnWidth(place, width)
        if self._list.currentItem() is None:
            self._list.setCurrentItem(self._list.topLevelItem(0))
        self._show_current()

    def _current(self) -> Any:
        row = self._list.currentItem()
        if row is None:
            return None
        return self._models.get(row.data(0, QtCore.Qt.ItemDataRole.UserRole))

    def _show_current(self) -> None:
        model, busy = self._current(), self._steps is not None
        missing = model is not None and not model.installed and not model.embedded
        here = model is not None and not missing
        lines = []
        if model is not None:
            lines = [*kit.model_facts(model), model.license_note, model.page]
        self._facts.setText("\n".join(line for line in lines if line))
        self._agree.setVisible(missing)
        self._get.setVisible(missing)
        self._get.setEnabled(not busy and missing and self._agree.isChecked() and not model.gated)
        self._use.setVisible(here)
        self._use.setEnabled(not busy and here)
        self._page.setEnabled(model is not None and bool(model.page))
        self._bar.setVisible(busy)
        self._cancel.setVisible(busy and bool(self._models))

    def _choose(self) -> None:
        model = self._current()
        if model is not None:
            self.chosen.emit("" if model.embedded else model.id, model.kind)
            self.accept()

    def _open_page(self) -> None:
        QtGui.QDesktopServices.openUrl(QtCore.QUrl(self._current().page))

    # ----------------------------------------------------------------------------- the download

    def _download(self) -> None:
        model = self._current()
        if model is None or self._steps is not None:
            return
        self._wanted = model.id
        self._bar.setRange(0, 100)
        self._bar.setValue(0)
        self._steps = Steps(self._work(model.id), self)
        self._steps.ended.connect(self._arrived)
        self._steps.failed.connect(self._failed)
        self._notice.say(kit.stage_text("download") + "…")
        self._show_current()

    def _work(self, model: str) -> Work:
        download = yield from in_thread(lambda: kit.download(model))
        return (yield from jobs.followed(download, self._told))

    def _told(self, _stage: str, fraction: float) -> None:
        self._bar.setValue(round(100 * fraction))

    def _stop(self) -> None:
        if self._steps is not None:
            self._steps.cancel()

    def _arrived(self, _answer: Any) -> None:
        self._steps = None
        self._agree.setChecked(False)
        self.installed.emit()
        self._load()

    def _failed(self, why: Exception) -> None:
        self._steps = None
        if not isinstance(why, client.ClientError):
            why = client.ClientError(str(why))
        self._notice.fail(why)
        self._show_current()

    def reject(self) -> None:
        """Closes the window; a download under way ends, and what has arrived is kept."""
        self._stop()
        super().reject()
