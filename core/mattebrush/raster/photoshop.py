# SPDX-License-Identifier: Apache-2.0
"""PSD and PSB in: the merged picture of gray and RGB documents with 8 and 16 bits, and of CMYK
with 8.

Pillow reads it in 8 bits, and as Photoshop stores it: transparent parts mixed with white. Other
color modes are left to Pillow; layers to nobody. The format is Adobe's ("Photoshop File Formats
Specification", 2019).
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

from ..errors import InputInvalid
from ..imaging.strips import strips
from . import decoding, exif
from .model import Metadata, Raster
from .orientation import upright_xmp

_COLORS = {1: 1, 3: 3, 4: 4}  # by color mode: gray, RGB, CMYK
_CMYK = 4
_RAW, _PACKBITS = 0, 1
_RESOLUTION, _ICC, _VERSION, _EXIF, _XMP = 1005, 1039, 1057, 1058, 1060
_MOST_CHANNELS = 56


def read(file: BinaryIO, name: str, max_pixels: int) -> Raster:
    """The merged picture.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.
    name : str
        What to call it in messages.
    max_pixels : int
        A picture with more is refused.

    Returns
    -------
    Raster

    Raises
    ------
    InputInvalid
        As `decoding.read` does, and InputInvalid where none is stored.
    """
    file.seek(0)
    head = file.read(26)
    version, channels, height, width, depth, mode = struct.unpack(">4xH6xHIIHH", head)
    decoding.check_size(width, height, max_pixels, name)
    colors = _COLORS.get(mode)
    known = depth == 8 or (depth == 16 and mode != _CMYK)
    if colors is None or not known or version not in (1, 2):
        if depth > 8 or version != 1:
            raise InputInvalid(
                f"{name} is a Photoshop document of a kind that is not read here.",
                "Save it as RGB or gray with 8 or 16 bits, or as a TIFF.",
            )
        file.seek(0)
        return decoding.read(file, "PSD", name, max_pixels)
    if not colors <= channels <= _MOST_CHANNELS:
        raise ValueError(f"{channels} channels")
    file.seek(_length(file), 1)  # palette
    resources = _resources(file.read(_length(file)))
    if not _has_merged(resources):
        raise InputInvalid(
            f"{name} holds layers but no merged picture.",
            'Save it again with "Maximize Compatibility" on, or as a TIFF or PNG.',
        )
    size = _length(file, wide=version == 2)
    transparent = _first_channel_is_transparency(file.read(min(size, 64)), version)
    file.seek(max(0, size - 64), 1)
    wanted = colors + (1 if transparent and channels > colors else 0)
    planes = _planes(file, (channels, height, width), wanted, depth // 8, version)
    pixels = np.ascontiguousarray(np.moveaxis(planes[:colors], 0, -1))
    alpha = planes[colors] if wanted > colors else None
    if alpha is not None:
        _take_white_out(pixels, alpha)
    icc = resources.get(_ICC)
    if mode == _CMYK:
        pixels, icc = decoding.of_inks(255 - pixels, icc), None  # 255 is no ink there
    metadata = _metadata(resources, width, height)
    return Raster(pixels, alpha, icc, metadata, "PSD")


def _length(file: BinaryIO, wide: bool = False) -> int:
    size: int = struct.unpack(">Q" if wide else ">I", file.read(8 if wide else 4))[0]
    return size


def _resources(data: bytes) -> dict[int, bytes]:
    resources: dict[int, bytes] = {}
    at = 0
    while at + 12 <= len(data) and data[at : at + 4] in (b"8BIM", b"MeSa", b"AgHg", b"PHUT"):
        number = struct.unpack(">H", data[at + 4 : at + 6])[0]
        at += 6 + 1 + data[at + 6]  # the name, whose length stands before it
        at += at % 2
        size = struct.unpack(">I", data[at : at + 4])[0]
        resources.setdefault(number, data[at + 4 : at + 4 + size])
        at += 4 + size + size % 2
    return resources


def _has_merged(resources: dict[int, bytes]) -> bool:
    version = resources.get(_VERSION, b"")
    return len(version) < 5 or version[4] != 0


def _first_channel_is_transparency(layers: bytes, version: int) -> bool:
    """A negative number of layers says so; 16-bit documents keep theirs in a block behind."""
    width = 8 if version == 2 else 4
    if len(layers) < width + 2:
        return False
    if layers[:width].strip(b"\0"):
        return bool(struct.unpack(">h", layers[width : width + 2])[0] < 0)
    block = layers.find(b"Lr16")
    at = block + 4 + width
    return block > 0 and len(layers) >= at + 2 and struct.unpack(">h", layers[at : at + 2])[0] < 0


def _planes(
    file: BinaryIO, shape: tuple[int, int, int], wanted: int, itemsize: int, version: int
) -> np.ndarray:
    """The first `wanted` planes (wanted, H, W). Raises ValueError for a file that is cut short."""
    channels, height, width = shape
    depth = np.dtype(np.uint8 if itemsize == 1 else ">u2")
    kind = struct.unpack(">H", file.read(2))[0]
    row = width * itemsize
    if kind == _RAW:
        data = file.read(wanted * height * row)
    elif kind == _PACKBITS:
        data = _unpacked(file, channels * height, wanted * height, row, version)
    else:
        raise ValueError(f"compression {kind}")
    if len(data) < wanted * height * row:
        raise ValueError("the file is cut short")
    planes = np.frombuffer(data, depth).reshape(wanted, height, width)
    return planes.astype(depth.newbyteorder("="))


def _unpacked(file: BinaryIO, rows: int, wanted: int, row: int, version: int) -> bytes:
    import imagecodecs

    table = np.dtype(">u4" if version == 2 else ">u2")
    lengths = np.frombuffer(file.read(rows * table.itemsize), table)[:wanted]
    parts = (imagecodecs.packbits_decode(file.read(int(size)), out=row) for size in lengths)
    return b"".join(map(bytes, parts))


def _take_white_out(pixels: np.ndarray, alpha: np.ndarray) -> None:
    """The colors before they were mixed with white for those who know no transparency."""
    top = float(np.iinfo(pixels.dtype).max)
    for rows in strips(*alpha.shape):
        opacity = alpha[rows, :, None].astype(np.float64) / top
        mixed = pixels[rows] / top
        seen = opacity > 0
        straight = np.divide(mixed - (1 - opacity), opacity, out=np.zeros_like(mixed), where=seen)
        pixels[rows] = np.rint(np.clip(straight, 0, 1) * top)


def _metadata(resources: dict[int, bytes], width: int, height: int) -> Metadata:
    block, packet = resources.get(_EXIF), resources.get(_XMP)
    dpi = None
    if len(resolution := resources.get(_RESOLUTION, b"")) >= 16:
        x, y = struct.unpack(">I4xI", resolution[:12])
        dpi = decoding.plausible_dpi((x / 65536, y / 65536))
    return Metadata(
        exif=exif.upright(block, width, height) if block else None,
        xmp=upright_xmp(packet) if packet else None,
        dpi=dpi,
    )
