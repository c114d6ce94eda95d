# SPDX-License-Identifier: GPL-3.0-or-later
"""The window with all networks there are: what each is best at, its size and license, and a way to
get it, once the user has seen the license and agreed.
"""

from __future__ import annotations

from typing import Any

from . import jobs
from . import mattebrush_kit as kit
from .job_dialog import JobDialog
from .qt import QtCore, QtGui, QtWidgets
from .steps import Work, in_thread
from .texts import _
from .widgets import button, text


class ModelsDialog(JobDialog):
    """Show it with `show()`. Signals: `chosen` with the `Model` to use from now on; `installed`
    when there is one more.
    """

    chosen = QtCore.pyqtSignal(object)
    installed = QtCore.pyqtSignal()

    def __init__(self, parent: QtWidgets.QWidget, wanted: str = "") -> None:
        super().__init__(
            parent,
            _("Mattebrush: Models"),
            _("What the download did"),
            self._download,
            (_("&Cancel"), _("What has arrived is kept")),
        )
        self.resize(680, 420)
        self._wanted = wanted
        self._models: dict[str, Any] = {}
        self._list = QtWidgets.QTreeWidget()
        self._list.setRootIsDecorated(False)
        self._list.setHeaderLabels([_("Model"), _("Best at"), _("Size"), _("License")])
        self._list.setAccessibleName(_("Models"))
        self._list.currentItemChanged.connect(lambda _now, _before: self._show())
        self._facts = text(_("About this model"))
        self._agree = QtWidgets.QCheckBox(_("I have read the license and &agree to it"))
        self._agree.toggled.connect(lambda _checked: self._show())
        self._page = button(_("Read &Its Page"), "", self._open_page)
        self._use = button(_("&Use It"), _("Takes it for every run from now on"), self._choose)
        self._get = button(_("&Get…"), _("Downloads it, once you have agreed"), self._download)
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
        self._add_progress(column)
        self._load()

    # ------------------------------------------------------------------------------- the list

    def _load(self) -> None:
        self._notice.show_text(kit.stage_text("start") + "…")
        self._begin(in_thread(kit.list_models), self._fill)

    def _fill(self, models: list[Any]) -> None:
        self._notice.show_text("")
        offered = kit.suitable(models) + kit.suitable(models, ("trimap", *kit.WORD_KINDS))
        self._models = {model.id: model for model in offered}
        self._list.clear()
        for model in offered:
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
        self._show()

    def _current(self) -> Any:
        row = self._list.currentItem()
        if row is None:
            return None
        return self._models.get(row.data(0, QtCore.Qt.ItemDataRole.UserRole))

    def _show(self) -> None:
        """Shows what there is to know of the current model, and what can be done with it."""
        model, busy = self._current(), self.busy
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
            self.chosen.emit(model)
            self.accept()

    def _open_page(self) -> None:
        QtGui.QDesktopServices.openUrl(QtCore.QUrl(self._current().page))

    # ----------------------------------------------------------------------------- the download

    def _download(self) -> None:
        model = self._current()
        if model is None or self.busy:
            return
        self._wanted = model.id
        self._bar.setRange(0, 100)
        self._bar.setValue(0)
        self._notice.show_text(kit.stage_text("download") + "…")
        self._begin(self._work(model.id), self._arrived)

    def _work(self, model: str) -> Work:
        download = yield from in_thread(lambda: kit.download(model))
        return (yield from jobs.followed(download, self._progressed))

    def _progressed(self, _stage: str, fraction: float) -> None:
        self._bar.setValue(round(100 * fraction))

    def _arrived(self, _answer: Any) -> None:
        self._agree.setChecked(False)
        self.installed.emit()
        self._load()
