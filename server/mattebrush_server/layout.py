# SPDX-License-Identifier: Apache-2.0
"""Where the subject goes in the result: size, crop with margins, scale and position.

This is geometry for the APIs; what is behind the subject is the engine's `composition`.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from PIL import Image

from mattebrush import composition
from mattebrush.errors import OptionInvalid
from mattebrush.imaging.depth import to_depth
from mattebrush.imaging.rect import Rect
from mattebrush.imaging.resize import resize
from mattebrush.raster import Raster
from mattebrush.render import subject_rect

Length = tuple[float, str]
"""A number with its unit, "px" or "%"."""


def cropped(
    picture: Raster, margins: list[Length], shadow: composition.Shadow | None = None
) -> Raster:
    """The subject, and what its shadow darkens of the picture, with margins.

    Parameters
    ----------
    picture
        The cut-out.
    margins
        Top, right, bottom, left; percentages are of the subject's size.
    shadow
        The shadow that it will have.

    Returns
    -------
    Raster
        Transparent where it reaches beyond the picture.
    """
    subject = subject_rect(_alpha(picture))
    box = subject if shadow is None else subject_rect(_alpha(picture), shadow)
    top, right, bottom, left = (
        round(number if unit == "px" else number / 100 * side)
        for (number, unit), side in zip(
            margins, (subject.height, subject.width, subject.height, subject.width), strict=True
        )
    )
    return _cut(picture, Rect(box.x0 - left, box.y0 - top, box.x1 + right, box.y1 + bottom))


def _cut(picture: Raster, box: Rect) -> Raster:
    """The part inside `box`, which may reach beyond the picture: there it is transparent."""
    box = Rect(box.x0, box.y0, max(box.x1, box.x0 + 1), max(box.y1, box.y0 + 1))
    pixels = np.zeros((box.height, box.width, picture.pixels.shape[2]), picture.pixels.dtype)
    alpha = np.zeros((box.height, box.width), _alpha(picture).dtype)
    inside = box.within(Rect(0, 0, picture.width, picture.height))
    if inside.width > 0 and inside.height > 0:
        source, target = inside.slices, inside.seen_from(box).slices
        pixels[target], alpha[target] = picture.pixels[source], _alpha(picture)[source]
    return dataclasses.replace(picture, pixels=pixels, alpha=alpha)


def part(picture: Raster, box: list[int]) -> Raster:
    """What is within x, y, width, height. Raises OptionInvalid where that is not in the picture."""
    x, y, width, height = box
    if x + width > picture.width or y + height > picture.height:
        raise OptionInvalid(
            f"box is {x},{y},{width},{height}.",
            f"The picture has {picture.width} x {picture.height} pixels.",
        )
    return _cut(picture, Rect(x, y, x + width, y + height))


def placed(picture: Raster, scale: float | None, position: list[float] | None) -> Raster:
    """The subject on a canvas of the picture's size, resized and moved.

    Parameters
    ----------
    picture
        The cut-out.
    scale
        Share of the canvas that the subject's larger side takes; None keeps its size.
    position
        0 to 1 across and down, of the room that is left; None keeps its middle where it is.
    """
    box = subject_rect(_alpha(picture))
    subject = _cut(picture, box)
    if scale is not None:
        factor = scale * min(picture.width / box.width, picture.height / box.height)
        subject = resized(subject, box.width * factor, box.height * factor)
    room = picture.width - subject.width, picture.height - subject.height
    if position is None:
        left = round((box.x0 + box.x1 - subject.width) / 2)
        top = round((box.y0 + box.y1 - subject.height) / 2)
    else:
        left, top = (round(share * free) for share, free in zip(position, room, strict=True))
    return _cut(subject, Rect(-left, -top, picture.width - left, picture.height - top))


def shrunk(picture: Raster, most_pixels: int) -> Raster:
    """The picture with at most so many pixels, its shape kept."""
    factor = math.sqrt(most_pixels / (picture.width * picture.height))
    if factor >= 1:
        return picture
    return resized(picture, picture.width * factor, picture.height * factor)


def resized(picture: Raster, width: float, height: float) -> Raster:
    """The picture in another size.

    Parameters
    ----------
    picture
        A cut-out; its color weighs as much as it is visible.
    width, height
        In pixels, rounded to whole ones.

    Returns
    -------
    Raster
        8 bits deep.
    """
    size = max(1, round(width)), max(1, round(height))
    color = np.broadcast_to(to_depth(picture.pixels, np.uint8), (picture.height, picture.width, 3))
    straight = np.dstack([color, _eight_bit(_alpha(picture))])
    # Pillow multiplies color by alpha before it resizes RGBA, and divides afterwards.
    small = np.asarray(Image.fromarray(straight).resize(size, Image.Resampling.BICUBIC))
    pixels = small[:, :, : picture.pixels.shape[2]]
    return dataclasses.replace(picture, pixels=pixels.copy(), alpha=small[:, :, 3].copy())


def preview(picture: Raster, longest_side: int) -> tuple[Raster, float]:
    """The picture no larger than a screen, 8 bits deep, and by how much it was scaled.

    Color is kept where nothing shows, so that an edge can still be shifted outward.
    """
    factor = min(1.0, longest_side / max(picture.width, picture.height))
    if factor == 1:
        return picture, factor
    size = max(1, round(picture.height * factor)), max(1, round(picture.width * factor))
    pixels = resize(to_depth(picture.pixels, np.uint8), size, "area")
    alpha = resize(_eight_bit(_alpha(picture)), size, "area")
    return dataclasses.replace(picture, pixels=pixels, alpha=alpha), factor


def _alpha(picture: Raster) -> np.ndarray:
    assert picture.alpha is not None
    return picture.alpha


def _eight_bit(alpha: np.ndarray) -> np.ndarray:
    return to_depth(alpha, np.uint8)
