# SPDX-License-Identifier: GPL-3.0-or-later
"""What each menu entry does: reads pixels, sends a job, writes a mask.

All are `Work`. The document is changed only after the engine's answer, in one undo step, so that
a run that fails or is cancelled leaves nothing to undo.
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from . import animation, jobs, layers, masks, pixels, planes, prompts
from .errors import NotHere
from .mattebrush_client import Array, EngineRefused
from .qt import QRect
from .results import put_clean_layer, put_mask
from .steps import Work, in_thread
from .task import Outcome, Proposal, Task
from .texts import _


def remove_background(task: Task) -> Work:
    """A mask that shows only the subject; a selection says where to look for it."""
    layer = layers.carrier(task.node)
    rect = layers.bounds(task.document, layer)
    region = selected(task.document, rect)
    if task.choices.all_frames and layer.animated():
        old = ours(task.document, layer)
        options = task.choices.options("remove")
        return (yield from animation.mask_frames(task, layer, options, region, old))
    clean = task.choices.clean_colors
    options = task.choices.options("remove", decontaminate=clean)
    proposal = yield from _proposed(task, layer, rect, options, region, "subject")
    if task.choices.preview:
        return proposal
    return (yield from put(proposal))


def propose_object(task: Task, prompt: dict[str, Any]) -> Work:
    """The `Proposal` of a mask that shows what clicks and boxes mean, in pixels of the picture."""
    layer = layers.carrier(task.node)
    rect = layers.bounds(task.document, layer)
    x, y = rect.x(), rect.y()
    moved = {
        "points": [[px - x, py - y, label] for px, py, label in prompt.get("points", ())],
        "boxes": [[x0 - x, y0 - y, x1 - x, y1 - y] for x0, y0, x1, y1 in prompt.get("boxes", ())],
    }
    inside = {name: values for name, values in moved.items() if values}
    options = task.choices.options(
        "remove", decontaminate=task.choices.clean_colors, prompt=inside, force=True
    )
    try:
        return (yield from _proposed(task, layer, rect, options, None, "object"))
    except EngineRefused as why:
        if why.code != "option-invalid":
            raise
        raise NotHere(
            _("The chosen model does not understand clicks and boxes."),
            _("Get one that does, or choose it."),
            way_out="download-model",
        ) from why


def selected_prompt(document: Any, layer: Any) -> dict[str, Any]:
    """The selection as clicks and boxes in pixels of the picture; empty where nothing is."""
    rect = layers.bounds(document, layer)
    region = selected(document, rect)
    if region is None:
        return {}
    marks = prompts.prompt(region, rect.width(), rect.height())
    x, y = rect.x(), rect.y()
    moved = {
        "points": [[px + x, py + y, label] for px, py, label in marks.get("points", ())],
        "boxes": [[x0 + x, y0 + y, x1 + x, y1 + y] for x0, y0, x1, y1 in marks.get("boxes", ())],
    }
    return {name: values for name, values in moved.items() if values}


def _proposed(
    task: Task,
    layer: Any,
    rect: QRect,
    options: dict[str, Any],
    region: bytes | None,
    kind: str,
) -> Work:
    old = ours(task.document, layer)
    image = yield from read_layer(task, layer, rect, old)
    answer = yield from jobs.run(task.report, options, image=image, region=plane(region, rect))
    yield 0
    layers.check_there(task.document, layer, rect)
    if task.choices.existing == "add" and old:
        before = masks.read(old[0], rect)
        both = yield from in_thread(lambda: planes.largest(before, answer.alpha.data))
        answer = answer._replace(alpha=plane(both, rect))
    if task.choices.existing == "intersect":  # Krita shows only what all of a layer's masks show
        old = ()
    return Proposal(task, layer, rect, answer, old, kind)


def put(proposal: Proposal) -> Work:
    """The mask that was found, into the document: one undo step."""
    task, layer, rect = proposal.task, proposal.layer, proposal.rect
    layers.check_there(task.document, layer, rect)
    task.report("writing", 0.0)
    yield 0  # in large pictures each of these takes as long as a strip
    mask = masks.create(task.document, masks.name(layer, proposal.kind))
    yield 0
    yield from masks.write(mask, proposal.answer.alpha.data, rect)
    if proposal.answer.foreground is not None:
        return (yield from put_clean_layer(task, layer, rect, mask, proposal.answer))
    return (yield from put_mask(task, layer, rect, mask, proposal.answer, proposal.old))


def refine_mask(task: Task) -> Work:
    """The present mask, strokes included, made better around them or inside the selection."""
    document = task.document
    layer = layers.carrier(task.node)
    mask = present_mask(task.document, task.node)
    animation.check_still(mask)
    rect = layers.bounds(document, layer)
    values = masks.read(mask, rect)
    previous = yield from masks.remembered(document, mask, values, rect)
    region = selected(document, rect)
    if previous == values and region is None:
        previous = None  # nothing was painted: all of the edge is meant
    image = yield from read_layer(task, layer, rect, (mask,))
    answer = yield from jobs.run(
        task.report,
        task.choices.options("refine"),
        image=image,
        mask=plane(values, rect),
        previous=plane(previous, rect),
        region=plane(region, rect),
    )
    layers.check_there(document, layer, rect)
    task.report("writing", 0.0)
    name = masks.name(layer, "refined")
    # Beyond the layer's pixels the mask shows nothing now, but may later.
    made = yield from masks.copy(document, mask, rect.united(document.bounds()), name)
    yield from masks.write(made, answer.alpha.data, rect)
    return (yield from put_mask(task, layer, rect, made, answer, (mask,)))


def clean_edge_colors(task: Task) -> Work:
    """A new layer with clean colors under the present mask, above the hidden original."""
    document = task.document
    layer = layers.carrier(task.node)
    mask = present_mask(task.document, task.node)
    animation.check_still(mask)
    rect = layers.bounds(document, layer)
    values = masks.read(mask, rect)
    image = yield from read_layer(task, layer, rect, (mask,))
    answer = yield from jobs.run(
        task.report, task.choices.options("decontaminate"), image=image, mask=plane(values, rect)
    )
    layers.check_there(document, layer, rect)
    area = rect.united(document.bounds())
    made = yield from masks.copy(document, mask, area, mask.name())
    # What is in the mask now, not what the engine returned: that is the same, rounded twice.
    answer = answer._replace(alpha=plane(values, rect))
    return (yield from put_clean_layer(task, layer, rect, made, answer))


def select_subject(task: Task) -> Work:
    """The matte as a selection."""
    document = task.document
    layer = layers.carrier(task.node)
    rect = layers.bounds(document, layer)
    image = yield from read_layer(task, layer, rect, ours(document, layer))
    answer = yield from jobs.run(task.report, task.choices.options("remove"), image=image)
    layers.check_there(document, layer, rect)
    document.setSelection(masks.create_selection(answer.alpha.data, rect))
    return Outcome(answer.report)


# ------------------------------------------------------------------------------------ reading


def read_layer(task: Task, layer: Any, rect: QRect, without: tuple[Any, ...]) -> Work:
    """The layer as the engine's `image`, as if the masks `without` were not there."""
    task.report("reading", 0.0)
    yield 0
    if layer.type() == "paintlayer":
        return (yield from pixels.read(layer, rect))
    with hidden(task.document, without):
        yield from layers.settled(task.document)
        image = yield from pixels.read(layer, rect)
    return image


@contextlib.contextmanager
def hidden(document: Any, nodes: tuple[Any, ...]) -> Iterator[None]:
    visible = [node for node in nodes if node.visible()]
    try:
        layers.show(document, visible, False)
        yield
    finally:
        layers.show(document, visible, True)


def ours(document: Any, layer: Any) -> tuple[Any, ...]:
    """The masks of ours that are shown on the layer."""
    visible = (mask for mask in layers.masks(layer) if mask.visible())
    return tuple(mask for mask in visible if masks.is_ours(document, mask))


def selected(document: Any, rect: QRect) -> bytes | None:
    """The selection in `rect`, one byte a pixel; None when there is none at all."""
    selection = document.selection()
    if selection is None:
        return None
    return bytes(selection.pixelData(*rect.getRect()))


def plane(values: bytes | None, rect: QRect) -> Array | None:
    if values is None:
        return None
    return Array(values, (rect.height(), rect.width()), "uint8")


def present_mask(document: Any, node: Any) -> Any:
    """The mask that is meant: the active one, else the topmost of ours, else the topmost."""
    if node is not None and node.type() == layers.MASK:
        return node
    layer = layers.carrier(node)
    visible = [mask for mask in layers.masks(layer) if mask.visible()]
    ours = [mask for mask in visible if masks.is_ours(document, mask)]
    if not visible:
        raise NotHere(
            _("The layer “%s” has no mask yet.") % layer.name(),
            _("Run Remove Background first, or add a mask."),
            way_out="remove_background",
        )
    return (ours or visible)[0]
