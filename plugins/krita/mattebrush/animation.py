# SPDX-License-Identifier: GPL-3.0-or-later
"""All frames of an animated layer: a mask with a keyframe for each of the layer's, one undo step.

Each frame is a job of its own; what flickers for a single frame is then taken out by a median over
three frames in time.
"""

from __future__ import annotations

from typing import Any

from . import jobs, layers, masks, pixels, planes
from .errors import NotHere
from .mattebrush_client import Array
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
    times = keyframes(document, layer)
    report: dict[str, Any] = {}
    mattes: list[bytes] = []
    for number, time in enumerate(times):
        tell = _counting(task.tell, number, len(times))
        image = yield from pixels.read(layer, rect, time)
        plane = None if region is None else Array(region, image.shape[:2], "uint8")
        answer = yield from jobs.run(tell, dict(options, force=True), image=image, region=plane)
        mattes.append(answer.alpha.data)
        report = answer.report
    smooth = yield from in_thread(lambda: planes.median(mattes))
    layers.check_there(document, layer, now)
    task.tell("writing", 0.0)
    name = masks.name(layer, "frames")
    mask = yield from masks.create_animated(dict(zip(times, smooth)), rect, name)
    layers.check_there(document, layer, now)
    return (yield from put_frames(task, layer, rect, mask, report, old))


def _counting(tell: jobs.Tell, number: int, count: int) -> jobs.Tell:
    stage = _("Frame %d of %d") % (number + 1, count)
    return lambda _stage, fraction: tell(stage, (number + fraction) / count)
