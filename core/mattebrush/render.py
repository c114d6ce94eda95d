# SPDX-License-Identifier: Apache-2.0
"""What becomes of a cut-out: a picture, or a file's bytes. One order for command line, server and
batches: crop or a preset's frame, match colors, shadow, background, file format.

How each step works is in `composition`; the file formats are in `raster` and `psd`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from . import composition, outline, psd, raster, shadows
from .atomic import whole_file
from .composition import Color, Shadow
from .cutout import Cutout, Progress, no_progress
from .errors import OptionInvalid
from .imaging.depth import to_unit
from .imaging.rect import Rect
from .programs import layered as programs
from .raster import Raster, netpbm
from .raster import cmyk as inks
from .raster.cmyk import InkProfile, Spot, check_spot
from .shop import checking, framing
from .shop.presets import Preset

CONTENTS = ("cutout", "mask", "alpha", "foreground", "original")
"""cutout: the picture with its background gone, or a new one. mask: the matte alone, for a layer,
which keeps the picture's own alpha. alpha: the result's alpha alone. foreground: the clean colors
alone, opaque. original: the photograph as it is, for its clipping path."""

FORMATS = ("png", "webp", "tiff", "jpg", "psd", "xcf", "kra", "exr", "svg", "pfm")
"""svg: the outline alone. pfm: a mask or alpha alone, as raw editors read it. xcf, kra: layers as
in a psd, written by GIMP and Krita."""

LAYERED = ("psd", "xcf", "kra")
"""Formats that hold the picture under its mask, and the clean colors, as layers."""

_CARRY_PATHS = ("tiff", "jpg", "psd", "svg")
_CARRY_INKS = ("tiff", "jpg", "psd")


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
    shadow_kind
        One of `shadows.KINDS`; of all but "drop", `shadow` can hold the opacity only.
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
    path
        A clipping path around the subject, within so many pixels of its edge; None for none.
    path_hair
        Whether hairs and other thin strands are inside it.
    cmyk
        A printer's profile, whose inks the file is to be in; None for the picture's own colors.
    spot
        With that, the name of one more ink, which lies where the subject is; None for none.
    preset
        A shop's frame, or None: see `shop.presets`. Its background and format go for what is not
        said otherwise.

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
    shadow_kind: str = "drop"
    preset: Preset | None = None
    path: float | None = None
    path_hair: bool = False
    cmyk: InkProfile | None = None
    spot: str | None = None

    @classmethod
    def of(cls, preset: Preset, **others: Any) -> Recipe:
        """What a preset asks for; `others` are this class's parameters, and go first.

        Parameters
        ----------
        preset : Preset
            A shop's frame.

        Returns
        -------
        Recipe
        """
        values: dict[str, Any] = {"quality": preset.quality}
        if preset.color is not None:
            values["background"] = preset.color
        if preset.format is not None:
            values["format"] = preset.format
        return cls(**{**values, **others, "preset": preset})

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
        if self.format in LAYERED and (flat or self.content != "cutout"):
            raise OptionInvalid(
                "A layered file holds mask and colors at once.", "Drop that option."
            )
        if self.match_colors and not flat:
            raise OptionInvalid("Matching colors needs something to match.", "Add a background.")
        if self.crop is not None and self.crop < 0:
            raise OptionInvalid(f"The crop's margin is {self.crop}.", "Give 0 or more pixels.")
        if self.shadow is not None and self.content != "cutout":
            raise OptionInvalid(
                "A shadow is for a cut-out or a new background.", "Drop that option."
            )
        self._check_path()
        self._check_inks()
        if self.shadow_kind not in shadows.KINDS:
            raise OptionInvalid(
                f"The shadow is {self.shadow_kind!r}.", f"Choose {', '.join(shadows.KINDS)}."
            )
        if self.shadow_kind != "drop" and set(self.shadow or ()) - {"opacity"}:
            raise OptionInvalid(
                f"A {self.shadow_kind} shadow has no blur or offset of its own.",
                "Drop that option; its opacity may be given.",
            )
        if self.preset is not None:
            self._check_preset(self.preset)
        if not 1 <= self.quality <= 100:
            raise OptionInvalid(f"quality is {self.quality}.", "Give a number from 1 to 100.")
        self.shadow_for(100, 100)  # raises for values out of range

    def _check_path(self) -> None:
        if self.path is not None and not 0.5 <= self.path <= 20:
            raise OptionInvalid(f"The path's tolerance is {self.path:g}.", "Give .5 to 20 pixels.")
        if self.path is not None and self.format not in _CARRY_PATHS:
            raise OptionInvalid(
                f"A {self.format} file carries no clipping path.",
                f"Write {', '.join(_CARRY_PATHS)}.",
            )
        if self.content == "original" and self.path is None:
            raise OptionInvalid(
                "The photograph as it is needs nothing made of it.", "Add --clipping-path."
            )
        if self.format == "svg" and (self.path is None or self.content != "cutout"):
            raise OptionInvalid("An SVG holds the outline alone.", "Add --clipping-path only.")
        if self.format == "pfm" and self.content not in ("mask", "alpha"):
            raise OptionInvalid("A PFM holds a mask alone.", "Add --mask or --alpha.")
        if self.format == "pfm" and self.crop is not None:
            raise OptionInvalid("A PFM for a raw editor has the picture's size.", "Drop --crop.")

    def _check_inks(self) -> None:
        if self.cmyk is None:
            if self.spot is not None:
                raise OptionInvalid(
                    "A spot channel is for print.", "Add --cmyk with the printer's profile."
                )
            return
        if self.format not in _CARRY_INKS or self.content in ("mask", "alpha"):
            raise OptionInvalid(
                f"A {self.format} file of the {self.content} holds no CMYK.",
                f"Write a cut-out as {', '.join(_CARRY_INKS)}.",
            )
        if self.preset is not None and self.preset.srgb:
            raise OptionInvalid(
                f"The preset {self.preset.name!r} wants sRGB, not CMYK.",
                "Drop one of them, or say srgb = false in a preset of your own.",
            )
        if self.spot is not None:
            check_spot(self.spot)
            if self.format == "jpg":
                raise OptionInvalid("JPEG holds no spot channel.", "Write tiff or psd.")

    def _check_preset(self, preset: Preset) -> None:
        if (
            self.content != "cutout"
            or self.format in (*LAYERED, "exr", "svg", "pfm")
            or self.crop is not None
        ):
            raise OptionInvalid(
                f"The preset {preset.name!r} frames a cut-out in a flat file.",
                "Drop the crop, the mask or the layered format.",
            )
        if preset.format is not None and self.format != preset.format:
            raise OptionInvalid(
                f"The preset {preset.name!r} wants {preset.format}, not {self.format}.",
                "Drop --format, or end the result's name accordingly.",
            )
        if preset.white and self.background != preset.color:
            raise OptionInvalid(
                f"The preset {preset.name!r} wants pure white.", "Drop the background."
            )

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
        """The shadow in a picture of this size.

        Parameters
        ----------
        height : int
            In pixels.
        width : int
            In pixels.

        Returns
        -------
        Shadow or None
        """
        if self.shadow is None:
            return None
        return dataclasses.replace(composition.shadow_for(height, width), **self.shadow)


def picture(source: Raster, cutout: Cutout, recipe: Recipe) -> Raster:
    """The picture that `recipe` makes of a cut-out of `source`; not for layered files.

    Parameters
    ----------
    source : Raster
        The picture that was read.
    cutout : Cutout
        What was cut out.
    recipe : Recipe
        What the result is to be.

    Returns
    -------
    Raster
    """
    return _made(source, cutout, recipe).picture


@dataclasses.dataclass(frozen=True)
class _Made:
    """A picture, what of it is subject (float32), and what a person should know."""

    picture: Raster
    alpha: np.ndarray
    remarks: list[str]


def _made(source: Raster, cutout: Cutout, recipe: Recipe) -> _Made:
    color = source.pixels if cutout.foreground is None else cutout.foreground
    alpha, plane = cutout.alpha, cutout.matte if recipe.content == "mask" else cutout.alpha
    own = source.pixels
    darkness, remarks = _darkness(source, cutout, recipe)
    if recipe.preset is not None:
        subject = dataclasses.replace(source, pixels=color, alpha=to_unit(alpha))
        return _framed(subject, darkness, remarks, recipe, recipe.preset)
    if recipe.crop is not None:
        window = _crop(source, alpha, recipe.crop, darkness).slices
        color, alpha, plane, own = color[window], alpha[window], plane[window], own[window]
        darkness = None if darkness is None else darkness[window]
    if recipe.content in ("mask", "alpha"):
        made = source.masking(plane, color.dtype)
    elif recipe.content == "foreground":
        made = dataclasses.replace(source, pixels=color, alpha=None)
    elif recipe.content == "original":
        made = dataclasses.replace(source, pixels=own, alpha=None)
    else:
        subject = dataclasses.replace(source, pixels=color, alpha=alpha)
        made = composed(subject, recipe.scene, darkness)
    return _Made(_with_path(made, alpha, recipe), alpha, remarks)


def _with_path(made: Raster, alpha: np.ndarray, recipe: Recipe) -> Raster:
    """The picture with the clipping path that is asked for."""
    if recipe.path is None or recipe.format == "svg":
        return made
    blocks = outline.blocks(outline.trace(alpha, recipe.path, recipe.path_hair))
    metadata = dataclasses.replace(made.metadata, photoshop=blocks)
    return dataclasses.replace(made, metadata=metadata)


def _framed(
    subject: Raster,
    darkness: np.ndarray | None,
    remarks: list[str],
    recipe: Recipe,
    preset: Preset,
) -> _Made:
    """The subject in a preset's canvas."""
    assert subject.alpha is not None
    where = framing.placement(subject.alpha, preset)
    placed = framing.placed(subject, where)
    if preset.srgb:
        gray = placed.pixels.shape[2] == 1 and placed.icc is None
        pixels = placed.pixels if gray else raster.in_profile(placed, None)
        flat = recipe.background is not None or not gray
        placed = dataclasses.replace(
            placed, pixels=pixels, icc=raster.srgb_profile() if flat else None
        )
    assert placed.alpha is not None
    if darkness is not None:
        darkness = np.clip(where.plane(darkness), 0, 1)
    elif recipe.shadow_kind != "kept":  # made for this canvas: its blur is in proportion to that
        darkness = _made_shadow(placed.alpha, recipe)
    made = composed(placed, recipe.scene, darkness)
    made = _with_path(made, placed.alpha, recipe)
    return _Made(made, placed.alpha, [*remarks, *where.remarks])


def _darkness(
    source: Raster, cutout: Cutout, recipe: Recipe
) -> tuple[np.ndarray | None, list[str]]:
    """The shadow in the picture, before any crop, and what a person should know of it; None where
    there is none, or where it is made for a preset's canvas."""
    if recipe.shadow is None:
        return None, []
    if recipe.shadow_kind == "kept":
        darkness = shadows.kept(source.pixels, to_unit(cutout.matte))
        if darkness is None:
            return None, ["The ground is too busy for its shadow to be told: there is none."]
        strength = np.float32(recipe.shadow.get("opacity", 0.5) / 0.5)
        return np.clip(darkness * strength, 0, 1), []
    remarks = []
    if recipe.shadow_kind == "contact" and not shadows.stands(to_unit(cutout.alpha)):
        remarks = ["The subject is cut off below: a contact shadow lies at its lower edge."]
    if recipe.preset is not None:
        return None, remarks
    return _made_shadow(to_unit(cutout.alpha), recipe), remarks


def _made_shadow(alpha: np.ndarray, recipe: Recipe) -> np.ndarray | None:
    shadow = recipe.shadow_for(*alpha.shape)
    if shadow is None:
        return None
    if recipe.shadow_kind == "contact":
        return shadows.contact(alpha, shadow.opacity)
    return composition.drop_shadow(alpha, shadow)


def encode(source: Raster, cutout: Cutout, recipe: Recipe) -> bytes:
    """The file that `write` would write, as bytes.

    Parameters
    ----------
    source : Raster
        The picture that was read.
    cutout : Cutout
        What was cut out.
    recipe : Recipe
        What the result is to be.

    Returns
    -------
    bytes

    Raises
    ------
    MattebrushError
        As `write` does.
    """
    return encoded(source, cutout, recipe)[0]


def encoded(source: Raster, cutout: Cutout, recipe: Recipe) -> tuple[bytes, list[str]]:
    """The file's bytes, and what a person should know of it: what the format does not keep, and
    where the preset's standard is not met.

    Parameters
    ----------
    source : Raster
        The picture that was read.
    cutout : Cutout
        What was cut out.
    recipe : Recipe
        What the result is to be.

    Returns
    -------
    tuple[bytes, list[str]]
    """
    lost = losses(source, recipe)
    if recipe.format == "svg":
        made = _made(source, cutout, recipe)
        assert recipe.path is not None
        return outline.svg(outline.trace(made.alpha, recipe.path, recipe.path_hair)), made.remarks
    if recipe.format == "pfm":
        plane = cutout.matte if recipe.content == "mask" else cutout.alpha
        return netpbm.float_map(to_unit(plane)), []
    if recipe.format in LAYERED:
        layers = _layers(source, cutout, recipe)
        data = psd.encode(
            *layers.pictures, shadow=layers.shadow, ink=layers.ink, strip=recipe.strip
        )
        if recipe.format in programs.FORMATS:
            data = programs.encode(recipe.format, data)
        return data, [*lost, *layers.remarks]
    made = _made(source, cutout, recipe)
    name = raster.format_of(f"stream.{recipe.format}")
    if recipe.preset is None:
        return _encoded(made, name, recipe, recipe.quality), [*lost, *made.remarks]
    data = _small_enough(made, name, recipe, recipe.preset)
    failing = checking.check(data, recipe.preset, made.alpha)
    return data, [*lost, *made.remarks, *failing]


_LEAST_QUALITY = 60


def _encoded(made: _Made, name: str, recipe: Recipe, quality: int) -> bytes:
    """The file's bytes, in the inks that are asked for."""
    if recipe.cmyk is None:
        return raster.encode(made.picture, name, **{**recipe.compression, "quality": quality})
    spot = None if recipe.spot is None else Spot(recipe.spot, to_unit(made.alpha))
    return inks.encode(made.picture, name, recipe.cmyk, spot, strip=recipe.strip, quality=quality)


def _small_enough(made: _Made, name: str, recipe: Recipe, preset: Preset) -> bytes:
    """Encoded, at a lower quality where the preset has a limit of bytes."""
    quality = recipe.quality
    while True:
        data = _encoded(made, name, recipe, quality)
        fits = preset.max_bytes is None or len(data) <= preset.max_bytes
        if fits or name not in ("JPEG", "WEBP") or quality <= _LEAST_QUALITY:
            return data
        quality = max(_LEAST_QUALITY, quality - 5)


def write(
    path: Path | str,
    source: Raster,
    cutout: Cutout,
    recipe: Recipe,
    *,
    overwrite: bool = False,
    progress: Progress = no_progress,
) -> list[str]:
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
    progress
        Called while another program writes; may raise to stop.

    Returns
    -------
    list of str
        What a person should know of the file, as from `encoded`.

    Raises
    ------
    OutputExists, OutputUnwritable
        As `raster.write` does.
    """
    whole = recipe.preset is not None or (recipe.cmyk is not None and recipe.format != "psd")
    if whole or recipe.format in ("svg", "pfm"):
        data, remarks = encoded(source, cutout, recipe)
        with whole_file(path, overwrite) as file:
            file.write(data)
        return remarks
    lost = losses(source, recipe)
    if recipe.format in programs.FORMATS:
        layers = _layers(source, cutout, recipe)

        def write_psd(file: BinaryIO) -> None:
            psd.write_to(file, *layers.pictures, shadow=layers.shadow, strip=recipe.strip)

        programs.write(path, recipe.format, write_psd, overwrite=overwrite, progress=progress)
        return [*lost, *layers.remarks]
    if recipe.format == "psd":
        layers = _layers(source, cutout, recipe)
        psd.write(
            path,
            *layers.pictures,
            shadow=layers.shadow,
            ink=layers.ink,
            overwrite=overwrite,
            strip=recipe.strip,
        )
        return [*lost, *layers.remarks]
    made = _made(source, cutout, recipe)
    raster.write(path, made.picture, overwrite=overwrite, **recipe.compression)
    return [*lost, *made.remarks]


def losses(source: Raster, recipe: Recipe) -> list[str]:
    """What of the picture the recipe's format does not keep, in sentences for a person.

    Parameters
    ----------
    source : Raster
        The picture that was read.
    recipe : Recipe
        What the result is to be.

    Returns
    -------
    list[str]
    """
    lost: list[str] = []
    if isinstance(recipe.background, Raster):  # an animation's further frames, say
        lost += [f"The background: {warning}" for warning in recipe.background.warnings]
    if recipe.cmyk is not None:
        deep = source.pixels.dtype != np.uint8
        return lost + ["CMYK is written with 8 bits; the picture has more."] * deep
    if recipe.format == "kra" and source.pixels.dtype != np.uint8:
        return [*lost, "Krita's masks have 8 bits: there the mask is rounded to them."]
    if recipe.format in (*LAYERED, "svg") or recipe.content in ("mask", "alpha"):
        return lost
    kept = dataclasses.replace(source, metadata=raster.Metadata()) if recipe.strip else source
    return lost + raster.losses(kept, raster.format_of(f"stream.{recipe.format}"))


@dataclasses.dataclass(frozen=True)
class _Layers:
    """Of a layered file: original, matte and clean colors; the shadow; its inks; what a person
    should know."""

    pictures: tuple[Raster, np.ndarray, np.ndarray | None]
    shadow: np.ndarray | None
    ink: psd.Ink | None
    remarks: list[str]


def _layers(source: Raster, cutout: Cutout, recipe: Recipe) -> _Layers:
    matte, foreground = cutout.matte, cutout.foreground
    darkness, remarks = _darkness(source, cutout, recipe)
    if recipe.crop is not None:
        window = _crop(source, cutout.alpha, recipe.crop, darkness).slices
        alpha = None if source.alpha is None else source.alpha[window]
        foreground = None if foreground is None else foreground[window]
        darkness = None if darkness is None else darkness[window]
        source = dataclasses.replace(source, pixels=source.pixels[window], alpha=alpha)
        matte = matte[window]
    visible = matte if source.alpha is None else to_unit(matte) * to_unit(source.alpha)
    source = _with_path(source, visible, recipe)
    ink = None
    if recipe.cmyk is not None:
        spot = None if recipe.spot is None else Spot(recipe.spot, to_unit(visible))
        ink = psd.Ink(recipe.cmyk, spot)
    return _Layers((source, matte, foreground), darkness, ink, remarks)


def _crop(source: Raster, alpha: np.ndarray, margin: int, darkness: np.ndarray | None) -> Rect:
    whole = Rect(0, 0, source.width, source.height)
    return composition.visible_rect(to_unit(alpha), darkness).grown(margin).within(whole)


def subject_rect(alpha: np.ndarray, shadow: Shadow | None = None) -> Rect:
    """The smallest rectangle around what is visible of a subject, and of its shadow; the whole
    picture where nothing is.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    shadow : Shadow or None, optional
        How it falls; None for none.

    Returns
    -------
    Rect
    """
    darkness = None if shadow is None else composition.drop_shadow(to_unit(alpha), shadow)
    return composition.visible_rect(to_unit(alpha), darkness)


def composed(cutout: Raster, scene: Scene, darkness: np.ndarray | None = None) -> Raster:
    """The subject on the scene; still transparent where that is.

    Parameters
    ----------
    cutout : Raster
        What was cut out.
    scene : Scene
        What it stands on.
    darkness : numpy.ndarray or None, optional
        Of a shadow that is there already, in place of the scene's.

    Returns
    -------
    Raster
    """
    assert cutout.alpha is not None
    alpha, pixels = to_unit(cutout.alpha), cutout.pixels
    behind, shadow = None, darkness
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
