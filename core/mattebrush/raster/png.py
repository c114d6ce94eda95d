# SPDX-License-Identifier: Apache-2.0
"""PNG out: 8 and 16 bits per channel, compressed on all cores, a strip at a time.

Pillow writes RGB only in 8 bits, on one core, and wants the whole interleaved picture at once.
The format is public (https://www.w3.org/TR/png-3/). Reading is left to Pillow (`decoding`), but for
one chunk that it drops.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np

from .icc import CodePoints, code_points
from .model import Metadata, Raster, interleaved_strips
from .parallel import in_order

_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by number of channels
_STRIP_BYTES = 1 << 20  # large enough that the strips' seams cost below 0.1 % of the size
_WINDOW = 1 << 15  # how far back deflate can refer
LEVEL = 2  # `bench.raster levels`: 0.6 of the time of level 6, files 8 % larger
_UP = 2  # the filter "difference to the pixel above": the smallest files at these levels


def points_in(file: BinaryIO) -> CodePoints | None:
    """What the file's cICP chunk says of its colors.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.

    Returns
    -------
    CodePoints or None
    """
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IDAT":
            return None
        if kind == b"cICP" and length == 4:
            primaries, transfer, matrix, full = file.read(4)
            return primaries, transfer, matrix, full
        file.seek(length + 4, 1)
    return None


def write(file: BinaryIO, raster: Raster, icc: bytes | None) -> None:
    """Writes `raster` as PNG: 8 bits for uint8, else 16; with an alpha channel if it has one.

    Parameters
    ----------
    file : BinaryIO
        To write into; seekable.
    raster : Raster
        The picture to write.
    icc : bytes or None
        An ICC profile; None means sRGB.
    """
    depth = np.dtype(np.uint8 if raster.pixels.dtype == np.uint8 else np.uint16)
    channels = raster.pixels.shape[2] + (raster.alpha is not None)
    file.write(b"\x89PNG\r\n\x1a\n")
    header = (raster.width, raster.height, depth.itemsize * 8, _COLOR_TYPES[channels], 0, 0, 0)
    _chunk(file, b"IHDR", struct.pack(">IIBBBBB", *header))
    for kind, data in _ancillary(raster.metadata, icc):
        _chunk(file, kind, data)
    rows = max(1, _STRIP_BYTES // (raster.width * channels * depth.itemsize))
    for data in _deflate(_filtered(interleaved_strips(raster, depth, channels, rows))):
        _chunk(file, b"IDAT", data)
    _chunk(file, b"IEND", b"")


def _chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + kind)
    file.write(data)
    file.write(struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))))


def _filtered(rows: Iterable[np.ndarray]) -> Iterator[bytes]:
    """Each strip as PNG scanlines: the filter's number, then big-endian differences."""
    above: np.ndarray | None = None
    for strip in rows:
        big = strip if strip.dtype == np.uint8 else strip.astype(">u2")
        lines = big.reshape(len(strip), -1).view(np.uint8)
        out = np.empty((lines.shape[0], lines.shape[1] + 1), np.uint8)
        out[:, 0] = _UP
        out[0, 1:] = lines[0] if above is None else lines[0] - above
        np.subtract(lines[1:], lines[:-1], out=out[1:, 1:])
        above = lines[-1]
        yield out.tobytes()


def _deflate(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """One zlib stream over all blocks, each compressed in a thread of its own.

    Every block is a run of deflate blocks that ends on a byte boundary and knows the 32 KiB
    before it (the method of pigz, M. Adler 2007), so that they join to one valid stream.
    """
    checksum = 1

    def with_the_one_before() -> Iterator[tuple[bytes, bytes]]:
        nonlocal checksum
        before = b""
        for block in blocks:
            checksum = zlib.adler32(block, checksum)
            yield block, before
            before = block[-_WINDOW:]

    yield b"\x78\x5e"
    yield from in_order(_deflate_block, with_the_one_before())
    yield b"\x03\x00" + struct.pack(">I", checksum)  # an empty last block


def _deflate_block(block_and_before: tuple[bytes, bytes]) -> bytes:
    block, before = block_and_before
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -15, 9, zdict=before)
    return packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)


def _ancillary(metadata: Metadata, icc: bytes | None) -> Iterator[tuple[bytes, bytes]]:
    if icc:
        if points := code_points(icc):
            yield b"cICP", bytes(points)
        yield b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)
    if metadata.dpi:
        per_metre = (min(round(value / 0.0254), 2**31 - 1) for value in metadata.dpi)
        yield b"pHYs", struct.pack(">IIB", *per_metre, 1)
    if metadata.exif:
        yield b"eXIf", metadata.exif
    if metadata.xmp:
        yield b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp
    for name, text in metadata.text.items():
        keyword = name.encode("latin-1", "replace")[:79].strip()
        if keyword and b"\0" not in keyword:
            yield b"iTXt", keyword + b"\0\0\0\0\0" + _printable(text)


def _printable(text: str) -> bytes:
    return text.encode("utf-8", "replace").replace(b"\0", b"")
