# SPDX-License-Identifier: Apache-2.0
"""Choices of matting, compared over every set with true soft alpha, with bootstrap intervals.

    python -m bench.choices                       at what size the network decides, and the rounds
    python -m bench.choices --network FILE ...    the shipped weights against other ones

A case's error is the mean |alpha - truth| over what is undecided: the unknown region and the truly
soft pixels. Each set counts the same, whatever its size: errors are shares of the first row's mean
over the set. The last columns say how far a row is from the first, in per cent, and between which
bounds 95 % of resamplings (of the cases within each set) lie. What lies around 0 is no reason to
choose; then the cheaper row is taken. Seconds are of the processor, for all cases together.

Sets: `cut-outs`, kept apart from training, before photographs, their subject found by our network;
`animals`, at 480 rows and as they are, likewise; `drawn` scenes with a coarse alpha as small
networks make them; `trimaps`, alphamatting.com's nine with both trimaps and nothing else known.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

from mattebrush.cutout import Report, no_progress
from mattebrush.imaging.resize import Upsampled
from mattebrush.matting import embedded, guided, methods, upsample
from mattebrush.matting.trimap import adaptive_trimap
from mattebrush.matting.unknown import matte_unknown
from mattebrush.models.runtime import Session
from mattebrush.options import Options
from mattebrush.picture import checked, focus
from mattebrush.segmentation import select
from training import shards
from training.matting import cutouts, development, scenes, shapes, trimaps

from . import peers

_RESAMPLINGS = 2000
_DATA = peers.SHARED / "data"


@dataclasses.dataclass(frozen=True)
class Case:
    """A picture, what is known of its alpha, and the truth."""

    image: np.ndarray
    trimap: np.ndarray
    coarse: Upsampled | None
    truth: np.ndarray

    def error(self, alpha: np.ndarray) -> float:
        """Mean over what is undecided."""
        soft = (self.truth > 0.02) & (self.truth < 0.98)
        return float(np.abs(alpha - self.truth)[soft | (self.trimap == 128)].mean())


@dataclasses.dataclass(frozen=True)
class Choice:
    """What differs from row to row: constants of the engine by (module, name), and the network's
    file, None for the shipped one."""

    name: str
    constants: Mapping[tuple[ModuleType, str], Any] = dataclasses.field(default_factory=dict)
    network: Path | None = None

    @contextlib.contextmanager
    def made(self) -> Iterator[methods.Method]:
        """The engine's own method; inside, the engine has these constants."""
        shipped = {key: getattr(*key) for key in self.constants}
        for (module, name), value in self.constants.items():
            setattr(module, name, value)
        try:
            method = methods.select(Options(matting="network", device="cpu"), Report("matte", 1, 1))
            if self.network:
                session = Session(self.network, None, "cpu", None)
                tile = functools.partial(embedded.matte, session=session)
                method = dataclasses.replace(method, prepare=methods.from_guided(tile))
            yield method
        finally:
            for (module, name), value in shipped.items():
                setattr(module, name, value)


_SETTLED = functools.partial(dataclasses.replace, upsample.AFTER_COARSE)

ROWS: tuple[Choice, ...] = (
    Choice("as shipped"),
    Choice("at most 1.5 MP", {(methods, "_COARSE_PIXELS"): 1.5e6}),
    Choice("at most .25 MP", {(methods, "_COARSE_PIXELS"): 0.25e6}),
    Choice("two rounds after the network", {(upsample, "AFTER_COARSE"): _SETTLED(rounds=2)}),
    Choice("windows of radius 8 after it", {(upsample, "AFTER_COARSE"): _SETTLED(radius=8)}),
    Choice("by single pixels after it", {(upsample, "AFTER_COARSE"): _SETTLED(step=1)}),
    Choice("stretched by .05 after it", {(upsample, "AFTER_COARSE"): _SETTLED(shrunk=0.05)}),
    Choice("one round before it", {(guided, "COARSE_DRAFT"): guided.Effort(224, 4, 1, 0.08)}),
    Choice("six rounds at 448 px before it", {(guided, "COARSE_DRAFT"): guided.AFTER_COARSE}),
    Choice("192 pixels around", {(methods, "_COARSE_HALO"): 192}),
)


def main() -> None:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", type=Path, nargs="+", default=[], help="other weights")
    parser.add_argument("--cases", type=int, default=24, help="cut-outs, and drawn scenes")
    args = parser.parse_args()
    rows = ROWS
    sets: dict[str, Callable[[int], Iterator[Case]]] = {
        "cut-outs": cut_outs,
        "animals": animals,
        "drawn": drawn,
    }
    if args.network:
        rows = (Choice("as shipped"), *(Choice(p.name, network=p) for p in args.network))
        sets["trimaps"] = published_trimaps
    by_set = {name: list(make(args.cases)) for name, make in sets.items()}
    print(f"| | {' | '.join(by_set)} | all | difference, % | 95 % | seconds |")
    print(f"|{' --- |' * (len(by_set) + 5)}")
    first: dict[str, np.ndarray] = {}
    for row in rows:
        began = time.process_time()
        errors = _errors(row, by_set)
        seconds = time.process_time() - began
        first = first or errors
        share = {name: errors[name] / first[name].mean() for name in by_set}
        whole = float(np.mean([values.mean() for values in share.values()]))
        low, high = _interval({n: share[n] - first[n] / first[n].mean() for n in by_set})
        cells = [f"{values.mean():.4f}" for values in errors.values()]
        cells += [f"{whole:.3f}", f"{100 * (whole - 1):+.1f}"]
        cells += [f"{100 * low:+.1f} to {100 * high:+.1f}", f"{seconds:.1f}"]
        print(f"| {row.name} | {' | '.join(cells)} |", flush=True)


def _errors(row: Choice, by_set: dict[str, list[Case]]) -> dict[str, np.ndarray]:
    with row.made() as method:
        return {
            name: np.array(
                [
                    case.error(
                        matte_unknown(case.image, case.trimap, case.coarse, method, no_progress, 1)
                    )
                    for case in cases
                ]
            )
            for name, cases in by_set.items()
        }


def _interval(differences: dict[str, np.ndarray]) -> tuple[float, float]:
    """Between which bounds 95 % of the resampled mean differences lie."""
    rng = np.random.default_rng(0)
    means = [
        values[rng.integers(0, len(values), (_RESAMPLINGS, len(values)))].mean(axis=1)
        for values in differences.values()
    ]
    low, high = np.percentile(np.mean(means, axis=0), (2.5, 97.5))
    return float(low), float(high)


def _segmented(image: np.ndarray, truth: np.ndarray) -> Iterator[Case]:
    """The case that our own segmentation makes of a picture; none where it found something else."""
    options = Options(device="cpu")
    probability = select.segment(image, focus(checked(image), options, None), options).probability
    coarse = Upsampled(probability, *image.shape[:2])
    predicted, true = coarse.whole() > 0.5, truth > 0.5
    if (predicted & true).sum() > 0.8 * (predicted | true).sum():
        yield Case(image, adaptive_trimap(probability, *image.shape[:2]), coarse, truth)


def cut_outs(count: int) -> Iterator[Case]:
    """Cut-outs before photographs without a subject of their own in the middle."""
    pairs = cutouts.read(_DATA, apart=True)
    order = np.random.default_rng(1).permutation(len(pairs))
    grounds = iter(shards.read_pairs(_DATA / "train" / "none-0.tar"))
    made = 0
    for k in order:
        pair, ground = pairs[k], next(grounds)
        height, width = (side + side // 4 for side in pair.mask.shape)
        back = np.asarray(
            Image.fromarray(ground.image).resize((width, height), Image.Resampling.BICUBIC)
        )
        top, left = height // 8, width // 8
        alpha = np.zeros((height, width), np.float32)
        alpha[top:, left:][: pair.mask.shape[0], : pair.mask.shape[1]] = pair.mask / 255
        color = np.zeros((height, width, 3))
        color[top:, left:][: pair.mask.shape[0], : pair.mask.shape[1]] = pair.image
        a = alpha[..., None]
        for case in _segmented(np.rint(a * color + (1 - a) * back).astype(np.uint8), alpha):
            made += 1
            yield case
        if made == count:
            return


def animals(_: int) -> Iterator[Case]:
    """The photographs of matting-dev with true soft alpha."""
    for sample in development.am2k(_DATA):
        yield from _segmented(sample.image, sample.alpha)
        size = (round(sample.image.shape[1] * 480 / sample.image.shape[0]), 480)
        small, alpha = (
            np.asarray(Image.fromarray(v).resize(size, Image.Resampling.BOX))
            for v in (sample.image, sample.alpha)
        )
        yield from _segmented(small, alpha)


def drawn(count: int) -> Iterator[Case]:
    """Scenes of every kind in turn, half a megapixel's part of a picture."""
    kinds = list(shapes.KINDS)
    for number in range(count):
        scene = scenes.make_scene(3000 + number, 320, kinds[number % len(kinds)])
        rng = np.random.default_rng((number, 8))
        coarse = trimaps.guess(rng, scene.alpha)
        image = np.rint(scene.image * 255).astype(np.uint8)
        known = trimaps.around(rng, coarse)
        if (known == 128).any():
            yield Case(image, known, Upsampled(coarse, *scene.alpha.shape), scene.alpha)


def published_trimaps(_: int) -> Iterator[Case]:
    """alphamatting.com's nine pictures, twice."""
    for name in ("trimap1", "trimap2"):
        for sample in development.alphamatting(_DATA, name):
            assert sample.trimap is not None
            yield Case(sample.image, sample.trimap, None, sample.alpha)


if __name__ == "__main__":
    main()
