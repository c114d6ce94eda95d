# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's answers into the document: each one undo step, what it replaces hidden."""

from __future__ import annotations

from typing import Any

from . import colors, layers, masks
from .mattebrush_client import Answer
from .qt import QRect
from .steps import Work
from .task import Outcome, Task
from .texts import _


def put_mask(
    task: Task, layer: Any, rect: QRect, mask: Any, answer: Answer, old: tuple[Any, ...]
) -> Work:
    """Attaches the mask, one undo step."""
    layers.check_there(task.document, layer, rect)
    packing = masks.packed(answer.alpha.data, rect)
    task.report("writing", 1.0)
    hidden = masks.hide(task.document, old)  # before, so that Krita updates its picture once
    mask = attached(task.document, layer, mask, None)
    yield from masks.remember(task.document, mask, packing)
    masks.forget_lost(task.document)
    return Outcome(answer.report, mask, mask, hidden)


def put_frames(
    task: Task, layer: Any, rect: QRect, mask: Any, report: dict[str, Any], old: tuple[Any, ...]
) -> Work:
    """Attaches a mask with frames, one undo step."""
    hidden = masks.hide(task.document, old)
    mask = attached(task.document, layer, mask, None)
    # It is ours, but there is nothing to compare it with.
    yield from masks.remember(task.document, mask, masks.packed(b"", QRect()))
    return Outcome(report, mask, mask, hidden)


def put_clean_layer(task: Task, layer: Any, rect: QRect, mask: Any, answer: Answer) -> Work:
    """Attaches a layer with clean colors that carries the mask, one undo step."""
    name = _("%s, clean colors") % layer.name()
    made = yield from colors.clean_layer(
        task.document, layer, rect, answer.alpha.data, answer.foreground, name
    )
    layers.check_there(task.document, layer, rect)
    packing = masks.packed(answer.alpha.data, rect)
    task.report("writing", 1.0)
    made.addChildNode(mask, None)
    hidden = masks.hide(task.document, (layer,))
    made = attached(task.document, layer.parentNode(), made, layer)
    mask = layers.masks(made)[0]
    yield from masks.remember(task.document, mask, packing)
    return Outcome(answer.report, made, mask, hidden)


def attached(document: Any, parent: Any, node: Any, above: Any) -> Any:
    """`node` below `parent`, as the document itself knows it.

    One made in another document goes on taking that for its own, and crashes Krita when removed.
    """
    parent.addChildNode(node, above)
    return layers.find(document, layers.identity(node))
