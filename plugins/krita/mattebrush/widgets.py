# SPDX-License-Identifier: GPL-3.0-or-later
"""Small parts that docker and windows are made of. Colors and fonts are the theme's."""

from __future__ import annotations

from typing import Any, Callable

from . import mattebrush_kit as kit
from .mattebrush_client import ClientError
from .qt import QtCore, QtWidgets
from .texts import _


def button(text: str, tip: str = "", pressed: Callable[[], Any] | None = None) -> Any:
    """A push button that is no wider than it must be."""
    made = QtWidgets.QPushButton(text)
    made.setToolTip(tip)
    made.setMinimumWidth(10)  # a narrow docker cuts a word short rather than lose a button
    if pressed is not None:
        made.clicked.connect(lambda _checked=False: pressed())
    return made


def tool(text: str, tip: str, name: str = "") -> Any:
    """A small button; `name` is what a screen reader says where the text is but a sign."""
    made = QtWidgets.QToolButton()
    made.setText(text)
    made.setToolTip(tip)
    made.setAccessibleName(name or text.replace("&", ""))
    made.setMinimumWidth(10)
    made.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
    return made


def text(name: str) -> Any:
    """A text of several lines that can be selected and copied."""
    label = QtWidgets.QLabel()
    label.setWordWrap(True)
    label.setAccessibleName(name)
    flags = QtCore.Qt.TextInteractionFlag
    label.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    label.setMinimumWidth(10)
    return label


def fill(combo: Any, items: dict[str, str], chosen: str) -> None:
    """The choices of a combo box: text by value."""
    combo.clear()
    for value, label in items.items():
        combo.addItem(label, value)
    combo.setCurrentIndex(max(0, combo.findData(chosen)))


def control(row: Any, value: Any, changed: Callable[[], None]) -> Any:
    """What a row of the kit's options is chosen with. `value_of` reads it."""
    if row.kind == "switch":
        made = QtWidgets.QCheckBox(kit.tr(row.title))
        made.setChecked(bool(value))
        made.toggled.connect(lambda _checked: changed())
    elif row.kind == "number":
        made = QtWidgets.QDoubleSpinBox()
        made.setRange(row.low, row.high)
        made.setDecimals(1)
        made.setSingleStep(row.step)
        made.setSuffix(" " + row.unit)
        made.setValue(float(value))
        made.valueChanged.connect(lambda _value: changed())
    elif row.kind == "text":
        made = QtWidgets.QLineEdit(value)
        made.setClearButtonEnabled(True)
        made.setMinimumWidth(10)
        made.textChanged.connect(lambda _text: changed())
    else:
        made = QtWidgets.QComboBox()
        made.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        made.setMinimumContentsLength(6)
        fill(made, {choice: kit.tr(label) for choice, label in row.choices}, value)
        made.activated.connect(lambda _index: changed())
    made.setToolTip(kit.tr(row.tip))
    made.setAccessibleName(kit.tr(row.title))
    made.setObjectName(row.name)
    return made


def value_of(made: Any) -> Any:
    """What is chosen in a `control`."""
    if isinstance(made, QtWidgets.QCheckBox):
        return made.isChecked()
    if isinstance(made, QtWidgets.QDoubleSpinBox):
        return made.value()
    if isinstance(made, QtWidgets.QLineEdit):
        return made.text()
    return made.currentData() or ""


class Notice(QtWidgets.QWidget):
    """A text in place, and where it is an error, the button that does the cure."""

    def __init__(self, name: str, cures: dict[str, Callable[[], None]]) -> None:
        super().__init__()
        self._cures = cures
        self._text = text(name)
        self._cure = button("")
        self._cure.setObjectName("cure")
        self._cure.clicked.connect(lambda _checked: self._do())
        self._action = ""
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._text)
        column.addWidget(self._cure)
        self.show_text("")

    def show_text(self, words: str, more: str = "") -> None:
        """Shows a text; `more` is its tool tip."""
        self._show(words, more, "", "")

    def fail(self, why: ClientError, label: str = "", action: str = "") -> None:
        """Shows an error with its cure: the kit's, or `label` and `action` where they are given."""
        cure = kit.cure(why)
        own = action or (cure.action if cure.action in self._cures else "")
        self._show(cure.text, cure.detail or str(why), own, label or cure.label)

    def words(self) -> str:
        """What it says."""
        return str(self._text.text())

    def _show(self, words: str, more: str, action: str, label: str) -> None:
        self._text.setText(words)
        self._text.setToolTip(more)
        self._text.setVisible(bool(words))
        self._action = action
        self._cure.setText(label)
        self._cure.setToolTip(more)
        self._cure.setVisible(bool(action))

    def _do(self) -> None:
        self._cures[self._action]()


class Picked(QtWidgets.QWidget):
    """A line for a file's path with a Browse button beside it."""

    def __init__(self, path: str, title: str) -> None:
        super().__init__()
        self.line = QtWidgets.QLineEdit(path)
        self._title = title
        self._dialog: Any = None
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(button(_("Browse…"), title, self._browse))
        self.setFocusProxy(self.line)

    def _browse(self) -> None:
        self._dialog = QtWidgets.QFileDialog(self, self._title, self.line.text())
        self._dialog.fileSelected.connect(self.line.setText)
        self._dialog.open()  # not exec: Krita stands still in a nested event loop
