# SPDX-License-Identifier: Apache-2.0
"""The objects of an answer: a mask each, with name, box and certainty."""

import collections

from ._client import client
from .languages import _native, tr
from .stages import N_

_ITEM_SIZES = {"uint8": 1, "uint16": 2, "float32": 4}
_UNNAMED = "object "  # what the engine calls what nobody named, before its number


class Part(collections.namedtuple("Part", "name box certainty mask")):
    """name: in the user's language, unless the user gave it. box: (x0, y0, x1, y1) in pixels, the
    last two exclusive. certainty: 0 to 1. mask: an `Array` (H, W)."""

    __slots__ = ()


def split_masks(answer):
    """The objects of an answer to the operation `objects`, a list of `Part` in its order."""
    if answer.masks is None:
        return []
    count, height, width = answer.masks.shape
    size = height * width * _ITEM_SIZES[answer.masks.dtype]
    parts = []
    for number, facts in enumerate(answer.report.get("objects", ())[:count]):
        data = bytes(answer.masks.data[number * size : (number + 1) * size])
        mask = client.Array(data, (height, width), answer.masks.dtype)
        parts.append(
            Part(display_name(facts["name"]), tuple(facts["box"]), facts["certainty"], mask)
        )
    return parts


def objects_of(name):
    """What the group is called that holds the objects of a layer of this name."""
    return tr(N_("%s, objects")) % name


def display_name(name):
    """A name as the user reads it."""
    number = name[len(_UNNAMED) :]
    if name.startswith(_UNNAMED) and number.isdigit():
        return tr(N_("Object %s")) % number
    return _native(name)
