# SPDX-License-Identifier: Apache-2.0
"""How well one subject is carried through clips: IoU and flicker, and contact sheets on magenta.

    python -m bench.video DAVIS --sheets sheets        JPEGImages/480p, Annotations/480p in it
    python -m bench.video duts-te-500-0.tar --frames 30   clips pasted together from photographs

The first frame's box is given. Flicker is the mean change of alpha from frame to frame where the
truth does not change. Of a tar of pictures (NAME.image.webp, NAME.mask.webp), a subject is moved
over another photograph while a second one passes by, in every third clip before it.
"""

from __future__ import annotations

import argparse
import io
import itertools
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from mattebrush.options import Options, Prompt
from mattebrush.video import Key, SessionOptions, VideoSession

Clip = tuple[str, list[np.ndarray], list[np.ndarray]]
"""Name, frames (H, W, 3) uint8, truths (H, W) float32."""

WIDTH, HEIGHT = 854, 480
_MAGENTA = np.array([255.0, 0, 255])
_TILE = (284, 160)
_TILES = 8


def davis(folder: Path, most: int) -> Iterator[Clip]:
    """The clips of a folder laid out as DAVIS is."""
    for clip in sorted((folder / "JPEGImages" / "480p").iterdir()):
        files = sorted(clip.glob("*.jpg"))[:most]
        masks = [folder / "Annotations" / "480p" / clip.name / f"{f.stem}.png" for f in files]
        frames = [np.asarray(Image.open(file).convert("RGB")) for file in files]
        yield clip.name, frames, [(np.asarray(Image.open(m)) > 0).astype(np.float32) for m in masks]


def pasted(pictures: Path, most: int, count: int) -> Iterator[Clip]:
    """Clips made of photographs and their masks."""
    pairs = _pairs(pictures)
    whole = [_cut(picture, mask) for picture, mask in pairs if _stands_free(mask)]
    for seed in range(count):
        chance = np.random.default_rng(seed)
        subject, passer = (whole[chance.integers(len(whole))] for _ in range(2))
        ground = pairs[chance.integers(len(pairs))][0].resize((WIDTH, HEIGHT))
        size = chance.uniform(0.35, 0.6) * HEIGHT
        start, pace = chance.uniform(0.3, 0.5) * WIDTH, chance.uniform(2, 6)
        frames, truths = [], []
        for at in range(most):
            frame = ground.copy()
            own = (start + pace * at, HEIGHT / 2 + 8 * np.sin(at / 4))
            other = (WIDTH * (1.05 - 1.1 * at / max(most, 1)), HEIGHT * 0.6)
            if seed % 3 == 0:
                truth = _paste(frame, subject, own, size)
                truth = truth * (1 - _paste(frame, passer, other, 0.6 * size))
            else:
                _paste(frame, passer, other, size)
                truth = _paste(frame, subject, own, size)
            grain = chance.normal(0, 3, (HEIGHT, WIDTH, 1))
            frames.append(np.clip(np.asarray(frame) + grain, 0, 255).astype(np.uint8))
            truths.append(truth)
        yield f"pasted-{seed}", frames, truths


def _pairs(pictures: Path) -> list[tuple[Image.Image, Image.Image]]:
    files: dict[str, bytes] = {}
    with tarfile.open(pictures) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None:
                files[member.name] = file.read()
    names = sorted(name[: -len(".image.webp")] for name in files if name.endswith(".image.webp"))

    def image(name: str, mode: str) -> Image.Image:
        return Image.open(io.BytesIO(files[name])).convert(mode)

    return [(image(f"{n}.image.webp", "RGB"), image(f"{n}.mask.webp", "L")) for n in names]


def _stands_free(mask: Image.Image) -> bool:
    """Whether it is of a good size, and not cut by the frame."""
    inside = np.asarray(mask) > 127
    border = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    return 0.04 < inside.mean() < 0.5 and border.mean() < 0.01


def _cut(picture: Image.Image, mask: Image.Image) -> Image.Image:
    out = picture.copy()
    out.putalpha(mask)
    return out.crop(mask.getbbox())


def _paste(
    frame: Image.Image, subject: Image.Image, at: tuple[float, float], size: float
) -> np.ndarray:
    """Puts a thing into the frame; where it is, (H, W) float32."""
    scale = size / max(subject.size)
    small = subject.resize(
        (max(4, int(subject.width * scale)), max(4, int(subject.height * scale)))
    )
    place = int(at[0] - small.width / 2), int(at[1] - small.height / 2)
    where = Image.new("L", frame.size)
    frame.paste(small, place, small.getchannel("A"))
    where.paste(small.getchannel("A"), place)
    return np.asarray(where, np.float32) / 255


def cut_out(frames: list[np.ndarray], truth: np.ndarray) -> list[np.ndarray]:
    """The mattes, the subject named by a box around the first frame's truth."""
    rows = np.flatnonzero((truth > 0.5).any(axis=1))
    columns = np.flatnonzero((truth > 0.5).any(axis=0))
    box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    session = VideoSession(SessionOptions(Options()), [Key(0, Prompt(boxes=(box,)))])
    mattes = []
    for number, frame in enumerate(frames):
        mattes += [r.cutout.alpha for r in session.feed(number, frame) if r.cutout is not None]
    return mattes + [r.cutout.alpha for r in session.finish() if r.cutout is not None]


def overlap(matte: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of both, over one half."""
    a, b = matte > 0.5, truth > 0.5
    return float((a & b).sum()) / max(float((a | b).sum()), 1.0)


def flicker(mattes: list[np.ndarray], truths: list[np.ndarray]) -> float:
    """Mean change of alpha where the truth does not change."""
    changes = [
        np.abs(b - a)[s == t].mean()
        for (a, b), (s, t) in zip(
            itertools.pairwise(mattes), itertools.pairwise(truths), strict=True
        )
    ]
    return float(np.mean(changes)) if changes else 0.0


def sheet(frames: list[np.ndarray], mattes: list[np.ndarray]) -> Image.Image:
    """Some of the frames, and below each what was cut out of it on magenta."""
    chosen = sorted({round(i) for i in np.linspace(0, len(frames) - 1, _TILES)})
    width, height = _TILE
    out = Image.new("RGB", (width * len(chosen), 2 * height))
    for column, at in enumerate(chosen):
        share = mattes[at][..., None]
        flat = (frames[at] * share + _MAGENTA * (1 - share)).astype(np.uint8)
        for row, picture in enumerate((frames[at], flat)):
            tile = Image.fromarray(picture).resize(_TILE)
            out.paste(tile, (column * width, row * height))
    return out


def main() -> None:
    """Prints a line a clip, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, help="a folder like DAVIS, or a tar of pictures")
    parser.add_argument("--frames", type=int, default=1000, help="of each clip, at most")
    parser.add_argument("--count", type=int, default=6, help="of clips that are pasted")
    parser.add_argument("--sheets", type=Path, help="folder for the contact sheets")
    arguments = parser.parse_args()
    clips: Callable[[], Iterator[Clip]] = (
        (lambda: davis(arguments.clips, arguments.frames))
        if arguments.clips.is_dir()
        else (lambda: pasted(arguments.clips, min(arguments.frames, 60), arguments.count))
    )
    rows = []
    print(f"{'clip':20} mean IoU   worst  flicker")
    for name, frames, truths in clips():
        mattes = cut_out(frames, truths[0])
        overlaps = [overlap(a, t) for a, t in zip(mattes, truths, strict=True)]
        rows.append((float(np.mean(overlaps)), min(overlaps), flicker(mattes, truths)))
        print(f"{name:20} {rows[-1][0]:8.3f} {rows[-1][1]:7.3f} {rows[-1][2]:8.4f}", flush=True)
        if arguments.sheets:
            arguments.sheets.mkdir(parents=True, exist_ok=True)
            sheet(frames, mattes).save(arguments.sheets / f"{name}.png")
    means = [float(np.mean(column)) for column in zip(*rows, strict=True)]
    print(f"{'mean':20} {means[0]:8.3f} {means[1]:7.3f} {means[2]:8.4f}")


if __name__ == "__main__":
    main()
