# SPDX-License-Identifier: Apache-2.0
"""A sheet of development pictures, their masks and the network's answers, to be looked at.

    python -m training.subject.look --count 20 --out /tmp/look.jpg

For eyes, not for shipping: the pictures are not ours. `gallery.py` draws what may be shipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.evaluate import segmented, ship
from training.shards import DEFAULT_DATA, DEVELOPMENT, Pair, find_shards, read_pairs
from training.subject.sets import truth_of

SIDE, ACROSS = 200, 5


def strip(pair: Pair, number: int) -> npt.NDArray[np.uint8]:
    """Picture, mask and answer side by side, printing the error."""
    answer = segmented(pair.image).alpha
    print(f"{number}: {pair.name} MAE {np.abs(answer - truth_of(pair)).mean():.3f}")
    predicted = np.rint(answer * 255).astype(np.uint8)
    parts = [Image.fromarray(part).convert("RGB") for part in (pair.image, pair.mask, predicted)]
    return np.concatenate([np.asarray(part.resize((SIDE, SIDE))) for part in parts])


def main() -> None:
    parser = argparse.ArgumentParser(description="Look at answers to development pictures.")
    parser.add_argument("--network", type=Path, help="a file in place of the shipped one")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the shards")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    pairs = [p for s in find_shards(args.data, DEVELOPMENT) for p in read_pairs(s)]
    chosen = np.random.default_rng(args.seed).permutation(len(pairs))[: args.count]
    if args.network:
        ship(args.network)
    columns = [strip(pairs[place], number) for number, place in enumerate(chosen)]
    while len(columns) % ACROSS:
        columns.append(np.zeros_like(columns[0]))
    rows = [np.concatenate(columns[i : i + ACROSS], 1) for i in range(0, len(columns), ACROSS)]
    Image.fromarray(np.concatenate(rows)).save(args.out, quality=85)


if __name__ == "__main__":
    main()
