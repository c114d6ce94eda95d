# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker: choices above, what is going on and what came of it below.

It only shows and asks; runs are the session's. Colours and fonts are the theme's. Tab goes through
the controls from top to bottom; keys of their own (Alt and a letter) have those for which one is
left: a letter that opens one of Krita's menus would open neither.
"""

from __future__ import annotations

from typing import Any

from krita import DockWidget, Krita

from . import choices, texts
from .engine_dialog import EngineDialog
from .engine_watch import EngineWatch
from .mattebrush_client import Cancelled, ClientError
from .qt import QtCore, QtWidgets
from .session import Session
from .texts import _

_DETAILS = {
    "auto": _("Best at hand"),
    "guided": _("Quick"),
    "none": _("None (coarse edge)"),
}
_DEVICES = {
    "auto": _("Fastest that works"),
    "cpu": _("Processor (CPU)"),
    "cuda": "CUDA",
    "directml": "DirectML",
    "coreml": "Core ML",
    "openvino": "OpenVINO",
}
_SUBJECT_KINDS = ("salient", "prompt")
"""The kinds of models that find a subject in one picture."""

_FLOATING_MILLISECONDS = 3000


class Docker(DockWidget):
    """One of these for each window of Krita. `session` and `entries` are set by `extension`."""

    session: Session
    entries: Any = ()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Mattebrush")
        self._model = QtWidgets.QComboBox()
        self._detail = _combo(_DETAILS)
        self._device = _combo(_DEVICES)
        self._feather = _pixels(0.0, 100.0)
        self._shift = _pixels(-50.0, 50.0)
        self._clean = QtWidgets.QCheckBox(_("Clean colors on a new la&yer"))
        self._keep = QtWidgets.QCheckBox(_("&Keep the replaced mask, hidden"))
        self._frames = QtWidgets.QCheckBox(_("All frames of an animation"))
        self._buttons = {entry.name: _button(entry.title) for entry in self.entries}
        self._redo = _button(_("Red&o"), _("The last action again, with the choices as they are"))
        self._accept = _button(_("Acce&pt"), _("Removes the mask that was replaced"))
        self._cancel = _button(_("&Cancel"), _("Ends the run; the picture stays as it is"))
        self._bar = QtWidgets.QProgressBar()
        self._report = _text(_("What the last run did"))
        self._engine = _text(_("State of the engine"))
        self._engine_button = _button(_("Engine…"), _("Which engine to use"))
        self._dialog: EngineDialog | None = None
        self.setWidget(self._laid_out())
        self._watch = EngineWatch(self)
        self._connect()
        self._show_choices()
        self._show_idle()

    def canvasChanged(self, canvas: Any) -> None:  # noqa: N802 - Krita's name
        """Krita demands it; the docker does not depend on the canvas."""

    # -------------------------------------------------------------------------------- building

    def _laid_out(self) -> QtWidgets.QWidget:
        form = QtWidgets.QFormLayout()
        rows = (
            (_("&Model:"), self._model),
            (_("&Detail:"), self._detail),
            (_("Fe&ather:"), self._feather),
            (_("Shift ed&ge:"), self._shift),
            (_("Device:"), self._device),
        )
        for label, control in rows:
            form.addRow(label, control)
            control.setAccessibleName(label.replace("&", "").rstrip(":"))
        form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        runs = QtWidgets.QGridLayout()
        for place, button in enumerate(self._buttons.values()):
            runs.addWidget(button, *divmod(place, 2))
        after = QtWidgets.QHBoxLayout()
        for button in (self._redo, self._accept):
            after.addWidget(button)
        progress = QtWidgets.QHBoxLayout()
        progress.addWidget(self._bar, 1)
        progress.addWidget(self._cancel)
        engine = QtWidgets.QHBoxLayout()
        engine.addWidget(self._engine, 1)
        engine.addWidget(self._engine_button)
        inside = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(inside)
        column.addLayout(form)
        for box in (self._clean, self._keep, self._frames):
            column.addWidget(box)
        for part in (runs, progress):
            column.addLayout(part)
        column.addWidget(self._report)
        column.addLayout(after)
        column.addStretch(1)
        column.addLayout(engine)
        area = QtWidgets.QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        return area

    def _connect(self) -> None:
        session = self.session
        for entry in self.entries:
            # Through Krita's action, so that the button is what the menu is.
            self._buttons[entry.name].clicked.connect(
                lambda _checked, name="mattebrush_" + entry.name: (
                    Krita.instance().action(name).trigger()
                )
            )
        self._redo.clicked.connect(lambda: session.last and session.run(*session.last))
        self._accept.clicked.connect(self._accepted)
        self._cancel.clicked.connect(session.cancel)
        self._engine_button.clicked.connect(self._ask_for_engine)
        session.started.connect(self._started)
        session.told.connect(self._told)
        session.finished.connect(self._finished)
        session.failed.connect(self._failed)
        self._watch.changed.connect(self._engine.setText)
        self._watch.models_known.connect(self._show_models)
        for combo in (self._model, self._detail, self._device):
            combo.activated.connect(lambda _index: self._keep_choices())
        for spin in (self._feather, self._shift):
            spin.valueChanged.connect(lambda _value: self._keep_choices())
        for box in (self._clean, self._keep, self._frames):
            box.toggled.connect(lambda _checked: self._keep_choices())

    # --------------------------------------------------------------------------------- choices

    def _show_choices(self) -> None:
        now = choices.load()
        controls = (self._feather, self._shift, self._clean, self._keep, self._frames)
        for control in controls:
            control.blockSignals(True)
        self._device.setCurrentIndex(self._device.findData(now.device))
        self._feather.setValue(now.feather)
        self._shift.setValue(now.shift_edge)
        self._clean.setChecked(now.clean_colors)
        self._keep.setChecked(now.keep_old)
        self._frames.setChecked(now.all_frames)
        for control in controls:
            control.blockSignals(False)
        self._show_models([])

    def _show_models(self, installed: list[tuple[str, str]]) -> None:
        now = choices.load()
        subjects = [name for name, kind in installed if kind in _SUBJECT_KINDS]
        others = {
            name: name for name in [*subjects, now.model] if name not in ("", choices.BUILT_IN)
        }
        _fill(self._model, {"": _("Built in"), **others}, now.model)
        mattings = {name: name for name, kind in installed if kind == "trimap"}
        chosen = {} if now.detail in _DETAILS else {now.detail: now.detail}
        _fill(self._detail, {**_DETAILS, **mattings, **chosen}, now.detail)

    def _keep_choices(self) -> None:
        now = choices.Choices(
            model=self._model.currentData() or "",
            device=self._device.currentData(),
            detail=self._detail.currentData(),
            feather=self._feather.value(),
            shift_edge=self._shift.value(),
            clean_colors=self._clean.isChecked(),
            keep_old=self._keep.isChecked(),
            all_frames=self._frames.isChecked(),
        )
        try:
            choices.save(now)
        except ClientError as why:
            self._report.setText(str(why))

    def _ask_for_engine(self) -> None:
        self._dialog = EngineDialog(self)
        self._dialog.accepted.connect(self._watch.look)
        self._dialog.show()

    # ------------------------------------------------------------------------------------ runs

    def _show_idle(self) -> None:
        busy = self.session.busy
        for button in self._buttons.values():
            button.setEnabled(not busy)
        self._cancel.setEnabled(busy)
        self._redo.setEnabled(not busy and self.session.last is not None)
        outcome = self.session.outcome
        self._accept.setEnabled(not busy and outcome is not None and bool(outcome.old_masks))
        if not busy:
            self._bar.setRange(0, 100)
            self._bar.reset()
            self._bar.setFormat("")

    def _started(self, title: str) -> None:
        self._report.setText(title + "…")
        self._show_idle()
        self._cancel.setEnabled(True)

    def _told(self, stage: str, fraction: float) -> None:
        # A stage that says nothing of how far it is shows that something is going on.
        self._bar.setRange(0, 100 if fraction > 0 else 0)
        self._bar.setValue(round(100 * fraction))
        text = texts.STAGES.get(stage, stage)
        self._bar.setFormat(text + " %p%" if fraction > 0 else text)
        self._report.setText(text + "…")

    def _finished(self, outcome: Any, seconds: float) -> None:
        lines = [texts.summary(outcome.report, seconds), *outcome.report.get("warnings", ())]
        if outcome.old_masks:
            lines.append(_("The mask before is hidden; Accept removes it."))
        self._report.setText("\n".join(lines))
        self._show_idle()

    def _failed(self, why: ClientError) -> None:
        self._report.setText(str(why))
        self._show_idle()
        view = Krita.instance().activeWindow() and Krita.instance().activeWindow().activeView()
        if view is not None and not isinstance(why, Cancelled):
            # The docker may be closed or behind another.
            icon = Krita.instance().icon("transparencyMask")
            view.showFloatingMessage(why.message, icon, _FLOATING_MILLISECONDS, 1)
        if not isinstance(why, Cancelled):
            self._watch.look()

    def _accepted(self) -> None:
        self.session.accept()
        self._show_idle()


def _combo(items: dict[str, str]) -> QtWidgets.QComboBox:
    combo = QtWidgets.QComboBox()
    _fill(combo, items, next(iter(items)))
    return combo


def _fill(combo: QtWidgets.QComboBox, items: dict[str, str], chosen: str) -> None:
    combo.clear()
    for value, text in items.items():
        combo.addItem(text, value)
    combo.setCurrentIndex(max(0, combo.findData(chosen)))


def _pixels(least: float, most: float) -> QtWidgets.QDoubleSpinBox:
    spin = QtWidgets.QDoubleSpinBox()
    spin.setRange(least, most)
    spin.setDecimals(1)
    spin.setSingleStep(0.5)
    spin.setSuffix(_(" px"))
    return spin


def _button(text: str, tip: str = "") -> QtWidgets.QPushButton:
    button = QtWidgets.QPushButton(text)
    button.setToolTip(tip)
    return button


def _text(name: str) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel()
    label.setWordWrap(True)
    label.setAccessibleName(name)
    flags = QtCore.Qt.TextInteractionFlag
    label.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    return label
