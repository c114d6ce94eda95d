# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding one's way in a document: layers, masks, what still exists, what is under way."""

from __future__ import annotations

from typing import Any, Iterator, Sequence

from krita import Krita

from .errors import NotHere
from .qt import QRect
from .steps import Work
from .texts import _

MASK = "transparencymask"
_LAYERS = ("paintlayer", "grouplayer", "vectorlayer", "filelayer", "clonelayer")
_FAR = 100_000
"""Pixels beyond which bounds are those of something endless, such as a plane of one color."""

_SETTLE = 20
_SETTLE_LIMIT = 60_000


def identity(node: Any) -> str:
    """What tells a node from all others, also after saving and loading."""
    return str(node.uniqueId().toString())


def walk(node: Any) -> Iterator[Any]:
    """All nodes below `node`, masks too."""
    for child in node.childNodes():
        yield child
        yield from walk(child)


def find(document: Any, wanted: str) -> Any:
    """The node of that identity in the document, or None."""
    for node in walk(document.rootNode()):
        if identity(node) == wanted:
            return node
    return None


def carrier(node: Any) -> Any:
    """The layer that `node` is, or whose mask it is, of whatever kind: filter and transform masks
    are masks, too.

    Raises NotHere when it is none of a kind that can carry a mask.
    """
    if node is not None and node.type().endswith("mask"):
        node = node.parentNode()
        if node is not None and node.parentNode() is None:  # the picture's own selection mask
            node = None
    if node is None or node.type() not in _LAYERS:
        raise NotHere(
            _("The active layer cannot be cut out."),
            _("Select a paint, group, vector, file or clone layer."),
        )
    if node.type() == "grouplayer" and node.passThroughMode():
        raise NotHere(
            _("The group “%s” passes through, and masks have no effect on it.") % node.name(),
            _("Switch Pass Through off, or select a layer inside."),
        )
    return node


def only(document: Any) -> Any:
    """After some undo steps Krita has no active node; with one layer it is clear which is meant."""
    nodes = [node for node in document.topLevelNodes() if not node.type().endswith("mask")]
    return nodes[0] if len(nodes) == 1 else None


def masks(layer: Any) -> list[Any]:
    """Its transparency masks, the topmost first."""
    return [child for child in reversed(layer.childNodes()) if child.type() == MASK]


def bounds(document: Any, layer: Any) -> QRect:
    """Where the layer has pixels, beyond the canvas too. Raises NotHere when nowhere."""
    rect = layer.bounds()
    if max(rect.width(), rect.height()) > _FAR:
        rect = rect.intersected(document.bounds())
    if rect.isEmpty():
        raise NotHere(_("The layer “%s” is empty.") % layer.name(), _("Select another layer."))
    return rect


def check_open(document: Any) -> None:
    """Raises NotHere when the user has closed the document."""
    if document not in Krita.instance().documents():
        raise NotHere(_("The document was closed in the meantime."))


def check_there(document: Any, layer: Any, rect: QRect) -> None:
    """Raises NotHere when the layer, or its place in the document, is not what it was."""
    check_open(document)
    if find(document, identity(layer)) is None:
        raise NotHere(_("The layer was removed in the meantime."), _("Nothing was changed."))
    if bounds(document, layer) != rect:
        raise NotHere(
            _("The layer was moved or changed its size in the meantime."),
            _("Nothing was changed; run it again."),
        )


def show(document: Any, nodes: Sequence[Any], visible: bool) -> None:
    """Shows or hides nodes, on the canvas too, which Krita does not do by itself."""
    for node in nodes:
        node.setVisible(visible)
    if nodes:
        document.refreshProjection()


def settled(document: Any) -> Work:
    """Waits, without blocking, until Krita has brought the document's picture up to date."""
    waited = 0
    yield _SETTLE
    while not document.tryBarrierLock():
        yield _SETTLE
        waited += _SETTLE
        if waited > _SETTLE_LIMIT:
            raise NotHere(_("Krita is busy with this document."), _("Try again when it is done."))
    document.unlock()


def activate(document: Any, node: Any) -> Work:
    """Makes `node` the active one. Krita itself may still be activating what was added last."""
    for _attempt in range(50):
        yield 20
        active = document.activeNode()
        if active is not None and identity(active) == identity(node):
            return
        document.setActiveNode(node)
