# SPDX-License-Identifier: Apache-2.0
"""How far a long command is: one line that stays in place on a terminal, a line now and then in a
log; and how the time left is written."""

from __future__ import annotations

import sys
import time

_TERMINAL_SECONDS, _LOG_SECONDS = 0.2, 10.0


class StatusLine:
    """One line on standard error.

    Parameters
    ----------
    visible : bool
        Whether anything is printed.
    """

    def __init__(self, visible: bool) -> None:
        self._visible, self._printed = visible, float("-inf")

    def is_due(self, now: float, last: bool = False) -> bool:
        """Whether it is time for the next line.

        Parameters
        ----------
        now : float
            By `time.monotonic`.
        last : bool, optional
            Whether the work is done with it.

        Returns
        -------
        bool
        """
        seconds = _TERMINAL_SECONDS if sys.stderr.isatty() else _LOG_SECONDS
        return self._visible and (last or now - self._printed >= seconds)

    def show(self, parts: list[str]) -> None:
        """Prints the line in place of the one before.

        Parameters
        ----------
        parts : list[str]
            What it says.
        """
        self._printed = time.monotonic()
        start, end = ("\r\x1b[K", "") if sys.stderr.isatty() else ("", "\n")
        print(start + "  ".join(parts), end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the terminal's line, if one is there."""
        if self._printed > 0 and sys.stderr.isatty():
            print(file=sys.stderr)
        self._printed = float("-inf")


def time_left(count: int, pace: float) -> str:
    """How long what is left takes, such as "1:05 left".

    Parameters
    ----------
    count : int
        How much is left.
    pace : float
        How much is done in a second.

    Returns
    -------
    str
    """
    minutes, seconds = divmod(round(max(0, count) / pace), 60)
    return f"{minutes}:{seconds:02d} left"
