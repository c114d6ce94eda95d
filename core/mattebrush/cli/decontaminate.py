# SPDX-License-Identifier: Apache-2.0
"""`mattebrush decontaminate`: edge colors without the old background."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from ..cutout import Progress, Report
from . import engine_arguments, pictures
from .planes import read_plane

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `decontaminate`."""
    parser = subparsers.add_parser(
        "decontaminate",
        help="edge colors without the old background",
        description="Writes the foreground color: what each edge pixel would show without the "
        "background that shines through it. The picture itself where ALPHA is black or white.",
    )
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("alpha", metavar="ALPHA", help="the mask: black is background")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads")
    pictures.add_output_arguments(parser)
    parser.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    options = engine_arguments.options_from(arguments)

    def work(task: pictures.Task, progress: Progress) -> Report:
        from .. import engine, raster

        source = pictures.read_source(task.source)
        alpha, remarks = read_plane(arguments.alpha, "alpha")
        cutout = engine.decontaminate(source.image(), alpha, options, progress)
        cutout.report.warnings[:0] = [*source.warnings, *remarks]
        assert cutout.foreground is not None
        result = dataclasses.replace(source, pixels=cutout.foreground)
        pictures.write_result(task, result, arguments)
        format = "PNG" if task.target == pictures.STREAM else raster.format_of(task.target)
        kept = (
            dataclasses.replace(result, metadata=raster.Metadata()) if arguments.strip else result
        )
        cutout.report.warnings += raster.losses(kept, format)
        return cutout.report

    tasks = pictures.plan(
        [arguments.image], arguments, "-foreground", ".png", further=[arguments.alpha]
    )
    return pictures.run(tasks, work, arguments)
