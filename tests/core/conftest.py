# SPDX-License-Identifier: Apache-2.0
"""A scene with a known answer, and a tiny real network that finds what is red in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mattebrush.models import catalog, install
from tests import sessions
from tests.core.scenes import Scene, disc


@pytest.fixture
def scene() -> Scene:
    return disc(240, 320)


@pytest.fixture
def red_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Id of an installed model: a network of U²-Netp's contract that sees red as subject."""
    monkeypatch.setenv("MATTEBRUSH_HOME", str(tmp_path / "home"))
    prepare = catalog.get("u2netp").interface.preprocessing
    steepness, threshold = 30.0, 0.3
    mean, std = np.array(prepare.mean), np.array(prepare.std)
    weights = steepness * np.array([1.0, -1.0, 0.0])
    kernel = (weights * std).astype(np.float32).reshape(1, 3, 1, 1)
    bias = np.array([weights @ mean - steepness * threshold], np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image", "kernel", "bias"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["mask"]),
        ],
        "red",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 320, 320])],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, 320, 320])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "u2netp.onnx"
    onnx.save(model, path)
    install.add(path)
    sessions.forget_all()
    return "u2netp"
