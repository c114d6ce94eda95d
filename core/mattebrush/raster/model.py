# SPDX-License-Identifier: Apache-2.0
"""A decoded picture as plain arrays, and the arithmetic between bit depths."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import InputInvalid
from ..imaging.depth import FULL, to_depth
from ..imaging.strips import strips
from . import icc as icc_profiles

MAX_PIXELS = 500_000_000
"""Default limit of `read`: five times the largest single-shot cameras, a tenth of a bomb."""

RAW_FIX = "Develop it to a 16-bit TIFF or a JPEG in your raw editor first."
"""What a person with a camera's raw file is told."""

_LINEAR = ("EXR", "PFM")
"""Formats whose numbers are light."""

LOSSY = ("JPEG", "WEBP", "HEIF", "AVIF")
"""Formats whose pixels may be a little off what was saved."""

_NEARLY_GRAY = 0.02
"""How far apart the colors of a gray pixel may be, of full scale: the mask may have been lossy
once."""
_LOSSY_GRAY = 0.04
"""The same, as they come back from a lossy file."""


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What a file says about its picture, in a form every output format can take a part of.

    exif: an EXIF block (a TIFF structure, without the "Exif" prefix), orientation reset to
        upright and thumbnail dropped, since both would be wrong for the result.
    xmp: an XMP packet.
    dpi: horizontal and vertical resolution in dots per inch.
    text: named texts (PNG text chunks).
    photoshop: Adobe's image resource blocks, a clipping path for one; PSD, TIFF and JPEG carry
        them. Made by `outline`, never read from a file.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: dict[str, str] = dataclasses.field(default_factory=dict)
    photoshop: bytes | None = None


@dataclasses.dataclass(frozen=True)
class Raster:
    """A picture.

    pixels: (H, W, 1) gray or (H, W, 3) RGB; uint8, uint16 or float32; straight color (never
        premultiplied), upright (EXIF orientation applied), in the file's own encoding.
    alpha: (H, W), None when opaque. `read` gives it in the dtype of `pixels`; for `write` it may
        have any of the three dtypes (the engine's float32 in [0, 1], say).
    icc: the ICC profile of `pixels`; None means sRGB, or that the file did not say. Files that
        describe their colors otherwise (cICP, nclx, gAMA) get a profile that says the same.
    metadata: see `Metadata`.
    format: the source's format, such as "JPEG"; "" when it was made in memory.
    warnings: what a person should know of how the file was read: further frames, lost colors.
    is_mask: whether the pixels are coverage, made by `masking`, rather than color: formats of
        linear light (OpenEXR) hold its numbers as they are.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    icc: bytes | None = None
    metadata: Metadata = Metadata()
    format: str = ""
    warnings: tuple[str, ...] = ()
    is_mask: bool = False

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def is_lossy(self) -> bool:
        """Whether its format keeps values only about as they were."""
        return self.format in LOSSY

    def image(self) -> np.ndarray:
        """What the engine takes: (H, W, 1..4), alpha as the last channel where there is one.

        Returns
        -------
        numpy.ndarray
        """
        if self.alpha is None:
            return self.pixels
        alpha = to_depth(self.alpha, self.pixels.dtype)
        return np.concatenate([self.pixels, alpha[:, :, None]], axis=2)

    def masking(self, plane: np.ndarray, depth: Any) -> Raster:
        """A mask of this picture as a gray one of its own, with what its file says besides; not
        its profile, which is for color.

        Parameters
        ----------
        plane : numpy.ndarray
            (H, W), in any depth.
        depth : Any
            The dtype of the result.

        Returns
        -------
        Raster
        """
        pixels = to_depth(plane, depth)[:, :, None]
        return dataclasses.replace(self, pixels=pixels, alpha=None, icc=None, is_mask=True)

    def plane(self, name: str) -> np.ndarray:
        """The values (H, W) of a mask: its alpha where it is transparent somewhere, else its gray.

        Parameters
        ----------
        name : str
            What to call it in a message. Lossy formats keep gray in colors that differ a little;
            such a mask is its green, which they keep best.

        Returns
        -------
        numpy.ndarray

        Raises
        ------
        InputInvalid
            For a color picture.
        """
        if self.alpha is not None and self.alpha.min() < self.alpha.max():
            return self.alpha
        if self.pixels.shape[2] == 3 and not self._is_gray():
            raise InputInvalid(
                f"{name} is a color picture.", "A mask is gray: black, white and between."
            )
        values = np.ascontiguousarray(self.pixels[:, :, self.pixels.shape[2] // 2])
        if self.format in _LINEAR:  # encoded as color is; a mask's numbers are meant as they stood
            return icc_profiles.SRGB_CURVE.linear(values).astype(np.float32, copy=False)
        return values

    def _is_gray(self) -> bool:
        tolerance = _LOSSY_GRAY if self.is_lossy else _NEARLY_GRAY
        top = 1 if self.pixels.dtype == np.float32 else np.iinfo(self.pixels.dtype).max
        for rows in strips(self.height, self.width):
            red, green, blue = (self.pixels[rows, :, n].astype(np.float32) for n in range(3))
            apart = max(np.abs(red - green).max(), np.abs(blue - green).max())
            if apart > tolerance * top:
                return False
        return True

    def icc_for(self, colors: int) -> bytes | None:
        """The profile, if it is one for 1 (gray), 3 (RGB) or 4 (CMYK) channels; viewers reject a
        file where it is not. Of a gray one asked for in RGB, the RGB profile that looks the same.

        Parameters
        ----------
        colors : int
            How many channels of color, 1, 3 or 4.

        Returns
        -------
        bytes or None
        """
        space = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}[colors]
        if self.icc and self.icc[16:20] == b"GRAY" and colors == 3:
            return icc_profiles.widened(self.icc)
        return self.icc if self.icc and self.icc[16:20] == space else None

    def check(self) -> None:
        """Raises InputInvalid when the arrays do not have the shapes and dtypes above."""
        pixels, alpha = self.pixels, self.alpha
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
            raise InputInvalid(f"Pixels have the shape {pixels.shape}, not (H, W, 1 or 3).")
        if alpha is not None and alpha.shape != pixels.shape[:2]:
            raise InputInvalid(f"Alpha is {alpha.shape}, the picture {pixels.shape[:2]}.")
        for array in (pixels, alpha):
            if array is not None and array.dtype not in FULL:
                raise InputInvalid(
                    f"The array is {array.dtype}.", "Use uint8, uint16 or float32 in [0, 1]."
                )


def interleaved_strips(
    raster: Raster, depth: Any, channels: int, rows: int
) -> Iterator[np.ndarray]:
    """The picture from top to bottom as contiguous (<= rows, W, channels) arrays of dtype `depth`;
    only to be read, since they may be parts of the picture itself.

    Parameters
    ----------
    raster : Raster
        A picture.
    depth : Any
        The arrays' dtype.
    channels : int
        1, 2, 3 or 4; an even number appends alpha (opaque where there is none), three or more widen
        gray to RGB. Where alpha comes out as 0 the color is set to 0: what was cut away must not
        travel along unseen, and nothing compresses as well as nothing.
    rows : int
        How many at a time.

    Yields
    ------
    numpy.ndarray
    """
    top = FULL[np.dtype(depth)]
    for part in strips(raster.height, raster.width, rows):
        color = to_depth(raster.pixels[part], depth)
        if channels % 2:
            shape = (*color.shape[:2], channels)
            yield np.ascontiguousarray(np.broadcast_to(color, shape))
            continue
        strip = np.empty((*color.shape[:2], channels), depth)
        strip[..., :-1] = color
        if raster.alpha is None:
            strip[..., -1] = top
        else:
            strip[..., -1] = to_depth(raster.alpha[part], depth)
            strip[strip[..., -1] == 0] = 0
        yield strip
