# SPDX-License-Identifier: GPL-3.0-or-later
"""A layer's pixels for the engine, read in strips so that Krita's window stays alive.

RGB and gray at 8 and 16 bits go as they are, in the document's own encoding. All else (CMYK, Lab,
XYZ, floating point, linear light) goes through Krita's own conversion to 16-bit sRGB. Python has
no numpy here: Qt and memoryviews do the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from krita import Krita

from .mattebrush_client import Array
from .qt import QByteArray, QImage, QRect
from .steps import Work

_STRIP = 1 << 21
"""Pixels read at a time where they go as they are: some 20 ms."""

_CONVERTED_STRIP = {"U8": 1 << 18, "U16": 1 << 18, "F16": 1 << 16, "F32": 1 << 16}
"""The same where Krita converts them; floating point takes it four times as long."""

_ITEM = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}
_CHANNELS = {"GRAYA": 2, "RGBA": 4, "CMYKA": 5, "LABA": 4, "XYZA": 4, "YCBCRA": 4}
_LINEAR = ("g10", "linear", "scrgb", "rec2100", "rec2020", "pq")
"""In the names of profiles whose numbers are not as the eye sees them."""


class Space(NamedTuple):
    """A color space as Krita names it. The alpha channel is always the last."""

    model: str
    depth: str
    profile: str

    @property
    def item(self) -> int:
        """Bytes of a channel."""
        return _ITEM[self.depth]

    @property
    def channels(self) -> int:
        """Alpha included."""
        return _CHANNELS[self.model]

    @property
    def pixel(self) -> int:
        """Bytes of a pixel."""
        return self.item * self.channels

    @property
    def direct(self) -> bool:
        """Whether the engine can take the numbers as they are."""
        plain = self.model in ("RGBA", "GRAYA") and self.depth in ("U8", "U16")
        return plain and not any(word in self.profile.lower() for word in _LINEAR)


SRGB = Space("RGBA", "U16", "sRGB-elle-V2-srgbtrc.icc")
"""What everything else is converted to."""


def space(node: Any) -> Space:
    """The color space of a layer or of a document."""
    return Space(node.colorModel(), node.colorDepth(), node.colorProfile())


def read(layer: Any, rect: QRect, time: int | None = None) -> Work:
    """The layer's own pixels in `rect` as the engine's `image`: RGBA or gray + alpha.

    time: that of a keyframe of the layer; None reads what is shown now. For layers without
    pixels of their own (group, vector, file, clone) it is what they show, their visible masks
    included.
    """
    source = space(layer)
    sent = source if source.direct else SRGB
    width, height = rect.width(), rect.height()
    pieces: list[bytes] = []  # put together, they would be copied once more
    converter = None if source.direct else Converter(source, SRGB, width)
    try:
        yield 0  # making a converter takes as long as some strips
        for strip in strips(rect, source):
            pixels = raw(layer, strip, time)
            if converter is not None:
                pixels = converter.convert(pixels, strip.height())
            pieces.append(_as_sent(pixels, sent, width, strip.height()))
            yield 0
    finally:
        if converter is not None:
            converter.close()
    kind = "uint8" if sent.item == 1 else "uint16"
    return Array(pieces, (height, width, sent.channels), kind)


def strips(rect: QRect, source: Space) -> Iterator[QRect]:
    """`rect` from top to bottom in pieces that take a few milliseconds each."""
    pixels = _STRIP if source.direct else _CONVERTED_STRIP[source.depth]
    rows = max(1, pixels // rect.width())
    for top in range(0, rect.height(), rows):
        height = min(rows, rect.height() - top)
        yield QRect(rect.x(), rect.y() + top, rect.width(), height)


def raw(layer: Any, rect: QRect, time: int | None = None) -> QByteArray:
    """The pixels of `rect` in the layer's own color space; `time` as for `read`."""
    if time is not None:
        return layer.pixelDataAtTime(*rect.getRect(), time)
    # A paint layer's projection has its masks in it already, its pixels have not.
    own = layer.type() == "paintlayer"
    source = layer.pixelData if own else layer.projectionPixelData
    return source(*rect.getRect())


def _as_sent(pixels: Any, sent: Space, width: int, height: int) -> bytes:
    """Krita's pixels as the engine takes them: blue and red exchanged, since Krita has BGRA."""
    size = width * height * sent.pixel
    if sent.model == "GRAYA":
        return bytes(memoryview(pixels)[:size])
    form = QImage.Format.Format_ARGB32 if sent.item == 1 else QImage.Format.Format_RGBA64
    image = QImage(pixels, width, height, width * sent.pixel, form)
    if sent.item == 1:  # ARGB32 is BGRA in memory
        image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    else:
        image = image.rgbSwapped()
    pointer = image.constBits()
    pointer.setsize(size)
    return bytes(pointer)


class Converter:
    """Krita's own color conversion, in a document that nobody sees."""

    def __init__(self, source: Space, goal: Space, width: int) -> None:
        self._width = width
        self._document = Krita.instance().createDocument(
            width, 1, "mattebrush", goal.model, goal.depth, goal.profile, 72.0
        )
        self._layer = self._document.topLevelNodes()[0]
        self._layer.setColorSpace(source.model, source.depth, source.profile)

    def convert(self, pixels: Any, height: int) -> QByteArray:
        """`pixels`, `height` rows of the source space, in the goal's."""
        if height != self._document.height():
            self._document.resizeImage(0, 0, self._width, height)
        self._layer.setPixelData(QByteArray(pixels), 0, 0, self._width, height)
        self._document.refreshProjection()
        return self._document.pixelData(0, 0, self._width, height)

    def close(self) -> None:
        """Frees the document."""
        self._document.setModified(False)
        self._document.close()
