# SPDX-License-Identifier: Apache-2.0
"""What the subject network is asked to get right: each pixel, the shape, the edge, decided."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional


def edge_weight(mask: torch.Tensor) -> torch.Tensor:
    """1 far from any edge to 3 on one: how unlike its neighbourhood a pixel's mask is.

    mask: (N, 1, H, W) 0..1. After Wei et al., F3Net (AAAI 2020), with the neighbourhood (a ninth
    of the picture) taken from a quarter-size mask, which costs a thirtieth of the full window.
    """
    small = functional.avg_pool2d(mask, 4)
    window = max(3, small.shape[-1] // 9 | 1)
    around = functional.avg_pool2d(small, window, 1, window // 2, count_include_pad=False)
    around = functional.interpolate(around, size=mask.shape[-2:], mode="bilinear")
    return 1.0 + 2.0 * (around - mask).abs()


def overlap_loss(probability: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """1 - soft intersection over union, a mean over the pictures that have a subject."""
    both = (probability * mask).sum((1, 2, 3))
    either = (probability + mask - probability * mask).sum((1, 2, 3))
    subject = (mask.sum((1, 2, 3)) > 0).float()
    share: torch.Tensor = (1.0 - (both + 1.0) / (either + 1.0)) * subject
    return share.sum() / subject.sum().clamp(min=1.0)


def subject_loss(logits: Sequence[torch.Tensor], mask: torch.Tensor) -> dict[str, torch.Tensor]:
    """Edge-weighted cross entropy, plain difference and overlap of the finest answer, and the
    coarse ones' cross entropy with the mask's means, at a lower weight.

    Cross entropy alone hedges, and what is hedged becomes a ghost in the cut-out; the difference
    pays for deciding. logits: as SubjectNetwork returns them. mask: (N, 1, H, W) 0..1.
    """
    finest = logits[0].float()
    probability = finest.sigmoid()
    weight = edge_weight(mask)
    each = functional.binary_cross_entropy_with_logits(finest, mask, reduction="none")
    entropy = (each * weight).sum() / weight.sum()
    difference = (probability - mask).abs().mean()
    overlap = overlap_loss(probability, mask)
    coarse = finest.new_zeros(())
    for level in logits[1:]:
        target = functional.adaptive_avg_pool2d(mask, (level.shape[2], level.shape[3]))
        coarse = coarse + functional.binary_cross_entropy_with_logits(level.float(), target)
    loss = entropy + difference + 0.4 * overlap + 0.2 * coarse
    return {"loss": loss, "entropy": entropy, "difference": difference, "overlap": overlap}
