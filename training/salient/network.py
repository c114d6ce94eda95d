# SPDX-License-Identifier: Apache-2.0
"""The salient-object network: an encoder (training/encoder.py), wide context, a top-down decoder.

Strides 2 to 32. Context comes from dilated residuals and a global mean at stride 32, and detail
from the encoder's features at stride 2. Residuals follow He et al., Deep Residual Learning (CVPR
2016); the top-down path Lin et al., Feature Pyramid Networks (CVPR 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from training.encoder import Encoder, channels

TAPS = (0, 1, 2, 4, 5)
"""The encoder's stages that end strides 2, 4, 8, 16 and 32."""


@dataclass(frozen=True)
class Shape:
    """Channels of the decoder at strides 2, 4, 8, 16 and of the context at stride 32; dilations
    of the context's residuals."""

    decoder: tuple[int, int, int, int, int] = (16, 32, 48, 96, 128)
    dilations: tuple[int, ...] = (1, 2)

    def to_json(self) -> dict[str, list[int]]:
        """For the run's folder and the exported file's metadata."""
        return {name: list(values) for name, values in vars(self).items()}

    @classmethod
    def from_json(cls, held: dict[str, list[int]]) -> Shape:
        """What `to_json` gave."""
        fields: dict[str, Any] = {name: tuple(values) for name, values in held.items()}
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


class Context(nn.Module):
    """What the whole picture says: dilated residuals, then the global mean added everywhere."""

    def __init__(self, inputs: int, width: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.narrow = conv(inputs, width, size=1)
        self.residuals = nn.Sequential(*(Residual(width, d) for d in dilations))
        self.mean = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.residuals(functional.relu(self.narrow(x)))
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


class SalientNetwork(nn.Module):
    """image (N, 3, H, W) RGB 0..1, H and W multiples of 32 -> logits of "belongs to the subject".

    Returns the answer (N, 1, H, W) first, then coarser ones at strides 4, 8, 16 and 32, which
    only training looks at.
    """

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or Shape()
        widths = shape.decoder
        seen = channels(TAPS)
        self.encoder = Encoder(TAPS)
        self.context = Context(seen[4], widths[4], shape.dilations)
        self.merges = nn.ModuleList(Merge(widths[i + 1], seen[i], widths[i]) for i in range(4))
        self.heads = nn.ModuleList(
            nn.Conv2d(width, 1, 3 if i == 0 else 1, padding=int(i == 0))
            for i, width in enumerate(widths)
        )

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        encoded = self.encoder(image)
        decoded = [self.context(encoded[4])]
        for i in (3, 2, 1, 0):
            decoded.insert(0, self.merges[i](decoded[0], encoded[i]))
        logits = [head(x) for head, x in zip(self.heads, decoded, strict=True)]
        finest = functional.interpolate(logits[0], scale_factor=2.0, mode="bilinear")
        return (finest, *logits[1:])


class Mirrored(nn.Module):
    """The mean of what a network answers to the picture and to its mirror image: twice the time,
    which there is, for fewer one-sided mistakes."""

    def __init__(self, network: SalientNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        there: torch.Tensor = self.network(image)[0]
        back: torch.Tensor = self.network(image.flip(3))[0].flip(3)
        return ((there + back) / 2,)
