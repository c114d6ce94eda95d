# SPDX-License-Identifier: Apache-2.0
"""`mattebrush refine`: a painted mask made better, keeping what was painted."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..cutout import Progress, Report
from ..errors import OptionInvalid
from . import engine_arguments, pictures
from .planes import read_plane, write_plane

if TYPE_CHECKING:
    import numpy as np

    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `refine`."""
    parser = subparsers.add_parser(
        "refine",
        help="make a painted mask better, keeping what was painted",
        description="Paint white on the mask to keep, black to drop, gray for 'decide here': hair. "
        "With --previous, strokes are where the two masks differ: the network says what they mean, "
        "and what hangs together with them changes; the strokes stay as painted and everything "
        "else as it is, to the bit. Without --previous the edges of the mask are decided anew. "
        "A crude mask is pulled to the subject inside --region.",
    )
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("mask", metavar="MASK", help="the mask, strokes included")
    parser.add_argument(
        "--previous", metavar="P", help="the mask before the strokes: tells them from the rest"
    )
    parser.add_argument(
        "--region", metavar="R", help="picture that is white where to decide anew, or X0,Y0,X1,Y1"
    )
    parser.add_argument(
        "--matting-only",
        action="store_true",
        help="do not ask the network what strokes mean; only edges are decided",
    )
    engine_arguments.add_matting(parser)
    engine_arguments.add_running(parser)
    pictures.add_output_arguments(parser)
    parser.set_defaults(func=_run, no_decontaminate=True)


def _run(arguments: argparse.Namespace) -> int:
    region_text, arguments.region = arguments.region, None
    options = engine_arguments.options_from(arguments)
    further = [path for path in (arguments.mask, arguments.previous, region_text) if path]

    def work(task: pictures.Task, progress: Progress) -> Report:
        from .. import engine, raster

        source = pictures.read_source(task.source)
        mask, remarks = read_plane(arguments.mask, "mask")
        previous = region = None
        if arguments.previous:
            previous, more = read_plane(arguments.previous, "mask")
            remarks += more
        if region_text:
            region, more = _region(region_text, mask.shape)
            remarks += more
        display = raster.display_referred(source)
        cutout = engine.refine(
            source.image(), mask, previous, region, options, progress, display=display
        )
        cutout.report.warnings[:0] = [*source.warnings, *remarks]
        write_plane(task, source, cutout.alpha, mask.dtype, arguments)
        return cutout.report

    return pictures.run(
        pictures.plan([arguments.image], arguments, "-mask", ".png", further=further),
        work,
        arguments,
    )


def _region(text: str, shape: tuple[int, ...]) -> tuple[np.ndarray, list[str]]:
    """A region from a picture's path, or from a box in pixels, and remarks."""
    import numpy as np

    try:
        x0, y0, x1, y1 = (max(0, round(float(part))) for part in text.split(","))
    except (ValueError, OverflowError):  # not four numbers, or infinity
        return read_plane(text, "region")
    region = np.zeros(shape, np.uint8)
    region[y0:y1, x0:x1] = 255
    if not region.any():
        raise OptionInvalid(
            f"The region {text} holds no pixel of this picture.",
            f"The picture is {shape[1]}x{shape[0]} pixels.",
        )
    return region, []
