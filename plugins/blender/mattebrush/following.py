# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks for the frames of a clip by one session: a warm engine that follows the subject from frame
to frame, and steadies its edge by the frames around it.

What a frame's mask is depends on the nearest frame with marks (without any, on the clip's first),
the frames from there, and the two beyond; never on which of them were asked for at once. So frames
before the first that is wanted are shown to the engine, too, which costs a look each; what it knew
after one is kept beside the masks, and the next run goes on from there.
"""

import collections
import dataclasses
import hashlib
import json

import numpy as np

from . import choosing, jobs, plates, sources, words
from . import mattebrush_client as client
from .problem import Problem

_EACH = 24
"""What the engine knows is kept after so many frames, and after the last one wanted."""


@dataclasses.dataclass(frozen=True)
class Leg:
    """Frames in the order in which they are shown, from the one that names the subject to the
    clip's end or its beginning. prompt: points and boxes on the first of them, or None. wanted:
    those whose masks are to be made."""

    frames: range
    prompt: dict | None
    wanted: frozenset

    @property
    def reach(self):
        """How many frames there are up to the last one wanted."""
        return max(self.frames.index(frame) for frame in self.wanted) + 1


def legs(first, last, prompts, wanted):
    """The `Leg`s that make the wanted frames of a clip from `first` to `last`."""
    keys = sorted(key for key in prompts if first <= key <= last)
    if not keys:
        return [Leg(range(first, last + 1), None, frozenset(wanted))] if wanted else []
    out = []
    for key in keys:
        own = [frame for frame in wanted if choosing.nearest(keys, frame) == key]
        ahead = frozenset(frame for frame in own if frame >= key)
        behind = frozenset(own) - ahead
        if ahead:
            out.append(Leg(range(key, last + 1), prompts[key], ahead))
        if behind:
            out.append(Leg(range(key, first - 1, -1), prompts[key], behind))
    return out


def masks(run, engine, todo):
    """A mask for each of `todo`, written by `run` (`generating.Run`). engine: `jobs.child`."""
    source = run.source
    first, last = max(source.first, 0), source.first + source.count - 1
    parts = legs(first, last, run.wish.prompts, todo)
    total, before = sum(leg.reach for leg in parts), 0
    for leg in parts:
        yield from _followed(run, engine, leg, before / total, leg.reach / total)
        before += leg.reach


def _followed(run, engine, leg, start, share):
    names = _names(run, leg)
    state, done = _known(run, leg, names)
    own_colors = run.wish.clean and not run.wish.as_shown
    options = run.wish.options("remove", decontaminate=own_colors, depth=16)
    opening = jobs.session(engine, {**options, "op": "open"}, state=state)
    session = yield from jobs.with_progress(opening, "", start, 0.0)
    try:
        if state is None and leg.prompt is not None:
            named = {"op": "key", "frame": leg.frames[0], "prompt": leg.prompt}
            yield from jobs.with_progress(jobs.answer(jobs.ask(session, named)), "", start, 0.0)
        yield from _fed(run, session, leg, done, names, (start, share))
    finally:
        session.close()


def _fed(run, session, leg, done, names, span):
    """Shows the frames from index `done` on, until all that are wanted are there.

    span: (start, share) of the progress.
    """
    start, each = span[0], span[1] / leg.reach
    pending, ready, left = {}, collections.deque(), set(leg.wanted)
    states = {}
    pictures = _pictures(run, leg, done)
    current = next(pictures, None)
    while current is not None and left:
        index, picture = current
        frame = leg.frames[index]
        pending[frame] = picture
        at = start + each * min(index, leg.reach)
        request = {"op": "frame", "frame": frame, "deliver": frame in leg.wanted}
        job = jobs.ask(session, request, image=picture.seen)
        # While the engine works, what was ready is written, and the next one read.
        yield from _written(run, pending, ready, left, at)
        _keep(run, leg, names, states, left)
        current = next(pictures, None)
        progress = (
            words.tr("Frame {frame}: ", frame=frame),
            at,
            each if index < leg.reach else 0.0,
        )
        yield from _collected(session, job, ready, progress)
        if index < len(names) and ((index + 1) % _EACH == 0 or index + 1 == len(names)):
            states[index] = yield from _state(session, at)
    yield from _written(run, pending, ready, left, start + span[1])
    if left:
        job = jobs.ask(session, {"op": "finish"})
        yield from _collected(session, job, ready, ("", start + span[1], 0.0))
        yield from _written(run, pending, ready, left, start + span[1])
    _keep(run, leg, names, states, left)


def _pictures(run, leg, done):
    """(index, `Picture`) of the frames from index `done` on. One that cannot be read and is not
    wanted is passed over."""
    for index in range(done, len(leg.frames)):
        frame = leg.frames[index]
        try:
            yield index, sources.read(run.source, frame, as_shown=run.wish.as_shown)
        except Problem:
            if frame in leg.wanted:
                raise


def _collected(session, job, ready, progress):
    """Takes the answers that a session has ready, `job`'s first."""
    while True:
        answer = yield from jobs.with_progress(jobs.answer(job), *progress)
        if answer.report["frame"] is not None:
            ready.append(answer)
        if not answer.report["ready"]:
            return
        job = jobs.ask(session, {"op": "next"})


def _written(run, pending, ready, left, at):
    """Writes the frames that are ready."""
    while ready:
        answer = ready.popleft()
        frame = answer.report["frame"]
        picture = pending.pop(frame)
        if frame not in left or answer.alpha is None:
            continue
        yield from run.write(frame, picture, answer, at)
        left.discard(frame)


# ----------------------------------------------------------------- what the engine knew


def _names(run, leg):
    """A name for what a session knows after each of the leg's frames up to the last one wanted;
    none where a plate has no file, so that nobody can tell whether it is the same."""
    scene = sources.scene_of(run.source)
    way = "b" if leg.frames.step < 0 else "f"
    settings = [client.VERSION, run.wish.model, run.wish.as_shown, leg.frames[0], leg.prompt]
    digest = hashlib.sha1(json.dumps(settings).encode(), usedforsecurity=False)
    names = []
    for frame in leg.frames[: leg.reach]:
        plate = plates.frame(scene, run.source, frame)
        if not plate and frame in leg.wanted:
            return []
        digest.update(plate.encode() + b";")
        names.append(way + digest.hexdigest()[:20])
    return names


def _known(run, leg, names):
    """(state, how many frames it has seen): the latest that is kept before the first wanted."""
    first = min(leg.frames.index(frame) for frame in leg.wanted)
    for index in reversed(range(min(first, len(names)))):
        state = run.folder.state(leg.frames[index], names[index])
        if state is not None:
            return np.frombuffer(state, np.uint8), index + 1
    return None, 0


def _state(session, at):
    """What the engine knows now, bytes; None while it is not settled which subject it is."""
    job = jobs.ask(session, {"op": "state"})
    try:
        answer = yield from jobs.with_progress(jobs.answer(job), "", at, 0.0)
    except client.EngineRefused:
        return None
    return answer.state.tobytes()


def _keep(run, leg, names, states, left):
    """Keeps the states (by index) whose frames are all written: masks go first where room is
    scarce."""
    first = min((leg.frames.index(frame) for frame in left), default=len(leg.frames))
    for index in [each for each in states if each < first]:
        state = states.pop(index)
        if state is not None:
            run.folder.keep_state(leg.frames[index], names[index], state)
