# SPDX-License-Identifier: GPL-3.0-or-later
"""All frames of an animated layer: a mask with a keyframe for each of the layer's, one undo step.

The engine carries the subject from frame to frame, so that what once was wrong does not grow, and
steadies its edge in time. Where only a server is at hand each frame is a job of its own.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, NamedTuple

from . import jobs, layers, masks, pixels, planes, prompts
from . import mattebrush_client as client
from .errors import NotHere
from .mattebrush_client import Array
from .qt import QRect
from .results import put_frames
from .steps import Work, in_thread
from .task import Task
from .texts import _


def check_still(mask: Any) -> None:
    """Raises NotHere for a mask with frames."""
    if mask.animated():
        raise NotHere(
            _("The mask “%s” has frames.") % mask.name(),
            _("This works on one picture at a time: use a mask without frames."),
        )


def keyframes(document: Any, layer: Any) -> list[int]:
    """The times at which the layer changes."""
    end = max(document.fullClipRangeEndTime(), document.playBackEndTime())
    return [time for time in range(end + 1) if layer.hasKeyframeAtTime(time)]


def mask_frames(
    task: Task, layer: Any, options: dict[str, Any], region: bytes | None, old: tuple[Any, ...]
) -> Work:
    """Remove Background on every frame of `layer`. `options` and `region` as for one picture."""
    document = task.document
    if layer.type() != "paintlayer" or task.choices.clean_colors:
        raise NotHere(
            _("All frames at once are for masks on paint layers."),
            _("Switch off “All frames” or “Clean edge colors” in the Mattebrush docker."),
        )
    now = layers.bounds(document, layer)
    # Other frames may reach further; but region and prompt are places in this one's rectangle.
    fixed = region is not None or "prompt" in options
    rect = now if fixed else now.united(document.bounds())
    film = Film(task, layer, rect, keyframes(document, layer))
    try:
        mattes, report = yield from _carried(film, options, region)
    except _NoSession:
        mattes, report = yield from _one_by_one(film, options, region)
    layers.check_there(document, layer, now)
    task.report("writing", 0.0)
    name = masks.name(layer, "frames")
    mask = yield from masks.create_animated(mattes, rect, name)
    layers.check_there(document, layer, now)
    return (yield from put_frames(task, layer, rect, mask, report, old))


class Film(NamedTuple):
    """What is masked: the keyframes of `layer` at `times`, in `rect`."""

    task: Task
    layer: Any
    rect: QRect
    times: list[int]

    def read(self, number: int) -> Work:
        """The picture of a frame, by its place in `times`."""
        return pixels.read(self.layer, self.rect, self.times[number])

    def report(self, number: int) -> jobs.Report:
        """Tells of the work on a frame as a part of the whole."""
        count = len(self.times)
        stage = _("Frame %d of %d") % (number + 1, count)
        return lambda _stage, fraction: self.task.report(stage, (number + fraction) / count)


class _NoSession(Exception):
    """Frames cannot be answered by a session: a server does the jobs, or the model takes none."""


# --------------------------------------------------------------------- one subject, carried along


def _carried(film: Film, options: dict[str, Any], region: bytes | None) -> Work:
    """(mattes by time, report), by a session that carries the subject from frame to frame.

    A selection names the subject in the frame that is shown, from where it is carried both ways.
    Raises _NoSession.
    """
    now = film.task.document.currentTime()
    start = 0
    if region is not None:
        start = max((n for n, time in enumerate(film.times) if time <= now), default=0)
        prompt = prompts.prompt(region, film.rect.width(), film.rect.height())
        options = dict(options, prompt=prompt) if prompt else options
    forwards = list(range(start, len(film.times)))
    mattes, report = yield from _session(film, options, forwards)
    if start:  # what is known of the frame that is shown says what is meant before it
        backwards = list(range(start, -1, -1))
        before, _report = yield from _session(film, options, backwards)
        mattes = {**before, **mattes}
    doubtful = sorted(film.times[number] for number, matte in mattes.items() if matte.doubtful)
    if doubtful:
        frames = ", ".join(map(str, doubtful))
        warning = _("The subject is uncertain in these frames: %s.") % frames
        report = dict(report, warnings=[*report.get("warnings", ()), warning])
    return {film.times[number]: matte.values for number, matte in mattes.items()}, report


class _Matte(NamedTuple):
    values: bytes
    doubtful: bool


def _session(film: Film, options: dict[str, Any], order: list[int]) -> Work:
    """({number: _Matte}, report) of the frames in that order."""
    session = yield from in_thread(lambda: _opened(options))
    mattes: dict[int, _Matte] = {}
    report: dict[str, Any] = {}
    try:
        for number in [*order, None]:
            at = order[-1] if number is None else number
            question: dict[str, Any] = {"op": "finish"}
            arrays = {}
            if number is not None:
                question = {"op": "frame", "frame": number}
                arrays["image"] = yield from film.read(number)
            while True:
                job = session.ask(question, **arrays)
                answer = yield from jobs.followed(job, film.report(at))
                if answer.report["frame"] is not None:
                    report = answer.report
                    matte = _Matte(answer.alpha.data, report["doubtful"])
                    mattes[report["frame"]] = matte
                if not answer.report["ready"]:
                    break
                question, arrays = {"op": "next"}, {}
    finally:
        threading.Thread(target=session.close, daemon=True).start()  # it waits for the engine
    return mattes, report


def _opened(options: dict[str, Any]) -> client.FrameSession:
    """A session of an engine in a process of its own. Raises _NoSession, ClientError."""
    settings = client.Settings.load()
    if settings.engine == "server" or not Path(settings.python).is_file():
        raise _NoSession
    engine = client.ProcessEngine(settings.python, settings.python_path)
    try:
        return client.FrameSession(engine, dict(options, op="open"))
    except client.EngineRefused as why:
        if why.code == "option-invalid":
            raise _NoSession from why
        raise


# ------------------------------------------------------------------------------ each by itself


def _one_by_one(film: Film, options: dict[str, Any], region: bytes | None) -> Work:
    """(mattes by time, report), each frame a job of its own; what flickers for a single frame is
    then taken out by a median over three frames in time."""
    report: dict[str, Any] = {}
    mattes: list[bytes] = []
    for number in range(len(film.times)):
        image = yield from film.read(number)
        plane = None if region is None else Array(region, image.shape[:2], "uint8")
        job = dict(options, force=True)
        answer = yield from jobs.run(film.report(number), job, image=image, region=plane)
        mattes.append(answer.alpha.data)
        report = answer.report
    smooth = yield from in_thread(lambda: planes.median(mattes))
    return dict(zip(film.times, smooth)), report
