# SPDX-License-Identifier: Apache-2.0
"""At what size the matting network decides, and how long its answer is settled: what each choice
errs by, on photographs and drawings.

    python -m bench.upsampling

trimaps: SAD on alphamatting.com's nine pictures (half a megapixel), trimap 1 / trimap 2. Animals:
MAD / mean error of the truly soft pixels, of matting-dev's four and its lemur, (1.1 to 1.8
megapixels) found by our network, then by U²-Netp. Drawn: mean error in the band of eighteen scenes
(512 px) of nine kinds.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from mattebrush.cutout import Report, no_progress
from mattebrush.imaging.resize import Upsampled
from mattebrush.matting import methods, upsample
from mattebrush.matting.trimap import adaptive_trimap
from mattebrush.matting.unknown import matte_unknown
from mattebrush.options import Options
from mattebrush.picture import checked, focus
from mattebrush.segmentation import select
from training.matting import development, scenes

from . import peers
from .soft_alpha import errors

KINDS = ("hair", "curls", "fur", "grass", "feathers", "nets", "lace", "hard", "veils")
CHOICES = [(1, None), *((1, n) for n in (1, 3, 6)), *((2, n) for n in (1, 2, 3, 6)), (3, 2)]
"""How many times smaller, and rounds of settling; None for none."""

Case = tuple[np.ndarray, np.ndarray, Upsampled | None]
Decide = Callable[[Case], np.ndarray]


def drawn() -> list[tuple[Case, np.ndarray]]:
    """Cases and their true alpha."""
    made = [scenes.make_scene(900 + seed, 512, kind) for kind in KINDS for seed in range(2)]
    return [((scene.image, scene.trimap, None), scene.alpha) for scene in made]


def animals(model: str) -> Iterator[tuple[Case, np.ndarray]]:
    """The same for photographs whose subject `model` found."""
    data = peers.SHARED / "data" / "matting-dev"
    pairs = [
        (photo, data / "am2k" / "alpha" / f"{photo.stem}.png")
        for photo in sorted((data / "am2k" / "image").glob("*.jpg"))
    ]
    for photo, truth in (*pairs, (data / "lemur/lemur.png", data / "lemur/lemur_alpha.png")):
        image = np.asarray(Image.open(photo).convert("RGB"))
        options = Options(model=model, device="cpu")
        segmentation = select.segment(image, focus(checked(image), options, None), options)
        trimap = adaptive_trimap(segmentation.probability, *image.shape[:2])
        coarse = Upsampled(segmentation.probability, *image.shape[:2])
        yield (image, trimap, coarse), np.asarray(Image.open(truth).convert("L")) / 255


def trimaps(name: str) -> Iterator[tuple[Case, development.Sample]]:
    """The same for photographs with a given trimap."""
    for sample in development.alphamatting(peers.SHARED / "data", name):
        assert sample.trimap is not None
        yield (sample.image, sample.trimap, None), sample


def main() -> None:
    """Prints the table as Markdown."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    os.environ["U2NET_HOME"] = peers.u2net_home()
    published = [list(trimaps(name)) for name in ("trimap1", "trimap2")]
    segmented = [list(animals(model)) for model in ("mattebrush-subject", "u2netp")]
    made = drawn()

    def row(name: str, decide: Decide) -> None:
        sads = [
            np.mean([development.sad(decide(case), sample) for case, sample in cases])
            for cases in published
        ]
        whole = [
            np.mean([errors(decide(case), truth) for case, truth in cases], axis=0)
            for cases in segmented
        ]
        bands = np.mean(
            [np.abs(decide(case) - truth)[case[1] == 128].mean() for case, truth in made]
        )
        cells = [f"{sads[0]:.2f} / {sads[1]:.2f}", *(f"{m:.4f} / {s:.3f}" for m, s in whole)]
        print(f"| {name} | {' | '.join(cells)} | {bands:.3f} |", flush=True)

    print("| | trimaps | animals, ours | animals, U²-Netp | drawn |")
    print("| --- | --- | --- | --- | --- |")
    guided = methods.select(Options(matting="guided"), Report("matte", 1, 1))
    network = methods.select(Options(matting="network", device="cpu"), Report("matte", 1, 1))
    row("guided filter", lambda case: matte_unknown(*case, guided, no_progress, None))
    for factor, rounds in CHOICES:
        if rounds is not None:
            for name in ("AFTER_COARSE", "AFTER_TRIMAP"):
                effort = dataclasses.replace(getattr(upsample, name), rounds=rounds)
                setattr(upsample, name, effort)

        def decide(case: Case, factor: int = factor, rounds: int | None = rounds) -> np.ndarray:
            pixels = math.ceil(case[1].size / factor**2)
            method = dataclasses.replace(
                network, max_pixels=pixels, guided_upsampling=rounds is not None
            )
            return matte_unknown(*case, method, no_progress, None)

        size = "full size" if factor == 1 else f"1/{factor} of the size"
        row(f"{size}, {rounds or 'no'} rounds", decide)


if __name__ == "__main__":
    main()
