# SPDX-License-Identifier: Apache-2.0
"""Layers and masks of GIMP's XCF files, read without GIMP (stdlib only): a second opinion on what
a test made GIMP save. Versions 0 to 13; uncompressed, RLE and zlib tiles."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from pathlib import Path

_OFFSETS, _VISIBLE, _APPLY_MASK, _COMPRESSION = 15, 8, 11, 17  # property numbers
_TILE = 64


@dataclasses.dataclass
class Plane:
    """Interleaved samples, row by row; deeper ones big-endian."""

    name: str
    width: int
    height: int
    bytes_per_pixel: int
    data: bytes


@dataclasses.dataclass
class Layer:
    name: str
    offset: tuple[int, int]
    visible: bool
    mask_applied: bool
    pixels: Plane
    mask: Plane | None


def layers(path: Path | str) -> list[Layer]:
    """The layers of an XCF file, from the top."""
    return _Reader(Path(path).read_bytes()).layers()


class _Reader:
    def __init__(self, data: bytes) -> None:
        assert data[:9] == b"gimp xcf ", data[:9]
        version = 0 if data[9:13] == b"file" else int(data[10:13])
        self.data = data
        self.pointer = ">Q" if version >= 11 else ">I"
        at = 14 + 12 + (4 if version >= 4 else 0)
        properties, self.first_layer = self.properties(at)
        self.compression = properties.get(_COMPRESSION, b"\0")[0]

    def unpack(self, form: str, at: int) -> tuple[tuple[int, ...], int]:
        return struct.unpack_from(form, self.data, at), at + struct.calcsize(form)

    def pointers(self, at: int) -> list[int]:
        results: list[int] = []
        while True:
            (place,), at = self.unpack(self.pointer, at)
            if not place:
                return results
            results.append(place)

    def properties(self, at: int) -> tuple[dict[int, bytes], int]:
        results: dict[int, bytes] = {}
        while True:
            (kind, size), at = self.unpack(">II", at)
            if not kind:
                return results, at
            results[kind] = self.data[at : at + size]
            at += size

    def string(self, at: int) -> tuple[str, int]:
        (size,), at = self.unpack(">I", at)
        return self.data[at : at + max(size - 1, 0)].decode(), at + size

    def layers(self) -> list[Layer]:
        return [self.layer(at) for at in self.pointers(self.first_layer)]

    def layer(self, at: int) -> Layer:
        name, at = self.string(at + 12)
        properties, at = self.properties(at)
        (pixels,), at = self.unpack(self.pointer, at)
        (mask,), at = self.unpack(self.pointer, at)
        x, y = struct.unpack(">ii", properties.get(_OFFSETS, bytes(8)))
        return Layer(
            name,
            (x, y),
            any(properties.get(_VISIBLE, b"\1")),
            any(properties.get(_APPLY_MASK, b"")),
            self.plane(name, pixels),
            self.mask(mask) if mask else None,
        )

    def mask(self, at: int) -> Plane:
        name, at = self.string(at + 8)
        _, at = self.properties(at)
        (pixels,), at = self.unpack(self.pointer, at)
        return self.plane(name, pixels)

    def plane(self, name: str, at: int) -> Plane:
        (width, height, size), at = self.unpack(">III", at)
        (level,), _ = self.unpack(self.pointer, at)
        across = -(-width // _TILE)
        out = bytearray(width * height * size)
        for number, place in enumerate(self.pointers(level + 8)):
            x, y = number % across * _TILE, number // across * _TILE
            columns, rows = min(_TILE, width - x), min(_TILE, height - y)
            tile = self.tile(place, columns * rows, size)
            for row in range(rows):
                start = ((y + row) * width + x) * size
                part = tile[row * columns * size : (row + 1) * columns * size]
                out[start : start + len(part)] = part
        return Plane(name, width, height, size, bytes(out))

    def tile(self, at: int, pixels: int, size: int) -> bytes:
        if self.compression == 0:
            return self.data[at : at + pixels * size]
        if self.compression == 2:
            return zlib.decompressobj().decompress(self.data[at:], pixels * size)
        out = bytearray(pixels * size)  # RLE, one byte of the pixel after the other
        for channel in range(size):
            done = 0
            while done < pixels:
                code, at = self.data[at], at + 1
                count = 256 - code if code >= 128 else code + 1
                if count == 128:
                    (count,), at = self.unpack(">H", at)
                taken = count if code >= 128 else 1
                run = self.data[at : at + taken] * (count // taken)
                out[done * size + channel : (done + count) * size : size] = run
                at += taken
                done += count
        return bytes(out)
