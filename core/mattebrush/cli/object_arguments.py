# SPDX-License-Identifier: Apache-2.0
"""The arguments of `mattebrush remove` for several objects, and what is done with them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import OptionInvalid
from . import pictures

if TYPE_CHECKING:
    from ..cutout import Progress, Report
    from ..objects.result import Objects
    from ..options import Options
    from ..raster import Raster
    from ..render import Recipe


def add_objects(parser: argparse.ArgumentParser) -> None:
    """Which objects, and how many files.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    group = parser.add_argument_group("objects", "one soft mask each; see docs/objects.md")
    group.add_argument(
        "--objects",
        action="store_true",
        help="each object apart: the parts of the subject, or one for each --box or --point",
    )
    group.add_argument(
        "--text",
        default="",
        metavar="WORDS",
        help='what is wanted: "the dog, the red bag"; needs a model that takes words',
    )
    group.add_argument(
        "--choose",
        type=_names,
        metavar="A,B",
        help="only these objects, by name or number from the left (1, 2, ...)",
    )
    group.add_argument("--drop", type=_names, metavar="A,B", help="all but these objects")
    group.add_argument(
        "--merge",
        type=_names,
        action="append",
        default=[],
        metavar="A,B",
        help="these objects as one, under the first one's name (repeatable)",
    )
    group.add_argument("--each", action="store_true", help="a file an object: OUT-NAME.png")


def wanted(arguments: argparse.Namespace) -> bool:
    """Whether objects are asked for at all.

    Parameters
    ----------
    arguments : argparse.Namespace
        The command's, as argparse read them.

    Returns
    -------
    bool
    """
    names = ("text", "objects", "choose", "drop", "merge", "each")
    return any(getattr(arguments, name) for name in names)


def work(
    task: pictures.Task,
    source: Raster,
    options: Options,
    recipe: Recipe,
    arguments: argparse.Namespace,
    progress: Progress,
) -> Report:
    """Finds the objects of one picture and writes those that are wanted.

    Parameters
    ----------
    task : pictures.Task
        Where the result goes.
    source : Raster
        The picture that was read.
    options : Options
        What is asked of the engine.
    recipe : Recipe
        What the result is to be.
    arguments : argparse.Namespace
        The command's, as argparse read them.
    progress : Progress
        Called as progress(stage, fraction); may raise to stop.

    Returns
    -------
    Report

    Raises
    ------
    NoSubject
        Where none was found, unless `--force` is given.
    OptionInvalid
        Where the choice leaves no object, or names one that is not there.
    OutputExists, OutputUnwritable
        Where the result cannot be written.
    """
    from .. import raster, render, subject
    from ..objects import files
    from ..objects.find import find

    if arguments.each and task.target == pictures.STREAM:
        raise OptionInvalid("Standard output holds one file.", "Drop --each, or give -o FILE.")
    objects = find(source.image(), options, progress, display=raster.display_referred(source))
    objects.report.warnings[:0] = source.warnings
    if not arguments.force:
        subject.required(objects.report, options, subject.FOR_COMMAND_LINE)
    objects = _edited(objects, arguments)
    with objects.report.stage("writing"):
        if task.target == pictures.STREAM:
            pictures.send(files.encode(source, objects, recipe))
        else:
            write = files.write_each if arguments.each else files.write
            write(
                task.target,
                source,
                objects,
                recipe,
                overwrite=arguments.overwrite,
                progress=progress,
            )
    objects.report.warnings += render.losses(source, recipe)
    objects.report.objects = objects.to_json()
    return objects.report


def _edited(objects: Objects, arguments: argparse.Namespace) -> Objects:
    """What the user made of the objects: merged, then chosen, then dropped."""
    edited = objects
    for names in arguments.merge:
        edited = edited.merge(*(objects.names[objects.place(name)] for name in names))
    # Numbers go on meaning the objects as they were found.
    known = {name.lower() for name in edited.names}

    def names_of(which: list[str]) -> list[str]:
        names = [objects.names[objects.place(one)] for one in which]
        return [name for name in names if name.lower() in known]

    if arguments.choose:
        edited = edited.choose(*names_of(arguments.choose))
    if arguments.drop:
        edited = edited.drop(*names_of(arguments.drop))
    if not len(edited):
        raise OptionInvalid("No object is left.", "Drop fewer, or choose some.")
    return edited


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("name an object, or give its number")
    return names
