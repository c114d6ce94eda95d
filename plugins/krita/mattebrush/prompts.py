# SPDX-License-Identifier: GPL-3.0-or-later
"""The selection as a prompt: each small spot of it is a point, each larger area a box.

So every selection tool of Krita is a way to point: a click with a small ellipse, Shift for more.
"""

from __future__ import annotations

import re
from typing import Any, Tuple

_SPOT = 0.02
"""Of the picture's longer side: what is smaller in both directions is a point."""

_HALF_SELECTED = re.compile(rb"[\x80-\xff]+")
_MOST = 64
"""Areas beyond which it is no pointing any more, and only the whole's box is given."""

_Box = Tuple[int, int, int, int]


def prompt(selection: bytes, width: int, height: int) -> dict[str, Any]:
    """Points [x, y, 1] and boxes [x0, y0, x1, y1] of a selection, one byte a pixel.

    The result is empty when nothing is selected.
    """
    areas = _areas(selection, width, height)
    if len(areas) > _MOST:
        left, top, right, bottom = zip(*areas)
        areas = [(min(left), min(top), max(right), max(bottom))]
    spot = max(3.0, _SPOT * max(width, height))
    marks: dict[str, Any] = {"points": [], "boxes": []}
    for x0, y0, x1, y1 in areas:
        if max(x1 - x0, y1 - y0) <= spot:
            marks["points"].append([(x0 + x1) / 2, (y0 + y1) / 2, 1])
        else:
            marks["boxes"].append([x0, y0, x1, y1])
    return {name: values for name, values in marks.items() if values}


def _areas(selection: bytes, width: int, height: int) -> list[_Box]:
    """The bounding boxes of the selection's connected areas: union-find over runs of pixels."""
    boxes: list[_Box] = []
    parents: list[int] = []
    rows = memoryview(selection)
    above: list[tuple[int, int, int]] = []
    for y in range(height):
        here = []
        for run in _HALF_SELECTED.finditer(rows[y * width : (y + 1) * width]):
            start, end = run.span()
            label = len(boxes)
            boxes.append((start, y, end, y + 1))
            parents.append(label)
            here.append((start, end, label))
            for other_start, other_end, other in above:
                if other_start < end and start < other_end:
                    parents[_root(parents, other)] = label
        above = here
    merged: dict[int, _Box] = {}
    for label, box in enumerate(boxes):
        root = _root(parents, label)
        x0, y0, x1, y1 = merged.get(root, box)
        merged[root] = (min(x0, box[0]), min(y0, box[1]), max(x1, box[2]), max(y1, box[3]))
    return sorted(merged.values(), key=lambda box: (box[1], box[0]))


def _root(parents: list[int], label: int) -> int:
    while parents[label] != label:
        parents[label] = label = parents[parents[label]]
    return label
