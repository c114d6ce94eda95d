# SPDX-License-Identifier: Apache-2.0
"""`mattebrush remove`: pictures in, cut-outs (or masks, flattened pictures, layered files) out."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..cutout import Progress, Report
from . import engine_arguments, object_arguments, pictures, recipe_arguments

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `remove`."""
    parser = subparsers.add_parser(
        "remove",
        help="cut the subject out of pictures",
        description="Removes the background: soft edges at full resolution, edge colors without "
        "the old background. Writes NAME-cutout.png beside each picture unless told otherwise.",
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help='picture, or "-" for standard input'
    )
    engine_arguments.add_segmentation(parser)
    object_arguments.add_objects(parser)
    engine_arguments.add_edge(parser)
    engine_arguments.add_matting(parser)
    parser.add_argument(
        "--no-decontaminate", action="store_true", help="leave the edge's colors as they are"
    )
    recipe_arguments.add_result(parser)
    recipe_arguments.add_composition(parser)
    recipe_arguments.add_preset(parser)
    recipe_arguments.add_path(parser)
    pictures.add_output_arguments(parser)
    engine_arguments.add_running(parser)
    parser.add_argument("--force", action="store_true", help="write even when no subject was found")
    parser.set_defaults(func=_remove)


def _remove(arguments: argparse.Namespace) -> int:
    from ..raster import Raster

    options = engine_arguments.options_from(arguments)
    recipe = recipe_arguments.recipe_from(arguments)
    kind = "flat" if recipe.background is not None else recipe.content
    if object_arguments.wanted(arguments):
        kind = "objects"
    backdrop = [arguments.background] if isinstance(recipe.background, Raster) else []
    tasks = pictures.plan(
        arguments.inputs,
        arguments,
        f"-{kind}",
        f".{recipe.format}",
        (".psd", ".xcf", ".kra", ".svg", ".pfm"),
        backdrop,
    )

    def work(task: pictures.Task, progress: Progress) -> Report:
        from .. import engine, raster, render, subject

        source = pictures.read_source(task.source)
        if object_arguments.wanted(arguments):
            return object_arguments.work(task, source, options, recipe, arguments, progress)
        display = raster.display_referred(source)
        cutout = engine.remove_background(source.image(), options, progress, display=display)
        cutout.report.warnings[:0] = source.warnings
        if not arguments.force:
            subject.required(cutout.report, options, subject.FOR_COMMAND_LINE)
        with cutout.report.stage("writing"):
            if task.target == pictures.STREAM:
                data, remarks = render.encoded(source, cutout, recipe)
                pictures.send(data)
            else:
                remarks = render.write(
                    task.target,
                    source,
                    cutout,
                    recipe,
                    overwrite=arguments.overwrite,
                    progress=progress,
                )
        cutout.report.warnings += remarks
        return cutout.report

    return pictures.run_sequence(tasks, work, arguments)
