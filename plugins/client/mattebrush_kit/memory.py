# SPDX-License-Identifier: Apache-2.0
"""The remembered mask: what the engine last gave, kept beside the host's mask.

Refine Mask takes the difference between it and the mask as it is now for the user's strokes. The
format is the same in every host: `_HEADER`, then the values, deflated.
"""

import struct
import zlib

from ._client import client

_MAGIC = b"MBM1"
_HEADER = struct.Struct("<4sB3x2i2I")  # magic, bits, x, y, width, height
_BITS = {"uint8": 8, "uint16": 16, "float32": 32}


def remember(mask, x=0, y=0):
    """The bytes to keep for a mask, an `Array` (H, W) whose corner is at (x, y) of the document."""
    return _header(mask, x, y) + zlib.compress(mask.data, 1)


def recall(note, mask, x=0, y=0):
    """The `Array` that was remembered, or None when there is none that fits.

    note: bytes from `remember`, or None. mask: the host's mask now, at (x, y): one that has another
    size, depth or place by now cannot be compared with what was.
    """
    if not note or note[: _HEADER.size] != _header(mask, x, y):
        return None
    unpack = zlib.decompressobj()
    size = len(mask.data)
    try:
        data = unpack.decompress(note[_HEADER.size :], size + 1)
    except zlib.error:
        return None
    if len(data) != size:
        return None
    return client.Array(data, mask.shape, mask.dtype)


def _header(mask, x, y):
    height, width = mask.shape
    return _HEADER.pack(_MAGIC, _BITS[mask.dtype], int(x), int(y), width, height)
