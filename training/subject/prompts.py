# SPDX-License-Identifier: Apache-2.0
"""Prompts as people give them, simulated: clicks, strokes, boxes, sloppy masks.

First clicks fall inside what is meant, later ones into the largest error, strokes along it with
a brush's width and wobble (after Sofiiuk et al., ICIP 2022, and Xu et al., Deep Interactive Object
Selection, CVPR 2016). Everything draws from the generator it is given and nothing else.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

Plane = npt.NDArray[np.float32]
Guide = npt.NDArray[np.float32]
"""(4, S, S) in the order of network.GUIDES."""

CLICK = 0.016
"""Radius of a click, of the picture's side: what the engine draws for a point."""

_CELLS = 64  # across, of the grid on which errors are looked for


@dataclass(frozen=True)
class Error:
    """A connected piece of what is wrong, on a coarse grid. missing: it belongs to what is meant
    and is not in the answer; otherwise it is in the answer and does not belong."""

    cells: npt.NDArray[np.bool_]
    missing: bool


def shrunk(plane: Plane) -> Plane:
    """(64, 64) means of the cells of a square plane whose side is a multiple of 32."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((_CELLS, _CELLS), Image.Resampling.BOX))


def errors(truth: Plane, answer: Plane, count: int) -> list[Error]:
    """The `count` largest connected errors of an answer, largest first; both (S, S) 0..1."""
    coarse, predicted = shrunk(truth), shrunk(answer)
    out: list[tuple[float, Error]] = []
    for missing, wrong in ((True, coarse - predicted > 0.4), (False, predicted - coarse > 0.4)):
        parts, number = ndimage.label(wrong)
        sizes = np.bincount(parts.ravel(), minlength=number + 1)
        for part in np.argsort(-sizes[1:])[:count] + 1:
            if part <= number and sizes[part] >= 2:
                out.append((float(sizes[part]), Error(parts == part, missing)))
    out.sort(key=lambda pair: -pair[0])
    return [error for _, error in out[:count]]


def place(
    cells: npt.NDArray[np.bool_], draws: np.random.Generator, side: int
) -> tuple[float, float]:
    """A place (x, y) in pixels within the cells, more probably deep in them than at their rim."""
    depth = ndimage.distance_transform_edt(np.pad(cells, 1))[1:-1, 1:-1]
    weight = depth.ravel() ** 2
    if weight.sum() <= 0:
        return float(draws.uniform(0, side)), float(draws.uniform(0, side))
    at = draws.choice(weight.size, p=weight / weight.sum())
    x, y = at % _CELLS + draws.uniform(), at // _CELLS + draws.uniform()
    return float(x * side / _CELLS), float(y * side / _CELLS)


def click(plane: Plane, at: tuple[float, float], radius: float) -> None:
    """Draws a disc of 1 into a plane."""
    side = plane.shape[0]
    x, y = at
    rows = slice(max(0, int(y - radius)), min(side, int(y + radius) + 2))
    columns = slice(max(0, int(x - radius)), min(side, int(x + radius) + 2))
    far = (np.arange(side)[rows, None] + 0.5 - y) ** 2 + (
        np.arange(side)[None, columns] + 0.5 - x
    ) ** 2
    plane[rows, columns] = np.maximum(plane[rows, columns], far <= radius**2)


def stroke(plane: Plane, error: Error, draws: np.random.Generator) -> None:
    """Draws a brush stroke along an error: a bent line through it, wobbling, of any width."""
    side = plane.shape[0]
    points = [place(error.cells, draws, side) for _ in range(int(draws.integers(2, 6)))]
    turn = draws.uniform(0, np.pi)
    points.sort(key=lambda p: p[0] * np.cos(turn) + p[1] * np.sin(turn))
    bent = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        for t in np.linspace(0, 1, 5):
            wobble = draws.normal(0, side * 0.006, 2)
            bent.append((x0 + (x1 - x0) * t + wobble[0], y0 + (y1 - y0) * t + wobble[1]))
    width = int(np.exp(draws.uniform(np.log(side * 0.012), np.log(side * 0.07))))
    canvas = Image.new("L", (side, side))
    ImageDraw.Draw(canvas).line(bent, 255, max(1, width), joint="curve")
    line = np.asarray(canvas, np.float32) / 255
    # Most people stay within what they mean; a few run over its rim by a brush's width.
    cells = error.cells if draws.uniform() < 0.25 else ndimage.binary_erosion(error.cells)
    cells = cells if cells.any() else error.cells
    within = np.asarray(Image.fromarray(cells).resize((side, side), Image.Resampling.NEAREST))
    np.maximum(plane, line * within, out=plane)


def box(truth: Plane, draws: np.random.Generator, slack: float = 0.08) -> Plane:
    """The filled box around what is meant, loose by up to `slack` of its sides at each."""
    filled = np.zeros_like(truth)
    rows, columns = np.flatnonzero((truth > 0.5).any(1)), np.flatnonzero((truth > 0.5).any(0))
    if len(rows) and len(columns):
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        height, width = bottom - top, right - left
        loose = (
            draws.normal(0.2, 0.5, 4).clip(-1, 1) * slack * np.array([height, height, width, width])
        )
        top, bottom, left, right = np.round(
            np.array([top, bottom, left, right]) + loose * [-1, 1, -1, 1]
        ).astype(int)
        filled[max(0, top) : max(1, bottom), max(0, left) : max(1, right)] = 1.0
    return filled


def blobs(side: int, share: float, draws: np.random.Generator) -> Plane:
    """Smooth blobs of 1 that cover about `share` of a plane."""
    cells = int(draws.integers(3, 10))
    noise = Image.fromarray(draws.uniform(0, 1, (cells, cells)).astype(np.float32))
    smooth = np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC))
    return (smooth > np.quantile(smooth[::8, ::8], 1 - share)).astype(np.float32)


def damaged(truth: Plane, draws: np.random.Generator) -> Plane:
    """A mask as one meets it: pieces bitten off, pieces of the ground with it, soft ghosts."""
    side = truth.shape[0]
    mask = truth * (1 - blobs(side, draws.uniform(0, 0.45), draws) * draws.uniform(0.5, 1))
    near = ndimage.maximum_filter(shrunk(truth) > 0.5, int(draws.integers(3, 25)))
    near = np.asarray(Image.fromarray(near).resize((side, side), Image.Resampling.NEAREST))
    added = blobs(side, draws.uniform(0, 0.3), draws) * near * draws.uniform(0.5, 1)
    return np.maximum(mask, added).astype(np.float32)


def crude(truth: Plane, draws: np.random.Generator) -> Plane:
    """A mask as one paints it in haste: a rectangle, a lasso around it, a rough fill."""
    kind = draws.integers(3)
    if kind == 0:
        return box(truth, draws, 0.15)
    coarse = shrunk(truth) > 0.5
    steps = int(draws.integers(1, 6))
    if kind == 1:
        coarse = ndimage.binary_dilation(coarse, iterations=steps)
    elif draws.uniform() < 0.5:
        coarse = ndimage.binary_closing(np.pad(coarse, 8), iterations=steps + 2)[8:-8, 8:-8]
    else:
        smaller = ndimage.binary_erosion(coarse, iterations=max(1, steps // 2))
        coarse = smaller if smaller.any() else coarse
    soft = ndimage.gaussian_filter(coarse.astype(np.float32), draws.uniform(0.5, 2))
    big = Image.fromarray(soft).resize(truth.shape[::-1], Image.Resampling.BILINEAR)
    return (np.asarray(big) > 0.5).astype(np.float32)


def one_part(truth: Plane, draws: np.random.Generator) -> Plane:
    """Of several separate subjects one, now and then; else what is meant as it is."""
    parts, number = ndimage.label(shrunk(truth) > 0.5)
    sizes = np.bincount(parts.ravel(), minlength=number + 1)[1:]
    large = np.flatnonzero(sizes > 0.1 * sizes.sum()) + 1 if number else np.array([], int)
    if len(large) < 2 or draws.uniform() < 0.4:
        return truth
    own = ndimage.binary_dilation(parts == draws.choice(large), iterations=2)
    others = (parts > 0) & ~own
    side = truth.shape[0]
    keep = np.asarray(Image.fromarray(~others & own).resize((side, side), Image.Resampling.NEAREST))
    return (truth * keep).astype(np.float32)


def correct(
    guide: Guide, truth: Plane, answer: Plane, count: int, painted: bool, draws: np.random.Generator
) -> None:
    """Adds clicks or strokes at the `count` largest errors of an answer, and the answer itself as
    the previous mask."""
    guide[2] = answer
    side = truth.shape[0]
    for error in errors(truth, answer, count):
        plane = guide[0 if error.missing else 1]
        if painted:
            stroke(plane, error, draws)
        else:
            click(plane, place(error.cells, draws, side), CLICK * side * draws.uniform(0.7, 1.6))


def first(truth: Plane, guide: Guide, draws: np.random.Generator) -> None:
    """What is said before there is any mask: clicks inside, a stroke, or a box."""
    side = truth.shape[0]
    cells = shrunk(truth) > 0.5
    if not cells.any():
        return
    draw = draws.uniform()
    if draw < 0.3:
        guide[3] = box(truth, draws)
        if draws.uniform() < 0.7:
            return
    if draw > 0.85:
        stroke(guide[0], Error(cells, True), draws)
        return
    radius = CLICK * side * draws.uniform(0.7, 1.6)
    for _ in range(int(draws.choice([1, 1, 1, 2, 3]))):
        click(guide[0], place(cells, draws, side), radius)
    if draws.uniform() < 0.25:
        around = ndimage.binary_dilation(cells, iterations=8) & ~ndimage.binary_dilation(cells)
        if around.any():
            click(guide[1], place(around, draws, side), radius)
