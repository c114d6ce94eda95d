# SPDX-License-Identifier: Apache-2.0
"""The matting network: what the colors around a pixel say, and a small U-Net that corrects it.

Classical matting is built in rather than learned. `diffuse` spreads the colors of certain
foreground and background into the band; where a pixel lies between the two is a first alpha
(`project`). A U-Net reads that, corrects it at a quarter of the size, its answer tells foreground
from background inside the band, the colors are spread a second time from there, and a few
full-resolution layers settle the fine strands. Nothing looks further than a bounded distance, so
tiles are exact. All convolutions run at half size or below, with 2x2 pixels side by side in
the channels, which costs a quarter and loses nothing. What the picture shows, an encoder that
ImageNet has taught (training/encoder.py) tells the U-Net at each of its sizes.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.encoder import Encoder, channels

TAPS = (1, 2, 3)
"""The encoder's stages that end strides 4, 8 and 16. One more would see 340 pixels far, and every
tile would need as many around it."""

MULTIPLE = 32
"""Sides of the input are multiples of this: the coarsest cell of the color diffusion."""

_LEVELS = 3  # of diffusion below a quarter: 1/8, 1/16, 1/32
_PULL = 0.05  # weight of the coarser level where the finer one has colors of its own


@dataclasses.dataclass(frozen=True)
class Widths:
    """Channels at 1/2, 1/4, 1/8 and 1/16 of the size, and residual blocks at the last three."""

    half: int = 24
    quarter: int = 40
    eighth: int = 64
    sixteenth: int = 96
    blocks: tuple[int, int, int] = (1, 2, 3)


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _halve(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, 2)


def diffuse(color: Tensor, weight: Tensor, levels: int, wide: bool) -> tuple[Tensor, Tensor]:
    """Spreads colors from where `weight` is high to where it is not.

    color: (N, C, H, W), premultiplied by weight. weight: (N, 1, H, W) in [0, 1].
    Returns the straight colors (N, C, H, W), and the coarsest weights at full size as a measure
    of how near any source is. A pull-push pyramid: Gortler et al., "The Lumigraph", 1996.
    """
    pyramid = [torch.cat([color, weight], 1)]
    for _ in range(levels):
        pyramid.append(_halve(pyramid[-1]))
    coarsest = pyramid[-1]
    if wide:
        coarsest = functional.avg_pool2d(coarsest, 3, 1, 1)
    reach = coarsest[:, -1:]
    spread = coarsest[:, :-1] / (reach + 1e-4)
    for level in reversed(pyramid[:-1]):
        spread = (level[:, :-1] + _PULL * _double(spread)) / (level[:, -1:] + _PULL)
        reach = _double(reach)
    return spread, reach


def project(pixels: Tensor, foreground: Tensor, background: Tensor) -> tuple[Tensor, Tensor]:
    """Where colors lie on the line from background to foreground, and how far off it.

    pixels: (N, 3, K, H, W), K pixels that share a foreground and background (N, 3, H, W).
    Returns alpha in [-0.25, 1.25] and distance, both (N, K, H, W).
    """
    span = (foreground - background).unsqueeze(2)
    offset = pixels - background.unsqueeze(2)
    length = (span * span).sum(1) + 2e-3
    alpha = ((offset * span).sum(1) / length).clamp(-0.25, 1.25)
    miss = offset - alpha.unsqueeze(1) * span
    return alpha, (miss * miss).sum(1)


def _unshuffle(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, 4, H/2, W/2)."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
    return blocks.permute(0, 1, 3, 5, 2, 4).reshape(n, c, 4, h // 2, w // 2)


class Conv(nn.Sequential):
    """Convolution, batch normalization, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):
    """Two convolutions beside the identity; the first may be dilated."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, 1, dilation, dilation, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.last = nn.BatchNorm2d(channels)
        nn.init.constant_(self.last.weight, 0.2)  # near the identity at first

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norm(self.first(x)))
        return functional.relu(x + self.last(self.second(y)))


class Seen(nn.Module):
    """Adds what the encoder saw; nothing at first."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.fit = nn.Conv2d(inputs, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        return functional.relu(x + self.norm(self.fit(features)))


class MattingNetwork(nn.Module):
    """image (N, 3, H, W) in [0, 1] and prior (N, 2, H, W) -> alpha (N, 1, H, W).

    prior: the certain or coarse alpha (one half where nothing is known), and the unknown band.
    H and W are multiples of `MULTIPLE`. In training the answer may leave [0, 1] and comes with
    the alpha at a quarter of the size, (N, 1, H/4, W/4); see `losses`.
    """

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        w = widths or Widths()
        half, quarter, eighth, sixteenth = w.half, w.quarter, w.eighth, w.sixteenth
        self.encoder = Encoder(TAPS)
        sizes = zip(channels(TAPS), (quarter, eighth, sixteenth), strict=True)
        self.seen = nn.ModuleList(Seen(inputs, width) for inputs, width in sizes)
        self.stem = Conv(12 + 8 + 2 + 6, half)
        self.to_quarter = Conv(half, quarter, stride=2)
        self.join_quarter = Conv(quarter + 10, quarter, 1)
        self.quarter = nn.Sequential(*(Residual(quarter) for _ in range(w.blocks[0])))
        self.to_eighth = Conv(quarter, eighth, stride=2)
        self.eighth = nn.Sequential(*(Residual(eighth) for _ in range(w.blocks[1])))
        self.to_sixteenth = Conv(eighth, sixteenth, stride=2)
        self.sixteenth = nn.Sequential(
            *(Residual(sixteenth, 1 + k % 2) for k in range(w.blocks[2]))
        )
        self.up_eighth = Conv(sixteenth, eighth, 1)
        self.merge_eighth = Conv(eighth, eighth)
        self.up_quarter = Conv(eighth, quarter, 1)
        self.merge_quarter = Conv(quarter, quarter)
        self.coarse = nn.Conv2d(quarter, 1, 3, 1, 1)
        self.up_half = Conv(quarter, half, 1)
        merged = half * 2 + 8 + 1 + 6
        self.merge_half = Conv(merged, half)
        self.unused = 0  # channels of zeros that `align` added
        self.fine = Conv(half, half)
        self.last = nn.Conv2d(half, 8, 3, 1, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.coarse.weight)
        for bias in (self.last.bias, self.coarse.bias):
            if bias is not None:
                nn.init.zeros_(bias)

    def forward(self, image: Tensor, prior: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        known, unknown = prior[:, :1], prior[:, 1:]
        certain = 1 - unknown
        pixels = _unshuffle(image)
        flat = pixels.flatten(1, 2)
        known4, unknown4 = _unshuffle(known)[:, 0], _unshuffle(unknown)[:, 0]
        color_quarter = functional.avg_pool2d(image, 4)

        # Certain colors, spread into the band, with their second moments.
        sources = functional.avg_pool2d(
            torch.cat([
                image * (certain * known), certain * known,
                image * (certain * (1 - known)), certain * (1 - known),
            ], 1), 4,
        )  # fmt: skip
        fore, fore_reach, fore_spread = self._spread(sources[:, :4], color_quarter)
        back, back_reach, back_spread = self._spread(sources[:, 4:], color_quarter)
        fore_half, back_half = _double(fore), _double(back)
        alpha, miss = project(pixels, fore_half, back_half)
        alpha = known4 + unknown4 * (alpha - known4)
        context = torch.cat(
            [flat, alpha, miss, _halve(known), _halve(unknown), fore_half, back_half], 1
        )
        stem = self.stem(context)

        # The U-Net that corrects it, down to 1/16 and back to 1/4.
        known_quarter = functional.avg_pool2d(known, 4)
        unknown_quarter = functional.avg_pool2d(unknown, 4)
        base = functional.avg_pool2d(alpha.mean(1, keepdim=True), 2)
        statistics = torch.cat(
            [fore_spread, back_spread, fore_reach, back_reach, unknown_quarter, base], 1
        )
        quarter = self.join_quarter(torch.cat([self.to_quarter(stem), statistics], 1))
        features = self.encoder(image)
        quarter = self.quarter(self.seen[0](quarter, features[0]))
        eighth = self.eighth(self.seen[1](self.to_eighth(quarter), features[1]))
        deep = self.sixteenth(self.seen[2](self.to_sixteenth(eighth), features[2]))
        eighth = self.merge_eighth(eighth + _double(self.up_eighth(deep)))
        quarter = self.merge_quarter(quarter + _double(self.up_quarter(eighth)))
        coarse = base + self.coarse(quarter)

        # The colors again, now from inside the band too.
        guess = known_quarter + unknown_quarter * (coarse.clamp(0, 1) - known_quarter)
        fore_weight, back_weight = guess**3, (1 - guess) ** 3
        fore_near, _ = diffuse(color_quarter * fore_weight, fore_weight, 2, False)
        back_near, _ = diffuse(color_quarter * back_weight, back_weight, 2, False)
        fore_half, back_half = _double(fore_near), _double(back_near)
        near, miss = project(pixels, fore_half, back_half)
        coarse_half = _double(coarse)
        parts = [stem, self.up_half_of(quarter), near, miss, coarse_half, fore_half, back_half]
        together = torch.cat([*parts, coarse_half.expand(-1, self.unused, -1, -1)], 1)
        settled = self.last(self.fine(self.merge_half(together)))
        trust = torch.sigmoid(settled[:, 4:])
        fine = coarse_half + trust * (near - coarse_half) + settled[:, :4]
        answer = functional.pixel_shuffle(fine, 2)
        if self.training:
            return answer, coarse
        return answer.clamp(0, 1)

    def align(self) -> None:
        """Gives the widest layer at half size channels of zeros up to a multiple of 16, which
        onnxruntime takes twice as fast. Not to be trained on from there."""
        narrow = self.merge_half[0]
        assert isinstance(narrow, nn.Conv2d)
        used, outputs = narrow.in_channels, narrow.out_channels
        self.unused = -used % 16
        wide = nn.Conv2d(used + self.unused, outputs, 3, 1, 1, bias=False)
        with torch.no_grad():
            wide.weight.zero_()
            wide.weight[:, :used] = narrow.weight
        self.merge_half[0] = wide

    def up_half_of(self, quarter: Tensor) -> Tensor:
        return _double(self.up_half(quarter))

    def _spread(self, source: Tensor, color: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Diffused color (N, 3), its reach (N, 1) and its variance (N, 3) at a quarter."""
        mean = source[:, :3]
        weight = source[:, 3:]
        both, reach = diffuse(torch.cat([mean, mean * color], 1), weight, _LEVELS, True)
        spread = both[:, :3]
        return spread, reach, (both[:, 3:] - spread * spread).abs().add(1e-6).sqrt()
