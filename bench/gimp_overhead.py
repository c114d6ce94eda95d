# SPDX-License-Identifier: Apache-2.0
"""What the GIMP plug-in adds to a run at 24 megapixels, in the real GIMPs of the host tests.

    python -m bench.gimp_overhead [--times 3]

Remove Background is called as from a script, with a stand-in for the engine that takes the whole
request and at once gives an answer made before: what is left is the plug-in. Beside it, in turns,
a plug-in that only reads the same pixels, writes a mask and reads it. The difference is the
overhead: packing, pipes, unpacking, undo, compressing the mask to remember it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import numpy as np

from mattebrush.jobs import contract
from tests.hosts.gimp import gimphost

WIDTH, HEIGHT = 6000, 4000
_ENGINE = "#!/bin/sh\ncat >/dev/null\ncat {answer}\n"
_PIXELS = """#!/usr/bin/env python
import os, sys
plugins = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(plugins, "mattebrush"))
from gimpfu import *
import mattebrush_client as client
from mattebrush_host import pixels

def only_pixels(image):
    assert pixels.problem(image, [image.active_layer]) == ""
    layer = image.active_layer
    pixels.read_picture(layer)
    gray = b"\\x80" * (layer.width * layer.height)
    pixels.put_mask(layer, client.Array(gray, (layer.height, layer.width), "uint8"), False)
    pixels.read_mask(layer)

register("only_pixels", "", "", "", "", "", "Only Pixels", "*",
         [(PF_IMAGE, "image", "Image", None)], [], only_pixels, menu="<Image>/Filters")
main()
"""
_INSIDE = """
import json, os, sys, time
if sys.version_info[0] > 2:
    sys.path.insert(0, os.environ["GIMPFU"])
from gimpfu import *

width, height, times = {width}, {height}, {times}
image = gimp.Image(width, height, RGB)
layer = gimp.Layer(image, "photo", width, height, RGB_IMAGE, 100, LAYER_MODE_NORMAL)
image.add_layer(layer, 0)
image.active_layer = layer
pdb.gimp_edit_blend(layer, FG_BG_RGB_MODE, LAYER_MODE_NORMAL, GRADIENT_LINEAR, 100, 0,
                    REPEAT_NONE, False, False, 0, 0, True, 0, 0, width, height)
calls = [
    lambda: pdb.python_fu_only_pixels(image),
    lambda: pdb.plug_in_mattebrush_remove_background(
        image, "", "auto", 0.0, 0.0, "all", False, False, "replace", False
    ),
]
found = []
for number in range(times + 1):
    turn = []
    for call in calls:
        start = time.time()
        call()
        turn.append(time.time() - start)
        layer.remove_mask(MASK_DISCARD)
    found.append(turn)
with open(os.environ["FOUND"], "w") as out:
    json.dump(found[1:], out)  # the first warms up
"""


def measure(gimp: gimphost.Gimp, times: int) -> list[list[float]]:
    """Seconds of each turn: pixels alone, whole call."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    disc = np.clip((1500 - np.hypot(y - 2000, x - 3000)) / 60 + 0.5, 0, 1)
    alpha = (disc * 255 + 0.5).astype(np.uint8)
    answer = gimp.folder / "answer"
    answer.write_bytes(contract.encode_answer(contract.Answer(alpha, None, {})))
    engine = gimp.folder / "stand-in"
    engine.write_text(_ENGINE.format(answer=gimp.inside(answer)))
    engine.chmod(0o755)
    gimp.set_up(engine="process", python=gimp.inside(engine))
    plugin = gimp.folder / "only_pixels.py"
    plugin.write_text(_PIXELS)
    gimp.install_plugin(plugin, "only_pixels")
    script = gimp.folder / "inside.py"
    script.write_text(_INSIDE.format(width=WIDTH, height=HEIGHT, times=times))
    gimp.run(script, 600, FOUND=gimp.inside(gimp.folder) + "/found.json")
    turns: list[list[float]] = json.loads((gimp.folder / "found.json").read_text())
    return turns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=5, help="turns after one to warm up")
    times = parser.parse_args().times
    for make in (gimphost.gimp3, gimphost.gimp210):
        with tempfile.TemporaryDirectory() as folder:
            gimp = make(Path(folder))
            turns = measure(gimp, times)
        pixels, call = (statistics.median(column) for column in zip(*turns, strict=True))
        more = sorted(turn[1] - turn[0] for turn in turns)
        print(
            f"GIMP {gimp.version}: pixels alone {pixels:.2f} s, whole call {call:.2f} s; "
            f"{statistics.median(more):.2f} s more (least {more[0]:.2f} s)"
        )


if __name__ == "__main__":
    main()
