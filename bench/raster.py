# SPDX-License-Identifier: Apache-2.0
"""Files: our reading and writing beside Pillow's, PNG compression levels, and 100 megapixels.

python -m bench.raster speed            both sides alternately, ratios
python -m bench.raster levels [PHOTO...]  why PNG is written at its level
python -m bench.raster memory           peak memory at 100 megapixels
"""

from __future__ import annotations

import argparse
import functools
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mattebrush import psd, raster
from mattebrush.imaging.depth import to_depth
from mattebrush.raster import png

ROUNDS = 3


def photograph(width: int, height: int) -> np.ndarray:
    """Something that packs as photographs do: large shapes, texture, and the sensor's noise."""
    random = np.random.default_rng(0)
    out = np.empty((height, width, 3), np.uint8)
    coarse = random.random((height // 64 + 2, width // 64 + 2, 3), np.float32) * 200
    x = np.arange(width, dtype=np.float32) / 64
    left, along = x.astype(int), (x % 1)[:, None]
    for y in range(height):  # by rows: this must not itself need the memory it measures
        down = y / 64 % 1
        upper, lower = coarse[y // 64], coarse[y // 64 + 1]
        row = upper + (lower - upper) * down
        smooth = row[left] + (row[left + 1] - row[left]) * along
        out[y] = np.clip(smooth + random.normal(28, 2.5, (width, 1)), 0, 255)
    return out


def disc(width: int, height: int) -> np.ndarray:
    """An alpha with a soft edge, as float32: the subject is a third of the picture."""
    out = np.empty((height, width), np.float32)
    x = np.arange(width, dtype=np.float32) - width / 2
    for y in range(height):
        distance = np.hypot(x, y - height / 2)
        out[y] = np.clip((0.33 * min(width, height) - distance) / 12 + 0.5, 0, 1)
    return out


def alternately(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of each, run in turn, so that a busy machine slows both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, spent in zip((ours, theirs), times, strict=True):
            start = time.perf_counter()
            work()
            spent.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def speed() -> None:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    photo = photograph(4000, 3000)
    picture = raster.Raster(photo, disc(4000, 3000))
    opaque = raster.Raster(photo)
    eight_bit = to_depth(picture.alpha, np.uint8) if picture.alpha is not None else photo
    rgba = np.dstack([photo * (eight_bit[..., None] > 0), eight_bit])

    def pillow(array: np.ndarray, format: str, **options: object) -> bytes:
        file = io.BytesIO()
        Image.fromarray(array).save(file, format, **options)
        return file.getvalue()

    print("12 megapixels; seconds: ours, Pillow's, ratio; sizes: ours, Pillow's")
    rows: list[tuple[str, Callable[[], bytes], Callable[[], bytes]]] = [
        ("cut-out PNG, Pillow's default (6)", lambda: raster.encode(picture, "PNG"),
         lambda: pillow(rgba, "PNG")),
        ("cut-out PNG, Pillow at 1", lambda: raster.encode(picture, "PNG"),
         lambda: pillow(rgba, "PNG", compress_level=1)),
        ("photograph PNG", lambda: raster.encode(opaque, "PNG"), lambda: pillow(photo, "PNG")),
        ("cut-out TIFF, deflate", lambda: raster.encode(picture, "TIFF"),
         lambda: pillow(rgba, "TIFF", compression="tiff_adobe_deflate")),
        ("photograph JPEG", lambda: raster.encode(opaque, "JPEG"),
         lambda: pillow(photo, "JPEG", quality=95, subsampling=0)),
    ]  # fmt: skip
    for name, ours, theirs in rows:
        a, b = alternately(ours, theirs)
        sizes = f"{len(ours()) / 1e6:.1f} MB {len(theirs()) / 1e6:.1f} MB"
        print(f"write {name:36} {a:6.2f} {b:6.2f}  x{b / a:.1f}   {sizes}")
    for format in ("JPEG", "PNG", "TIFF"):
        data = raster.encode(opaque, format)

        a, b = alternately(
            functools.partial(raster.read, data),
            lambda file=data: np.asarray(Image.open(io.BytesIO(file))),  # type: ignore[misc]
        )
        print(f"read  {format:36} {a:6.2f} {b:6.2f}  x{b / a:.1f}")


def levels(photos: list[Path]) -> None:
    pictures = [raster.read(photo).pixels for photo in photos] or [photograph(4000, 3000)]
    cutouts = [raster.Raster(p, disc(p.shape[1], p.shape[0])) for p in pictures]
    pixels = sum(p.shape[0] * p.shape[1] for p in pictures) / 1e6
    print(f"cut-out PNG of {len(cutouts)} pictures, {pixels:.1f} MP: level, CPU seconds, megabytes")
    usual = png.LEVEL
    for level in range(1, 7):
        png.LEVEL = level
        start = time.process_time()
        size = sum(len(raster.encode(cutout, "PNG")) for cutout in cutouts)
        note = "  <- the one used" if level == usual else ""
        print(f"{level} {time.process_time() - start:6.2f} {size / 1e6:7.2f}{note}")
    png.LEVEL = usual


def memory() -> None:
    """Each step in a process of its own; its peak beside the size of the arrays themselves."""
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            command = [sys.executable, "-m", "bench.raster", "step", step, folder]
            print(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout, end=""
            )


WIDTH, HEIGHT = 11_600, 8_700


def _measured(name: str, work: Callable[[], object], arrays: int) -> None:
    Path("/proc/self/clear_refs").write_text("5")  # Linux: begin the peak anew
    before = _resident("VmRSS")
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    peak = _resident("VmHWM")
    print(
        f"{WIDTH * HEIGHT / 1e6:.0f} MP {name:16} {seconds:6.1f} s  peak {peak:6.0f} MB, "
        f"{before:6.0f} before, arrays {arrays / 2**20:6.0f} MB"
    )


def _resident(what: str) -> float:
    """Megabytes in memory: now (VmRSS), or at most since the peak was begun anew (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(what + ":")[1].split()[0]) / 1024


def _write(name: str, depth: type) -> Callable[[Path], None]:
    def step(folder: Path) -> None:
        pixels = photograph(WIDTH, HEIGHT)
        if depth is np.uint16:
            pixels = pixels.astype(np.uint16) * 257
        alpha = None if name.endswith(".jpg") else disc(WIDTH, HEIGHT)
        picture = raster.Raster(pixels, alpha)
        size = pixels.nbytes + (alpha.nbytes if alpha is not None else 0)
        if name.endswith(".psd"):
            assert alpha is not None
            _measured(f"write {name}", lambda: psd.write(folder / name, picture, alpha), size)
        else:
            _measured(f"write {name}", lambda: raster.write(folder / name, picture), size)

    return step


def _read(name: str) -> Callable[[Path], None]:
    def step(folder: Path) -> None:
        got: list[raster.Raster] = []
        samples = 3 if name.endswith(".jpg") else 4
        size = WIDTH * HEIGHT * samples * (2 if "16" in name else 1)
        _measured(f"read {name}", lambda: got.append(raster.read(folder / name)), size)

    return step


STEPS: dict[str, Callable[[Path], None]] = {
    "write jpg": _write("a.jpg", np.uint8),
    "read jpg": _read("a.jpg"),
    "write png": _write("a.png", np.uint8),
    "read png": _read("a.png"),
    "write tif": _write("a.tif", np.uint8),
    "read tif": _read("a.tif"),
    "write png16": _write("a16.png", np.uint16),
    "read png16": _read("a16.png"),
    "write tif16": _write("a16.tif", np.uint16),
    "read tif16": _read("a16.tif"),
    "write psd": _write("a.psd", np.uint8),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "levels", "memory", "step"))
    parser.add_argument("rest", nargs="*")
    arguments = parser.parse_args()
    if arguments.what == "speed":
        speed()
    elif arguments.what == "levels":
        levels([Path(name) for name in arguments.rest])
    elif arguments.what == "memory":
        memory()
    else:
        STEPS[arguments.rest[0]](Path(arguments.rest[1]))


if __name__ == "__main__":
    main()
