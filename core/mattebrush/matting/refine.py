# SPDX-License-Identifier: Apache-2.0
"""Makes a mask better where its user asked for it, and nowhere else.

What the strokes mean comes from the guided network (`segmentation.guided`) as cells that go up or
down. Here the new edge, and only that, goes through matting, and all promises are kept to the bit:
see `refine_mask`.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..cutout import Progress
from ..imaging.depth import FULL, to_depth, to_unit
from ..imaging.morphology import dilated, dilated_square
from ..imaging.rect import Rect
from ..imaging.resize import Upsampled, box_means, resize
from ..segmentation.guided import Change, in_cells
from ..segmentation.strokes import Strokes
from .methods import Method
from .trimap import UNKNOWN, adaptive_trimap, from_plane
from .unknown import matte_unknown

_NEAR = 0.01
"""Inside a region, how far from an edge of the mask pure black and white are doubted, as a share
of the picture's longer side: as far as hair sticks out of what a coarse mask shows."""

_EDGE = 3
"""With neither strokes nor region, how many pixels beside each edge are decided anew."""

_MARGIN = 0.02
"""Of the picture's longer side: what matting sees around what it decides."""

_GUESS_SIDE = 1024


def refine_mask(
    image: np.ndarray,
    mask: np.ndarray,
    strokes: Strokes,
    region: np.ndarray | None,
    change: Change | None,
    *,
    method: Method,
    progress: Progress,
    threads: int | None,
) -> np.ndarray:
    """The better mask.

    Pixels painted pure white or black stay so. What was painted with anything between is decided
    by matting. Where `change` goes up no pixel is lowered, where it goes down none is raised.
    Every other pixel keeps its value to the bit, and so does all outside `region`. With neither
    strokes nor region every edge of the mask is decided anew, a few pixels wide.

    Parameters
    ----------
    image
        (H, W, 1|3) uint8, uint16 or float32 in 0..1.
    mask
        (H, W) uint8, uint16 or float32, strokes included.
    strokes
        What was painted on it, perhaps nothing.
    region
        (H, W), nonzero where anything may be decided, and where the mask's edges are; or None.
    change
        What the strokes mean, or None for matting alone.
    method, progress, threads
        As for `matte_unknown`.

    Returns
    -------
    numpy.ndarray
        (H, W) in the dtype of `mask`.
    """
    window = _window(mask.shape, strokes, region, change)
    if window.width <= 0 or window.height <= 0:
        return mask.copy()
    part = mask[window.slices]
    allowed = None if region is None else region[window.slices] > 0
    painted = _placed(strokes.keep | strokes.drop, strokes.window, window)
    decide = _placed(strokes.decide, strokes.window, window)
    if region is not None:
        near = max(_EDGE, round(_NEAR * max(mask.shape)))
        decide |= _edges(part, near) & ~painted
    elif not strokes:
        decide |= _edges(part, _EDGE)
    trimap = from_plane(part)
    trimap[decide] = UNKNOWN
    guess = box_means(part, max(1, max(part.shape) // _GUESS_SIDE))
    rises = falls = np.zeros(part.shape, bool)
    if change is not None:
        update = _update(change, mask.shape, window, part, strokes)
        rises, falls = (
            _at_pixels(cells, part.shape) & ~painted for cells in (update.raised, update.lowered)
        )
        moved = rises | falls
        height, width = part.shape
        side = max(change.probability.shape)
        trimap[moved] = adaptive_trimap(update.coarse, height, width, side)[moved]
        decide |= moved
        guess = update.coarse
    if allowed is not None:
        decide &= allowed
    if not decide.any():
        return mask.copy()
    coarse = Upsampled(guess, *part.shape)
    alpha = to_depth(
        matte_unknown(image[window.slices], trimap, coarse, method, progress, threads), mask.dtype
    )
    better = np.where(decide, alpha, part)
    better = np.where(rises, np.maximum(better, part), better)
    better = np.where(falls, np.minimum(better, part), better)
    out = mask.copy()
    out[window.slices] = better
    return out


@dataclasses.dataclass(frozen=True)
class _Update:
    """A change over a window of the picture, in cells: the coarse mask as it shall be, float32
    (h, w), and the cells that go up and down, disjoint, with the ones beside them."""

    coarse: np.ndarray
    raised: np.ndarray
    lowered: np.ndarray


def _update(
    change: Change, shape: tuple[int, ...], window: Rect, part: np.ndarray, strokes: Strokes
) -> _Update:
    whole = Rect(0, 0, shape[1], shape[0])
    box = in_cells(window, whole, change.probability.shape)
    size = (max(2, round(box[3] - box[1])), max(2, round(box[2] - box[0])))
    size = (min(size[0], part.shape[0]), min(size[1], part.shape[1]))
    probability = resize(change.probability, size, box=box)
    now = resize(to_unit(part), size, "area")
    up, down = (
        resize(cells.astype(np.float32), size, box=box) > 0.25
        for cells in (change.raised, change.lowered)
    )
    # A cell beside a change belongs to it, so that its new edge is seen whole; where both are near,
    # the sign decides.
    up, down = dilated_square(up), dilated_square(down)
    up, down = up & ~(down & (probability < now)), down & ~(up & (probability >= now))
    coarse = np.where(
        up, np.maximum(probability, now), np.where(down, np.minimum(probability, now), now)
    )
    return _Update(coarse.astype(np.float32), up, down)


def _at_pixels(cells: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return resize(cells.astype(np.uint8), (shape[0], shape[1]), "nearest") > 0


def _window(
    shape: tuple[int, ...], strokes: Strokes, region: np.ndarray | None, change: Change | None
) -> Rect:
    """The pixels that may be decided, and what matting sees around them."""
    whole = Rect(0, 0, shape[1], shape[0])
    if not strokes and region is None:
        return whole
    parts = [strokes.window] if strokes else []
    if region is not None and not strokes:
        parts.append(_bounds(region, 1.0, 1.0))
    if change is not None:
        down, across = (
            side / cells for side, cells in zip(shape, change.raised.shape, strict=True)
        )
        parts.append(
            _bounds(change.raised | change.lowered, down, across).grown(
                round(2 * max(down, across))
            )
        )
    parts = [p for p in parts if p.width > 0 and p.height > 0]
    if not parts:
        return Rect(0, 0, 0, 0)
    around = Rect(
        min(p.x0 for p in parts),
        min(p.y0 for p in parts),
        max(p.x1 for p in parts),
        max(p.y1 for p in parts),
    )
    return around.grown(max(16, round(_MARGIN * max(shape)))).within(whole)


def _bounds(cells: np.ndarray, down: float, across: float) -> Rect:
    """The rectangle around the nonzero cells, each `down` x `across` pixels."""
    y, x = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
    if not y.size:
        return Rect(0, 0, 0, 0)
    return Rect(
        int(x[0] * across),
        int(y[0] * down),
        int(np.ceil((x[-1] + 1) * across)),
        int(np.ceil((y[-1] + 1) * down)),
    )


def _placed(cells: np.ndarray, at: Rect, window: Rect) -> np.ndarray:
    """bool (h, w) of a window: what was painted in the rectangle `at` of it."""
    out = np.zeros((window.height, window.width), bool)
    if at.width > 0:
        out[at.seen_from(window).slices] = cells
    return out


def _edges(mask: np.ndarray, pixels: int) -> np.ndarray:
    """What is soft, or within `pixels` of soft pixels or of a jump between black and white."""
    edge = (mask != 0) & (mask != FULL[mask.dtype])
    edge[1:] |= mask[1:] != mask[:-1]
    edge[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    return dilated(edge, pixels)
