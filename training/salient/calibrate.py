# SPDX-License-Identifier: Apache-2.0
"""Makes the network's answer a probability: two numbers fitted on the development set.

Overlap loss and edge weights pay for claiming too much; scaling and shifting the logits undoes
it (Platt 1999). Both go into the last layer's weights, so that nothing is added to the graph.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from training.salient.network import SalientNetwork
from training.salient.pictures import Pictures, answers


@torch.no_grad()
def calibrate(network: SalientNetwork, pictures: Pictures, side: int) -> tuple[float, float]:
    """Fit the last layer in place; returns the factor on the logits and what was added."""
    logits, masks = [], []
    for logit, mask in answers(network, pictures, side):
        logits.append(logit.flatten())
        masks.append(functional.adaptive_avg_pool2d(mask, side).flatten())
    factor, shift = fit(torch.cat(logits), torch.cat(masks))
    head = network.heads[0]
    head.weight.mul_(factor)  # type: ignore[operator]
    head.bias.mul_(factor).add_(shift)  # type: ignore[operator]
    return factor, shift


def fit(logit: torch.Tensor, truth: torch.Tensor) -> tuple[float, float]:
    """The (factor, shift) that minimise cross entropy, by Newton's method; both inputs (n,)."""
    point = torch.tensor([1.0, 0.0], dtype=torch.float64)
    design = torch.stack([logit.double(), torch.ones_like(logit, dtype=torch.float64)])
    for _ in range(25):
        said = (point @ design).sigmoid()
        slope = design @ (said - truth)
        bend = (design * (said * (1 - said))) @ design.T
        point = point - torch.linalg.solve(bend, slope)
    return float(point[0]), float(point[1])
