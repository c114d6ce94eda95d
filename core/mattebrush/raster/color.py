# SPDX-License-Identifier: Apache-2.0
"""In which profile a file's colors are, however it says so; and what is lost where it can't be.

An ICC profile is what every output format can carry, so each other description becomes one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from . import bmff, icc, png

if TYPE_CHECKING:
    from PIL import Image

_CONTAINERS = ("HEIF", "AVIF", "JPEG2000")
_SRGB_GAMMA = 0.45455
_INTEROPERABILITY = 0xA005
_ADOBE_RGB_GAMMA = 563 / 256


def profile_of(
    image: Image.Image, file: BinaryIO, format: str, gray: bool
) -> tuple[bytes | None, tuple[str, ...]]:
    """The profile of an opened file's pixels, None for sRGB; and warnings.

    PNG puts cICP before ICC, containers put ICC before nclx; then come gAMA and cHRM, and EXIF's
    way to say Adobe RGB.

    Parameters
    ----------
    image : PIL.Image.Image
        The file as Pillow opened it.
    file : BinaryIO
        A seekable file, at its beginning.
    format : str
        Its format, such as "JPEG".
    gray : bool
        Whether the picture is gray.

    Returns
    -------
    tuple[bytes or None, tuple[str, ...]]
    """
    embedded = image.info.get("icc_profile")
    points = png.points_in(file) if format == "PNG" else None
    if format in _CONTAINERS:
        container = bmff.describe(file)
        embedded = embedded or container.icc
        points = None if embedded else container.points
    if points is not None:
        try:
            return icc.from_code_points(points, gray), _narrow(format, points)
        except ValueError as unknown:
            warning = f"The file's colors ({unknown}) are not known here; they are taken for "
            return embedded, (warning + ("its ICC profile's." if embedded else "sRGB."),)
    if embedded:
        return embedded, ()
    if format == "PNG" and "srgb" not in image.info:
        return _of_gamma(image.info.get("gamma"), image.info.get("chromaticity"), gray), ()
    if not gray and _says_adobe_rgb(image):
        curve = icc.gamma(_ADOBE_RGB_GAMMA)
        return icc.build(icc.ADOBE_RGB_PRIMARIES, curve, "Compatible with Adobe RGB (1998)"), ()
    return None, ()


def _narrow(format: str, points: icc.CodePoints) -> tuple[str, ...]:
    if format == "PNG" and not points[3]:
        return ("The file says that its values are of narrow range; they are taken for full.",)
    return ()


def _of_gamma(
    gamma: float | None, chromaticities: tuple[float, ...] | None, gray: bool
) -> bytes | None:
    """What PNG's gAMA and cHRM describe, unless it is sRGB."""
    curve, primaries = icc.SRGB_CURVE, icc.SRGB_PRIMARIES
    known = gamma is not None and 0.1 < gamma <= 10
    plain = not known or abs((gamma or 0) - _SRGB_GAMMA) < 0.01
    if chromaticities and len(chromaticities) == 8 and not gray:
        x0, y0, x1, y1, x2, y2, x3, y3 = chromaticities
        primaries = (x0, y0, x1, y1, x2, y2, x3, y3)
    same = np.allclose(primaries, icc.SRGB_PRIMARIES, atol=0.003)
    if plain and same:
        return None
    if known and gamma:
        curve = icc.gamma(1 / gamma)
    name = f"PNG gamma {gamma:g}" if gamma else "PNG chromaticities"
    if gray:
        return icc.build_gray(curve, name)
    try:
        return icc.build(primaries, curve, name)
    except (np.linalg.LinAlgError, ZeroDivisionError, ValueError, OverflowError):
        return None  # chromaticities that span nothing


def _says_adobe_rgb(image: Image.Image) -> bool:
    """Cameras set to Adobe RGB write no profile, only this (DCF 2.0)."""
    try:
        return image.getexif().get_ifd(_INTEROPERABILITY).get(1) == "R03"
    except (ValueError, TypeError, KeyError, OSError, SyntaxError):
        return False


def lab_to_srgb(
    lightness: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    white: tuple[float, float] | None = None,
) -> np.ndarray:
    """CIE L* (0 to 100), a*, b* as sRGB (..., 3) floats, beyond 0..1 where sRGB ends.

    Parameters
    ----------
    lightness : numpy.ndarray
        L*, 0 to 100.
    a : numpy.ndarray
        A*.
    b : numpy.ndarray
        B*.
    white : tuple of float, optional
        The chromaticity under which they were measured; D50's if not given.

    Returns
    -------
    numpy.ndarray
    """
    y = (lightness + 16) / 116
    tones = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    cubes = np.where(tones > 6 / 29, tones**3, (tones - 4 / 29) * 3 * (6 / 29) ** 2)
    xyz = cubes * icc.WHITE if white is None else icc.under_d50(cubes, white)
    return icc.SRGB.encoded(xyz @ np.linalg.inv(icc.SRGB.matrix).T)
