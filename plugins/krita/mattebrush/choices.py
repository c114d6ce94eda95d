# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose in the docker, kept from one session to the next.

Model, device and engine are the user's on this machine, whatever the host, so they are in the
client's settings; the rest is in Krita's own.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from krita import Krita

from . import mattebrush_client as client

BUILT_IN = "mattebrush-subject"
"""The model that comes with the engine: what is taken when none is chosen."""

DETAILS = ("auto", "guided", "none")
"""How the soft edge is found: the best method at hand, the quick one, not at all. Or the catalogue
id of a matting model that is installed."""

DEVICES = ("auto", "cpu", "cuda", "directml", "coreml", "openvino")

_GROUP = "mattebrush"


@dataclasses.dataclass
class Choices:
    """model: catalogue id, "" for the built-in one. device: one of `DEVICES`. detail: see
    `DETAILS`. feather, shift_edge: pixels. clean_colors: make a layer with clean colours instead
    of a mask on the layer itself. keep_old: a mask of ours that is replaced stays, hidden, until
    the user accepts the new one. all_frames: of an animated layer, not only the current one.
    """

    model: str = ""
    device: str = "auto"
    detail: str = "auto"
    feather: float = 0.0
    shift_edge: float = 0.0
    clean_colors: bool = False
    keep_old: bool = True
    all_frames: bool = False

    def options(self, op: str) -> dict[str, Any]:
        """The options of a job of the kind `op` (docs/job-contract.md)."""
        options: dict[str, Any] = {"op": op, "depth": 8, "device": self.device}
        options["decontaminate"] = op == "decontaminate" or (op == "remove" and self.clean_colors)
        if op in ("remove", "refine"):
            options["matting"] = self.detail
        if op == "remove":
            options.update(feather=self.feather, shift_edge=self.shift_edge)
            if self.model:
                options["model"] = self.model
        return options


_SHARED = ("model", "device")


def load() -> Choices:
    """What was chosen last; the defaults where nothing was, or nothing that makes sense."""
    choices = Choices()
    shared = client.Settings.load().other
    for field in dataclasses.fields(Choices):
        if field.name in _SHARED:
            text = str(shared.get(field.name, field.default))
        else:
            text = Krita.instance().readSetting(_GROUP, field.name, str(field.default))
        setattr(choices, field.name, _parsed(text, field.default))
    if choices.device not in DEVICES:
        choices.device = DEVICES[0]
    return choices


def save(choices: Choices) -> None:
    """Keeps them. Raises ClientError when the shared settings cannot be written."""
    before = load()
    for field in dataclasses.fields(Choices):
        if field.name not in _SHARED:
            value = str(getattr(choices, field.name))
            Krita.instance().writeSetting(_GROUP, field.name, value)
    if any(getattr(before, name) != getattr(choices, name) for name in _SHARED):
        settings = client.Settings.load()
        settings.other.update({name: getattr(choices, name) for name in _SHARED})
        settings.save()


def _parsed(text: str, default: Any) -> Any:
    if isinstance(default, bool):
        return text == "True"
    if isinstance(default, float):
        try:
            return float(text)
        except ValueError:
            return default
    return text
