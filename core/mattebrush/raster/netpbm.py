# SPDX-License-Identifier: Apache-2.0
"""16-bit PPM and PGM, which Pillow squeezes to 8, and PFM, of which it reads the gray ones alone;
the rest of the family is left to it.

The formats: https://netpbm.sourceforge.net/doc/ppm.html, https://netpbm.sourceforge.net/doc/pfm.html
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np

from ..imaging.strips import strips
from . import decoding, icc
from .model import Raster

_HEADER = re.compile(
    rb"P([56])((?:\s+|#[^\n]*\n)+)(\d+)((?:\s+|#[^\n]*\n)+)(\d+)"
    rb"((?:\s+|#[^\n]*\n)+)(\d+)(?:#[^\n]*\n)?\s"
)
_FLOATS = re.compile(rb"P([Ff])\s+(\d+)\s+(\d+)\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)[ \t\r]*\n")
_HEAD = 4096


def read(file: BinaryIO, name: str, max_pixels: int) -> Raster:
    """The picture of a file of more than 8 bits, else as `decoding.read` reads it.

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
    """
    file.seek(0)
    head = file.read(_HEAD)
    floats = _FLOATS.match(head)
    if floats is not None:
        return _floats(file, floats, name, max_pixels)
    header = _HEADER.match(head)
    if header is None or int(header[7]) < 256:
        file.seek(0)
        return decoding.read(file, "PPM", name, max_pixels)
    width, height, top = int(header[3]), int(header[5]), int(header[7])
    decoding.check_size(width, height, max_pixels, name)
    channels = 1 if header[1] == b"5" else 3
    file.seek(header.end())
    size = width * height * channels * 2
    data = file.read(size)
    if len(data) < size or top > 65535:
        raise ValueError("the file is cut short" if top <= 65535 else "its largest value")
    samples = np.frombuffer(data, ">u2").reshape(height, width, channels)
    if top < 65535:
        stretched = (np.minimum(samples, top).astype(np.uint32) * 65535 + top // 2) // top
        return Raster(stretched.astype(np.uint16), format="PPM")
    return Raster(samples.astype(np.uint16), format="PPM")


def _floats(file: BinaryIO, header: re.Match[bytes], name: str, max_pixels: int) -> Raster:
    """The picture of a float map: linear light as in OpenEXR, so encoded as there; rows from the
    bottom up, in the byte order that the sign of its scale says."""
    width, height, scale = int(header[2]), int(header[3]), float(header[4])
    decoding.check_size(width, height, max_pixels, name)
    channels = 1 if header[1] == b"f" else 3
    file.seek(header.end())
    size = width * height * channels * 4
    data = file.read(size)
    if len(data) < size:
        raise ValueError("the file is cut short")
    stored = np.frombuffer(data, "<f4" if scale < 0 else ">f4").reshape(height, width, channels)
    pixels = np.empty(stored.shape, np.float32)
    for rows in strips(height, width):
        pixels[rows] = icc.SRGB_CURVE.encoded(stored[::-1][rows])
    return Raster(pixels, format="PFM")


def float_map(plane: np.ndarray) -> bytes:
    """A mask as a portable float map: gray, little-endian, its rows from the bottom up.

    Parameters
    ----------
    plane : numpy.ndarray
        float32 (H, W) in [0, 1].

    Returns
    -------
    bytes
    """
    height, width = plane.shape
    # Each number on a line of its own would be taken for Photoshop's, whose rows go downward.
    return f"Pf\n{width} {height}\n-1.0\n".encode() + plane[::-1].astype("<f4").tobytes()
