# SPDX-License-Identifier: Apache-2.0
"""The arguments that become `options.Options`, shared by every command that runs the engine."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..options import DEVICES, EMBEDDED_MODEL, KEEP, MATTING_METHODS, Options, Point, Prompt


def add_running(parser: argparse.ArgumentParser, threads: str = "the machine's") -> None:
    """Where and with how many threads networks run.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    threads : str, optional
        How many the command takes by default, as its help says it.
    """
    group = parser.add_argument_group("running")
    group.add_argument("--device", choices=DEVICES, default="auto", help="what runs the networks")
    group.add_argument("--threads", type=int, metavar="N", help=f"CPU threads (default: {threads})")


def add_segmentation(parser: argparse.ArgumentParser) -> None:
    """Which model finds the subject, and where it should look.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    group = parser.add_argument_group("subject")
    group.add_argument(
        "--model",
        default=EMBEDDED_MODEL,
        metavar="ID",
        help="segmentation model, see `mattebrush models list` (default: %(default)s)",
    )
    group.add_argument(
        "--region", type=numbers(4), metavar="X0,Y0,X1,Y1", help="only inside this box, in pixels"
    )
    group.add_argument(
        "--point",
        type=numbers(2, 3),
        action="append",
        default=[],
        metavar="X,Y[,0]",
        help="a point on the subject, or with ,0 beside it (repeatable)",
    )
    group.add_argument(
        "--box",
        type=numbers(4),
        action="append",
        default=[],
        metavar="X0,Y0,X1,Y1",
        help="a box around the subject (repeatable)",
    )


def add_matting(parser: argparse.ArgumentParser) -> None:
    """Which method decides the soft edge.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    parser.add_argument(
        "--matting",
        default="auto",
        metavar="METHOD",
        help=f"soft edge: {', '.join(MATTING_METHODS)}, or a trimap model's id (default: auto)",
    )


def add_edge(parser: argparse.ArgumentParser) -> None:
    """What is done to the finished mask.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    group = parser.add_argument_group("edge")
    group.add_argument("--feather", type=float, default=0.0, metavar="PX", help="blur the edge")
    group.add_argument(
        "--shift-edge",
        type=float,
        default=0.0,
        metavar="PX",
        help="grow (+) or shrink (-) the mask",
    )
    group.add_argument("--keep", choices=KEEP, default="all", help="all parts, or the largest only")
    group.add_argument("--hard", action="store_true", help="a binary mask, no soft edge")


def options_from(arguments: argparse.Namespace) -> Options:
    """The checked options.

    Parameters
    ----------
    arguments : argparse.Namespace
        The command's, as argparse read them.

    Returns
    -------
    Options

    Raises
    ------
    OptionInvalid
        For values out of range, and for options that contradict each other.
    """
    values_by_name = vars(arguments)
    names = ("model", "matting", "device", "threads", "feather", "shift_edge", "keep", "hard")
    values = {name: values_by_name[name] for name in names if name in values_by_name}
    prompt = Prompt(
        tuple(Point(*point) for point in values_by_name.get("point", [])),
        tuple(values_by_name.get("box", [])),
    )
    return Options(
        **values,
        decontaminate=not values_by_name.get("no_decontaminate", False),
        region=values_by_name.get("region"),
        prompt=prompt,
        text=values_by_name.get("text", ""),
        guided=not values_by_name.get("matting_only", False),
    )


def numbers(*counts: int) -> Callable[[str], tuple[float, ...]]:
    """An argparse type: numbers with commas between them.

    Parameters
    ----------
    *counts : int
        How many there may be, such as 2, 3.

    Returns
    -------
    Callable[[str], tuple[float, ...]]
    """

    def parse(text: str) -> tuple[float, ...]:
        try:
            values = tuple(float(part) for part in text.split(","))
        except ValueError:
            values = ()
        if len(values) not in counts:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not {' or '.join(map(str, counts))} numbers with commas between them"
            )
        return values

    return parse
