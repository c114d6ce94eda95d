# SPDX-License-Identifier: Apache-2.0
"""Whole runs beside rembg, with the same weights: time, peak memory, growth from 1 to 100 MP.

    python -m bench.end_to_end                  12 megapixels beside rembg, three times alternately
    python -m bench.end_to_end --growth         ours alone at 1, 3, 12, 24, 50 and 100 megapixels
    python -m bench.end_to_end --import         cost of importing

Each run is a fresh process that opens the model, cuts a small picture to warm up, then cuts the
large one in memory (no file is read or written). Peak memory is the process's high-water mark.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from . import peers

_OURS = """
import json, resource, sys, time
import numpy as np
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
import mattebrush
options = mattebrush.Options(model="u2netp", matting=sys.argv[2], device="cpu")
picture = np.asarray(Image.open(sys.argv[1]).convert("RGB"))
mattebrush.remove_background(picture[::8, ::8].copy(), options)
start = time.perf_counter()
cutout = mattebrush.remove_background(picture, options)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak": peak, "stages": cutout.report.seconds}))
"""

_REMBG = """
import json, resource, sys, time
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
from rembg import new_session, remove
matting = sys.argv[2] == "matting"
session = new_session("u2netp")
picture = Image.open(sys.argv[1]).convert("RGB")
picture.load()
remove(picture.resize((picture.width // 8, picture.height // 8)), session=session,
       alpha_matting=matting)
start = time.perf_counter()
remove(picture, session=session, alpha_matting=matting)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak": peak}))
"""


def main() -> int:
    """Runs the benchmark asked for and prints its table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--import", dest="imports", action="store_true")
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--matting", default="auto", help="our matting method")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.imports:
            return _imports()
        if arguments.growth:
            return _growth(Path(folder), arguments.matting)
        return _beside_rembg(
            Path(folder), arguments.megapixels, arguments.rounds, arguments.matting
        )


def picture(folder: Path, megapixels: float) -> Path:
    """An animal photograph with long fur, enlarged to so many megapixels."""
    from PIL import Image

    source = peers.SHARED / "data" / "matting-dev" / "am2k" / "image" / "sample1.jpg"
    with Image.open(source) as photo:
        scale = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
        size = round(photo.width * scale), round(photo.height * scale)
        path = folder / f"{megapixels:g}.png"
        photo.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(path, compress_level=1)
    return path


def _beside_rembg(folder: Path, megapixels: float, rounds: int, matting: str) -> int:
    home = peers.u2net_home()
    photo = str(picture(folder, megapixels))
    sides = {
        "ours": [sys.executable, "-c", _OURS, photo, matting],
        "rembg": [peers.python(), "-c", _REMBG, photo, "plain"],
        "rembg with alpha matting": [peers.python(), "-c", _REMBG, photo, "matting"],
    }
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, command in sides.items():
            if name.endswith("matting") and number:
                continue  # minutes each: once is enough to tell a factor of twenty
            scores[name].append(_run(command, U2NET_HOME=home))
            print(name, json.dumps(scores[name][-1]), file=sys.stderr)
    ours = _median(scores["ours"])
    print(f"{megapixels:g} megapixels, U²-Netp on both sides, matting {matting}\n")
    print("| side | seconds | peak MB | ours is faster by | ours needs, of its memory |")
    print("| --- | --- | --- | --- | --- |")
    for name, runs in scores.items():
        s, p = _median(runs)
        print(f"| {name} | {s:.2f} | {p:.0f} | {s / ours[0]:.2f} x | {ours[1] / p:.2f} |")
    return 0


def _growth(folder: Path, matting: str) -> int:
    print("| megapixels | seconds | seconds per megapixel | peak MB |")
    print("| --- | --- | --- | --- |")
    home = {"U2NET_HOME": peers.u2net_home()}
    for megapixels in (1, 3, 12, 24, 50, 100):
        photo = str(picture(folder, megapixels))
        run = _run([sys.executable, "-c", _OURS, photo, matting], **home)
        seconds, peak = run["seconds"], run["peak"]
        print(f"| {megapixels} | {seconds:.2f} | {seconds / megapixels:.3f} | {peak:.0f} |")
        Path(photo).unlink()
    return 0


def _imports() -> int:
    """Interleaved process times of `import mattebrush`, of the floor, and of --help."""
    commands = {
        "python -c pass": "pass",
        "import mattebrush": "import mattebrush",
        "import mattebrush.engine": "import mattebrush.engine",
        "import numpy, PIL.Image, onnxruntime": "import numpy, PIL.Image, onnxruntime",
        "mattebrush --help": "import sys; sys.argv = ['mattebrush', '--help']\n"
        "import contextlib, io\nfrom mattebrush.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main()",
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(15):
        for name, code in commands.items():
            timed = f"import time; t = time.perf_counter()\n{code}\nprint(time.perf_counter() - t)"
            done = subprocess.run([sys.executable, "-c", timed], capture_output=True, check=True)
            times[name].append(float(done.stdout.split()[-1]))
    floor = statistics.median(times["import numpy, PIL.Image, onnxruntime"])
    print("| what | milliseconds | of numpy + Pillow + onnxruntime |")
    print("| --- | --- | --- |")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"| `{name}` | {median * 1000:.0f} | {median / floor:.2f} |")
    return 0


def _run(command: list[str], **environment: str) -> dict[str, float]:
    env = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _median(runs: list[dict[str, float]]) -> tuple[float, float]:
    return (
        statistics.median(run["seconds"] for run in runs),
        statistics.median(run["peak"] for run in runs),
    )


if __name__ == "__main__":
    sys.exit(main())
