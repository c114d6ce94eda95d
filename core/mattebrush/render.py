# SPDX-License-Identifier: Apache-2.0
"""What becomes of a cut-out: a picture, or a file's bytes. One order for command line, server and
batches: crop, match colors, shadow, background, file format.

How each step works is in `composition`; the file formats are in `raster` and `psd`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from . import composition, psd, raster
from .composition import Color, Shadow
from .cutout import Cutout
from .errors import OptionInvalid
from .imaging.depth import to_depth, to_unit
from .imaging.rect import Rect
from .raster import Raster

CONTENTS = ("cutout", "mask", "alpha", "foreground")
"""cutout: the picture with its background gone, or a new one. mask: the matte alone, for a layer,
which keeps the picture's own alpha. alpha: the result's alpha alone. foreground: the clean colors
alone, opaque."""

FORMATS = ("png", "webp", "tiff", "jpg", "psd", "exr")


@dataclasses.dataclass(frozen=True)
class Scene:
    """What goes behind a subject.

    background: a color, a picture, or None for transparent. opacity: of that color. shadow: see
    `composition.Shadow`. match_colors: whether the subject is tuned toward the background.
    """

    background: Color | Raster | None = None
    opacity: float = 1.0
    shadow: Shadow | None = None
    match_colors: bool = False


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is made of a cut-out, checked before any picture is opened.

    Parameters
    ----------
    content
        One of `CONTENTS`.
    format
        One of `FORMATS`.
    background
        A color, a picture, or None for transparent.
    shadow
        None for no shadow; else the fields of `composition.Shadow` that differ from the shadow
        that suits the picture's size.
    match_colors
        Whether the subject is tuned toward the background.
    crop
        None for the whole picture; else the margin around the subject in pixels.
    strip
        Whether EXIF, XMP and other metadata are left out.
    quality
        1 to 100, of JPEG and WebP.
    lossless
        Whether WebP keeps every value; of masks it always does.

    Raises
    ------
    OptionInvalid
        For parts that contradict each other, and values out of range.
    """

    content: str = "cutout"
    format: str = "png"
    background: Color | Raster | None = None
    shadow: dict[str, float] | None = None
    match_colors: bool = False
    crop: int | None = None
    strip: bool = False
    quality: int = raster.QUALITY
    lossless: bool = False

    def __post_init__(self) -> None:
        flat = self.background is not None
        if self.content not in CONTENTS:
            raise OptionInvalid(f"content is {self.content!r}.", f"Choose {', '.join(CONTENTS)}.")
        if self.format not in FORMATS:
            raise OptionInvalid(f"format is {self.format!r}.", f"Choose {', '.join(FORMATS)}.")
        if self.format == "jpg" and self.content == "cutout" and not flat:
            raise OptionInvalid(
                "JPEG has no transparency.",
                "Add a background (--background white), or write a PNG.",
            )
        if self.format == "psd" and (flat or self.content != "cutout"):
            raise OptionInvalid(
                "A layered file holds mask and colors at once.", "Drop that option."
            )
        if self.match_colors and not flat:
            raise OptionInvalid("Matching colors needs something to match.", "Add a background.")
        if self.crop is not None and self.crop < 0:
            raise OptionInvalid(f"The crop's margin is {self.crop}.", "Give 0 or more pixels.")
        if self.shadow is not None and (self.content != "cutout" or self.format == "psd"):
            raise OptionInvalid(
                "A shadow is for a cut-out or a new background.", "Drop that option."
            )
        if not 1 <= self.quality <= 100:
            raise OptionInvalid(f"quality is {self.quality}.", "Give a number from 1 to 100.")
        self.shadow_for(100, 100)  # raises for values out of range

    @property
    def compression(self) -> dict[str, Any]:
        """What `raster.write` is told besides."""
        lossless = self.lossless or self.content in ("mask", "alpha")
        return {"strip": self.strip, "quality": self.quality, "lossless": lossless}

    @property
    def scene(self) -> Scene:
        """What goes behind, the shadow apart, which depends on the picture's size."""
        return Scene(self.background, match_colors=self.match_colors)

    def shadow_for(self, height: int, width: int) -> Shadow | None:
        """The shadow in a picture of this size."""
        if self.shadow is None:
            return None
        return dataclasses.replace(composition.shadow_for(height, width), **self.shadow)


def picture(source: Raster, cutout: Cutout, recipe: Recipe) -> Raster:
    """The picture that `recipe` makes of a cut-out of `source`; not for layered files."""
    shadow = recipe.shadow_for(source.height, source.width)
    color = source.pixels if cutout.foreground is None else cutout.foreground
    alpha, plane = cutout.alpha, cutout.matte if recipe.content == "mask" else cutout.alpha
    if recipe.crop is not None:
        window = _crop(source, alpha, recipe.crop, shadow).slices
        color, alpha, plane = color[window], alpha[window], plane[window]
    if recipe.content in ("mask", "alpha"):
        mask = to_depth(plane, color.dtype)[:, :, None]
        return dataclasses.replace(source, pixels=mask, alpha=None, icc=None)
    if recipe.content == "foreground":
        return dataclasses.replace(source, pixels=color, alpha=None)
    subject = dataclasses.replace(source, pixels=color, alpha=alpha)
    return composed(subject, dataclasses.replace(recipe.scene, shadow=shadow))


def encode(source: Raster, cutout: Cutout, recipe: Recipe) -> bytes:
    """The file that `write` would write, as bytes. Raises as `write` does."""
    if recipe.format == "psd":
        return psd.encode(*_layers(source, cutout, recipe), strip=recipe.strip)
    name = raster.format_of(f"stream.{recipe.format}")
    return raster.encode(picture(source, cutout, recipe), name, **recipe.compression)


def write(
    path: Path | str, source: Raster, cutout: Cutout, recipe: Recipe, *, overwrite: bool = False
) -> None:
    """Writes what `recipe` makes of a cut-out to `path`, whole or not at all.

    Parameters
    ----------
    path
        Ends in the recipe's format.
    source
        The picture that was cut out of.
    cutout
        What the engine made of it.
    recipe
        What to write.
    overwrite
        Whether a file that is there is replaced.

    Raises
    ------
    OutputExists, OutputUnwritable
        As `raster.write` does.
    """
    if recipe.format == "psd":
        layers = _layers(source, cutout, recipe)
        psd.write(path, *layers, overwrite=overwrite, strip=recipe.strip)
        return
    result = picture(source, cutout, recipe)
    raster.write(path, result, overwrite=overwrite, **recipe.compression)


def losses(source: Raster, recipe: Recipe) -> list[str]:
    """What of the picture the recipe's format does not keep, in sentences for a person."""
    if recipe.format == "psd" or recipe.content in ("mask", "alpha"):
        return []
    kept = dataclasses.replace(source, metadata=raster.Metadata()) if recipe.strip else source
    return raster.losses(kept, raster.format_of(f"stream.{recipe.format}"))


def _layers(
    source: Raster, cutout: Cutout, recipe: Recipe
) -> tuple[Raster, np.ndarray, np.ndarray | None]:
    """The original, the matte and the clean colors of a layered file."""
    matte, foreground = cutout.matte, cutout.foreground
    if recipe.crop is None:
        return source, matte, foreground
    window = _crop(source, cutout.alpha, recipe.crop, None).slices
    alpha = None if source.alpha is None else source.alpha[window]
    foreground = None if foreground is None else foreground[window]
    source = dataclasses.replace(source, pixels=source.pixels[window], alpha=alpha)
    return source, matte[window], foreground


def _crop(source: Raster, alpha: np.ndarray, margin: int, shadow: Shadow | None) -> Rect:
    whole = Rect(0, 0, source.width, source.height)
    return subject_rect(alpha, shadow).grown(margin).within(whole)


def subject_rect(alpha: np.ndarray, shadow: Shadow | None = None) -> Rect:
    """The smallest rectangle around what is visible of a subject, and of its shadow; the whole
    picture where nothing is."""
    darkness = None if shadow is None else composition.drop_shadow(to_unit(alpha), shadow)
    return composition.visible_rect(to_unit(alpha), darkness)


def composed(cutout: Raster, scene: Scene) -> Raster:
    """The subject on the scene; still transparent where that is."""
    assert cutout.alpha is not None
    alpha, pixels = to_unit(cutout.alpha), cutout.pixels
    behind = shadow = None
    if scene.background is not None:
        behind = composition.backdrop(scene.background, cutout)
        if scene.match_colors:
            pixels = composition.match_colors(pixels, alpha, behind)
    if scene.shadow is not None:
        shadow = composition.drop_shadow(alpha, scene.shadow)
    if behind is not None and scene.opacity == 1:
        flat = composition.flatten(pixels, alpha, behind, shadow)
        return dataclasses.replace(cutout, pixels=flat, alpha=None, icc=cutout.icc_for(3))
    if shadow is not None:
        pixels, alpha = composition.over_veil(pixels, alpha, shadow)
    if isinstance(behind, tuple) and scene.opacity > 0:
        veil = np.full_like(alpha, scene.opacity)
        pixels, alpha = composition.over_veil(pixels, alpha, veil, behind)
    elif shadow is None:
        return dataclasses.replace(cutout, pixels=pixels)
    icc = cutout.icc_for(3 if pixels.shape[2] == 3 else 1)
    return dataclasses.replace(cutout, pixels=pixels, alpha=alpha, icc=icc)
