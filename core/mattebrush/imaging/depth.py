# SPDX-License-Identifier: Apache-2.0
"""Values between bit depths: uint8 0..255, uint16 0..65535 and float32 0..1 say the same thing."""

from __future__ import annotations

from typing import Any

import numpy as np

FULL: dict[np.dtype[Any], int] = {
    np.dtype(np.uint8): 255,
    np.dtype(np.uint16): 65535,
    np.dtype(np.float32): 1,
}
"""The value that means "all" (white, opaque) for each dtype the engine works with."""

BITS: dict[int, np.dtype[Any]] = {dtype.itemsize * 8: dtype for dtype in FULL}
"""The engine's dtypes by bits a value: 8, 16, 32."""

_CHUNK = 1 << 20


def to_unit(values: np.ndarray) -> np.ndarray:
    """Any of the engine's dtypes as float32 in 0..1 (float32 input is returned as it is).

    Parameters
    ----------
    values : numpy.ndarray
        (H, W).

    Returns
    -------
    numpy.ndarray
    """
    if values.dtype == np.float32:
        return values
    return values * np.float32(1 / FULL[values.dtype])


def to_depth(values: np.ndarray, dtype: np.dtype[Any] | type) -> np.ndarray:
    """`values` in another depth.

    Full scale maps to full scale, rounded to the nearest step, so a lower depth goes to a higher
    one and back exactly. Works in chunks, so that no full-size temporary is made.

    Parameters
    ----------
    values
        uint8, uint16, or float32; floats outside [0, 1] are clipped when they become integers.
    dtype
        One of the same three.

    Returns
    -------
    numpy.ndarray
        Of the same shape; `values` itself where it has that dtype already.
    """
    wanted = np.dtype(dtype)
    if values.dtype == wanted:
        return values
    out = np.empty(values.shape, wanted)
    flat_in, flat_out = values.reshape(-1), out.reshape(-1)
    for start in range(0, flat_in.size, _CHUNK):
        flat_out[start : start + _CHUNK] = _converted(flat_in[start : start + _CHUNK], wanted)
    return out


def _converted(part: np.ndarray, wanted: np.dtype[Any]) -> np.ndarray:
    if wanted == np.float32:
        return to_unit(part)
    if part.dtype == np.float32:
        scaled = np.clip(part, np.float32(0), np.float32(1))
        scaled *= np.float32(FULL[wanted])
        scaled += np.float32(0.5)
        return scaled
    if wanted == np.uint16:
        return part.astype(np.uint16) * np.uint16(257)
    return (part.astype(np.uint32) * 255 + 32767) // 65535
