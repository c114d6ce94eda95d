# SPDX-License-Identifier: Apache-2.0
"""What the Background Mask node costs at rest, at 4K, beside a Set Alpha with the same mask.

    python -m bench.blender_node [3.4 4.2 4.5 5.0 5.2 ...]

Processor seconds of the compositor, the least of some renders, so that other programs count for
little: with a mask alone, and with clean colors, which are one more picture to be read; over an
opaque plate, and over one with an alpha of its own. Needs what
tests/hosts/install_blender.sh installs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.hosts.blender import blenders

SIZE = (4096, 2160)
ROUNDS = 4


def main() -> None:
    versions = sys.argv[1:] or blenders.VERSIONS
    print("| Blender | plate | Set Alpha | node, mask | node, clean colors | times |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        blenders.build_zips(Path(scratch))
        for version in versions:
            for plate, measured in measure(version, Path(scratch)).items():
                plain, mask, colors = (measured[name] for name in ("set alpha", "mask", "colors"))
                row = f"| {version} | {plate} | {plain:.2f} | {mask:.2f} | {colors:.2f}"
                print(f"{row} | {mask / plain:.2f}, {colors / plain:.2f} |", flush=True)


def measure(version: str, scratch: Path) -> dict[str, Any]:
    """Processor seconds by case."""
    folder = scratch / version
    folder.mkdir()
    (folder / "zips").symlink_to(scratch / "zips")
    blender = blenders.find(version)
    measured: dict[str, Any] = blenders.run(blender, "cost", folder, size=SIZE, rounds=ROUNDS)
    return measured


if __name__ == "__main__":
    main()
