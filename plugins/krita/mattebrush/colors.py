# SPDX-License-Identifier: GPL-3.0-or-later
"""A paint layer with clean edge colors, at the document's own depth and color space.

Only pixels that the mask half shows take the engine's color; all others are the layer's own, to
the bit, so that painting the mask white brings the original back. The cost of what is done pixel
by pixel follows the edge, not the area.
"""

from __future__ import annotations

import re
from array import array
from typing import Any

from .mattebrush_client import Array
from .pixels import SRGB, Converter, Space, raw, space, strips
from .qt import QByteArray, QRect
from .steps import Work

_SOFT = re.compile(rb"[\x01-\xfe]+")
_TYPES = {1: "B", 2: "H", 4: "I"}
_WIDTH = 256
"""Of the strip in which edge pixels are converted, packed one after the other."""


def clean_layer(
    document: Any, layer: Any, rect: QRect, alpha: bytes, foreground: Array, name: str
) -> Work:
    """A paint layer, not attached yet, that looks like `layer` with the colors of `foreground`.

    alpha: one byte a pixel of `rect`. foreground: (H, W, 1|3), as the layer was read.
    """
    source, goal = space(layer), space(document)
    sent = source if source.direct else SRGB
    made = document.createNode(name, "paintlayer")
    made.setBlendingMode(layer.blendingMode())
    made.setOpacity(layer.opacity())
    whole = None if source == goal else Converter(source, goal, rect.width())
    edges = None if sent == goal else Converter(sent, goal, _WIDTH)
    width, size = rect.width(), foreground.shape[2] * sent.item
    try:
        yield 0  # making a converter takes as long as some strips
        for strip in strips(rect, source):
            start = (strip.y() - rect.y()) * width
            end = start + width * strip.height()
            pixels = raw(layer, strip)
            if whole is not None:
                pixels = whole.convert(pixels, strip.height())
            runs = [match.span() for match in _SOFT.finditer(memoryview(alpha)[start:end])]
            if runs:
                colors = memoryview(foreground.data)[start * size : end * size]
                packed = b"".join(colors[a * size : b * size] for a, b in runs)
                pixels = _with_edges(bytearray(pixels), runs, goal, _krita(packed, sent), edges)
            made.setPixelData(QByteArray(pixels), *strip.getRect())
            yield 0
    finally:
        for converter in (whole, edges):
            if converter is not None:
                converter.close()
    return made


def _with_edges(
    pixels: bytearray,
    runs: list[tuple[int, int]],
    goal: Space,
    colors: array[int],
    edges: Converter | None,
) -> bytearray:
    """`pixels` with `colors`, packed, in the runs; alpha stays as it is."""
    step, last = goal.pixel, goal.channels - 1
    old = array(_TYPES[goal.item], b"".join(pixels[a * step : b * step] for a, b in runs))
    new = colors if edges is None else _converted(colors, len(old) // goal.channels, goal, edges)
    new[last :: goal.channels] = old[last :: goal.channels]
    packed, at = memoryview(new.tobytes()), 0
    for a, b in runs:
        length = (b - a) * step
        pixels[a * step : b * step] = packed[at : at + length]
        at += length
    return pixels


def _krita(packed: bytes, sent: Space) -> array[int]:
    """The engine's colors (RGB or gray) as opaque pixels of `sent` in Krita's order."""
    colors = array(_TYPES[sent.item], packed)
    planes = sent.channels - 1
    count = len(colors) // planes
    opaque = b"\xff" * sent.pixel
    out = array(_TYPES[sent.item], opaque * count)
    for place in range(planes):  # Krita has blue, green, red
        out[place :: sent.channels] = colors[planes - 1 - place :: planes]
    return out


def _converted(colors: array[int], count: int, goal: Space, edges: Converter) -> array[int]:
    """`count` pixels in the document's own space."""
    rows = -(-count // _WIDTH)
    missing = rows * _WIDTH - count
    padded = colors + array(colors.typecode, [0] * (missing * len(colors) // count))
    pixels = bytes(edges.convert(padded.tobytes(), rows))
    return array(_TYPES[goal.item], pixels[: count * goal.pixel])
