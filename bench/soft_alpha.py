# SPDX-License-Identifier: Apache-2.0
"""The finished alpha beside rembg, with and without its alpha matting, on true soft alpha.

    python -m bench.soft_alpha

Animals of matting-dev/am2k, U²-Netp's weights on all sides. MAD is the mean |predicted - true|
over all pixels, "soft" the same over those of .02 < true alpha < .98. All sides stay warm and take
turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from . import peers

_OURS = """
import functools
import numpy as np
from PIL import Image
import mattebrush
options = mattebrush.Options(model={model!r}, matting={matting!r}, device="cpu")
@functools.cache
def opened(path):
    return np.asarray(Image.open(path).convert("RGB"))
def work(path, out):
    return mattebrush.remove_background(opened(path), options)
def keep(cutout, path, out):
    np.save(out, cutout.alpha)
    return {{"method": cutout.report.matting}}
"""

_REMBG = """
import functools
import numpy as np
from PIL import Image
from rembg import new_session, remove
session = new_session("u2netp")
@functools.cache
def opened(path):
    picture = Image.open(path).convert("RGB")
    picture.load()
    return picture
def work(path, out):
    return remove(opened(path), session=session, alpha_matting={matting})
def keep(picture, path, out):
    np.save(out, np.asarray(picture)[..., 3] / np.float32(255))
"""


def main() -> int:
    """Runs all sides and prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="of the fast sides, after one")
    parser.add_argument("--matting", default="auto", help="our matting method")
    parser.add_argument(
        "--embedded", action="store_true", help="also our own segmentation network, for scale"
    )
    arguments = parser.parse_args()
    home = {"U2NET_HOME": peers.u2net_home()}

    def ours(matting: str, model: str = "u2netp") -> peers.Side:
        code = _OURS.format(matting=matting, model=model)
        return peers.Side(sys.executable, code, **home)

    sides = {
        "ours": ours(arguments.matting),
        "ours, no matting": ours("none"),
        "rembg": peers.Side(peers.python(), _REMBG.format(matting=False), **home),
        "rembg with alpha matting": peers.Side(peers.python(), _REMBG.format(matting=True), **home),
    }
    if arguments.embedded:
        sides["ours, embedded network"] = ours(arguments.matting, "mattebrush-subject")
    times: dict[str, list[float]] = {name: [] for name in sides}
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    data = peers.SHARED / "data" / "matting-dev" / "am2k"
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "alpha.npy")
        for photo in sorted((data / "image").glob("*.jpg")):
            truth = np.asarray(Image.open(data / "alpha" / f"{photo.stem}.png").convert("L")) / 255
            for turn in range(arguments.rounds + 1):
                for name, side in sides.items():
                    if turn > 1 and name.endswith("alpha matting"):
                        continue  # seconds each: twice is enough to tell a factor of twenty
                    seconds = side.run(str(photo), out)
                    if turn:
                        times[name].append(seconds)
                    if turn == 1:
                        scores[name].append(errors(np.load(out), truth))
    for side in sides.values():
        side.close()
    print("| side | MAD | soft | seconds |")
    print("| --- | --- | --- | --- |")
    for name in sides:
        mad, soft = np.mean(scores[name], axis=0)
        print(f"| {name} | {mad:.4f} | {soft:.3f} | {statistics.median(times[name]):.2f} |")
    return 0


def errors(alpha: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Mean error over all pixels, and over the truly soft ones."""
    off = np.abs(alpha - truth)
    soft = (truth > 0.02) & (truth < 0.98)
    return float(off.mean()), float(off[soft].mean())


if __name__ == "__main__":
    sys.exit(main())
