# SPDX-License-Identifier: Apache-2.0
"""Quick figures while a run goes on; `evaluate.py` takes those that count, on the product's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from training.shards import DEVELOPMENT, Pair, find_shards, read_pairs
from training.subject import prompts
from training.subject.measure import accuracy
from training.subject.network import GUIDES

EVERY = 3
"""Of the development pictures."""


@dataclass(frozen=True)
class Development:
    """Pictures as they are, and close-ups cut from them."""

    wholes: list[Pair]
    close_ups: list[Pair]


def load_development(data: Path) -> Development:
    """Every third development picture, and a close-up of each whose subject allows one."""
    pairs = [p for s in find_shards(data, DEVELOPMENT) for p in read_pairs(s)][::EVERY]
    close = [c for c in map(close_up, pairs) if c is not None]
    return Development(pairs, close)


def close_up(pair: Pair) -> Pair | None:
    """Three quarters of the subject's box around one of its pixels, by a fixed draw; None where
    the subject would not fill 20 to 90 % of it, or too few pixels would be left."""
    draws = np.random.default_rng([ord(c) for c in pair.name])
    rows, columns = np.nonzero(pair.mask > 127)
    if not len(rows):
        return None
    height = max(48, int(0.75 * (np.ptp(rows) + 1)))
    width = max(48, int(0.75 * (np.ptp(columns) + 1)))
    at = draws.integers(len(rows))
    top = int(np.clip(rows[at] - height // 2, 0, max(0, pair.mask.shape[0] - height)))
    left = int(np.clip(columns[at] - width // 2, 0, max(0, pair.mask.shape[1] - width)))
    window = np.s_[top : top + height, left : left + width]
    share = (pair.mask[window] > 127).mean()
    if not 0.2 <= share <= 0.9 or min(pair.mask[window].shape) < 64:
        return None
    return Pair(pair.name, pair.image[window], pair.mask[window])


@torch.no_grad()
def figures(
    network: nn.Module, development: Development, side: int, device: str
) -> dict[str, float]:
    """Error and F of both kinds without a prompt; mean IoU after one and three clicks."""
    out: dict[str, float] = {}
    for name, pairs in (("whole", development.wholes), ("close", development.close_ups)):
        if not pairs:
            continue
        results = []
        for pair in pairs:
            image, mask = as_input(pair, side, device)
            guide = image.new_zeros(1, len(GUIDES), side, side)
            logits = network(image, guide)[0]
            answer = functional.interpolate(logits.sigmoid(), mask.shape, mode="bilinear")
            results.append((answer[0, 0].cpu().numpy(), mask))
        taken = accuracy(results)
        out |= {f"{name}_mae": round(taken.mae, 4), f"{name}_f": round(taken.max_f, 4)}
    overlaps = [clicked(network, pair, side, device) for pair in development.wholes[::2]]
    one, three = np.mean(overlaps, 0)
    return {**out, "iou_1": round(float(one), 4), "iou_3": round(float(three), 4)}


def as_input(pair: Pair, side: int, device: str) -> tuple[torch.Tensor, prompts.Plane]:
    """(1, 3, side, side) of the picture, and its true mask (H, W) 0..1."""
    image = torch.from_numpy(pair.image.transpose(2, 0, 1).copy())[None].float() / 255
    small = functional.interpolate(image, (side, side), mode="bilinear", antialias=True)
    return small.to(device), pair.mask / np.float32(255)


@torch.no_grad()
def clicked(network: nn.Module, pair: Pair, side: int, device: str) -> tuple[float, float]:
    """IoU at `side` after one click and after three, each in the middle of the largest error."""
    draws = np.random.default_rng(1)
    image, mask = as_input(pair, side, device)
    truth = functional.adaptive_avg_pool2d(torch.from_numpy(mask)[None, None], side)[0, 0].numpy()
    guide = np.zeros((len(GUIDES), side, side), np.float32)
    answer, overlaps = np.zeros_like(truth), []
    for _ in range(3):
        for error in prompts.errors(truth, answer, 1):
            at = prompts.place(error.cells, draws, side)
            prompts.click(guide[0 if error.missing else 1], at, prompts.CLICK * side)
        logits = network(image, torch.from_numpy(guide)[None].to(device))[0]
        answer = logits.sigmoid()[0, 0].cpu().numpy()
        guide[2] = answer
        both = ((answer > 0.5) & (truth > 0.5)).sum()
        overlaps.append(both / max(1, ((answer > 0.5) | (truth > 0.5)).sum()))
    return overlaps[0], overlaps[2]
