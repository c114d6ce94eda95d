# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks now and then whether there is an engine, and asks it once what it can do."""

from __future__ import annotations

from typing import Any

from . import jobs
from . import mattebrush_client as client
from . import mattebrush_kit as kit
from .qt import QtCore, QTimer
from .steps import Steps, Work, in_thread
from .texts import _

_EVERY = 5000
_FIRST = 500


class EngineWatch(QtCore.QObject):
    """Signals: `ready` with a sentence on the engine and more facts; `missing` with the ClientError
    that says why there is none; `models_known` with a dictionary for each model that can run now.

    It looks only while its parent is shown. Asking costs a second of another process, so that is
    done when the engine is another than before.
    """

    ready = QtCore.pyqtSignal(str, str)
    missing = QtCore.pyqtSignal(object)
    models_known = QtCore.pyqtSignal(list)

    def __init__(self, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self._steps: Steps | None = None
        self._known_engine = ""
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._due)
        self._timer.start(_FIRST)

    def look(self) -> None:
        """Looks now, and asks again whatever was known."""
        self._known_engine = ""
        self._due()

    @property
    def settled(self) -> bool:
        """Whether it knows the engine and is not asking."""
        return bool(self._known_engine) and self._steps is None

    def _due(self) -> None:
        self._timer.setInterval(_EVERY)
        if self._steps is None and self.parent().isVisible():
            self._steps = Steps(self._work(), self)
            self._steps.ended.connect(self._known)
            self._steps.failed.connect(self._failed)

    def _work(self) -> Work:
        engine = yield from in_thread(client.connect)
        if str(engine) == self._known_engine:
            return None
        self._known_engine = str(engine)
        answer = yield from jobs.run(lambda stage, fraction: None, {"op": "status"})
        return str(engine), answer.report

    def _known(self, status: Any) -> None:
        self._steps = None
        if status is None:
            return
        engine, report = status
        works = ", ".join(each["name"] for each in report["devices"] if each["works"])
        facts = "\n".join(kit.engine_facts(report, engine))
        self.ready.emit(_("Engine %s ready (%s)") % (report["version"], works), facts)
        self.models_known.emit(report["models"])

    def _failed(self, why: Exception) -> None:
        self._steps = None
        self._known_engine = ""
        if not isinstance(why, client.ClientError):
            why = client.ClientError(str(why))
        self.missing.emit(why)
