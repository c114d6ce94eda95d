# SPDX-License-Identifier: Apache-2.0
"""Trains the matting network on a CPU core; goes on where it was cut.

    python -m training.matting.pool --count 6000
    python -m training.matting.train --name base --hours 3
    python -m training.matting.train --name final --cool base --hours 0.3
    python -m training.matting.export --name final

The long run keeps its rate level, so it may be cut at any time; a cool-down branches off from its
checkpoint into a folder of its own and leaves it as it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training import exchange, loop, shards
from training.encoder import fill_from_imagenet
from training.muon import Muon

from . import development
from .batches import Recipe, prior_of, stream
from .losses import Weights, matting_loss
from .network import MULTIPLE, MattingNetwork

RUNS = loop.RUNS / "matting"


def predict(network: nn.Module, image: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """alpha (H, W) for a picture (H, W, 3) uint8 of any size, in one piece."""
    height, width = image.shape[:2]
    pad = (0, -width % MULTIPLE, 0, -height % MULTIPLE)
    pixels = torch.from_numpy(image.transpose(2, 0, 1) / np.float32(255))[None]
    with torch.no_grad():
        alpha = network(
            functional.pad(pixels, pad, mode="replicate"),
            functional.pad(torch.from_numpy(prior)[None], pad, mode="replicate"),
        )
    return np.asarray(alpha[0, 0, :height, :width].numpy())


def check_on(data: Path) -> dict[str, list[development.Sample]]:
    """The development pictures with given trimaps, by trimap."""
    return {t: list(development.alphamatting(data, t)) for t in ("trimap1", "trimap2")}


def check(network: nn.Module, samples: Mapping[str, list[development.Sample]]) -> dict[str, float]:
    """Mean SAD by trimap."""
    network.eval()
    figures = {}
    for name, subset in samples.items():
        errors = []
        for sample in subset:
            assert sample.trimap is not None
            prior = prior_of(sample.trimap, None)
            errors.append(development.sad(predict(network, sample.image, prior), sample))
        figures[f"sad_{name}"] = round(float(np.mean(errors)), 4)
    return figures


def begin(start: Path | None) -> loop.State:
    """The network of an exported file, or a fresh one whose encoder ImageNet has taught, with its
    optimizer: Muon between features, Adam on norms and outputs, in small steps on the encoder."""
    network = MattingNetwork()
    fill_from_imagenet(network.encoder)
    if start:
        exchange.fill(network, start)
    outputs = {"last.weight", "coarse.weight"}
    inner, rest, learned = [], [], []
    for name, parameter in network.named_parameters():
        if name.startswith("encoder."):
            learned.append(parameter)
        elif parameter.ndim == 4 and name not in outputs:
            inner.append(parameter)
        else:
            rest.append(parameter)
    return loop.begin(network, Muon(inner, rest, learned))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train the matting network.")
    parser.add_argument("--name", required=True, help="the run's folder under ~/.cache")
    parser.add_argument("--hours", type=float, required=True, help="training time in all")
    parser.add_argument("--start", type=Path, help="an exported .onnx to take the weights from")
    parser.add_argument("--cool", metavar="RUN", help="branch off RUN and let the rate fall")
    parser.add_argument("--rate", type=float, default=0.015)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--half", action="store_true", help="bfloat16 where the hardware has it")
    parser.add_argument("--nice", type=int, default=19, help="priority, 19 (lowest) to 0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check-minutes", type=float, default=15)
    parser.add_argument("--data", type=Path, default=shards.DEFAULT_DATA)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    state = begin(options.start)
    state.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    folder = RUNS / options.name
    if (folder / "checkpoint.pt").exists():
        loop.restore(state, folder / "checkpoint.pt")
    elif options.cool:
        loop.branch(state, RUNS / options.cool / "checkpoint.pt")
    # The step in the seed: a run that goes on sees new pictures, not the first ones again.
    recipe = Recipe(options.data, batch=options.batch, side=options.side)
    batches = stream(recipe, options.seed + 1000 * state.step)
    weights = Weights()

    def loss_of_step(network: nn.Module, step: int) -> Mapping[str, Tensor]:
        batch = next(batches)
        answer, coarse = network(batch["image"], batch["prior"])
        unknown = batch["prior"][:, 1:]
        return matting_loss(
            answer.float(), coarse.float(), batch["truth"], unknown, batch["contrast"], weights
        )

    samples = check_on(options.data)
    loop.run(
        state,
        folder,
        loss_of_step,
        loop.cooldown if options.cool else loop.constant,
        loop.Settings(
            options.hours,
            options.rate,
            check_minutes=options.check_minutes,
            log_steps=50,
            half=options.half,
            threads=options.threads,
            nice=options.nice,
        ),
        lambda average: check(average, samples),
    )


if __name__ == "__main__":
    main()
