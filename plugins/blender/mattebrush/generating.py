# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate Mask: the engine's mask and clean colours for one picture, or for a range of frames.

Both are generators for `tasks.py`: they yield (text, fraction) and return the last word. Nothing
that the user sees changes before the end, and files are written whole. What was painted stays: it
is laid over the new matte (`layers.py`).
"""

import contextlib
import dataclasses
import hashlib
import json
import os

import numpy as np

from . import (
    choosing,
    colour,
    compat,
    cuts,
    folders,
    following,
    jobs,
    layers,
    matte,
    pixels,
    plates,
    sources,
    strokes,
    words,
)
from .problem import Problem

_EARLIER = 5
"""Frames before each one that a video model sees again: by then it has settled. So a mask depends
on nothing but the pictures, whatever was done in which order."""


_DOUBTFUL = 0.75
"""A mask less certain than this, by `certainty`, is one to look at."""

_GROWN = 0.05
"""By which share of its size an object may move or grow from one frame to the next."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """What the user wants of the engine for a node, beside the frames.

    clean: clean colours, too. as_shown: through the scene's view transform. model: its name, or ""
    for the default. prompts: frame -> points and boxes on it, as in the job contract. look: that of
    the `sources.Source`. view: the scene's view, as text, where as_shown.
    """

    clean: bool
    as_shown: bool
    model: str
    prompts: dict
    look: str = ""
    view: str = ""

    @property
    def settings(self):
        """What decides how a mask looks, as it is kept beside it, as JSON holds it."""
        prompts = {str(frame): prompt for frame, prompt in self.prompts.items()}
        return {
            "model": self.model,
            "as_shown": self.view if self.as_shown else False,
            "prompts": prompts,
            "look": self.look,
        }

    def options(self, op, **more):
        """The options of a job."""
        return jobs.options(op, self.model, **more)


def wish_of(group, source):
    """The `Wish` of a node, from its settings and the preferences."""
    state = group.mattebrush
    model = state.model or jobs.preferences().model
    view = sources.scene_of(source).view_settings
    view_text = f"{view.view_transform}, {view.look}, {view.exposure:.6g}, {view.gamma:.6g}"
    prompts = choosing.prompts(group, source)
    return Wish(state.clean, state.as_shown, model, prompts, source.look, view_text)


def still(group, source, frame):
    """One mask for the picture at `frame`, as new images. group: a function giving the node group
    anew, since undo may have replaced it in the meantime."""
    yield words.tr("Reading {name}", name=source.label), 0.0
    wish = wish_of(group(), source)
    picture = sources.read(source, frame, as_shown=wish.as_shown)
    painted = layers.of_still(group(), picture.pixels.shape[:2])
    depth = picture.pixels.itemsize * 8
    prompt = wish.prompts.get(frame) or next(iter(wish.prompts.values()), None)
    more = {"prompt": prompt} if prompt else {}
    answer = yield from run_job(picture, wish, "remove", depth, ("", 0.0, 1.0), **more)
    show_still(group(), source, frame, answer, picture, painted)
    return summary(answer.report)


def run_job(picture, wish, op, depth, progress, arrays=None, **more):
    """The engine's answer for one picture: alpha and, when wanted, clean colours.

    progress: (text before the stage, start, share). arrays: those of the job beside the image.
    """
    before, start, share = progress
    # Clean colours are those of the plate as it is stored, not as it is on screen.
    apart = wish.clean and picture.displayed is not None
    share = share / 2 if apart else share
    options = wish.options(op, decontaminate=wish.clean and not apart, depth=depth, **more)
    job = jobs.work(options, image=picture.seen, **(arrays or {}))
    answer = yield from jobs.with_progress(job, before, start, share)
    if not apart:
        return answer
    return (yield from _with_colors(picture, wish, answer, depth, (before, start + share, share)))


def _with_colors(picture, wish, answer, depth, progress):
    """The answer with clean colours, made by a job of their own. progress: as for `run_job`."""
    options = wish.options("decontaminate", depth=depth)
    job = jobs.work(options, image=picture.pixels, mask=answer.alpha)
    clean = yield from jobs.with_progress(job, *progress)
    return answer._replace(foreground=clean.foreground)


def refined(picture, wish, matte, mask, depth, progress):
    """The engine's answer to strokes: `mask` is `matte`, its own, with them on it."""
    dtype = np.uint8 if depth == 8 else np.uint16
    arrays = {"mask": colour.to_depth(mask, dtype), "previous": colour.to_depth(matte, dtype)}
    return (yield from run_job(picture, wish, "refine", depth, progress, arrays))


def show_still(group, source, frame, answer, picture, painted, engine_matte=None):
    """Wires an answer as new images; those from before stay in the file until purged.

    painted: the strokes until now, or None. engine_matte: the engine's matte when the answer is of
    strokes refined; else the answer is that, and the strokes are laid over it.
    """
    is_float = answer.alpha.itemsize > 1
    alpha, name = colour.to_unit(answer.alpha), group.name
    if engine_matte is None:
        engine_matte, alpha = alpha, strokes.over(painted, alpha)

    def image(what, values, is_data=True, is_deep=is_float):
        return pixels.new(f"{name} {what}", values, is_data=is_data, is_float=is_deep)

    foreground = None
    if answer.foreground is not None:
        values, is_linear = clean_colour(answer.foreground, picture)
        own = picture.alpha
        foreground = foreground_image(f"{name} Foreground", values, is_linear, is_float, own)
    matte.set_still(
        group,
        image("Mask", alpha),
        foreground,
        image("Mask as given", engine_matte),
        None if alpha is engine_matte else image("Mask before painting", alpha),
        None if painted is None else image("Strokes", strokes.planes(painted), True, True),
    )
    note_still(group, source, frame)
    group.mattebrush.report = summary(answer.report)


def foreground_image(name, values, is_linear, is_float, alpha=None):
    """A new image of clean colours, float32 (H, W, 3), as `clean_colour` gives them.

    alpha: the plate's own, float32 (H, W), or None for an opaque one. Scene-linear where the
    compositor reads more pictures than it has to: that costs it least.
    """
    if compat.READS_ALL_INPUTS and not is_linear:
        values, is_linear = colour.linearised(values), True
    if alpha is not None and not is_linear:
        # As floats, premultiplied: bytes with alpha look different before and after saving.
        values, is_linear = colour.linearised(values), True
    is_deep = is_linear or is_float
    values = colour.covered(values, alpha, premultiplied=True)
    return pixels.new(name, values, is_data=False, is_float=is_deep)


def note_still(group, source, frame):
    """Writes down which plate the still mask belongs to, of a render which frame."""
    scene = sources.scene_of(source)
    shot = {**plates.shot(scene, source), "frame": frame}
    group.mattebrush.shot = json.dumps(shot)


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


def summary(report):
    """One line about what was done."""
    seconds = sum((report.get("seconds") or {}).values())
    parts = [report.get("model") or report.get("matting") or "", report.get("device") or ""]
    makers = ", ".join(part for part in parts if part)
    line = words.tr("Mask by {makers} in {seconds} s", makers=makers, seconds=f"{seconds:.1f}")
    return " ".join([line, *report.get("warnings", [])])


def before_stage(frame):
    """What stands before a stage's name while a frame is worked on."""
    return words.tr("Frame {frame}: ", frame=frame)


def reading(frame, source):
    """What is told while a frame is read."""
    return words.tr("Frame {frame}: reading {name}", frame=frame, name=source.label)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run over frames works with. base: folder for masks. name: of the node. ending: of
    its files. start_over: also what is done already."""

    base: str
    name: str
    ending: str
    start_over: bool
    wish: Wish


def sequence(group, source, frames, plan):
    """A mask for each of `frames` (a range), those already there left as they are."""
    frames = _within(source, frames)
    scene = sources.scene_of(source)
    shot = plates.shot(scene, source)
    foreground_ending = ".exr" if source.is_hdr else plan.ending
    endings = (plan.ending, foreground_ending)
    owner = group().mattebrush.owner
    folder = folders.choose(plan.base, plan.name, owner, shot, endings)
    if (folder.mask_ending, folder.foreground_ending) != endings:
        folder = yield from _converted(folder, endings)
    moved, brought = _taken_over(group(), folder, scene, source, frames, plan)
    kind = yield from jobs.with_progress(jobs.kind_of(plan.wish.model), "", 0.0, 0.0)
    run = Run(source, folder, plan.wish, frames, _EARLIER if kind == "video" else 0)
    engine = jobs.child() if kind == "salient" and source.kind != "RENDER" else None

    def is_done(frame):
        return _is_done(folder, scene, source, frame, plan)

    todo = [frame for frame in frames if not is_done(frame)]
    try:
        if engine is not None:
            yield from following.masks(run, engine, todo)
        else:
            todo = _in_order(plan.wish, todo, is_done)
            for index, frame in enumerate(todo):
                yield from run.finish(frame, index / len(todo), 1 / len(todo))
    finally:
        # After Esc, too: what is done is shown, and the next run goes on from there.
        if folder.frames():
            matte.set_sequence(group(), folder)
            state = group().mattebrush
            state.shot = json.dumps(shot)
    there = len({*frames} - {*todo})
    word = words.tr("{made} masks made, {there} were there already", made=len(todo), there=there)
    if moved:
        more = words.tr("{count} of them from before the clip was moved", count=moved)
        word = f"{word}, {more}"
    if brought:
        word = f"{word}, {words.tr('{count} of them from another folder', count=brought)}"
    if run.empty:
        numbers = ", ".join(map(str, run.empty))
        more = words.tr("no subject found at frame {numbers}", numbers=numbers)
        word = f"{word}; {more}"
    group().mattebrush.report = word
    return f"Mattebrush: {word}. {folders.relative(folder.path)}"


def _within(source, frames):
    """Those of `frames` that the source has: beyond its ends it only repeats itself."""
    if source.kind == "STILL":
        raise Problem(
            '"{name}" is a single picture, which needs no frame range.',
            "Choose This Frame.",
            name=source.label,
        )
    last = source.first + source.count - 1
    if source.kind == "RENDER":
        within = frames
    else:
        within = range(max(frames.start, source.first), min(frames.stop, last + 1))
    if not within or within[0] < 0:
        raise Problem(
            "There are no frames from {start} to {end} to work on.",
            '"{name}" has {first} to {last}: set First and Last.',
            start=frames.start,
            end=frames.stop - 1,
            name=source.label,
            first=max(source.first, 0),
            last=last,
        )
    return within


def _in_order(wish, todo, is_done):
    """The frames that are to be made one by one, in order.

    Where an object was chosen they go outwards from the frames that have marks, since each takes
    it from its neighbor; also those in between are then made.
    """
    if not wish.prompts:
        return todo
    needed = {}
    for frame in todo:
        key = choosing.nearest(wish.prompts, frame)
        step = 1 if key <= frame else -1
        for each in range(key, frame + step, step):
            if each not in needed and (each == frame or not is_done(each)):
                needed[each] = abs(each - key)
    return sorted(needed, key=lambda frame: (needed[frame], frame))


def _is_done(folder, scene, source, frame, plan):
    """Whether a frame has a mask of this plate, by these settings."""
    record = None if plan.start_over else folder.record(frame)
    if record is None or (plan.wish.clean and not folder.has("foreground", frame)):
        return False
    now = plates.frame(scene, source, frame)
    is_same = not now or record.plate == now
    return is_same and record.settings == plan.wish.settings


def _taken_over(group, folder, scene, source, frames, plan):
    """How many masks came from the node's folders of the same plate at another time, and how many
    of the same time from elsewhere.

    So a clip that is slipped or moved takes its masks and strokes along, and so does a node that
    was renamed, a file that was saved in another place, a folder that was chosen anew.
    """
    if plan.start_over or source.kind == "RENDER":
        return 0, 0
    owner, known = group.mattebrush.owner, {}
    places = [path for path, _ in folders.mine(plan.base, plan.name, owner)]
    current = matte.folder_of(group)
    if current is not None and folders.header(current.path)["owner"] == owner:
        places.append(current.path)
    for path in dict.fromkeys(places):
        other = folders.opened(path)
        if path != folder.path and other.mask_ending == folder.mask_ending:
            for number in other.frames():
                known.setdefault(other.record(number).plate, (other, number))
    known.pop("", None)
    moved = brought = 0
    for frame in frames if known else ():
        if not folder.has("mask", frame):
            other, number = known.get(plates.frame(scene, source, frame), (None, 0))
            if other is not None:
                folder.take_over(frame, other, number)
                moved += frame != number
                brought += frame == number
    return moved, brought


def _converted(folder, endings):
    """The folder with all that is in it in other formats."""
    new = dataclasses.replace(folder, mask_ending=endings[0], foreground_ending=endings[1])
    done = folder.frames()
    for index, frame in enumerate(done):
        yield words.tr("Frame {frame}: changing the format", frame=frame), index / len(done)
        for part in ("matte", "mask"):
            if new.file(part, frame) != folder.file(part, frame) and folder.has(part, frame):
                write_mask(new.file(part, frame), pixels.load_mask(folder.file(part, frame)))
        if new.foreground_ending != folder.foreground_ending and folder.has("foreground", frame):
            _convert_foreground(folder.file("foreground", frame), new.file("foreground", frame))
    folders.change_format(folder, endings)
    for frame in done:
        for part in ("matte", "mask", "foreground"):
            if new.file(part, frame) != folder.file(part, frame):
                with contextlib.suppress(OSError):
                    os.remove(folder.file(part, frame))
    return new


def _convert_foreground(path, to):
    values = pixels.load(path)
    if path.endswith(".exr"):
        values = colour.straight(values)
    else:
        values = np.concatenate([colour.linearised(values[..., :3]), values[..., 3:]], axis=2)
    alpha = None if (values[..., 3] == 1).all() else values[..., 3]
    _write_colors(to, np.ascontiguousarray(values[..., :3]), True, alpha)


class Run:
    """One run over frames: keeps the few that a model which remembers looks at."""

    def __init__(self, source, folder, wish, frames, reach):
        self.source, self.folder, self.wish, self.frames = source, folder, wish, frames
        self.reach = reach
        self.pictures, self.last = {}, {}
        self.empty = []

    def finish(self, frame, start, share):
        """Writes mask, clean colours and what is known of them for one frame."""
        yield from self._read(frame, start)
        picture = self.pictures[frame]
        earlier = yield from self._earlier(frame, start)
        progress, arrays = (before_stage(frame), start, share), {"earlier": earlier}
        more = {"force": True, **self._prompt(frame, picture)}
        answer = yield from run_job(picture, self.wish, "remove", 16, progress, arrays, **more)
        yield from self.write(frame, picture, answer, start + share)
        for old in [other for other in self.pictures if other < frame + 1 - self.reach]:
            del self.pictures[old]

    def write(self, frame, picture, answer, start):
        """Writes what the engine answered for a frame, and what is known of it; strokes that were
        painted there are laid over it, or refined again."""
        if self.wish.clean and answer.foreground is None:
            progress = (before_stage(frame), start, 0.0)
            answer = yield from _with_colors(picture, self.wish, answer, 16, progress)
        plate = plates.frame(sources.scene_of(self.source), self.source, frame)
        alpha, report = colour.to_unit(answer.alpha), answer.report
        painted = layers.of_frame(self.folder, frame, picture.pixels.shape[:2])
        known = self.folder.known(frame) or folders.Record()
        again = painted is not None and known.refined
        foreground, mask = answer.foreground, strokes.over(painted, alpha)
        if again:
            progress = (before_stage(frame), start, 0.0)
            done = yield from refined(picture, self.wish, alpha, mask, 16, progress)
            foreground, mask = done.foreground, colour.to_unit(done.alpha)
        subject = report.get("subject_found", True) and not report.get("lost", False)
        if not subject:
            self.empty.append(frame)
        # A session knows how sure it is; of a picture by itself the matte has to tell.
        sure = report["certainty"] if "lost" in report else certainty(alpha)
        write_mask(self.folder.file("matte", frame), alpha)
        record = folders.Record(
            plate=plate or _digest(picture.pixels),
            settings=self.wish.settings,
            model=report.get("model") or "",
            certainty=sure if subject else 0.0,
            doubtful=report.get("doubtful", sure < _DOUBTFUL),
            agreement=self._agreement(frame, alpha),
            subject=subject,
            painted=known.painted,
            refined=again,
            carried=known.carried,
        )
        replace(self.folder, frame, mask, foreground, picture, record, known)

    def _prompt(self, frame, picture):
        """Which object is meant on a frame: its own marks, else where its neighbor had it."""
        prompts = self.wish.prompts
        if not prompts:
            return {}
        if frame in prompts:
            return {"prompt": prompts[frame]}
        neighbor = frame - 1 if choosing.nearest(prompts, frame) < frame else frame + 1
        path = self.folder.file("matte", neighbor)
        box = box_of(pixels.load_mask(path)) if os.path.exists(path) else None
        if box is None:  # lost: the frame's report and its certainty say so
            height, width = picture.pixels.shape[:2]
            box = [0, 0, width, height]
        return {"prompt": {"points": [], "boxes": [box]}}

    def _agreement(self, frame, alpha):
        """IoU with the matte of the frame before, 1 where there is none."""
        before = self.last.get(frame - 1)
        if before is None and self.folder.has("matte", frame - 1):
            before = pixels.load_mask(self.folder.file("matte", frame - 1))
        self.last = {frame: alpha}
        if before is None or before.shape != alpha.shape:
            return 1.0
        either = float(np.maximum(before, alpha).sum())
        return float(np.minimum(before, alpha).sum()) / either if either else 1.0

    def _read(self, frame, start):
        if frame not in self.pictures:
            yield reading(frame, self.source), start
            self.pictures[frame] = sources.read(self.source, frame, as_shown=self.wish.as_shown)

    def _earlier(self, frame, start):
        """The frames of the same shot before `frame` for a video model, as one array, or None."""
        # Each frame of a render takes its time: only those that are asked for anyway.
        first = self.frames.start if self.source.kind == "RENDER" else max(self.source.first, 0)
        before = range(max(first, frame - self.reach), frame)
        for other in before:
            yield from self._read(other, start)
        if not before:
            return None
        return cuts.earlier([self.pictures[other].seen for other in (*before, frame)])


def replace(folder, frame, mask, foreground, picture, record, known):
    """Writes a frame's files. known: its `Record` until now; work of the user's is put aside.

    The mask goes away first and comes last: whatever happens in between, no frame is ever shown a
    mask that its record doesn't speak of.
    """
    if folder.has("mask", frame):
        if known.is_touched:
            folder.put_aside(frame)
        with contextlib.suppress(OSError):
            os.remove(folder.file("mask", frame))
    folder.forget_unused("foreground", frame)
    if foreground is not None:
        write_foreground(folder.file("foreground", frame), foreground, picture)
    else:  # those of another mask
        with contextlib.suppress(OSError):
            os.remove(folder.file("foreground", frame))
    folder.write_record(frame, record)
    write_mask(folder.file("mask", frame), mask)


def box_of(alpha):
    """[x0, y0, x1, y1] around what a matte shows, a little wider, or None when that is nothing."""
    rows, columns = (np.nonzero((alpha > 0.5).any(axis=axis))[0] for axis in (1, 0))
    if not rows.size:
        return None
    height, width = alpha.shape
    grow_y = max(2, round(_GROWN * (rows[-1] - rows[0])))
    grow_x = max(2, round(_GROWN * (columns[-1] - columns[0])))
    x0, y0 = max(int(columns[0]) - grow_x, 0), max(int(rows[0]) - grow_y, 0)
    x1, y1 = min(int(columns[-1]) + 1 + grow_x, width), min(int(rows[-1]) + 1 + grow_y, height)
    return [x0, y0, x1, y1]


def certainty(alpha):
    """0..1: how far from a half the matte is, on the whole, where it is not nothing.

    An edge is soft by nature; a subject that is half there is a doubt.
    """
    there = alpha > 0.02
    if not there.any():
        return 0.0
    return float(np.abs(2 * alpha[there] - 1).mean())


def _digest(values):
    return hashlib.sha1(values.tobytes(), usedforsecurity=False).hexdigest()[:20]


def write_mask(path, alpha):
    """alpha: float32 (H, W) in 0..1."""
    values = alpha if path.endswith(".exr") else colour.to_depth(alpha, np.uint16)
    pixels.write(path, values)


def write_foreground(path, foreground, picture):
    """The engine's clean colours: scene-linear in an EXR, encoded in a PNG; with the plate's own
    alpha, where it has one."""
    values, is_linear = clean_colour(foreground, picture)
    _write_colors(path, values, is_linear, picture.alpha)


def _write_colors(path, values, is_linear, alpha):
    if path.endswith(".exr"):
        linear = values if is_linear else colour.linearised(values)
        pixels.write(path, colour.covered(linear, alpha, premultiplied=True))
    else:
        unit = colour.covered(colour.encoded(values) if is_linear else values, alpha)
        pixels.write(path, colour.to_depth(unit, np.uint16))
