# SPDX-License-Identifier: Apache-2.0
"""How steep the logits should be: error and calibration on the development set, by steepness.

    python -m training.salient.steepness

Between the two it is a choice, `calibrate.STEEPER`. 1 is cross entropy's optimum.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from training.evaluate import accuracy_table, calibration_table, contender, our_scale
from training.salient.calibrate import STEEPER
from training.salient.export import SHIPPED
from training.salient.measure import FloatArray
from training.shards import DEFAULT_DATA, DEVELOPMENT, find_shards, read_pairs

FACTORS = (1.0, 1.1, 1.2, 1.3, 1.5, 2.0)


def steeper(probability: FloatArray, factor: float) -> FloatArray:
    """The probability (H, W) with its logits multiplied; one half stays where it is."""
    sure = probability.clip(1e-6, 1 - 1e-6)
    raised: FloatArray = 1 / (1 + ((1 - sure) / sure) ** np.float32(factor))
    return raised


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Error and calibration by steepness.")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    given = parser.parse_args()
    one = contender("ours", SHIPPED, 2, our_scale)
    shards = find_shards(given.data, DEVELOPMENT)
    pairs = [pair for shard in shards for pair in read_pairs(shard)]
    shipped = [one.answer(pair.image) for pair in pairs]
    print("| logits | MAE | expected calibration error |")
    print("| --- | --- | --- |")
    for factor in FACTORS:
        answers = [[steeper(answer, factor / STEEPER) for answer in shipped]]
        named = [dataclasses.replace(one, name=f"x {factor:g}")]
        everything = next(r for r in accuracy_table(named, pairs, answers) if r.startswith("| all"))
        *_, error = calibration_table(named, pairs, answers)
        print(f"| x {factor:g} | {everything.split(' | ')[2]} | {error.split(' | ')[1]} |")


if __name__ == "__main__":
    main()
