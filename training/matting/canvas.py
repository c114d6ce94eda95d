# SPDX-License-Identifier: Apache-2.0
"""What drawn subjects are drawn with: a supersampled canvas, outlines and bundles of curves."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image, ImageDraw

from . import fields

SUPERSAMPLING = 8
"""Sub-pixels along a side; the thinnest strand is one of them wide, about a tenth of a pixel."""


@dataclasses.dataclass(frozen=True)
class Subject:
    """What is cut out.

    alpha: float32 (H, W) in [0, 1].
    foreground: float32 (H, W, 3) in [0, 1], straight color, defined everywhere.
    """

    alpha: np.ndarray
    foreground: np.ndarray


class Canvas:
    """A supersampled premultiplied RGBA picture to draw opaque or evenly translucent things on."""

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self.rng = rng
        self.size = size
        self.base = fields.color(rng)
        side = size * SUPERSAMPLING
        self.picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self.picture)

    def tint(self, spread: float, opacity: float = 1.0) -> tuple[int, ...]:
        """A premultiplied fill near the subject's base color: brightness varies more than hue."""
        color = self.base * (1 + spread * self.rng.normal()) + 0.15 * spread * self.rng.normal(
            size=3
        )
        rgb = np.clip(color, 0, 1) * opacity * 255
        return (*(int(v) for v in rgb), round(opacity * 255))

    def strand(self, points: np.ndarray, width: float, fill: tuple[int, ...]) -> None:
        """A line along `points` (n, 2) in pixels that thins out over its last third."""
        path = points * SUPERSAMPLING
        cut = max(2, 2 * len(path) // 3)
        self._line(path[:cut], width, fill)
        self._line(path[cut - 1 :], width * 0.55, fill)

    def line(self, points: np.ndarray, width: float, fill: tuple[int, ...]) -> None:
        """A line of even `width` pixels along `points` (n, 2)."""
        self._line(points * SUPERSAMPLING, width, fill)

    def _line(self, path: np.ndarray, width: float, fill: tuple[int, ...]) -> None:
        if len(path) < 2:
            return
        exact = width * SUPERSAMPLING
        whole = int(exact) + int(self.rng.random() < exact % 1)  # right on the average
        self._draw.line(path.ravel().tolist(), fill=fill, width=max(1, whole))

    def polygon(self, points: np.ndarray, fill: tuple[int, ...]) -> None:
        """A filled outline, (n, 2) in pixels. A fill of zeros cuts a hole."""
        self._draw.polygon((points * SUPERSAMPLING).ravel().tolist(), fill=fill)

    def finish(self) -> np.ndarray:
        """Premultiplied float32 RGBA (size, size, 4) in [0, 1]."""
        # Band by band: of a picture with alpha Pillow would make the colors straight.
        bands = [np.asarray(band.reduce(SUPERSAMPLING)) for band in self.picture.split()]
        return np.stack(bands, axis=-1).astype(np.float32) / 255


def outline(
    rng: np.random.Generator, center: np.ndarray, radius: float, roughness: float
) -> np.ndarray:
    """A closed outline (n, 2) around `center`: a circle with random low harmonics."""
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    wobble = np.zeros_like(angle)
    for k in range(1, 9):
        wobble += rng.normal() / k**1.2 * np.cos(k * angle + rng.uniform(0, 6.3))
    r = radius * np.clip(1 + roughness * wobble, 0.35, 1.9)
    return np.asarray(center + r[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1))


def body(canvas: Canvas, roughness: float = 0.25) -> np.ndarray:
    """An outline whose edge crosses the canvas, with certain foreground on one side."""
    rng, size = canvas.rng, canvas.size
    angle = rng.uniform(0, 2 * np.pi)
    offset = rng.uniform(0.1, 0.75) * size
    center = size / 2 + offset * np.array([np.cos(angle), np.sin(angle)])
    radius = max(0.22 * size, offset * rng.uniform(0.75, 1.1))
    return outline(rng, center, radius, roughness * rng.uniform(0.2, 1))


def curves(
    rng: np.random.Generator,
    roots: np.ndarray,
    heading: np.ndarray,
    length: np.ndarray,
    bend: float,
    curl: float,
    steps: int = 24,
) -> np.ndarray:
    """Paths (n, steps, 2) that leave `roots` (n, 2) along `heading` (n,), bending and curling."""
    n = len(roots)
    t = np.linspace(0, 1, steps)[None]
    turn = heading[:, None] + bend * rng.normal(size=(n, 1)) * t
    if curl:
        rate = rng.uniform(4, 14) * rng.uniform(0.7, 1.3, (n, 1))
        turn = turn + curl * np.sin(rate * t + rng.uniform(0, 6.3, (n, 1)))
    turn = turn + np.cumsum(rng.normal(size=(n, steps)), 1) * 0.04
    step = (length[:, None] / steps)[..., None] * np.stack([np.cos(turn), np.sin(turn)], -1)
    return np.asarray(roots[:, None] + np.cumsum(step, 1))


def along(rng: np.random.Generator, edge: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """`n` random places on a closed outline, and the heading outward there."""
    k = rng.integers(0, len(edge), n)
    tangent = np.roll(edge, -1, 0)[k] - edge[k]
    places = edge[k] + rng.random((n, 1)) * tangent
    return places, np.arctan2(-tangent[:, 0], tangent[:, 1])
