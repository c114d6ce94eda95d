# SPDX-License-Identifier: Apache-2.0
"""The salient-object network: a residual encoder, wide context, a top-down decoder.

Strides 2 to 32. Dense 3x3 convolutions throughout, because CPUs run them near their peak, in
training and through onnxruntime, where depth-wise ones wait for memory. Context comes from
dilated residuals and a global mean at stride 32, and detail from the stem's own features at
stride 2. Blocks follow He et al., Deep Residual Learning (CVPR 2016); the top-down path Lin et
al., Feature Pyramid Networks (CVPR 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """Channels of the encoder at strides 2, 4, 8, 16, 32; residuals at 4 to 32; the decoder's
    channels at strides 2, 4, 8, 16; dilations of the context's residuals at stride 32."""

    widths: tuple[int, int, int, int, int] = (16, 32, 64, 96, 128)
    depths: tuple[int, int, int, int] = (1, 2, 3, 1)
    decoder: tuple[int, int, int, int] = (16, 24, 32, 48)
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

    def __init__(self, width: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.residuals = nn.Sequential(*(Residual(width, d) for d in dilations))
        self.mean = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.residuals(x)
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
        w, d = shape.widths, shape.decoder
        self.stem = conv(3, w[0], stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(
                conv(w[i], w[i + 1], stride=2),
                nn.ReLU(),
                *(Residual(w[i + 1]) for _ in range(shape.depths[i])),
            )
            for i in range(4)
        )
        self.context = Context(w[4], shape.dilations)
        coarse = (d[1], d[2], d[3], w[4])
        self.merges = nn.ModuleList(Merge(coarse[i], w[i], d[i]) for i in range(4))
        self.heads = nn.ModuleList(
            nn.Conv2d(c, 1, 3 if i == 0 else 1, padding=int(i == 0))
            for i, c in enumerate((*d, w[4]))
        )

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        features = [functional.relu(self.stem((image - 0.45) * 4.0))]
        for stage in self.stages:
            features.append(stage(features[-1]))
        x = self.context(features[4])
        logits = [self.heads[4](x)]
        for i in (3, 2, 1, 0):
            x = self.merges[i](x, features[i])
            logits.insert(0, self.heads[i](x))
        finest = functional.interpolate(logits[0], scale_factor=2.0, mode="bilinear")
        return (finest, *logits[1:])
