# SPDX-License-Identifier: Apache-2.0
"""The matting network's parts: classical matting inside it, its losses, and the exported file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch", reason="pip install -e .[training]")

import torch

from training.matting import export, scenes
from training.matting.batches import prior_of
from training.matting.losses import Weights, matting_loss
from training.matting.network import MattingNetwork, project


def blend(side: int = 64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """image, prior and true alpha of red over blue with a ramp between them."""
    alpha = torch.linspace(-0.5, 1.5, side).clamp(0, 1).expand(1, 1, side, side)
    red, blue = torch.tensor([0.9, 0.2, 0.1]), torch.tensor([0.1, 0.2, 0.8])
    image = alpha * red.view(1, 3, 1, 1) + (1 - alpha) * blue.view(1, 3, 1, 1)
    unknown = ((alpha > 0) & (alpha < 1)).float()
    known = torch.where(unknown > 0, torch.full_like(alpha, 0.5), alpha)
    return image, torch.cat([known, unknown], 1), alpha


def test_projection_finds_the_share_of_the_foreground() -> None:
    fore, back = torch.rand(2, 1, 3, 4, 4)
    share = torch.rand(1, 2, 4, 4)
    pixels = back.unsqueeze(2) + share.unsqueeze(1) * (fore - back).unsqueeze(2)
    alpha, miss = project(pixels, fore + 0.0, back)
    far = ((fore - back) ** 2).sum(1) > 0.2
    assert torch.allclose(alpha[:, 0][far], share[:, 0][far], atol=0.02)
    assert miss.max() < 1e-3


def test_an_untrained_network_already_mattes_two_plain_colours() -> None:
    image, prior, alpha = blend()
    with torch.no_grad():
        answer = MattingNetwork().eval()(image, prior)
    assert (answer - alpha).abs().mean() < 0.06


def test_a_few_steps_descend() -> None:
    torch.manual_seed(1)
    image, prior, alpha = blend()
    network = MattingNetwork()
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    seen = []
    for _ in range(12):
        answer, coarse = network(image, prior)
        loss = matting_loss(answer, coarse, alpha, prior[:, 1:], alpha, Weights())["loss"]
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        seen.append(loss.item())
    assert seen[-1] < 0.7 * seen[0]


def test_an_answer_past_white_or_black_costs_nothing() -> None:
    truth = torch.tensor([[[[0.0, 1.0] * 4] * 8]])
    past = truth * 3 - 1  # -1 and 2
    unknown = torch.ones_like(truth)
    coarse = torch.full((1, 1, 2, 2), 0.5)
    assert matting_loss(past, coarse, truth, unknown, unknown, Weights())["loss"] < 1e-5
    wrong = matting_loss(1 - truth, coarse, truth, unknown, unknown, Weights())
    assert wrong["alpha"] > 0.9


def test_the_exported_file_answers_like_the_network(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = MattingNetwork().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.normal_(module.weight, std=0.04)
    path = tmp_path / "matting.onnx"
    export.export(network, path, "test")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map["halo"] == str(export.HALO)
    for side in (64, 128):
        scene = scenes.make_scene(3, side, "hair")
        image = torch.from_numpy(scene.image.transpose(2, 0, 1).copy())[None]
        prior = torch.from_numpy(prior_of(scene.trimap, None))[None]
        with torch.no_grad():
            wanted = network(image, prior).numpy()
        (answer,) = session.run(None, {"image": image.numpy(), "prior": prior.numpy()})
        assert np.abs(answer - wanted).max() < 0.01
        assert wanted.std() > 0.01

    again = export.read(path).eval()
    for mine, loaded in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.allclose(mine, loaded, atol=1e-3)
