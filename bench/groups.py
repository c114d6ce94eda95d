# SPDX-License-Identifier: Apache-2.0
"""Does the cut-out fail more often for some people than for others?

    python -m bench.groups PICTURES MASKS --labels TABLE.csv   # groups as the table names them
    python -m bench.groups PICTURES MASKS                      # bins of what can be measured
    python -m bench.groups --drawn                             # one head, ten tones, ten grounds

PICTURES and MASKS are folders of files of the same names; TABLE has a column `picture` (the name,
with or without its ending) and one column or more of labels. You need the rights to all of them.
Error: mean absolute difference to the mask. A failure: the overlap (IoU) is under .85. Intervals
are 95 % by bootstrap. A group of fewer than 30 pictures says nothing and is refused.

Without labels pictures are put into bins by two things that can be measured: the lightness of
skin-colored pixels in the upper half of the subject, and the contrast between the subject's upper
rim and what is behind it. These are measures of pixels, light included, and not of people.

`--drawn` draws one head in the ten tones of the Monk Skin Tone scale (Monk 2019) before ten
grounds, with four kinds of hair, so that tone and contrast, which go together in photographs, can
be told apart: every tone is seen at every contrast.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageDraw, ImageFilter

import mattebrush

LEAST = 30
"""Pictures in a group, below which nothing is said of it."""

FAILED = 0.85
"""Overlap (IoU) under which a cut-out counts as failed."""

TONES = (
    "#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96",
    "#a07e56", "#825c43", "#604134", "#3a312a", "#292420",
)  # fmt: skip
"""The Monk Skin Tone scale, tones 1 to 10."""

HAIR = ("none", "short", "curly", "long")

_SIZE = 400
_RESAMPLES = 2000

Plane = npt.NDArray[np.float32]
Lab = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """One picture's error 0..1, its overlap 0..1, and the groups it belongs to, by kind."""

    error: float
    overlap: float
    groups: dict[str, str]


class GroupTooSmall(ValueError):
    """A group has too few pictures to say anything about it."""


def outcome(image: npt.NDArray[np.uint8], truth: Plane, groups: dict[str, str]) -> Outcome:
    """The default cut-out of a picture against its mask."""
    alpha = mattebrush.remove(image)[..., 3] / np.float32(255)
    both, either = (alpha > 0.5) & (truth > 0.5), (alpha > 0.5) | (truth > 0.5)
    overlap = float(both.sum() / max(1, int(either.sum())))
    return Outcome(float(np.abs(alpha - truth).mean()), overlap, groups)


# ---------------------------------------------------------------- people's pictures


def read_pairs(pictures: Path, masks: Path) -> Iterator[tuple[str, npt.NDArray[np.uint8], Plane]]:
    """(name, RGB (H, W, 3), mask (H, W) 0..1) of every picture that has a mask."""
    known = {path.stem: path for path in sorted(masks.iterdir()) if path.is_file()}
    for path in sorted(pictures.iterdir()):
        if path.stem not in known:
            continue
        image = np.asarray(Image.open(path).convert("RGB"))
        mask = Image.open(known[path.stem]).convert("L")
        if mask.size != (image.shape[1], image.shape[0]):
            raise SystemExit(f"{known[path.stem]} is not of the size of {path}.")
        yield path.stem, image, np.asarray(mask, np.float32) / np.float32(255)


def read_labels(table: Path) -> dict[str, dict[str, str]]:
    """Labels by kind, by picture's name without its ending."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or "picture" not in rows[0]:
        raise SystemExit(f"{table} needs a first row with `picture` and the labels' names.")
    return {
        Path(row["picture"]).stem: {k: v for k, v in row.items() if k != "picture" and v}
        for row in rows
    }


def measured(image: npt.NDArray[np.uint8], truth: Plane) -> dict[str, str]:
    """The bins a picture falls into by lightness of skin-colored pixels and by contrast."""
    lab = to_lab(image)
    rows = np.flatnonzero((truth > 0.5).any(1))
    if not rows.size:
        return {}
    upper = np.zeros(truth.shape, bool)
    upper[rows[0] : (rows[0] + rows[-1]) // 2 + 1] = True
    inside = upper & (truth > 0.9)
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    skin = inside & (hue > 20) & (hue < 80) & (chroma > 8) & (chroma < 50)
    bins = {}
    if skin.sum() > 0.05 * max(1, int(inside.sum())):
        bins["lightness of skin-colored pixels"] = binned(
            float(np.median(lab[..., 0][skin])), (25, 40, 55, 70)
        )
    within, beyond = rims(truth, upper)
    if within.any() and beyond.any():
        bins["contrast at the upper rim"] = binned(
            float(np.linalg.norm(lab[within].mean(0) - lab[beyond].mean(0))), (10, 25, 45)
        )
    return bins


def rims(
    truth: Plane, upper: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """What lies just within the subject's edge and just beyond it."""
    reach = max(3, min(truth.shape) // 40) | 1
    mask = Image.fromarray(np.uint8(truth > 0.5) * 255)
    grown = np.asarray(mask.filter(ImageFilter.MaxFilter(reach))) > 0
    shrunk = np.asarray(mask.filter(ImageFilter.MinFilter(reach))) > 0
    return upper & (truth > 0.9) & ~shrunk, upper & (truth < 0.1) & grown


def binned(value: float, edges: tuple[int, ...]) -> str:
    """Which bin a number falls into, in words that sort."""
    at = int(np.searchsorted(edges, value))
    low = edges[at - 1] if at else 0
    return f"{low} to {edges[at]}" if at < len(edges) else f"over {low}"


def to_lab(image: npt.NDArray[np.uint8]) -> Lab:
    """(H, W, 3) CIELAB of an sRGB picture, through Pillow's color management."""
    to = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    picture = ImageCms.applyTransform(Image.fromarray(image), to)
    if picture is None:
        raise RuntimeError("Pillow gave no picture back.")
    values = np.asarray(picture).astype(np.float64)
    signed = np.where(values[..., 1:] > 127, values[..., 1:] - 256, values[..., 1:])
    return np.concatenate([values[..., :1] * (100 / 255), signed], -1)


# ---------------------------------------------------------------- one head, drawn


def drawn_head(tone: str, lightness: float, hair: str, seed: int = 1) -> tuple[Image.Image, Plane]:
    """A shaded head and shoulders before an out-of-focus ground, and its mask.

    tone: the skin's color. lightness: the ground's, L* 0..100. hair: one of `HAIR`; always dark,
    as most of the world's is. The same seed draws the same head.
    """
    rng = np.random.default_rng(seed)
    big = 2 * _SIZE
    subject, mask = Image.new("RGB", (big, big)), Image.new("L", (big, big))
    color, cover = ImageDraw.Draw(subject), ImageDraw.Draw(mask)

    def ellipse(box: tuple[float, ...], fill: tuple[int, ...], solid: bool = True) -> None:
        scaled = [v * big for v in box]
        color.ellipse(scaled, fill=fill)
        if solid:
            cover.ellipse(scaled, fill=255)

    skin = tuple(int(tone[i : i + 2], 16) for i in (1, 3, 5))
    darker = tuple(int(v * 0.72) for v in skin)
    shirt, dark = (70, 92, 128), (32, 24, 20)
    if hair == "long":
        ellipse((0.27, 0.10, 0.73, 0.86), dark)
    ellipse((0.12, 0.74, 0.88, 1.5), shirt)
    for part, fill in (((0.42, 0.55, 0.58, 0.84), darker), ((0.44, 0.78, 0.56, 0.86), darker)):
        ellipse(part, fill)
    for x in (0.30, 0.65):
        ellipse((x, 0.36, x + 0.05, 0.50), darker)
    ellipse((0.32, 0.14, 0.68, 0.68), skin)
    for x in (0.39, 0.53):
        ellipse((x, 0.375, x + 0.08, 0.41), (236, 232, 226), False)
        ellipse((x + 0.026, 0.376, x + 0.056, 0.409), (50, 32, 22), False)
        ellipse((x - 0.005, 0.335, x + 0.085, 0.352), dark, False)
    ellipse((0.475, 0.42, 0.525, 0.51), darker, False)
    ellipse((0.43, 0.56, 0.57, 0.595), tuple(int(v * 0.6) for v in (skin[0], *darker[1:])), False)
    if hair != "none":
        color.pieslice([0.305 * big, 0.11 * big, 0.695 * big, 0.62 * big], 182, 358, fill=dark)
        cover.pieslice([0.305 * big, 0.11 * big, 0.695 * big, 0.62 * big], 182, 358, fill=255)
        color.polygon(
            [(v * big, u * big) for v, u in ((0.33, 0.37), (0.5, 0.25), (0.67, 0.37))], skin
        )
    strands = {"none": 0, "short": 60, "curly": 260, "long": 120}[hair]
    for _ in range(strands):
        turn = rng.uniform(np.pi * 1.02, np.pi * 1.98)
        root = np.array([0.5 + 0.185 * np.cos(turn), 0.33 + 0.2 * np.sin(turn)])
        away = np.array([np.cos(turn), np.sin(turn)])
        if hair == "curly":
            radius = rng.uniform(0.012, 0.03)
            at = root + away * rng.uniform(0.0, 0.06)
            box = [(v - radius) * big for v in at] + [(v + radius) * big for v in at]
            color.ellipse(box, outline=dark, width=6)
            cover.ellipse(box, outline=255, width=6)
            continue
        tip = root + away * rng.uniform(0.01, 0.035 if hair == "short" else 0.06)
        line = [*(root * big), *(tip * big)]
        color.line(line, fill=dark, width=3)
        cover.line(line, fill=255, width=3)
    y, x = np.mgrid[0:big, 0:big] / big
    light = 1.08 - 0.42 * np.clip(x - 0.42, -0.2, 1) - 0.12 * (y - 0.4)
    shaded = np.asarray(subject, np.float64)
    shaded = shaded * light[..., None] + rng.normal(0, 3, shaded.shape)
    alpha = np.asarray(mask, np.float64) / 255
    blobs = np.asarray(
        Image.fromarray(rng.integers(0, 255, (9, 9, 3), np.uint8)).resize(
            (big, big), Image.Resampling.BICUBIC
        ),
        np.float64,
    )
    gray = 255 * _srgb_of(lightness)
    ground = gray + (blobs - 127) * 0.18 + rng.normal(0, 3, shaded.shape)
    whole = alpha[..., None] * shaded + (1 - alpha[..., None]) * ground
    picture = Image.fromarray(whole.clip(0, 255).astype(np.uint8))
    small = mask.resize((_SIZE, _SIZE), Image.Resampling.BOX)
    truth = np.asarray(small, np.float32) / np.float32(255)
    return picture.resize((_SIZE, _SIZE), Image.Resampling.BOX), truth


def _srgb_of(lightness: float) -> float:
    """Gray, sRGB 0..1, of a lightness L* 0..100 (CIE 1976)."""
    linear = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / 903.3
    return float(12.92 * linear if linear < 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)


def drawn_sweep() -> Iterator[Outcome]:
    """Every tone before every ground, with every kind of hair."""
    for number, tone in enumerate(TONES, 1):
        skin = np.array([[[int(tone[i : i + 2], 16) for i in (1, 3, 5)]]], np.uint8)
        own = float(to_lab(skin)[0, 0, 0])
        for lightness in np.linspace(5, 95, 10):
            for hair in HAIR:
                image, truth = drawn_head(tone, float(lightness), hair)
                contrast = binned(abs(own - float(lightness)), (10, 25, 45))
                groups = {
                    "skin tone": f"{number:2d}",
                    "skin and ground differ in lightness by": contrast,
                    "hair": hair,
                    "tone, where skin and ground differ by over 25": (
                        ""
                        if abs(own - float(lightness)) < 25
                        else f"{(number + 1) // 2:2d}: tones"
                        f" {number - (number + 1) % 2} and {number + number % 2}"
                    ),
                }
                yield outcome(np.asarray(image), truth, {k: v for k, v in groups.items() if v})


# ---------------------------------------------------------------- tables


def table(outcomes: list[Outcome], kind: str) -> Iterator[str]:
    """Markdown: every group of a kind, with intervals.

    Raises GroupTooSmall, naming every group of fewer than `LEAST` pictures.
    """
    members: dict[str, list[Outcome]] = {}
    for one in outcomes:
        if kind in one.groups:
            members.setdefault(one.groups[kind], []).append(one)
    small = {name: len(group) for name, group in members.items() if len(group) < LEAST}
    if small:
        named = ", ".join(f"{name} ({count})" for name, count in sorted(small.items()))
        raise GroupTooSmall(
            f"{kind}: {named}: fewer than {LEAST} pictures. Add pictures, or join groups."
        )
    yield f"| {kind} | pictures | error | 95 % | failures | 95 % |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in sorted(members):
        errors = np.array([one.error for one in members[name]])
        failures = np.array([float(one.overlap < FAILED) for one in members[name]])
        cells = [name.strip(), str(len(errors))]
        for values, form in ((errors, "{:.4f}"), (failures, "{:.1%}")):
            low, high = interval(values)
            cells += [
                form.format(values.mean()), f"{form.format(low)} to {form.format(high)}"
            ]  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The bootstrap's 95 % interval of a mean."""
    draws = np.random.default_rng(1)
    means = values[draws.integers(len(values), size=(_RESAMPLES, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    words = argparse.ArgumentParser(description="Errors and failures by group.")
    words.add_argument("pictures", type=Path, nargs="?", help="folder of pictures")
    words.add_argument("masks", type=Path, nargs="?", help="folder of their masks")
    words.add_argument("--labels", type=Path, help="CSV: picture, and columns of labels")
    words.add_argument("--drawn", action="store_true", help="a drawn head in place of pictures")
    options = words.parse_args()
    if options.drawn:
        outcomes = list(drawn_sweep())
    elif options.pictures and options.masks:
        labels = read_labels(options.labels) if options.labels else None
        outcomes = [
            outcome(image, truth, measured(image, truth) if labels is None else labels[name])
            for name, image, truth in read_pairs(options.pictures, options.masks)
            if labels is None or name in labels
        ]
    else:
        words.error("give a folder of pictures and one of masks, or --drawn")
    if not outcomes:
        raise SystemExit("No picture has a mask" + (" and a label." if options.labels else "."))
    refused = []
    for kind in dict.fromkeys(kind for one in outcomes for kind in one.groups):
        try:
            print(*table(outcomes, kind), "", sep="\n")
        except GroupTooSmall as error:
            refused.append(str(error))
    if refused:
        raise SystemExit("\n".join(refused))


if __name__ == "__main__":
    main()
