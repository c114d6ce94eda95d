# SPDX-License-Identifier: Apache-2.0
"""Colors of one ICC profile in another, so that two pictures can be put together."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from ..imaging.depth import to_depth
from ..imaging.strips import strips
from . import icc as icc_profiles
from .model import Raster

if TYPE_CHECKING:
    from PIL import ImageCms

_ROUNDING = 2  # of 255
_FAR = 0.12
"""How far from sRGB's middle gray another curve may put its own; a gamma of 1.8 is .07 away."""


def in_profile(raster: Raster, icc: bytes | None) -> np.ndarray:
    """The pixels of `raster` (H, W, 1|3) as the RGB profile `icc` writes them, in their own depth;
    None means sRGB.

    The pixels themselves where both say the same, for gray pictures without a profile of their
    own, and where a profile is damaged. Deep pictures are exact between profiles of matrix and
    curves; through tables all go in 8 bits.

    Parameters
    ----------
    raster : Raster
        A picture.
    icc : bytes or None
        An ICC profile; None means sRGB.

    Returns
    -------
    numpy.ndarray
    """
    own = raster.icc_for(3)
    gray = raster.pixels.shape[2] == 1
    if own == icc or (gray and own is None and not icc_profiles.has_highlights(icc)):
        return raster.pixels
    deep = raster.pixels.dtype != np.uint8
    if deep or icc_profiles.has_highlights(own) or icc_profiles.has_highlights(icc):
        source, target = _space(own), _space(icc)
        if source is not None and target is not None:
            return _computed(raster, source, target)
    return _through_lcms(raster, own, icc)


def display_referred(raster: Raster) -> np.ndarray | None:
    """The colors as a screen shows them: what networks learned from.

    Parameters
    ----------
    raster : Raster
        A picture.

    Returns
    -------
    numpy.ndarray or None
        The pixels (H, W, 3) in sRGB, in their own depth, highlights cut; None where the picture's
        own encoding is near enough to that, which it is for all but linear light, PQ and HLG.
    """
    own = raster.icc_for(3)
    space = _space(own)
    if own is None or space is None:
        return None
    middle = icc_profiles.SRGB_CURVE.encoded(space.curves[1].linear(np.array([0.5])))
    if abs(float(middle[0]) - 0.5) < _FAR and not icc_profiles.has_highlights(own):
        return None
    return in_profile(raster, None)


def _space(icc: bytes | None) -> icc_profiles.Space | None:
    return icc_profiles.parse(icc) if icc else icc_profiles.SRGB


def _computed(raster: Raster, source: icc_profiles.Space, target: icc_profiles.Space) -> np.ndarray:
    out = np.empty((raster.height, raster.width, 3), raster.pixels.dtype)
    for rows in strips(raster.height, raster.width):
        part = to_depth(raster.pixels[rows], np.float32)
        moved = source.to(target, np.broadcast_to(part, (*part.shape[:2], 3)).astype(np.float64))
        out[rows] = to_depth(moved.astype(np.float32), out.dtype)
    return out


def _through_lcms(raster: Raster, own: bytes | None, icc: bytes | None) -> np.ndarray:
    from PIL import ImageCms

    try:
        transform = ImageCms.buildTransform(profile_of(own), profile_of(icc), "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError):
        return raster.pixels
    if _changes_nothing(transform):
        return raster.pixels
    out = np.empty((raster.height, raster.width, 3), raster.pixels.dtype)
    for rows in strips(raster.height, raster.width):
        part = to_depth(raster.pixels[rows], np.uint8)
        moved = applied(transform, np.broadcast_to(part, (*part.shape[:2], 3)))
        out[rows] = to_depth(moved, out.dtype)
    return out


def profile_of(icc: bytes | None) -> ImageCms.ImageCmsProfile:
    """LittleCMS's form of a profile.

    Parameters
    ----------
    icc : bytes or None
        None means sRGB.

    Returns
    -------
    ImageCms.ImageCmsProfile
    """
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(io.BytesIO(icc) if icc else ImageCms.createProfile("sRGB"))


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """There are many profiles that say sRGB; a trip from one to the other costs exactness only."""
    steps = np.arange(0, 256, 51).astype(np.uint8)
    colors = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
    moved = np.abs(applied(transform, colors).astype(int) - colors)
    return bool(moved.max() <= _ROUNDING)


def applied(transform: ImageCms.ImageCmsTransform, pixels: np.ndarray) -> np.ndarray:
    """Colors taken through LittleCMS.

    Parameters
    ----------
    transform : ImageCms.ImageCmsTransform
        From RGB.
    pixels : numpy.ndarray
        uint8 (H, W, 3).

    Returns
    -------
    numpy.ndarray
    """
    from PIL import Image, ImageCms

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    converted: np.ndarray = np.asarray(ImageCms.applyTransform(picture, transform))
    return converted
