# SPDX-License-Identifier: Apache-2.0
"""Shadows that know the ground: the photograph's own, told from its ground's light, and one made
where a subject touches the ground. The plain drop shadow is in `composition`.

All give how dark it is at each pixel: float32 (H, W), 0 to 1, the opacity of black.
"""

from __future__ import annotations

import numpy as np

from .composition import visible_rect
from .imaging import gaussian
from .imaging.morphology import dilated, label
from .imaging.resize import resize, shrink

KINDS = ("drop", "contact", "kept")
"""drop: the matte, moved and blurred. contact: made, on the ground under the subject. kept: the
photograph's own."""

_LOOK = 512
"""The longest side at which shadows are worked out; nothing in them is finer."""

_TIGHT, _BROAD = 0.6, 0.4
"""How dark the contact shadow is under what touches the ground, and around it."""

_CUT = 2
"""A subject that ends so few pixels from the lower border stands on nothing that is seen."""

_BUSY = 0.08
"""A ground whose light differs by more from a smooth one hides its shadows."""

_MOSTLY = 0.6
"""The least share of the ground that has to lie on that smooth surface."""

_FAINTEST = 0.02


def _looked_at(height: int, width: int) -> tuple[int, int]:
    factor = min(1.0, _LOOK / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def stands(alpha: np.ndarray) -> bool:
    """Whether the subject's foot is in the picture, not cut off by its lower border.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).

    Returns
    -------
    bool
    """
    box = visible_rect(alpha)
    if alpha.shape[0] - box.y1 >= _CUT:
        return True
    # A tip at the border is none; a body is.
    return bool((alpha[-1] > 0.5).mean() < 0.02)


def contact(alpha: np.ndarray, opacity: float = 0.5) -> np.ndarray:
    """A shadow where the subject touches the ground, soft and wide around it.

    Parameters
    ----------
    alpha
        float32 (H, W).
    opacity
        0 to 1; .5 is natural.

    Returns
    -------
    numpy.ndarray
        Darkness, float32 (H, W): feet darken the ground just under them the more, the nearer they
        are to the lowest one; a wide faint part says where the body is.
    """
    height, width = alpha.shape
    small_height, small_width = _looked_at(height, width)
    small = resize(alpha, (small_height, small_width), "area")
    box = visible_rect(small)
    side = float(np.sqrt(box.width * box.height))
    pad = int(0.3 * side) + 2
    seen = np.pad(small > 0.5, pad)
    there = seen.any(axis=0)
    foot = np.where(there, seen.shape[0] - 1 - np.argmax(seen[::-1], axis=0), 0)
    ground = int(foot.max())
    above = (ground - foot).astype(np.float32)
    columns = np.flatnonzero(there)
    tight, broad = np.zeros(seen.shape, np.float32), np.zeros(seen.shape, np.float32)
    # What touches the ground is lower than what is beside it: feet at the back too, no flanks.
    reach = max(1, round(0.04 * box.width))
    beside = np.max(
        np.lib.stride_tricks.sliding_window_view(np.pad(foot, reach), 2 * reach + 1), axis=1
    )
    near = np.exp(-(beside - foot) / max(1.0, 0.02 * box.height))
    near = near * np.exp(-((above / max(1.0, 0.12 * box.height)) ** 2))
    wide = np.exp(-above / max(1.0, 0.2 * box.height))
    tight[foot[columns], columns] = near[columns]
    broad[ground, columns] = wide[columns]
    down, across = max(0.6, 0.012 * side), max(0.6, 0.02 * side)
    darkness = _spread(tight, down, across) * np.float32(_TIGHT)
    far = _spread(broad, max(1.0, 0.04 * side), max(1.0, 0.08 * side)) * np.float32(_BROAD)
    both = 1 - (1 - darkness) * (1 - far)
    both = both[pad : pad + small_height, pad : pad + small_width]
    strength = np.float32(min(1.0, opacity / 0.5))
    return np.clip(resize(np.ascontiguousarray(both * strength), (height, width), "bicubic"), 0, 1)


def _spread(line: np.ndarray, down: float, across: float) -> np.ndarray:
    """A line of ones blurred, scaled so that its middle stays about one."""
    soft = gaussian.blurred(line, (down, across)) * np.float32(np.sqrt(2 * np.pi) * down)
    return np.clip(soft, 0, 1)


def kept(pixels: np.ndarray, matte: np.ndarray) -> np.ndarray | None:
    """The photograph's own shadow, as how much darker the ground is than its light says.

    The ground's light is a smooth surface (a polynomial of second degree in the logarithm) fitted
    to what is not subject, the darker pixels left out step by step, as shadows only darken. A
    shadow keeps the ground's color, and lies at the subject.

    Parameters
    ----------
    pixels
        The picture (H, W, 1|3), any depth.
    matte
        float32 (H, W).

    Returns
    -------
    numpy.ndarray or None
        Darkness, float32 (H, W); None where the ground is too busy for a shadow to be told.
    """
    height, width = matte.shape
    size = _looked_at(height, width)
    small = np.maximum(shrink(pixels, size, "area"), np.float32(1 / 255))
    cover = resize(matte, size, "area")
    ground = ~dilated(cover > 0.02, max(1, round(0.004 * max(size))))
    if ground.mean() < 0.05:
        return None
    light = np.log(small)
    surface, noise, smooth = _surface(light, ground)
    if noise > _BUSY or smooth < _MOSTLY:
        return None
    ratio = np.exp(light - surface)  # of what the light would be, channel by channel
    darkness = 1 - ratio.mean(axis=2)
    tint = ratio.max(axis=2) - ratio.min(axis=2)
    darkness *= np.exp(-((tint / np.float32(0.2)) ** 2))
    floor = max(_FAINTEST, 2 * noise)
    darkness = np.clip((darkness - floor) / (1 - floor), 0, 1) * ground
    darkness *= _at_subject(darkness > 0, cover > 0.5)
    filled = _under_subject(darkness.astype(np.float32), ground)
    return np.clip(resize(filled, (height, width)), 0, 1)


def _surface(light: np.ndarray, ground: np.ndarray) -> tuple[np.ndarray, float, float]:
    """The ground's logarithm of light everywhere, how much it differs from that where it is lit,
    and which share of it lies on that surface."""
    height, width = ground.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    here, seen = terms[ground], light[ground]
    weight = np.ones(len(here))
    noise = 1.0
    for _ in range(12):
        weighted = here * weight[:, None]
        coefficients = np.linalg.lstsq(weighted, seen * weight[:, None], rcond=None)[0]
        apart = (seen - here @ coefficients).mean(axis=1)
        lit = apart[apart > 0]
        noise = float(np.median(lit) * 1.4826) if lit.size else 0.0
        limit = max(noise, 0.004)
        weight = np.where(apart < 0, np.exp(-((apart / (1.5 * limit)) ** 2)), 1.0) + 1e-6
    smooth = float((np.abs(apart) < max(3 * noise, 0.03)).mean())
    return (terms @ coefficients).astype(np.float32), noise, smooth


def _at_subject(dark: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """Of the dark parts, those that come near the subject."""
    near = dilated(subject, max(2, round(0.02 * max(subject.shape))))
    labels = label(dark | subject)
    touching = np.unique(labels[near & dark])
    return np.isin(labels, touching[touching > 0]) & dark


def _under_subject(darkness: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """The darkness carried on under the subject, whose soft edge shows it."""
    known = ground.astype(np.float32)
    out, missing = darkness.copy(), ~ground
    for sigma in (1.5, 4.0, 12.0, 40.0):
        total = gaussian.blurred(known, sigma)
        spread = gaussian.blurred(darkness * known, sigma)
        here = missing & (total > 0.05)
        out[here] = spread[here] / total[here]
        missing &= ~here
    return out
