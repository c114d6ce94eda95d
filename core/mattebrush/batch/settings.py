# SPDX-License-Identifier: Apache-2.0
"""What a batch was asked for, written beside its results, so that one of them can be made again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from .. import raster
from ..errors import InputInvalid, MattebrushError
from ..options import Options
from ..raster.cmyk import InkProfile
from ..render import Recipe
from ..shop.presets import Preset
from .places import Folder

NAME = "batch.json"


def save(folder: Folder, options: Options, recipe: Recipe, background: str | None) -> None:
    """Writes them to the destination.

    Parameters
    ----------
    folder : Folder
        Where to write.
    options : Options
        What is asked for.
    recipe : Recipe
        What the result is to be.
    background : str or None
        As it was given, a color or a picture's path; None for none or a preset's.
    """
    values = dataclasses.asdict(options)
    values["prompt"] = {
        "points": [[point.x, point.y, point.label] for point in options.prompt.points],
        "boxes": [list(box) for box in options.prompt.boxes],
    }
    made = {
        field.name: getattr(recipe, field.name)
        for field in dataclasses.fields(recipe)
        if field.name not in ("background", "preset", "cmyk")
    }
    if isinstance(recipe.background, raster.Raster):
        made["background"] = str(Path(background or "").resolve())
    else:
        made["background"] = recipe.background
    made["cmyk"] = None if recipe.cmyk is None else recipe.cmyk.path
    made["preset"] = None if recipe.preset is None else dataclasses.asdict(recipe.preset)
    text = json.dumps({"options": values, "recipe": made}, indent=1, ensure_ascii=False)
    folder.write(NAME, text.encode())


def load(folder: Path) -> tuple[Options, Recipe]:
    """Reads them back.

    Parameters
    ----------
    folder : Path
        Where to write.

    Returns
    -------
    tuple[Options, Recipe]

    Raises
    ------
    InputInvalid
        Where they are missing or of another version.
    """
    path = folder / NAME
    try:
        values = json.loads(path.read_text("utf-8"))
        return Options.from_json(values["options"]), _recipe(dict(values["recipe"]))
    except OSError as failure:
        raise InputInvalid(
            f"{folder} holds no batch.", "Give the folder that `mattebrush batch` wrote into."
        ) from failure
    except (ValueError, KeyError, TypeError, MattebrushError) as failure:
        raise InputInvalid(
            f"{path} cannot be understood: {failure}.", "Run the batch again with --resume."
        ) from failure


def _recipe(values: dict[str, Any]) -> Recipe:
    background, preset = values.pop("background"), values.pop("preset")
    profile = values.pop("cmyk", None)  # what older versions wrote has none
    if isinstance(background, str):
        background = raster.read(Path(background))
    elif background is not None:
        background = tuple(background)
    if preset is not None:
        for pair in ("size", "aspect"):
            preset[pair] = None if preset[pair] is None else tuple(preset[pair])
        preset = Preset(**preset)
    return Recipe(
        **values,
        background=background,
        preset=preset,
        cmyk=None if profile is None else InkProfile.read(profile),
    )
