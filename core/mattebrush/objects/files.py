# SPDX-License-Identifier: Apache-2.0
"""Objects into files: layered where a format has layers, else one file an object, or all in one.

What each format holds stands in `docs/objects.md`. The formats are written by `psd` and `raster`.
"""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .. import outline, psd, render
from ..atomic import whole_file
from ..cutout import Cutout, Progress, no_progress
from ..errors import OptionInvalid
from ..imaging.depth import to_unit
from ..programs import layered as programs
from ..raster import Metadata, Raster, exr
from ..render import Recipe
from .result import Objects

LAYERED = ("psd", "xcf", "kra", "exr", "svg")
"""Formats that hold every object by its name."""


def write(
    path: Path | str,
    source: Raster,
    objects: Objects,
    recipe: Recipe,
    *,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> None:
    """Writes all objects to one file, whole or not at all.

    Parameters
    ----------
    path
        Ends in the recipe's format.
    source
        The picture that they were found in.
    objects
        What `find` gave.
    recipe
        What to write; of the layered formats (`LAYERED`) a layer an object, of the others all
        objects as one cut-out.
    overwrite
        Whether a file that is there is replaced.
    progress
        Called while another program writes; may raise to stop.

    Raises
    ------
    OptionInvalid
        For a recipe that a layered file cannot follow.
    OutputExists, OutputUnwritable
        As `raster.write` does.
    """
    if recipe.format in LAYERED:
        _check(recipe)
        if recipe.format in programs.FORMATS:

            def write_psd(file: BinaryIO) -> None:
                _write_psd(file, source, objects, recipe)

            programs.write(path, recipe.format, write_psd, overwrite=overwrite, progress=progress)
            return
        with whole_file(path, overwrite) as file:
            _WRITERS[recipe.format](file, source, objects, recipe)
        return
    render.write(path, source, _cutout(source, objects), recipe, overwrite=overwrite)


def encode(source: Raster, objects: Objects, recipe: Recipe) -> bytes:
    """The file that `write` would write, as bytes.

    Parameters
    ----------
    source, objects, recipe
        As for `write`.

    Returns
    -------
    bytes

    Raises
    ------
    OptionInvalid
        As `write` does.
    """
    if recipe.format in LAYERED:
        _check(recipe)
        file = io.BytesIO()
        if recipe.format in programs.FORMATS:
            _write_psd(file, source, objects, recipe)
            return programs.encode(recipe.format, file.getvalue())
        _WRITERS[recipe.format](file, source, objects, recipe)
        return file.getvalue()
    return render.encode(source, _cutout(source, objects), recipe)


def write_each(
    path: Path | str,
    source: Raster,
    objects: Objects,
    recipe: Recipe,
    *,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> list[Path]:
    """A file for each object: NAME-OBJECT.ext beside `path`, which itself is not written.

    Files written before a failure stay.

    Parameters
    ----------
    path, source, objects, recipe, overwrite, progress
        As for `write`.

    Returns
    -------
    list[pathlib.Path]
        What was written, in the objects' order.

    Raises
    ------
    OptionInvalid, OutputExists, OutputUnwritable
        As `write` does.
    """
    written = []
    for target, number in zip(each_path(path, objects), range(1, len(objects) + 1), strict=True):
        one = objects.choose(number)
        write(target, source, one, recipe, overwrite=overwrite, progress=progress)
        written.append(target)
    return written


def each_path(path: Path | str, objects: Objects) -> list[Path]:
    """Where `write_each` puts each object; no two the same, whatever they are called.

    Parameters
    ----------
    path
        The file that they are named after.
    objects
        Whose names the files get.

    Returns
    -------
    list[pathlib.Path]
        One an object, in their order.
    """
    path = Path(path)
    out: list[Path] = []
    for number, one in enumerate(objects, 1):
        # Names are what a user typed: no part of them may lead into another folder.
        safe = re.sub(r"[^\w-]+", "-", one.name).strip("-")[:60] or f"object-{number}"
        target = path.with_name(f"{path.stem}-{safe}{path.suffix}")
        if target.name.lower() in {other.name.lower() for other in out}:
            target = path.with_name(f"{path.stem}-{safe}-{number}{path.suffix}")
        out.append(target)
    return out


def _cutout(source: Raster, objects: Objects) -> Cutout:
    return dataclasses.replace(objects, source=source).cutout()


def _check(recipe: Recipe) -> None:
    if recipe.content != "cutout" or recipe.background is not None or recipe.shadow is not None:
        raise OptionInvalid("A layered file holds mask and colors at once.", "Drop that option.")
    if recipe.crop is not None:
        raise OptionInvalid("A file with a layer an object has the picture's size.", "Drop --crop.")


def _write_psd(file: BinaryIO, source: Raster, objects: Objects, recipe: Recipe) -> None:
    masks = objects.integer_masks("uint8" if source.pixels.dtype == "uint8" else "uint16")
    groups = [psd.Group(one.name, one.window, mask, one.foreground) for one, mask in masks]
    psd.write_groups(file, source, groups, objects.alpha(), strip=recipe.strip)


def _write_exr(file: BinaryIO, source: Raster, objects: Objects, recipe: Recipe) -> None:
    together = _cutout(source, objects).raster()
    if recipe.strip:
        together = dataclasses.replace(together, metadata=Metadata())
    layers = []
    for one in objects:
        inside = one.window.slices
        mask = one.mask if source.alpha is None else one.mask * to_unit(source.alpha[inside])
        colors = source.pixels[inside] if one.foreground is None else one.foreground
        layers.append(exr.Layer(one.name, inside, mask, colors))
    exr.write_layers(file, together, layers, source.icc_for(3))


def _write_svg(file: BinaryIO, source: Raster, objects: Objects, recipe: Recipe) -> None:
    outlines = {}
    for one in objects:
        mask = objects.mask(one.name)
        if source.alpha is not None:
            mask *= to_unit(source.alpha)
        assert recipe.path is not None  # the recipe has seen to it
        outlines[one.name] = outline.trace(mask, recipe.path, recipe.path_hair)
    file.write(outline.svg_of(outlines, source.width, source.height))


_WRITERS: dict[str, Callable[[BinaryIO, Raster, Objects, Recipe], None]] = {
    "psd": _write_psd,
    "exr": _write_exr,
    "svg": _write_svg,
}
