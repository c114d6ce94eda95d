# SPDX-License-Identifier: Apache-2.0
"""What a frame of a clip costs in Blender beside the engine's own session, at 480p.

    python -m bench.blender_frames [3.4 4.2 4.5 5.0 5.2 ...]

Masks and clean colors for a slow pan over examples/lemur.jpg. Processor seconds of a frame, so that
other programs count for little, and seconds of the clock: the difference between a long clip and a
short one, so that what happens once is left out. Blender's are its own and its engine's together;
it reads the plates, and writes mask, matte and colors. Needs what
tests/hosts/install_blender.sh installs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mattebrush.video import VideoSession
from tests.hosts.blender import blenders

SIZE = (854, 480)
SHORT, LONG = 14, 38

Pair = tuple[float, float]


def main() -> None:
    versions = sys.argv[1:] or blenders.VERSIONS
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _draw(folder)
        blenders.build_zips(folder)
        processor, clock = _bare(folder)
        print("| | processor, s | clock, s | times |")
        print("| --- | --- | --- | --- |")
        print(f"| the session alone | {processor:.2f} | {clock:.2f} | |", flush=True)
        for version in versions:
            measured = measure(version, folder)
            times = f"{measured[0] / processor:.2f}, {measured[1] / clock:.2f}"
            print(
                f"| Blender {version} | {measured[0]:.2f} | {measured[1]:.2f} | {times} |",
                flush=True,
            )


def measure(version: str, scratch: Path) -> Pair:
    """(processor, clock) seconds of a frame in a Blender."""
    blender, taken = blenders.find(version), []
    for count in (SHORT, LONG):
        folder = scratch / f"{version}-{count}"
        folder.mkdir()
        for name in ("zips", "config"):
            (folder / name).symlink_to(scratch / name)
        first = str(scratch / "pan_101.png")
        taken.append(blenders.run(blender, "timed", folder, first=first, count=count, size=SIZE))
    return _each(*taken)


def _bare(folder: Path) -> Pair:
    taken: list[Any] = []
    for count in (SHORT, LONG):
        before = time.process_time(), time.monotonic()
        session = VideoSession()
        for number in range(1, count + 1):
            session.feed(number, np.asarray(Image.open(folder / f"pan_{100 + number}.png")))
        session.finish()
        taken.append((time.process_time() - before[0], time.monotonic() - before[1]))
    return _each(*taken)


def _each(short: Pair, long: Pair) -> Pair:
    return (long[0] - short[0]) / (LONG - SHORT), (long[1] - short[1]) / (LONG - SHORT)


def _draw(folder: Path) -> None:
    width, height = SIZE
    with Image.open(blenders.ROOT / "examples/lemur.jpg") as photo:
        whole = np.asarray(photo.convert("RGB").resize((width + 2 * LONG, height + 60)))
    for number in range(1, LONG + 1):
        left = 2 * number
        crop = whole[30 : 30 + height, left : left + width]
        Image.fromarray(crop).save(folder / f"pan_{100 + number}.png", compress_level=1)


if __name__ == "__main__":
    main()
