# SPDX-License-Identifier: Apache-2.0
"""Which objects does a subject consist of, without words: its islands, and where one narrows to a
neck, what the guided network says of both sides.

Where a thick part meets another through a neck, the network is asked twice, once with a click on
each and a "no" on the other. Of one body it gives much the same answer both times, of two it
gives the one or the other (in `docs/objects.md`: how often it is right). Cutting at necks by the
distance from the outline is Beucher & Lantuejoul's watershed, 1979, with the network as judge.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..imaging.depth import to_unit
from ..imaging.morphology import dilated_cross, dilated_square, label, nearest
from ..imaging.resize import resize
from ..models.catalog import ModelRow
from ..options import Options, Point, Prompt
from ..segmentation import guided

_SIDE = 160
"""Longest side at which the subject's shape is looked at."""

_LEAST = 0.004
"""An island smaller than this share of the picture is no object of its own..."""

_LEAST_OF_LARGEST = 0.02
"""...nor one smaller than this share of the largest."""

_MOST_CENTERS = 6
"""So many thick parts of an island are asked about."""

_THICK = 0.3
"""A part is thick if it is as deep as this share of the deepest."""

_NARROW, _NECK = 0.4, 0.75
"""How thin the neck is beside the thinner part: narrow ones are cut on a hint, others on a clear
word, wider ones never."""

_HINT, _CLEAR = 0.3, 0.6
"""How differently the network answers for the two sides, mean over the island."""

_ANSWERED, _MINE = 0.3, 0.75
"""A cell is one object's if the network answers at least the one there, and that object's share of
the claims is at least the other."""

_SMALLEST_SIDE = 0.1
"""Neither side may be less than this share of both."""


@dataclasses.dataclass(frozen=True)
class Part:
    """An object without a name: its probability, float32 (h, w) over the whole view, and how sure
    the network is of it, 0 to 1."""

    probability: np.ndarray
    certainty: float


@dataclasses.dataclass(frozen=True)
class _Center:
    """The middle of a thick part, in cells, and how far it is to the outline there."""

    y: int
    x: int
    depth: int


def split(
    view: np.ndarray,
    probability: np.ndarray,
    row: ModelRow,
    options: Options,
    own_alpha: np.ndarray | None = None,
) -> list[Part]:
    """The objects of a subject, from left to right.

    Parameters
    ----------
    view
        (H, W, 1|3), the picture.
    probability
        float32 (h, w) in [0, 1] over all of it, where something stands out.
    row
        The catalog row of the embedded network, which takes clicks.
    options
        For the device and threads.
    own_alpha
        (H, W), the picture's own; None where it is opaque. What cannot be seen is no object.

    Returns
    -------
    list of Part
        Their probabilities sum to at most one; empty where nothing stands out.
    """
    scale = _SIDE / max(probability.shape)
    size = tuple(max(1, round(side * scale)) for side in probability.shape)
    small = resize(probability, (size[0], size[1]))
    if own_alpha is not None:
        small = small * to_unit(resize(own_alpha, (size[0], size[1])))
    islands = label(small > 0.5)
    counts = np.bincount(islands.ravel(), minlength=1)
    counts[0] = 0
    least = max(_LEAST * small.size, _LEAST_OF_LARGEST * counts.max())
    owners = []
    for number in np.flatnonzero(counts >= least):
        owners += _of_island(view, islands == number, row, options)
    taken = np.sum(owners, axis=0) > 0 if owners else islands > 0
    return [_part(probability, owner, taken) for owner in _left_to_right(owners, small)]


def certainty_of(probability: np.ndarray) -> float:
    """How little of an object hangs on the threshold, 0 to 1: what is left of it at .7 beside
    what it is at .3.

    Parameters
    ----------
    probability
        float32 (h, w) in [0, 1].

    Returns
    -------
    float
        0 where there is nothing of it.
    """
    loose = int((probability > 0.3).sum())
    return float((probability > 0.7).sum() / loose) if loose else 0.0


def _left_to_right(owners: list[np.ndarray], small: np.ndarray) -> list[np.ndarray]:
    across = np.arange(small.shape[1])
    return sorted(owners, key=lambda owner: float((owner * across).sum() / owner.sum()))


def _part(probability: np.ndarray, owner: np.ndarray, taken: np.ndarray) -> Part:
    """The share of a probability that belongs to an object, which is given in cells (0 to 1), as
    is what belongs to any (bool)."""
    reach = resize(_spread(owner, taken), (probability.shape[0], probability.shape[1]))
    share = probability * reach
    return Part(share, certainty_of(share))


def _spread(owner: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """What belongs to it, a little beyond its outline, so that its soft edge does too, but not
    into another object."""
    grown = owner
    for _ in range(3):
        around = dilated_square(grown > 0.5)
        grown = np.where((grown < 0.5) & around & ~taken, np.float32(1), grown)
    return np.asarray(grown, np.float32)


def _of_island(
    view: np.ndarray, island: np.ndarray, row: ModelRow, options: Options
) -> list[np.ndarray]:
    """How much of each cell belongs to each object of an island, float32 (h, w) each."""
    whole = island.astype(np.float32)
    depth = _depth(island)
    centers = _centers(depth)
    groups: list[list[_Center]] = []
    for center in centers:
        joined = [
            group
            for group in groups
            if not all(
                _are_two(view, island, depth, center, other, row, options) for other in group
            )
        ]
        groups = [group for group in groups if group not in joined]
        groups.append([center, *(one for group in joined for one in group)])
    if len(groups) < 2:
        return [whole]
    answers = []
    for group in groups:
        others = [one for other in groups if other is not group for one in other]
        answers.append(_decoded(view, island, group, others, row, options))
    return list(_shared_out(np.stack(answers), island))


def _shared_out(answers: np.ndarray, island: np.ndarray) -> np.ndarray:
    """Whose each cell of an island is, float32 (N, h, w): by the answers where one is clear, else
    whose part it hangs on to, as a leg does that no click was meant for."""
    claims = answers**2 + 1e-6
    shares = claims / claims.sum(axis=0)
    clear = island & (answers.max(axis=0) >= _ANSWERED) & (shares.max(axis=0) >= _MINE)
    largest = answers.argmax(axis=0)
    seeds = np.stack([clear & (largest == number) for number in range(len(answers))])
    near = nearest(seeds, island)
    # Where no way leads from any clear cell, the answers are all there is.
    return np.where(clear | ~near.any(axis=0), shares, near).astype(np.float32) * island


def _depth(island: np.ndarray) -> np.ndarray:
    """How many steps each cell lies from the outline (in octagons), int (h, w)."""
    depth = np.zeros(island.shape, np.int32)
    outside = ~np.pad(island, 1)
    step = 0
    while not outside[1:-1, 1:-1].all():
        depth += ~outside[1:-1, 1:-1]
        outside = (dilated_square if step % 2 else dilated_cross)(outside)
        step += 1
    return depth


def _centers(depth: np.ndarray) -> list[_Center]:
    """The middles of the thick parts, deepest first."""
    least = max(2.0, _THICK * depth.max())
    left = depth.astype(np.float32)
    y, x = np.mgrid[: depth.shape[0], : depth.shape[1]]
    centers: list[_Center] = []
    while len(centers) < _MOST_CENTERS:
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        if left[row, column] < least:
            break
        deep = int(depth[row, column])
        centers.append(_Center(int(row), int(column), deep))
        left[(y - row) ** 2 + (x - column) ** 2 < (1.6 * deep) ** 2] = 0
    return centers


def _are_two(
    view: np.ndarray,
    island: np.ndarray,
    depth: np.ndarray,
    one: _Center,
    other: _Center,
    row: ModelRow,
    options: Options,
) -> bool:
    """Whether two thick parts belong to two objects."""
    neck = _neck(depth, one, other) / min(one.depth, other.depth)
    if neck > _NECK:
        return False
    mine = _decoded(view, island, [one], [other], row, options)
    theirs = _decoded(view, island, [other], [one], row, options)
    differs = float(np.abs(mine - theirs)[island].mean())
    side = float((theirs > mine)[island].mean())
    if not _SMALLEST_SIDE <= side <= 1 - _SMALLEST_SIDE:
        return False
    return differs >= (_HINT if neck <= _NARROW else _CLEAR)


def _neck(depth: np.ndarray, one: _Center, other: _Center) -> int:
    """The depth of the deepest way from one center to the other."""
    low, high = 1, min(one.depth, other.depth)
    while low < high:
        middle = (low + high + 1) // 2
        labels = label(depth >= middle)
        if labels[one.y, one.x] == labels[other.y, other.x]:
            low = middle
        else:
            high = middle - 1
    return low


def _decoded(
    view: np.ndarray,
    island: np.ndarray,
    yes: list[_Center],
    no: list[_Center],
    row: ModelRow,
    options: Options,
) -> np.ndarray:
    """The network's answer to clicks, float32 of the island's cells."""
    down, across = view.shape[0] / island.shape[0], view.shape[1] / island.shape[1]

    def clicks(centers: list[_Center], kind: int) -> list[Point]:
        return [Point((one.x + 0.5) * across, (one.y + 0.5) * down, kind) for one in centers]

    prompt = Prompt(points=(*clicks(yes, 1), *clicks(no, 0)))
    answer = guided.segment(view, prompt, row, options.device, options.threads)
    return answer.at(island.shape[0], island.shape[1])
