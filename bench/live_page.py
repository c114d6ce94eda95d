# SPDX-License-Identifier: Apache-2.0
"""How fast the page of `mattebrush live` is, measured at the picture: frames a second, and how far
what it shows is behind the camera.

    python -m bench.live_page
    python -m bench.live_page --seconds 30 --query background=blur

Chromium's fake camera shows an example picture at 854 x 480 that moves, with the number of the
frame in a row of dark and light squares on the subject. At each refresh of the screen the numbers
are read from the camera's own picture and from what the page shows; their difference is the delay,
in frames. Server, engine and browser share the machine.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from mattebrush_server.live_command import PAGE
from tests.server.server_client import running
from tests.server.test_server_live import written
from tests.server.test_server_page import CHROMIUM, FLAGS

WIDTH, HEIGHT, RATE = 854, 480, 30
_EXAMPLE = Path(__file__).parents[1] / "examples" / "lemur.jpg"
_BITS, _SQUARE = 6, 16
_LEFT, _TOP = 400, 300
"""Where the squares are: on the subject, which does not move there by more than a square."""

_WATCH = """({ seconds, bits, square, left, top, width, height }) => new Promise((done) => {
  const out = document.getElementById("out");
  const camera = document.createElement("video");
  const context = new OffscreenCanvas(bits * square, square).getContext("2d", { willReadFrequently: true });
  const number = (source, across, down) => {
    context.clearRect(0, 0, bits * square, square);
    context.drawImage(source, left * across, top * down, bits * square * across, square * down, 0, 0, bits * square, square);
    const { data } = context.getImageData(0, 0, bits * square, square);
    let value = 0;
    for (let bit = 0; bit < bits; bit += 1) {
      const at = 4 * ((square / 2) * bits * square + bit * square + square / 2);
      value = 2 * value + (data[at] > 128 ? 1 : 0);
    }
    return value;
  };
  const seen = [];
  navigator.mediaDevices.getUserMedia({ video: { width, height } }).then(async (stream) => {
    Object.assign(camera, { muted: true, srcObject: stream });
    await camera.play();
    const end = performance.now() + 1000 * seconds;
    const look = () => {
      if (performance.now() > end) return done(seen);
      seen.push([performance.now(), number(camera, camera.videoWidth / width, camera.videoHeight / height), number(out, out.width / width, out.height / height)]);
      return requestAnimationFrame(look);
    };
    look();
  });
})"""  # noqa: E501


def numbered() -> list[np.ndarray]:
    """Frames of a picture that goes to and fro by a few pixels, each with its number."""
    with Image.open(_EXAMPLE) as example:
        picture = np.asarray(example.convert("RGB").resize((WIDTH, HEIGHT)))
    frames = []
    for number in range(1 << _BITS):
        frame = np.roll(picture, min(number % 16, 16 - number % 16), axis=1)
        for bit in range(_BITS):
            light = 255 if number >> (_BITS - 1 - bit) & 1 else 0
            frame[_TOP : _TOP + _SQUARE, _LEFT + bit * _SQUARE :][:, :_SQUARE] = light
        frames.append(frame)
    return frames


def measure(page: Any, seconds: float) -> tuple[float, float, float]:
    """Frames a second, of the camera and shown, and milliseconds of delay (median)."""
    where = {"bits": _BITS, "square": _SQUARE, "left": _LEFT, "top": _TOP}
    size = {"width": WIDTH, "height": HEIGHT}
    seen = page.evaluate(_WATCH, {"seconds": seconds, **where, **size})
    took = (seen[-1][0] - seen[0][0]) / 1000
    behind = [(taken - painted) % (1 << _BITS) for _, taken, painted in seen]
    rates = [
        sum(a[column] != b[column] for a, b in itertools.pairwise(seen)) / took for column in (1, 2)
    ]
    return rates[0], rates[1], 1000 * statistics.median(behind) / RATE


def main() -> None:
    """Prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--query", default="", help="more of the page's address, such as step=3")
    arguments = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} processors, load {load:.1f} at the beginning")
    with tempfile.TemporaryDirectory() as folder, running() as client, sync_playwright() as web:
        clip = written(Path(folder) / "camera.y4m", numbered(), RATE)
        flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        flags.append(f"--use-file-for-fake-video-capture={clip}")
        browser = web.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT + 100})
        link = client.server.page_link().replace("/#", f"{PAGE}?rate={RATE}&{arguments.query}#")
        page.goto(link)
        page.wait_for_function("() => document.body.dataset.rate > 0", timeout=300_000)
        page.wait_for_timeout(10_000)  # in which the step is found that the time allows
        taken, painted, delay = measure(page, arguments.seconds)
        step = page.evaluate("() => document.body.dataset.step")
        browser.close()
    print(
        f"camera {taken:.1f}, shown {painted:.1f} frames a second; "
        f"{delay:.0f} ms behind; step {step}"
    )


if __name__ == "__main__":
    main()
