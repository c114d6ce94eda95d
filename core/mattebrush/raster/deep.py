# SPDX-License-Identifier: Apache-2.0
"""More than 8 bits a sample out of HEIF, AVIF and JPEG 2000, whose plug-ins in Pillow keep 8.

Only samples are taken from here; what the file says beside them, Pillow reads (`decoding`).
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from . import bmff

FORMATS = ("HEIF", "AVIF", "JPEG2000")

_SIZ_DEPTH = 42  # where a bare JPEG 2000 codestream says how deep its first component is


def depth(file: BinaryIO, format: str) -> int:
    """Bits a sample, 0 where the file does not say.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.
    format : str
        Its format, such as "JPEG".

    Returns
    -------
    int
    """
    if format == "JPEG2000":
        file.seek(0)
        head = file.read(_SIZ_DEPTH + 1)
        if head.startswith(b"\xff\x4f\xff\x51") and len(head) > _SIZ_DEPTH:
            return (head[_SIZ_DEPTH] & 0x7F) + 1
    return bmff.describe(file).depth


def samples(file: BinaryIO, format: str, bits: int) -> np.ndarray | None:
    """The picture as stored, (H, W, 1 to 4) uint16 at full scale; alpha last where the number is
    even. None where it is of a kind that this does not take (palettes, CMYK, signed).

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.
    format : str
        Its format, such as "JPEG".
    bits : int
        Bits a sample.

    Returns
    -------
    numpy.ndarray or None
    """
    file.seek(0)
    if format == "HEIF":
        array = _heif(file, bits)
    else:
        import imagecodecs

        decode = imagecodecs.avif_decode if format == "AVIF" else imagecodecs.jpeg2k_decode
        array = decode(file.read())
    array = array[..., None] if array.ndim == 2 else array
    if array.dtype != np.uint16 or array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4):
        return None
    return at_full_scale(array, bits)


def at_full_scale(array: np.ndarray, bits: int) -> np.ndarray:
    """Samples of `bits` (9 to 16) in uint16, stretched to all of it.

    Parameters
    ----------
    array : numpy.ndarray
        Uint16 (H, W, ...).
    bits : int
        Bits a sample.

    Returns
    -------
    numpy.ndarray
    """
    if bits >= 16:
        return array
    top = (1 << bits) - 1
    table = (np.arange(1 << 16, dtype=np.uint64).clip(0, top) * 65535 + top // 2) // top
    return table.astype(np.uint16)[array]


def _heif(file: BinaryIO, bits: int) -> np.ndarray:
    import pillow_heif

    heif = pillow_heif.open_heif(file, convert_hdr_to_8bit=False, hdr_to_16bit=True)
    image = heif[heif.primary_index]
    array: np.ndarray = np.asarray(image)
    return array >> (16 - bits) if array.dtype == np.uint16 else array
