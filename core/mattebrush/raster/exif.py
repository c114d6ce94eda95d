# SPDX-License-Identifier: Apache-2.0
"""EXIF blocks as entries of raw bytes: read from a file or a block, set right, laid out again.

Values are never interpreted, so that nothing is lost to a tag that some camera writes strangely.
The structure is TIFF's (EXIF 2.32, section 4.5; TIFF 6.0, section 2).
"""

from __future__ import annotations

import dataclasses
import io
import struct
from typing import BinaryIO, Literal

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SHORT, _LONG = 3, 4
_LARGEST_VALUE = 1 << 24  # bytes; more is damage

ORIENTATION, WIDTH, HEIGHT = 0x0112, 0xA002, 0xA003
EXIF, GPS, INTEROPERABILITY = 0x8769, 0x8825, 0xA005
_POINTERS = (EXIF, GPS, INTEROPERABILITY)
# What a TIFF file's own directory says about the photograph, and not about how it is stored.
DESCRIPTIVE = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298, EXIF, GPS)


@dataclasses.dataclass
class Entry:
    """One value: its TIFF type, how many, and their bytes; or a directory that it points to."""

    kind: int
    count: int
    data: bytes
    directory: Directory | None = None


Order = Literal["<", ">"]
"""Byte order, as `struct` writes it: Intel's, Motorola's."""

Directory = dict[int, Entry]
"""A TIFF directory by tag."""


def upright(block: bytes, width: int, height: int) -> bytes | None:
    """`block` for a picture that stands upright at `width` x `height`, its thumbnail dropped.

    None when `block` is damaged beyond reading.

    Parameters
    ----------
    block : bytes
        An EXIF block.
    width : int
        In pixels.
    height : int
        In pixels.

    Returns
    -------
    bytes or None
    """
    parsed = parse(io.BytesIO(block.removeprefix(b"Exif\0\0")))
    if parsed is None:
        return None
    order, main = parsed
    if ORIENTATION in main:
        main[ORIENTATION] = Entry(_SHORT, 1, struct.pack(order + "H", 1))
    photo = main[EXIF].directory if EXIF in main else None
    for tag, size in ((WIDTH, width), (HEIGHT, height)):
        if photo and tag in photo:
            photo[tag] = Entry(_LONG, 1, struct.pack(order + "L", size))
    return build(order, main)


def of_tiff(file: BinaryIO) -> bytes | None:
    """The EXIF block that describes the first picture of a (classic) TIFF file; None if there is
    nothing in it.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.

    Returns
    -------
    bytes or None
    """
    parsed = parse(file)
    if parsed is None:
        return None
    order, main = parsed
    kept = {tag: entry for tag, entry in main.items() if tag in DESCRIPTIVE}
    return build(order, kept) if kept else None


def parse(file: BinaryIO) -> tuple[Order, Directory] | None:
    """Byte order ("<" or ">") and first directory of the TIFF structure at the file's start.

    None if it is damaged at the root; a damaged value or subdirectory is left out.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.

    Returns
    -------
    tuple[Order, Directory] or None
    """
    file.seek(0)
    head = file.read(8)
    orders: dict[bytes, Order] = {b"II*\0": "<", b"MM\0*": ">"}
    order = orders.get(head[:4])
    if order is None or len(head) < 8:
        return None
    main = _directory(file, order, struct.unpack(order + "L", head[4:])[0], depth=0)
    return None if main is None else (order, main)


def _directory(file: BinaryIO, order: Order, offset: int, depth: int) -> Directory | None:
    file.seek(offset)
    packed = file.read(2)
    if len(packed) < 2 or depth > 2:
        return None
    entries: Directory = {}
    table = file.read(12 * struct.unpack(order + "H", packed)[0])
    for at in range(0, len(table) - 11, 12):
        tag, kind, count, value = struct.unpack(order + "HHL4s", table[at : at + 12])
        size = _SIZES.get(kind, 0) * count
        if not 0 < size <= _LARGEST_VALUE:
            continue
        where = struct.unpack(order + "L", value)[0]
        if tag in _POINTERS:
            if directory := _directory(file, order, where, depth + 1):
                entries[tag] = Entry(_LONG, 1, b"", directory)
            continue
        if size > 4:
            file.seek(where)
            value = file.read(size)
        if len(value) >= size:
            entries[tag] = Entry(kind, count, value[:size])
    return entries


def attach(file: BinaryIO, order: Order, extra: Directory) -> None:
    """Adds entries, directories among them, to the only picture of a finished classic TIFF file
    of the byte order `order`: its table moves to the end, with the new entries in their place.

    Parameters
    ----------
    file : BinaryIO
        A finished TIFF file, open for reading and writing.
    order : Order
        Byte order, "<" or ">".
    extra : Directory
        The entries.
    """
    file.seek(4)
    file.seek(struct.unpack(order + "L", file.read(4))[0])
    table = file.read(12 * struct.unpack(order + "H", file.read(2))[0])
    rows = {table[at : at + 2]: table[at : at + 12] for at in range(0, len(table), 12)}

    start = file.seek(0, io.SEEK_END)
    start += file.write(b"\0" * (start % 2))
    behind = start + 2 + 12 * (len(rows) + len(extra)) + 4
    values = b""
    for tag, entry in extra.items():
        rows[struct.pack(order + "H", tag)], value = _row(order, tag, entry, behind + len(values))
        values += value
    ordered = sorted(rows.values(), key=lambda row: struct.unpack(order + "H", row[:2]))
    file.write(struct.pack(order + "H", len(rows)) + b"".join(ordered) + b"\0\0\0\0" + values)
    file.seek(4)
    file.write(struct.pack(order + "L", start))


def build(order: Order, main: Directory) -> bytes:
    """The TIFF structure with `main` as its only picture's directory.

    Parameters
    ----------
    order : Order
        Byte order, "<" or ">".
    main : Directory
        The picture's directory.

    Returns
    -------
    bytes
    """
    head = b"II*\0" if order == "<" else b"MM\0*"
    return head + struct.pack(order + "L", 8) + _lay_out(order, main, 8)


def _lay_out(order: Order, directory: Directory, start: int) -> bytes:
    """The bytes of `directory`, and of those it points to, for a place at `start` in a file."""
    behind = start + 2 + 12 * len(directory) + 4
    rows, values = [struct.pack(order + "H", len(directory))], b""
    for tag in sorted(directory):
        row, value = _row(order, tag, directory[tag], behind + len(values))
        rows.append(row)
        values += value
    return b"".join(rows) + b"\0\0\0\0" + values


def _row(order: Order, tag: int, entry: Entry, place: int) -> tuple[bytes, bytes]:
    """An entry's twelve bytes in the table, and what is to stand at `place` for it, if anything."""
    if entry.directory is None and len(entry.data) <= 4:
        inline, value = entry.data.ljust(4, b"\0"), b""
    else:
        inline, value = struct.pack(order + "L", place), entry.data
        if entry.directory is not None:
            value = _lay_out(order, entry.directory, place)
    value += b"\0" * (len(value) % 2)
    return struct.pack(order + "HHL", tag, entry.kind, entry.count) + inline, value
