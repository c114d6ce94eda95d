# SPDX-License-Identifier: Apache-2.0
"""Scenes whose alpha and colors are known."""

from __future__ import annotations

import dataclasses
import struct

import numpy as np

RED, GREEN = np.array([200, 30, 20.0]), np.array([20, 160, 50.0])


@dataclasses.dataclass(frozen=True)
class Scene:
    """image (H, W, 3) uint8: a red disc with a soft edge before green; alpha: its true alpha."""

    image: np.ndarray
    alpha: np.ndarray


def disc(height: int, width: int, softness: float = 6.0) -> Scene:
    """A red disc, its edge `softness` pixels wide, a little right of the middle."""
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(x - width * 0.55, y - height * 0.5)
    alpha = np.clip((min(height, width) * 0.3 - distance) / softness + 0.5, 0, 1)
    image = alpha[..., None] * RED + (1 - alpha[..., None]) * GREEN
    noise = np.random.default_rng(7).normal(0, 2, image.shape)
    return Scene(np.clip(np.round(image + noise), 0, 255).astype(np.uint8), alpha)


def linear_profile() -> bytes:
    """sRGB's primaries (D50) without its curve, as a minimal ICC profile of version 2."""

    def number(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))

    text = b"linear\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + text,
        b"wtpt": number(0.9642, 1.0, 0.8249),
        b"rXYZ": number(0.4360, 0.2225, 0.0139),
        b"gXYZ": number(0.3851, 0.7169, 0.0971),
        b"bXYZ": number(0.1431, 0.0606, 0.7141),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + bytes(8)),
    }
    place, table, data = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        value += bytes(-len(value) % 4)
        table += name + struct.pack(">II", place + len(data), len(value))
        data += value
    head = struct.pack(
        ">I4sI4s4s4s", place + len(data), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ "
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + data
