# SPDX-License-Identifier: Apache-2.0
"""Makes the network's answer a probability: two numbers fitted on the development set.

Overlap loss and edge weights pay for claiming too much; scaling and shifting the logits undoes
it (Platt 1999). Both go into the last layer's weights, so that nothing is added to the graph.
Cross entropy's optimum hedges, and what is hedged becomes a ghost in the cut-out: so the fitted
logits are made a little steeper, while the answer stays nearer to a probability than others'.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from training.salient.network import Mirrored, SalientNetwork
from training.salient.pictures import Pictures, answers

STEEPER = 1.3
"""A choice between error and calibration: `python -m training.salient.steepness` shows both."""

EVERY = 13
"""Which pixels are fitted to: millions for two numbers are enough."""


@torch.no_grad()
def calibrate(network: SalientNetwork, pictures: Pictures, side: int) -> tuple[float, float]:
    """Fit the last layer in place; returns the factor on the logits and what was added."""
    logits, masks = [], []
    for logit, mask in answers(Mirrored(network), pictures, side):
        logits.append(logit.flatten()[::EVERY])
        masks.append(functional.adaptive_avg_pool2d(mask, side).flatten()[::EVERY])
    factor, shift = (STEEPER * n for n in fit(torch.cat(logits), torch.cat(masks)))
    head = network.heads[0]
    head.weight.mul_(factor)  # type: ignore[operator]
    head.bias.mul_(factor).add_(shift)  # type: ignore[operator]
    return factor, shift


def fit(logit: torch.Tensor, truth: torch.Tensor) -> tuple[float, float]:
    """The (factor, shift) that minimise cross entropy, by Newton's method; both inputs (n,)."""
    point = torch.tensor([1.0, 0.0], dtype=torch.float64)
    design = torch.stack([logit.double(), torch.ones_like(logit, dtype=torch.float64)])
    truth = truth.double()

    def entropy(at: torch.Tensor) -> torch.Tensor:
        return functional.binary_cross_entropy_with_logits(at @ design, truth)

    for _ in range(25):
        said = (point @ design).sigmoid()
        slope = design @ (said - truth)
        bend = (design * (said * (1 - said))) @ design.T
        step = torch.linalg.solve(bend, slope)
        # Where most logits are extreme a whole step may lead far past the minimum.
        while entropy(point - step) > entropy(point) and step.norm() > 1e-9:
            step = step / 2
        point = point - step
    return float(point[0]), float(point[1])
