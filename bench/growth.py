# SPDX-License-Identifier: Apache-2.0
"""How a batch grows with its workers: stage times measured here, a cluster simulated on paper.

    python -m bench.growth                     measures, then 1 to 1,000 workers
    python -m bench.growth --gbit 25           another network between store and workers

One worker reads, cuts out and writes pictures as `mattebrush batch` does, with one thread. The
simulation takes those times, drawn at random picture by picture, for every worker; all of them read
and write through one store whose line has so many gigabits a second, and one process notes a row a
picture, at the time that the manifest was measured to take. It says where the line or that process
is what stops the growth. What it leaves out: machines that fail, a store that slows down under
load, a start that takes its time.
"""

from __future__ import annotations

import argparse
import dataclasses
import heapq
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from mattebrush.batch import Remover, manifest, places
from mattebrush.batch.sources import Item
from mattebrush.options import Options

from .end_to_end import picture

_COUNTS = (1, 2, 10, 100, 300, 1000)


@dataclasses.dataclass(frozen=True)
class Stages:
    """One picture's seconds, and the bytes that it moves."""

    work: float
    note: float
    moved: int


def measured(megapixels: float, count: int) -> list[Stages]:
    """Runs a worker over one picture, several times.

    Parameters
    ----------
    megapixels : float
        How large it is.
    count : int
        How often, after one run that opens the models.

    Returns
    -------
    list[Stages]
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        item = Item("picture", str(picture(folder, megapixels)))
        place = places.LocalFolder(folder / "out")
        place.write("begun", b"")
        record = manifest.Manifest(place.path)
        remover = Remover(Options(threads=1))
        remover.one(item.read())
        stages = []
        for number in range(count):
            begun = time.perf_counter()
            data = item.read()
            content = manifest.fingerprint(data)
            result = remover.one(data)
            place.write(f"{number}.png", result.data)
            worked = time.perf_counter()
            record.add({"key": f"{number}", "sha256": content, **result.report})
            noted = time.perf_counter()
            moved = len(data) + len(result.data)
            stages.append(Stages(worked - begun, noted - worked, moved))
        record.close()
        return stages


def simulated(stages: list[Stages], workers: int, gbit: float, pictures: int) -> tuple[float, str]:
    """Pictures a second with so many workers, and what was busiest besides them.

    Parameters
    ----------
    stages : list[Stages]
        What one worker was measured to take.
    workers : int
        How many there are.
    gbit : float
        Of the store's line, in gigabits a second.
    pictures : int
        How many are done in all.

    Returns
    -------
    tuple[float, str]
    """
    draws = random.Random(1)
    free = [(0.0, number) for number in range(workers)]
    line_free = noted = line_busy = note_busy = 0.0
    for _ in range(pictures):
        begin, number = heapq.heappop(free)
        stage = draws.choice(stages)
        seconds = stage.moved * 8 / (gbit * 1e9)
        # A picture has the line for itself: first come, first served.
        line_free = max(begin, line_free) + seconds
        end = line_free + stage.work
        noted = max(end, noted) + stage.note
        line_busy, note_busy = line_busy + seconds, note_busy + stage.note
        heapq.heappush(free, (end, number))
    whole = max(noted, max(end for end, _ in free))
    shares = {"the store's line": line_busy / whole, "the manifest": note_busy / whole}
    busiest = max(shares, key=lambda name: shares[name])
    return pictures / whole, f"{busiest}, {shares[busiest]:.0%}"


def main() -> int:
    """Measures, simulates and prints a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=2.0)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--gbit", type=float, default=10.0)
    arguments = parser.parse_args()
    stages = measured(arguments.megapixels, arguments.count)
    work, note = (statistics.median(getattr(s, n) for s in stages) for n in ("work", "note"))
    moved = statistics.median(stage.moved for stage in stages)
    load = os.getloadavg()[0]
    print(
        f"{arguments.megapixels:g} megapixels, one thread, median of {len(stages)}: "
        f"{work:.2f} s of work, {note * 1e3:.2f} ms a row, {moved / 1e6:.1f} MB moved; "
        f"load of the machine {load:.1f} on {os.cpu_count()} cores.\n"
    )
    print(
        f"| workers | pictures/s | of linear | busiest besides them ({arguments.gbit:g} Gbit/s) |"
    )
    print("| --- | --- | --- | --- |")
    one, _ = simulated(stages, 1, arguments.gbit, 2000)
    for count in _COUNTS:
        pace, busiest = simulated(stages, count, arguments.gbit, count * 200)
        print(f"| {count:,} | {pace:,.2f} | {pace / (one * count):.0%} | {busiest} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
