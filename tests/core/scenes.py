# SPDX-License-Identifier: Apache-2.0
"""Scenes whose alpha and colours are known."""

from __future__ import annotations

import dataclasses

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
