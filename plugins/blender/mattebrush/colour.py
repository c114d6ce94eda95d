# SPDX-License-Identifier: GPL-3.0-or-later
"""Scene-linear to display-encoded colour and back: the engine works on the latter, Blender's
compositor on the former. Pure numpy.

The curve is that of sRGB (IEC 61966-2-1). Alpha is never bent.
"""

import numpy as np


def encoded(linear):
    """Display-encoded float32 in 0..1 of scene-linear values; what is brighter than white clips."""
    linear = np.clip(np.nan_to_num(linear), 0, 1).astype(np.float32)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def linearised(display):
    """Scene-linear float32 of display-encoded values in 0..1."""
    display = np.asarray(display, np.float32)
    return np.where(display <= 0.04045, display / 12.92, ((display + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def straight(premultiplied):
    """(H, W, 4) with the colour divided by alpha; where alpha is 0 the colour is left as it is."""
    alpha = premultiplied[..., 3:]
    return np.concatenate(
        [premultiplied[..., :3] / np.where(alpha > 0, alpha, 1), np.clip(alpha, 0, 1)], axis=2
    )


def covered(color, alpha, *, premultiplied=False):
    """(H, W, 4) of straight colour (H, W, 3) and alpha (H, W); the colour alone without any."""
    if alpha is None:
        return color
    alpha = alpha[..., None].astype(np.float32)
    return np.concatenate([color * alpha if premultiplied else color, alpha], axis=2)


def to_depth(unit, dtype):
    """Values in 0..1 as whole numbers of `dtype` (uint8 or uint16), rounded to the nearest."""
    full = np.iinfo(dtype).max
    return np.floor(np.clip(unit, 0, 1) * full + 0.5).astype(dtype)


def to_unit(values):
    """float32 in 0..1 of uint8 or uint16."""
    return values.astype(np.float32) / np.float32(np.iinfo(values.dtype).max)
