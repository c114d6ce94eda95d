# SPDX-License-Identifier: Apache-2.0
"""Files <-> arrays: orientation, ICC profile, bit depth, metadata, limits.

    photo = raster.read("photo.jpg")                 # upright, straight color
    raster.write("out.png", dataclasses.replace(photo, alpha=cutout.alpha))

What the pixels mean is left to the engine, what to put behind them to `composition`, and layered
files to `psd`. Pillow and tifffile are imported when a file first needs them.
"""

from __future__ import annotations

from .decoding import of_pillow
from .icc import srgb_profile
from .model import MAX_PIXELS, Metadata, Raster
from .profiles import display_referred, in_profile
from .reading import READABLE, read, sniff
from .writing import QUALITY, WRITABLE, encode, format_of, losses, to_pillow, write

__all__ = [
    "MAX_PIXELS",
    "QUALITY",
    "READABLE",
    "WRITABLE",
    "Metadata",
    "Raster",
    "display_referred",
    "encode",
    "format_of",
    "in_profile",
    "losses",
    "of_pillow",
    "read",
    "sniff",
    "srgb_profile",
    "to_pillow",
    "write",
]
