# SPDX-License-Identifier: Apache-2.0
"""Augmentation of whole batches in torch, so that it runs where the training runs.

Pictures come as `planes`, (N, 4, S, S): RGB and mask. What comes out has a fifth plane, the part:
what a prompt means where it does not mean the whole mask (one of two subjects). Every function
draws from the generator it is given and nothing else. S is at most twice the side asked for, or
the sampling aliases.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

CLOSE, EMPTY, PASTED, STUDIO, UNPAINTED = 0.45, 0.06, 0.15, 0.10, 0.04
BLURRED, NOISY, COMPRESSED, GREY = 0.08, 0.10, 0.10, 0.04
"""The share of pictures that each of these happens to."""

CLOSEST, CLOSE_UP_TO = 0.28, 0.75
"""Sides of close-ups, of the picture's."""

_EMPTY_CELLS = 5  # of 16: the side of the window looked for where no subject is
_GROUND_CELLS = 8  # of 16: the same for the ground that a cut-out is laid before
_CELLS = 32  # across, of the grid on which a close-up's middle is drawn


def uniform(
    size: tuple[int, ...], low: float, high: float, like: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Evenly drawn values on the device of `like`."""
    drawn = torch.rand(size, generator=generator) * (high - low) + low
    return drawn.to(like.device)


def chosen(count: int, share: float, generator: torch.Generator) -> torch.Tensor:
    """Indices of the pictures that something happens to."""
    return (torch.rand(count, generator=generator) < share).nonzero()[:, 0]


def augment(
    planes: torch.Tensor,
    side: int,
    generator: torch.Generator,
    aspect: torch.Tensor | None = None,
    cutout: torch.Tensor | None = None,
) -> torch.Tensor:
    """(N, 5, side, side) float 0..1 from uint8 planes: crop, flip, turn, paste, color, damage.

    aspect: (N,) width / height before the pictures were squashed to a square; close-ups are cut
    with it undone. cutout: (N,) bool, the pictures that are a subject alone: color and alpha.
    """
    source = planes.float().mul_(1 / 255)
    n = len(source)
    aspect = source.new_ones(n) if aspect is None else aspect.to(source)
    alone = torch.zeros(n, dtype=torch.bool) if cutout is None else cutout
    window, clear = windows(source, aspect, alone, generator)
    grid = functional.affine_grid(window, [n, 4, side, side], align_corners=False)
    cut = functional.grid_sample(source, grid, padding_mode="reflection", align_corners=False)
    cut[:, 3:] *= (~clear).float().view(-1, 1, 1, 1)
    cut = torch.cat([cut, cut[:, 3:]], 1)
    if bool(alone.any()):
        inside = (grid.abs().amax(-1) <= 1.0).unsqueeze(1)
        at = alone.nonzero()[:, 0].to(source.device)
        cut = compose(cut, source[:, :4], at, inside, generator)
    cut = paste(cut, chosen(n, PASTED, generator).to(source.device), generator)
    cut = simplify(cut, generator)
    image, masks = cut[:, :3], cut[:, 3:]
    image = damage(color(image, generator), generator)
    return torch.cat([image, masks], 1)


def windows(
    source: torch.Tensor, aspect: torch.Tensor, alone: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows (N, 2, 3), mirrored and slightly turned: of 65 to 100 % of the side; close-ups around
    a place of the subject; a few where the mask is empty, so that the network sees pictures without
    a subject: of these (N,) is true. Cut-outs get windows of 60 to 200 %."""
    n = len(source)
    zoom = uniform((n,), math.log(0.65), 0.2, source, generator).exp().clamp(max=1.0)
    stretch = uniform((n,), -0.15, 0.15, source, generator).exp()
    wide, high = (zoom * stretch).clamp(max=1.0), (zoom / stretch).clamp(max=1.0)
    x = uniform((n,), -1.0, 1.0, source, generator) * (1 - wide)
    y = uniform((n,), -1.0, 1.0, source, generator) * (1 - high)
    turn = uniform((n,), -0.15, 0.15, source, generator)
    mirror = uniform((n,), -1.0, 1.0, source, generator).sign()

    close = chosen(n, CLOSE, generator).to(source.device)
    if len(close):
        size = uniform((len(close),), math.log(CLOSEST), math.log(CLOSE_UP_TO), source, generator)
        # The picture as it was: a square of it is narrow where the picture was wide.
        narrow = aspect[close].clamp(0.5, 2.0).sqrt()
        wide[close] = (size.exp() / narrow * stretch[close]).clamp(max=1.0)
        high[close] = (size.exp() * narrow / stretch[close]).clamp(max=1.0)
        at_x, at_y = _on_subject(source[close, 3:], generator)
        x[close] = at_x.clamp(-1 + wide[close], 1 - wide[close])
        y[close] = at_y.clamp(-1 + high[close], 1 - high[close])
        turn[close] *= 0.5

    empty = chosen(n, EMPTY, generator).to(source.device)
    clear = source.new_zeros(n, dtype=torch.bool)
    if len(empty):
        cover, x[empty], y[empty] = _emptiest(source[empty, 3:], _EMPTY_CELLS)
        clear[empty] = cover < 0.002
        wide[empty] = high[empty] = _EMPTY_CELLS / 16

    away = alone.nonzero()[:, 0].to(source.device)
    if len(away):
        size = uniform((len(away),), math.log(0.6), math.log(2.0), source, generator).exp()
        bent = (aspect[away] ** 0.5).clamp(0.6, 1.7)
        wide[away], high[away] = size / bent, size * bent
        room = 0.35 * size
        x[away] = uniform((len(away),), -1.0, 1.0, source, generator) * room
        y[away] = uniform((len(away),), -1.0, 1.0, source, generator) * room
        clear[away] = False

    cos, sin = turn.cos(), turn.sin()
    rows = torch.stack([wide * cos * mirror, -wide * sin, x, high * sin * mirror, high * cos, y], 1)
    return rows.view(n, 2, 3), clear


def _on_subject(
    mask: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """A place of each subject, or of the picture where there is none: x and y -1..1."""
    cells = functional.adaptive_avg_pool2d(mask, _CELLS).flatten(1).cpu() + 1e-6
    at = torch.multinomial(cells, 1, generator=generator)[:, 0]
    x = (at % _CELLS + 0.5) * 2 / _CELLS - 1
    y = (at // _CELLS + 0.5) * 2 / _CELLS - 1
    return x.to(mask), y.to(mask)


def _emptiest(mask: torch.Tensor, cells: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of all windows of `cells` sixteenths of the side the one with the least mask: cover, centre
    x and y -1..1."""
    grid = functional.adaptive_avg_pool2d(mask, 16)
    windows = functional.avg_pool2d(grid, cells, 1).flatten(1)
    cover, at = windows.min(1)
    places = 16 - cells + 1
    x = (at % places + cells / 2) / 8 - 1.0
    y = (at // places + cells / 2) / 8 - 1.0
    return cover, x, y


def compose(
    planes: torch.Tensor,
    source: torch.Tensor,
    alone: torch.Tensor,
    inside: torch.Tensor,
    generator: torch.Generator,
) -> torch.Tensor:
    """Cut-outs `alone` before the emptiest windows of their neighbors in the batch, or before plain
    grounds: a cut-out is the one subject of its picture.

    source: (N, 4, S, S), the neighbors uncut. inside: (N, 1, S, S), where a window shows its
    picture and not what lies beyond.
    """
    color_, alpha = planes[alone, :3], planes[alone, 3:4] * inside[alone]
    ground = gradients(color_, generator)
    cover, x, y = _emptiest(source[:, 3:4], _GROUND_CELLS)
    cover[alone] = 1.0
    clear = (cover < 0.01).nonzero()[:, 0]
    if len(clear):
        row = clear[torch.randint(len(clear), (len(alone),), generator=generator).to(clear)]
        side, none = torch.full_like(x[row], _GROUND_CELLS / 16), torch.zeros_like(x[row])
        window = torch.stack([side, none, x[row], none, side, y[row]], 1).view(-1, 2, 3)
        shape = [len(alone), 3, planes.shape[2], planes.shape[3]]
        grid = functional.affine_grid(window, shape, align_corners=False)
        photo = functional.grid_sample(source[row, :3], grid, align_corners=False)
        real = uniform((len(alone),), 0.0, 1.0, planes, generator) < 0.75
        ground = torch.where(real.view(-1, 1, 1, 1), photo, ground)
    planes = planes.clone()
    planes[alone, :3] = alpha * color_ + (1 - alpha) * ground
    planes[alone, 3:] = alpha
    return planes


def paste(planes: torch.Tensor, onto: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The subject of a picture on its neighbor `onto` in the batch; both are subjects after, and
    the part is one of them."""
    subject = planes.roll(1, 0)[onto]
    alpha, ground = subject[:, 3:4], planes[onto]
    pasted = planes.clone()
    pasted[onto, :3] = alpha * subject[:, :3] + (1 - alpha) * ground[:, :3]
    pasted[onto, 3:4] = torch.maximum(alpha, ground[:, 3:4])
    front = (uniform((len(onto),), 0.0, 1.0, planes, generator) < 0.5).float().view(-1, 1, 1, 1)
    pasted[onto, 4:] = front * alpha + (1 - front) * ground[:, 4:] * (1 - alpha)
    return pasted


def simplify(planes: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Some subjects before plain grounds, as in a studio or a render, and some without texture of
    their own, as drawings and untextured models are: photographs alone hold too few of either."""
    planes = planes.clone()
    for share, is_ground in ((UNPAINTED, False), (STUDIO, True)):
        at = chosen(len(planes), share, generator).to(planes.device)
        alpha, image = planes[at, 3:4], planes[at, :3]
        plain = gradients(image, generator)
        inner, outer = (image, plain) if is_ground else (plain, image)
        planes[at, :3] = alpha * inner + (1 - alpha) * outer
    return planes


def gradients(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A straight run from one color to another (N, 3, S, S) in any direction, the colors often
    the same and often black, white or fully saturated."""
    n, _, height, width = like.shape
    colors = uniform((2, n, 3, 1, 1), 0.0, 1.0, like, generator)
    extreme = uniform((2, n, 1, 1, 1), 0.0, 1.0, like, generator) < 0.4
    grey = uniform((2, n, 1, 1, 1), 0.0, 1.0, like, generator) < 0.6
    colors = torch.where(grey, colors[:, :, :1], colors)
    colors = torch.where(extreme, colors.round(), colors)
    flat = uniform((n, 1, 1, 1), 0.0, 1.0, like, generator) < 0.4
    start, end = colors[0], torch.where(flat, colors[0], colors[1])
    angle = uniform((n, 1, 1, 1), 0.0, 2 * math.pi, like, generator)
    x = torch.linspace(-0.5, 0.5, width, device=like.device)
    y = torch.linspace(-0.5, 0.5, height, device=like.device)[:, None]
    place = (angle.cos() * x + angle.sin() * y + 0.5).clamp(0, 1)
    return start + (end - start) * place


def color(image: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
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
