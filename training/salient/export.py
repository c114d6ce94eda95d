# SPDX-License-Identifier: Apache-2.0
"""Writes a trained salient-object network as the .onnx file the engine ships.

    python -m training.salient.export --run salient-cooled

Training can start from the file again (`train --start FILE.onnx`).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import nn

from training import exchange
from training.loop import RUNS
from training.salient.calibrate import calibrate
from training.salient.network import Mirrored, SalientNetwork, Shape
from training.salient.pictures import load
from training.shards import DEFAULT_DATA, DEVELOPMENT

SHIPPED = Path("core/mattebrush/networks/salient.onnx")
TRAINED_ON = (
    "DUTS-TR (Wang et al. 2017, research use), Clothing Co-Parsing (Yang et al. 2014); "
    "encoder from EfficientNet-Lite0's weights (Apache-2.0; ImageNet, research use)"
)


class Probability(nn.Module):
    """The network as the engine calls it: `image` to `probability`, sigmoid inside."""

    def __init__(self, network: SalientNetwork) -> None:
        super().__init__()
        self.mirrored = Mirrored(network)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.mirrored(image)[0]
        return answer.sigmoid()


def export(network: SalientNetwork, path: Path, size: int, version: str) -> None:
    """Write `network` (weights as they are) to `path`; `size` is the side it works best at."""
    facts = {
        "mattebrush_kind": "salient",
        "size": str(size),
        "version": version,
        "licence": "Apache-2.0",
        "trained_on": TRAINED_ON,
        "shape": json.dumps(network.shape.to_json()),
    }
    image = torch.rand(2, 3, 64, 96)
    exchange.write(Probability(network), {"image": image}, "probability", facts, path)


def read(path: Path) -> SalientNetwork:
    """The network a file that `export` wrote was made from, to half precision."""
    network = SalientNetwork(Shape.from_json(json.loads(exchange.facts_of(path)["shape"])))
    exchange.fill(network, path, "mirrored.network.")
    return network


def averaged(run: Path) -> SalientNetwork:
    """The moving average of a run's checkpoint."""
    shape = Shape.from_json(json.loads((run / "shape.json").read_text()))
    network = SalientNetwork(shape)
    held = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    network.load_state_dict(held["average"])
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a run's network as .onnx.")
    parser.add_argument("--run", required=True, help="name of the run's folder")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="to calibrate on")
    parser.add_argument("--size", type=int, default=352, help="side the network works best at")
    parser.add_argument("--version", default="1")
    parser.add_argument("--blend", type=Path, help="an exported file to take the mean with")
    parser.add_argument("--share", type=float, default=0.5, help="of the run in that mean")
    given = parser.parse_args()
    network = averaged(RUNS / given.run).eval()
    if given.blend:
        exchange.blend(network, read(given.blend).eval(), given.share)
    factor, shift = calibrate(network, load(given.data, DEVELOPMENT, 256), given.size)
    export(network, given.out, given.size, given.version)
    megabytes = given.out.stat().st_size / 1e6
    print(f"{given.out}: {megabytes:.2f} MB, logits x {factor:.3f} {shift:+.3f}")


if __name__ == "__main__":
    main()
