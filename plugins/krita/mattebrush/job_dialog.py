# SPDX-License-Identifier: GPL-3.0-or-later
"""What the windows that start long work have in common: one `Work` at a time, its progress, Cancel,
and a notice with the cure when it fails.
"""

from __future__ import annotations

from typing import Any, Callable

from . import mattebrush_client as client
from .qt import QtCore, QtWidgets
from .steps import Steps, Work
from .widgets import Notice, button


class JobDialog(QtWidgets.QDialog):
    """Show it with `show()`. Closing it ends what is under way; what has arrived is kept.

    Parameters
    ----------
    parent
        The widget it belongs to.
    title
        Of the window.
    notice
        What a screen reader calls the notice.
    try_again
        What the notice's "Try Again" does.
    cancel
        (text, tool tip) of the button that ends the work.
    """

    def __init__(
        self,
        parent: QtWidgets.QWidget,
        title: str,
        notice: str,
        try_again: Callable[[], None],
        cancel: tuple[str, str],
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self._steps: Steps | None = None
        self._bar = QtWidgets.QProgressBar()
        self._cancel = button(*cancel, self._stop)
        self._notice = Notice(notice, {"try-again": try_again})

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self._steps is not None

    def _add_progress(self, column: QtWidgets.QVBoxLayout) -> None:
        """Puts progress, Cancel and the notice at the end of the window's column."""
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self._bar, 1)
        row.addWidget(self._cancel)
        column.addLayout(row)
        column.addWidget(self._notice)

    def _show(self) -> None:
        """Shows what can be done now. Each window has its own."""
        raise NotImplementedError

    def _begin(self, work: Work, ended: Callable[[Any], None]) -> None:
        """Runs `work`, and hands its result to `ended`."""

        def done(result: Any) -> None:
            self._steps = None
            ended(result)

        self._steps = Steps(work, self)
        self._steps.ended.connect(done)
        self._steps.failed.connect(self._failed)
        self._show()

    def _failed(self, why: Exception) -> None:
        self._steps = None
        if not isinstance(why, client.ClientError):
            why = client.ClientError(str(why))
        self._show()
        self._notice.fail(why)

    def _stop(self) -> None:
        if self._steps is not None:
            self._steps.cancel()

    def reject(self) -> None:
        """Qt's: Escape, or the window's close button."""
        self._stop()
        super().reject()
