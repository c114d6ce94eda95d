# SPDX-License-Identifier: Apache-2.0
"""Draws the scenes the network is known to fail on, with its answers, for the model card.

    python -m training.subject.gallery --out docs/pictures/salient-failures.jpg

Drawn, not photographed, because the development photographs may not be shipped; each scene stands
for a kind of failure seen on them. The last column is a photograph that may be.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from training.evaluate import segmented, ship

SIDE = 256
Scene = tuple[Image.Image, Image.Image]
"""The picture (RGB) and its true mask (L), both SIDE square."""


def ground(draws: np.random.Generator, low: int, high: int, grain: float = 3.0) -> Image.Image:
    """A soft, grainy texture with levels between low and high."""
    small = draws.integers(low, high, (24, 24, 3), dtype=np.uint8)
    soft = Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    noisy = np.asarray(soft, np.float32) + draws.normal(0, grain, (SIDE, SIDE, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def outline(*boxes: tuple[int, int, int, int]) -> Image.Image:
    """A mask of ellipses, softened as a lens would."""
    mask = Image.new("L", (SIDE, SIDE))
    for box in boxes:
        ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(1))


def plain(draws: np.random.Generator) -> Scene:
    """What should work: one bright thing on quiet ground."""
    mask = outline((70, 50, 180, 210))
    picture = ground(draws, 60, 110)
    picture.paste(ground(draws, 150, 250), mask=mask)
    return picture, mask


def camouflage(draws: np.random.Generator) -> Scene:
    """The subject has its ground's colours; only a rim of shade tells it apart."""
    mask = outline((70, 60, 190, 200))
    picture = ground(draws, 60, 190)
    darker = Image.eval(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), lambda v: int(v * 0.85))
    picture.paste(darker, mask=mask)
    return picture, mask


def crowd(draws: np.random.Generator) -> Scene:
    """Many alike, none of them more the subject than the others."""
    places = [(x, y) for x in range(8, 240, 48) for y in range(12, 230, 60)]
    mask = outline(*((x, y, x + 36, y + 50) for x, y in places))
    picture = ground(draws, 90, 140)
    picture.paste(ground(draws, 20, 250), mask=mask)
    return picture, mask


def glass(draws: np.random.Generator) -> Scene:
    """A clear thing: a tenth of a difference inside, light on its rim."""
    mask = outline((80, 40, 180, 220))
    picture = ground(draws, 80, 170)
    lighter = Image.eval(picture, lambda v: min(255, v + 18))
    picture.paste(lighter, mask=mask)
    ImageDraw.Draw(picture).ellipse((80, 40, 180, 220), outline=(225, 230, 235), width=2)
    return picture, mask


def text(draws: np.random.Generator) -> Scene:
    """Lines of writing on paper: nothing is the subject, or all of it is."""
    picture = ground(draws, 225, 245)
    pen = ImageDraw.Draw(picture)
    for row in range(5):
        pen.text((16, 20 + 44 * row), "the quick brown", fill=(20, 20, 30), font_size=32)
    return picture, Image.new("L", (SIDE, SIDE))


def far_away(draws: np.random.Generator) -> Scene:
    """A subject of one per cent of the picture, in front of a busy ground."""
    mask = outline((150, 120, 178, 146))
    picture = ground(draws, 30, 220)
    picture.paste((235, 60, 40), mask=mask)
    return picture, mask


SCENES: dict[str, Callable[[np.random.Generator], Scene]] = {
    "plain": plain,
    "camouflage": camouflage,
    "crowd": crowd,
    "glass": glass,
    "text": text,
    "far away": far_away,
}


def columns() -> Iterator[npt.NDArray[np.uint8]]:
    """Picture over truth over answer, one column a scene, printing each scene's error."""
    for number, (name, scene) in enumerate(SCENES.items()):
        picture, mask = scene(np.random.default_rng(number))
        answer = segmented(np.asarray(picture)).alpha
        error = np.abs(answer - np.asarray(mask) / 255).mean()
        print(f"{name}: MAE {error:.3f}")
        panel = Image.fromarray((answer * 255).astype(np.uint8))
        stack = [picture, mask.convert("RGB"), panel.convert("RGB")]
        yield np.concatenate([np.asarray(part) for part in stack])


def photograph(path: Path) -> npt.NDArray[np.uint8]:
    """A picture without a known mask, over its cut-out on green, over the answer."""
    picture = Image.open(path).convert("RGB").resize((SIDE, SIDE))
    answer = Image.fromarray((segmented(np.asarray(picture)).alpha * 255).astype(np.uint8))
    cutout = Image.composite(picture, Image.new("RGB", picture.size, (0, 200, 80)), answer)
    stack = [picture, cutout, answer.convert("RGB")]
    return np.concatenate([np.asarray(part) for part in stack])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Draw the known failures.")
    parser.add_argument("--network", type=Path, help="a file in place of the shipped one")
    parser.add_argument("--photograph", type=Path, default=Path("examples/lemur.jpg"))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if args.network:
        ship(args.network)
    sheet = np.concatenate([*columns(), photograph(args.photograph)], 1)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(args.out, quality=70)
    print(args.out)


if __name__ == "__main__":
    main()
