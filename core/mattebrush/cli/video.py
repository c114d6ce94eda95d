# SPDX-License-Identifier: Apache-2.0
"""`mattebrush video`: a movie or a folder of frames in, alpha out."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OptionInvalid
from ..options import EMBEDDED_MODEL
from . import engine_arguments, pictures
from .status_line import StatusLine, time_left

if TYPE_CHECKING:
    from ..render import Recipe
    from ..video import Key
    from ..video.source import Source
    from ..video.work import Done, Plan
    from .command_line import Subparsers

STREAM = "-"
_PICTURES = ("png", "exr", "tiff", "webp", "jpg")


def add_parser(subparsers: Subparsers) -> None:
    """Registers `video`."""
    parser = subparsers.add_parser(
        "video",
        help="cut one subject out of a movie or a folder of frames",
        description="Cuts one subject out of IN: a movie, a folder of pictures, or raw frames on "
        "standard input. OUT is a movie with alpha (.mov: ProRes 4444, .webm: VP9), a folder (a "
        "picture a frame), or - for raw frames. Without --point, --box or --key, what stands out "
        "in the first second is followed.",
    )
    parser.add_argument("source", metavar="IN", help='movie, folder, or "-"')
    parser.add_argument("-o", "--output", metavar="OUT", required=True)
    subject = parser.add_argument_group("subject")
    subject.add_argument(
        "--point",
        type=_at_frame(2, 3),
        action="append",
        default=[],
        metavar="X,Y[,0][@FRAME]",
        help="a point on the subject, or with ,0 beside it (repeatable)",
    )
    subject.add_argument(
        "--box",
        type=_at_frame(4),
        action="append",
        default=[],
        metavar="X0,Y0,X1,Y1[@FRAME]",
        help="a box around the subject (repeatable)",
    )
    subject.add_argument(
        "--key",
        type=_key,
        action="append",
        default=[],
        metavar="MASK.png[@FRAME]",
        help="the mask of a frame (repeatable); frames are counted from 0",
    )
    subject.add_argument("--model", default=EMBEDDED_MODEL, metavar="ID")
    subject.add_argument(
        "--steady", type=int, default=2, metavar="0..2", help="frames on either side (default: 2)"
    )
    result = parser.add_argument_group("what to write")
    kind = result.add_mutually_exclusive_group()
    kind.add_argument("--mask", action="store_true", help="the mask alone, gray")
    kind.add_argument("--alpha", action="store_true", help="the mask times the clip's own alpha")
    kind.add_argument("--foreground", action="store_true", help="the clean colors alone, opaque")
    kind.add_argument(
        "--background", metavar="COLOR|PICTURE|MOVIE", help="flattened on a color or another clip"
    )
    result.add_argument(
        "--format", choices=_PICTURES, default="png", help="of a folder's pictures (default: png)"
    )
    result.add_argument("--overwrite", action="store_true", help="replace results that exist")
    result.add_argument("--resume", action="store_true", help="go on where a run was ended")
    result.add_argument("--json", action="store_true", help="print a report as JSON")
    result.add_argument("-q", "--quiet", action="store_true", help="no progress, no remarks")
    raw = parser.add_argument_group("raw frames")
    raw.add_argument(
        "--raw", type=parse_size, metavar="WxH", help="the size of those on standard input"
    )
    raw.add_argument("--raw-format", default="rgb24", metavar="KIND", help="rgb24, rgba or gray")
    raw.add_argument("--rate", type=parse_rate, default=Fraction(24), metavar="FPS")
    engine_arguments.add_edge(parser)
    engine_arguments.add_matting(parser)
    parser.add_argument(
        "--no-decontaminate", action="store_true", help="leave the edge's colors as they are"
    )
    engine_arguments.add_running(parser)
    parser.set_defaults(func=_run)


def _at_frame(*counts: int) -> Callable[[str], tuple[int, tuple[float, ...]]]:
    """An argparse type: numbers, and after an @ the frame they are of."""
    numbers = engine_arguments.numbers(*counts)

    def parse(text: str) -> tuple[int, tuple[float, ...]]:
        values, frame = _split(text)
        return frame, numbers(values)

    return parse


def _key(text: str) -> tuple[int, str]:
    path, frame = _split(text)
    return frame, path


def _split(text: str) -> tuple[str, int]:
    """What stands before the last @, and the frame behind it; the first where there is none."""
    match = re.fullmatch(r"(.+)@(\d+)", text)
    return (match[1], int(match[2])) if match else (text, 0)


def parse_size(text: str) -> tuple[int, int]:
    """An argparse type: such as 854x480.

    Parameters
    ----------
    text : str
        As the user typed it.

    Returns
    -------
    tuple[int, int]
        Width and height, both at least 1.

    Raises
    ------
    argparse.ArgumentTypeError
        For other text.
    """
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match or not int(match[1]) or not int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 854x480")
    return int(match[1]), int(match[2])


def parse_rate(text: str) -> Fraction:
    """An argparse type: such as 25 or 30000/1001.

    Parameters
    ----------
    text : str
        As the user typed it.

    Returns
    -------
    Fraction
        Frames a second, above 0, at most 1000.

    Raises
    ------
    argparse.ArgumentTypeError
        For other text.
    """
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no frame rate such as 25 or 30000/1001")
    return rate


def _run(arguments: argparse.Namespace) -> int:
    from ..video import work

    plan = _plan(arguments)
    progress = _Progress(not arguments.quiet)
    output = arguments.output
    again = (arguments.overwrite, arguments.resume, progress)
    try:
        with _tidy():
            if output == STREAM:
                done = work.to_pipe(plan, sys.stdout.buffer, progress)
            elif Path(output).suffix:
                done = work.to_movie(plan, Path(output), *again)
            else:
                ending = f".{arguments.format}"
                done = work.to_folder(plan, Path(output), ending, *again)
    except KeyboardInterrupt:
        progress.end()
        if output != STREAM and not arguments.quiet:
            print("mattebrush: go on with --resume; what is done stays.", file=sys.stderr)
        raise
    finally:
        progress.end()
    _report(done, arguments)
    return 0


def _tidy() -> Any:
    from . import pictures

    return pictures.tidy_end()


def _plan(arguments: argparse.Namespace) -> Plan:
    from ..video import SessionOptions
    from ..video.work import Plan

    options = engine_arguments.options_from(
        argparse.Namespace(**{**vars(arguments), "point": [], "box": []})
    )
    source = _source(arguments)
    streamed = STREAM in (arguments.source, arguments.output)
    if not streamed and pictures.is_same_file(arguments.source, arguments.output):
        raise OptionInvalid(f"{arguments.output} is the input itself.", "Name another.")
    look = max(1, min(96, round(float(source.clip.rate))))
    settings = SessionOptions(options, steady=arguments.steady, look=look)
    recipe, behind = _recipe(arguments)
    return Plan(source, settings, _keys(arguments), recipe, behind)


def _source(arguments: argparse.Namespace) -> Source:
    from ..video.source import RawPipe, open_source

    if arguments.source != STREAM:
        return open_source(arguments.source)
    if arguments.raw is None:
        raise OptionInvalid("How large are the frames?", "Give --raw WxH, such as --raw 854x480.")
    width, height = arguments.raw
    return RawPipe(sys.stdin.buffer, width, height, arguments.raw_format, arguments.rate)


def _keys(arguments: argparse.Namespace) -> list[Key]:
    from ..options import Point, Prompt
    from ..video import Key
    from . import planes

    keys = []
    for frame, path in arguments.key:
        mask, remarks = planes.read_plane(path, "mask")
        if not arguments.quiet:
            for remark in remarks:
                print(f"mattebrush: {path}: {remark}", file=sys.stderr)
        keys.append(Key(frame, mask=mask))
    painted = {key.frame for key in keys}
    for frame in sorted({frame for frame, _ in [*arguments.point, *arguments.box]}):
        if frame in painted:
            raise OptionInvalid(f"Frame {frame} has a mask and points or boxes.", "Give one kind.")
        points = tuple(Point(*values) for at, values in arguments.point if at == frame)
        boxes = tuple(values for at, values in arguments.box if at == frame)
        keys.append(Key(frame, Prompt(points, boxes)))
    return keys


def _recipe(arguments: argparse.Namespace) -> tuple[Recipe, Source | None]:
    from .. import composition, raster
    from ..render import Recipe
    from ..video.source import MOVIES, open_source

    kinds = [name for name in ("mask", "alpha", "foreground") if getattr(arguments, name)]
    plain = Recipe(content=kinds[0] if kinds else "cutout")
    text = arguments.background
    if text is None:
        if arguments.format == "jpg" and not kinds and not Path(arguments.output).suffix:
            raise OptionInvalid("JPEG has no transparency.", "Add --background, or write PNGs.")
        return plain, None
    if Path(text).suffix.lower() in MOVIES or Path(text).is_dir():
        return plain, open_source(text)
    background = composition.parse_background(text)
    behind = raster.read(background) if isinstance(background, Path) else background
    return dataclasses.replace(plain, background=behind), None


def _report(done: Done, arguments: argparse.Namespace) -> None:
    if arguments.json:
        where = sys.stderr if arguments.output == STREAM else sys.stdout
        values = {"input": arguments.source, "output": arguments.output}
        print(json.dumps({**values, **dataclasses.asdict(done)}), file=where)
    if arguments.quiet:
        return
    for remark in done.remarks:
        print(f"mattebrush: {remark}", file=sys.stderr)
    if done.doubtful:
        print(
            f"mattebrush: look at {'frame' if len(done.doubtful) == 1 else 'frames'} "
            f"{ranges(done.doubtful)}: the subject was lost or is in doubt there. A key frame "
            "(--box, --point or --key with @FRAME) helps.",
            file=sys.stderr,
        )


def ranges(numbers: list[int]) -> str:
    """Numbers of frames for people, runs drawn together.

    Parameters
    ----------
    numbers : list[int]
        In ascending order.

    Returns
    -------
    str
        Such as "3-7, 12".
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)


class _Progress:
    """How far the movie is."""

    def __init__(self, visible: bool) -> None:
        self._line, self._began, self._first = StatusLine(visible), time.monotonic(), -1

    def __call__(self, done: int, count: int) -> None:
        now = time.monotonic()
        if self._first < 0:
            self._first = done - 1
        if not self._line.is_due(now, last=done == count):
            return
        pace = (done - self._first) / max(now - self._began, 1e-3)
        parts = [f"frame {done}/{count}" if count else f"frame {done}", f"{pace:.2f} frames/s"]
        self._line.show([*parts, time_left(count - done, pace)] if count else parts)

    def end(self) -> None:
        """Leaves the terminal's line."""
        self._line.end()
