# SPDX-License-Identifier: Apache-2.0
"""Whether a product's edge stays straight and one pixel soft while whiskers are kept.

    python -m bench.straightness

Boxes at any angle before drawn grounds, with whiskers that stick out of them, and a coarse alpha as
the segmentation network's: the truth, blurred, at 288 cells. Wobble: the standard deviation, in
pixels, of where alpha is one half, across the edge, along each straight side. Softness: over how
many pixels alpha goes from a tenth to nine tenths. Whiskers, 2 pixels wide: how much more opaque
they are than what is beside them. Medians over all scenes; the first row measures the truth itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
from PIL import Image

from mattebrush.cutout import Report, no_progress
from mattebrush.imaging.resize import Upsampled
from mattebrush.matting import methods
from mattebrush.matting.trimap import adaptive_trimap
from mattebrush.matting.unknown import matte_unknown
from mattebrush.options import Options
from training.matting import fields, scenes

_CELLS = 288
_REACH = 8.0
"""How far across an edge is looked, in pixels."""


class Scene:
    """A box with whiskers before a ground. image: (S, S, 3) uint8. alpha: (S, S) float32."""

    def __init__(self, seed: int, size: int) -> None:
        rng = np.random.default_rng((seed, 55))
        scale = size / 192
        turn = rng.uniform(0, np.pi / 2)
        center = size * rng.uniform(0.45, 0.55, 2)
        half = size * rng.uniform(0.18, 0.26, 2)
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        self.corners = center + (signs * half) @ axes
        self.alpha = _covered(self.corners, size)
        self.whiskers = []
        for _ in range(3):
            root = center + half[0] * axes[0] + rng.uniform(-0.8, 0.8) * half[1] * axes[1]
            tip = root + axes[0] * 20 * scale + axes[1] * rng.normal() * 6 * scale
            self.whiskers.append((root, tip))
        strands = np.zeros_like(self.alpha)
        for root, tip in self.whiskers:
            strands = np.maximum(strands, _line(root, tip, 2.0, size))
        self.alpha = np.maximum(self.alpha, strands)
        ground = scenes.invented(rng, size)
        color = fields.color(rng) * 0.5
        if ground.mean() < 0.5:
            color = color + 0.5
        color = color * (0.85 + 0.3 * fields.smooth(rng, size, 4))[..., None]
        picture = self.alpha[..., None] * color + (1 - self.alpha[..., None]) * ground
        noise = rng.normal(size=picture.shape) * 0.01
        self.image = np.rint(np.clip(picture + noise, 0, 1) * 255).astype(np.uint8)

    def sides(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Points along three sides (n, 2), those with no whisker, and the outward normal (2,)."""
        for k in (0, 2, 3):
            a, b = self.corners[k], self.corners[(k + 1) % 4]
            along = np.linspace(0.1, 0.9, 200)[:, None]
            normal = np.array([(b - a)[1], -(b - a)[0]])
            yield a + along * (b - a), normal / np.linalg.norm(normal)


def _covered(corners: np.ndarray, size: int) -> np.ndarray:
    """The box, exactly: how far inside each pixel is, cut to 0..1."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    inside = np.ones((size, size))
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        along = (b - a) / np.linalg.norm(b - a)
        inside = np.minimum(inside, along[0] * (y - a[1]) - along[1] * (x - a[0]) + 0.5)
    return np.clip(inside, 0, 1).astype(np.float32)


def _line(root: np.ndarray, tip: np.ndarray, width: float, size: int) -> np.ndarray:
    y, x = np.mgrid[0:size, 0:size] + 0.5
    span = tip - root
    length = np.linalg.norm(span)
    along = ((x - root[0]) * span[0] + (y - root[1]) * span[1]) / length
    across = np.abs((x - root[0]) * span[1] - (y - root[1]) * span[0]) / length
    ends = np.clip(along + 0.5, 0, 1) * np.clip(length - along + 0.5, 0, 1)
    return (np.clip(width / 2 + 0.5 - across, 0, 1) * ends).astype(np.float32)


def profiles(alpha: np.ndarray, points: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """alpha across an edge at each point, from inside to outside, (n, k), ten steps a pixel."""
    steps = np.arange(-_REACH, _REACH, 0.1)
    at = points[:, None] + steps[None, :, None] * normal - 0.5
    x, y = (np.clip(at[..., k], 0, alpha.shape[1 - k] - 1.001) for k in (0, 1))
    i, j = y.astype(int), x.astype(int)
    v, u = y - i, x - j
    rows = [alpha[k, j] * (1 - u) + alpha[k, j + 1] * u for k in (i, i + 1)]
    profile: np.ndarray = rows[0] * (1 - v) + rows[1] * v
    return profile


def measures(scene: Scene, alpha: np.ndarray) -> tuple[float, float, float]:
    """Wobble and softness in pixels, what is left of whiskers in per cent."""
    wobble, softness = [], []
    for points, normal in scene.sides():
        across = profiles(alpha, points, normal)
        places = (across > 0.5).sum(axis=1) * 0.1  # where a monotonous edge crosses one half
        wobble.append(places.std())
        softness.append(np.median(((across > 0.1) & (across < 0.9)).sum(axis=1) * 0.1))
    left = []
    for root, tip in scene.whiskers:
        points = root + np.linspace(0.3, 0.9, 60)[:, None] * (tip - root)
        normal = np.array([(tip - root)[1], -(tip - root)[0]])
        across = profiles(alpha, points, normal / np.linalg.norm(normal))
        middle = np.abs(np.arange(-_REACH, _REACH, 0.1)) < 1
        beside = np.abs(np.arange(-_REACH, _REACH, 0.1)) > 4
        left.append(across[:, middle].mean() - across[:, beside].mean())
    return float(np.median(wobble)), float(np.median(softness)), float(np.median(left))


def main() -> None:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--sizes", type=int, nargs="+", default=[480, 1600])
    args = parser.parse_args()
    print("| picture | side | wobble, px | softness, px | whiskers left |")
    print("| --- | --- | ---: | ---: | ---: |")
    for size in args.sizes:
        made = [Scene(seed, size) for seed in range(args.scenes)]
        _row(size, "truth", [measures(scene, scene.alpha) for scene in made])
        for name in ("none", "guided", "network"):
            method = methods.select(Options(matting=name, device="cpu"), Report("matte", 1, 1))
            _row(size, name, [measures(scene, _matted(scene, size, method)) for scene in made])


def _matted(scene: Scene, size: int, method: methods.Method) -> np.ndarray:
    small = Image.fromarray(scene.alpha).resize((_CELLS, _CELLS), Image.Resampling.BOX)
    soft = fields.blur(np.asarray(small), 0.7)
    probability = (1 / (1 + np.exp(-10 * (soft - 0.5)))).astype(np.float32)
    trimap = adaptive_trimap(probability, size, size)
    coarse = Upsampled(probability, size, size)
    return matte_unknown(scene.image, trimap, coarse, method, no_progress, None)


def _row(size: int, name: str, values: list[tuple[float, float, float]]) -> None:
    wobble, softness, left = np.median(values, axis=0)
    print(f"| {size} px | {name} | {wobble:.2f} | {softness:.2f} | {left:.0%} |", flush=True)


if __name__ == "__main__":
    main()
