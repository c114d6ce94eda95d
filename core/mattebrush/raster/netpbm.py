# SPDX-License-Identifier: Apache-2.0
"""16-bit PPM and PGM, which Pillow squeezes to 8, and masks as PFM, which it does not write; the
rest of the family is left to it.

The format: https://netpbm.sourceforge.net/doc/ppm.html
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np

from . import decoding
from .model import Raster

_HEADER = re.compile(
    rb"P([56])((?:\s+|#[^\n]*\n)+)(\d+)((?:\s+|#[^\n]*\n)+)(\d+)"
    rb"((?:\s+|#[^\n]*\n)+)(\d+)(?:#[^\n]*\n)?\s"
)
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
    header = _HEADER.match(file.read(_HEAD))
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
