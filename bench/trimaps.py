# SPDX-License-Identifier: Apache-2.0
"""Alpha from a given trimap beside pymatting's closed form.

    python -m bench.trimaps

alphamatting.com's nine pictures of matting-dev with both of their trimaps; sides take turns picture
by picture, each warm in a process of its own on the CPU. SAD: sum of |alpha - truth| over the
unknown region, in thousands; MSE: mean square over it. Seconds are the median. Worst: the SAD of
the one picture that is the worst beside closed form.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from training.matting import development

from . import peers

_OURS = """
import numpy as np, mattebrush
from mattebrush.engine import matte
from PIL import Image
def work(image, trimap, out):
    options = mattebrush.Options(matting={matting!r}, device="cpu", decontaminate=False)
    picture, known = (np.asarray(Image.open(path)) for path in (image, trimap))
    return matte(picture, known, options).alpha
def keep(alpha, image, trimap, out):
    np.save(out, alpha)
"""

_PYMATTING = """
import numpy as np
from PIL import Image
from pymatting import estimate_alpha_cf
def work(image, trimap, out):
    picture, known = (np.asarray(Image.open(path)) / 255 for path in (image, trimap))
    return estimate_alpha_cf(picture, np.where((known > 0) & (known < 1), 0.5, known))
def keep(alpha, image, trimap, out):
    np.save(out, alpha)
"""


def main() -> None:
    """Runs all sides and prints a table for each trimap as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=["network", "guided"], help="of ours")
    args = parser.parse_args()
    sides = {
        f"Mattebrush, {matting}": peers.Side(
            sys.executable, _OURS.format(matting=matting), PYTHONPATH="core"
        )
        for matting in args.methods
    }
    sides["pymatting, closed form"] = peers.Side(peers.python(), _PYMATTING)
    for trimap in ("trimap1", "trimap2"):
        print(f"\n{trimap}\n")
        _compare(sides, trimap)
    for side in sides.values():
        side.close()


def _compare(sides: dict[str, peers.Side], trimap: str) -> None:
    """Runs all sides on each picture in turn and prints a row for each."""
    scores: dict[str, list[tuple[float, float, float]]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("image.png", "trimap.png", "alpha.npy")]
        for number, sample in enumerate(development.alphamatting(peers.SHARED / "data", trimap)):
            assert sample.trimap is not None
            Image.fromarray(sample.image).save(paths[0])
            Image.fromarray(sample.trimap).save(paths[1])
            for name, side in sides.items():
                if number == 0:
                    side.run(*paths)  # opens the network, compiles
                seconds = side.run(*paths)
                alpha = np.load(paths[2])
                errors = development.sad(alpha, sample), development.mse(alpha, sample)
                scores[name].append((*errors, seconds))
    closed = _figures(scores["pymatting, closed form"])
    print("| side | SAD | MSE | seconds | SAD of closed form | worst | its time |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, rows in scores.items():
        sad, mse, seconds = _figures(rows)
        peer = scores["pymatting, closed form"]
        worst = max(row[0] / other[0] for row, other in zip(rows, peer, strict=True))
        shares = f"{sad / closed[0]:.0%} | {worst:.0%} | {seconds / closed[2]:.0%}"
        print(f"| {name} | {sad:.2f} | {mse:.4f} | {seconds:.2f} | {shares} |")


def _figures(rows: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Mean errors and median seconds."""
    sad, mse, seconds = zip(*rows, strict=True)
    return float(np.mean(sad)), float(np.mean(mse)), statistics.median(seconds)


if __name__ == "__main__":
    main()
