# SPDX-License-Identifier: Apache-2.0
"""A `Raster` into a file, or into bytes, of the format asked for."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from .. import atomic
from ..errors import MattebrushError, OptionInvalid, OutputUnwritable
from . import exif, png
from .icc import has_highlights
from .model import Metadata, Raster, interleaved_strips

if TYPE_CHECKING:
    from PIL import Image

_SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".exr": "EXR",
}
WRITABLE = ("PNG", "JPEG", "WEBP", "TIFF", "EXR")
QUALITY = 95
"""Default of the lossy formats: no visible loss at the edges of a cut-out."""

_LONGEST_SIDE = {"JPEG": 65_535, "WEBP": 16_383}
_JPEG_SEGMENT = 65_533  # largest payload of one segment


_OF_PROGRAMS = {".xcf": "GIMP", ".kra": "Krita"}
"""Formats whose only trusted writer is the program itself."""


def format_of(path: Path | str, more: Sequence[str] = ()) -> str:
    """The format that the suffix of `path` names: one of `WRITABLE`.

    Parameters
    ----------
    path : Path or str
        A path with a suffix.
    more : Sequence[str], optional
        Further suffixes that the caller can write, for the message.

    Returns
    -------
    str

    Raises
    ------
    OutputUnwritable
        For a suffix that names none.
    """
    suffix = Path(path).suffix
    program = _OF_PROGRAMS.get(suffix.lower())
    if program is not None:
        raise OutputUnwritable(
            f"{path} would be {program}'s own format, which holds a layered cut-out here.",
            "Write it with mattebrush remove; what this command makes fits a PNG or TIFF.",
        )
    if suffix.lower() not in _SUFFIXES:
        raise OutputUnwritable(
            f"{path} does not name a format that can be written.",
            f"End it in one of {', '.join((*_SUFFIXES, *more))}.",
        )
    return _SUFFIXES[suffix.lower()]


def write(
    path: Path | str,
    raster: Raster,
    *,
    overwrite: bool = False,
    strip: bool = False,
    quality: int = QUALITY,
    lossless: bool = False,
) -> None:
    """Writes `raster` to `path`, whole or not at all, in the format its suffix names.

    PNG and TIFF keep 16 bits (TIFF float32 too), JPEG and WebP take 8. Color under an alpha of 0 is
    written as 0. The ICC profile is always kept; `strip` leaves the metadata out.

    Parameters
    ----------
    path : Path or str
        The name that it takes.
    raster : Raster
        The picture to write.
    overwrite : bool, optional
        Whether a file that is there may be replaced.
    strip : bool, optional
        Leave the metadata out.
    quality : int, optional
        1 to 100, of JPEG (always 4:4:4) and of WebP's color.
    lossless : bool, optional
        WebP keeps every value, as a mask needs it.

    Raises
    ------
    OutputExists, OutputUnwritable, InputInvalid
        OutputExists if the file is there and `overwrite` is False, OutputUnwritable if it cannot be
        written or the format cannot hold the picture, InputInvalid for arrays of the wrong shape or
        dtype.
    """
    format = format_of(path)
    with atomic.whole_file(path, overwrite) as file:
        _encode(file, raster, format, strip, _Compression(quality, lossless))


def encode(
    raster: Raster,
    format: str,
    *,
    strip: bool = False,
    quality: int = QUALITY,
    lossless: bool = False,
) -> bytes:
    """The file that `write` would write, as bytes. `format` is one of `WRITABLE`.

    Parameters
    ----------
    raster : Raster
        The picture to write.
    format : str
        One of `WRITABLE`.
    strip : bool, optional
        Leave the metadata out.
    quality : int, optional
        1 to 100.
    lossless : bool, optional
        Whether WebP keeps every value.

    Returns
    -------
    bytes

    Raises
    ------
    MattebrushError
        As `write` does.
    """
    file = io.BytesIO()
    _encode(file, raster, format, strip, _Compression(quality, lossless))
    return file.getvalue()


def losses(raster: Raster, format: str) -> list[str]:
    """What of `raster` a file of this format does not keep, in sentences for a person.

    Not the little that quality takes, nor depth where an 8-bit format was asked for by name: that
    is what such a format is.

    Parameters
    ----------
    raster : Raster
        The picture to write.
    format : str
        Its format, such as "JPEG".

    Returns
    -------
    list[str]
    """
    lost = []
    pixels = raster.pixels
    if format in ("JPEG", "WEBP", "PNG") and (pixels.max() > _full(pixels) or pixels.min() < 0):
        lost.append(f"{format} holds values from 0 to 1 only; brighter ones are cut off.")
    if format in ("JPEG", "WEBP") and has_highlights(raster.icc):
        lost.append(f"{format} has 8 bits, in which HDR pictures show bands; PNG keeps all.")
    if format == "EXR" and raster.metadata != Metadata():
        lost.append("OpenEXR carries no EXIF, XMP or resolution here.")
    if format == "JPEG":
        metadata = raster.metadata
        if metadata.exif and len(metadata.exif) + 6 > _JPEG_SEGMENT:
            lost.append("The EXIF block is too large for JPEG and is left out.")
        if metadata.xmp and len(metadata.xmp) > _JPEG_SEGMENT - 29:
            lost.append("The XMP packet is too large for JPEG and is left out.")
    if raster.icc and not raster.icc_for(1 if _stays_gray(raster, format) else 3):
        lost.append("The ICC profile does not fit the picture's channels and is left out.")
    return lost


def _full(pixels: np.ndarray) -> float:
    return 1.0 if pixels.dtype == np.float32 else float(np.iinfo(pixels.dtype).max)


def _stays_gray(raster: Raster, format: str) -> bool:
    return raster.pixels.shape[2] == 1 and format != "WEBP"


@dataclasses.dataclass(frozen=True)
class _Compression:
    quality: int
    lossless: bool


def _encode(
    file: BinaryIO, raster: Raster, format: str, strip: bool, compression: _Compression
) -> None:
    raster = checked(raster, format, strip, compression.quality)
    try:
        _ENCODERS[format](file, raster, compression)
    except (MattebrushError, OSError, MemoryError):
        raise  # an OSError is the disk's; `atomic.whole_file` words it
    except Exception as failure:
        raise OutputUnwritable(
            f"The picture cannot be written as {format}: {failure}."
        ) from failure


def checked(raster: Raster, format: str, strip: bool, quality: int) -> Raster:
    """The picture with the metadata that its file will have.

    Parameters
    ----------
    raster : Raster
        The picture to write.
    format : str
        One of `WRITABLE`.
    strip : bool
        Leave the metadata out.
    quality : int
        1 to 100.

    Returns
    -------
    Raster

    Raises
    ------
    MattebrushError
        For what the format cannot hold.
    """
    raster.check()
    if format not in WRITABLE:
        raise OptionInvalid(f"{format!r} is not a format.", f"Choose {', '.join(WRITABLE)}.")
    if not 1 <= quality <= 100:
        raise OptionInvalid(f"quality is {quality}.", "Give a number from 1 to 100.")
    if max(raster.width, raster.height) > _LONGEST_SIDE.get(format, 2**31 - 1):
        raise OutputUnwritable(
            f"{format} holds no side longer than {_LONGEST_SIDE[format]} pixels, "
            f"and this is {raster.width} x {raster.height}.",
            "Write PNG or TIFF.",
        )
    if format == "JPEG" and raster.alpha is not None:
        raise OutputUnwritable(
            "JPEG has no transparency.", "Write PNG, WebP or TIFF, or put a background behind it."
        )
    # A clipping path was asked for, and is no data about where a picture comes from.
    metadata = Metadata(photoshop=raster.metadata.photoshop) if strip else raster.metadata
    if metadata.exif:
        block = exif.upright(metadata.exif, raster.width, raster.height)
        metadata = dataclasses.replace(metadata, exif=block)
    return dataclasses.replace(raster, metadata=metadata)


def _png(file: BinaryIO, raster: Raster, compression: _Compression) -> None:
    png.write(file, raster, raster.icc_for(raster.pixels.shape[2]))


def _tiff(file: BinaryIO, raster: Raster, compression: _Compression) -> None:
    from . import tiff

    tiff.write(file, raster, raster.icc_for(raster.pixels.shape[2]))


def _exr(file: BinaryIO, raster: Raster, compression: _Compression) -> None:
    from . import exr

    exr.write(file, raster, raster.icc_for(3))


def _jpeg(file: BinaryIO, raster: Raster, compression: _Compression) -> None:
    channels = raster.pixels.shape[2]
    options = _jpeg_options(raster.metadata, raster.icc_for(channels), compression.quality)
    _through_pillow(file, _as_pillow(raster, channels), "JPEG", **options)


def jpeg_of(file: BinaryIO, inks: np.ndarray, metadata: Metadata, icc: bytes, quality: int) -> None:
    """A JPEG in CMYK.

    Parameters
    ----------
    file : BinaryIO
        To write into.
    inks : numpy.ndarray
        uint8 (H, W, 4).
    metadata : Metadata
        What the file says besides.
    icc : bytes
        The inks' profile.
    quality : int
        1 to 100.
    """
    from PIL import Image

    image = Image.fromarray(inks, "CMYK")
    _through_pillow(file, image, "JPEG", **_jpeg_options(metadata, icc, quality))


def _jpeg_options(metadata: Metadata, icc: bytes | None, quality: int) -> dict[str, Any]:
    # Each must fit in one segment. Those that do not are rare, and never needed to see the picture.
    exif_block = b"Exif\0\0" + metadata.exif if metadata.exif else b""
    options: dict[str, Any] = {"dpi": metadata.dpi, "icc_profile": icc}
    if 0 < len(exif_block) <= _JPEG_SEGMENT:
        options["exif"] = exif_block
    if metadata.xmp and len(metadata.xmp) <= _JPEG_SEGMENT - 29:
        options["xmp"] = metadata.xmp
    if metadata.photoshop:
        options["extra"] = _segments(metadata.photoshop)
    return {**options, "quality": quality, "subsampling": 0}


def _segments(blocks: bytes) -> bytes:
    """Image resource blocks as JPEG segments (APP13)."""
    head = b"Photoshop 3.0\0"
    room = _JPEG_SEGMENT - len(head)
    parts = [blocks[start : start + room] for start in range(0, len(blocks), room)]
    return b"".join(
        b"\xff\xed" + (len(head) + len(part) + 2).to_bytes(2, "big") + head + part for part in parts
    )


def _webp(file: BinaryIO, raster: Raster, compression: _Compression) -> None:
    metadata = raster.metadata
    channels = 3 if raster.alpha is None else 4
    _through_pillow(
        file,
        _as_pillow(raster, channels),
        "WEBP",
        quality=compression.quality,
        lossless=compression.lossless,
        method=4,
        icc_profile=raster.icc_for(3),
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )


def to_pillow(raster: Raster) -> Image.Image:
    """An image of Pillow, 8 bits: L, LA, RGB or RGBA, with profile, EXIF, XMP and resolution.

    Parameters
    ----------
    raster : Raster
        A picture.

    Returns
    -------
    Image.Image
    """
    raster.check()
    colors = raster.pixels.shape[2]
    image = _as_pillow(raster, colors + (raster.alpha is not None))
    metadata = raster.metadata
    about = {
        "icc_profile": raster.icc_for(colors),
        "exif": metadata.exif and b"Exif\0\0" + metadata.exif,
        "xmp": metadata.xmp,
        "dpi": metadata.dpi,
    }
    image.info.update({key: value for key, value in about.items() if value})
    return image


def _as_pillow(raster: Raster, channels: int) -> Image.Image:
    from PIL import Image

    rows = max(1, (1 << 22) // (raster.width * channels))
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    image = Image.new(mode, (raster.width, raster.height))
    for number, part in enumerate(interleaved_strips(raster, np.uint8, channels, rows)):
        image.paste(Image.fromarray(part[..., 0] if channels == 1 else part), (0, number * rows))
    return image


def _through_pillow(file: BinaryIO, image: Image.Image, format: str, **options: Any) -> None:
    # Into memory first: Pillow's own writing to a file loses why it failed (a full disk).
    packed = io.BytesIO()
    settings = {key: value for key, value in options.items() if value is not None}
    try:
        image.save(packed, format, **settings)
    except OSError as failure:
        raise OutputUnwritable(f"{format} cannot hold this picture: {failure}.") from failure
    file.write(packed.getbuffer())


_ENCODERS: dict[str, Callable[[BinaryIO, Raster, _Compression], None]] = {
    "PNG": _png,
    "JPEG": _jpeg,
    "WEBP": _webp,
    "TIFF": _tiff,
    "EXR": _exr,
}
