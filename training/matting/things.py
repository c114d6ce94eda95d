# SPDX-License-Identifier: Apache-2.0
"""Made things, with exact alpha: products with straight edges, plush, line art, lettering, bottles
and smoke. Each function draws one kind on a canvas, or lays it behind what is drawn there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageDraw, ImageFont

from . import fields
from .canvas import SUPERSAMPLING, Canvas, along, body, curves, outline

_FONTS = [
    str(path)
    for folder in ("/usr/share/fonts", str(Path(PIL.__file__).parent))
    for path in sorted(Path(folder).rglob("*.ttf"))
]


def products(canvas: Canvas) -> None:
    """Boxes, rounded boxes and cylinders seen from anywhere: long straight edges, corners, slots
    and a label inside, all of it opaque."""
    rng, size = canvas.rng, canvas.size
    for _ in range(int(rng.integers(1, 4))):
        half = size * rng.uniform(0.08, 0.75, 2)
        center = size * rng.uniform(0.1, 0.9, 2)
        turn = rng.choice([0.0, rng.normal() * 0.1, rng.uniform(0, 3.2)])
        power = rng.choice([40.0, 12.0, 5.0, 2.0])  # of a superellipse: 2 is round
        points = _superellipse(center, half, float(turn), float(power))
        canvas.polygon(points, canvas.tint(0.15))
        for _ in range(int(rng.integers(0, 4))):  # labels and panels, inside
            inner = center + half * rng.uniform(-0.4, 0.4, 2)
            canvas.polygon(
                _superellipse(inner, half * rng.uniform(0.05, 0.4, 2), float(turn), float(power)),
                canvas.tint(1.0),
            )
        if rng.random() < 0.25:
            hole = half * rng.uniform(0.1, 0.5, 2)
            canvas.polygon(_superellipse(center, hole, float(turn), float(power)), (0, 0, 0, 0))
    for _ in range(int(rng.integers(0, 3))):  # legs, cables, aerials
        ends = rng.uniform(-0.1, 1.1, (2, 2)) * size
        canvas.line(ends, float(np.exp(rng.uniform(0, 2.5))), canvas.tint(0.3))


def _superellipse(center: np.ndarray, half: np.ndarray, turn: float, power: float) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    flat = np.stack([np.cos(angle), np.sin(angle)], 1)
    flat = np.sign(flat) * np.abs(flat) ** (2 / power) * half
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(center + flat @ rotation.T)


def plush(canvas: Canvas) -> None:
    """A toy's edge: a dense pile of short strands."""
    rng, size = canvas.rng, canvas.size
    for _ in range(int(rng.integers(1, 3))):
        edge = body(canvas, 0.3)
        shade = rng.uniform(0.03, 0.2)
        n = int(rng.integers(600, 3000))
        roots, heading = along(rng, edge, n)
        length = size * rng.uniform(0.008, 0.04) * rng.gamma(3, 0.33, n)
        width = rng.uniform(0.2, 0.9)
        for path in curves(rng, roots, heading + rng.normal(size=n) * 0.5, length, 1.0, 0.3, 6):
            canvas.strand(path, width, canvas.tint(shade))
        canvas.polygon(edge, canvas.tint(shade / 2))
        for _ in range(int(rng.integers(0, 3))):  # eyes and noses, opaque
            place = edge.mean(0) + rng.normal(size=2) * 0.1 * size
            canvas.polygon(outline(rng, place, rng.uniform(2, 9), 0.05), canvas.tint(2.0))


def line_art(canvas: Canvas) -> None:
    """Inked outlines with fills, some left open."""
    rng, size = canvas.rng, canvas.size
    ink = (*(int(v) for v in np.clip(canvas.base * rng.uniform(0, 0.4), 0, 1) * 255), 255)
    width = float(np.exp(rng.uniform(-0.3, 2)))
    for _ in range(int(rng.integers(1, 6))):
        edge = outline(rng, rng.uniform(0, 1, 2) * size, size * rng.uniform(0.1, 0.6), 0.3)
        if rng.random() < 0.7:
            canvas.polygon(edge, canvas.tint(0.8))
        canvas.line(np.concatenate([edge, edge[:2]]), width, ink)


def lettering(canvas: Canvas) -> None:
    """Words in any size, some with a glow or a soft shadow around them."""
    rng, size = canvas.rng, canvas.size
    side = size * SUPERSAMPLING
    layer = Image.new("L", (side, side))
    pen = ImageDraw.Draw(layer)
    for _ in range(int(rng.integers(1, 5))):
        height = float(np.exp(rng.uniform(np.log(10), np.log(0.9 * size)))) * SUPERSAMPLING
        text = "".join(rng.choice(list("abcdefghkmnorstwxyzABCDEFGHKMRSW&358"), 6))
        font: ImageFont.FreeTypeFont | ImageFont.ImageFont
        if _FONTS:
            font = ImageFont.truetype(str(rng.choice(_FONTS)), height)
        else:
            font = ImageFont.load_default(height)
        x, y = rng.uniform(-0.2, 0.6, 2) * side
        pen.text((x, y), text, 255, font)
    if rng.random() < 0.4:
        layer = layer.rotate(rng.uniform(-90, 90))
    fill = Image.new("RGBA", (side, side), canvas.tint(0.2))
    canvas.picture.paste(fill, (0, 0), layer)


def glow(rng: np.random.Generator, premultiplied: np.ndarray) -> np.ndarray:
    """Sometimes a light around what is drawn that fades into the ground."""
    if rng.random() < 0.5:
        return premultiplied
    light = fields.blur(premultiplied[..., 3], float(np.exp(rng.uniform(0.5, 3))))
    light = np.clip(light * rng.uniform(0.5, 2), 0, 1) * rng.uniform(0.3, 0.9)
    return _behind(premultiplied, fields.color(rng) * 0.4 + 0.6, light)


def bottles(rng: np.random.Generator, premultiplied: np.ndarray) -> np.ndarray:
    """A vessel of glass before what is drawn: clear in the middle, dense at its rims, with what it
    is filled with, a label, a cap and reflections."""
    size = len(premultiplied)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    turn = float(rng.choice([0.0, rng.normal() * 0.1, rng.uniform(0, 6.3)]))
    down = y * np.cos(turn) + x * np.sin(turn) - rng.uniform(-0.3, 0.3)
    across = x * np.cos(turn) - y * np.sin(turn) - rng.uniform(-0.3, 0.3)
    knots = np.cumsum(rng.normal(size=9)) * 0.15
    knots = rng.uniform(0.12, 0.4) * np.exp(knots - knots.mean())
    radius = np.interp(down, np.linspace(-0.7, 0.7, 9), knots)
    radius = radius.astype(np.float32)
    place = across / radius
    inside = np.clip((1 - np.abs(place)) * radius * size + 0.5, 0, 1)
    inside *= np.clip((0.45 - np.abs(down)) * size + 0.5, 0, 1)
    thin = np.sqrt(np.clip(1 - place**2, 0.0025, 1))
    wall = rng.uniform(0.02, 0.2)
    density = 1 - (1 - wall) ** (1 / thin)
    if rng.random() < 0.5:  # a dark or bright line along the rim
        density = np.maximum(density, rng.uniform(0.3, 1) * (np.abs(place) > rng.uniform(0.85, 1)))
    if rng.random() < 0.6:
        filled = 1 / (1 + np.exp(-size * (down - rng.uniform(-0.3, 0.3))))
        density = np.maximum(density, rng.uniform(0.15, 0.95) * filled)
    color = (fields.color(rng) * 0.6 + 0.4 * rng.uniform(0.3, 1)) * np.ones((size, size, 3))
    color = color * (0.8 + 0.4 * fields.smooth(rng, size, 3))[..., None]
    streak = np.exp(-(((place - rng.uniform(-0.8, 0.8)) / rng.uniform(0.02, 0.15)) ** 2))
    streak *= rng.uniform(0.2, 1) * (np.abs(down) < 0.35)
    density = np.maximum(density, streak)
    color = color + streak[..., None] * (1 - color)
    if rng.random() < 0.5:  # a label or a cap
        solid = (np.abs(down - rng.uniform(-0.4, 0.4)) < rng.uniform(0.03, 0.15)).astype(np.float32)
        density = np.maximum(density, solid)
        color = np.where(solid[..., None] > 0, fields.color(rng), color)
    layer = np.clip(density * inside, 0, 1).astype(np.float32)
    over = np.concatenate([np.clip(color, 0, 1) * layer[..., None], layer[..., None]], -1)
    if rng.random() < 0.5:
        premultiplied = np.zeros_like(premultiplied)
    together: np.ndarray = over + (1 - layer[..., None]) * premultiplied
    return together.astype(np.float32)


def smoke(rng: np.random.Generator, premultiplied: np.ndarray) -> np.ndarray:
    """Smoke, steam or dust behind what is drawn: nothing in it has an edge."""
    size = len(premultiplied)
    cloud = np.zeros((size, size), np.float32)
    for octave in range(5):
        cloud += 0.55**octave * (fields.smooth(rng, size, 2 * 2**octave) - 0.5)
    envelope = fields.smooth(rng, size, 2) - rng.uniform(0.2, 0.6)
    density = np.clip(envelope * 2 + cloud * rng.uniform(0.5, 1.5), 0, None)
    layer = 1 - np.exp(-density * rng.uniform(0.5, 4))
    return _behind(premultiplied, fields.color(rng) * 0.3 + 0.7 * rng.uniform(0.2, 1), layer)


def _behind(premultiplied: np.ndarray, color: np.ndarray, layer: np.ndarray) -> np.ndarray:
    layer = np.clip(layer, 0, 1)[..., None]
    back = np.concatenate([np.clip(color, 0, 1) * layer, layer], -1)
    whole: np.ndarray = premultiplied + (1 - premultiplied[..., 3:]) * back
    return whole.astype(np.float32)
