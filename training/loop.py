# SPDX-License-Identifier: Apache-2.0
"""The one training loop: moving average, learning-rate schedule, wall-clock budget, checkpoints.

What a step computes (batch, augmentation, loss) is the caller's function; the loop keeps time and
state. A run lives in a folder of its own under `RUNS` and goes on where it was cut: state is saved
every few minutes, at the end of the budget, and on SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import copy
import json
import math
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import nn

RUNS = Path.home() / ".cache" / "mattebrush-training"
"""Decoded data and run folders; nothing here is precious but a run's `checkpoint.pt`."""

WARM_UP = 200
"""Steps over which the learning rate rises to its level."""

Schedule = Callable[[int, float], float]
"""(steps taken, share of the budget spent, 0..1) -> factor on the learning rate."""

LossOfStep = Callable[[nn.Module, int], Mapping[str, torch.Tensor]]
"""(network, step) -> named scalar losses; `"loss"` is the one to descend, the rest is logged."""


@dataclass(frozen=True)
class Settings:
    """How long and how a run trains; what it trains on is the caller's.

    hours: wall-clock training time of the run in all, earlier sessions included. ema: decay of
    the moving average per step. clip: largest gradient norm. half: bfloat16 autocast, for GPUs
    and CPUs that have it in hardware (elsewhere it is ten times slower).
    """

    hours: float
    learning_rate: float
    ema: float = 0.999
    clip: float = 1.0
    save_minutes: float = 3.0
    check_minutes: float = 15.0
    log_steps: int = 100
    device: str = "cpu"
    half: bool = False
    threads: int = 1
    nice: int = 19


def constant(step: int, spent: float) -> float:
    """Warm-up, then level: a run that may be cut at any time and cooled later."""
    return min(1.0, (step + 1) / WARM_UP)


def cosine(step: int, spent: float) -> float:
    """Warm-up, then half a cosine down to 1 % at the end of the budget."""
    return constant(step, spent) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(spent, 1.0))))


def cooldown(step: int, spent: float) -> float:
    """Straight down to 1 %: the last leg of a `constant` run, in a folder of its own."""
    return max(0.01, 1.0 - spent)


SCHEDULES: dict[str, Schedule] = {"constant": constant, "cosine": cosine, "cooldown": cooldown}


@dataclass
class State:
    """All that a run needs to go on. `average` is the network to export."""

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0


def begin(network: nn.Module, optimizer: torch.optim.Optimizer) -> State:
    """A fresh state; the moving average starts as a copy of the network."""
    average = copy.deepcopy(network).eval().requires_grad_(False)
    return State(network, average, optimizer)


def save(state: State, path: Path) -> None:
    """Write the state whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(
        {
            "network": state.network.state_dict(),
            "average": state.average.state_dict(),
            "optimizer": state.optimizer.state_dict(),
            "step": state.step,
            "seconds": state.seconds,
        },
        partial,
    )
    partial.replace(path)


def restore(state: State, path: Path) -> None:
    """Fill `state` from a file that `save` wrote for the same network and optimizer."""
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    state.network.load_state_dict(checkpoint["network"])
    state.average.load_state_dict(checkpoint["average"])
    state.optimizer.load_state_dict(checkpoint["optimizer"])
    state.step, state.seconds = checkpoint["step"], checkpoint["seconds"]


def branch(state: State, path: Path) -> None:
    """Take over another run's weights, average and optimizer, with the clock at zero.

    The step count stays, so that data and moving average go on where they were.
    """
    restore(state, path)
    state.seconds = 0.0


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average (parameters and buffers) a step toward the network."""
    for mean, value in zip(
        average.state_dict().values(), network.state_dict().values(), strict=True
    ):
        if mean.is_floating_point():
            mean.lerp_(value, 1.0 - decay)
        else:
            mean.copy_(value)


def run(
    state: State,
    folder: Path,
    loss_of_step: LossOfStep,
    schedule: Schedule,
    settings: Settings,
    check: Callable[[nn.Module], Mapping[str, float]] | None = None,
) -> State:
    """Train until the budget is spent or a signal comes; returns the saved state.

    folder: receives `checkpoint.pt`, `settings.json` and `log.jsonl` (a line per `log_steps`
    with means of the losses, and one per check). check: called with the moving average now and
    then and at the end, for figures on a development set; its time does not count.
    Optimizer groups may carry a "scale", a factor on the learning rate (1 where absent).
    """
    os.nice(max(0, settings.nice - os.nice(0)))
    torch.set_num_threads(settings.threads)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1) + "\n")
    budget = settings.hours * 3600
    log = _Log(folder / "log.jsonl", settings.log_steps)
    saved = checked = time.monotonic()
    state.network.train()
    with _StopRequest() as stop:
        while state.seconds < budget and not stop.asked:
            began = time.monotonic()
            rate = settings.learning_rate * schedule(state.step, state.seconds / budget)
            losses = _descend(state, loss_of_step, rate, settings)
            state.step += 1
            state.seconds += time.monotonic() - began
            log.add(state, losses, rate)
            if time.monotonic() - saved > settings.save_minutes * 60:
                save(state, folder / "checkpoint.pt")
                saved = time.monotonic()
            if check and time.monotonic() - checked > settings.check_minutes * 60:
                log.write(state, check(state.average))
                checked = time.monotonic()
        save(state, folder / "checkpoint.pt")
        if check and not stop.asked:
            log.write(state, check(state.average))
    return state


def _descend(
    state: State, loss_of_step: LossOfStep, rate: float, settings: Settings
) -> Mapping[str, torch.Tensor]:
    """One step of the optimizer at `rate`, and the average after it."""
    for group in state.optimizer.param_groups:
        group["lr"] = rate * group.get("scale", 1.0)
    kind = torch.device(settings.device).type
    with torch.autocast(kind, torch.bfloat16, enabled=settings.half):
        losses = loss_of_step(state.network, state.step)
    state.optimizer.zero_grad(set_to_none=True)
    losses["loss"].backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.network.parameters(), settings.clip)
    state.optimizer.step()
    # Early on a long memory would hold the random start: lengthen it with the run.
    follow(state.average, state.network, min(settings.ema, (1 + state.step) / (10 + state.step)))
    return losses


class _StopRequest:
    """Turns SIGTERM and SIGINT into a flag while it is entered, so that a step ends whole."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> _StopRequest:
        self._before = {s: signal.signal(s, self._ask) for s in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


class _Log:
    """Means of the losses over `every` steps, as JSON lines in a file and on the terminal."""

    def __init__(self, path: Path, every: int) -> None:
        self._path, self._every = path, every
        self._clear()

    def _clear(self) -> None:
        self._sums: dict[str, torch.Tensor] = {}
        self._count, self._since = 0, time.monotonic()

    def add(self, state: State, losses: Mapping[str, torch.Tensor], rate: float) -> None:
        # Sums stay tensors: reading a number would make a GPU wait at every step.
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value.detach()
        self._count += 1
        if self._count == self._every:
            means = {
                name: round(float(total) / self._count, 4) for name, total in self._sums.items()
            }
            pace = (time.monotonic() - self._since) / self._count
            self.write(state, {**means, "rate": round(rate, 6), "step_seconds": round(pace, 3)})
            self._clear()

    def write(self, state: State, figures: Mapping[str, float]) -> None:
        line = json.dumps({"step": state.step, "hours": round(state.seconds / 3600, 3), **figures})
        print(line, flush=True)
        with self._path.open("a") as file:
            file.write(line + "\n")
