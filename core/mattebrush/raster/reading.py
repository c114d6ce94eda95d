# SPDX-License-Identifier: Apache-2.0
"""A picture file, in memory or on disk, into a `Raster`; and the checks before anything decodes."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import os
import re
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .. import paths
from ..errors import InputInvalid, MattebrushError
from ..imaging.strips import strips
from . import decoding
from .model import MAX_PIXELS, RAW_FIX, Raster

READABLE = (
    "JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF", "AVIF",
    "PSD", "JPEG2000", "PPM", "TGA", "EXR",
)  # fmt: skip

_SNIFF = 32  # bytes
_CAMERA_RAW = "a camera raw file"
_RAW_BRANDS = {b"crx "}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"8BPS": "PSD",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
    b"\x76\x2f\x31\x01": "EXR",
    b"BM": "BMP",
}
_RAW_STARTS = (
    b"FUJIFILM", b"IIU\0", b"IIRO", b"IIRS", b"MMOR", b"\0MRM", b"FOVb", b"IIII",
    b"II\x1a\0\0\0HEAPCCDR",
)  # fmt: skip
_KNOWN_OTHERS = {
    b"%PDF": "a PDF document",
    b"gimp": "a GIMP document",
    b"RIFF": "a sound or video file",
    b"<svg": "an SVG drawing",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\xff\x0a": "a JPEG XL picture",
    **dict.fromkeys(_RAW_STARTS, _CAMERA_RAW),
}


def read(source: Path | str | bytes | BinaryIO, max_pixels: int = MAX_PIXELS) -> Raster:
    """Reads the (first) picture of a file: a path, the file's bytes, or a stream of them.

    Formats: `READABLE`; HEIF needs the extra `heif`, EXR the extra `exr`. What has more than 8
    bits keeps them in uint16 or float32 (32-bit integers become uint16); palettes, YCbCr, CMYK
    and Lab become RGB (the last two in sRGB, through the file's ICC profile); premultiplied
    alpha is divided out; EXIF orientation is applied. docs/color.md has it by format.

    The file is never changed.

    Parameters
    ----------
    source : Path or str or bytes or BinaryIO
        A path, a file's bytes, or a stream of them.
    max_pixels : int, optional
        Pictures with more, by their header, are refused before they are decoded.

    Returns
    -------
    Raster

    Raises
    ------
    InputTooLarge, InputInvalid
        InputTooLarge for those, and InputInvalid for everything that cannot be read or is damaged.
    """
    with _opened(source) as (file, name):
        format = sniff(file, name)
        try:
            raster = _decoded(file, format, name, max_pixels)
        except (MattebrushError, MemoryError):
            raise
        except Exception as failure:
            raise InputInvalid(
                f"{name} is a damaged or incomplete {format} file{_reason(failure)}.",
                "Get or save the file again.",
            ) from failure
        _check_finite(raster, name)
        return raster


def _decoded(file: BinaryIO, format: str, name: str, max_pixels: int) -> Raster:
    """Through Pillow, or through the module of a format of which Pillow keeps less."""
    if format in _OWN_MODULES:
        module = importlib.import_module(_OWN_MODULES[format], __package__)
        raster: Raster = module.read(file, name, max_pixels)
        return raster
    return decoding.read(file, format, name, max_pixels)


_OWN_MODULES = {"TIFF": ".tiff", "PSD": ".photoshop", "PPM": ".netpbm", "EXR": ".exr"}


def _check_finite(raster: Raster, name: str) -> None:
    for plane in (raster.pixels, raster.alpha):
        if plane is None or plane.dtype != np.float32:
            continue
        blocks = strips(*plane.shape[:2])
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
        return InputInvalid(
            f"{name} is a folder.", "Give the pictures in it, or use `mattebrush batch`."
        )
    if number in (errno.EACCES, errno.EPERM):
        return InputInvalid(f"{name} may not be read: permission is denied.", "Change its rights.")
    reason = getattr(failure, "strerror", None) or str(failure)
    return InputInvalid(f"{name} cannot be read: {reason}.", "Check the path and the disk.")


def sniff(file: BinaryIO, name: str) -> str:
    """The format by the file's first bytes, since names lie. One of `READABLE`.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.
    name : str
        What to call it in messages.

    Returns
    -------
    str

    Raises
    ------
    InputInvalid
        Calling the file `name`, where it is none of them.
    """
    head = file.read(_SNIFF)
    file.seek(0)
    if not head:
        raise InputInvalid(f"{name} is empty.", "Get or save the file again.")
    for start, format in _STARTS.items():
        if head.startswith(start):
            return format
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if re.match(rb"P[1-6][\s#]|P[Ff][\r\n ]", head):
        return "PPM"
    kind = next((k for start, k in _KNOWN_OTHERS.items() if head.startswith(start)), None)
    if head[4:8] == b"ftyp":
        brands = {head[at : at + 4] for at in (8, 16, 20, 24, 28)}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & _HEIF_BRANDS:
            return "HEIF"
        if brands & _RAW_BRANDS:
            kind = _CAMERA_RAW
    elif kind is None and _may_be_tga(head):
        return "TGA"
    fix = f"Give {', '.join(READABLE[:-1])} or {READABLE[-1]}."
    raise InputInvalid(
        f"{name} is {kind or 'not a picture in a format that is read here'}.",
        RAW_FIX if kind == _CAMERA_RAW else fix,
    )


def _may_be_tga(head: bytes) -> bool:
    """TGA has no signature, but a header in which little is possible."""
    if len(head) < 18:
        return False
    palette, kind, palette_bits, bits = head[1], head[2], head[7], head[16]
    width, height = struct.unpack("<HH", head[12:16])
    if kind in (1, 9):
        right = palette == 1 and palette_bits in (15, 16, 24, 32) and bits == 8
    elif kind in (2, 10):
        right = palette == 0 and bits in (15, 16, 24, 32)
    else:
        right = kind in (3, 11) and palette == 0 and bits in (8, 16)
    return right and width > 0 and height > 0 and head[17] & 0xC0 == 0
