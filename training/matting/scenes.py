# SPDX-License-Identifier: Apache-2.0
"""Whole scenes with known alpha, foreground and background: for training, tests and benchmarks.

    scene = make_scene(seed=7, size=256, kind="hair")
    scene.image, scene.alpha, scene.foreground, scene.background, scene.trimap, scene.coarse

`compose` does the same for a subject drawn earlier and real photographs, which is how training
uses it. A scene depends on its seed alone.
"""

from __future__ import annotations

import dataclasses
import io

import numpy as np
from PIL import Image

from . import fields, shapes, trimaps
from .canvas import Subject


@dataclasses.dataclass(frozen=True)
class Scene:
    """A picture and the truth behind it; image = alpha F + (1 - alpha) B up to camera and noise.

    image, foreground, background: float32 (H, W, 3) in [0, 1]; foreground is straight.
    alpha: float32 (H, W) in [0, 1]. trimap: uint8 (H, W), 0/128/255.
    coarse: float32 (H, W) in [0, 1], what a low-resolution network might say, or None.
    """

    image: np.ndarray
    alpha: np.ndarray
    foreground: np.ndarray
    background: np.ndarray
    trimap: np.ndarray
    coarse: np.ndarray | None
    kind: str


def make_scene(seed: int, size: int = 256, kind: str | None = None) -> Scene:
    """Draws a scene of `size` x `size` pixels; `kind` is one of `shapes.KINDS`, or random.

    Subject and background are wholly synthetic, so the pictures are ours to ship.
    """
    rng = np.random.default_rng(seed)
    kind = kind or shapes.pick_kind(rng)
    subject = shapes.draw(kind, rng, size)
    return compose(rng, subject, invented(rng, size), invented(rng, size), kind)


def invented(rng: np.random.Generator, size: int) -> np.ndarray:
    """A background from nothing: patches of color, gradients and texture, (size, size, 3)."""
    picture = np.zeros((size, size, 3), np.float32) + fields.color(rng)
    for _ in range(int(rng.integers(0, 6))):
        cells = int(rng.integers(1, 10))
        edge = np.exp(rng.uniform(np.log(2), np.log(80)))
        patch = 1 / (1 + np.exp(-edge * (fields.smooth(rng, size, cells) - rng.uniform(0.4, 0.7))))
        picture += patch[..., None] * (fields.color(rng) - picture)
    grain = np.zeros((size, size), np.float32)
    for cells in (8, 20, 60):
        grain += fields.smooth(rng, size, cells) - 0.5
    picture = picture * (1 + rng.uniform(0, 0.5) * grain[..., None])
    return np.asarray(picture, np.float32).clip(0, 1)


def compose(
    rng: np.random.Generator,
    subject: Subject,
    background: np.ndarray,
    texture: np.ndarray,
    kind: str,
) -> Scene:
    """Puts a subject before a background, and the camera's faults on the picture.

    background, texture: (H, W, 3) in [0, 1] of the subject's size. The texture varies the
    subject's color; sometimes it replaces it, or the subject takes the background's colors.
    """
    alpha = subject.alpha
    foreground = _colored(rng, subject.foreground, texture)
    background = _lit(rng, background)
    if rng.random() < 0.12:  # camouflage
        pull = rng.uniform(0.3, 0.8)
        foreground = foreground + pull * (background.mean((0, 1)) - foreground.mean((0, 1)))
    foreground = np.clip(foreground, 0, 1).astype(np.float32)
    image = alpha[..., None] * foreground + (1 - alpha[..., None]) * background
    image = _photographed(rng, image)
    trimap, coarse = _known(rng, alpha)
    return Scene(image, alpha, foreground, background, trimap, coarse, kind)


def _colored(rng: np.random.Generator, drawn: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """The subject's color: as drawn, in another tone, or overlaid with a photograph."""
    own = np.clip(drawn, 0.02, 1)
    if rng.random() < 0.7:
        own = own * (fields.color(rng) + 0.05) / (own.mean((0, 1)) + 0.05)
    choice = rng.random()
    if choice < 0.3:
        return texture
    if choice < 0.75:
        detail = texture - texture.mean((0, 1))
        own = own + rng.uniform(0.1, 0.9) * detail
    light = 1 + rng.uniform(0, 0.8) * (fields.smooth(rng, len(own), 2) - 0.5)
    return np.asarray(own * light[..., None], np.float32)


def _lit(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Another exposure and white balance, and often out of focus."""
    gain = np.exp(rng.normal() * 0.25) * (1 + 0.08 * rng.normal(size=3))
    picture = np.clip(picture * gain + rng.normal() * 0.05, 0, 1)
    if rng.random() < 0.5:
        picture = fields.blur(picture, np.exp(rng.uniform(np.log(0.4), np.log(6))))
    return np.asarray(picture, np.float32)


def _photographed(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Noise, sharpening and JPEG as cameras and web pages add them; now and then none."""
    if rng.random() < 0.6:
        level = np.exp(rng.uniform(np.log(0.002), np.log(0.03)))
        noise = rng.standard_normal(image.shape, dtype=np.float32) * level
        image = image + (fields.blur(noise, 0.6) * 2 if rng.random() < 0.4 else noise)
    if rng.random() < 0.3:
        image = image + rng.uniform(0.2, 1.0) * (image - fields.blur(image, rng.uniform(0.5, 1.2)))
    picture = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        stream = io.BytesIO()
        quality = int(100 - 45 * rng.random() ** 1.5)
        subsampling = 0 if rng.random() < 0.5 else 2
        Image.fromarray(picture).save(stream, "JPEG", quality=quality, subsampling=subsampling)
        picture = np.asarray(Image.open(stream))
    return np.asarray(picture / 255, np.float32)


def _known(rng: np.random.Generator, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """A trimap, and in half of the cases a coarse alpha to go with it."""
    if rng.random() < 0.5:
        return trimaps.paint(rng, alpha, (2, 55)), None
    coarse = trimaps.guess(rng, alpha)
    if rng.random() < 0.3:
        return trimaps.around(rng, coarse), coarse
    return trimaps.paint(rng, alpha, (2, 55)), coarse
