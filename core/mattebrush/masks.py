# SPDX-License-Identifier: Apache-2.0
"""Masks and trimaps as people paint and save them, understood where that is safe.

The engine takes 0 and full scale for certain, and nothing else. Tools write 0 and 1, 0, 1 and 2,
brushes leave 3 and 252, JPEG trembles around every value. What is read otherwise than it stands is
said; what cannot be told apart is refused. Hosts' own masks (`jobs`) do not pass here.
"""

from __future__ import annotations

import numpy as np

from .errors import InputInvalid
from .imaging.depth import FULL

KINDS = ("trimap", "mask", "alpha", "region")
"""What a plane is for: black, white and unknown; strokes and soft edges; opacity; where to work."""

NEAR = 10 / 255
"""How far from black and white a value still is a painter's black or white."""

_NOTABLE = 0.01
"""Share of the pixels from which on it is said that they are read otherwise than they stand."""

_ROUNDING = 1.5 / 255
"""How far from black and white an 8-bit alpha's faintest values are."""

_PEAK = 0.5
"""Share of the nearly black (white) pixels that have one value: then that value was painted."""


def understood(
    values: np.ndarray, kind: str, name: str, lossy: bool = False
) -> tuple[np.ndarray, list[str]]:
    """A plane as its painter meant it.

    Parameters
    ----------
    values
        (H, W) bool, uint8, uint16 or float32.
    kind
        One of `KINDS`.
    name
        What to call it in messages.
    lossy
        Whether it comes from a lossy file, where values tremble.

    Returns
    -------
    tuple
        The plane, `values` itself where nothing changes, and remarks for a person.

    Raises
    ------
    InputInvalid
        For numbers that could mean two things.
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255), []
    if values.dtype not in FULL or not values.size:
        return values, []
    values, remarks = _scaled(values, kind, name)
    snapped = _snapped(values, kind, lossy)
    if snapped is not values:
        if np.count_nonzero(snapped != values) > _NOTABLE * values.size:
            remarks.append(f"{name}: nearly black and nearly white are taken for black and white.")
        values = snapped
    if kind == "trimap":
        remarks += _nothing_certain(values, name)
    return values, remarks


def _scaled(values: np.ndarray, kind: str, name: str) -> tuple[np.ndarray, list[str]]:
    """Numbers of a smaller scale than the dtype's, stretched to it."""
    full = FULL[values.dtype]
    top = values.max()
    if full == 1 or top == 0 or top > 255 or top == full:
        return values, []
    if top <= 2 and np.count_nonzero(values) > _NOTABLE * values.size:
        return _numbered(values, int(top), kind, name)
    if full == 65535 and top > 2:
        if top == 255:
            remark = f"{name}: its 16-bit values end at 255 and are taken for 8-bit ones."
            return values * np.uint16(257), [remark]
        return values, [f"{name}: its brightest value is {top} of 65535, almost black."]
    if top <= 2:
        return values, [f"{name}: its brightest value is {top} of {full}, almost black."]
    return values, []


def _numbered(values: np.ndarray, top: int, kind: str, name: str) -> tuple[np.ndarray, list[str]]:
    """0 and 1, or 0, 1 and 2."""
    full = FULL[values.dtype]
    if top == 1:
        stretched = values * values.dtype.type(full)
        return stretched, [f"{name}: its values 0 and 1 are taken for black and white."]
    if kind == "alpha":
        raise InputInvalid(
            f"{name} holds the numbers 0, 1 and 2.",
            "As a trimap it is for `matte`; as opacity it should go from 0 to 255.",
        )
    levels = np.array([0, (full + 1) // 2, full], values.dtype)
    return levels[values], [
        f"{name}: its values 0, 1 and 2 are taken for black, unknown (gray) and white."
    ]


def _snapped(values: np.ndarray, kind: str, lossy: bool) -> np.ndarray:
    """What is nearly black or white as black and white: always of a trimap, where nothing between
    has a meaning of its own; else where one value was painted, or the file trembles."""
    full = FULL[values.dtype]
    near = values.dtype.type(NEAR * full)
    low, high = values <= near, values >= full - near
    dark = bool(kind == "trimap" or lossy or _is_painted(values[low & (values > 0)], 0, values))
    light = bool(
        kind == "trimap" or lossy or _is_painted(values[high & (values < full)], full, values)
    )
    changed = (dark & low & (values != 0)) | (light & high & (values != full))
    if not changed.any():
        return values
    out = values.copy()
    out[changed & low] = 0
    out[changed & high] = full
    return out


def _is_painted(nearly: np.ndarray, pure: int, values: np.ndarray) -> bool:
    """Whether one value stands out among those that are nearly pure; not the next to it, which is
    where faint opacity is rounded to."""
    if nearly.size <= _NOTABLE * values.size:
        return False
    levels, counts = np.unique(nearly, return_counts=True)
    away = abs(float(levels[counts.argmax()]) - pure) / FULL[values.dtype]
    return bool(counts.max() > _PEAK * nearly.size and away > _ROUNDING)


def _nothing_certain(values: np.ndarray, name: str) -> list[str]:
    missing = [
        word
        for word, level in (("background (black)", 0), ("subject (white)", FULL[values.dtype]))
        if not (values == level).any()
    ]
    if not missing:
        return []
    return [f"{name} marks no certain {' and no certain '.join(missing)}; the result is a guess."]
