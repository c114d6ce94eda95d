# SPDX-License-Identifier: Apache-2.0
"""The one way to go through a picture from top to bottom, so that arithmetic on all of it needs no
second whole picture."""

from __future__ import annotations

from collections.abc import Iterator

_PIXELS = 1 << 20
"""Of a strip whose height nobody set: large enough for numpy, small enough for the cache."""


def strips(height: int, width: int, rows: int | None = None) -> Iterator[slice]:
    """The rows of a picture of height x width, cut into slices.

    Parameters
    ----------
    height, width
        Of the picture, in pixels.
    rows
        The height of a strip; None for strips of about a megapixel.

    Yields
    ------
    slice
        Rows with explicit start and stop; the last strip may be lower than the others.
    """
    rows = rows or max(1, _PIXELS // max(1, width))
    for start in range(0, height, rows):
        yield slice(start, min(start + rows, height))
