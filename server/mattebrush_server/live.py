# SPDX-License-Identifier: Apache-2.0
"""A camera's frames, cut out as they come: what the worker process keeps between them.

A page sends raw frames, each with what is wanted of it, and gets each back. Nothing waits here: a
frame that comes while two are on their way is the page's to leave out.
"""

from __future__ import annotations

import collections
import dataclasses
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from mattebrush.cutout import Progress

from .blobs import Blob

if TYPE_CHECKING:
    from mattebrush.video.live import Ladder, LiveCutout
    from mattebrush.video.live_pipe import Painter

_MOST = 2
"""Pages that are cut out at a time; the one not heard of for longest makes room."""

_SHARE = 0.8
"""Of a frame's time that the engine may take; the rest goes with getting it here and back."""

_THREADS = 1
"""As `mattebrush live`: two take twice the processor time, and the browser wants some."""


@dataclasses.dataclass
class _Show:
    """One page's: size of its frames, and what the next one needs of those before."""

    size: tuple[int, int]
    rate: float
    cutout: LiveCutout
    ladder: Ladder


_shows: collections.OrderedDict[str, _Show] = collections.OrderedDict()
"""Of this process, by the pages' names for themselves."""


def frame(
    inputs: dict[str, Blob], params: dict[str, Any], progress: Progress
) -> tuple[bytes, dict[str, Any]]:
    """One frame.

    Parameters
    ----------
    inputs
        `frame`: RGBA, 8 bits, row by row.
    params
        name, width, height, rate, device; background: "transparent" or "blur"; step: 0 for what
        the time allows; choose: None, "" for what stands out, or [x, y] in shares of the sides.
    progress
        Called once, so that a frame that nobody wants any more is not worked on.

    Returns
    -------
    tuple of (bytes, dict)
        RGBA, straight. Facts: seconds, step (from 1), chosen.
    """
    from mattebrush.video.live import STEPS

    progress("live", 0.0)
    began = time.monotonic()
    show = _show(params)
    width, height = show.size
    with inputs["frame"].view as view:
        pixels = np.frombuffer(view, np.uint8).reshape(height, width, 4)
        image = np.ascontiguousarray(pixels[..., :3])
        del pixels
    if params["choose"] == "":
        show.cutout.choose_nothing()
    elif params["choose"] is not None:
        show.cutout.choose(*params["choose"])
    step = STEPS[params["step"] - 1] if params["step"] else show.ladder.step
    alpha = show.cutout.matte(image, step)
    out = _painter(params["background"]).paint(image, alpha).tobytes()
    seconds = time.monotonic() - began
    show.ladder.took(seconds)
    facts = {
        "seconds": seconds,
        "step": STEPS.index(step) + 1,
        "chosen": show.cutout.chosen,
    }
    return out, facts


def _show(params: dict[str, Any]) -> _Show:
    """The page's; a new one where its frames have another size than before."""
    from mattebrush.video.live import Ladder, LiveCutout

    name, size, rate = params["name"], (params["width"], params["height"]), params["rate"]
    show = _shows.get(name)
    if show is None or (show.size, show.rate) != (size, rate):
        cutout = LiveCutout(params["device"], _THREADS)
        show = _shows[name] = _Show(size, rate, cutout, Ladder(_SHARE / rate))
    _shows.move_to_end(name)
    while len(_shows) > _MOST:
        _shows.popitem(last=False)
    return show


def _painter(background: str) -> Painter:
    from mattebrush.video.live_pipe import BLUR, Painter

    return Painter(BLUR if background == BLUR else None)
