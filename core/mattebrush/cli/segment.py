# SPDX-License-Identifier: Apache-2.0
"""`mattebrush segment`: the coarse mask alone, how likely each pixel is subject."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..cutout import Progress, Report
from . import engine_arguments, pictures
from .planes import write_plane

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `segment`."""
    parser = subparsers.add_parser(
        "segment",
        help="the coarse mask alone: how likely each pixel is subject",
        description="Writes the network's probability as a gray picture; no matting, no edge work.",
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help='picture, or "-" for standard input'
    )
    parser.add_argument("--depth", type=int, choices=(8, 16), default=8, help="bits of the result")
    engine_arguments.add_segmentation(parser)
    engine_arguments.add_running(parser)
    pictures.add_output_arguments(parser)
    parser.add_argument("--force", action="store_true", help="write even when no subject was found")
    parser.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    options = engine_arguments.options_from(arguments)

    def work(task: pictures.Task, progress: Progress) -> Report:
        import numpy as np

        from .. import engine, raster, subject

        source = pictures.read_source(task.source)
        cutout = engine.segment(
            source.image(), options, progress, display=raster.display_referred(source)
        )
        cutout.report.warnings[:0] = source.warnings
        if not arguments.force:
            subject.required(cutout.report, options, subject.FOR_COMMAND_LINE)
        depth = np.uint16 if arguments.depth == 16 else np.uint8
        write_plane(task, source, cutout.alpha, np.dtype(depth), arguments)
        return cutout.report

    tasks = pictures.plan(arguments.inputs, arguments, "-segment", ".png")
    return pictures.run_sequence(tasks, work, arguments)
