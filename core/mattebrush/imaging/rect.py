# SPDX-License-Identifier: Apache-2.0
"""The one rectangle of whole pixels."""

from __future__ import annotations

from typing import NamedTuple


class Rect(NamedTuple):
    """A rectangle of whole pixels, x1 and y1 exclusive; may reach beyond a picture."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def of(cls, window: tuple[slice, slice]) -> Rect:
        """The rectangle that rows and columns with explicit ends span.

        Parameters
        ----------
        window : tuple[slice, slice]
            What is looked at.

        Returns
        -------
        Rect
        """
        rows, columns = window
        return cls(columns.start, rows.start, columns.stop, rows.stop)

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def slices(self) -> tuple[slice, slice]:
        """Indexes an array of (H, W, ...)."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def within(self, other: Rect) -> Rect:
        """The part inside `other`; empty where they do not meet.

        Parameters
        ----------
        other : Rect
            The rectangle to stay in.

        Returns
        -------
        Rect
        """
        return Rect(
            max(self.x0, other.x0),
            max(self.y0, other.y0),
            min(self.x1, other.x1),
            min(self.y1, other.y1),
        )

    def seen_from(self, other: Rect) -> Rect:
        """The same rectangle in the coordinates of `other`'s corner.

        Parameters
        ----------
        other : Rect
            Whose corner becomes the origin.

        Returns
        -------
        Rect
        """
        return Rect(self.x0 - other.x0, self.y0 - other.y0, self.x1 - other.x0, self.y1 - other.y0)

    def grown(self, margin: int) -> Rect:
        """`margin` pixels larger on every side.

        Parameters
        ----------
        margin : int
            Pixels to each side.

        Returns
        -------
        Rect
        """
        return Rect(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)
