# SPDX-License-Identifier: Apache-2.0
"""`segment`, `matte`, `decontaminate`, `refine`: each stage alone, for those who bring a part."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from ..cutout import Progress, Report
from ..errors import NoSubject, OptionInvalid
from . import batch, engine_arguments

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    import numpy as np

    from ..raster import Raster

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    """Registers the four commands."""
    _add_segment(subparsers)
    _add_matte(subparsers)
    _add_decontaminate(subparsers)
    _add_refine(subparsers)


def _add_segment(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "segment",
        help="the coarse mask alone: how likely each pixel is subject",
        description="Writes the network's probability as a grey picture; no matting, no edge work.",
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help='picture, or "-" for standard input'
    )
    parser.add_argument("--depth", type=int, choices=(8, 16), default=8, help="bits of the result")
    engine_arguments.add_segmentation(parser)
    engine_arguments.add_running(parser)
    batch.add_output_arguments(parser)
    parser.add_argument("--force", action="store_true", help="write even when no subject was found")
    parser.set_defaults(func=_segment)


def _segment(arguments: argparse.Namespace) -> int:
    options = engine_arguments.options_from(arguments)

    def work(task: batch.Task, progress: Progress) -> Report:
        import numpy as np

        from .. import engine

        source = batch.read_source(task.source)
        cutout = engine.segment(source.image(), options, progress)
        if not cutout.report.subject_found and not arguments.force:
            raise NoSubject("No subject was found.", "Nothing was written; --force writes it.")
        depth = np.uint16 if arguments.depth == 16 else np.uint8
        _write_plane(task, source, cutout.alpha, np.dtype(depth), arguments)
        return cutout.report

    tasks = batch.plan(arguments.inputs, arguments, "-segment", ".png")
    return batch.run_sequence(tasks, work, arguments)


def _add_matte(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "matte",
        help="soft alpha from a trimap",
        description="Decides how opaque each pixel is where TRIMAP is neither black nor white.",
    )
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("trimap", metavar="TRIMAP", help="black, white, and grey where unknown")
    engine_arguments.add_matting(parser)
    engine_arguments.add_running(parser)
    batch.add_output_arguments(parser)
    parser.set_defaults(func=_matte)


def _matte(arguments: argparse.Namespace) -> int:
    options = engine_arguments.options_from(arguments)

    def work(task: batch.Task, progress: Progress) -> Report:
        from .. import engine

        source = batch.read_source(task.source)
        trimap = _plane(arguments.trimap)
        cutout = engine.matte(source.image(), trimap, options, progress)
        _write_plane(task, source, cutout.alpha, source.pixels.dtype, arguments)
        return cutout.report

    return batch.run(batch.plan([arguments.image], arguments, "-alpha", ".png"), work, arguments)


def _add_decontaminate(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "decontaminate",
        help="edge colours without the old background",
        description="Writes the foreground colour: what each edge pixel would show without the "
        "background that shines through it. The picture itself where ALPHA is black or white.",
    )
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("alpha", metavar="ALPHA", help="the mask: black is background")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads")
    batch.add_output_arguments(parser)
    parser.set_defaults(func=_decontaminate)


def _decontaminate(arguments: argparse.Namespace) -> int:
    options = engine_arguments.options_from(arguments)

    def work(task: batch.Task, progress: Progress) -> Report:
        from .. import engine

        source = batch.read_source(task.source)
        alpha = _plane(arguments.alpha)
        cutout = engine.decontaminate(source.image(), alpha, options, progress)
        assert cutout.foreground is not None
        result = dataclasses.replace(source, pixels=cutout.foreground)
        batch.write_result(task, result, arguments)
        return cutout.report

    tasks = batch.plan([arguments.image], arguments, "-foreground", ".png")
    return batch.run(tasks, work, arguments)


def _add_refine(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "refine",
        help="make a painted mask better, keeping what was painted",
        description="Black and white strokes stay as painted; where MASK was painted grey, and "
        "inside --region, matting decides anew; everything else stays as it is, to the bit.",
    )
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("mask", metavar="MASK", help="the mask, strokes included")
    parser.add_argument("--previous", metavar="P", help="the mask before the strokes")
    parser.add_argument(
        "--region", metavar="R", help="picture that is white where to decide anew, or X0,Y0,X1,Y1"
    )
    engine_arguments.add_matting(parser)
    engine_arguments.add_running(parser)
    batch.add_output_arguments(parser)
    parser.set_defaults(func=_refine, no_decontaminate=True)


def _refine(arguments: argparse.Namespace) -> int:
    region_text, arguments.region = arguments.region, None
    options = engine_arguments.options_from(arguments)

    def work(task: batch.Task, progress: Progress) -> Report:
        from .. import engine

        source = batch.read_source(task.source)
        mask = _plane(arguments.mask)
        previous = _plane(arguments.previous) if arguments.previous else None
        region = _region(region_text, mask.shape) if region_text else None
        cutout = engine.refine(source.image(), mask, previous, region, options, progress)
        _write_plane(task, source, cutout.alpha, mask.dtype, arguments)
        return cutout.report

    return batch.run(batch.plan([arguments.image], arguments, "-mask", ".png"), work, arguments)


def _region(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """A region from a picture's path, or from a box in pixels."""
    import numpy as np

    try:
        x0, y0, x1, y1 = (max(0, round(float(part))) for part in text.split(","))
    except (ValueError, OverflowError):  # not four numbers, or infinity
        return _plane(text)
    region = np.zeros(shape, np.uint8)
    region[y0:y1, x0:x1] = 255
    if not region.any():
        raise OptionInvalid(
            f"The region {text} holds no pixel of this picture.",
            f"The picture is {shape[1]}x{shape[0]} pixels.",
        )
    return region


def _plane(path: str) -> np.ndarray:
    from .. import raster

    return raster.read(path).plane(path)


def _write_plane(
    task: batch.Task,
    source: Raster,
    alpha: np.ndarray,
    depth: np.dtype[np.generic],
    arguments: argparse.Namespace,
) -> None:
    """A (H, W) plane as a grey picture with the source's metadata; its profile is for colour."""
    from ..depth import quantise

    plane = dataclasses.replace(
        source, pixels=quantise(alpha, depth)[:, :, None], alpha=None, icc=None
    )
    batch.write_result(task, plane, arguments)
