# SPDX-License-Identifier: Apache-2.0
"""Colours of one ICC profile in another, so that two pictures can be put together."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from .model import Raster, row_blocks, to_depth

if TYPE_CHECKING:
    from PIL import ImageCms

_ROUNDING = 2  # of 255


def in_profile(raster: Raster, icc: bytes | None) -> np.ndarray:
    """The pixels of `raster` (H, W, 1|3) as the RGB profile `icc` writes them; None means sRGB.

    What would change comes back in 8 bits; the pixels themselves where both say the same, for
    grey pictures, and where a profile is damaged.
    """
    from PIL import ImageCms

    own = raster.icc_for(3)
    if raster.pixels.shape[2] != 3 or own == icc:
        return raster.pixels
    try:
        transform = ImageCms.buildTransform(_profile(own), _profile(icc), "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError):
        return raster.pixels
    if _changes_nothing(transform):
        return raster.pixels
    out = np.empty(raster.pixels.shape, np.uint8)
    for rows in row_blocks(raster.height, raster.width):
        out[rows] = _applied(transform, to_depth(raster.pixels[rows], np.uint8))
    return out


def _profile(icc: bytes | None) -> ImageCms.ImageCmsProfile:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(io.BytesIO(icc) if icc else ImageCms.createProfile("sRGB"))


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """There are many profiles that say sRGB; a trip from one to the other costs exactness only."""
    steps = np.arange(0, 256, 51).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
    moved = np.abs(_applied(transform, colours).astype(int) - colours)
    return bool(moved.max() <= _ROUNDING)


def _applied(transform: ImageCms.ImageCmsTransform, pixels: np.ndarray) -> np.ndarray:
    from PIL import Image, ImageCms

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    converted: np.ndarray = np.asarray(ImageCms.applyTransform(picture, transform))
    return converted
