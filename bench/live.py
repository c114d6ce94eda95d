# SPDX-License-Identifier: Apache-2.0
"""How fast `mattebrush live` is: frames a second and processor time a frame, through the pipe.

    python -m bench.live
    python -m bench.live --frames 300 --steps 2 6 --background blur

The command runs in a process of its own and is fed as fast as it takes frames, each of them worked
on (`--every-frame`), on every step of quality. The frames show an example picture at 854 x 480
that moves. What it costs to start and to see the first frames is not counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import numpy as np
import psutil
from PIL import Image

from mattebrush.video.live import STEPS

WIDTH, HEIGHT = 854, 480
_WARM = 10
_EXAMPLE = Path(__file__).parents[1] / "examples" / "lemur.jpg"


def moving(count: int) -> list[bytes]:
    """Raw frames of a picture that goes to and fro, three pixels a frame."""
    with Image.open(_EXAMPLE) as example:
        picture = np.asarray(example.convert("RGB").resize((WIDTH, HEIGHT)))
    shifts = [3 * min(n % 40, 40 - n % 40) for n in range(count)]
    return [np.roll(picture, shift, axis=1).tobytes() for shift in shifts]


def measure(
    step: int, frames: list[bytes], background: str, threads: int | None
) -> tuple[float, float]:
    """Frames a second, and milliseconds of processor time a frame, after the first ten."""
    words = ["live", "--size", f"{WIDTH}x{HEIGHT}", "--device", "cpu", "--every-frame"]
    words += ["--step", str(step), "--background", background, "--quiet"]
    words += [] if threads is None else ["--threads", str(threads)]
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "mattebrush", *words]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdin and process.stdout
        feeder = threading.Thread(target=_feed, args=(process.stdin, frames))
        feeder.start()
        watched = psutil.Process(process.pid)
        began = used = 0.0
        for number in range(len(frames)):
            if number == _WARM:
                began, used = time.perf_counter(), _used(watched)
            if len(process.stdout.read(WIDTH * HEIGHT * 4)) != WIDTH * HEIGHT * 4:
                raise SystemExit("It ended too early.")
            if number == len(frames) - 1:
                took, used = time.perf_counter() - began, _used(watched) - used
        feeder.join()
    counted = len(frames) - _WARM
    return counted / took, 1000 * used / counted


def _feed(stream: IO[bytes], frames: list[bytes]) -> None:
    with stream:
        for frame in frames:
            stream.write(frame)


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Prints a line a step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--steps", type=int, nargs="+", default=range(1, len(STEPS) + 1))
    parser.add_argument("--background", default="transparent")
    parser.add_argument("--threads", type=int, help="the command's (default: its own)")
    arguments = parser.parse_args()
    frames = moving(_WARM + arguments.frames)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} processors, load {load:.1f} at the beginning")
    print("step   look  every   frames/s   processor ms/frame")
    for number in arguments.steps:
        step = STEPS[number - 1]
        pace, cost = measure(number, frames, arguments.background, arguments.threads)
        print(f"{number:4} {step.side:6} {step.every:6} {pace:10.1f} {cost:20.1f}")


if __name__ == "__main__":
    main()
