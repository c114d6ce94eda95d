# SPDX-License-Identifier: Apache-2.0
"""Trained networks as .onnx files that the engine ships, and back.

Convolutions are stored in half precision, which halves the file and moves no output by more than
a thousandth or so; onnxruntime turns them back once, when the session is made. Batch normalization
stays as it was trained, so that training can start from the file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn


def write(
    module: nn.Module,
    inputs: Mapping[str, torch.Tensor],
    output: str,
    facts: Mapping[str, str],
    path: Path,
) -> None:
    """Write `module` in evaluation mode to `path`, whole or not at all.

    inputs: by name, examples (N, C, H, W); N, H and W stay free. output: the name of what it
    returns. facts: the file's metadata.
    """
    buffer = io.BytesIO()
    torch.onnx.export(
        module.eval(),
        tuple(inputs.values()),
        buffer,  # type: ignore[arg-type]
        input_names=list(inputs),
        output_names=[output],
        dynamic_axes={name: {0: "n", 2: "h", 3: "w"} for name in (*inputs, output)},
        opset_version=17,
        do_constant_folding=False,  # would fold the normalization away, which `fill` needs
        dynamo=False,
    )
    model = onnx.load_from_string(buffer.getvalue())
    halve(model)
    helper.set_model_props(model, dict(facts))
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


def facts_of(path: Path) -> dict[str, str]:
    """The metadata that `write` was given."""
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def fill(network: nn.Module, path: Path) -> None:
    """Fill a network from the file it was written to, to half precision, alone or as part of a
    larger module. What the file lacks stays as it is, so that a network may have grown since."""
    model = onnx.load(path)
    initializers = {t.name.removesuffix(".half"): t for t in model.graph.initializer}
    first = next(iter(network.state_dict()))
    prefix = next((name.removesuffix(first) for name in initializers if name.endswith(first)), "")
    # The exporter stores equal tensors once and names the others through Identity nodes.
    alias = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Identity"}
    for name, value in network.state_dict().items():
        full = alias.get(prefix + name, prefix + name)
        if full in initializers:
            array = numpy_helper.to_array(initializers[full]).astype(np.float32)
            array = array[tuple(slice(length) for length in value.shape)]  # channels of zeros
            value.copy_(torch.from_numpy(array.copy()))


def blend(network: nn.Module, other: nn.Module, share: float) -> None:
    """Moves `network`'s weights to the mean with `other`'s, of which they keep `share`.

    Where one was trained on from the other, the mean errs less than either, or on fewer kinds of
    pictures (Wortsman et al., Model Soups, ICML 2022).
    """
    old = other.state_dict()
    new = network.state_dict()
    mixed = {
        name: (share * new[name] + (1 - share) * old[name]).to(new[name].dtype) for name in new
    }
    network.load_state_dict(mixed)
