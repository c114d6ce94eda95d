# SPDX-License-Identifier: Apache-2.0
"""What HEIF, AVIF and JPEG 2000 containers say about their picture's colors and depth.

Decoders turn the pixels into RGB and keep a profile where there is one, but drop nclx (the numbers
that stand for a color space) and deep samples. Boxes: ISO/IEC 14496-12, 23008-12, 15444-1.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator
from typing import BinaryIO

from .icc import CodePoints

_LARGEST = 1 << 24  # bytes of the boxes that describe; pixels lie elsewhere


@dataclasses.dataclass(frozen=True)
class Description:
    """points: nclx of the primary picture. icc: its profile. depth: bits a sample; 0 if unsaid."""

    points: CodePoints | None = None
    icc: bytes | None = None
    depth: int = 0


def describe(file: BinaryIO) -> Description:
    """What the container's head says; nothing of what is damaged.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.

    Returns
    -------
    Description
    """
    try:
        file.seek(0)
        for kind, size in _top(file):
            if kind in (b"meta", b"jp2h"):
                data = file.read(min(size, _LARGEST))
                return _of_meta(data[4:]) if kind == b"meta" else _of_boxes(list(_boxes(data)))
    except (struct.error, IndexError, ValueError):
        pass
    return Description()


def _top(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and length of each outermost box; the file stands at its content meanwhile."""
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        length = size - 8
        if size == 1:
            length = struct.unpack(">Q", file.read(8))[0] - 16
        if size == 0:
            length = _LARGEST
        if length < 0:
            return
        start = file.tell()
        yield kind, length
        file.seek(start + length)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        size = len(data) - at if size == 0 else size
        if size < 8:
            return
        yield kind, data[at + 8 : at + size]
        at += size


def _of_meta(data: bytes) -> Description:
    """HEIF and AVIF: the properties that belong to the primary item."""
    boxes = dict(_boxes(data))
    primary = boxes.get(b"pitm", b"")
    item = int.from_bytes(primary[4:], "big") if primary else None
    inside = dict(_boxes(boxes.get(b"iprp", b"")))
    properties = list(_boxes(inside.get(b"ipco", b"")))
    numbers = _associated(inside.get(b"ipma", b""), item)
    own = [properties[n - 1] for n in numbers if 0 < n <= len(properties)]
    facts = _of_boxes(own)
    if not facts.depth:  # of a grid, the tiles alone say it
        facts = dataclasses.replace(facts, depth=_of_boxes(properties).depth)
    return facts


def _associated(data: bytes, item: int | None) -> list[int]:
    """The numbers, from 1, of the properties of an item."""
    if len(data) < 8:
        return []
    wide_ids, wide_numbers = data[0] >= 1, data[3] & 1
    at = 8
    for _ in range(struct.unpack(">I", data[4:8])[0]):
        width = 4 if wide_ids else 2
        number = int.from_bytes(data[at : at + width], "big")
        count, at = data[at + width], at + width + 1
        step = 2 if wide_numbers else 1
        entries = [data[at + n * step : at + (n + 1) * step] for n in range(count)]
        at += count * step
        if number == item:
            mask = 0x7FFF if wide_numbers else 0x7F
            return [int.from_bytes(entry, "big") & mask for entry in entries]
    return []


def _of_boxes(boxes: list[tuple[bytes, bytes]]) -> Description:
    points: CodePoints | None = None
    icc: bytes | None = None
    depth = 0
    for kind, data in boxes:
        if kind == b"colr" and data[:4] == b"nclx":
            primaries, transfer, matrix = struct.unpack(">HHH", data[4:10])
            points = primaries, transfer, matrix, data[10] >> 7
        elif kind == b"colr" and data[:4] in (b"prof", b"rICC"):
            icc = data[4:]
        elif kind == b"colr" and data[:1] in (b"\2", b"\3"):  # JPEG 2000: method, two more bytes
            icc = data[3:]
        elif kind == b"ihdr" and len(data) > 10 and data[10] != 255:  # else it varies
            depth = (data[10] & 0x7F) + 1
        elif kind == b"pixi" and len(data) > 5:
            depth = max(depth, *data[5 : 5 + data[4]])
        elif kind == b"av1C" and len(data) > 2:
            depth = max(depth, {0: 8, 2: 10, 3: 12}.get(data[2] >> 5 & 3, 8))
    return Description(points, icc, depth)
