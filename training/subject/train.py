# SPDX-License-Identifier: Apache-2.0
"""Trains the subject network, on a CPU or one GPU; the same command goes on after a cut.

    python -m training.subject.train --run subject --hours 24                    # level rate
    python -m training.subject.train --run subject-cooled --branch subject \\
        --schedule cooldown --hours 0.5                                          # to be exported
    python -m training.subject.train --run next --start core/mattebrush/networks/subject.onnx ...

training/README.md has the whole recipe.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training import loop
from training.augment import augment
from training.encoder import fill_from_imagenet
from training.shards import DEFAULT_DATA
from training.subject import prompts
from training.subject.development import Development, figures, load_development
from training.subject.export import read
from training.subject.losses import subject_loss
from training.subject.network import GUIDES, Shape, SubjectNetwork
from training.subject.pictures import load

KEPT = 320
"""The side that training pictures are kept at."""

SIDES = (0.875, 1.0, 1.0, 1.125, 1.25)
"""Of the side asked for, those that steps are drawn from: close-ups and wholes look alike at no
single one."""

GUIDED = 0.5
"""Of a batch, what is trained with prompts; the rest hears nothing."""


def main() -> None:
    args = parser().parse_args()
    torch.manual_seed(args.seed)
    folder = loop.RUNS / args.run
    network = starting_network(folder, args.start, args.branch, args.shape)
    network.encoder.low_precision = args.half
    network = network.to(args.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = loop.begin(network, optimizer_for(network, args.rate))
    if (folder / "checkpoint.pt").exists():
        loop.restore(state, folder / "checkpoint.pt")
    elif args.branch:
        loop.branch(state, loop.RUNS / args.branch / "checkpoint.pt")
    if args.compile:
        state.network.compile()
    training = load(args.data, KEPT).to(args.device)
    development: Development = load_development(args.data)

    def loss_of_step(network: nn.Module, step: int) -> Mapping[str, torch.Tensor]:
        seed = args.seed * 1_000_003 + step
        draws = np.random.default_rng(seed)
        side = 32 * round(args.side * draws.choice(SIDES) / 32)
        rows = training.rows(step, args.batch, args.seed)
        cutout = torch.from_numpy(np.isin(rows, training.rows_of["cutout"]))
        with torch.autocast(torch.device(args.device).type, enabled=False):
            generator = torch.Generator().manual_seed(seed)
            aspect = training.aspect[torch.from_numpy(rows)]
            planes = augment(training.batch(rows), side, generator, aspect, cutout)
        image = planes[:, :3].contiguous(memory_format=torch.channels_last)
        guide, truth = prompted(network, image, planes[:, 3:4], planes[:, 4:5], draws)
        return subject_loss(network(image, guide), truth)

    def check(average: nn.Module) -> Mapping[str, float]:
        return figures(average, development, args.side, args.device)

    settings = loop.Settings(
        hours=args.hours,
        learning_rate=args.rate,
        ema=args.ema,
        device=args.device,
        threads=args.threads,
        nice=args.nice,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shape.json").write_text(json.dumps(network.shape.to_json()) + "\n")
    loop.run(state, folder, loss_of_step, loop.SCHEDULES[args.schedule], settings, check)


def prompted(
    network: nn.Module,
    image: torch.Tensor,
    mask: torch.Tensor,
    part: torch.Tensor,
    draws: np.random.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Guidance (N, 4, S, S) for a batch, and what is meant by it (N, 1, S, S).

    Prompts correct the network's own mistakes as it is now, without and then with a first prompt,
    damaged masks and crude ones; or they are the first that is said.
    """
    count = int(len(image) * GUIDED)
    size = image.shape[-1]
    truth = mask.clone()
    wanted: list[prompts.Plane] = []
    for row in range(count):
        wanted.append(prompts.one_part(part[row, 0].cpu().numpy(), draws))
        truth[row, 0] = torch.from_numpy(wanted[row]).to(mask)
    guides = np.zeros((count, len(GUIDES), size, size), np.float32)
    own = answers(network, image[:count], guides)
    for row, plane in enumerate(wanted):
        kind, painted = draws.uniform(), bool(draws.uniform() < 0.55)
        number = int(draws.integers(1, 4))
        if kind < 0.38:
            prompts.correct(guides[row], plane, own[row], number, painted, draws)
        elif kind < 0.52:
            before = prompts.damaged(plane, draws)
            prompts.correct(guides[row], plane, before, number, painted, draws)
        elif kind < 0.66:
            guides[row, 2] = prompts.crude(plane, draws)
        else:
            prompts.first(plane, guides[row], draws)
    if draws.uniform() < 0.4:
        own = answers(network, image[:count], guides)
        for row, plane in enumerate(wanted):
            if draws.uniform() < 0.7:
                painted = bool(draws.uniform() < 0.4)
                number = int(draws.integers(1, 3))
                prompts.correct(guides[row], plane, own[row], number, painted, draws)
    whole = image.new_zeros(len(image), len(GUIDES), size, size)
    whole[:count] = torch.from_numpy(guides).to(image)
    return whole, truth


@torch.no_grad()
def answers(network: nn.Module, image: torch.Tensor, guides: prompts.Guide) -> list[prompts.Plane]:
    """What the network says now, (S, S) each, without learning from it."""
    network.eval()
    half: bool = network.encoder.low_precision  # type: ignore[union-attr, assignment]
    with torch.autocast(image.device.type, torch.bfloat16, enabled=half):
        logits = network(image, torch.from_numpy(guides).to(image))[0]
    network.train()
    return list(logits.float().sigmoid()[:, 0].cpu().numpy())


def parser() -> argparse.ArgumentParser:
    """The command line; its defaults are the recipe of the shipped network."""
    words = argparse.ArgumentParser(description="Train the subject network.")
    words.add_argument("--run", required=True, help="run's folder: a new one, or one to go on with")
    words.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the shards")
    words.add_argument("--hours", type=float, required=True, help="wall-clock budget of the run")
    words.add_argument("--schedule", choices=loop.SCHEDULES, default="constant")
    words.add_argument("--branch", help="a run to take the state from, for a new run")
    words.add_argument("--start", type=Path, help="an exported .onnx to take the weights from")
    words.add_argument(
        "--shape",
        type=json.loads,
        help="of a new network, as JSON: what `shape.json` holds; what fits is taken from --start",
    )
    words.add_argument("--side", type=int, default=256, help="of the picture, on average")
    words.add_argument("--batch", type=int, default=16)
    words.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    words.add_argument("--ema", type=float, default=0.998, help="decay of the moving average")
    words.add_argument("--device", default="cpu", help="cpu, cuda, mps")
    words.add_argument("--compile", action="store_true", help="fuse the graph: for GPUs")
    words.add_argument(
        "--half",
        action="store_true",
        help="bfloat16 for what does not learn, where the hardware has it",
    )
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--nice", type=int, default=19, help="priority, 19 (lowest) to 0")
    words.add_argument("--seed", type=int, default=1)
    return words


def starting_network(
    folder: Path,
    start: Path | None = None,
    branch: str | None = None,
    shape: dict[str, Any] | None = None,
) -> SubjectNetwork:
    """The network of this run, of the run branched from, of an exported file, or a new one."""
    for known in (folder, *([loop.RUNS / branch] if branch else [])):
        if (known / "shape.json").exists():
            return SubjectNetwork(Shape.from_json(json.loads((known / "shape.json").read_text())))
    if start and not shape:
        return read(start)
    network = SubjectNetwork(Shape.from_json(shape or {}))
    if start:
        fill_what_fits(network, read(start))
    fill_from_imagenet(network.encoder)
    return network


def fill_what_fits(network: SubjectNetwork, trained: SubjectNetwork) -> None:
    """Takes over every weight that has a place of the same shape: of another encoder's decoder,
    all but what joins the two."""
    known = trained.state_dict()
    network.load_state_dict(
        {
            name: known[name] if name in known and known[name].shape == value.shape else value
            for name, value in network.state_dict().items()
        }
    )


def optimizer_for(network: SubjectNetwork, rate: float) -> torch.optim.Optimizer:
    """AdamW; a fifth of the rate for the encoder, which knows something already."""
    kept = (network.encoder.stem, *network.encoder.stages[: network.encoder.frozen])
    for part in kept:
        part.requires_grad_(False)
    encoder = list(network.encoder.parameters())
    known = {id(parameter) for parameter in encoder}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in known]
    groups = [
        {"params": [p for p in encoder if p.requires_grad], "scale": 0.2},
        {"params": rest, "scale": 1.0},
    ]
    return torch.optim.AdamW(groups, rate, weight_decay=0.01)


if __name__ == "__main__":
    main()
