# SPDX-License-Identifier: Apache-2.0
"""An ICC profile with a wide gamut, made from its published numbers: primaries and gamma."""

from __future__ import annotations

import struct

_D50 = (0.9642, 1.0, 0.8249)
_WIDE = {b"rXYZ": (0.6097, 0.3111, 0.0195), b"gXYZ": (0.2053, 0.6257, 0.0609),
         b"bXYZ": (0.1492, 0.0632, 0.7446)}  # fmt: skip
_GAMMA = 2.19921875


def wide_gamut() -> bytes:
    """The primaries of Adobe RGB (1998), adapted to D50, as a matrix profile."""
    parts = {
        b"desc": _description("Wide gamut"),
        b"cprt": b"text\0\0\0\0made for a test\0",
        b"wtpt": _xyz(_D50),
        **{tag: _xyz(values) for tag, values in _WIDE.items()},
    }
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(_GAMMA * 256))
    parts.update(dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))
    offset, index, body = 132 + 12 * len(parts), b"", b""
    for tag, part in parts.items():
        index += tag + struct.pack(">II", offset + len(body), len(part))
        body += part + b"\0" * (-len(part) % 4)
    head = struct.pack(">I4sI", offset + len(body), b"", 0x02100000) + b"mntrRGB XYZ "
    head = head.ljust(36, b"\0") + b"acsp"
    head = head.ljust(68, b"\0") + _numbers(_D50)
    return head.ljust(128, b"\0") + struct.pack(">I", len(parts)) + index + body


def _description(text: str) -> bytes:
    data = text.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(data)) + data + bytes(78)


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + _numbers(values)


def _numbers(values: tuple[float, float, float]) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in values))
