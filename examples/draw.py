# SPDX-License-Identifier: Apache-2.0
"""Draws the examples that are no photographs: soft fur before a meadow, a vase on a table, a
bicycle before a wall.

    python examples/draw.py

They show what photographs show (hair, hard edges, a blurred background, the sensor's noise) and
are ours to give away.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 900, 675
FINE = 3
"""Everything is drawn so many times larger and averaged, so that a hair can be thin."""

Color = tuple[float, float, float]


def fur(random: np.random.Generator) -> np.ndarray:
    """A round furry thing with two eyes: hair upon hair from back to front, lit from above."""
    picture = _blurred_lights(random, (62, 94, 40), (150, 178, 84))
    draw = ImageDraw.Draw(picture)
    middle, radius = np.array([WIDTH * 0.5, HEIGHT * 0.56]) * FINE, HEIGHT * 0.27 * FINE
    for depth in np.linspace(1, 0, 9000):
        angle = random.uniform(0, 2 * np.pi)
        out = np.array([np.cos(angle), np.sin(angle)])
        root = middle + out * radius * depth
        lean = out + random.normal(0, 0.35, 2) + np.array([0, 0.25])
        tip = root + lean * radius * random.uniform(0.15, 0.34)
        bend = (root + tip) / 2 + random.normal(0, 0.02, 2) * radius
        light = 0.72 - 0.34 * out[1] * depth + random.normal(0, 0.09)
        _stroke(draw, [root, bend, tip], _tone((226, 164, 98), light), random.uniform(2, 5))
    for side in (-1, 1):
        _ball(draw, middle + np.array([side * 0.33, -0.2]) * radius, 0.17 * radius, (24, 18, 16))
        _ball(
            draw, middle + np.array([side * 0.33 - 0.05, -0.26]) * radius, 0.05 * radius, (245,) * 3
        )
    _ball(draw, middle + np.array([0, 0.12]) * radius, 0.1 * radius, (52, 30, 28))
    return _photographed(picture, random)


def vase(random: np.random.Generator) -> np.ndarray:
    """A glazed vase on a table: hard edges and a bright highlight."""
    picture = _blurred_lights(random, (168, 156, 142), (214, 204, 190))
    draw = ImageDraw.Draw(picture)
    table = HEIGHT * 0.82 * FINE
    draw.rectangle([0, table, WIDTH * FINE, HEIGHT * FINE], fill=(122, 88, 62))
    picture = picture.filter(ImageFilter.GaussianBlur(3 * FINE))
    draw = ImageDraw.Draw(picture)
    middle, top, foot = WIDTH * 0.5 * FINE, HEIGHT * 0.2 * FINE, HEIGHT * 0.9 * FINE
    for y in np.arange(top, foot, 1.0):
        share = (y - top) / (foot - top)
        half = WIDTH * FINE * (0.06 + 0.1 * np.sin(np.pi * share**0.8))
        x = np.linspace(-1, 1, 160)
        for a, b in itertools.pairwise(x):
            light = 0.45 + 0.55 * np.sqrt(max(0.0, 1 - (a + 0.35) ** 2))
            shine = np.exp(-(((a + 0.45) / 0.09) ** 2) - ((share - 0.35) / 0.2) ** 2)
            tone = _tone((44, 92, 138), light + 1.6 * shine)
            draw.line([(middle + a * half, y), (middle + b * half, y)], fill=tone, width=1)
    return _photographed(picture, random)


def bicycle(random: np.random.Generator) -> np.ndarray:
    """A bicycle before a wall: thin tubes, and holes through which the wall is seen."""
    picture = _blurred_lights(random, (190, 180, 150), (230, 222, 200))
    draw = ImageDraw.Draw(picture)
    for part, width, tone in BICYCLE:
        places = [(x * FINE, y * FINE) for x, y in part]
        draw.line(places, fill=tone, width=width * FINE)
    for middle in (300, 600):
        ring = [(middle - 110) * FINE, 310 * FINE, (middle + 110) * FINE, 530 * FINE]
        draw.ellipse(ring, outline=_RUBBER, width=9 * FINE)
    return _photographed(picture, random)


_PAINT, _RUBBER = (30, 60, 140), (25, 25, 28)
_REAR, _PEDALS, _SADDLE, _HEAD, _FORK = (300, 420), (430, 420), (400, 260), (560, 260), (600, 420)
BICYCLE: list[tuple[tuple[tuple[int, int], ...], int, tuple[int, int, int]]] = [
    ((_REAR, _SADDLE, _HEAD, _PEDALS, _REAR), 9, _PAINT),
    ((_PEDALS, _SADDLE, (390, 235)), 9, _PAINT),
    ((_FORK, (550, 225)), 9, _PAINT),
    (((550, 225), (520, 215)), 8, _RUBBER),
    (((365, 232), (420, 232)), 12, _RUBBER),
]
"""Its tubes: places, width, tone."""


def _blurred_lights(random: np.random.Generator, dark: Color, bright: Color) -> Image.Image:
    """What lies far behind: discs of light out of focus."""
    picture = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), dark)
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        share = random.uniform(0, 1)
        tone = np.array(dark) + share * (np.array(bright) - np.array(dark))
        place = random.uniform(0, 1, 2) * (WIDTH * FINE, HEIGHT * FINE)
        _ball(draw, place, random.uniform(30, 110) * FINE, _tone(tuple(tone), 1))
    return picture.filter(ImageFilter.GaussianBlur(22 * FINE))


def _photographed(picture: Image.Image, random: np.random.Generator) -> np.ndarray:
    """Averaged to the size wanted, with the sensor's noise: (H, W, 3) uint8."""
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    noisy = np.asarray(small) + random.normal(0, 2.5, (HEIGHT, WIDTH, 3))
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def _stroke(draw: ImageDraw.ImageDraw, path: list[np.ndarray], tone: Color, width: float) -> None:
    draw.line([tuple(point) for point in path], fill=tone, width=round(width), joint="curve")


def _ball(draw: ImageDraw.ImageDraw, middle: np.ndarray, radius: float, tone: Color) -> None:
    draw.ellipse([*(middle - radius), *(middle + radius)], fill=tone)


def _tone(color: Color, light: float) -> tuple[int, int, int]:
    red, green, blue = (round(min(255.0, max(0.0, channel * light))) for channel in color)
    return red, green, blue


if __name__ == "__main__":
    for name, scene in (("fur", fur), ("vase", vase), ("bicycle", bicycle)):
        path = Path(__file__).with_name(f"{name}.jpg")
        Image.fromarray(scene(np.random.default_rng(7))).save(path, quality=88)
