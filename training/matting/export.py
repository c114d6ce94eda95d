# SPDX-License-Identifier: Apache-2.0
"""Writes a trained matting network as the .onnx file the engine ships.

    python -m training.matting.export --name final

Training can start from the file again (`train --start FILE.onnx`).
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import torch

from training import exchange

from .network import MULTIPLE, MattingNetwork
from .train import RUNS

SHIPPED = Path("core/mattebrush/networks/matting.onnx")
TRAINED_ON = (
    "drawn subjects and cut-outs (tuxpaint-stamps, GPL-2; wesnoth, GPL-2+; "
    "@lobehub/fluent-emoji-3d, MIT; openclipart, public domain) "
    "on photographs of DUTS-TR (Wang et al. 2017, research use) "
    "and Clothing Co-Parsing (Yang et al. 2014); "
    "encoder from EfficientNet-Lite0's weights (Apache-2.0; ImageNet, research use)"
)

HALO = 192
"""Pixels around a tile beyond which nothing moves its alpha by 1/255, even where nothing is known
(at 160 up to 5/255 were seen); tests/models/test_matting_network.py holds it to that."""


def export(network: MattingNetwork, path: Path, version: str) -> None:
    """Write `network` to `path`: `image` and `prior` in, `alpha` out, as its `forward` says."""
    facts = {
        "mattebrush_kind": "prior",
        "multiple": str(MULTIPLE),
        "halo": str(HALO),
        "version": version,
        "licence": "Apache-2.0",
        "trained_on": TRAINED_ON,
    }
    inputs = {"image": torch.rand(2, 3, 64, 96), "prior": torch.rand(2, 2, 64, 96)}
    network = copy.deepcopy(network)
    network.align()
    exchange.write(network, inputs, "alpha", facts, path)


def read(path: Path) -> MattingNetwork:
    """The network a file that `export` wrote was made from, to half precision."""
    network = MattingNetwork()
    exchange.fill(network, path)
    return network


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write a run's matting network as .onnx.")
    parser.add_argument("--name", required=True, help="name of the run's folder")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--version", default="1")
    parser.add_argument("--blend", type=Path, help="an exported file to take the mean with")
    parser.add_argument("--share", type=float, default=0.5, help="of the run in that mean")
    args = parser.parse_args()
    network = MattingNetwork()
    checkpoint = torch.load(
        RUNS / args.name / "checkpoint.pt", map_location="cpu", weights_only=True
    )
    network.load_state_dict(checkpoint["average"])
    if args.blend:
        exchange.blend(network, read(args.blend), args.share)
    export(network, args.out, args.version)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB, step {checkpoint['step']}")


if __name__ == "__main__":
    main()
