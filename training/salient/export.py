# SPDX-License-Identifier: Apache-2.0
"""Writes a trained salient-object network as the .onnx file the engine ships.

    python -m training.salient.export --run salient-cooled

Convolutions are stored in half precision, which halves the file and moves no output by more than
a thousandth or so; onnxruntime turns them back once, when the session is made. Batch normalisation
stays as it was trained, so that training can start from the file (`train --start FILE.onnx`).
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from training.loop import RUNS
from training.salient.calibrate import calibrate
from training.salient.network import SalientNetwork, Shape
from training.salient.pictures import load
from training.shards import DEFAULT_DATA, DEVELOPMENT

SHIPPED = Path("core/mattebrush/networks/salient.onnx")
TRAINED_ON = "DUTS-TR (Wang et al. 2017, research use), Clothing Co-Parsing (Yang et al. 2014)"


class Probability(nn.Module):
    """The network as the engine calls it: `image` to `probability`, sigmoid inside."""

    def __init__(self, network: SalientNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.network(image)[0]
        return answer.sigmoid()


def export(network: SalientNetwork, path: Path, size: int, version: str) -> None:
    """Write `network` (weights as they are) to `path`; `size` is the side it works best at."""
    held = io.BytesIO()
    torch.onnx.export(
        Probability(network).eval(),
        (torch.rand(2, 3, 64, 96),),
        held,  # type: ignore[arg-type]
        input_names=["image"],
        output_names=["probability"],
        dynamic_axes={k: {0: "n", 2: "h", 3: "w"} for k in ("image", "probability")},
        opset_version=17,
        do_constant_folding=False,  # would fold the normalisation away, which `read` needs
        dynamo=False,
    )
    model = onnx.load_from_string(held.getvalue())
    halve(model)
    facts = {
        "mattebrush_kind": "salient",
        "size": str(size),
        "version": version,
        "licence": "Apache-2.0",
        "trained_on": TRAINED_ON,
        "shape": json.dumps(network.shape.to_json()),
    }
    helper.set_model_props(model, facts)
    onnx.checker.check_model(model, full_check=True)
    partial = path.with_suffix(".partial")
    onnx.save(model, partial)
    partial.replace(path)


def halve(model: onnx.ModelProto) -> None:
    """Store the weights of convolutions as float16 with a cast in front of their use."""
    casts = []
    for tensor in model.graph.initializer:
        if len(tensor.dims) < 4:
            continue
        values = numpy_helper.to_array(tensor).astype(np.float16)
        stored = tensor.name + ".half"
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
        tensor.CopyFrom(numpy_helper.from_array(values, stored))
    for cast in casts:
        model.graph.node.insert(0, cast)


def read(path: Path) -> SalientNetwork:
    """The network a file that `export` wrote was made from, to half precision."""
    model = onnx.load(path)
    facts = {entry.key: entry.value for entry in model.metadata_props}
    network = SalientNetwork(Shape.from_json(json.loads(facts["shape"])))
    held = {t.name.removesuffix(".half"): t for t in model.graph.initializer}
    # The exporter stores equal tensors once and names the others through Identity nodes.
    alias = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Identity"}
    state = network.state_dict()
    for name, value in state.items():
        full = "network." + name
        if full in held or full in alias:
            array = numpy_helper.to_array(held[alias.get(full, full)]).astype(np.float32)
            value.copy_(torch.from_numpy(array.copy()))
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
    parser.add_argument("--size", type=int, default=256, help="side the network works best at")
    parser.add_argument("--version", default="1")
    given = parser.parse_args()
    network = averaged(RUNS / given.run).eval()
    factor, shift = calibrate(network, load(given.data, DEVELOPMENT, 256), given.size)
    export(network, given.out, given.size, given.version)
    megabytes = given.out.stat().st_size / 1e6
    print(f"{given.out}: {megabytes:.2f} MB, logits x {factor:.3f} {shift:+.3f}")


if __name__ == "__main__":
    main()
