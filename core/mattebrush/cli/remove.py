# SPDX-License-Identifier: Apache-2.0
"""`mattebrush remove`: pictures in, cut-outs (or masks, flattened pictures, layered files) out."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from ..cutout import Cutout, Progress, Report
from ..errors import NoSubject, OptionInvalid
from . import engine_arguments, pictures

if TYPE_CHECKING:
    import numpy as np

    from ..composition import Colour, Shadow
    from ..raster import Raster
    from .command_line import Subparsers

_FORMATS = ("png", "webp", "tiff", "jpg", "psd")


def add_parser(subparsers: Subparsers) -> None:
    """Registers `remove`."""
    parser = subparsers.add_parser(
        "remove",
        help="cut the subject out of pictures",
        description="Removes the background: soft edges at full resolution, edge colours without "
        "the old background. Writes NAME-cutout.png beside each picture unless told otherwise.",
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help='picture, or "-" for standard input'
    )
    engine_arguments.add_segmentation(parser)
    engine_arguments.add_edge(parser)
    engine_arguments.add_matting(parser)
    parser.add_argument(
        "--no-decontaminate", action="store_true", help="leave the edge's colours as they are"
    )
    _add_result(parser)
    _add_composition(parser)
    pictures.add_output_arguments(parser)
    engine_arguments.add_running(parser)
    parser.add_argument("--force", action="store_true", help="write even when no subject was found")
    parser.set_defaults(func=_remove)


def _add_result(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to write")
    kind = group.add_mutually_exclusive_group()
    kind.add_argument("--mask", action="store_true", help="the mask alone, grey")
    kind.add_argument("--foreground", action="store_true", help="the clean colours alone, opaque")
    kind.add_argument(
        "--background",
        metavar="COLOUR|PICTURE",
        help="flattened on white, black, #rrggbb, or a picture",
    )
    group.add_argument("--format", choices=_FORMATS, help="file format (default: png, or -o's)")


def _add_composition(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("composition")
    group.add_argument("--shadow", action="store_true", help="a soft drop shadow")
    group.add_argument("--shadow-opacity", type=float, metavar="0..1", help="default 0.5")
    group.add_argument("--shadow-blur", type=float, metavar="PX", help="default by picture size")
    group.add_argument(
        "--shadow-offset",
        type=engine_arguments.numbers(2),
        metavar="DX,DY",
        help="default by picture size",
    )
    group.add_argument(
        "--match-colors", action="store_true", help="tune the subject towards the background"
    )
    group.add_argument(
        "--crop", nargs="?", type=_margin, const=0, metavar="MARGIN", help="crop to the subject"
    )


def _margin(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no margin in pixels (before a picture's name, write --crop=0)"
        ) from None


@dataclasses.dataclass(frozen=True)
class _Recipe:
    """What becomes of a cut-out: checked before any picture is opened."""

    suffix: str
    format: str
    background: Colour | Raster | None
    shadow: bool
    arguments: argparse.Namespace


def _remove(arguments: argparse.Namespace) -> int:
    options = engine_arguments.options_from(arguments)
    recipe = _recipe(arguments)
    tasks = pictures.plan(
        arguments.inputs, arguments, recipe.suffix, f".{recipe.format}", (".psd",)
    )

    def work(task: pictures.Task, progress: Progress) -> Report:
        from .. import engine

        source = pictures.read_source(task.source)
        cutout = engine.remove_background(source.image(), options, progress)
        if not cutout.report.subject_found and not arguments.force:
            raise NoSubject(
                "No subject was found; nothing was written.",
                "Point at it with --region, try another --model, or use --force.",
            )
        with cutout.report.stage("writing"):
            _write(task, source, cutout, recipe)
        return cutout.report

    return pictures.run_sequence(tasks, work, arguments)


def _recipe(arguments: argparse.Namespace) -> _Recipe:
    """Raises OptionInvalid for arguments that contradict each other."""
    named = Path(arguments.output).suffix.lower().lstrip(".") if arguments.output else ""
    named = {"jpeg": "jpg", "tif": "tiff"}.get(named, named)
    format = arguments.format or named or ("jpg" if arguments.background else "png")
    if arguments.format and named and named != arguments.format:
        raise OptionInvalid(f"--format {arguments.format} and -o {arguments.output} contradict.")
    if format == "jpg" and not (arguments.background or arguments.mask or arguments.foreground):
        raise OptionInvalid("JPEG has no transparency.", "Add --background white, or write a PNG.")
    if format == "psd" and (arguments.mask or arguments.foreground or arguments.background):
        raise OptionInvalid("A layered file holds mask and colours at once.", "Drop that option.")
    if arguments.match_colors and not arguments.background:
        raise OptionInvalid("--match-colors needs something to match.", "Add --background.")
    if arguments.crop is not None and arguments.crop < 0:
        raise OptionInvalid(f"The crop's margin is {arguments.crop}.", "Give 0 or more pixels.")
    shaping = (arguments.shadow_opacity, arguments.shadow_blur, arguments.shadow_offset)
    shadow = arguments.shadow or any(value is not None for value in shaping)
    if shadow and (arguments.mask or arguments.foreground or format == "psd"):
        raise OptionInvalid("A shadow is for a cut-out or a new background.", "Drop that option.")
    if shadow:
        _shadow(arguments, 100, 100)
    suffix = next(
        (name for name in ("mask", "foreground") if getattr(arguments, name)),
        "flat" if arguments.background else "cutout",
    )
    return _Recipe(f"-{suffix}", format, _background(arguments.background), shadow, arguments)


def _background(text: str | None) -> Colour | Raster | None:
    if text is None:
        return None
    from .. import composition, raster

    found = composition.parse_background(text)
    return raster.read(found) if isinstance(found, Path) else found


def _shadow(arguments: argparse.Namespace, height: int, width: int) -> Shadow:
    from ..composition import shadow_for

    told: dict[str, float] = {}
    if arguments.shadow_opacity is not None:
        told["opacity"] = arguments.shadow_opacity
    if arguments.shadow_blur is not None:
        told["blur"] = arguments.shadow_blur
    if arguments.shadow_offset is not None:
        told["dx"], told["dy"] = arguments.shadow_offset
    return dataclasses.replace(shadow_for(height, width), **told)


def _write(task: pictures.Task, source: Raster, cutout: Cutout, recipe: _Recipe) -> None:
    if recipe.format == "psd":
        _write_layers(task, source, cutout, recipe.arguments)
        return
    from .. import composition

    alpha, margin, shadow = cutout.alpha, recipe.arguments.crop, None
    if recipe.shadow:
        shadow = composition.drop_shadow(alpha, _shadow(recipe.arguments, *alpha.shape))
    result = _result(source, cutout, recipe, shadow)
    if margin is not None:
        result = _cropped(result, composition.crop_to_subject(alpha, margin, shadow))
    pictures.write_result(task, result, recipe.arguments, recipe.format)


def _write_layers(
    task: pictures.Task, source: Raster, cutout: Cutout, arguments: argparse.Namespace
) -> None:
    from .. import composition, psd

    matte, foreground = cutout.matte, cutout.foreground
    if arguments.crop is not None:
        window = composition.crop_to_subject(cutout.alpha, arguments.crop)
        source, matte = _cropped(source, window), matte[window]
        foreground = None if foreground is None else foreground[window]
    if task.target == pictures.STREAM:
        pictures.send(psd.encode(source, matte, foreground, strip=arguments.strip))
        return
    psd.write(
        task.target,
        source,
        matte,
        foreground,
        overwrite=arguments.overwrite,
        strip=arguments.strip,
    )


def _cropped(picture: Raster, window: tuple[slice, slice]) -> Raster:
    alpha = None if picture.alpha is None else picture.alpha[window]
    return dataclasses.replace(picture, pixels=picture.pixels[window], alpha=alpha)


def _result(source: Raster, cutout: Cutout, recipe: _Recipe, shadow: np.ndarray | None) -> Raster:
    """The picture to write: mask, colours, flattened picture or cut-out."""
    from .. import composition
    from ..imaging.depth import to_depth

    arguments, alpha = recipe.arguments, cutout.alpha
    colour = source.pixels if cutout.foreground is None else cutout.foreground
    behind = recipe.background
    backdrop = None if behind is None else composition.backdrop(behind, source)
    if arguments.match_colors and backdrop is not None:
        colour = composition.match_colors(colour, alpha, backdrop)
    if arguments.mask:
        mask = to_depth(alpha, colour.dtype)[:, :, None]
        result = dataclasses.replace(source, pixels=mask, alpha=None, icc=None)
    elif arguments.foreground:
        result = dataclasses.replace(source, pixels=colour, alpha=None)
    elif backdrop is not None:
        flat = composition.flatten(colour, alpha, backdrop, shadow)
        result = dataclasses.replace(source, pixels=flat, alpha=None, icc=source.icc_for(3))
    elif shadow is not None:
        colour, covered = composition.over_veil(colour, alpha, shadow)
        result = dataclasses.replace(source, pixels=colour, alpha=covered)
    else:
        result = dataclasses.replace(source, pixels=colour, alpha=alpha)
    return result
