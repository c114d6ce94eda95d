# SPDX-License-Identifier: Apache-2.0
"""Trains the salient-object network, on a CPU or one GPU; the same command goes on after a cut.

    python -m training.salient.train --run salient --hours 24                    # level rate
    python -m training.salient.train --run salient-cooled --branch salient \\
        --schedule cooldown --hours 0.5 --side 256                               # to be exported
    python -m training.salient.train --run next --start core/mattebrush/networks/salient.onnx ...

training/README.md has the whole recipe.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from training import loop
from training.augment import augment
from training.encoder import fill_from_imagenet
from training.salient.calibrate import EVERY, fit
from training.salient.export import read
from training.salient.losses import salient_loss
from training.salient.measure import FloatArray, accuracy
from training.salient.network import SalientNetwork, Shape
from training.salient.pictures import Pictures, answers, load
from training.shards import DEFAULT_DATA, DEVELOPMENT, TRAINING

LARGEST, CHECKED = 320, 256
"""The largest side that training pictures are kept at, and that of the development pictures."""


def main() -> None:
    given = parser().parse_args()
    torch.manual_seed(given.seed)
    folder = loop.RUNS / given.run
    network = starting_network(folder, given.start, given.branch, given.shape)
    network = network.to(given.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = loop.begin(network, optimizer_for(network, given.rate))
    if (folder / "checkpoint.pt").exists():
        loop.restore(state, folder / "checkpoint.pt")
    elif given.branch:
        loop.branch(state, loop.RUNS / given.branch / "checkpoint.pt")
    if given.compile:
        state.network.compile()
    training = load(given.data, TRAINING, min(LARGEST, given.side * 3 // 2)).to(given.device)
    development = load(given.data, DEVELOPMENT, CHECKED)

    def loss_of_step(network: nn.Module, step: int) -> Mapping[str, torch.Tensor]:
        draws = torch.Generator().manual_seed(given.seed * 1_000_003 + step)
        rows = training.rows(step, given.batch, given.seed)
        with torch.autocast(torch.device(given.device).type, enabled=False):
            planes = augment(training.batch(rows), given.side, draws)
        image = planes[:, :3].contiguous(memory_format=torch.channels_last)
        return salient_loss(network(image), planes[:, 3:])

    def check(average: nn.Module) -> Mapping[str, float]:
        return development_figures(average, development, given.side, given.device)

    settings = loop.Settings(
        hours=given.hours,
        learning_rate=given.rate,
        ema=given.ema,
        device=given.device,
        half=given.half,
        threads=given.threads,
        nice=given.nice,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shape.json").write_text(json.dumps(network.shape.to_json()) + "\n")
    loop.run(state, folder, loss_of_step, loop.SCHEDULES[given.schedule], settings, check)


def parser() -> argparse.ArgumentParser:
    """The command line; its defaults are the recipe of the shipped network."""
    words = argparse.ArgumentParser(description="Train the salient-object network.")
    words.add_argument("--run", required=True, help="run's folder: a new one, or one to go on with")
    words.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the shards")
    words.add_argument("--hours", type=float, required=True, help="wall-clock budget of the run")
    words.add_argument("--schedule", choices=loop.SCHEDULES, default="constant")
    words.add_argument("--branch", help="a run to take the state from, for a new run")
    words.add_argument("--start", type=Path, help="an exported .onnx to take the weights from")
    words.add_argument(
        "--shape", type=json.loads, help="of a new network, as JSON: what `shape.json` holds"
    )
    words.add_argument("--side", type=int, default=224, help="of the picture, a multiple of 32")
    words.add_argument("--batch", type=int, default=16)
    words.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    words.add_argument("--ema", type=float, default=0.998, help="decay of the moving average")
    words.add_argument("--device", default="cpu", help="cpu, cuda, mps")
    words.add_argument("--compile", action="store_true", help="fuse the graph: for GPUs")
    words.add_argument("--half", action="store_true", help="bfloat16 where the hardware has it")
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--nice", type=int, default=19, help="priority, 19 (lowest) to 0")
    words.add_argument("--seed", type=int, default=1)
    return words


def starting_network(
    folder: Path,
    start: Path | None = None,
    branch: str | None = None,
    shape: dict[str, list[int]] | None = None,
) -> SalientNetwork:
    """The network of this run, of the run branched from, of an exported file, or a new one."""
    for known in (folder, *([loop.RUNS / branch] if branch else [])):
        if (known / "shape.json").exists():
            return SalientNetwork(Shape.from_json(json.loads((known / "shape.json").read_text())))
    if start:
        return read(start)
    network = SalientNetwork(Shape.from_json(shape or {}))
    fill_from_imagenet(network.encoder)
    return network


def optimizer_for(network: SalientNetwork, rate: float) -> torch.optim.Optimizer:
    """AdamW; a fifth of the rate for the encoder, which knows something already."""
    encoder = list(network.encoder.parameters())
    known = {id(parameter) for parameter in encoder}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in known]
    groups = [{"params": encoder, "scale": 0.2}, {"params": rest, "scale": 1.0}]
    return torch.optim.AdamW(groups, rate, weight_decay=0.01)


@torch.no_grad()
def development_figures(
    network: nn.Module, pictures: Pictures, side: int, device: str
) -> dict[str, float]:
    """MAE and maxF with the network at `side` and calibrated as for export, without its mirrored
    pass; close to what `evaluate` finds of an exported file, and quick."""
    held = list(answers(network, pictures, side, device))
    masks = [functional.adaptive_avg_pool2d(mask, side).flatten()[::EVERY] for _, mask in held]
    logits = [logit.flatten()[::EVERY] for logit, _ in held]
    factor, shift = fit(torch.cat(logits), torch.cat(masks))
    results: list[tuple[FloatArray, FloatArray]] = []
    for logit, mask in held:
        probability = (logit * factor + shift).sigmoid()
        answer = functional.interpolate(probability, mask.shape[-2:], mode="bilinear")
        results += zip(answer[:, 0].numpy(), mask[:, 0].numpy(), strict=True)
    figures = accuracy(results)
    return {"mae": round(figures.mae, 4), "max_f": round(figures.max_f, 4)}


if __name__ == "__main__":
    main()
