# SPDX-License-Identifier: Apache-2.0
"""Measures what prompts are worth, on the product's own path, for the subject network's card.

    python -m training.subject.prompted --count 40

Clicks go into the middle of the largest error of the answer before; the box is the subject's; a
rectangle is that box as a mask, refined with the whole picture as region; strokes go over the three
largest errors of the default mask, and what is left of the error outside the paint is counted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy import ndimage

import mattebrush
from mattebrush import Options, Point, Prompt
from mattebrush.imaging.resize import resize
from training.shards import DEFAULT_DATA, DEVELOPMENT, Pair, find_shards, read_pairs
from training.subject import prompts
from training.subject.certainty import overlap
from training.subject.measure import FloatArray
from training.subject.sets import truth_of

CLICKS = 5
PAINTED = 256
"""The side at which strokes are drawn."""


def clicked(pair: Pair) -> list[float]:
    """IoU after one click, two, ..."""
    truth, points = truth_of(pair), []
    height, width = truth.shape
    answer, overlaps = np.zeros_like(truth), []
    for _ in range(CLICKS):
        for error in prompts.errors(truth, answer, 1):
            depth = ndimage.distance_transform_edt(np.pad(error.cells, 1))[1:-1, 1:-1]
            y, x = divmod(int(depth.argmax()), depth.shape[1])
            place = ((x + 0.5) * width / depth.shape[1], (y + 0.5) * height / depth.shape[0])
            points.append(Point(*place, int(error.missing)))
        if points:
            answer = mattebrush.segment(pair.image, Options(prompt=Prompt(tuple(points)))).alpha
        overlaps.append(overlap(answer, truth))
    return overlaps


def boxed(pair: Pair) -> tuple[float, float, float]:
    """IoU of the answer to the subject's box, of the box as a mask, and of that refined."""
    truth = truth_of(pair)
    y, x = (np.flatnonzero((truth > 0.5).any(axis)) for axis in (1, 0))
    box = (float(x[0]), float(y[0]), float(x[-1] + 1), float(y[-1] + 1))
    answer = mattebrush.segment(pair.image, Options(prompt=Prompt((), (box,)))).alpha
    crude = np.zeros_like(truth)
    crude[y[0] : y[-1] + 1, x[0] : x[-1] + 1] = 1
    whole = np.full(truth.shape, 255, np.uint8)
    refined = mattebrush.refine(pair.image, crude, region=whole, options=_OPTIONS).alpha
    return overlap(answer, truth), overlap(crude, truth), overlap(refined, truth)


def stroked(pair: Pair, draws: np.random.Generator) -> tuple[float, float] | None:
    """The error outside the paint before Refine and after; None where there is nothing to mend."""
    truth = truth_of(pair)
    before: FloatArray = mattebrush.remove_background(pair.image, _OPTIONS).alpha
    mask = before.copy()
    for error in prompts.errors(truth, before, 3):
        plane = np.zeros((PAINTED, PAINTED), np.float32)
        prompts.stroke(plane, error, draws)
        mask[resize(plane, (truth.shape[0], truth.shape[1])) > 0.5] = float(error.missing)
    painted = mask != before
    if not painted.any():
        return None
    after = mattebrush.refine(pair.image, mask, before, options=_OPTIONS).alpha
    left = [float(np.abs(m - truth)[~painted].sum()) for m in (before, after)]
    return left[0], left[1]


_OPTIONS = Options(decontaminate=False)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure prompts.")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the shards")
    parser.add_argument("--count", type=int, default=40, help="pictures, evenly out of the set")
    args = parser.parse_args()
    pairs = [p for s in find_shards(args.data, DEVELOPMENT) for p in read_pairs(s)]
    pairs = [p for p in pairs[:: max(1, len(pairs) // args.count)] if (p.mask > 127).any()]
    clicks = np.mean([clicked(pair) for pair in pairs], 0)
    boxes = np.mean([boxed(pair) for pair in pairs], 0)
    strokes = [stroked(pair, np.random.default_rng(n)) for n, pair in enumerate(pairs)]
    errors = np.array([pair for pair in strokes if pair is not None])
    print(f"{len(pairs)} pictures; IoU after 1 to {CLICKS} clicks:", clicks.round(3))
    print("IoU of a box, of a rectangle, of it refined:", boxes.round(3))
    if not len(errors):
        print("strokes: nothing to mend in these pictures")
        return
    before, after = errors.sum(0)
    worse = (errors[:, 1] > errors[:, 0] * 1.001).mean()
    print(f"strokes, {len(errors)} pictures: error {after / before - 1:+.0%}, worse in {worse:.0%}")


if __name__ == "__main__":
    main()
