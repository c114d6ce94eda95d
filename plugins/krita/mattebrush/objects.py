# SPDX-License-Identifier: GPL-3.0-or-later
"""Split Into Objects: a group with a layer, under a mask, for each thing in the picture."""

from __future__ import annotations

from typing import Any

from . import colors, jobs, layers, masks, pixels
from . import mattebrush_kit as kit
from .actions import hidden, ours, plane, read_layer, selected
from .mattebrush_client import Answer, Array
from .qt import QRect
from .results import attached
from .steps import Work
from .task import Outcome, Task


def split_into_objects(task: Task) -> Work:
    """Asks for the objects, and attaches the group in one undo step; the layer itself is hidden."""
    document, layer = task.document, layers.carrier(task.node)
    rect = layers.bounds(document, layer)
    old = ours(document, layer)
    image = yield from read_layer(task, layer, rect, old)
    options = task.choices.options("objects", decontaminate=task.choices.clean_colors)
    region = plane(selected(document, rect), rect)
    answer = yield from jobs.run(task.report, options, image=image, region=region)
    layers.check_there(document, layer, rect)
    task.report("writing", 0.0)
    parts = kit.split_masks(answer)
    group = document.createGroupLayer(kit.objects_of(layer.name()))
    with hidden(document, () if layer.type() == "paintlayer" else old):
        yield from layers.settled(document)
        for number, part in enumerate(reversed(parts)):  # each goes on top of the last
            made = yield from _layer(task, layer, rect, answer, part)
            group.addChildNode(made, None)
            task.report("writing", number / len(parts))
    return (yield from _put(task, layer, rect, group, answer, list(parts)))


def _layer(task: Task, layer: Any, rect: QRect, answer: Answer, part: kit.Part) -> Work:
    """A copy of the layer's pixels under an object's mask, not attached yet."""
    alpha, clean = part.mask.data, answer.foreground
    if clean is None:  # nothing soft: every pixel is the layer's own
        sent = pixels.space(layer)
        sent = sent if sent.direct else pixels.SRGB
        alpha, clean = bytes(len(alpha)), Array(b"", (0, 0, sent.channels - 1), "uint8")
    made = yield from colors.clean_layer(task.document, layer, rect, alpha, clean, part.name)
    mask = masks.create(task.document, part.name)
    yield from masks.write(mask, part.mask.data, rect)
    made.addChildNode(mask, None)
    return made


def _put(
    task: Task, layer: Any, rect: QRect, group: Any, answer: Answer, parts: list[kit.Part]
) -> Work:
    document = task.document
    layers.check_there(document, layer, rect)
    hides = masks.hide(document, (layer,))
    group = attached(document, layer.parentNode(), group, layer)
    for made, part in zip(group.childNodes(), reversed(parts)):
        (mask,) = layers.masks(made)
        yield from masks.remember(document, mask, masks.packed(part.mask.data, rect))
    return Outcome(answer.report, group, None, hides)
