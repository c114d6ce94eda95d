# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker: what can be done, how far it is, what came of it and the engine's state; below and
folded away, the options.

It only shows and asks; runs are the session's. What is above the fold is as tall as Krita's default
layout leaves room for, and never scrolls. Tab goes through the controls from top to bottom; the
entries have their shortcuts in Krita's menus.
"""

from __future__ import annotations

from typing import Any

from krita import DockWidget, Krita

from . import choices, masks, strokes
from . import mattebrush_kit as kit
from .engine_dialog import EngineDialog
from .engine_watch import EngineWatch
from .errors import NotHere
from .mattebrush_client import Cancelled, ClientError
from .models_dialog import ModelsDialog
from .options_panel import BACKDROPS, OptionsPanel
from .pointing import Pointing
from .qt import QtCore, QtGui, QTimer, QtWidgets
from .session import Session
from .setup_dialog import SetupDialog
from .steps import Steps
from .task import Outcome, Proposal
from .texts import _
from .widgets import Notice, button, fill, text, tool

_FLOATING_MILLISECONDS = 3000
_WELCOME = 400
_SPACE = 3
_UNFOLDED = 170
"""Pixels of the options to be seen at least when they are."""

_TALLEST = 330
"""Of what is above the fold, in pixels; a longer message scrolls."""


class Docker(DockWidget):
    """One of these for each window of Krita. `session`, `pointing` and `entries` are set by
    `extension`.
    """

    session: Session
    pointing: Pointing
    entries: Any = ()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Mattebrush")
        self._progress = kit.Progress("remove")
        self._dialog: Any = None
        self._brush: Steps | None = None
        self._unfolded = False
        self._lost = False
        cures = {
            "open-settings": self._ask_for_engine,
            "set-up": self._set_up,
            "repair": self._set_up,
            "download-model": self._ask_for_model,
            "choose-model": self._ask_for_model,
            "choose-device": self._any_device,
            "try-again": self.session.again,
        }
        for entry in self.entries:
            cures[entry.name] = _trigger(entry)
        self._buttons = {each.name: self._entry_button(each) for each in self.entries}
        self._bar = QtWidgets.QProgressBar()
        self._bar.setAccessibleName(_("Progress"))
        self._bar.setMinimumWidth(10)
        self._cancel = self._kit_button("cancel", self._cancelled)
        self._accept = self._kit_button("accept", self._accepted)
        self._again = self._kit_button("redo", self.session.again)
        self._backdrop = QtWidgets.QComboBox()
        fill(self._backdrop, BACKDROPS, choices.load().backdrop)
        self._backdrop.setToolTip(_("What the preview is shown on"))
        self._backdrop.setAccessibleName(_("Preview on"))
        self._notice = Notice(_("What the last run did"), cures)
        self._engine = text(_("State of the engine"))
        self._engine_button = tool("…", _("Which engine is used, and a test of it"), _("Engine"))
        self._fold = tool(_("Options and more"), _("Shows or hides the options"))
        self._options = OptionsPanel()
        self._top = QtWidgets.QWidget()
        self._area = QtWidgets.QScrollArea()
        self.setWidget(self._laid_out())
        self._watch = EngineWatch(self)
        self._connect()
        self._fold_options(choices.load().folded)
        self._show_idle()
        self._welcome = QTimer(self)
        self._welcome.timeout.connect(self._show_as_left)
        self._welcome.start(_WELCOME)

    def canvasChanged(self, canvas: Any) -> None:  # noqa: N802 - Krita's name
        """Krita calls it when another picture, or none, is the active one."""
        self._show_idle()

    # -------------------------------------------------------------------------------- building

    def _entry_button(self, entry: Any) -> Any:
        # Through Krita's action, so that the button is what the menu is.
        return button(entry.title, entry.tip, _trigger(entry))

    def _kit_button(self, name: str, pressed: Any) -> Any:
        row = kit.action(name)
        return button(kit.tr(row.title), kit.tr(row.tip), pressed)

    def _laid_out(self) -> QtWidgets.QWidget:
        main, others, more = self.entries[:1], self.entries[1:3], self.entries[3:]
        column = _column(self._top)
        for entries in (main, others):
            column.addLayout(_row(*(self._buttons[entry.name] for entry in entries)))
        paint = [self._stroke_button(stroke) for stroke in kit.LEGEND]
        brushes = _row(*paint)
        for place, made in enumerate(paint):  # words differ in length more than buttons should
            brushes.setStretch(place, 3 + len(made.text()))
        column.addLayout(brushes)
        column.addLayout(_row(self._bar, self._cancel, stretch=0))
        column.addLayout(_row(self._accept, self._backdrop))
        column.addWidget(self._notice)
        column.addLayout(_row(self._engine, self._engine_button, stretch=0))
        self._fold.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setAutoRaise(True)
        column.addWidget(self._fold)
        below = _column(self._options.more)
        below.addLayout(_row(*(self._buttons[entry.name] for entry in more)))
        below.addLayout(_row(self._again))
        inside = QtWidgets.QWidget()
        both = _column(inside)
        both.setContentsMargins(4, 2, 4, 2)
        both.addWidget(self._top)
        both.addWidget(self._options)
        both.addStretch(1)
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        off = QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._area.setHorizontalScrollBarPolicy(off)
        self._top.installEventFilter(self)
        return self._area

    def _stroke_button(self, stroke: Any) -> Any:
        made = tool(kit.tr(stroke.title), kit.tr(stroke.tip))
        swatch = QtGui.QPixmap(12, 12)
        swatch.fill(QtGui.QColor("black"))
        painter = QtGui.QPainter(swatch)
        level = round(255 * stroke.value)
        painter.fillRect(1, 1, 10, 10, QtGui.QColor(level, level, level))
        painter.end()
        made.setIcon(QtGui.QIcon(swatch))
        made.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        expanding, fixed = (
            QtWidgets.QSizePolicy.Policy.Expanding,
            QtWidgets.QSizePolicy.Policy.Fixed,
        )
        made.setSizePolicy(expanding, fixed)
        made.clicked.connect(lambda _checked, value=stroke.value: self._take_brush(value))
        return made

    def _connect(self) -> None:
        session = self.session
        self._engine_button.clicked.connect(self._ask_for_engine)
        self._fold.clicked.connect(lambda _checked: self._fold_options(self._unfolded))
        self._backdrop.activated.connect(lambda _index: self._show_on())
        self._options.more_models.connect(self._ask_for_model)
        self._options.failed.connect(self._refused)
        session.started.connect(self._started)
        session.progressed.connect(self._progressed)
        session.proposed.connect(self._proposed)
        session.dropped.connect(self._show_idle)
        session.finished.connect(self._finished)
        session.failed.connect(self._failed)
        session.refused.connect(self._refused)
        self.pointing.changed.connect(self._show_idle)
        self._watch.ready.connect(self._engine_ready)
        self._watch.missing.connect(self._engine_missing)
        self._watch.models_known.connect(self._options.show_models)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802 - Qt's name
        """Keeps room for all that is above the fold, whatever it has come to say."""
        if event.type() in (QtCore.QEvent.Type.Resize, QtCore.QEvent.Type.LayoutRequest):
            layout = self._top.layout()
            width = self._top.width()
            height = layout.heightForWidth(width) if layout.hasHeightForWidth() else 0
            height = max(height, layout.minimumSize().height()) + 2 * _SPACE
            self._area.setMinimumHeight(min(height, _TALLEST) + (self._unfolded and _UNFOLDED))
        return bool(super().eventFilter(watched, event))

    def _show_as_left(self) -> None:
        """After the plug-in was installed Krita leaves its docker hidden, and Krita 6 forgets that
        it was shown; so it is shown unless the user has closed it.
        """
        if not self.window().isVisible():
            return
        self._welcome.stop()
        if self.isHidden() and choices.load().shown:
            self.setVisible(True)
            self.raise_()
        self.toggleViewAction().toggled.connect(self._visibility_changed)

    def _visibility_changed(self, visible: bool) -> None:
        if self.window().isVisible():  # else it is Krita that is closed
            self._options.keep(shown=visible)

    def _fold_options(self, folded: bool) -> None:
        self._unfolded = not folded
        self._options.setVisible(not folded)
        arrows = QtCore.Qt.ArrowType
        self._fold.setArrowType(arrows.RightArrow if folded else arrows.DownArrow)
        self._options.keep(folded=folded)

    # ------------------------------------------------------------------------------- windows

    def _ask_for_engine(self) -> None:
        self._dialog = EngineDialog(self)
        self._dialog.accepted.connect(self._watch.look)
        self._dialog.set_up.connect(self._set_up)
        self._dialog.show()

    def _set_up(self) -> None:
        self._dialog = SetupDialog(self)
        self._dialog.changed.connect(self._watch.look)
        self._dialog.show()

    def _ask_for_model(self) -> None:
        self._dialog = ModelsDialog(self, choices.load().values.get("model", ""))
        self._dialog.chosen.connect(self._options.choose_model)
        self._dialog.installed.connect(self._watch.look)
        self._dialog.show()

    def _any_device(self) -> None:
        self._options.choose("device", "auto")
        self.session.again()

    def _take_brush(self, value: float) -> None:
        self.pointing.end()
        self._brush = Steps(strokes.take_brush(value), self)
        self._brush.failed.connect(self._refused)

    def _show_on(self) -> None:
        backdrop = self._backdrop.currentData()
        self._options.keep(backdrop=backdrop)
        self.pointing.show_on(backdrop)

    # ------------------------------------------------------------------------------------ runs

    def _show_idle(self) -> None:
        session = self.session
        busy, proposal = session.busy, session.proposal is not None
        for made in self._buttons.values():
            made.setEnabled(not busy or self.pointing.active)
        self._cancel.setEnabled(busy or proposal or self.pointing.active)
        self._again.setEnabled(not busy and session.last is not None)
        document = Krita.instance().activeDocument()
        old = [] if busy or proposal or document is None else masks.replaced(document)
        self._accept.setVisible(proposal or bool(old))
        self._accept.setEnabled(not busy)
        self._backdrop.setVisible(proposal)
        if not busy:
            self._bar.setRange(0, 100)
            self._bar.reset()

    def _started(self, title: str) -> None:
        now = choices.load()
        op, report = self.session.op, self.session.reports.get(self.session.op)
        self._progress = kit.Progress(op, report, now.clean_colors)
        self._notice.show_text(title + "…")
        self._show_idle()
        self._bar.setRange(0, 100)
        self._bar.setValue(0)

    def _progressed(self, stage: str, fraction: float) -> None:
        update = self._progress.update(stage, fraction)
        self._bar.setValue(round(100 * update.fraction))
        self._notice.show_text(", ".join(part for part in (update.text, update.time_left) if part))

    def _proposed(self, proposal: Proposal) -> None:
        lines = [kit.summary(proposal.answer.report, self.session.seconds)]
        lines += proposal.answer.report.get("warnings", ())
        lines.append(_("Accept makes the mask; Cancel leaves all as it was."))
        self._notice.show_text("\n".join(lines))
        self._show_idle()

    def _finished(self, outcome: Outcome, seconds: float) -> None:
        lines = [kit.summary(outcome.report, seconds), *outcome.report.get("warnings", ())]
        document = Krita.instance().activeDocument()
        count = len(masks.replaced(document)) if document is not None else 0
        if count:
            lines.append(_("Replaced masks, hidden: %d. Accept removes them.") % count)
        self._notice.show_text("\n".join(lines))
        self._show_idle()

    def _failed(self, why: ClientError) -> None:
        if self.session.busy:  # it was ended for another that is under way already
            return
        self._fail(why)
        self._show_idle()
        if not isinstance(why, (Cancelled, NotHere)):
            self._watch.look()

    def _refused(self, why: ClientError) -> None:
        """What cannot be begun. A run under way goes on, and its progress stays to be seen."""
        if self.session.busy:
            _float(why)
        else:
            self._fail(why)

    def _fail(self, why: ClientError) -> None:
        way_out = getattr(why, "way_out", "")
        labels = {name: kit.tr(label) for name, label in kit.CURE_ACTIONS.items()}
        labels.update({each.name: each.title for each in self.entries})
        self._notice.fail(why, labels[way_out], way_out)
        if not isinstance(why, Cancelled):
            _float(why)  # the docker may be closed or behind another

    def _accepted(self) -> None:
        self.session.accept()
        if not self.session.busy:
            self._notice.show_text("")
            self._show_idle()

    def _cancelled(self) -> None:
        if self.pointing.active:
            self.pointing.end()
        elif self.session.busy:
            self.session.cancel()
        else:
            self.session.drop()
        self._notice.show_text(kit.cure(Cancelled()).text)

    # ---------------------------------------------------------------------------------- engine

    def _engine_ready(self, words: str, facts: str) -> None:
        if self._lost:
            self._notice.show_text("")
        self._lost = False
        self._engine.setText("● " + words)
        self._engine.setToolTip(facts)

    def _engine_missing(self, why: ClientError) -> None:
        self._engine.setText("○ " + _("No engine"))
        self._engine.setToolTip(str(why))
        self._lost = True
        if not self.session.busy:
            self._notice.fail(why)


def _trigger(entry: Any) -> Any:
    return lambda: Krita.instance().action("mattebrush_" + entry.name).trigger()


def _float(why: ClientError) -> None:
    window = Krita.instance().activeWindow()
    view = window and window.activeView()
    if view is not None:
        icon = Krita.instance().icon("transparencyMask")
        view.showFloatingMessage(kit.cure(why).text, icon, _FLOATING_MILLISECONDS, 1)


def _column(widget: QtWidgets.QWidget) -> QtWidgets.QVBoxLayout:
    column = QtWidgets.QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(_SPACE)
    return column


def _row(*widgets: QtWidgets.QWidget, stretch: int = 1) -> QtWidgets.QHBoxLayout:
    """Widgets side by side: all stretched alike, or only the first."""
    row = QtWidgets.QHBoxLayout()
    row.setSpacing(_SPACE)
    for place, widget in enumerate(widgets):
        row.addWidget(widget, 1 if stretch or not place else 0)
    return row
