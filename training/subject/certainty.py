# SPDX-License-Identifier: Apache-2.0
"""Fits the certainty that reports carry, and says how well it sorts.

    python -m training.subject.certainty

A cut-out needs nobody when its mask overlaps the truth by FINE. The weights printed go into
`core/mattebrush/segmentation/certainty.py`. Fitted on every other picture of the development
sets, judged on the rest: where in the order by certainty do the worst twentieth by true error
stand, and how many of a hundred called p are fine.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import optimize

from mattebrush.segmentation.certainty import features
from mattebrush.segmentation.salient import segment
from training.evaluate import DEFAULT, ship
from training.shards import DEFAULT_DATA
from training.subject.measure import FloatArray
from training.subject.sets import development_sets, truth_of

FINE = 0.85
"""Intersection over union."""

Array = npt.NDArray[np.float64]


def overlap(answer: FloatArray, truth: FloatArray) -> float:
    """Intersection over union at one half."""
    predicted, target = answer > 0.5, truth > 0.5
    return float((predicted & target).sum() / max(1, (predicted | target).sum()))


def fit(inputs: Array, fine: npt.NDArray[np.bool_]) -> Array:
    """Logistic regression with a little weight decay; (n, k) -> (k + 1,), the constant first."""
    design = np.column_stack([np.ones(len(inputs)), inputs])

    def loss(weights: Array) -> float:
        score = design @ weights
        return float(np.mean(np.logaddexp(0, score) - fine * score) + 1e-4 * weights @ weights)

    fitted: Array = optimize.minimize(loss, np.zeros(design.shape[1])).x
    return fitted


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Fit the certainty.")
    parser.add_argument("--network", type=Path, help="a file in place of the shipped one")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the shards")
    parser.add_argument("--count", type=int, default=0, help="pictures of each set; 0 for all")
    args = parser.parse_args()
    if args.network:
        ship(args.network)
    sets = development_sets(args.data, args.count)
    inputs, overlaps, errors = [], [], []
    for name, pairs in sets.items():
        if name == "nothing":
            continue
        for pair in pairs:
            seen, truth = segment(pair.image, DEFAULT, "cpu"), truth_of(pair)
            answer = seen.at(truth.shape[0], truth.shape[1])
            inputs.append(features(seen.undecided))
            overlaps.append(overlap(answer, truth))
            errors.append(np.abs(answer - truth).mean())
    x, fine, error = np.array(inputs), np.array(overlaps) > FINE, np.array(errors)
    weights = fit(x[::2], fine[::2])
    print("WEIGHTS =", tuple(round(float(w), 2) for w in weights))
    x, fine, error = x[1::2], fine[1::2], error[1::2]
    certainty = 1 / (1 + np.exp(-(weights[0] + x @ weights[1:])))
    order = np.argsort(certainty)
    worst = np.argsort(-error)[: len(error) // 20]
    places = np.argsort(order)[worst] / len(order)
    print(f"{len(error)} pictures, {fine.mean():.0%} fine; worst twentieth within the first fifth:")
    print(f"{(places < 0.2).mean():.0%}, within the first half {(places < 0.5).mean():.0%}")
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        bin_ = (certainty >= low) & (certainty < low + 0.2 + (low == 0.8))
        if bin_.any():
            print(
                f"called {low:.1f} to {low + 0.2:.1f}: {bin_.sum()}, fine {fine[bin_].mean():.0%}"
            )


if __name__ == "__main__":
    main()
