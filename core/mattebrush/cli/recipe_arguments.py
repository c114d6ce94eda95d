# SPDX-License-Identifier: Apache-2.0
"""The arguments that become a `render.Recipe`, shared by the commands that write cut-outs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OptionInvalid
from . import engine_arguments

if TYPE_CHECKING:
    from ..composition import Color
    from ..raster import Raster
    from ..render import Recipe
    from ..shop.presets import Preset

_FORMATS = ("png", "webp", "tiff", "jpg", "psd", "xcf", "kra", "exr", "svg", "pfm")


def add_result(parser: argparse.ArgumentParser) -> None:
    """Which of the results is written, on what, and in which format.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    group = parser.add_argument_group("what to write")
    kind = group.add_mutually_exclusive_group()
    kind.add_argument(
        "--mask", action="store_true", help="the mask alone, gray: for a layer of the picture"
    )
    kind.add_argument(
        "--alpha",
        action="store_true",
        help="the result's alpha alone, gray, own alpha included",
    )
    kind.add_argument("--foreground", action="store_true", help="the clean colors alone, opaque")
    kind.add_argument(
        "--original",
        action="store_true",
        help="the photograph as it is, for its clipping path",
    )
    kind.add_argument(
        "--background",
        metavar="COLOR|PICTURE",
        help="flattened on white, black, #rrggbb, or a picture",
    )
    group.add_argument("--format", choices=_FORMATS, help="file format (default: png, or -o's)")


def add_composition(parser: argparse.ArgumentParser) -> None:
    """Shadow, colors and crop.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    group = parser.add_argument_group("composition")
    group.add_argument("--shadow", action="store_true", help="a soft drop shadow")
    group.add_argument(
        "--shadow-kind",
        choices=("drop", "contact", "kept"),
        help="drop: behind the subject (default); contact: made, on the ground under it; kept: "
        "the photograph's own",
    )
    group.add_argument("--shadow-opacity", type=float, metavar="0..1", help="default 0.5")
    group.add_argument("--shadow-blur", type=float, metavar="PX", help="default by picture size")
    group.add_argument(
        "--shadow-offset",
        type=engine_arguments.numbers(2),
        metavar="DX,DY",
        help="default by picture size",
    )
    group.add_argument(
        "--match-colors", action="store_true", help="tune the subject toward the background"
    )
    group.add_argument(
        "--crop", nargs="?", type=_margin, const=0, metavar="MARGIN", help="crop to the subject"
    )


def add_path(parser: argparse.ArgumentParser) -> None:
    """The clipping path, and the inks of print.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    group = parser.add_argument_group("clipping path")
    group.add_argument(
        "--clipping-path",
        action="store_true",
        help="around the subject, in TIFF, JPEG and PSD; of an .svg it is all there is",
    )
    group.add_argument(
        "--path-tolerance",
        type=float,
        default=1.5,
        metavar="PX",
        help="how far it may be from the edge (default: 1.5)",
    )
    group.add_argument("--path-hair", action="store_true", help="hairs and thin strands inside it")
    print_group = parser.add_argument_group("print")
    print_group.add_argument(
        "--cmyk",
        metavar="PROFILE.icc",
        help="in CMYK by the printer's profile: TIFF, JPEG and PSD",
    )
    print_group.add_argument(
        "--spot",
        metavar="NAME",
        help="with --cmyk, one more ink where the subject is, such as White: TIFF and PSD",
    )


def add_preset(parser: argparse.ArgumentParser) -> None:
    """`--preset`, which asks for a frame, a background, a format and more at once.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Takes the arguments.
    """
    parser.add_argument(
        "--preset",
        metavar="NAME|FILE",
        help="a shop's frame: amazon, ebay, etsy, shopify, square, ..., or a file of your own "
        "(docs/shops.md)",
    )


def _margin(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no margin in pixels (before a picture's name, write --crop=0)"
        ) from None


def recipe_from(arguments: argparse.Namespace) -> Recipe:
    """What the result is to be.

    Parameters
    ----------
    arguments : argparse.Namespace
        The command's, as argparse read them.

    Returns
    -------
    Recipe

    Raises
    ------
    OptionInvalid
        For arguments that contradict each other.
    OutputUnwritable
        Where the program that writes the format is missing.
    """
    from .. import raster
    from ..programs import layered as programs
    from ..raster.cmyk import InkProfile
    from ..render import Recipe

    output = getattr(arguments, "output", None)
    named = Path(output).suffix.lower().lstrip(".") if output else ""
    named = {"jpeg": "jpg", "tif": "tiff"}.get(named, named)
    if arguments.format and named and named != arguments.format:
        raise OptionInvalid(f"--format {arguments.format} and -o {output} contradict.")
    wanted = arguments.format or named
    if wanted in programs.FORMATS:
        programs.required(wanted)
    preset = _preset(arguments)
    background = _background(arguments.background)
    quality = arguments.quality
    if preset is not None:
        wanted = wanted or preset.format or ""
        background = preset.color if background is None else background
        quality = preset.quality if quality is None else quality
    kinds = [
        name for name in ("mask", "alpha", "foreground", "original") if getattr(arguments, name)
    ]
    return Recipe(
        content=kinds[0] if kinds else "cutout",
        format=wanted
        if wanted in _FORMATS
        else "jpg"
        if background is not None or arguments.original
        else "png",
        background=background,
        shadow=_shadow(arguments),
        match_colors=arguments.match_colors,
        crop=arguments.crop,
        strip=arguments.strip,
        quality=raster.QUALITY if quality is None else quality,
        lossless=arguments.lossless,
        shadow_kind=arguments.shadow_kind or "drop",
        preset=preset,
        path=arguments.path_tolerance if arguments.clipping_path or wanted == "svg" else None,
        path_hair=arguments.path_hair,
        cmyk=None if arguments.cmyk is None else InkProfile.read(arguments.cmyk),
        spot=arguments.spot,
    )


def _preset(arguments: argparse.Namespace) -> Preset | None:
    from ..shop import presets

    return None if arguments.preset is None else presets.get(arguments.preset)


def _background(text: str | None) -> Color | Raster | None:
    if text is None:
        return None
    from .. import composition, raster

    background = composition.parse_background(text)
    return raster.read(background) if isinstance(background, Path) else background


def _shadow(arguments: argparse.Namespace) -> dict[str, float] | None:
    shape: dict[str, float] = {}
    if arguments.shadow_opacity is not None:
        shape["opacity"] = arguments.shadow_opacity
    if arguments.shadow_blur is not None:
        shape["blur"] = arguments.shadow_blur
    if arguments.shadow_offset is not None:
        shape["dx"], shape["dy"] = arguments.shadow_offset
    return shape if shape or arguments.shadow or arguments.shadow_kind else None
