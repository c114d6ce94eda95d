# SPDX-License-Identifier: Apache-2.0
"""The loop: learns, keeps time, stops on a signal, and goes on where it was cut."""

from __future__ import annotations

import copy
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="pip install -e .[training]")

import torch
from torch import nn

from training import loop
from training.muon import Muon, orthogonal

QUICK = loop.Settings(hours=1.5 / 3600, learning_rate=0.01, log_steps=50, nice=0)


def fresh() -> loop.State:
    torch.manual_seed(3)
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    return loop.begin(network, torch.optim.AdamW(network.parameters()))


def fit_a_sum(network: nn.Module, step: int) -> Mapping[str, torch.Tensor]:
    x = torch.randn(32, 4, generator=torch.Generator().manual_seed(step))
    return {"loss": (network(x) - x.sum(1, keepdim=True)).square().mean()}


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_descends_within_its_budget_and_checks_the_average(tmp_path: Path) -> None:
    seen: list[nn.Module] = []

    def check(network: nn.Module) -> Mapping[str, float]:
        seen.append(network)
        return {"checked": 1.0}

    state = loop.run(fresh(), tmp_path, fit_a_sum, loop.cosine, QUICK, check)
    logged = [line for line in lines(tmp_path) if "loss" in line]
    assert logged[-1]["loss"] < logged[0]["loss"] / 2
    assert logged[-1]["rate"] < 0.2 * max(line["rate"] for line in logged)
    assert state.seconds >= 1.5
    assert seen == [state.average]
    assert lines(tmp_path)[-1]["checked"] == 1.0
    assert float(fit_a_sum(state.average, 10**6)["loss"]) < logged[0]["loss"] / 2


def test_a_spent_run_does_not_train_and_a_branch_starts_its_clock_anew(tmp_path: Path) -> None:
    first = loop.run(fresh(), tmp_path / "a", fit_a_sum, loop.constant, QUICK)
    again = fresh()
    loop.restore(again, tmp_path / "a" / "checkpoint.pt")
    assert again.step == first.step
    for mine, loaded in zip(again.average.parameters(), first.average.parameters(), strict=True):
        assert torch.equal(mine, loaded)
    assert loop.run(again, tmp_path / "a", fit_a_sum, loop.constant, QUICK).step == first.step
    cooled = fresh()
    loop.branch(cooled, tmp_path / "a" / "checkpoint.pt")
    assert cooled.seconds == 0.0
    assert loop.run(cooled, tmp_path / "b", fit_a_sum, loop.cooldown, QUICK).step > first.step


def test_a_signal_ends_the_run_with_its_state_saved(tmp_path: Path) -> None:
    def cut_at_forty(network: nn.Module, step: int) -> Mapping[str, torch.Tensor]:
        if step == 40:
            os.kill(os.getpid(), signal.SIGTERM)
        return fit_a_sum(network, step)

    before = signal.getsignal(signal.SIGTERM)
    state = loop.run(fresh(), tmp_path, cut_at_forty, loop.constant, QUICK)
    assert state.step == 41
    loaded = fresh()
    loop.restore(loaded, tmp_path / "checkpoint.pt")
    assert loaded.step == 41
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("name", loop.SCHEDULES)
def test_schedules_stay_between_nothing_and_full(name: str) -> None:
    rates = [loop.SCHEDULES[name](step, step / 1000) for step in range(1001)]
    assert all(0 < rate <= 1 for rate in rates)
    assert max(rates) > 0.9
    assert (rates[-1] == 1) == (name == "constant")


@pytest.mark.parametrize("size", [(6, 20), (20, 6), (8, 8)])
def test_orthogonal_evens_out_the_singular_values(size: tuple[int, int]) -> None:
    matrix = torch.randn(size, generator=torch.Generator().manual_seed(1))
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert values.max() < 1.3
    assert values.min() > 0.5


def test_muon_resumes_exactly() -> None:
    def made() -> tuple[nn.Module, Muon]:
        torch.manual_seed(5)
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten())
        convolution = [p for p in network.parameters() if p.ndim == 4]
        return network, Muon(convolution, [p for p in network.parameters() if p.ndim != 4])

    def go(network: nn.Module, optimizer: Muon, steps: range) -> None:
        for step in steps:
            x = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(step))
            optimizer.zero_grad()
            (network(x) - 1).square().mean().backward()
            optimizer.step()

    whole, optimizer = made()
    go(whole, optimizer, range(3))
    weights, memory = copy.deepcopy((whole.state_dict(), optimizer.state_dict()))
    resumed, fresh_optimizer = made()
    resumed.load_state_dict(weights)
    fresh_optimizer.load_state_dict(memory)
    go(whole, optimizer, range(3, 6))
    go(resumed, fresh_optimizer, range(3, 6))
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
