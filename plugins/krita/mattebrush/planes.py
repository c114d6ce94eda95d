# SPDX-License-Identifier: GPL-3.0-or-later
"""Arithmetic on masks, value by value, in a Python without numpy: its long integers do the work.

These take some tenths of a second for large pictures: call them in a thread.
"""

from __future__ import annotations

from typing import Callable, Iterator

_CHUNK = 1 << 20
"""Bytes at a time, so that they stay in the processor's cache."""


def median(frames: list[bytes]) -> list[bytes]:
    """Each value the median of the frame before, its own and the frame after; ends stay."""
    middle = [_by_value(_median, three) for three in zip(frames, frames[1:], frames[2:])]
    return frames[:1] + middle + frames[len(middle) + 1 :]


def largest(one: bytes, other: bytes) -> bytes:
    """The larger value of both."""
    return _by_value(lambda size, a, b: _sorted(size, a, b)[1], (one, other))


def _by_value(function: Callable[..., int], planes: tuple[bytes, ...]) -> bytes:
    """`function` of the planes' values. It is given the size in bytes of what follows, integers of
    values in lanes of 16 bits, of which the upper half is free."""
    out = []
    for parts in _chunks(planes):
        size = len(parts[0]) + len(parts[0]) % 2
        numbers = [int.from_bytes(part, "little") for part in parts]
        every_other = int.from_bytes(b"\xff\x00" * (size // 2), "little")
        even = function(size, *(number & every_other for number in numbers))
        odd = function(size, *(number >> 8 & every_other for number in numbers))
        out.append((even | odd << 8).to_bytes(size, "little")[: len(parts[0])])
    return b"".join(out)


def _chunks(planes: tuple[bytes, ...]) -> Iterator[list[bytes]]:
    for start in range(0, len(planes[0]), _CHUNK):
        yield [plane[start : start + _CHUNK] for plane in planes]


def _sorted(size: int, one: int, other: int) -> tuple[int, int]:
    """The smaller and the larger in each lane."""
    carry = int.from_bytes(b"\x00\x01" * (size // 2), "little")
    # The free bit stays set where one is not less than the other: a mask of those lanes.
    not_less = ((one | carry) - other) & carry
    swap = (one ^ other) & (not_less - (not_less >> 8))
    return one ^ swap, other ^ swap


def _median(size: int, a: int, b: int, c: int) -> int:
    low, high = _sorted(size, a, b)
    middle, _larger = _sorted(size, high, c)
    return _sorted(size, low, middle)[1]
