# SPDX-License-Identifier: Apache-2.0
"""What the Krita plug-in costs at 24 megapixels without the engine's time, and how long it stalls.

    python -m bench.krita_overhead [5.1|5.2|5.3|6.0] [MODEL DEPTH [WIDTH HEIGHT]]

The engine is a program that takes the request and gives an answer made beforehand, so that what
is left is reading the layer, handing it over, and making the mask. Needs what
tests/hosts/install_krita.sh installs; Krita runs on a virtual screen.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mattebrush.jobs import contract
from tests.hosts.krita import kritahost

WIDTH, HEIGHT = 6000, 4000
ROUNDS = 3


def main() -> None:
    version = sys.argv[1] if len(sys.argv) > 1 else "5.1"
    model, depth = sys.argv[2:4] if len(sys.argv) > 3 else ("RGBA", "U8")
    width, height = map(int, sys.argv[4:6]) if len(sys.argv) > 5 else (WIDTH, HEIGHT)
    with tempfile.TemporaryDirectory() as scratch, kritahost.screen() as display:
        krita = kritahost.find(version, Path(scratch))
        rounds = measure(krita, display, model, depth, width, height)
    print(f"Krita {version}, {width}x{height} {model} {depth}, {len(rounds)} rounds")
    _print(rounds)


def measure(
    krita: kritahost.Krita,
    display: str,
    model: str = "RGBA",
    depth: str = "U8",
    width: int = WIDTH,
    height: int = HEIGHT,
) -> list[dict[str, Any]]:
    """What `inside/overhead.py` tells of each round."""
    krita.choose(python=str(_answering(krita.folder, width, height)), engine="process")
    picture = krita.folder / "picture.png"
    noise = np.random.default_rng(1).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    Image.fromarray(noise).resize((width, height)).save(picture, compress_level=1)
    arguments = (str(picture), model, depth, str(ROUNDS))
    rounds: list[dict[str, Any]] = krita.show("overhead", display, *arguments, timeout=1500)
    return rounds


def _answering(folder: Path, width: int, height: int) -> Path:
    """A program that answers every job with the same alpha, as fast as pipes allow."""
    y, x = np.ogrid[:height, :width]
    distance = np.hypot(y - height / 2, x - width / 2, dtype=np.float32)
    alpha = (np.clip((0.375 * height - distance) / 40 + 0.5, 0, 1) * 255).astype(np.uint8)
    report = {"model": "none", "matting": "none", "version": "", "devices": [], "models": []}
    (folder / "answer.npz").write_bytes(
        contract.encode_answer(contract.Answer(alpha, None, report))
    )
    program = folder / "answering"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\nexec cat {folder}/answer.npz\n")
    program.chmod(0o755)
    return program


def _print(rounds: list[dict[str, Any]]) -> None:
    for name, text in (
        ("seconds", "seconds from the click to the mask being given to Krita"),
        ("processor", "seconds of processor time in Krita's process in that time"),
        ("main thread", "of these, the main thread's"),
        ("in all", "seconds with Krita's own update of its picture"),
    ):
        print(f"{text}:", ", ".join(f"{each[name]:.2f}" for each in rounds))
    stages = dict.fromkeys(stage for each in rounds for stage in each["stalls"])
    for stage in stages:
        for name, text in (("stalls", "longest stall"), ("busy", "processor time in one")):
            worst = [1000 * each[name].get(stage, 0.0) for each in rounds]
            print(f"{text}, {stage}:", ", ".join(f"{value:.0f} ms" for value in worst))
    own = ", ".join(f"{1000 * each['krita']:.0f} ms" for each in rounds)
    print(f"longest stall when Krita itself takes up such a mask: {own}")


if __name__ == "__main__":
    main()
