# SPDX-License-Identifier: Apache-2.0
"""Writes a trained subject network as the .onnx file the engine ships.

    python -m training.subject.export --run subject --version 1.0

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
from training.subject.network import GUIDES, Shape, SubjectNetwork

SHIPPED = Path("core/mattebrush/networks/subject.onnx")
TRAINED_ON = (
    "DUTS-TR (Wang et al. 2017, research use), Clothing Co-Parsing (Yang et al. 2014), cut-outs of "
    "Tux Paint, Wesnoth (GPL-2+), Fluent Emoji (MIT) and Openclipart (public domain), portraits "
    "(CC0) and Caltech-101 with masks by IS-Net, desktop backgrounds; "
    "encoder from EfficientNet-Lite0's weights (Apache-2.0; ImageNet, research use)"
)


class Probability(nn.Module):
    """The network as the engine calls it: `image`, `guide` to `probability`, sigmoid inside."""

    def __init__(self, network: SubjectNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor, guide: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.network(image, guide)[0]
        return answer.sigmoid()


def export(network: SubjectNetwork, path: Path, size: int, version: str) -> None:
    """Write `network` (weights as they are) to `path`; `size` is the side it works best at."""
    facts = {
        "mattebrush_kind": "salient",
        "size": str(size),
        "version": version,
        "licence": "Apache-2.0",
        "trained_on": TRAINED_ON,
        "shape": json.dumps(network.shape.to_json()),
    }
    inputs = {"image": torch.rand(2, 3, 64, 96), "guide": torch.rand(2, len(GUIDES), 64, 96)}
    exchange.write(Probability(network), inputs, "probability", facts, path)


def read(path: Path) -> SubjectNetwork:
    """The network a file that `export` wrote was made from, to half precision."""
    network = SubjectNetwork(Shape.from_json(json.loads(exchange.facts_of(path)["shape"])))
    exchange.fill(network, path)
    return network


def averaged(run: Path) -> SubjectNetwork:
    """The moving average of a run's checkpoint."""
    shape = Shape.from_json(json.loads((run / "shape.json").read_text()))
    network = SubjectNetwork(shape)
    checkpoint = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    network.load_state_dict(checkpoint["average"])
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a run's network as .onnx.")
    parser.add_argument("--run", required=True, help="name of the run's folder")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--size", type=int, default=352, help="side recommended to the engine")
    parser.add_argument("--version", required=True)
    parser.add_argument("--blend", type=Path, help="an exported file to take the mean with")
    parser.add_argument("--share", type=float, default=0.5, help="of the run, in that mean")
    args = parser.parse_args()
    network = averaged(RUNS / args.run)
    if args.blend:
        exchange.blend(network, read(args.blend), args.share)
    export(network, args.out, args.size, args.version)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
