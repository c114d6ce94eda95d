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

_STRIP = 1 << 20


def to_unit(values: np.ndarray) -> np.ndarray:
    """Any of the engine's dtypes as float32 in 0..1 (float32 input is returned as it is)."""
    if values.dtype == np.float32:
        return values
    return values * np.float32(1 / FULL[values.dtype])


def quantise(values: np.ndarray, dtype: np.dtype[Any] | type) -> np.ndarray:
    """`values` in another depth, rounded to nearest, clipped to the range.

    The same array is returned where it has that dtype already. Exact there and back from a lower
    depth to a higher one. Works in strips, so that no full-size temporary is made.
    """
    wanted = np.dtype(dtype)
    if values.dtype == wanted:
        return values
    out = np.empty(values.shape, wanted)
    flat_in, flat_out = values.reshape(-1), out.reshape(-1)
    for start in range(0, flat_in.size, _STRIP):
        part = to_unit(flat_in[start : start + _STRIP])
        if wanted == np.float32:
            flat_out[start : start + _STRIP] = part
        else:
            scaled = np.clip(part, 0, 1) * np.float32(FULL[wanted]) + np.float32(0.5)
            flat_out[start : start + _STRIP] = scaled
    return out
