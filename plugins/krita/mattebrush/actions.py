# SPDX-License-Identifier: GPL-3.0-or-later
"""What each menu entry does: reads pixels, sends a job, writes a mask.

All are `Work`. The document is changed only after the engine's answer, in one undo step, so that
a run that fails or is cancelled leaves nothing to undo.
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from . import animation, jobs, layers, masks, pixels, prompts
from .errors import NotHere
from .mattebrush_client import Array
from .qt import QRect
from .results import put_clean_layer, put_mask
from .steps import Work
from .task import Outcome, Task
from .texts import _


def remove_background(task: Task) -> Work:
    """A mask that shows only the subject; a selection says where to look for it."""
    layer = layers.carrier(task.node)
    rect = layers.bounds(task.document, layer)
    region = _selected(task.document, rect)
    return (yield from _cut_out(task, layer, rect, region, {}))


def mask_from_points(task: Task) -> Work:
    """A mask that shows what the selection points at."""
    layer = layers.carrier(task.node)
    rect = layers.bounds(task.document, layer)
    region = _selected(task.document, rect)
    prompt = {} if region is None else prompts.prompt(region, rect.width(), rect.height())
    if not prompt:
        raise NotHere(
            _("Nothing is selected on this layer."),
            _("Select around the subject, or small spots on it (Shift for more than one)."),
        )
    return (yield from _cut_out(task, layer, rect, None, prompt))


def _cut_out(
    task: Task, layer: Any, rect: QRect, region: bytes | None, prompt: dict[str, Any]
) -> Work:
    options = task.choices.options("remove")
    if prompt:
        options["prompt"] = prompt
    old = _ours(task.document, layer)
    if task.choices.all_frames and layer.animated():
        return (yield from animation.mask_frames(task, layer, options, region, old))
    image = yield from _read(task, layer, rect, old)
    answer = yield from jobs.run(task.tell, options, image=image, region=_plane(region, rect))
    layers.check_there(task.document, layer, rect)
    task.tell("writing", 0.0)
    name = _("Background mask (%s)") % answer.report["model"]
    mask = masks.create(task.document, name)
    yield from masks.write(mask, answer.alpha.data, rect)
    if task.choices.clean_colors:
        return (yield from put_clean_layer(task, layer, rect, mask, answer))
    return (yield from put_mask(task, layer, rect, mask, answer, old))


def refine_mask(task: Task) -> Work:
    """The present mask, strokes included, made better around them or inside the selection."""
    document = task.document
    layer = layers.carrier(task.node)
    mask = _present_mask(task, layer)
    animation.check_still(mask)
    rect = layers.bounds(document, layer)
    values = masks.read(mask, rect)
    previous = yield from masks.remembered(document, mask, rect)
    region = _selected(document, rect)
    if previous == values and region is None:
        previous = None  # nothing was painted: all of the edge is meant
    image = yield from _read(task, layer, rect, (mask,))
    answer = yield from jobs.run(
        task.tell,
        task.choices.options("refine"),
        image=image,
        mask=_plane(values, rect),
        previous=_plane(previous, rect),
        region=_plane(region, rect),
    )
    layers.check_there(document, layer, rect)
    task.tell("writing", 0.0)
    name = _("Refined mask (%s)") % answer.report["matting"]
    # Beyond the layer's pixels the mask shows nothing now, but may later.
    made = yield from masks.copy(document, mask, rect.united(document.bounds()), name)
    yield from masks.write(made, answer.alpha.data, rect)
    return (yield from put_mask(task, layer, rect, made, answer, (mask,)))


def clean_edge_colors(task: Task) -> Work:
    """A new layer with clean colours under the present mask, above the hidden original."""
    document = task.document
    layer = layers.carrier(task.node)
    mask = _present_mask(task, layer)
    animation.check_still(mask)
    rect = layers.bounds(document, layer)
    values = masks.read(mask, rect)
    image = yield from _read(task, layer, rect, (mask,))
    answer = yield from jobs.run(
        task.tell, task.choices.options("decontaminate"), image=image, mask=_plane(values, rect)
    )
    layers.check_there(document, layer, rect)
    area = rect.united(document.bounds())
    made = yield from masks.copy(document, mask, area, mask.name())
    # What is in the mask now, not what the engine returned: that is the same, rounded twice.
    answer = answer._replace(alpha=_plane(values, rect))
    return (yield from put_clean_layer(task, layer, rect, made, answer))


def select_subject(task: Task) -> Work:
    """The matte as a selection."""
    document = task.document
    layer = layers.carrier(task.node)
    rect = layers.bounds(document, layer)
    image = yield from _read(task, layer, rect, _ours(document, layer))
    options = dict(task.choices.options("remove"), decontaminate=False)
    answer = yield from jobs.run(task.tell, options, image=image)
    layers.check_there(document, layer, rect)
    document.setSelection(masks.create_selection(answer.alpha.data, rect))
    return Outcome(answer.report)


# ------------------------------------------------------------------------------------ reading


def _read(task: Task, layer: Any, rect: QRect, without: tuple[Any, ...]) -> Work:
    """The layer as the engine's `image`, as if the masks `without` were not there."""
    task.tell("reading", 0.0)
    yield 0
    if layer.type() == "paintlayer":
        return (yield from pixels.read(layer, rect))
    with _hidden(task.document, without):
        yield from layers.settled(task.document)
        image = yield from pixels.read(layer, rect)
    return image


@contextlib.contextmanager
def _hidden(document: Any, nodes: tuple[Any, ...]) -> Iterator[None]:
    shown = [node for node in nodes if node.visible()]
    try:
        layers.show(document, shown, False)
        yield
    finally:
        layers.show(document, shown, True)


def _ours(document: Any, layer: Any) -> tuple[Any, ...]:
    """The masks of ours that are shown on the layer."""
    shown = (mask for mask in layers.masks(layer) if mask.visible())
    return tuple(mask for mask in shown if masks.is_ours(document, mask))


def _selected(document: Any, rect: QRect) -> bytes | None:
    """The selection in `rect`, one byte a pixel; None when there is none at all."""
    selection = document.selection()
    if selection is None:
        return None
    return bytes(selection.pixelData(*rect.getRect()))


def _plane(values: bytes | None, rect: QRect) -> Array | None:
    if values is None:
        return None
    return Array(values, (rect.height(), rect.width()), "uint8")


def _present_mask(task: Task, layer: Any) -> Any:
    """The mask that is meant: the active one, else the topmost of ours, else the topmost."""
    if task.node.type() == layers.MASK:
        return task.node
    shown = [mask for mask in layers.masks(layer) if mask.visible()]
    ours = [mask for mask in shown if masks.is_ours(task.document, mask)]
    if not shown:
        raise NotHere(
            _("The layer “%s” has no transparency mask that is shown.") % layer.name(),
            _("Run Remove Background first, or add a mask."),
        )
    return (ours or shown)[0]
