# SPDX-License-Identifier: Apache-2.0
"""Muon for convolutions: momentum whose every matrix is made orthogonal before it is applied.

After Jordan et al., Muon (2024), https://kellerjordan.github.io/posts/muon. torch's own takes
matrices only; here a convolution's weight is the matrix (outputs, inputs x height x width), and
what is no matrix (biases, normalization) gets Adam in the same optimizer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn


def orthogonal(matrix: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """The nearest thing to an orthogonal matrix that five Newton-Schulz rounds give: singular
    values between 0.7 and 1.2. matrix: (rows, columns).

    A round multiplies by a polynomial of x @ x.T, so that all rounds can be taken on that small
    square first and the long side be multiplied once: less than half the work."""
    x: torch.Tensor = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = x / (x.norm() + 1e-7)
    square = x @ x.T
    one = torch.eye(len(square), device=x.device)
    whole = one
    for _ in range(rounds):
        factor = 3.4445 * one + (-4.7750 * one + 2.0315 * square) @ square
        whole = factor @ whole
        square = factor @ square @ factor
    x = whole @ x
    return x if matrix.shape[0] <= matrix.shape[1] else x.T


class Muon(torch.optim.Optimizer):
    """Muon on `matrices`, Adam on `rest` and, with small steps, on what was `learned` elsewhere;
    one learning rate `lr` for all (Adam's is scaled)."""

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        rest: Iterable[nn.Parameter],
        learned: Iterable[nn.Parameter] = (),
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
        adam_scale: float = 0.1,
        learned_scale: float = 0.01,
    ) -> None:
        groups: list[dict[str, Any]] = [
            {"params": list(matrices), "momentum": momentum, "weight_decay": weight_decay},
            {"params": list(rest), "scale": adam_scale},
        ]
        if learned := list(learned):
            groups.append({"params": learned, "scale": learned_scale})
        super().__init__(groups, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update from the gradients in place."""
        matrices, *others = self.param_groups
        for weight in matrices["params"]:
            if weight.grad is not None:
                self._turn(weight, weight.grad, matrices)
        for group in others:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._adam(weight, weight.grad, group["lr"])

    def _turn(self, weight: torch.Tensor, grad: torch.Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        mean = state.setdefault("mean", torch.zeros_like(weight))
        mean.lerp_(grad, 1 - group["momentum"])
        ahead = grad.lerp(mean, group["momentum"]).flatten(1)
        rows, columns = ahead.shape
        update = orthogonal(ahead) * max(1.0, rows / columns) ** 0.5
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(update.view_as(weight), alpha=-group["lr"])

    def _adam(self, weight: torch.Tensor, grad: torch.Tensor, rate: float) -> None:
        state = self.state[weight]
        if not state:
            state.update(step=0, mean=torch.zeros_like(weight), square=torch.zeros_like(weight))
        state["step"] += 1
        state["mean"].lerp_(grad, 0.1)
        state["square"].lerp_(grad.square(), 0.01)
        mean = state["mean"] / (1 - 0.9 ** state["step"])
        square = state["square"] / (1 - 0.99 ** state["step"])
        weight.sub_(rate * mean / (square.sqrt() + 1e-8))
