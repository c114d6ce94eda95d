# SPDX-License-Identifier: Apache-2.0
"""How many pixels an upload claims to have, read from its header, before anything is decoded.

Runs in the server's own process, so it touches no native decoder: NPZ headers and the formats
whose headers Pillow reads in Python. What it cannot tell counts as the largest picture allowed.
"""

from __future__ import annotations

import json
import math
import tokenize
import zipfile
import zlib
from typing import IO

from PIL import Image

from mattebrush.errors import InputTooLarge

from .blobs import Blob

_PYTHON_HEADERS = ("PNG", "JPEG", "TIFF", "BMP", "GIF")
_OPTIONS_BYTES = 100_000
_UNREADABLE = (
    zipfile.BadZipFile,
    EOFError,
    OSError,
    RuntimeError,
    SyntaxError,
    ValueError,
    tokenize.TokenError,  # numpy, over a header that is no Python literal
    zlib.error,
)


def picture_pixels(blob: Blob, unknown: int) -> int:
    """Height times width of a picture file; `unknown` where its header cannot be read here."""
    with blob.view as view:
        head = bytes(view[:32])
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp_pixels(head, unknown)
    try:
        with Image.open(blob.reader(), formats=_PYTHON_HEADERS) as picture:
            return int(picture.width * picture.height)
    except Image.DecompressionBombError as error:
        raise InputTooLarge("The picture has more pixels than any camera makes.") from error
    except _UNREADABLE:
        return unknown


def check_pixels(blob: Blob, most: int) -> None:
    """Raises InputTooLarge for a picture file with more pixels than `most`, by its header."""
    pixels = picture_pixels(blob, most)
    if pixels > most:
        raise InputTooLarge(
            f"The picture has {pixels / 1e6:.0f} megapixels.",
            f"At most {most / 1e6:.0f} are taken.",
        )


def _webp_pixels(head: bytes, unknown: int) -> int:
    def number(start: int, size: int) -> int:
        return int.from_bytes(head[start : start + size], "little")

    if head[12:16] == b"VP8X":
        return (number(24, 3) + 1) * (number(27, 3) + 1)
    if head[12:16] == b"VP8L":
        bits = number(21, 4)
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    if head[12:16] == b"VP8 ":
        return (number(26, 2) & 0x3FFF) * (number(28, 2) & 0x3FFF)
    return unknown


def request_pixels(blob: Blob) -> int:
    """Height times width of an NPZ request's largest member; 0 where it is not readable as one.

    The worker, which reads it for good, says what is wrong with it.
    """
    try:
        with zipfile.ZipFile(blob.reader()) as archive:
            sizes = [_member_pixels(archive.open(info)) for info in archive.infolist()[:8]]
    except _UNREADABLE:
        return 0
    return max(sizes, default=0)


def request_device(blob: Blob) -> str:
    """The device that an NPZ request names, "auto" where none or nothing is readable."""
    try:
        with zipfile.ZipFile(blob.reader()) as archive:
            data = archive.open("options.npy").read(_OPTIONS_BYTES)
        # JSON is what follows the .npy header, which ends its line.
        device = json.loads(data.partition(b"\n")[2])["device"]
    except (*_UNREADABLE, KeyError, TypeError, RecursionError):
        return "auto"
    return device if isinstance(device, str) else "auto"


def _member_pixels(member: IO[bytes]) -> int:
    from numpy.lib import format as npy

    with member:
        read = (
            npy.read_array_header_1_0
            if npy.read_magic(member) == (1, 0)
            else (npy.read_array_header_2_0)
        )
        shape, _, _ = read(member)
    return math.prod(shape[:2]) if len(shape) > 1 else 0
