# SPDX-License-Identifier: Apache-2.0
"""How many pixels an upload claims to have, read from its header, before anything is decoded.

Runs in the server's own process, so it touches no native decoder: NPZ headers and the formats
whose headers Pillow reads in Python. What it cannot tell counts as the largest picture allowed.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from typing import IO

from PIL import Image

from mattebrush import raster
from mattebrush.errors import InputTooLarge
from mattebrush.jobs import contract

from .blobs import Blob

Image.MAX_IMAGE_PIXELS = None
"""The limit is the server's own, which can be set and is named; Pillow's would answer first."""

_BOXES_BYTES = 1 << 16  # HEIC and AVIF tell their sizes in boxes at the start


def picture_pixels(blob: Blob, unknown: int, name: str = "picture") -> int:
    """Height times width of a picture file, by its header.

    Parameters
    ----------
    blob
        The file.
    unknown
        What it counts as where its header cannot be read here.
    name
        What a refusal calls it.

    Raises
    ------
    InputInvalid
        For what does not even begin like a picture.
    """
    format = raster.sniff(blob.reader(), f"The {name}")
    if format == "WEBP":
        return _webp_pixels(blob, unknown)
    if format in ("HEIF", "AVIF"):
        return _heif_pixels(blob, unknown)
    try:
        with Image.open(blob.reader(), formats=(format,)) as picture:
            return int(picture.width * picture.height)
    except (*contract.UNREADABLE, KeyError):  # the latter for formats that Pillow has no reader of
        return unknown


def check_pixels(blob: Blob, most: int) -> int:
    """As `picture_pixels`. Raises InputTooLarge for more pixels than `most`."""
    pixels = picture_pixels(blob, most)
    if pixels > most:
        raise InputTooLarge(
            f"The picture has {pixels / 1e6:.0f} megapixels.",
            f"At most {most / 1e6:.0f} are taken.",
        )
    return pixels


def _webp_pixels(blob: Blob, unknown: int) -> int:
    with blob.view as view:
        head = bytes(view[:32])

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


def _heif_pixels(blob: Blob, unknown: int) -> int:
    """The largest size that any `ispe` box gives: tiles and thumbnails have smaller ones."""
    with blob.view as view:
        start = bytes(view[:_BOXES_BYTES])
    sizes = [
        int.from_bytes(start[at.end() + 4 : at.end() + 8], "big")
        * int.from_bytes(start[at.end() + 8 : at.end() + 12], "big")
        for at in re.finditer(b"ispe", start)
    ]
    return max(sizes, default=unknown)


def request_pixels(blob: Blob) -> int:
    """Height times width of an NPZ request's largest member; 0 where it is not readable as one.

    The worker, which reads it for good, says what is wrong with it.
    """
    try:
        with zipfile.ZipFile(blob.reader()) as archive:
            sizes = [_member_pixels(archive.open(info)) for info in archive.infolist()[:8]]
    except contract.UNREADABLE:
        return 0
    return max(sizes, default=0)


def request_device(blob: Blob) -> str:
    """The device that an NPZ request names, "auto" where none or nothing is readable."""
    try:
        with zipfile.ZipFile(blob.reader()) as archive:
            data = archive.open("options.npy").read(contract.OPTIONS_BYTES)
        # JSON is what follows the .npy header, which ends its line.
        device = json.loads(data.partition(b"\n")[2])["device"]
    except (*contract.UNREADABLE, KeyError, TypeError, RecursionError):
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
