# SPDX-License-Identifier: Apache-2.0
"""A printer's profile for tests: ideal inks (cyan is what red lacks), black unused on the way out.

Made here, since profiles of real printers are not ours to pass on, and no machine has to have one.
"""

from __future__ import annotations

import struct

import numpy as np

_WHITE = np.array([0.9642, 1.0, 0.8249])  # D50
_TO_XYZ = np.array(  # sRGB's linear light, adapted to D50
    [[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]]
)
_GRID_LAB, _GRID_INKS = 33, 9


def _lab(rgb: np.ndarray) -> np.ndarray:
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    ratio = linear @ _TO_XYZ.T / _WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _rgb(lab: np.ndarray) -> np.ndarray:
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389)
    linear = np.clip((ratio * _WHITE) @ np.linalg.inv(_TO_XYZ).T, 0, 1)
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, linear * 12.92)


def _axes(count: int, points: int) -> np.ndarray:
    steps = np.linspace(0, 1, points)
    return np.stack(np.meshgrid(*[steps] * count, indexing="ij"), axis=-1)


def _table(values: np.ndarray, inputs: int, points: int) -> bytes:
    outputs = values.shape[-1]
    straight = np.array([0, 65535], ">u2").tobytes()
    head = b"mft2" + bytes(4) + bytes((inputs, outputs, points, 0))
    matrix = struct.pack(">9i", *(65536 if n % 4 == 0 else 0 for n in range(9)))
    grid = np.rint(np.clip(values, 0, 65535)).astype(">u2").tobytes()
    return head + matrix + struct.pack(">HH", 2, 2) + straight * inputs + grid + straight * outputs


def _text(text: str) -> bytes:
    data = text.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(data)) + data + bytes(78)


def profile() -> bytes:
    """The profile's bytes."""
    scale, shift = np.array([65280 / 100, 256, 256]), np.array([0, 32768, 32768])
    encoded = _axes(3, _GRID_LAB) * 65535
    inks = 1 - _rgb((encoded - shift) / scale)
    out = np.concatenate([inks, np.zeros((*inks.shape[:-1], 1))], axis=-1) * 65535
    amounts = _axes(4, _GRID_INKS)
    seen = _lab((1 - amounts[..., :3]) * (1 - amounts[..., 3:]))
    tags = {
        b"desc": _text("Ideal inks"),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in _WHITE)),
        b"A2B0": _table(seen * scale + shift, 4, _GRID_INKS),
        b"B2A0": _table(out, 3, _GRID_LAB),
    }
    at, rows, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        rows += struct.pack(">4sII", name, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4xI4s4s4s", at + len(body), 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += struct.pack(">3i", *(round(v * 65536) for v in _WHITE))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + rows + body
