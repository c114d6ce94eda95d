# SPDX-License-Identifier: Apache-2.0
"""HDR gain maps: a second picture in JPEG, HEIF and AVIF files that says how much brighter than
the first each pixel is on a display that can show it. The result has a new first picture, so the
map no longer fits it; it is left out, and the file no longer says that there is one.
"""

from __future__ import annotations

import re
from typing import BinaryIO

LEFT_OUT = "The file's HDR gain map is left out: the result is its standard picture."

_MARKS = (
    b"hdr-gain-map/1.0",  # Adobe's and Android's, in XMP
    b"urn:com:apple:photo:2020:aux:hdrgainmap",
    b"urn:iso:std:iso:ts:21496:-1",  # the standard's, in JPEG
    b"tmap",  # the standard's, an item of HEIF and AVIF
)
_HEAD = 1 << 20
"""Bytes at the beginning among which a file says what is in it."""

_XMP_PARTS = (
    rb"""\s+hdrgm:\w+\s*=\s*("[^"]*"|'[^']*')""",
    rb"<hdrgm:(\w+)[^>]*?(?:/>|>.*?</hdrgm:\1>)",
    rb"""\s+xmlns:hdrgm\s*=\s*("[^"]*"|'[^']*')""",
    rb"<Container:Directory>.*?</Container:Directory>",
    rb"""\s+HDRGainMap:\w+\s*=\s*("[^"]*"|'[^']*')""",
)


def is_in(file: BinaryIO, format: str) -> bool:
    """Whether a file has a gain map.

    Parameters
    ----------
    file : BinaryIO
        Of which the beginning is read; it stands where it stood afterwards.
    format : str
        Its format, such as "JPEG".

    Returns
    -------
    bool
        Whether it says so.
    """
    if format not in ("JPEG", "HEIF", "AVIF"):
        return False
    stood = file.tell()
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(stood)
    marks = _MARKS if format != "JPEG" else _MARKS[:3]
    return any(mark in head for mark in marks)


def forgotten(xmp: bytes | None) -> bytes | None:
    """An XMP packet that no longer speaks of a gain map.

    Parameters
    ----------
    xmp : bytes or None
        A packet.

    Returns
    -------
    bytes or None
        The packet without what describes the map.
    """
    for part in _XMP_PARTS if xmp else ():
        xmp = re.sub(part, b"", xmp or b"", flags=re.DOTALL)
    return xmp
