# SPDX-License-Identifier: GPL-3.0-or-later
"""Transparency masks (and selections): making, reading, remembering what the engine last gave.

A mask is filled before it is attached, so that it arrives as one undo step; pixels set later could
not be undone. What the engine gave is kept as an annotation of the document, under the mask's
identity: it tells our masks from the user's, and Refine Mask what was painted since.
"""

from __future__ import annotations

import functools
import re
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from krita import Krita

from . import layers, template
from . import mattebrush_kit as kit
from .mattebrush_client import Array
from .qt import QByteArray, QRect
from .steps import Work, in_thread
from .texts import _

_NOTE = "mattebrush/"
_STRIP = 1 << 22
"""Pixels written at a time: some 10 ms."""

_REPLACED = 8
"""Krita's number of the gray color label. A mask cannot be put into a group layer without becoming
the group's own, so the replaced ones are a group by their label: the Layers docker shows it beside
each and can show or hide all that have it. Neither hiding nor labeling is an undo step."""

_NAMES = {
    "subject": _("Mask %d"),
    "object": _("Mask %d, object"),
    "refined": _("Mask %d, refined"),
    "frames": _("Mask %d, frames"),
}


def name(layer: Any, kind: str) -> str:
    """What a new mask of the layer is called. kind: a key of `_NAMES`.

    Krita's Layers docker shows little more than the first word, so that the number comes early.
    """
    patterns = [re.escape(each).replace("%d", r"(\d+)") for each in _NAMES.values()]
    numbers = [0]
    for mask in layers.masks(layer):
        matches = (re.match(pattern, mask.name()) for pattern in patterns)
        numbers += [int(match.group(1)) for match in matches if match]
    return _NAMES[kind] % (max(numbers) + 1)


def create(document: Any, name: str) -> Any:
    """A mask that belongs to no layer yet and hides everything."""
    if hasattr(document, "createTransparencyMask"):  # since Krita 5.2
        return document.createTransparencyMask(name)
    mask = _prototypes()[0].duplicate()
    mask.setName(name)
    return mask


def write(mask: Any, pixels: bytes, rect: QRect) -> Work:
    """Sets the mask's values in `rect`, one byte a pixel; only before it is attached."""
    x, y, width, height = rect.getRect()
    if len(pixels) != width * height:  # Krita would say nothing and read beyond them
        raise ValueError(f"{len(pixels)} bytes for a mask of {width}x{height}")
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        strip = pixels[top * width : (top + rows) * width]
        mask.setPixelData(QByteArray(strip), x, y + top, width, len(strip) // width)
        yield 0


def read(mask: Any, rect: QRect) -> bytes:
    """The mask's values in `rect`, one byte a pixel whatever the document's depth."""
    return bytes(mask.pixelData(*rect.getRect()))


def copy(document: Any, mask: Any, area: QRect, name: str) -> Work:
    """A new mask with the values of `mask` in `area`."""
    made = create(document, name)
    yield from write(made, read(mask, area), area)
    return made


def packed(pixels: bytes, rect: QRect) -> Work:
    """What the engine gave for a mask, to be remembered; packed while Krita does other things."""
    mask = plane(pixels, rect)
    return in_thread(lambda: kit.remember(mask, rect.x(), rect.y()))


def plane(pixels: bytes, rect: QRect) -> Array:
    """The values of `rect`, one byte a pixel, as the engine takes and the kit remembers them."""
    return Array(pixels, (rect.height(), rect.width()), "uint8")


def remember(document: Any, mask: Any, packing: Work) -> Work:
    """Keeps what the engine gave for the mask, from `packed`, with the document."""
    note = yield from packing
    layers.check_open(document)
    document.setAnnotation(
        _NOTE + layers.identity(mask), "Mattebrush: the mask as computed", QByteArray(note)
    )


def is_ours(document: Any, mask: Any) -> bool:
    """Whether it is a mask that we made."""
    return _NOTE + layers.identity(mask) in document.annotationTypes()


class Hidden(NamedTuple):
    """A node that another stands for, and the color label that it had."""

    node: Any
    label: int


def hide(document: Any, nodes: tuple[Any, ...]) -> tuple[Hidden, ...]:
    """Hides what something new stands for; masks of ours join those that were replaced."""
    hidden = tuple(Hidden(node, node.colorLabel()) for node in nodes)
    for node in nodes:
        node.setVisible(False)
        if is_ours(document, node):
            node.setColorLabel(_REPLACED)
    return hidden


def show(document: Any, hidden: tuple[Hidden, ...]) -> None:
    """Takes `hide` back."""
    layers.show(document, [each.node for each in hidden], True)
    for node, label in hidden:
        node.setColorLabel(label)


def replaced(document: Any) -> list[Any]:
    """The masks of ours that newer ones have replaced: hidden, and labeled so by `hide`."""
    return [
        node
        for node in layers.walk(document.rootNode())
        if node.type() == layers.MASK
        and not node.visible()
        and node.colorLabel() == _REPLACED
        and is_ours(document, node)
    ]


def remembered(document: Any, mask: Any, values: bytes, rect: QRect) -> Work:
    """What the engine last gave for the mask in `rect`, or None when that is not known.

    values: what is in the mask there now.
    """
    if not is_ours(document, mask):
        return None
    note = bytes(document.annotation(_NOTE + layers.identity(mask)))
    now = plane(values, rect)
    before = yield from in_thread(lambda: kit.recall(note, now, rect.x(), rect.y()))
    return None if before is None else bytes(before.data)


def forget_lost(document: Any) -> None:
    """Drops what was kept for masks that are no longer in the document."""
    there = {_NOTE + layers.identity(node) for node in layers.walk(document.rootNode())}
    for note in document.annotationTypes():
        if note.startswith(_NOTE) and note not in there:
            document.removeAnnotation(note)


def create_animated(frames: dict[int, bytes], rect: QRect, name: str) -> Work:
    """A mask with a keyframe at each time; `frames` has the values of `rect` by time."""
    folder = tempfile.TemporaryDirectory(prefix="mattebrush-")
    with folder:
        path = str(Path(folder.name) / "mask.kra")
        yield from in_thread(lambda: template.write(path, frames, *rect.getRect()))
        mask, _selection = _from_document(path)
    mask.setName(name)
    return mask


def create_selection(pixels: bytes, rect: QRect) -> Any:
    """A selection with the values `pixels` in `rect`, of which Krita will draw the outline.

    It takes that of a `Selection()` to be known, and empty, whatever pixels it is given.
    """
    selection = _prototypes()[1].duplicate()
    selection.setPixelData(QByteArray(pixels), *rect.getRect())
    return selection


@functools.lru_cache(maxsize=None)
def _prototypes() -> tuple[Any, Any]:
    """A mask that hides everything and an empty selection, to be copied: opening a document takes
    a tenth of a second."""
    with tempfile.TemporaryDirectory(prefix="mattebrush-") as folder:
        path = str(Path(folder) / "mask.kra")
        template.write(path, {}, 0, 0, 0, 0)
        return _from_document(path)


def _from_document(path: str) -> tuple[Any, Any]:
    """Copies of the one mask in a document and of its selection.

    Whatever Krita may have to say of the file is not the user's concern, and a warning would stand
    over their work and stop the run until it is clicked away.
    """
    application = Krita.instance()
    silent = application.batchmode()
    application.setBatchmode(True)
    try:
        document = application.openDocument(path)
    finally:
        application.setBatchmode(silent)
    mask = document.topLevelNodes()[0].childNodes()[0].duplicate()
    selection = document.selection().duplicate()
    document.close()
    return mask, selection
