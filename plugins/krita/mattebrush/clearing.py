# SPDX-License-Identifier: GPL-3.0-or-later
"""Clearing away the masks that newer ones have replaced, in one undo step where Krita allows it.

libkis removes one node at a time, each an undo step. Krita's own "Remove Layer" removes all that
are selected in one; so they are selected in the Layers docker, as a user would, and if that does
not select just these, they go one by one.
"""

from __future__ import annotations

from typing import Any, Iterator

from krita import Krita

from . import layers, masks
from .qt import QtCore, QtWidgets
from .steps import Work


def clear(document: Any) -> Work:
    """Removes our replaced masks from the document; the active node stays so."""
    old, active = masks.replaced(document), document.activeNode()
    if len(old) > 1 and _selected(document, old):
        Krita.instance().action("remove_layer").trigger()
        yield from layers.settled(document)  # Krita does it in its own time
    else:
        for mask in old:
            mask.remove()
    if active is not None and layers.find(document, layers.identity(active)) is not None:
        yield from layers.activate(document, active)


def _selected(document: Any, nodes: list[Any]) -> bool:
    """Selects just these in the Layers docker; tells whether it worked."""
    window = Krita.instance().activeWindow()
    tree = window.qwindow().findChild(QtWidgets.QTreeView, "listLayers")
    view = window.activeView()
    if tree is None or view is None or view.document() != document:
        return False
    wanted = {layers.identity(node) for node in nodes}
    indexes = [
        index
        for index, node in _rows(tree.model(), QtCore.QModelIndex(), document.rootNode())
        if layers.identity(node) in wanted
    ]
    if len(indexes) != len(wanted):
        return False
    selection = tree.selectionModel()
    flags = QtCore.QItemSelectionModel.SelectionFlag
    selection.setCurrentIndex(indexes[0], flags.ClearAndSelect | flags.Rows)
    for index in indexes[1:]:
        selection.select(index, flags.Select | flags.Rows)
    return {layers.identity(node) for node in view.selectedNodes()} == wanted


def _rows(model: Any, above: Any, parent: Any) -> Iterator[tuple[Any, Any]]:
    """Each row of the Layers docker with its node, as far as both agree."""
    nodes = list(reversed(parent.childNodes()))
    if model.rowCount(above) != len(nodes):
        return  # the docker shows only some
    for row, node in enumerate(nodes):
        index = model.index(row, 0, above)
        yield index, node
        yield from _rows(model, index, node)
