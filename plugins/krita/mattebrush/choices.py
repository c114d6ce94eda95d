# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose in the docker, kept from one session to the next.

The kit says which options there are. Model, device and engine are the user's on this machine,
whatever the host, so they are in the client's settings; the rest is in Krita's own.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from krita import Krita

from . import mattebrush_client as client
from . import mattebrush_kit as kit

SHARED = ("model", "device")
"""The options whose values all hosts share."""

BACKDROPS = ("tint", "black", "white", "green")
"""What a preview is shown on: the picture with what goes tinted, or the subject on a color."""

_GROUP = "mattebrush"


@dataclasses.dataclass
class Choices:
    """values: of the kit's options, by their names. preview: show what was found on the canvas and
    wait until it is accepted. backdrop: one of `BACKDROPS`. all_frames: of an animated layer, not
    only the current one. folded: whether the docker shows no options. shown: whether the docker is.
    """

    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    preview: bool = False
    backdrop: str = BACKDROPS[0]
    all_frames: bool = False
    folded: bool = True
    shown: bool = True

    @property
    def clean_colors(self) -> bool:
        """Whether a layer with clean colors is made instead of a mask on the layer itself."""
        return bool(self.values.get("decontaminate"))

    @property
    def existing(self) -> str:
        """What becomes of a mask that is there: "replace", "intersect" or "add"."""
        return str(self.values.get("existing", kit.option("existing").default))

    def options(self, op: str, **more: Any) -> dict[str, Any]:
        """The options of a job of the kind `op` (docs/job-contract.md)."""
        more.setdefault("decontaminate", op == "decontaminate")
        options: dict[str, Any] = kit.job_options(op, self.values, depth=8, **more)
        if "matting" in options:  # the kit's row does not know the models that are installed
            options["matting"] = self.values.get("matting") or options["matting"]
        return options


def load() -> Choices:
    """What was chosen last; the defaults where nothing was, or nothing that makes sense."""
    shared = client.Settings.load().other
    values = {}
    for row in kit.OPTIONS:
        if row.name in SHARED:
            value = shared.get(row.name, row.default)
        else:
            value = _read(row.name, row.default)
        if row.name == "matting" and value:  # the catalogue's matting models are choices too
            values[row.name] = str(value)
        else:
            values[row.name] = kit.checked(row.name, value)
    choices = Choices(values)
    for field in dataclasses.fields(Choices):
        if field.name != "values":
            setattr(choices, field.name, _read(field.name, field.default))
    if choices.backdrop not in BACKDROPS:
        choices.backdrop = BACKDROPS[0]
    return choices


def save(choices: Choices) -> None:
    """Keeps them. Raises ClientError when the shared settings cannot be written."""
    before = load()
    own = {name: value for name, value in choices.values.items() if name not in SHARED}
    for field in dataclasses.fields(Choices):
        if field.name != "values":
            own[field.name] = getattr(choices, field.name)
    for name, value in own.items():
        Krita.instance().writeSetting(_GROUP, name, str(value))
    shared = {name: choices.values.get(name, kit.option(name).default) for name in SHARED}
    if any(before.values[name] != value for name, value in shared.items()):
        settings = client.Settings.load()
        settings.other.update(shared)
        settings.save()


def _read(name: str, default: Any) -> Any:
    text = Krita.instance().readSetting(_GROUP, name, str(default))
    if isinstance(default, bool):
        return text == "True"
    if isinstance(default, float):
        try:
            return float(text)
        except ValueError:
            return default
    return text
