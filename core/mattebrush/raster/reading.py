# SPDX-License-Identifier: Apache-2.0
"""A picture file, in memory or on disk, into a `Raster`; and the checks before anything decodes."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .. import paths
from ..errors import InputInvalid, MattebrushError
from . import decoding
from .model import MAX_PIXELS, Raster, row_blocks

READABLE = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF", "AVIF")

_SNIFF = 32  # bytes
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_KNOWN_OTHERS = {
    b"8BPS": "a Photoshop document",
    b"%PDF": "a PDF document",
    b"gimp": "a GIMP document",
    b"RIFF": "a sound or video file",
    b"\x76\x2f\x31\x01": "an OpenEXR picture",
    b"<svg": "an SVG drawing",
    b"FUJI": "a camera raw file",
}


def read(source: Path | str | bytes | BinaryIO, max_pixels: int = MAX_PIXELS) -> Raster:
    """Reads the (first) picture of a file: a path, the file's bytes, or a stream of them.

    Formats: `READABLE`; HEIF needs the extra `heif`. 16-bit and float data keep their depth
    (32-bit integers become uint16); palettes, YCbCr, CMYK and Lab become RGB (the last two in
    sRGB, through the file's ICC profile); premultiplied alpha is divided out; EXIF orientation
    is applied.

    max_pixels: pictures with more, by their header, are refused before they are decoded.

    Raises InputTooLarge for those, and InputInvalid for everything that cannot be read or is
    damaged. The file is never changed.
    """
    with _opened(source) as (file, name):
        format = sniff(file, name)
        try:
            if format == "TIFF":
                from . import tiff

                raster = tiff.read(file, name, max_pixels)
            else:
                raster = decoding.read(file, format, name, max_pixels)
        except (MattebrushError, MemoryError):
            raise
        except Exception as failure:
            raise InputInvalid(
                f"{name} is a damaged or incomplete {format} file{_reason(failure)}.",
                "Get or save the file again.",
            ) from failure
        _check_finite(raster, name)
        return raster


def _check_finite(raster: Raster, name: str) -> None:
    for plane in (raster.pixels, raster.alpha):
        if plane is None or plane.dtype != np.float32:
            continue
        blocks = row_blocks(*plane.shape[:2])
        if not all(np.isfinite(plane[rows]).all() for rows in blocks):
            raise InputInvalid(
                f"{name} holds values that are not numbers (NaN or infinity).",
                "Save it again with these pixels mended.",
            )


def _reason(failure: Exception) -> str:
    """The decoder's own words, where they say more than that there was one."""
    if isinstance(failure, LookupError):  # a decoder's own slip, which says nothing to anybody
        return ""
    words = str(failure).strip().rstrip(".")
    return f" ({words})" if words and "<" not in words and "\n" not in words else ""


@contextlib.contextmanager
def _opened(source: Path | str | bytes | BinaryIO) -> Iterator[tuple[BinaryIO, str]]:
    """A seekable file and how to call it in a message."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        yield io.BytesIO(source), "The picture"
        return
    if not isinstance(source, (str, os.PathLike)):
        yield _slurped(source, "The input"), "The input"
        return
    name = str(source)
    try:
        with Path(source).open("rb") as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            yield (file if regular else _slurped(file, name)), name
    except (OSError, ValueError) as failure:
        raise _unreadable(name, failure) from failure


def _slurped(stream: BinaryIO, name: str) -> BinaryIO:
    """All of a stream, unless its beginning shows that it is no picture (/dev/zero, say)."""
    try:
        head = stream.read(_SNIFF)
        sniff(io.BytesIO(head), name)
        return io.BytesIO(head + stream.read())
    except (OSError, ValueError) as failure:
        raise _unreadable(name, failure) from failure


def _unreadable(name: str, failure: Exception) -> InputInvalid:
    number = failure.errno if isinstance(failure, OSError) else None
    if number == errno.ENOENT:
        return InputInvalid(f"{name} does not exist.", "Check the path.")
    if number == errno.EISDIR or (number == errno.EACCES and paths.is_folder(name)):
        return InputInvalid(f"{name} is a folder.", "Give the pictures in it.")
    if number in (errno.EACCES, errno.EPERM):
        return InputInvalid(f"{name} may not be read: permission is denied.", "Change its rights.")
    reason = getattr(failure, "strerror", None) or str(failure)
    return InputInvalid(f"{name} cannot be read: {reason}.", "Check the path and the disk.")


def sniff(file: BinaryIO, name: str) -> str:
    """The format by the file's first bytes, since names lie. One of `READABLE`.

    Raises InputInvalid, calling the file `name`, where it is none of them.
    """
    head = file.read(_SNIFF)
    file.seek(0)
    if not head:
        raise InputInvalid(f"{name} is empty.", "Get or save the file again.")
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if head[4:8] == b"ftyp":
        brands = {head[at : at + 4] for at in (8, 16, 20, 24, 28)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & _HEIF_BRANDS:
            return "HEIF"
    if head.startswith(b"BM"):
        return "BMP"
    kind = next((k for start, k in _KNOWN_OTHERS.items() if head.startswith(start)), None)
    raise InputInvalid(
        f"{name} is {kind or 'not a picture in a format that is read here'}.",
        f"Give {', '.join(READABLE[:-1])} or {READABLE[-1]}.",
    )
