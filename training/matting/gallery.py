# SPDX-License-Identifier: Apache-2.0
"""Drawn subjects at 200 % as the engine cuts them, on colors that show every fault.

    python -m training.matting.gallery --out docs/pictures/matting.jpg

One row a scene: the picture, then on green the truth, the guided filter and the network, then the
network on magenta and black. The scenes are ours, so the sheet may be shipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from mattebrush.engine import decontaminate, matte
from mattebrush.options import Options

from . import scenes

SIDE = 128
GREEN, MAGENTA, BLACK = (0.0, 0.8, 0.1), (0.9, 0.0, 0.8), (0.0, 0.0, 0.0)


def on(color: tuple[float, float, float], cut: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """A foreground (H, W, 3) laid with its alpha (H, W) on a color, all 0..1."""
    foreground, alpha = cut
    composite: np.ndarray = alpha[..., None] * foreground + (1 - alpha[..., None]) * np.array(
        color, np.float32
    )
    return composite


def row(scene: scenes.Scene) -> npt.NDArray[np.uint8]:
    """The scene's six pictures side by side, (SIDE, 6 SIDE, 3), its most uncertain part."""

    def cut(method: str) -> tuple[np.ndarray, np.ndarray]:
        alpha = matte(scene.image, scene.trimap, Options(matting=method, device="cpu")).alpha
        color = decontaminate(scene.image, alpha).foreground
        assert color is not None
        return color, alpha

    network = cut("network")
    pictures = [
        scene.image,
        on(GREEN, (scene.foreground, scene.alpha)),
        on(GREEN, cut("guided")),
        on(GREEN, network),
        on(MAGENTA, network),
        on(BLACK, network),
    ]
    soft = (scene.alpha > 0.05) & (scene.alpha < 0.95)
    ys, xs = np.nonzero(soft)
    top, left = (
        int(np.clip(np.median(place) - SIDE / 2, 0, size - SIDE))
        for place, size in zip((ys, xs), soft.shape, strict=True)
    )
    window = (slice(top, top + SIDE), slice(left, left + SIDE))
    strip = np.concatenate([picture[window] for picture in pictures], axis=1)
    return np.rint(strip.clip(0, 1) * 255).astype(np.uint8)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Draw cut-outs of drawn subjects at 200 %.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--kinds", nargs="+", default=["hair", "curls", "fur", "grass", "lace", "veil"]
    )
    parser.add_argument("--seed", type=int, default=40)
    args = parser.parse_args()
    rows = [row(scenes.make_scene(args.seed + n, 256, k)) for n, k in enumerate(args.kinds)]
    sheet = Image.fromarray(np.concatenate(rows))
    sheet = sheet.resize((sheet.width * 2, sheet.height * 2), Image.Resampling.NEAREST)
    sheet.save(args.out, quality=88)


if __name__ == "__main__":
    main()
