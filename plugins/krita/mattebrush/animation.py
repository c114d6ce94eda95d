# SPDX-License-Identifier: GPL-3.0-or-later
"""All frames of an animated layer: a mask with a keyframe for each of the layer's, one undo step.

Each frame is a job of its own; what flickers for a single frame is then taken out by a median over
three frames in time.
"""

from __future__ import annotations

from typing import Any

from . import jobs, layers, masks, pixels
from .errors import NotHere
from .mattebrush_client import Array
from .results import put_frames
from .steps import Work, in_thread
from .task import Task
from .texts import _

_CHUNK = 1 << 20
"""Bytes at a time: Python's long integers do the arithmetic, and should stay in the cache."""


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
            _("Switch off “All frames” or “Clean colors” in the Mattebrush docker."),
        )
    now = layers.bounds(document, layer)
    # Other frames may reach further; but region and prompt are places in this one's rectangle.
    fixed = region is not None or "prompt" in options
    rect = now if fixed else now.united(document.bounds())
    times = keyframes(document, layer)
    report: dict[str, Any] = {}
    found: list[bytes] = []
    for number, time in enumerate(times):
        tell = _counting(task.tell, number, len(times))
        image = yield from pixels.read(layer, rect, time)
        plane = None if region is None else Array(region, image.shape[:2], "uint8")
        answer = yield from jobs.run(tell, dict(options, force=True), image=image, region=plane)
        found.append(answer.alpha.data)
        report = answer.report
    smooth = yield from in_thread(lambda: smoothed(found))
    layers.check_there(document, layer, now)
    task.tell("writing", 0.0)
    name = _("Background mask (%s)") % report["model"]
    mask = yield from masks.create_animated(dict(zip(times, smooth)), rect, name)
    layers.check_there(document, layer, now)
    return (yield from put_frames(task, layer, rect, mask, report, old))


def _counting(tell: jobs.Tell, number: int, count: int) -> jobs.Tell:
    stage = _("Frame %d of %d") % (number + 1, count)
    return lambda _stage, fraction: tell(stage, (number + fraction) / count)


def smoothed(frames: list[bytes]) -> list[bytes]:
    """Each value the median of the frame before, its own and the frame after; ends stay."""
    middle = [_median(*three) for three in zip(frames, frames[1:], frames[2:])]
    return frames[:1] + middle + frames[len(middle) + 1 :]


def _median(a: bytes, b: bytes, c: bytes) -> bytes:
    """The median of three planes, value by value."""
    out = []
    for start in range(0, len(b), _CHUNK):
        parts = [plane[start : start + _CHUNK] for plane in (a, b, c)]
        size = len(parts[0]) + len(parts[0]) % 2
        numbers = [int.from_bytes(part, "little") for part in parts]
        every_other = int.from_bytes(b"\xff\x00" * (size // 2), "little")
        even = _median_lanes(*(number & every_other for number in numbers), size)
        odd = _median_lanes(*(number >> 8 & every_other for number in numbers), size)
        out.append((even | odd << 8).to_bytes(size, "little")[: len(parts[0])])
    return b"".join(out)


def _median_lanes(a: int, b: int, c: int, size: int) -> int:
    """The same for values in lanes of 16 bits, of which the upper half is free."""
    carry = int.from_bytes(b"\x00\x01" * (size // 2), "little")

    def sort(one: int, other: int) -> tuple[int, int]:
        # The free bit stays set where one is not less than the other: a mask of those lanes.
        not_less = ((one | carry) - other) & carry
        swap = (one ^ other) & (not_less - (not_less >> 8))
        return one ^ swap, other ^ swap  # smaller, larger

    low, high = sort(a, b)
    middle, _larger = sort(high, c)
    return sort(low, middle)[1]
