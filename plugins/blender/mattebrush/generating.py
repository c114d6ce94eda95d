# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate Mask: the engine's mask and clean colours for one picture, or for a range of frames.

Both are generators for `tasks.py`: they yield (text, fraction) and return the last word. Nothing
that the user sees changes before the end, and files are written whole.
"""

import dataclasses
import os

import numpy as np

from . import colour, folders, jobs, matte, pixels, sources, temporal
from .problem import Problem

_EARLIER = 5
"""Frames before each one that a video model sees again: by then it has settled. So a mask depends
on nothing but the pictures, whatever was done in which order."""

_STAGES = {
    "start": "Starting the engine",
    "segmentation": "Finding the subject",
    "matting": "Working on the edges",
    "decontamination": "Cleaning colours",
    "retouch": "Finishing",
}


def still(group, source, frame):
    """One mask for the picture at `frame`, as new images. group: a function giving the node group
    anew, since undo may have replaced it in the meantime."""
    yield f"Reading {source.label}", 0.0
    picture = sources.read(source, frame)
    clean = group().mattebrush.clean
    options = {"op": "remove", "decontaminate": clean, "depth": picture.pixels.itemsize * 8}
    answer = yield from told(jobs.work(options, image=picture.pixels), "", 0.0, 1.0)
    show_still(group(), answer, picture, clean)
    return said(answer.report)


def show_still(group, answer, picture, clean):
    """Wires an answer as new images; those from before stay in the file until purged."""
    is_float = answer.alpha.itemsize > 1
    alpha = colour.to_unit(answer.alpha)
    name = group.name
    mask = pixels.new(f"{name} Mask", alpha, is_data=True, is_float=is_float)
    given = pixels.new(f"{name} Mask as given", alpha, is_data=True, is_float=is_float)
    foreground = None
    if clean:
        values, is_linear = clean_colour(answer.foreground, picture)
        foreground = pixels.new(
            f"{name} Foreground", values, is_data=False, is_float=is_linear or is_float
        )
    matte.set_still(group, mask, given, foreground)
    group.mattebrush.report = said(answer.report)


def clean_colour(foreground, picture):
    """(float32 (H, W, 3), whether they are scene-linear) of the engine's clean colours.

    Where the engine changed nothing a scene-linear picture keeps its own values, which may be
    brighter than white.
    """
    foreground = foreground[..., :3]
    if picture.linear is None:
        return colour.to_unit(foreground), False
    changed = (foreground != picture.pixels[..., :3]).any(axis=2, keepdims=True)
    unit = colour.linearised(colour.to_unit(foreground))
    return np.where(changed, unit, picture.linear).astype(np.float32), True


def told(steps, before, start, share):
    """A job's progress as (text, fraction): `share` of the whole, from `start` on."""
    while True:
        try:
            stage, fraction = next(steps)
        except StopIteration as end:
            return end.value
        yield before + _STAGES.get(stage, stage), start + share * fraction


def said(report):
    """One line about what was done."""
    seconds = sum((report.get("seconds") or {}).values())
    parts = [report.get("model") or report.get("matting") or "", report.get("device") or ""]
    line = f"Mask by {', '.join(part for part in parts if part)} in {seconds:.1f} s"
    return " ".join([line, *report.get("warnings", [])])


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run over frames works with. base: folder for masks. name: of the node."""

    base: str
    name: str
    clean: bool
    smooth: bool
    ending: str
    start_over: bool
    model: str


def sequence(group, source, frames, plan):
    """A mask for each of `frames` (a range), those already there left as they are."""
    frames = _within(source, frames)
    folder = _folder(source, plan)
    todo = [frame for frame in frames if not folder.is_done(frame, plan.clean)]
    remembers = yield from told(jobs.is_video_model(plan.model), "", 0.0, 0.0)
    run = _Run(source, folder, plan, frames, _EARLIER if remembers else 0)
    try:
        for index, frame in enumerate(todo):
            yield from run.finish(frame, index / len(todo), 1 / len(todo))
    finally:
        # After Esc, too: what is done is shown, and the next run goes on from there.
        if folder.is_done(frames[0], plan.clean):
            _show(group(), folder, frames[0], plan.clean)
    word = f"{len(todo)} masks made, {len(frames) - len(todo)} were there already"
    warned = f"; no subject found at frame {', '.join(map(str, run.empty))}" if run.empty else ""
    group().mattebrush.report = f"{word}{warned}"
    return f"Mattebrush: {word}{warned}. {folders.shown(folder.path)}"


def _within(source, frames):
    """Those of `frames` that the source has: beyond its ends it only repeats itself."""
    if source.kind == "STILL":
        raise Problem(
            f'"{source.label}" is a single picture, which needs no frame range.',
            "Choose This Frame.",
        )
    last = source.first + source.count - 1
    if source.kind == "RENDER":
        within = frames
    else:
        within = range(max(frames.start, source.first), min(frames.stop, last + 1))
    if not within or within[0] < 0:
        raise Problem(
            f"There are no frames from {frames.start} to {frames.stop - 1} to work on.",
            f'"{source.label}" has {max(source.first, 0)} to {last}: set First and Last.',
        )
    return within


def _folder(source, plan):
    foreground_ending = ".exr" if source.is_hdr else plan.ending
    made_from = {
        "source": source.label,
        "node": source.origin,
        "size": list(source.size),
        "model": plan.model,
        "clean": plan.clean,
        "smooth": plan.smooth,
        "format": plan.ending,
    }
    endings = (plan.ending, foreground_ending)
    return folders.choose(plan.base, plan.name, made_from, endings, start_over=plan.start_over)


def _show(group, folder, frame, clean):
    first, count = folder.run_around(frame, clean)
    foreground = folders.shown(folder.file("foreground", first)) if clean else None
    matte.set_sequence(group, folders.shown(folder.file("mask", first)), foreground, first, count)


class _Run:
    """One run over frames: keeps the few frames that smoothing and video models look at."""

    def __init__(self, source, folder, plan, frames, reach):
        self.source, self.folder, self.plan, self.frames = source, folder, plan, frames
        self.reach = reach
        self.window = {}
        self.pictures = {}
        self.empty = []

    def finish(self, frame, start, share):
        """Writes mask and clean colours of one frame."""
        radius = temporal.RADIUS if self.plan.smooth else 0
        around = [
            other for other in range(frame - radius, frame + radius + 1) if other in self.frames
        ]
        missing = [other for other in around if other not in self.window]
        parts = len(missing) + 1
        for index, other in enumerate(missing):
            yield from self._ask(other, start + share * index / parts, share / parts)
        window = [self.window[other] for other in around]
        alpha = temporal.smoothed(window, around.index(frame))
        if not self.folder.has("mask", frame):
            write_mask(self.folder.file("mask", frame), alpha)
        if self.plan.clean and not self.folder.has("foreground", frame):
            yield from self._clean(frame, alpha, start + share * (parts - 1) / parts, share / parts)
        oldest = frame + 1 - max(radius, self.reach)
        for kept in (self.window, self.pictures):
            for old in [other for other in kept if other < oldest]:
                del kept[old]

    def _ask(self, frame, start, share):
        """The engine's own mask of a frame: from its file, else from the engine."""
        yield from self._read(frame, start)
        picture = self.pictures[frame]
        path = self.folder.file("engine", frame)
        if os.path.exists(path):
            alpha = pixels.load_mask(path)
        else:
            options = {"op": "remove", "decontaminate": False, "depth": 16, "force": True}
            earlier = yield from self._earlier(frame, start)
            job = jobs.work(options, image=picture.pixels, earlier=earlier)
            answer = yield from told(job, f"Frame {frame}: ", start, share)
            alpha = colour.to_unit(answer.alpha)
            if not answer.report.get("subject_found", True):
                self.empty.append(frame)
            write_mask(path, alpha)
        self.window[frame] = temporal.frame(frame, alpha, picture.pixels)

    def _read(self, frame, start):
        if frame not in self.pictures:
            yield f"Frame {frame}: reading {self.source.label}", start
            self.pictures[frame] = sources.read(self.source, frame)

    def _earlier(self, frame, start):
        """The frames of the same shot before `frame` for a video model, as one array, or None."""
        # Each frame of a render takes its time: only those that are asked for anyway.
        first = self.frames.start if self.source.kind == "RENDER" else max(self.source.first, 0)
        before = range(max(first, frame - self.reach), frame)
        for other in before:
            yield from self._read(other, start)
        return temporal.earlier([self.pictures[other].pixels for other in (*before, frame)])

    def _clean(self, frame, alpha, start, share):
        picture = self.pictures[frame]
        options = {"op": "decontaminate", "depth": 16}
        mask = colour.to_depth(alpha, np.uint16)
        job = jobs.work(options, image=picture.pixels, mask=mask)
        answer = yield from told(job, f"Frame {frame}: ", start, share)
        write_foreground(self.folder.file("foreground", frame), answer.foreground, picture)


def write_mask(path, alpha):
    """alpha: float32 (H, W) in 0..1."""
    values = alpha if path.endswith(".exr") else colour.to_depth(alpha, np.uint16)
    pixels.write(path, values)


def write_foreground(path, foreground, picture):
    """The engine's clean colours: scene-linear in an EXR, encoded in a PNG."""
    values, is_linear = clean_colour(foreground, picture)
    if path.endswith(".exr"):
        pixels.write(path, values if is_linear else colour.linearised(values))
    else:
        unit = colour.encoded(values) if is_linear else values
        pixels.write(path, colour.to_depth(unit, np.uint16))
