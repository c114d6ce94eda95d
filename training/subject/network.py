# SPDX-License-Identifier: Apache-2.0
"""The subject network: what stands out in a picture, or what a user's prompts mean in it.

An encoder (training/encoder.py), wide context, a top-down decoder, strides 2 to 32. Guidance
(strokes, clicks, boxes, the mask as it was) comes in as planes beside the picture, into the
encoder at stride 4 and beside its features at every coarser one, as in Sofiiuk et al., Reviving
Iterative Training with Mask Guidance for Interactive Segmentation (ICIP 2022). All planes zero
means that nobody said anything: then the answer is what stands out. Wholeness comes from attention
at stride 32 (Vaswani et al. 2017) and a global mean, detail from the encoder's features at stride
2. Residuals follow He et al., Deep Residual Learning (CVPR 2016); the top-down path Lin et al.,
Feature Pyramid Networks (CVPR 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from training.encoder import GUIDED, Encoder, channels

TAPS = (0, 1, 2, 4, 5)
"""The encoder's stages that end strides 2, 4, 8, 16 and 32."""

GUIDES = ("keep", "drop", "previous", "box")
"""The planes of guidance, each 0..1: what certainly belongs to the subject, what certainly does
not, the mask as it was (0 where there was none), the inside of a box around the subject."""


@dataclass(frozen=True)
class Shape:
    """Channels of the decoder at strides 2, 4, 8, 16 and of the context at stride 32; dilations
    of the context's residuals; number of its attention blocks; channels of the guidance; the
    encoder's size, of `training.encoder.SERIES`."""

    decoder: tuple[int, ...] = (16, 32, 48, 96, 128)
    dilations: tuple[int, ...] = (1, 2)
    attention: int = 2
    guide: int = 24
    encoder: str = "lite0"

    def to_json(self) -> dict[str, Any]:
        """For the run's folder and the exported file's metadata."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Shape:
        """What `to_json` gave."""
        fields: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**fields)


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1, dilation: int = 1) -> nn.Module:
    """Convolution and batch normalisation; the activation is the caller's."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2 * dilation, dilation, bias=False),
        nn.BatchNorm2d(outputs),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions beside an identity."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = conv(width, width, dilation=dilation)
        self.second = conv(width, width, dilation=dilation)
        last = self.second[1]  # type: ignore[index]
        nn.init.zeros_(last.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner: torch.Tensor = self.second(functional.relu(self.first(x)))
        return functional.relu(x + inner)


class Attention(nn.Module):
    """Every place looks at every other, then a small perceptron; places are told apart by a 3x3
    filter, so that any size of picture will do (Chu et al., Conditional Positional Encodings,
    2021). Begins as the identity."""

    HEADS = 4

    def __init__(self, width: int) -> None:
        super().__init__()
        self.place = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.inner, self.outer = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        for last in (self.place, self.out, self.outer):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        tokens = (x + self.place(x)).flatten(2).transpose(1, 2)
        qkv = self.qkv(self.before(tokens)).view(n, h * w, 3, self.HEADS, c // self.HEADS)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        look = (q @ k.transpose(-1, -2) * (c // self.HEADS) ** -0.5).softmax(-1)
        tokens = tokens + self.out((look @ v).transpose(1, 2).reshape(n, h * w, c))
        tokens = tokens + self.outer(functional.relu(self.inner(self.between(tokens))))
        return tokens.transpose(1, 2).reshape(n, c, h, w)


class Context(nn.Module):
    """What the whole picture says: dilated residuals, attention, and the global mean."""

    def __init__(self, inputs: int, width: int, dilations: tuple[int, ...], blocks: int) -> None:
        super().__init__()
        self.narrow = conv(inputs, width, size=1)
        self.residuals = nn.Sequential(*(Residual(width, d) for d in dilations))
        self.attention = nn.Sequential(*(Attention(width) for _ in range(blocks)))
        self.mean = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.attention(self.residuals(functional.relu(self.narrow(x))))
        return functional.relu(x + self.mean(x.mean((2, 3), keepdim=True)))


class Merge(nn.Module):
    """Coarse features brought up by two and joined with the finer ones of the encoder."""

    def __init__(self, coarse: int, fine: int, width: int) -> None:
        super().__init__()
        self.coarse = conv(coarse, width, size=1)
        self.fine = conv(fine, width, size=1)
        self.mix = Residual(width)

    def forward(self, coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
        # 1x1 first: the same as after enlarging, at a quarter of the cost.
        up = functional.interpolate(self.coarse(coarse), scale_factor=2.0, mode="bilinear")
        merged: torch.Tensor = self.mix(functional.relu(up + self.fine(fine)))
        return merged


class Guidance(nn.Module):
    """The guidance planes as something to add to features; adds nothing at first.

    Thin strokes would vanish from a mean and filled planes tell nothing by a maximum: both are
    taken, over cells of the features' stride.
    """

    def __init__(self, stride: int, inner: int, outputs: int) -> None:
        super().__init__()
        self.stride = stride
        self.look = nn.Conv2d(2 * len(GUIDES), inner, 3, padding=1)
        self.add = nn.Conv2d(inner, outputs, 3, padding=1)
        nn.init.zeros_(self.add.weight)
        nn.init.zeros_(self.add.bias)  # type: ignore[arg-type]

    def forward(self, guide: torch.Tensor) -> torch.Tensor:
        most = functional.max_pool2d(guide, self.stride)
        mean = functional.avg_pool2d(guide, self.stride)
        attention: torch.Tensor = self.add(functional.relu(self.look(torch.cat([most, mean], 1))))
        return attention


class SubjectNetwork(nn.Module):
    """image (N, 3, H, W) RGB 0..1, guide (N, 4, H, W) 0..1, H and W multiples of 32 -> logits of
    "belongs to the subject".

    Returns the answer (N, 1, H, W) first, then coarser ones at strides 4, 8, 16 and 32, which
    only training looks at.
    """

    def __init__(self, shape: Shape | None = None, low_precision: bool = False) -> None:
        super().__init__()
        self.shape = shape = shape or Shape()
        widths = shape.decoder
        seen = channels(TAPS, shape.encoder)
        self.encoder = Encoder(TAPS, GUIDED + 1, low_precision, shape.encoder)
        self.into_encoder = Guidance(4, shape.guide, seen[GUIDED])
        self.guidance = nn.ModuleList(
            Guidance(2 ** (i + 1), shape.guide, seen[i]) for i in range(2, 5)
        )
        self.context = Context(seen[4], widths[4], shape.dilations, shape.attention)
        self.merges = nn.ModuleList(Merge(widths[i + 1], seen[i], widths[i]) for i in range(4))
        self.heads = nn.ModuleList(
            nn.Conv2d(width, 1, 3 if i == 0 else 1, padding=int(i == 0))
            for i, width in enumerate(widths)
        )

    def forward(self, image: torch.Tensor, guide: torch.Tensor) -> tuple[torch.Tensor, ...]:
        encoded = self.encoder(image, self.into_encoder(guide))
        for i, guidance in enumerate(self.guidance, 2):
            encoded[i] = encoded[i] + guidance(guide)
        decoded = [self.context(encoded[4])]
        for i in (3, 2, 1, 0):
            decoded.insert(0, self.merges[i](decoded[0], encoded[i]))
        logits = [head(x) for head, x in zip(self.heads, decoded, strict=True)]
        finest = functional.interpolate(logits[0], scale_factor=2.0, mode="bilinear")
        return (finest, *logits[1:])
