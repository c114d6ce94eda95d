# SPDX-License-Identifier: Apache-2.0
"""Foreground color beside pymatting's multi-level method, where the true foreground is known.

    python -m bench.decontamination

The alphas are the true ones of the animals in matting-dev/am2k. Each is laid over another of the
photographs twice: with its own colors, carried outward from where it is opaque, and with a third
photograph as its color, which is harder. The error is |F - true F|, weighted by alpha, over the
soft pixels (.02 < alpha < .98). Both sides stay warm and take turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from mattebrush.imaging.resize import box_means, of_blocks

from . import peers

_OPENED = """
import functools
import numpy as np
@functools.cache
def opened(case):
    return {kind}(np.load(case + ".image.npy"), np.load(case + ".alpha.npy"))
def work(case):
    return estimate(*opened(case))
def keep(foreground, case):
    np.save(case + ".{name}.npy", foreground)
"""

# Each side gets the arrays in the form it likes best: ours bytes, pymatting float64.
_OURS = """
from mattebrush.decontamination import estimate_foreground as estimate
def as_it_is(image, alpha):
    return image, alpha
""" + _OPENED.format(kind="as_it_is", name="ours")

_PYMATTING = """
from pymatting import estimate_foreground_ml as estimate
def in_float64(image, alpha):
    return image / 255.0, alpha.astype(np.float64)
""" + _OPENED.format(kind="in_float64", name="pymatting")


def main() -> int:
    """Runs both sides and prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="after one to warm up")
    rounds = parser.parse_args().rounds
    sides = {
        "ours": peers.Side(sys.executable, _OURS),
        "pymatting": peers.Side(peers.python(), _PYMATTING),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    errors: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (colors, image, alpha, foreground) in enumerate(composites()):
            case = str(Path(folder) / str(number))
            np.save(case + ".image.npy", image)
            np.save(case + ".alpha.npy", alpha)
            for turn in range(rounds + 1):
                for name, side in sides.items():
                    seconds = side.run(case)
                    if turn:
                        times[name].append(seconds / (alpha.size / 1e6))
            for name in sides:
                estimate = np.load(f"{case}.{name}.npy")
                estimate = estimate / 255 if estimate.dtype == np.uint8 else estimate
                errors.setdefault((name, colors), []).append(error(estimate, foreground, alpha))
            kept = error(image / 255, foreground, alpha)
            errors.setdefault(("the composite itself", colors), []).append(kept)
    for side in sides.values():
        side.close()
    print("| color | own colors | another's | seconds a megapixel |")
    print("| --- | --- | --- | --- |")
    for name in ("the composite itself", *sides):
        own, other = (np.mean(errors[name, colors]) for colors in ("own", "another's"))
        spent = f"{statistics.median(times[name]):.3f}" if name in times else ""
        print(f"| {name} | {own:.4f} | {other:.4f} | {spent} |")
    return 0


def composites() -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """What the subject's colors are, image uint8, alpha float32 and true foreground (H, W, 3)."""
    data = peers.SHARED / "data" / "matting-dev" / "am2k"
    photos = [Image.open(path).convert("RGB") for path in sorted((data / "image").glob("*.jpg"))]
    alphas = [
        np.asarray(Image.open(path), np.float32) / 255
        for path in sorted((data / "alpha").glob("*.png"))
    ]
    for number, alpha in enumerate(alphas):
        size = alpha.shape[1], alpha.shape[0]
        own, behind, other = (
            np.asarray(photos[(number + step) % len(photos)].resize(size), np.float32) / 255
            for step in range(3)
        )
        for name, foreground in (("own", carried_outwards(own, alpha)), ("another's", other)):
            a = alpha[..., None]
            image = np.round((a * foreground + (1 - a) * behind) * 255).astype(np.uint8)
            yield name, image, alpha, foreground


def carried_outwards(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The colors where alpha is one, and elsewhere the nearest of them, from fine to coarse."""
    sure = (alpha > 0.99).astype(np.float32)[..., None]
    out, known = image * sure, sure[..., 0].copy()
    step = 2
    while (known == 0).any() and step <= max(alpha.shape):
        weight = of_blocks(box_means(sure[..., 0], step), step)
        rows, columns = slice(0, alpha.shape[0]), slice(0, alpha.shape[1])
        total = weight.window((rows, columns))
        missing = (known == 0) & (total > 0.05)
        for channel in range(3):
            plane = of_blocks(box_means(image[..., channel] * sure[..., 0], step), step)
            values = plane.window((rows, columns))
            out[..., channel][missing] = values[missing] / total[missing]
        known[missing] = 1
        step *= 2
    return np.clip(out, 0, 1)


def error(estimate: np.ndarray, foreground: np.ndarray, alpha: np.ndarray) -> float:
    """|F - true F|, weighted by alpha, over the soft pixels."""
    soft = (alpha > 0.02) & (alpha < 0.98)
    off = np.abs(estimate[soft] - foreground[soft]).mean(axis=1)
    return float((off * alpha[soft]).sum() / alpha[soft].sum())


if __name__ == "__main__":
    sys.exit(main())
