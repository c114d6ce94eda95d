# SPDX-License-Identifier: Apache-2.0
"""Pictures of several things whose masks are known."""

from __future__ import annotations

import numpy as np

COLORS = ((190, 60, 40), (50, 110, 50), (60, 50, 130))


def three(gap: int = 130) -> tuple[np.ndarray, np.ndarray]:
    """Three shaded ellipses before a plain ground, `gap` pixels from middle to middle: the image
    (240, 420, 3) uint8 and their masks (3, 240, 420) float."""
    y, x = np.mgrid[:240, :420].astype(np.float32)
    image = np.stack([150 + y / 6, 175 + y / 8, 200 - y / 12], -1)
    masks = []
    for number, color in enumerate(COLORS):
        across, down = (x - 75 - number * gap) / 42, (y - 130) / 60
        alpha = np.clip((1.05 - across**2 - down**2) * 12, 0, 1)
        shade = (1 - 0.18 * (across + down)) * (1 + 0.1 * np.sin(x / 3) * np.sin(y / 4))
        image += alpha[..., None] * (np.array(color) * shade[..., None] - image)
        masks.append(alpha)
    image += np.random.default_rng(0).normal(0, 3, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8), np.stack(masks)
