# SPDX-License-Identifier: Apache-2.0
"""What do a user's clicks, boxes and strokes mean: the subject network with guidance beside the
picture.

The network takes four planes of guidance: what certainly belongs to the subject, what certainly
does not, the mask as it was, the inside of a box (Sofiiuk et al., "Reviving Iterative Training
with Mask Guidance for Interactive Segmentation", ICIP 2022). It looks at the whole picture first,
and where the subject or the change is small once more, closer, as in the same paper; at a box it
looks close by at once.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from ..imaging.depth import FULL
from ..imaging.morphology import block_maximum, dilated, dilated_square, label
from ..imaging.rect import Rect
from ..imaging.resize import resize, shrink
from ..models.catalog import ModelRow, Preprocessing
from ..models.runtime import Session, open_session
from ..options import Prompt
from . import preprocess
from .result import Segmentation, probabilities
from .strokes import Strokes

INPUT = "guide"
"""The network's name for its guidance."""

KEEP, DROP, PREVIOUS, BOX = range(4)
"""The planes of guidance, in the network's order."""

_CLICK = 0.016
"""Radius of the disc drawn for a point, of the mean side: what the network was trained with."""

_CLOSER = 0.7
"""Something smaller than this share of the picture's side is looked at once more, closer; for
points and boxes only where the picture has more pixels there than the network takes."""

_AROUND = 0.35
"""How much of its own size is seen around what is looked at closer."""

_CLOSEST = 0.12
"""The least share of the picture's side that a closer look shows."""

_MOST_CELLS = 1536
"""Longest side of a probability that joins a closer look with the whole."""

_PART = 0.1
"""From this probability on a cell belongs to some part of what clicks mean: what is in doubt joins
parts, since the network often loses a limb in between. Of 42 pictures of the development set the
first click's answer then differs in 5, and in 14 with 0.5."""

_PARTED = 0.02
"""Parts with less than twice this share of the mean side between them are one object, too: a post
before it does not cut it in two."""

_RIM = 3
"""Cells of soft edge that go with a part."""

_CHANGED = 0.1
"""A cell changes where the network differs by this much from the mask, toward what it decides."""

_GAP = 3
"""Cells between a stroke and what hangs together with it, at most."""

_BLOCK = 8
"""Cells across a block, in which what a stroke may reach is looked for first."""

_STEEPER = 2.0
"""Of what strokes mean the logits are this much steeper: who paints decides, and what is in
between is for matting to say. Measured in `training/README.md`."""

_SIDES = (8 / 9, 10 / 9)
"""Shares of the network's best size at which it looks at what is prompted."""

Draw = Callable[[Rect, tuple[int, int]], np.ndarray]
"""(window of the picture, network size (h, w)) -> guidance, float32 (4, h, w) in 0..1."""


@dataclasses.dataclass(frozen=True)
class Change:
    """What strokes mean.

    probability: float32 (h, w), over the whole picture. raised, lowered: bool (h, w), the cells
        in which the mask goes up or down. device, warnings: as in `Segmentation`.
    """

    probability: np.ndarray
    raised: np.ndarray
    lowered: np.ndarray
    device: str
    warnings: list[str]


def takes_guidance(session: Session) -> bool:
    """Whether a network was made for guidance, as the embedded one is.

    Parameters
    ----------
    session : Session
        An open network.

    Returns
    -------
    bool
    """
    return any(tensor.name == INPUT for tensor in session.inputs)


def unprompted(session: Session, seen: np.ndarray, output: str) -> tuple[np.ndarray, np.ndarray]:
    """What stands out: the mean of what the network says of a picture and of its mirror image, in
    two looks; the second one has the first one's answer as the mask before.

    The mirror image makes fewer one-sided mistakes; with prompts it gains nothing. The second look
    leaves less undecided (`training/README.md`).

    Parameters
    ----------
    session : Session
        An open network that takes guidance.
    seen : numpy.ndarray
        float32 (1, 3, h, w), the picture as the network takes it (`preprocess.network_input`).
    output : str
        Name of the output that holds the map.

    Returns
    -------
    tuple[numpy.ndarray, numpy.ndarray]
        What the last look said and what the first one did, float32 (h, w) in [0, 1].
    """
    both = _and_mirrored(seen)
    guide = np.zeros((2, 4, *seen.shape[2:]), np.float32)

    def looked() -> np.ndarray:
        there, back = session.run({session.inputs[0].name: both, INPUT: guide})[output][:, 0]
        mean: np.ndarray = (there + back[:, ::-1]) / 2
        return mean

    first = looked()
    subject = first > 0.5
    if not subject.any():
        return first, first
    guide[0, PREVIOUS], guide[1, PREVIOUS] = subject, subject[:, ::-1]
    return looked(), first


def segment(
    image: np.ndarray,
    prompt: Prompt,
    row: ModelRow,
    device: str = "auto",
    threads: int | None = None,
) -> Segmentation:
    """What belongs to the object that `prompt` points at.

    Parameters
    ----------
    image
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    prompt
        Points and boxes in its pixels. Each box is an object of its own; the points within it go
        with it, and the answer is all objects together.
    row
        The catalog row of the embedded network.
    device, threads
        See `models.runtime.open_session`.

    Returns
    -------
    Segmentation
        Finer than the network's own resolution where the object is small in the picture.
    """
    session = open_session(row, device, threads)
    planes = [
        parts_clicked(_prompted(image, one, session, row), one, _whole(image))
        for one in _objects(prompt)
    ]
    size = (max(p.shape[0] for p in planes), max(p.shape[1] for p in planes))
    joined = np.max([resize(plane, size) for plane in planes], axis=0)
    return Segmentation(joined, row, session.device, list(session.warnings))


def correct(
    image: np.ndarray,
    previous: np.ndarray,
    strokes: Strokes,
    region: np.ndarray | None,
    row: ModelRow,
    device: str = "auto",
    threads: int | None = None,
) -> Change:
    """What the strokes on a mask mean.

    Parameters
    ----------
    image
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    previous
        (H, W), the mask before the strokes.
    strokes
        What was painted; may be empty where `region` is there: then the whole mask is in doubt.
    region
        (H, W), nonzero where anything may change; None for everywhere.
    row, device, threads
        As for `segment`.

    Returns
    -------
    Change
        Cells go up only where they hang together with a keep stroke, down only where they do
        with a drop stroke; without strokes, wherever the network differs from the mask.
    """
    session = open_session(row, device, threads)
    whole = _whole(image)
    boxed = not strokes and _is_rectangle(previous)

    def draw(window: Rect, size: tuple[int, int]) -> np.ndarray:
        guide = np.zeros((4, *size), np.float32)
        guide[KEEP] = _cells(strokes.keep, strokes.window, window, size)
        guide[DROP] = _cells(strokes.drop, strokes.window, window, size)
        guide[BOX if boxed else PREVIOUS] = _means(previous, window, size)
        return guide

    answer = _steeper(_look(image, whole, draw, session, row))
    raised, lowered = _changes(answer, previous, strokes, region)
    window = _closer(raised | lowered, whole, strokes.window)
    if window is not None:
        near = _steeper(_look(image, window, draw, session, row))
        answer = _inset(answer, near, window, whole)
        raised, lowered = _changes(answer, previous, strokes, region)
    return Change(answer, raised, lowered, session.device, list(session.warnings))


def carry(
    image: np.ndarray,
    window: Rect,
    previous: np.ndarray,
    prompt: Prompt,
    row: ModelRow,
    device: str = "auto",
    threads: int | None = None,
    side: int | None = None,
    taps: tuple[str, ...] = (),
) -> tuple[Segmentation, tuple[np.ndarray, ...]]:
    """The object whose mask on the frame before, moved to this frame, is known: one look.

    Parameters
    ----------
    image
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    window
        The part of it that is looked at.
    previous
        (h, w) float32 in [0, 1] over the whole picture.
    prompt
        Points in the picture's pixels that correct it; may be empty.
    row, device, threads
        As for `segment`.
    side
        How large the network sees it, in pixels of a square's side; None for what it does best
        at. Smaller is faster.
    taps
        Values inside the network that are asked for as well, by name.

    Returns
    -------
    tuple[Segmentation, tuple of numpy.ndarray]
        What it says, whose probability covers the window, and the values of `taps`.
    """
    session = open_session(row, device, threads, taps=taps)

    def draw(window: Rect, size: tuple[int, int]) -> np.ndarray:
        guide = _drawn(prompt, window, size)
        guide[PREVIOUS] = resize(
            previous, size, box=in_cells(window, _whole(image), previous.shape)
        )
        return guide

    how = preprocess.recommended(row.interface.preprocessing, session)
    if side is not None:
        how = dataclasses.replace(how, size=(side, side))
    seen, guide = _seen(image, window, draw, how)
    values = session.run({session.inputs[0].name: seen, INPUT: guide})
    [answer] = _answers(values, session, row)
    segmentation = Segmentation(answer, row, session.device, list(session.warnings))
    return segmentation, tuple(values[name] for name in taps)


def _is_rectangle(mask: np.ndarray) -> bool:
    """Whether a mask is one filled rectangle: that is a box around something, not its shape."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return False
    inside = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return bool(inside.min() == FULL[mask.dtype])


def _whole(image: np.ndarray) -> Rect:
    return Rect(0, 0, image.shape[1], image.shape[0])


def _look(
    image: np.ndarray, window: Rect, draw: Draw, session: Session, row: ModelRow
) -> np.ndarray:
    """The network's answer about a window, float32 (h, w): the mean over two sizes, and over the
    picture and its mirror image (`training/README.md` says what that is worth)."""
    how = preprocess.recommended(row.interface.preprocessing, session)
    answers = []
    for share in _SIDES:
        seen, guide = _seen(image, window, draw, _enlarged(how, share))
        there, back = _predicted(_and_mirrored(seen), _and_mirrored(guide), session, row)
        answers.append((there + back[:, ::-1]) / 2)
    finest = max((answer.shape for answer in answers), key=math.prod)
    mean: np.ndarray = np.mean([resize(answer, finest) for answer in answers], axis=0)
    return mean


def _seen(
    image: np.ndarray, window: Rect, draw: Draw, how: Preprocessing
) -> tuple[np.ndarray, np.ndarray]:
    """A window of the picture and its guidance as the network takes them."""
    view = image[window.slices]
    placement = preprocess.place(view.shape[:2], how, None)
    return preprocess.network_input(view, placement, how), draw(window, placement.canvas)[None]


def _predicted(
    seen: np.ndarray, guide: np.ndarray, session: Session, row: ModelRow
) -> list[np.ndarray]:
    """What the network says of each of a batch."""
    return _answers(session.run({session.inputs[0].name: seen, INPUT: guide}), session, row)


def _answers(values: dict[str, np.ndarray], session: Session, row: ModelRow) -> list[np.ndarray]:
    """What a run gave out, of each of a batch."""
    interface = row.interface
    output = values[session.outputs[interface.postprocessing.output].name]
    layout = interface.preprocessing.layout
    return [probabilities(one[None], interface.postprocessing, layout) for one in output]


def _and_mirrored(planes: np.ndarray) -> np.ndarray:
    return np.concatenate([planes, planes[..., ::-1]])


def _enlarged(how: Preprocessing, share: float) -> Preprocessing:
    """The same pre-processing at a share of its size."""
    if how.size is None:
        return how
    height, width = (round(side * share) for side in how.size)
    return dataclasses.replace(how, size=(height, width))


def _steeper(probability: np.ndarray) -> np.ndarray:
    odds = (probability / np.maximum(1 - probability, 1e-6)) ** np.float32(_STEEPER)
    steeper: np.ndarray = odds / (1 + odds)
    return steeper


# ---------------------------------------------------------------- points and boxes


def _objects(prompt: Prompt) -> list[Prompt]:
    """One prompt for each box, with the points in it and all that say no; one for the rest."""
    if len(prompt.boxes) < 2:
        return [prompt]
    objects, left = [], {p for p in prompt.points if p.label == 1}
    no = tuple(p for p in prompt.points if p.label == 0)
    for box in prompt.boxes:
        inside = {p for p in left if box[0] <= p.x <= box[2] and box[1] <= p.y <= box[3]}
        objects.append(Prompt((*inside, *no), (box,)))
        left -= inside
    return [*objects, Prompt((*left, *no))] if left else objects


def _prompted(image: np.ndarray, prompt: Prompt, session: Session, row: ModelRow) -> np.ndarray:
    """The probability of one object, (h, w) over the whole picture."""
    whole = _whole(image)

    def draw(window: Rect, size: tuple[int, int]) -> np.ndarray:
        return _drawn(prompt, window, size)

    extent = _extent(prompt)
    if prompt.boxes:
        # A box says where to look, so that nothing else need be looked at.
        around = _around(extent, whole)
        near = _look(image, around, draw, session, row)
        return _inset(np.zeros_like(near), near, around, whole)
    answer = _look(image, whole, draw, session, row)
    window = _closer(answer > 0.5, whole, extent)
    if window is None or window.width * window.height <= answer.size:
        return answer  # there is no more to see

    def draw_again(window: Rect, size: tuple[int, int]) -> np.ndarray:
        guide = _drawn(prompt, window, size)
        cells = in_cells(window, whole, answer.shape)
        guide[PREVIOUS] = resize(answer, size, box=cells)
        return guide

    return _inset(answer, _look(image, window, draw_again, session, row), window, whole)


def parts_clicked(answer: np.ndarray, prompt: Prompt, whole: Rect) -> np.ndarray:
    """The answer without those parts that no click is on: a click means one object, also where the
    network cannot tell two of them apart.

    Parameters
    ----------
    answer
        Probability, float32 (h, w), over the whole picture.
    prompt
        What it answers.
    whole
        The picture's rectangle, in the prompt's pixels.

    Returns
    -------
    numpy.ndarray
        float32 (h, w); `answer` as it is where a box says how far the object reaches, or the
        clicks are on no part.
    """
    points = [point for point in prompt.points if point.label]
    if prompt.boxes or not points:
        return answer
    down, across = answer.shape[0] / whole.height, answer.shape[1] / whole.width
    rows = [min(int(point.y * down), answer.shape[0] - 1) for point in points]
    columns = [min(int(point.x * across), answer.shape[1] - 1) for point in points]
    parts = answer > _PART
    side = (answer.shape[0] * answer.shape[1]) ** 0.5
    labels = label(dilated(parts, round(_PARTED * side)))
    clicked = np.unique(labels[rows, columns])
    kept = parts & np.isin(labels, clicked[clicked > 0])
    others = parts & ~kept
    if not kept.any() or not others.any():
        return answer
    return np.where(dilated(others, _RIM) & ~kept, np.float32(0), answer)


def _drawn(prompt: Prompt, window: Rect, size: tuple[int, int]) -> np.ndarray:
    """Points as discs and boxes filled."""
    guide = np.zeros((4, *size), np.float32)
    down, across = size[0] / window.height, size[1] / window.width
    radius = _CLICK * (size[0] * size[1]) ** 0.5
    y, x = np.arange(size[0])[:, None] + 0.5, np.arange(size[1])[None] + 0.5
    for point in prompt.points:
        far = (y - (point.y - window.y0) * down) ** 2 + (x - (point.x - window.x0) * across) ** 2
        guide[KEEP if point.label else DROP][far <= radius**2] = 1
    for x0, y0, x1, y1 in prompt.boxes:
        rows = (y > (y0 - window.y0) * down) & (y < (y1 - window.y0) * down)
        guide[BOX][rows & (x > (x0 - window.x0) * across) & (x < (x1 - window.x0) * across)] = 1
    return guide


def _extent(prompt: Prompt) -> Rect:
    """The rectangle around all that the prompt says is in."""
    xs = [p.x for p in prompt.points if p.label] + [v for b in prompt.boxes for v in (b[0], b[2])]
    ys = [p.y for p in prompt.points if p.label] + [v for b in prompt.boxes for v in (b[1], b[3])]
    if not xs:
        return Rect(0, 0, 0, 0)
    return Rect(int(min(xs)), int(min(ys)), int(max(xs)) + 1, int(max(ys)) + 1)


# ---------------------------------------------------------------- strokes


def _cells(painted: np.ndarray, at: Rect, window: Rect, size: tuple[int, int]) -> np.ndarray:
    """Which cells of a window hold a pixel of what was painted, bool (h, w).

    painted: bool, of the rectangle `at`. Costs as much as there are painted pixels.
    """
    cells = np.zeros(size, bool)
    y, x = np.nonzero(painted)
    y, x = y + at.y0 - window.y0, x + at.x0 - window.x0
    inside = (y >= 0) & (y < window.height) & (x >= 0) & (x < window.width)
    y, x = y[inside], x[inside]
    down, across = size[0] / window.height, size[1] / window.width
    # Where a pixel is larger than a cell it covers several.
    for i in range(max(1, int(np.ceil(down)))):
        for j in range(max(1, int(np.ceil(across)))):
            rows = np.minimum((y * down + i).astype(np.intp), size[0] - 1)
            columns = np.minimum((x * across + j).astype(np.intp), size[1] - 1)
            cells[rows, columns] = True
    return cells


def _means(plane: np.ndarray, window: Rect, size: tuple[int, int]) -> np.ndarray:
    """A plane's window at the network's size, float32 in 0..1."""
    return shrink(plane[window.slices][..., None], size, "bilinear")[..., 0]


def _changes(
    answer: np.ndarray, previous: np.ndarray, strokes: Strokes, region: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The cells that go up and those that go down, bool (h, w) each."""
    size = answer.shape
    whole = Rect(0, 0, previous.shape[1], previous.shape[0])
    before = _means(previous, whole, size)
    raised, lowered = answer - before > _CHANGED, before - answer > _CHANGED
    if strokes:
        raised, lowered = raised & (answer > 0.5), lowered & (answer < 0.5)
        raised = _touching(raised, _cells(strokes.keep, strokes.window, whole, size))
        lowered = _touching(lowered, _cells(strokes.drop, strokes.window, whole, size))
    if region is not None:
        allowed = _means((region > 0).astype(np.uint8) * np.uint8(255), whole, size) > 0
        raised, lowered = raised & allowed, lowered & allowed
    return raised, lowered


def _touching(cells: np.ndarray, stroke: np.ndarray) -> np.ndarray:
    """The connected parts of `cells` that a stroke touches or nearly does, and the stroke's own."""
    if not stroke.any():
        return np.zeros_like(cells)
    own = dilated_square(stroke)
    grown = dilated(cells, _GAP) | own
    window = _reach(grown, stroke)
    labels = label(grown[window])
    touched = np.unique(labels[stroke[window]])
    touching = np.zeros_like(cells)
    touching[window] = np.isin(labels, touched[touched > 0]) & (cells | own)[window]
    return touching


def _reach(cells: np.ndarray, stroke: np.ndarray) -> tuple[slice, slice]:
    """A window that holds all connected parts of `cells` in which the stroke lies. Blocks of cells
    hang together wherever cells do, so that only what is near is labeled finely."""
    labels = label(block_maximum(cells, _BLOCK))
    touched = np.unique(labels[block_maximum(stroke, _BLOCK)])
    near = np.isin(labels, touched[touched > 0])
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    return (
        slice(rows[0] * _BLOCK, (rows[-1] + 1) * _BLOCK),
        slice(columns[0] * _BLOCK, (columns[-1] + 1) * _BLOCK),
    )


# ---------------------------------------------------------------- the closer look


def _closer(cells: np.ndarray, whole: Rect, seed: Rect) -> Rect | None:
    """The window in which to look again: around the cells and the seed; None where that is most
    of the picture, or nothing."""
    y, x = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    down, across = whole.height / cells.shape[0], whole.width / cells.shape[1]
    corners = [] if seed.width <= 0 else [seed]
    if y.size:
        corners.append(
            Rect(
                int(x[0] * across),
                int(y[0] * down),
                int((x[-1] + 1) * across),
                int((y[-1] + 1) * down),
            )
        )
    if not corners:
        return None
    x0, y0 = min(r.x0 for r in corners), min(r.y0 for r in corners)
    x1, y1 = max(r.x1 for r in corners), max(r.y1 for r in corners)
    window = _around(Rect(x0, y0, x1, y1), whole)
    if max(window.width / whole.width, window.height / whole.height) > _CLOSER:
        return None
    return window


def _around(seen: Rect, whole: Rect) -> Rect:
    """What is looked at closer, with what must be seen around it."""
    margin = round(_AROUND * max(seen.width, seen.height))
    least = round(_CLOSEST * max(whole.width, whole.height))
    across, down = (max(margin, (least - side) // 2) for side in (seen.width, seen.height))
    return Rect(seen.x0 - across, seen.y0 - down, seen.x1 + across, seen.y1 + down).within(whole)


def in_cells(window: Rect, whole: Rect, size: tuple[int, ...]) -> tuple[float, float, float, float]:
    """A window of the picture as a box of a map that covers the whole picture.

    Parameters
    ----------
    window : Rect
        Which part, in pixels of the picture.
    whole : Rect
        All of the picture, in its pixels.
    size : tuple[int, ...]
        Height and width of the map.

    Returns
    -------
    tuple[float, float, float, float]
        x0, y0, x1, y1 in cells of the map, not rounded.
    """
    down, across = size[0] / whole.height, size[1] / whole.width
    return window.x0 * across, window.y0 * down, window.x1 * across, window.y1 * down


def _inset(answer: np.ndarray, near: np.ndarray, window: Rect, whole: Rect) -> np.ndarray:
    """The whole's answer, as fine as the closer look's, which stands in its place there."""
    finer = min(near.shape[0] / window.height, near.shape[1] / window.width)
    finer = min(finer, _MOST_CELLS / max(whole.width, whole.height))
    size = (
        max(answer.shape[0], round(whole.height * finer)),
        max(answer.shape[1], round(whole.width * finer)),
    )
    joined = resize(answer, size).copy()
    x0, y0, x1, y1 = (round(v) for v in in_cells(window, whole, size))
    joined[y0:y1, x0:x1] = resize(near, (y1 - y0, x1 - x0))
    return joined
