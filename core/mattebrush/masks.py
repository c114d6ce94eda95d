# SPDX-License-Identifier: Apache-2.0
"""Masks and trimaps as people paint and save them, understood where that is safe.

The engine takes 0 and full scale for certain, and nothing else. Tools write 0 and 1, 0, 1 and 2,
brushes leave 3 and 252, video 16 and 235, JPEG trembles around every value. What is read otherwise
than it stands is said; what cannot be told apart is refused. Hosts' own masks (`jobs`) do not pass
here.
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

_GROUND = 0.2
"""Share of all pixels that have the darkest (brightest) value: then that value was painted."""

_FLAT = 0.95
"""Share of all pixels that have one of three values: then they are a trimap's three."""

SLACK = 1e-3
"""How far beyond 0..1 rounding may have led floats."""

_VIDEO = (16 / 255, 235 / 255)
"""Black and white as video has them."""

_VIDEO_SLACK = 0.6 / 255

_SENSORS = (10, 12, 14)
"""Bits of cameras and scanners whose numbers are kept, unscaled, in 16."""


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
        For numbers that could mean two things, and floats beyond 0..1.
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255), []
    if values.dtype not in FULL or not values.size:
        return values, []
    values, remarks = _scaled(values, kind, name)
    spread = _spread(values, kind)
    if spread is not values:
        values = spread
        remarks.append(f"{name}: its darkest and brightest are taken for black and white.")
    dim = _almost_black(values, name)
    snapped = _snapped(values, kind, lossy)
    if snapped is not values:
        if np.count_nonzero(snapped != values) > _NOTABLE * values.size:
            remarks.append(f"{name}: nearly black and nearly white are taken for black and white.")
        values = snapped
    remarks += dim
    if kind == "trimap":
        remarks += _nothing_certain(values, name) or _nothing_unknown(values, name)
    elif kind != "region" and not dim:
        remarks += _never_pure(values, name)
    return values, remarks


def _scaled(values: np.ndarray, kind: str, name: str) -> tuple[np.ndarray, list[str]]:
    """Numbers of a smaller scale than the dtype's, or of a larger one, brought to it."""
    full = FULL[values.dtype]
    if full == 1:
        return _floats(values, kind, name)
    top = int(values.max())
    if top in (0, full):
        return values, []
    if top <= 2 and np.count_nonzero(values) > _NOTABLE * values.size:
        return _numbered(values, top, kind, name)
    if full == 65535 and top > 2:
        if top == 255:
            remark = f"{name}: its 16-bit values end at 255 and are taken for 8-bit ones."
            return values * np.uint16(257), [remark]
        bits = top.bit_length()
        often = np.count_nonzero(values == top) > _NOTABLE * values.size
        if bits in _SENSORS and top == (1 << bits) - 1 and often:
            remark = f"{name}: its 16-bit values end at {top} and are taken for {bits}-bit ones."
            return (values.astype(np.uint32) * 65535 // top).astype(np.uint16), [remark]
    return values, []


def _floats(values: np.ndarray, kind: str, name: str) -> tuple[np.ndarray, list[str]]:
    """Floats from 0 to 1; whole numbers beyond are those of 8 bits, or of a trimap."""
    low, high = float(values.min()), float(values.max())
    if low >= -SLACK and high <= 1 + SLACK:
        return (np.clip(values, 0, 1) if low < 0 or high > 1 else values), []
    if low >= 0 and high <= 255 and (values == np.rint(values)).all():
        if high == 2:
            return _numbered(values.astype(np.uint8), 2, kind, name)
        whole = (values / np.float32(255)).astype(np.float32)
        return whole, [f"{name}: its floats end at {high:g} and are taken for 8-bit values."]
    raise InputInvalid(
        f"{name} holds floats from {low:g} to {high:g}.",
        "Floats go from 0 to 1. Save it so, or with 8 or 16 bits.",
    )


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


def _spread(values: np.ndarray, kind: str) -> np.ndarray:
    """Stretched to the whole scale: what was saved as video, and a trimap in three shades that are
    not black, gray and white. Where it could mean anything else, `values` itself."""
    full = FULL[values.dtype]
    low, high = values.min(), values.max()
    if high == low or (low == 0 and high == full):
        return values
    dark, light = (np.count_nonzero(values == end) / values.size for end in (low, high))
    off = max(abs(float(low) / full - _VIDEO[0]), abs(float(high) / full - _VIDEO[1]))
    if off < _VIDEO_SLACK and dark + light > _GROUND:
        return _stretched(values, low, high)
    if kind == "trimap" and dark > _NOTABLE and light > _NOTABLE:
        levels, counts = np.unique(values, return_counts=True)
        between = counts[1:-1].max(initial=0) / values.size
        if between > _NOTABLE and dark + light + between > _FLAT and len(levels) > 2:
            return _stretched(values, low, high)
    return values


def _stretched(values: np.ndarray, low: float, high: float) -> np.ndarray:
    full = FULL[values.dtype]
    unit = (values.astype(np.float32) - np.float32(low)) / np.float32(float(high) - float(low))
    if full == 1:
        return unit
    return np.rint(unit * np.float32(full)).astype(values.dtype)


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
    """Whether one value stands out among those that are nearly pure. The next to it is where faint
    opacity is rounded to: that one counts only where nothing is pure."""
    if nearly.size <= _NOTABLE * values.size:
        return False
    levels, counts = np.unique(nearly, return_counts=True)
    if counts.max() <= _PEAK * nearly.size:
        return False
    away = abs(float(levels[counts.argmax()]) - pure) / FULL[values.dtype]
    return away > _ROUNDING or not (values == pure).any()


def _almost_black(values: np.ndarray, name: str) -> list[str]:
    full, top = FULL[values.dtype], values.max()
    if not 0 < top <= NEAR * full:
        return []
    return [f"{name}: its brightest value is {top:g} of {full:g}, almost black."]


def _nothing_certain(values: np.ndarray, name: str) -> list[str]:
    missing = [
        word
        for word, level in (("background (black)", 0), ("subject (white)", FULL[values.dtype]))
        if not (values == level).any()
    ]
    if not missing:
        return []
    return [f"{name} marks no certain {' and no certain '.join(missing)}; the result is a guess."]


def _nothing_unknown(values: np.ndarray, name: str) -> list[str]:
    if ((values != 0) & (values != FULL[values.dtype])).any():
        return []
    return [f"{name} marks nothing unknown (gray), so nothing is decided: it comes back as it is."]


def _never_pure(values: np.ndarray, name: str) -> list[str]:
    """Ground that is nearly black, or white, and much of the picture: seldom what was meant."""
    full = FULL[values.dtype]
    out = []
    for end, pure, word, meaning in (
        (values.min(), 0, "darkest", "nothing counts as background"),
        (values.max(), full, "brightest", "nothing counts as wholly subject"),
    ):
        if end != pure and np.count_nonzero(values == end) > _GROUND * values.size:
            out.append(f"{name}: its {word} value is {end:g} of {full:g}, so {meaning}.")
    return out
