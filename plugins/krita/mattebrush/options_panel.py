# SPDX-License-Identifier: GPL-3.0-or-later
"""The options below the docker's fold: a control for each of the kit's rows, and Krita's own."""

from __future__ import annotations

from typing import Any

from . import choices
from . import mattebrush_kit as kit
from .mattebrush_client import ClientError
from .qt import QtCore, QtWidgets
from .texts import _
from .widgets import control, fill, value_of

BACKDROPS = {
    "tint": _("Picture, tinted"),
    "black": _("Black"),
    "white": _("White"),
    "green": _("Green"),
}
_MORE = "?"
"""Stands in the list of models for the window with all there are."""


class OptionsPanel(QtWidgets.QWidget):
    """Keeps what is chosen as soon as it is. `more`: room for further controls. Signals:
    `more_models` when the user wants to see all there are; `failed` with a ClientError when a
    choice cannot be kept.
    """

    more_models = QtCore.pyqtSignal()
    failed = QtCore.pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self.more = QtWidgets.QWidget()
        self._now = choices.load()
        self._models: list[dict[str, str]] = []
        form = QtWidgets.QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(3)
        form.setRowWrapPolicy(QtWidgets.QFormLayout.RowWrapPolicy.DontWrapRows)
        form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._controls = {}
        for row in [*kit.options_for("remove"), kit.option("text")]:
            made = control(row, self._now.values[row.name], self._changed)
            self._controls[row.name] = made
            if isinstance(made, QtWidgets.QCheckBox):
                form.addRow(made)
            else:
                label = QtWidgets.QLabel(kit.tr(row.title))
                label.setWordWrap(True)
                form.addRow(label, made)
        self._preview = QtWidgets.QCheckBox(_("Preview before it is a mask"))
        self._preview.setToolTip(_("Shows on the canvas what was found, until it is accepted."))
        self._preview.setChecked(self._now.preview)
        self._frames = QtWidgets.QCheckBox(_("All frames of an animation"))
        self._frames.setToolTip(_("A mask with a frame for each one of the layer."))
        self._frames.setChecked(self._now.all_frames)
        for box in (self._preview, self._frames):
            box.toggled.connect(lambda _checked: self._changed())
            form.addRow(box)
        form.addRow(self.more)
        self.show_models([])

    def keep(self, **own: Any) -> None:
        """Keeps Krita's own choices, by their names in `Choices`."""
        for name, value in own.items():
            setattr(self._now, name, value)
        try:
            choices.save(self._now)
        except ClientError as why:
            self.failed.emit(why)

    def choose(self, name: str, value: str, label: str = "") -> None:
        """Chooses for the user, as if they had. label: what a value is called that is new."""
        combo = self._controls[name]
        if combo.findData(value) < 0:
            combo.addItem(label or value, value)
        combo.setCurrentIndex(combo.findData(value))
        self._changed()

    def choose_model(self, model: Any) -> None:
        """Takes a model, the kit's `Model`, for the work that its kind does. One for words needs
        no choosing: it is taken when there are words.
        """
        if model.kind in kit.WORD_KINDS:
            return
        option = "matting" if model.kind == "trimap" else "model"
        if model.embedded:
            self.choose(option, kit.option(option).default)
        else:
            self.choose(option, model.id, model.name)

    def show_models(self, installed: list[dict[str, str]]) -> None:
        """Offers the models that can run now, as the engine's status lists them: "id", "kind" and
        "name" each.
        """
        self._models = installed
        now = self._now.values
        row = kit.option("matting")
        always = {value: kit.tr(label) for value, label in row.choices}
        fill(
            self._controls["model"],
            {
                "": _("Built in"),
                **self._named(kit.SUBJECT_KINDS, now["model"]),
                _MORE: _("Get more…"),
            },
            now["model"],
        )
        mattings = self._named(("trimap",), now["matting"])
        others = {name: label for name, label in mattings.items() if name not in always}
        fill(self._controls["matting"], {**always, **others}, now["matting"])

    def _named(self, kinds: tuple[str, ...], chosen: str) -> dict[str, str]:
        """The names, by id, of what is installed beside the built-in ones; `chosen` too, though it
        may not be there any more.
        """
        names = {
            model["id"]: model.get("name") or model["id"]
            for model in self._models
            if model["kind"] in kinds and not model["id"].startswith("mattebrush-")
        }
        return names if not chosen or chosen in names else {**names, chosen: chosen}

    def _changed(self) -> None:
        if self._controls["model"].currentData() == _MORE:
            self.show_models(self._models)
            self.more_models.emit()
            return
        self._now.values = {name: value_of(made) for name, made in self._controls.items()}
        self._now.preview = self._preview.isChecked()
        self._now.all_frames = self._frames.isChecked()
        self.keep()
