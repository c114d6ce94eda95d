# SPDX-License-Identifier: Apache-2.0
"""`mattebrush live`: frames of a camera, cut out as they come: on a page, which the server brings,
or raw ones through a pipe.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import extras
from ..errors import OptionInvalid
from . import engine_arguments, video

if TYPE_CHECKING:
    import numpy as np

    from ..composition import Color
    from ..video.live import Step
    from ..video.live_pipe import Tally
    from .command_line import Subparsers

_FORMATS = {"rgb24": 3, "rgba": 4}
_CLEAR = "transparent"
_THREADS = 1
"""A small look is shared badly: two threads take twice the processor time (`bench/live.py`)."""


def add_parser(subparsers: Subparsers) -> None:
    """Registers `live`."""
    parser = subparsers.add_parser(
        "live",
        help="cut out a camera's frames as they come: on a page, or through a pipe",
        description="At a terminal, opens a page that takes the camera. With --size, reads raw "
        "frames on standard input and writes each as raw RGBA to standard output, at the camera's "
        "pace: for ffmpeg on both sides. What stands out is followed. Where time is short, quality "
        "goes down first; then the frame before is written again, so that sound stays in step.",
    )
    parser.add_argument(
        "--size", type=video.parse_size, metavar="WxH", help="of the frames on standard input"
    )
    parser.add_argument(
        "--page", action="store_true", help="a page that takes the camera (default at a terminal)"
    )
    parser.add_argument("--print", action="store_true", help="print the page's link, open nothing")
    parser.add_argument(
        "--new-link", action="store_true", help="another link for OBS; the last one is void"
    )
    parser.add_argument(
        "--rate",
        type=video.parse_rate,
        default=Fraction(30),
        metavar="FPS",
        help="frames a second (default: 30)",
    )
    parser.add_argument(
        "--format", choices=tuple(_FORMATS), default="rgb24", help="of those that come in"
    )
    parser.add_argument(
        "--background",
        default=_CLEAR,
        metavar="COLOR|PICTURE|blur",
        help="what is behind the subject (default: transparent)",
    )
    parser.add_argument(
        "--every-frame",
        action="store_true",
        help="best quality, and none is left out, however long it takes: for files",
    )
    parser.add_argument(
        "--step",
        type=int,
        choices=range(1, 7),
        help="stay on this step of quality, 1 the best (default: what the time allows)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no remarks")
    engine_arguments.add_running(parser, f"{_THREADS}")
    parser.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.page or (arguments.size is None and sys.stdin.isatty()):
        return _page(arguments)
    if arguments.size is None:
        raise OptionInvalid(
            "How large are the frames on standard input?",
            "Give --size WxH, such as --size 854x480; or --page, for a page that takes the camera.",
        )
    return _pipe(arguments)


def _page(arguments: argparse.Namespace) -> int:
    """The server's; the engine itself knows none."""
    from .command_line import joining

    for entry in joining():
        serve = getattr(entry.load(), "serve_live", None)
        if serve is not None:
            status: int = serve(arguments)
            return status
    raise OptionInvalid(
        "The page of `mattebrush live` needs the server.",
        extras.advice("server", "Flask"),
    )


def _pipe(arguments: argparse.Namespace) -> int:
    from ..video import live, live_pipe

    if sys.stdin.isatty():
        raise OptionInvalid(
            "Standard input is a terminal.", "Pipe raw frames in, as `ffmpeg -f rawvideo -` does."
        )
    if sys.stdout.isatty():
        raise OptionInvalid("Standard output is a terminal.", "Pipe it to ffmpeg, or into a file.")
    width, height = arguments.size
    channels = _FORMATS[arguments.format]
    form = live_pipe.Form(width, height, channels, float(arguments.rate))
    painter = live_pipe.Painter(_background(arguments.background, width, height))
    threads = _THREADS if arguments.threads is None else arguments.threads
    line = _Line(not arguments.quiet)
    with _Ending() as ending:
        tally = live_pipe.run(
            _raw(sys.stdin),
            _raw(sys.stdout),
            form,
            painter,
            live.LiveCutout(arguments.device, threads),
            every=arguments.every_frame,
            step=None if arguments.step is None else live.STEPS[arguments.step - 1],
            stopped=ending.is_set,
            on_step=line,
        )
    line.end(tally)
    return 0


def _raw(stream: Any) -> Any:
    """Without Python's buffers: a frame goes out whole and at once, and a thread that waits in a
    read holds no lock at the end."""
    return getattr(stream.buffer, "raw", stream.buffer)  # under `python -u` it is raw already


def _background(text: str, width: int, height: int) -> Color | np.ndarray | str | None:
    import numpy as np

    from .. import composition, raster
    from ..imaging.depth import to_depth
    from ..video.live_pipe import BLUR

    if text == _CLEAR:
        return None
    if text == BLUR:
        return BLUR
    background = composition.parse_background(text)
    if not isinstance(background, Path):
        return background
    frame = raster.Raster(np.zeros((height, width, 3), np.uint8))
    behind = to_depth(np.asarray(composition.backdrop(raster.read(background), frame)), np.uint8)
    return behind if behind.shape[2] == 3 else np.repeat(behind, 3, axis=2)


class _Ending:
    """Inside, Ctrl-C and SIGTERM ask for an end after the frame at hand; the second time they end
    at once."""

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self._is_set = False
        self._before: dict[int, Any] = {}

    def is_set(self) -> bool:
        return self._is_set

    def __enter__(self) -> _Ending:
        for number in self._SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._request)
        return self

    def __exit__(self, *failure: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _request(self, number: int, frame: object) -> None:
        if self._is_set:
            raise KeyboardInterrupt
        self._is_set = True


class _Line:
    """How it goes: a line on a terminal, else one at the end."""

    def __init__(self, visible: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._visible, self._clock = visible, clock
        self._began = self._printed = clock()
        self._terminal = sys.stderr.isatty()

    def __call__(self, tally: Tally, step: Step) -> None:
        if not self._visible or not self._terminal or self._clock() - self._printed < 0.5:
            return
        self._printed = self._clock()
        text = f"{self._summary(tally)}, look {step.side} px, every {step.every}"
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def _summary(self, tally: Tally) -> str:
        pace = tally.frames / max(self._clock() - self._began, 1e-3)
        worked = max(tally.frames - tally.repeated, 1)
        return (
            f"{tally.frames} frames, {tally.repeated} repeated for want of time, "
            f"{pace:.1f} a second, {1000 * tally.seconds / worked:.1f} ms of work each"
        )

    def end(self, tally: Tally) -> None:
        """Says what came of it."""
        if not self._visible:
            return
        start = "\r\x1b[K" if self._terminal else ""
        print(f"{start}mattebrush: {self._summary(tally)}.", file=sys.stderr)
        if tally.remark:
            print(f"mattebrush: {tally.remark}", file=sys.stderr)
