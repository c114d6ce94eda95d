# SPDX-License-Identifier: Apache-2.0
"""Drawn clips with known truth: a ball moves over a textured ground."""

from __future__ import annotations

import numpy as np

from mattebrush.imaging.resize import resize

HEIGHT, WIDTH = 96, 160
RADIUS = 20


def ground(seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """(H, W, 3) uint8: soft greenish patches."""
    noise = np.random.default_rng(seed).random((height // 6, width // 6, 3)).astype(np.float32)
    color = 60 + 80 * resize(noise, (height, width), "bicubic") * np.array([0.6, 1, 0.5])
    return np.clip(color, 0, 255).astype(np.uint8)


def disc(x: float, y: float, radius: float = RADIUS) -> np.ndarray:
    """bool (H, W)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    inside: np.ndarray = (rows + 0.5 - y) ** 2 + (columns + 0.5 - x) ** 2 <= radius**2
    return inside


def with_ball(picture: np.ndarray, x: float, y: float, color: tuple[int, int, int]) -> np.ndarray:
    """The picture with a shaded ball before it."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    shade = 1.15 - 0.5 * np.hypot(rows - y + 8, columns - x + 8) / RADIUS
    ball = np.clip(np.array(color) * shade[..., None], 0, 255)
    return np.where(disc(x, y)[..., None], ball, picture).astype(np.uint8)


RED, BLUE = (220, 60, 40), (50, 70, 210)


def frames(count: int, step: float = 4.0) -> list[tuple[np.ndarray, np.ndarray]]:
    """A red ball going right: frame and truth, bool."""
    behind = ground()
    places = [(40 + step * i, HEIGHT / 2) for i in range(count)]
    return [(with_ball(behind, x, y, RED), disc(x, y)) for x, y in places]


def overlap(alpha: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of alpha over one half and the truth."""
    result = alpha > (0.5 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max // 2)
    return float((result & truth).sum() / max((result | truth).sum(), 1))
