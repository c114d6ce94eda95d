# SPDX-License-Identifier: Apache-2.0
"""What the matting network is asked to make small, all of it inside the unknown band only."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor
from torch.nn import functional


@dataclasses.dataclass(frozen=True)
class Weights:
    """Shares of the losses: alpha itself, its gradients, the composite, and the quarter size."""

    alpha: float = 1.0
    detail: float = 0.5
    composite: float = 0.5
    coarse: float = 0.4


def matting_loss(
    answer: Tensor,
    coarse: Tensor,
    truth: Tensor,
    unknown: Tensor,
    contrast: Tensor,
    weights: Weights,
) -> dict[str, Tensor]:
    """Losses by name, `loss` the weighted sum of the others.

    answer: (N, 1, H, W), free to leave [0, 1]. coarse: the same at a quarter of the size.
    truth, unknown: (N, 1, H, W). contrast: (N, 1, H, W), mean |F - B|: an error in alpha shows
    in a composite as far as the colors differ.
    """
    error = _beyond(answer, truth)
    alpha = _inside(error.abs(), unknown)
    detail = sum(_gradients(error, unknown, scale) for scale in (1, 2, 4))
    composite = _inside(error.abs() * contrast, unknown) * 3
    small_truth = functional.avg_pool2d(truth, 4)
    small_unknown = functional.avg_pool2d(unknown, 4)
    small = _inside(_beyond(coarse, small_truth).abs(), small_unknown)
    parts = {
        "alpha": alpha,
        "detail": torch.as_tensor(detail),
        "composite": composite,
        "coarse": small,
    }
    total = sum(getattr(weights, name) * part for name, part in parts.items())
    return {"loss": torch.as_tensor(total), **parts}


def _beyond(answer: Tensor, truth: Tensor) -> Tensor:
    """The error; none where the answer is past 0 or 1 on the right side, for it will be clipped."""
    wanted = torch.where(truth > 0.998, torch.maximum(truth, answer.detach()), truth)
    wanted = torch.where(truth < 0.002, torch.minimum(wanted, answer.detach()), wanted)
    return answer - wanted


def _inside(values: Tensor, unknown: Tensor) -> Tensor:
    return (values * unknown).sum() / (unknown.sum() + 1)


def _gradients(error: Tensor, unknown: Tensor, scale: int) -> Tensor:
    """Mean absolute difference between neighboring errors after shrinking by `scale`."""
    inside = error * unknown
    if scale > 1:
        inside = functional.avg_pool2d(inside, scale)
        unknown = functional.avg_pool2d(unknown, scale)
    across = (inside[..., 1:] - inside[..., :-1]).abs() * unknown[..., 1:]
    down = (inside[..., 1:, :] - inside[..., :-1, :]).abs() * unknown[..., 1:, :]
    return (across.sum() + down.sum()) / (unknown.sum() + 1)
