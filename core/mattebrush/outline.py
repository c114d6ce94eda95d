# SPDX-License-Identifier: Apache-2.0
"""A mask's outline as curves: the clipping path that print and layout ask for.

The level line of one half is followed between pixels (marching squares; Lorensen and Cline, 1987,
in the plane), split at its corners, and fitted with cubic Bézier curves (Schneider, "An algorithm
for automatically fitting digitized curves", Graphics Gems, 1990). `blocks` is Adobe's form of it
("Photoshop File Formats Specification", 2019), which PSD, TIFF and JPEG carry; `svg` is the web's.
"""

from __future__ import annotations

import dataclasses
import html
import re
import struct
from collections.abc import Mapping

import numpy as np

from .errors import OptionInvalid
from .imaging import gaussian
from .imaging.depth import to_unit
from .imaging.morphology import dilated

NAME = "Subject"
"""Of the path in a file."""

_PATH, _CLIPPING_PATH = 2000, 2999  # numbers of Adobe's blocks
_LONGEST_BLOCKS = 65_000
"""What one segment of a JPEG holds; of a path that needs more, the tolerance is raised."""

_HAIR = 1 / 250
"""Of the longest side: what is thinner counts as hair."""

_CORNER = 50.0
"""Degrees by which an outline has to turn at once to be a corner."""

_SMALLEST = 8.0
"""Square tolerances: what is smaller is left out."""


@dataclasses.dataclass(frozen=True)
class Outline:
    """Closed curves around a subject; by the even-odd rule, holes are outside.

    width, height: of the picture in pixels. curves: for each, (N, 3, 2): N knots, each the control
    point before it, itself, and the control point after it, as x, y in pixels from the top left.
    tolerance: how far the curves may be from the mask's edge, in pixels.
    """

    width: int
    height: int
    curves: tuple[np.ndarray, ...]
    tolerance: float

    @property
    def knots(self) -> int:
        """How many there are."""
        return sum(len(curve) for curve in self.curves)


def trace(alpha: np.ndarray, tolerance: float = 1.5, hair: bool = False) -> Outline:
    """The outline of what is more than half opaque.

    Parameters
    ----------
    alpha
        (H, W), any depth.
    tolerance
        How far the curves may be from that edge: .5 to 20 pixels. It is raised where a path would
        become larger than a JPEG can hold.
    hair
        Whether hairs and other thin strands belong to it.

    Returns
    -------
    Outline

    Raises
    ------
    OptionInvalid
        For a tolerance out of range.
    """
    if not 0.5 <= tolerance <= 20:
        raise OptionInvalid(f"The path's tolerance is {tolerance:g}.", "Give .5 to 20 pixels.")
    height, width = alpha.shape
    plane = to_unit(alpha)
    if not hair:
        plane = np.where(_body(plane), plane, np.float32(0))
    lines = _level_lines(plane)
    while True:
        kept = [line for line in lines if abs(_area(line)) >= _SMALLEST * tolerance**2]
        curves = tuple(curve for line in kept if len(curve := _fitted(line, tolerance)) > 1)
        outline = Outline(width, height, curves, tolerance)
        size = len(blocks(outline))
        if size <= _LONGEST_BLOCKS or tolerance >= 20:
            return outline
        tolerance = min(20.0, tolerance * max(1.5, size / _LONGEST_BLOCKS))


def _body(plane: np.ndarray) -> np.ndarray:
    """What is not thin: a blur washes strands away, and what stays is grown back to its edge."""
    radius = max(1.5, _HAIR * max(plane.shape))
    solid = gaussian.blurred((plane > 0.5).astype(np.float32), radius) > 0.5
    return dilated(solid, round(radius) + 1)


# Sides of a cell: the edge's middle is found on the line between two pixels.
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
_STEPS: dict[int, tuple[tuple[int, int], ...]] = {
    8: ((_TOP, _LEFT),),
    4: ((_RIGHT, _TOP),),
    2: ((_BOTTOM, _RIGHT),),
    1: ((_LEFT, _BOTTOM),),
    12: ((_RIGHT, _LEFT),),
    6: ((_BOTTOM, _TOP),),
    3: ((_LEFT, _RIGHT),),
    9: ((_TOP, _BOTTOM),),
    14: ((_BOTTOM, _LEFT),),
    13: ((_RIGHT, _BOTTOM),),
    11: ((_TOP, _RIGHT),),
    7: ((_LEFT, _TOP),),
    10: ((_TOP, _LEFT), (_BOTTOM, _RIGHT)),
    5: ((_RIGHT, _TOP), (_LEFT, _BOTTOM)),
}
"""From which side of a cell to which the line goes, by its corners inside (top left 8, top right 4,
bottom right 2, bottom left 1), the inside at its right."""


def _level_lines(plane: np.ndarray) -> list[np.ndarray]:
    """Closed lines (N, 2) of x, y along the level of one half, in pixels from the top left corner
    of the picture."""
    padded = np.pad(plane, 1)
    height, width = padded.shape
    inside = padded > 0.5
    code = inside[:-1, :-1] * 8 + inside[:-1, 1:] * 4 + inside[1:, 1:] * 2 + inside[1:, :-1] * 1
    # Edges between pixels by number: from (y, x) to the right, then from (y, x) downward.
    down = height * width
    offsets = {_TOP: 0, _BOTTOM: width, _LEFT: down, _RIGHT: down + 1}
    following: dict[int, int] = {}
    for corners, steps in _STEPS.items():
        rows, columns = np.nonzero(code == corners)
        cells = rows * width + columns
        for start, end in steps:
            pairs = zip(
                (cells + offsets[start]).tolist(), (cells + offsets[end]).tolist(), strict=True
            )
            following.update(pairs)
    lines = []
    while following:
        first, at = following.popitem()
        edges = [first]
        while at != first:
            edges.append(at)
            at = following.pop(at)
        lines.append(_points(np.array(edges), padded, down))
    return lines


def _points(edges: np.ndarray, padded: np.ndarray, down: int) -> np.ndarray:
    """Where the level crosses each edge, by the values at its ends."""
    width = padded.shape[1]
    vertical = edges >= down
    y, x = np.divmod(np.where(vertical, edges - down, edges), width)
    near = padded[y, x].astype(np.float64)
    far = padded[y + vertical, x + ~vertical].astype(np.float64)
    share = np.clip((0.5 - near) / (far - near), 0, 1)
    # Pixel (0, 0) has its middle at .5, .5; the padding stands before it.
    points = np.stack([x + share * ~vertical, y + share * vertical], axis=1) - 0.5
    limits = np.array([width - 2, padded.shape[0] - 2], np.float64)
    return np.clip(points, 0, limits)


def _area(line: np.ndarray) -> float:
    x, y = line[:, 0], line[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _fitted(line: np.ndarray, tolerance: float) -> np.ndarray:
    """Knots (N, 3, 2) of a closed curve along a closed line."""
    corners = _corners(line, tolerance)
    if not len(corners):
        # A smooth knot where the line begins, and one at its other end.
        corners = np.array([0, len(line) // 2])
        smooth = True
    else:
        smooth = False
        if len(corners) == 1:
            corners = np.array([corners[0], (corners[0] + len(line) // 2) % len(line)])
            corners.sort()
    beziers: list[np.ndarray] = []
    for start, end in zip(corners, np.roll(corners, -1), strict=True):
        stop = end if end > start else end + len(line)
        part = line[np.arange(start, stop + 1) % len(line)]
        if smooth:
            first, last = _direction(line, int(start)), -_direction(line, int(end))
        else:
            reach = min(len(part) - 1, max(2, round(2 * tolerance)))
            first, last = _unit(part[reach] - part[0]), _unit(part[-1 - reach] - part[-1])
        _fit(part, first, last, tolerance, beziers)
    knots = np.empty((len(beziers), 3, 2))
    for number, bezier in enumerate(beziers):
        knots[number, 0] = beziers[number - 1][2]
        knots[number, 1], knots[number, 2] = bezier[0], bezier[1]
    return knots


def _corners(line: np.ndarray, tolerance: float) -> np.ndarray:
    """Indices at which the line turns at once."""
    count = len(line)
    reach = max(3, round(3 * tolerance))
    if count < 4 * reach:
        return np.arange(0, count, max(1, count // 4))
    before, after = line - np.roll(line, reach, axis=0), np.roll(line, -reach, axis=0) - line
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turn = np.degrees(np.abs(np.arctan2(cross, (before * after).sum(axis=1))))
    windows = np.stack([np.roll(turn, shift) for shift in range(-reach, reach + 1)])
    corners = np.flatnonzero((turn > _CORNER) & (turn >= windows.max(axis=0)))
    # Of equal ones side by side, the first.
    return (
        corners[np.diff(corners, prepend=corners[-1:] - count) > reach] if len(corners) else corners
    )


def _direction(line: np.ndarray, at: int) -> np.ndarray:
    count = len(line)
    return _unit(line[(at + 2) % count] - line[(at - 2) % count])


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.hypot(*vector))
    return vector / length if length > 0 else np.array([1.0, 0.0])


def _fit(
    points: np.ndarray, first: np.ndarray, last: np.ndarray, tolerance: float, out: list[np.ndarray]
) -> None:
    """Curves (4, 2) along `points`, which leave along `first` and arrive against `last`."""
    todo = [(points, first, last)]
    while todo:
        part, start, end = todo.pop()
        curve, worst, split = _one(part, start, end, tolerance)
        if worst <= tolerance or len(part) < 4:
            out.append(curve)
            continue
        middle = _unit(part[max(split - 2, 0)] - part[min(split + 2, len(part) - 1)])
        todo.append((part[split:], -middle, end))
        todo.append((part[: split + 1], start, middle))


def _one(
    points: np.ndarray, first: np.ndarray, last: np.ndarray, tolerance: float
) -> tuple[np.ndarray, float, int]:
    """The best single curve, how far from the points it is, and at which of them."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    places = np.concatenate([[0.0], np.cumsum(steps)])
    places /= max(places[-1], 1e-9)
    curve, worst, split = points[[0, 0, -1, -1]], np.inf, len(points) // 2
    for _ in range(5):
        curve = _least_squares(points, places, first, last)
        apart = np.hypot(*(_at(curve, places) - points).T)
        split = int(np.clip(np.argmax(apart), 1, max(1, len(points) - 2)))
        worst = float(apart.max())
        if worst <= tolerance or worst > 4 * tolerance or len(points) < 4:
            break
        places = _nearer(curve, points, places)
    return curve, worst, split


def _at(curve: np.ndarray, places: np.ndarray) -> np.ndarray:
    t = places[:, None]
    s = 1 - t
    return s**3 * curve[0] + 3 * s * s * t * curve[1] + 3 * s * t * t * curve[2] + t**3 * curve[3]


def _least_squares(
    points: np.ndarray, places: np.ndarray, first: np.ndarray, last: np.ndarray
) -> np.ndarray:
    """The curve of given directions at its ends that is nearest to the points."""
    t, s = places, 1 - places
    handles = np.stack([3 * s * s * t, 3 * s * t * t])
    directions = np.stack([first, last])
    design = handles[:, :, None] * directions[:, None, :]  # (2, N, 2)
    fixed = (s**3 + 3 * s * s * t)[:, None] * points[0] + (t**3 + 3 * s * t * t)[:, None] * points[
        -1
    ]
    matrix = np.einsum("ind,jnd->ij", design, design)
    target = np.einsum("ind,nd->i", design, points - fixed)
    chord = float(np.hypot(*(points[-1] - points[0])))
    lengths = np.full(2, chord / 3)
    if abs(np.linalg.det(matrix)) > 1e-9:
        solved = np.linalg.solve(matrix, target)
        # Handles of nothing, or that point back, make cusps; very long ones make loops.
        if (solved > 1e-3 * chord).all() and (solved < 4 * max(chord, 1.0)).all():
            lengths = solved
    return np.stack(
        [points[0], points[0] + first * lengths[0], points[-1] + last * lengths[1], points[-1]]
    )


def _nearer(curve: np.ndarray, points: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Places on the curve moved toward the points (one step of Newton's method)."""
    t = places[:, None]
    s = 1 - t
    d = np.diff(curve, axis=0) * 3
    dd = np.diff(d, axis=0) * 2
    velocity = s * s * d[0] + 2 * s * t * d[1] + t * t * d[2]
    bend = s * dd[0] + t * dd[1]
    off = _at(curve, places) - points
    slope = (velocity**2).sum(axis=1) + (off * bend).sum(axis=1)
    moved = places - np.divide(
        (off * velocity).sum(axis=1), slope, out=np.zeros_like(places), where=np.abs(slope) > 1e-12
    )
    return np.maximum.accumulate(np.clip(moved, 0, 1))


def blocks(outline: Outline) -> bytes:
    """The path, and that it is the clipping path, as Adobe's image resource blocks.

    Parameters
    ----------
    outline : Outline
        What becomes the path.

    Returns
    -------
    bytes
    """
    records = [struct.pack(">H24x", 6), struct.pack(">HH22x", 8, 0)]
    size = np.array([outline.width, outline.height], np.float64)
    for curve in outline.curves:
        records.append(struct.pack(">HH22x", 0, len(curve)))
        fixed = np.round(curve / size * 2**24).astype(int)
        for knot in fixed:
            (bx, by), (x, y), (ax, ay) = knot.tolist()
            records.append(struct.pack(">H6i", 2, by, bx, y, x, ay, ax))
    name = NAME.encode("ascii")
    pascal = bytes((len(name),)) + name
    return _block(_PATH, b"".join(records), pascal) + _block(_CLIPPING_PATH, _even(pascal))


def _block(number: int, data: bytes, name: bytes = b"\0") -> bytes:
    head = b"8BIM" + struct.pack(">H", number) + _even(name)
    return head + struct.pack(">I", len(data)) + _even(data)


def _even(data: bytes) -> bytes:
    return data + bytes(len(data) % 2)


def svg(outline: Outline) -> bytes:
    """The outline as an SVG file of the picture's size.

    Parameters
    ----------
    outline : Outline
        What becomes the path.

    Returns
    -------
    bytes
    """
    return svg_of({NAME: outline}, outline.width, outline.height)


def svg_of(outlines: Mapping[str, Outline], width: int, height: int) -> bytes:
    """Outlines as an SVG file with a path for each, in order.

    Parameters
    ----------
    outlines
        By name. A path's title is the name as it is; its id, what programs show of it, is the name
        with a hyphen for whatever XML's names cannot hold.
    width, height
        Of the picture in pixels.

    Returns
    -------
    bytes
    """
    taken: set[str] = set()
    lines = []
    for number, (name, outline) in enumerate(outlines.items(), 1):
        mark = re.sub(r"[^\w-]+", "-", name).strip("-") or f"object-{number}"
        if not (mark[0].isalpha() or mark[0] == "_"):
            mark = f"_{mark}"
        mark = mark if mark not in taken else f"{mark}-{number}"
        taken.add(mark)
        title = "" if mark == name else f"<title>{html.escape(_printable(name))}</title>"
        path = f'<path id="{mark}" fill-rule="evenodd" d="{_path(outline)}"'
        lines.append(f"{path}>{title}</path>" if title else f"{path}/>")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">\n' + "\n".join([*lines, "</svg>\n"])
    ).encode()


def _printable(name: str) -> str:
    """Without the characters that no XML file may hold."""
    return "".join(c for c in name if c.isprintable())


def _path(outline: Outline) -> str:
    parts = []
    for curve in outline.curves:
        parts.append(f"M{_number(curve[0, 1])}")
        for knot, after in zip(curve, np.roll(curve, -1, axis=0), strict=True):
            parts.append(f"C{_number(knot[2])} {_number(after[0])} {_number(after[1])}")
        parts.append("Z")
    return "".join(parts)


def _number(point: np.ndarray) -> str:
    return ",".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in point)
