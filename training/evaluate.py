# SPDX-License-Identifier: Apache-2.0
"""Prints the model card's tables: the shipped default beside a peer, over all development sets.

    python -m training.evaluate --peer u2netp

Both go the product's own path (`mattebrush.segment`), picture by picture in turn, so that whatever
else the machine does hits both. A peer is any salient model that `mattebrush models list` shows as
installed; U²-Netp is taken from ../shared/weights. `--network FILE` measures a file of ours that
is not shipped yet, in its place.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

import mattebrush
from mattebrush.models import catalog, store
from training.shards import DEFAULT_DATA, Pair
from training.subject.measure import FloatArray, accuracy
from training.subject.sets import Sets, development_sets, truth_of

DEFAULT = "mattebrush-subject"
"""The catalogue's name of the network that ships."""

RESAMPLES = 2000
"""Of the bootstrap."""


@dataclass
class Contender:
    """A model and what it answered, set by set. seconds: of segmentation, one a picture."""

    model: str
    answers: dict[str, list[FloatArray]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def answer(self, name: str, pair: Pair, threads: int) -> None:
        """Keeps the probability (H, W) at the picture's own size."""
        cutout = segmented(pair.image, self.model, threads)
        self.answers.setdefault(name, []).append(cutout.alpha)
        self.seconds.append(cutout.report.seconds["segmentation"])


def segmented(
    image: npt.NDArray[np.uint8], model: str = DEFAULT, threads: int = 2
) -> mattebrush.Cutout:
    """The product's own segmentation of a picture; `alpha` is the probability."""
    options = mattebrush.Options(model=model, device="cpu", threads=threads)
    return mattebrush.segment(image, options)


def measures(answer: FloatArray, truth: FloatArray) -> tuple[float, float, float]:
    """(MAE; ghosts inside: the share of the truth's eroded inside below .9; ghosts outside: the
    share of its outside above .1). NaN where there is no inside."""
    inside = ndimage.binary_erosion(truth > 0.5, iterations=max(2, min(truth.shape) // 100))
    outside = ndimage.binary_erosion(truth < 0.5, iterations=max(2, min(truth.shape) // 100))
    return (
        float(np.abs(answer - truth).mean()),
        float((answer[inside] < 0.9).mean()) if inside.any() else float("nan"),
        float((answer[outside] > 0.1).mean()) if outside.any() else float("nan"),
    )


def table(contenders: list[Contender], sets: Sets) -> Iterator[str]:
    """Markdown rows: every set and every subgroup of the photographs."""
    names = " | ".join(f"{c.model}: MAE | maxF | ghosts in | out" for c in contenders)
    yield f"| pictures | number | {names} |"
    yield "| --- | --- |" + " --- | --- | --- | --- |" * len(contenders)
    for name, pairs in sets.items():
        yield row(name, list(range(len(pairs))), contenders, name, pairs)
    photographs = sets["photographs"]
    members: dict[str, list[int]] = {}
    for number, pair in enumerate(photographs):
        for group in groups(pair):
            members.setdefault(group, []).append(number)
    for group in sorted(members, key=lambda g: -len(members[g])):
        yield row(f"photographs, {group}", members[group], contenders, "photographs", photographs)


def row(
    title: str, members: list[int], contenders: list[Contender], name: str, pairs: list[Pair]
) -> str:
    """One row of the table."""
    cells = []
    for one in contenders:
        scored = [(one.answers[name][n], truth_of(pairs[n])) for n in members]
        means = np.nanmean([measures(*pair) for pair in scored], 0)
        subject = [pair for pair in scored if (pair[1] > 0.5).any()]
        best = f"{accuracy(subject).max_f:.3f}" if subject else ""
        cells += [f"{means[0]:.4f}", best, f"{means[1]:.1%}".replace("nan%", ""), f"{means[2]:.1%}"]
    return f"| {title} | {len(members)} | {' | '.join(cells)} |"


def groups(pair: Pair) -> Iterator[str]:
    """The subgroups a photograph belongs to, told from its mask."""
    subject = pair.mask > 127
    share = subject.mean()
    yield (
        "small subject, under 5 %"
        if share < 0.05
        else ("middle-sized subject" if share < 0.3 else "large subject, over 30 %")
    )
    parts, _ = ndimage.label(subject)
    sizes = np.bincount(parts.ravel())[1:]
    yield "several subjects" if (sizes > 0.1 * sizes.sum()).sum() > 1 else "one subject"
    rim = np.concatenate([subject[0], subject[-1], subject[:, 0], subject[:, -1]])
    if rim.mean() > 0.02:
        yield "cut by the picture's edge"


def errors_of(one: Contender, sets: Sets) -> dict[str, npt.NDArray[np.float64]]:
    """Mean errors, picture by picture, of every set."""
    return {
        name: np.array(
            [np.abs(a - truth_of(p)).mean() for a, p in zip(one.answers[name], pairs, strict=True)]
        )
        for name, pairs in sets.items()
    }


def interval(own: Contender, other: Contender, sets: Sets) -> str:
    """Mean over sets of the MAE's difference, with its bootstrapped 95 % interval."""
    differences = [
        a - b
        for a, b in zip(errors_of(own, sets).values(), errors_of(other, sets).values(), strict=True)
    ]
    draws = np.random.default_rng(1)
    means = [
        np.mean([d[draws.integers(len(d), size=len(d))].mean() for d in differences])
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    mean = np.mean([d.mean() for d in differences])
    return (
        f"MAE, mean over sets, {own.model} less {other.model}: "
        f"{mean:+.4f} ({low:+.4f} to {high:+.4f})"
    )


def contend(models: list[str], sets: Sets, threads: int) -> list[Contender]:
    """Every model's answers to every picture, in turn."""
    contenders = [Contender(model) for model in models]
    for name, pairs in sets.items():
        for pair in pairs:
            for one in contenders:
                one.answer(name, pair, threads)
    return contenders


def ship(network: Path) -> None:
    """Has the engine take this file for the network that ships, in this process only."""
    folder = Path(tempfile.mkdtemp(prefix="mattebrush-evaluate-"))
    for file in catalog.NETWORKS.iterdir():
        (folder / file.name).symlink_to(file)
    (own,) = (f.name for f in catalog.get(DEFAULT).files)
    (folder / own).unlink()
    (folder / own).symlink_to(network.resolve())
    store.NETWORKS = folder  # type: ignore[attr-defined]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the subject network.")
    parser.add_argument("--network", type=Path, help="a file in place of the shipped one")
    parser.add_argument("--peer", help="a model's name in the catalogue")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the shards")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--count", type=int, default=0, help="pictures of each set; 0 for all")
    args = parser.parse_args()
    os.environ.setdefault("U2NET_HOME", str(args.data.parent / "weights"))
    if args.network:
        ship(args.network)
    sets = development_sets(args.data, args.count)
    contenders = contend([DEFAULT, *([args.peer] if args.peer else [])], sets, args.threads)
    print("\n".join(table(contenders, sets)))
    for one in contenders:
        print(f"\n{one.model}: {np.median(one.seconds) * 1000:.0f} ms a picture, median")
    if args.peer:
        print(f"\n{interval(contenders[0], contenders[1], sets)}")


if __name__ == "__main__":
    main()
