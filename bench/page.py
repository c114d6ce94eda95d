# SPDX-License-Identifier: Apache-2.0
"""What the page costs its browser, and how long a stroke takes to be answered.

    python -m bench.page memory strokes

Needs playwright and a Chromium (tests/hosts/install_chromium.sh). Server and browser share the
machine.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.server.server_client import running
from tests.server.test_server_page import CHROMIUM, FLAGS, opened_page

PICTURES, WIDTH, HEIGHT = 8, 6000, 4000
STROKES = 5
_PHOTO = Path(__file__).parents[1] / "examples" / "lemur.jpg"
_HOUR = 3_600_000


def memory(browser: Any, scratch: Path) -> None:
    """The tab's process with eight pictures of 24 megapixels: at rest, at most, and afterwards."""
    files = [_photo(scratch, WIDTH, HEIGHT, seed) for seed in range(PICTURES)]
    with running() as client, opened_page(browser, client) as page:
        tab = _tab()
        before = tab.memory_info().rss
        with _highest(tab) as highest:
            page.set_input_files("#files", [str(file) for file in files])
            page.wait_for_function(
                "n => document.querySelectorAll('#strip .done').length === n",
                arg=PICTURES,
                timeout=_HOUR,
            )
            time.sleep(5)
        after = tab.memory_info().rss
    print(f"memory of the tab with {PICTURES} pictures of {WIDTH}x{HEIGHT}, MB:")
    print(f"before {before / 1e6:.0f}, at most {max(highest) / 1e6:.0f}, after {after / 1e6:.0f}")


def strokes(browser: Any, scratch: Path) -> None:
    """From the end of a stroke to its answer on the screen."""
    for width, height in ((3000, 2000), (WIDTH, HEIGHT)):
        with running() as client, opened_page(browser, client) as page:
            page.set_input_files("#files", str(_photo(scratch, width, height, 0)))
            page.wait_for_selector("#strip .done", timeout=_HOUR)
            page.keyboard.press("k")
            seconds = [_stroke(page, 0.3 + 0.08 * number) for number in range(STROKES)]
        each = ", ".join(f"{value:.2f}" for value in seconds)
        print(f"stroke to answer at {width}x{height}: {each} s (median {_median(seconds):.2f})")


def _stroke(page: Any, place: float) -> float:
    """Paints a short line at a share of the canvas' height; seconds until it is in the mask."""
    box = page.locator("#picture").bounding_box()
    x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] * place
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=6)
    page.mouse.up()
    start = time.perf_counter()
    page.wait_for_selector("#busy", state="visible")
    page.wait_for_selector("#busy", state="hidden", timeout=_HOUR)
    return time.perf_counter() - start


def _median(seconds: list[float]) -> float:
    return statistics.median(seconds)


def _photo(scratch: Path, width: int, height: int, seed: int) -> Path:
    """A photograph at that size, with grain, so that its files are as large as real ones."""
    path = scratch / f"{width}-{seed}.jpg"
    with Image.open(_PHOTO) as photo:
        large = np.asarray(photo.convert("RGB").resize((width, height)))
    grain = np.random.default_rng(seed).integers(0, 9, large.shape, np.uint8)
    Image.fromarray(np.minimum(large, 246) + grain).save(path, quality=90)
    return path


def _tab() -> psutil.Process:
    """The browser's process that holds the page."""
    tabs = [
        child
        for child in psutil.Process().children(recursive=True)
        if "--type=renderer" in child.cmdline() and "--extension-process" not in child.cmdline()
    ]
    return max(tabs, key=lambda each: each.memory_info().rss)


@contextlib.contextmanager
def _highest(process: psutil.Process) -> Iterator[list[int]]:
    """Looks at a process's memory ten times a second."""
    seen = [process.memory_info().rss]
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.1):
            seen.append(process.memory_info().rss)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


_MEASURES = {"memory": memory, "strokes": strokes}


def main() -> None:
    """Runs the measures named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("measures", nargs="+", choices=list(_MEASURES))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in arguments.measures:
            _MEASURES[name](browser, Path(scratch))
        browser.close()


if __name__ == "__main__":
    main()
