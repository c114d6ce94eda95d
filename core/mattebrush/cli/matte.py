# SPDX-License-Identifier: Apache-2.0
"""`mattebrush matte`: soft alpha from a trimap."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..cutout import Progress, Report
from . import engine_arguments, pictures
from .planes import read_plane, write_plane

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `matte`."""
    parser = subparsers.add_parser(
        "matte",
        help="soft alpha from a trimap",
        description="Decides how opaque each pixel is where TRIMAP is neither black nor white.",
    )
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("trimap", metavar="TRIMAP", help="black, white, and gray where unknown")
    engine_arguments.add_matting(parser)
    engine_arguments.add_running(parser)
    pictures.add_output_arguments(parser)
    parser.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    options = engine_arguments.options_from(arguments)

    def work(task: pictures.Task, progress: Progress) -> Report:
        from .. import engine, raster

        source = pictures.read_source(task.source)
        trimap, remarks = read_plane(arguments.trimap, "trimap")
        cutout = engine.matte(
            source.image(), trimap, options, progress, display=raster.display_referred(source)
        )
        cutout.report.warnings[:0] = [*source.warnings, *remarks]
        write_plane(task, source, cutout.alpha, source.pixels.dtype, arguments)
        return cutout.report

    return pictures.run(
        pictures.plan([arguments.image], arguments, "-alpha", ".png", further=[arguments.trimap]),
        work,
        arguments,
    )
