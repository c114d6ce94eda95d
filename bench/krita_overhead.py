# SPDX-License-Identifier: Apache-2.0
"""What the Krita plug-in costs at 24 megapixels without the engine's time, and how long it stalls.

    python -m bench.krita_overhead [5.1|5.2|5.3|6.0] [MODEL DEPTH]

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
    with tempfile.TemporaryDirectory() as scratch, kritahost.screen() as display:
        told = measure(kritahost.find(version, Path(scratch)), display, model, depth)
    _print(version, model, depth, told)


def measure(
    krita: kritahost.Krita, display: str, model: str = "RGBA", depth: str = "U8"
) -> list[dict[str, Any]]:
    """What `inside/overhead.py` tells of each round."""
    krita.choose(python=str(_answering(krita.folder)), engine="process")
    picture = krita.folder / "picture.png"
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    Image.fromarray(noise).resize((WIDTH, HEIGHT)).save(picture, compress_level=1)
    arguments = (str(picture), model, depth, str(ROUNDS))
    told: list[dict[str, Any]] = krita.show("overhead", display, *arguments, timeout=500)
    return told


def _answering(folder: Path) -> Path:
    """A program that answers every job with the same alpha, as fast as pipes allow."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    distance = np.hypot(y - HEIGHT / 2, x - WIDTH / 2)
    alpha = (np.clip((1500 - distance) / 40 + 0.5, 0, 1) * 255).astype(np.uint8)
    report = {"model": "none", "matting": "none", "version": "", "devices": [], "models": []}
    (folder / "answer.npz").write_bytes(
        contract.encode_answer(contract.Answer(alpha, None, report))
    )
    program = folder / "answering"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\nexec cat {folder}/answer.npz\n")
    program.chmod(0o755)
    return program


def _print(version: str, model: str, depth: str, told: list[dict[str, Any]]) -> None:
    print(f"Krita {version}, {WIDTH}x{HEIGHT} {model} {depth}, {len(told)} rounds")
    for name, text in (
        ("seconds", "seconds from the click to the mask being given to Krita"),
        ("processor", "seconds of processor time in Krita's process in that time"),
        ("main thread", "of these, the main thread's"),
        ("in all", "seconds with Krita's own update of its picture"),
    ):
        print(f"{text}:", ", ".join(f"{each[name]:.2f}" for each in told))
    stages = dict.fromkeys(stage for each in told for stage in each["stalls"])
    for stage in stages:
        worst = [1000 * each["stalls"].get(stage, 0.0) for each in told]
        print(f"longest stall, {stage}:", ", ".join(f"{value:.0f} ms" for value in worst))
    own = ", ".join(f"{1000 * each['krita']:.0f} ms" for each in told)
    print(f"longest stall when Krita itself takes up such a mask: {own}")


if __name__ == "__main__":
    main()
