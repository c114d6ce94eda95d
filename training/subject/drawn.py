# SPDX-License-Identifier: Apache-2.0
"""Prints how the subject network does on drawn art beside photographed things.

    python -m training.subject.drawn

The development cut-outs, whose true alpha is known, by where they come from, and each before a
photograph and before white paper; and as line art, which is made of them: the outlines of the
subject and of its colors in black on white, the paper showing through. All go the product's own
path (`mattebrush.segment`). `--model` takes another model that is installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from training.evaluate import DEFAULT, segmented
from training.shards import DEFAULT_DATA, DEVELOPMENT, Pair, find_shards, read_pairs
from training.subject.measure import FloatArray
from training.subject.sets import composed, held_out, truth_of

SOURCES = {
    "tux-": "photographed things",
    "wes-": "painted half figures",
    "emoji-": "3D icons",
    "clip-": "drawings",
}
"""Of the cut-outs, by how their names begin (../shared/data/README.md). A few of the first are
drawn as well."""

LINE = 0.25
"""A step of this much between neighbours, in shares of white, is drawn as a line."""


def on_paper(pair: Pair) -> Pair:
    """A picture's subject before white."""
    share = pair.mask[..., None] / np.float32(255)
    image = np.rint(share * pair.image + (1 - share) * 255).astype(np.uint8)
    return Pair(pair.name, image, pair.mask)


def as_lines(pair: Pair) -> Pair:
    """The subject as line art, black on white, two pixels wide."""
    gray = on_paper(pair).image.astype(np.float32).mean(axis=2) / 255
    steps = np.hypot(ndimage.sobel(gray, 0), ndimage.sobel(gray, 1)) / 4
    inside = pair.mask > 127
    outline = inside ^ ndimage.binary_erosion(inside, iterations=2)
    lines = outline | ((steps > LINE) & inside)
    image = np.where(lines[..., None], 0, 255).repeat(3, axis=2).astype(np.uint8)
    return Pair(pair.name, image, pair.mask)


def overlap(answer: FloatArray, truth: FloatArray) -> float:
    """Intersection over union at one half."""
    predicted, true = answer > 0.5, truth > 0.5
    return float((predicted & true).sum() / max(1, (predicted | true).sum()))


def rows(pairs: list[Pair], model: str, threads: int) -> Iterator[str]:
    """Markdown rows: each source, each ground."""
    for start, title in SOURCES.items():
        own = [pair for pair in pairs if pair.name.startswith(start)]
        grounds = {
            "a photograph": own,
            "white": [on_paper(pair) for pair in own],
            "white, as lines": [as_lines(pair) for pair in own],
        }
        for ground, drawn_pairs in grounds.items():
            scores = np.array([measured(pair, model, threads) for pair in drawn_pairs])
            errors, overlaps = scores[:, 0], scores[:, 1]
            yield (
                f"| {title} | {ground} | {len(drawn_pairs)} | {errors.mean():.3f} | "
                f"{np.median(overlaps):.2f} | {(overlaps > 0.9).mean():.0%} | "
                f"{(overlaps < 0.5).mean():.0%} |"
            )


def measured(pair: Pair, model: str, threads: int) -> tuple[float, float]:
    """(mean absolute error, IoU) of the answer to a picture."""
    image: npt.NDArray[np.uint8] = pair.image
    answer, truth = segmented(image, model, threads).alpha, truth_of(pair)
    return float(np.abs(answer - truth).mean()), overlap(answer, truth)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the subject network on drawn art.")
    parser.add_argument("--model", default=DEFAULT, help="a model's name in the catalogue")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the shards")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    photographs = [p for s in find_shards(args.data, DEVELOPMENT) for p in read_pairs(s)]
    pairs = list(composed(held_out(args.data, "cutout"), photographs))
    print("| cut-outs | before | number | MAE | IoU, median | IoU over .9 | under .5 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for line in rows(pairs, args.model, args.threads):
        print(line, flush=True)


if __name__ == "__main__":
    main()
