# SPDX-License-Identifier: GPL-3.0-or-later
"""The lower or higher of two masks, pixel by pixel, without numpy, which GIMP's Python lacks.

Many pixels at a time stand side by side in one long integer, each in a lane of twice its width;
the bit above a difference says which was larger. Floats from 0 up compare as their bits do.
"""

import array
import binascii
import sys

from mattebrush_client import Array

_SIZES = {"uint8": 1, "uint16": 2, "float32": 4}
_STRIP = 1 << 16  # bytes at a time: what stays in a processor's cache


def lowest(one, other):
    """The mask that only shows what both show."""
    return _chosen(one, other, True)


def highest(one, other):
    """The mask that shows what either shows."""
    return _chosen(one, other, False)


def eight_bits(mask):
    """A mask in 8 bits, for a preview."""
    if mask.dtype == "uint16":
        return Array(bytes(mask.data[1::2]), mask.shape, "uint8")
    if mask.dtype == "float32":
        values = array.array("f")
        getattr(values, "frombytes", getattr(values, "fromstring", None))(mask.data)
        whole = [int(min(max(value, 0.0), 1.0) * 255 + 0.5) for value in values]
        return Array(bytes(bytearray(whole)), mask.shape, "uint8")
    return mask


def _chosen(one, other, lower):
    size = _SIZES[one.dtype]
    if one.dtype != other.dtype or len(one.data) != len(other.data):
        raise ValueError("masks of two kinds")
    parts = []
    for start in range(0, len(one.data), _STRIP):
        a, b = (bytes(mask.data[start : start + _STRIP]) for mask in (one, other))
        parts.append(_strip(a, b, size, lower))
    return Array(b"".join(parts), one.shape, one.dtype)


def _strip(a, b, size, lower):
    length = len(a)
    a, b = _integer(a), _integer(b)
    bits = 8 * size
    ones = _integer((b"\1" + b"\0" * (2 * size - 1)) * (length // (2 * size) + 1))
    full = ones * ((1 << bits) - 1)  # every other lane
    result = 0
    for shift in (0, bits):
        left, right = a >> shift & full, b >> shift & full
        larger = ((left | ones << bits) - right) >> bits & ones
        mask = larger * ((1 << bits) - 1)  # where left is at least right
        if lower:
            mask ^= full
        result |= (left & mask | right & (full ^ mask)) << shift
    return _data(result, length)


def _integer(data):
    if sys.version_info[0] > 2:
        return int.from_bytes(data, "little")
    return int(binascii.hexlify(data[::-1]), 16)


def _data(value, length):
    value &= (1 << 8 * length) - 1
    if sys.version_info[0] > 2:
        return value.to_bytes(length, "little")
    return binascii.unhexlify("%0*x" % (2 * length, value))[::-1]
