# SPDX-License-Identifier: Apache-2.0
"""Augmentation of whole batches in torch, so that it runs where the training runs.

Pictures come as `planes`, (N, 4, S, S): RGB and mask. Every function draws from the generator it
is given and nothing else. S is at most twice the side asked for, or the sampling aliases.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

EMPTY, PASTED, STUDIO, UNPAINTED = 0.08, 0.10, 0.10, 0.05
BLURRED, NOISY, COMPRESSED, GREY = 0.08, 0.10, 0.10, 0.03
"""The share of pictures that each of these happens to."""

_EMPTY_CELLS = 5  # of 16: the side of the window looked for where no subject is


def uniform(
    size: tuple[int, ...], low: float, high: float, like: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Evenly drawn values on the device of `like`."""
    drawn = torch.rand(size, generator=generator) * (high - low) + low
    return drawn.to(like.device)


def chosen(count: int, share: float, generator: torch.Generator) -> torch.Tensor:
    """Indices of the pictures that something happens to."""
    return (torch.rand(count, generator=generator) < share).nonzero()[:, 0]


def augment(planes: torch.Tensor, side: int, generator: torch.Generator) -> torch.Tensor:
    """(N, 4, side, side) float 0..1 from uint8 planes: crop, flip, turn, paste, colour, damage."""
    source = planes.float().mul_(1 / 255)
    window, clear = windows(source, generator)
    grid = functional.affine_grid(window, [len(planes), 4, side, side], align_corners=False)
    cut = functional.grid_sample(source, grid, padding_mode="reflection", align_corners=False)
    cut[:, 3:] *= (~clear).float().view(-1, 1, 1, 1)
    cut = paste(cut, chosen(len(planes), PASTED, generator).to(source.device))
    cut = simplify(cut, generator)
    image, mask = cut[:, :3], cut[:, 3:]
    image = damage(colour(image, generator), generator)
    return torch.cat([image, mask], 1)


def windows(source: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows (N, 2, 3) of 65 to 100 % of the side, mirrored and slightly turned; a few where the
    mask is empty, so that the network sees pictures without a subject: of these (N,) is true."""
    n = len(source)
    zoom = uniform((n,), math.log(0.65), 0.2, source, generator).exp().clamp(max=1.0)
    stretch = uniform((n,), -0.15, 0.15, source, generator).exp()
    wide, high = (zoom * stretch).clamp(max=1.0), (zoom / stretch).clamp(max=1.0)
    x = uniform((n,), -1.0, 1.0, source, generator) * (1 - wide)
    y = uniform((n,), -1.0, 1.0, source, generator) * (1 - high)
    turn = uniform((n,), -0.15, 0.15, source, generator)
    mirror = uniform((n,), -1.0, 1.0, source, generator).sign()

    empty = chosen(n, EMPTY, generator).to(source.device)
    clear = source.new_zeros(n, dtype=torch.bool)
    if len(empty):
        cover, x[empty], y[empty] = _emptiest(source[empty, 3:])
        clear[empty] = cover < 0.002
        wide[empty] = high[empty] = _EMPTY_CELLS / 16

    cos, sin = turn.cos(), turn.sin()
    rows = torch.stack([wide * cos * mirror, -wide * sin, x, high * sin * mirror, high * cos, y], 1)
    return rows.view(n, 2, 3), clear


def _emptiest(mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of all windows of the empty size the one with the least mask: cover, centre x and y -1..1."""
    cells = functional.adaptive_avg_pool2d(mask, 16)
    windows = functional.avg_pool2d(cells, _EMPTY_CELLS, 1).flatten(1)
    cover, at = windows.min(1)
    places = 16 - _EMPTY_CELLS + 1
    centre = _EMPTY_CELLS / 2
    x = (at % places + centre) / 8 - 1.0
    y = (at // places + centre) / 8 - 1.0
    return cover, x, y


def paste(planes: torch.Tensor, onto: torch.Tensor) -> torch.Tensor:
    """The subject of a picture on its neighbour `onto` in the batch; both are subjects after."""
    subject = planes.roll(1, 0)[onto]
    alpha, ground = subject[:, 3:], planes[onto]
    pasted = planes.clone()
    pasted[onto, :3] = alpha * subject[:, :3] + (1 - alpha) * ground[:, :3]
    pasted[onto, 3:] = torch.maximum(alpha, ground[:, 3:])
    return pasted


def simplify(planes: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Some subjects before plain grounds, as in a studio or a render, and some without texture of
    their own, as drawings and untextured models are: photographs alone hold too few of either."""
    planes = planes.clone()
    for share, is_ground in ((UNPAINTED, False), (STUDIO, True)):
        at = chosen(len(planes), share, generator).to(planes.device)
        alpha, image = planes[at, 3:], planes[at, :3]
        plain = gradients(image, generator)
        inner, outer = (image, plain) if is_ground else (plain, image)
        planes[at, :3] = alpha * inner + (1 - alpha) * outer
    return planes


def gradients(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A straight run from one colour to another (N, 3, S, S) in any direction, the colours often
    the same and often black, white or fully saturated."""
    n, _, height, width = like.shape
    colours = uniform((2, n, 3, 1, 1), 0.0, 1.0, like, generator)
    extreme = uniform((2, n, 1, 1, 1), 0.0, 1.0, like, generator) < 0.4
    grey = uniform((2, n, 1, 1, 1), 0.0, 1.0, like, generator) < 0.6
    colours = torch.where(grey, colours[:, :, :1], colours)
    colours = torch.where(extreme, colours.round(), colours)
    flat = uniform((n, 1, 1, 1), 0.0, 1.0, like, generator) < 0.4
    start, end = colours[0], torch.where(flat, colours[0], colours[1])
    angle = uniform((n, 1, 1, 1), 0.0, 2 * math.pi, like, generator)
    x = torch.linspace(-0.5, 0.5, width, device=like.device)
    y = torch.linspace(-0.5, 0.5, height, device=like.device)[:, None]
    place = (angle.cos() * x + angle.sin() * y + 0.5).clamp(0, 1)
    return start + (end - start) * place


def colour(image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Exposure, white balance, contrast, saturation and gamma of other cameras."""
    n = len(image)
    grey = image.mean(1, keepdim=True)
    keep = uniform((n, 1, 1, 1), 0.6, 1.3, image, generator)
    keep[chosen(n, GREY, generator).to(image.device)] = 0.0
    image = grey + (image - grey) * keep
    middle = image.mean((1, 2, 3), keepdim=True)
    contrast = uniform((n, 1, 1, 1), 0.7, 1.3, image, generator)
    gain = uniform((n, 1, 1, 1), 0.75, 1.25, image, generator)
    balance = uniform((n, 3, 1, 1), 0.92, 1.08, image, generator)
    image = ((image - middle) * contrast + middle) * gain * balance
    gamma = uniform((n, 1, 1, 1), -0.25, 0.25, image, generator).exp()
    return image.clamp(1e-4, 1.0).pow(gamma)


def damage(image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Out of focus, noisy, or saved once too often: each on a share of the pictures."""
    image = image.clone()
    n = len(image)
    at = chosen(n, BLURRED, generator).to(image.device)
    if len(at):
        small = functional.avg_pool2d(image[at], 2)
        image[at] = functional.interpolate(small, size=image.shape[-2:], mode="bilinear")
    at = chosen(n, NOISY, generator).to(image.device)
    noise = torch.randn(image[at].shape, generator=generator).to(image.device)
    image[at] += noise * uniform((len(at), 1, 1, 1), 0.01, 0.08, image, generator)
    at = chosen(n, COMPRESSED, generator).to(image.device)
    if len(at):
        image[at] = compress(image[at], uniform((len(at),), 0.02, 0.12, image, generator))
    return image.clamp(0.0, 1.0)


def compress(image: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """JPEG's kind of damage: 8x8 cosine coefficients rounded, the higher ones more coarsely.

    image: (N, 3, H, W) 0..1, sides multiples of 8. step: (N,) rounding step of the lowest
    coefficients. Runs on any device, which a real JPEG encoder does not.
    """
    n, c, h, w = image.shape
    place = torch.arange(8, device=image.device, dtype=image.dtype)
    basis = torch.cos((2 * place + 1) * place[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    coarser = 1.0 + (place + place[:, None]) / 2
    blocks = image.view(n, c, h // 8, 8, w // 8, 8).transpose(3, 4)
    size = step.view(n, 1, 1, 1, 1, 1) * coarser
    rounded = torch.round(basis @ blocks @ basis.T / size) * size
    return (basis.T @ rounded @ basis).transpose(3, 4).reshape(n, c, h, w)
