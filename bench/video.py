# SPDX-License-Identifier: Apache-2.0
"""How well one subject is carried through clips: IoU, flicker, edges, contact sheets on magenta.

    python -m bench.video DAVIS --sheets sheets        JPEGImages/480p, Annotations/480p in it
    python -m bench.video duts-te-500-0.tar --frames 30   clips pasted together from photographs
    python -m bench.video DAVIS --frame-by-frame          beside each frame cut out for itself

The first frame's box is given. Flicker is the mean change of alpha from frame to frame in pixels
whose truth stays the same over five frames; edge error the mean error of alpha within six pixels of
the truth's contour. Of a tar of pictures (NAME.image.webp, NAME.mask.webp), sixteen scenes are made
(`bench.video_clips`). The mean's interval is by bootstrap over the clips.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from bench.video_clips import SCENES, Clip, made
from mattebrush import remove_background
from mattebrush.imaging.morphology import dilated
from mattebrush.options import Options, Prompt
from mattebrush.video import Key, SessionOptions, VideoSession

_MAGENTA = np.array([255.0, 0, 255])
_TILE = (284, 160)
_TILES = 8
_STEADY = 5
"""Frames over which a pixel's truth must stay the same for its flicker to count."""

_EDGE = 6


def davis(folder: Path, most: int) -> Iterator[Clip]:
    """The clips of a folder laid out as DAVIS is."""
    for clip in sorted((folder / "JPEGImages" / "480p").iterdir()):
        files = sorted(clip.glob("*.jpg"))[:most]
        masks = [folder / "Annotations" / "480p" / clip.name / f"{f.stem}.png" for f in files]
        frames = [np.asarray(Image.open(file).convert("RGB")) for file in files]
        yield clip.name, frames, [(np.asarray(Image.open(m)) > 0).astype(np.float32) for m in masks]


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
    """Mean change of alpha where the truth does not change over five frames."""
    changes = []
    for begin in range(len(truths) - _STEADY + 1):
        window = np.stack(truths[begin : begin + _STEADY])
        still = (window == window[0]).all(axis=0)
        part = np.stack([matte[still] for matte in mattes[begin : begin + _STEADY]])
        changes.append(float(np.abs(np.diff(part, axis=0)).mean()))
    return float(np.mean(changes)) if changes else 0.0


def edge_error(matte: np.ndarray, truth: np.ndarray) -> float:
    """Mean error of alpha near the truth's contour; not a number where there is none."""
    inside = truth > 0.5
    near = dilated(inside, _EDGE) & dilated(~inside, _EDGE)
    return float(np.abs(matte - truth)[near].mean()) if near.any() else float("nan")


def interval(values: list[float]) -> tuple[float, float]:
    """Between what a mean lies, 95 %, by bootstrap."""
    chance = np.random.default_rng(0)
    drawn = np.array(values)[chance.integers(0, len(values), (2000, len(values)))].mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


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


def _row(mattes: list[np.ndarray], truths: list[np.ndarray]) -> tuple[float, ...]:
    """Mean IoU, worst IoU, flicker, edge error."""
    shares = [overlap(a, t) for a, t in zip(mattes, truths, strict=True)]
    edges = [edge_error(a, t) for a, t in zip(mattes, truths, strict=True)]
    return float(np.mean(shares)), min(shares), flicker(mattes, truths), float(np.nanmean(edges))


def main() -> None:
    """Prints a line a clip, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, help="a folder like DAVIS, or a tar of pictures")
    parser.add_argument("--frames", type=int, default=1000, help="of each clip, at most")
    parser.add_argument("--scene", action="append", help="only this one, of a tar's")
    parser.add_argument("--frame-by-frame", action="store_true", help="measure that, too")
    parser.add_argument("--sheets", type=Path, help="folder for the contact sheets")
    arguments = parser.parse_args()
    scenes = [scene for scene in SCENES if scene.name in (arguments.scene or [scene.name])]
    clips: Callable[[], Iterator[Clip]] = (
        (lambda: davis(arguments.clips, arguments.frames))
        if arguments.clips.is_dir()
        else (lambda: made([arguments.clips], min(arguments.frames, 60), scenes))
    )
    rows: dict[str, list[tuple[float, ...]]] = {"": []}
    print(f"{'clip':28} mean IoU   worst  flicker  edge error")
    worked, count = 0.0, 0
    for name, frames, truths in clips():
        begin = time.process_time()
        mattes = cut_out(frames, truths[0])
        worked, count = worked + time.process_time() - begin, count + len(frames)
        rows[""].append(_print(name, _row(mattes, truths)))
        if arguments.frame_by_frame:
            alone = [remove_background(frame).alpha for frame in frames]
            row = _print(f"{name}, frame by frame", _row(alone, truths))
            rows.setdefault(", frame by frame", []).append(row)
        if arguments.sheets:
            arguments.sheets.mkdir(parents=True, exist_ok=True)
            sheet(frames, mattes).save(arguments.sheets / f"{name.replace(' ', '-')}.png")
    for what, scores in rows.items():
        _print(f"mean{what}", tuple(float(np.mean(column)) for column in zip(*scores, strict=True)))
        shares = [row[0] for row in scores]
        low, high = interval(shares)
        print(f"  IoU's mean between {low:.3f} and {high:.3f}, lowest clip {min(shares):.3f}")
    print(f"{1000 * worked / max(count, 1):.0f} ms of processor time a frame")


def _print(name: str, row: tuple[float, ...]) -> tuple[float, ...]:
    print(f"{name:28} {row[0]:8.3f} {row[1]:7.3f} {row[2]:8.4f} {row[3]:11.4f}", flush=True)
    return row


if __name__ == "__main__":
    main()
