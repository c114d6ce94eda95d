# SPDX-License-Identifier: Apache-2.0
"""The engine's reports in words: of a run, and of the engine itself (`op` "status")."""

from .languages import _native, tr
from .objects import display_name

_POINT = b" \xc2\xb7 ".decode("utf-8")


def summary(report, seconds):
    """One run in a few words: models, device, seconds, and which objects were found. seconds: the
    whole time the user saw."""
    networks = [report.get(name) for name in ("model", "matting")]
    networks = [name for name in networks if name and name != "none"]
    words = [" + ".join(networks), report.get("device") or "", tr("%.1f s") % seconds]
    words.append(", ".join(display_name(each["name"]) for each in report.get("objects") or ()))
    return _native(_POINT.join(_text(word) for word in words if word))


def engine_facts(report, engine=""):
    """What a test of the engine found, a sentence each. engine: as the client's `str` says it."""
    working = [device["name"] for device in report.get("devices", ()) if device.get("works")]
    models = [model["id"] for model in report.get("models", ())]
    where = " (%s)" % engine if engine else ""
    return [
        tr("Engine: version %s%s") % (_native(report["version"]), where),
        tr("Devices that work: %s") % (_native(", ".join(working)) or tr("none")),
        tr("Models installed: %s") % (_native(", ".join(models)) or tr("none")),
    ]


def _text(word):
    return word.decode("utf-8") if isinstance(word, bytes) else word
