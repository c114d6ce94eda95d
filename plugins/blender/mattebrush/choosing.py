# SPDX-License-Identifier: GPL-3.0-or-later
"""Which object a node cuts out: points, boxes and strokes set on the plate, in the Image or
Clip Editor.

On a moving plate they belong to their frame; the frames between and beyond take the object from
their neighbor (`generating.py`).
"""

import itertools
import math

import bpy
import numpy as np

from . import compat, sources
from .problem import Problem

_DRAG = 6
"""Pixels from which a click is a box, or a stroke."""

_ALONG = 12
"""A stroke is told to the engine by so many points, evenly along it."""


class MattebrushMark(bpy.types.PropertyGroup):
    """A point or a box: shares of the plate's width and height, from its top left corner.

    stroke: the points of one stroke have a number in common; 0 for what stands alone.
    """

    frame: bpy.props.IntProperty()
    keeps: bpy.props.BoolProperty(default=True)
    is_box: bpy.props.BoolProperty()
    stroke: bpy.props.IntProperty()
    x0: bpy.props.FloatProperty()
    y0: bpy.props.FloatProperty()
    x1: bpy.props.FloatProperty()
    y1: bpy.props.FloatProperty()

    @property
    def corners(self):
        """One or two corners as an editor's view has them: from the lower left one."""
        ends = ((self.x0, self.y0), (self.x1, self.y1))
        return [(x, 1 - y) for x, y in (ends if self.is_box else ends[:1])]


def of_frame(group, frame):
    """The marks of a frame."""
    return [mark for mark in group.mattebrush.marks if mark.frame == frame]


def keys(group):
    """The frames that have marks, in order."""
    return sorted({mark.frame for mark in group.mattebrush.marks})


def prompts(group, source):
    """Frame -> points and boxes in pixels, as the job contract has them."""
    width, height = source.size
    by_frame = {}
    for mark in group.mattebrush.marks:
        prompt = by_frame.setdefault(mark.frame, {"points": [], "boxes": []})
        if mark.is_box:
            columns, rows = sorted((mark.x0, mark.x1)), sorted((mark.y0, mark.y1))
            box = [columns[0] * width, rows[0] * height, columns[1] * width, rows[1] * height]
            prompt["boxes"].append([round(value, 2) for value in box])
        else:
            point = (mark.x0 * width, mark.y0 * height)
            prompt["points"].append([*(round(value, 2) for value in point), int(mark.keeps)])
    return by_frame


def nearest(keys, frame):
    """The one of `keys` that is nearest to a frame, the earlier of two."""
    return min(keys, key=lambda key: (abs(key - frame), key))


def is_shown(group, image):
    """Whether an image shows the plate, or the mask, of a node."""
    if image.name.startswith((f"{group.name} Plate", f"{group.name} Mask")):
        return True
    return any(getattr(node, "image", None) == image for node in _origins(group))


def is_of_clip(group, clip):
    """Whether a clip is the plate of a node."""
    return any(getattr(node, "clip", None) == clip for node in _origins(group))


def _origins(group):
    """The nodes that the plates of the node come from, in the scene of the window."""
    scene = bpy.context.scene
    tree = compat.compositor_tree(scene)
    for node in tree.nodes if tree is not None else ():
        if getattr(node, "node_tree", None) == group:
            try:
                yield tree.nodes[sources.of_node(scene, tree, node).origin]
            except Problem:
                return


drawing = {}
"""The stroke that is being drawn, for the overlay: {"region", "path"}, empty when none is."""


class Gesture:
    """What the mouse does in an editor: a click is a point, a drag a box, or a stroke when it is
    to be one; all from 0 to 1."""

    def __init__(self, region):
        self.region, self.start, self.path = region, None, None

    def press(self, event, *, draws=False):
        """The button goes down. draws: what is dragged then is a stroke."""
        self.start = event.mouse_region_x, event.mouse_region_y
        self.path = [self.start] if draws else None

    def move(self, event):
        """The mouse moves; returns whether a stroke grew."""
        if self.path is None:
            return False
        self.path.append((event.mouse_region_x, event.mouse_region_y))
        drawing.update(region=self.region, path=self.path)
        return True

    def stroke(self):
        """The stroke that was drawn, as (x, y) from the top left corner; none when it was a click
        or outside. Ends it."""
        path, self.path = self.path or [], None
        drawing.clear()
        if _length(path) <= _DRAG:
            return []
        self.start = None
        seen = [self.region.view2d.region_to_view(*at) for at in evenly(path)]
        return [(x, 1 - y) for x, y in seen if 0 <= x <= 1 and 0 <= y <= 1]

    def release(self, event):
        """(x0, y0, x1, y1, is_box) from the top left corner, or None when it was outside."""
        if self.start is None:
            return None
        end = event.mouse_region_x, event.mouse_region_y
        is_box = max(abs(a - b) for a, b in zip(self.start, end, strict=True)) > _DRAG
        (x0, y0), (x1, y1) = (self.region.view2d.region_to_view(*at) for at in (self.start, end))
        self.start = None
        if not is_box and not (0 <= x0 <= 1 and 0 <= y0 <= 1):
            return None
        values = [min(max(value, 0.0), 1.0) for value in (x0, 1 - y0, x1, 1 - y1)]
        if is_box and (values[0] == values[2] or values[1] == values[3]):
            return None
        return (*values, is_box)


def add(group, frame, mark, *, keeps=True):
    """Adds a mark of a `Gesture`; a new box takes the place of the frame's box."""
    state = group.mattebrush
    x0, y0, x1, y1, is_box = mark
    if is_box:
        for index in reversed(range(len(state.marks))):
            if state.marks[index].frame == frame and state.marks[index].is_box:
                state.marks.remove(index)
    new = state.marks.add()
    new.frame, new.keeps, new.is_box = frame, keeps or is_box, is_box
    new.x0, new.y0, new.x1, new.y1 = x0, y0, x1, y1


def add_stroke(group, frame, points, *, keeps=True):
    """Adds a stroke of a `Gesture`, by its points."""
    state = group.mattebrush
    number = max((mark.stroke for mark in state.marks), default=0) + 1
    for x, y in points:
        add(group, frame, (x, y, x, y, False), keeps=keeps)
        state.marks[-1].stroke = number


def remove_last(group, frame):
    """Takes the frame's latest mark away; of a stroke all of it."""
    state = group.mattebrush
    own = [index for index, mark in enumerate(state.marks) if mark.frame == frame]
    if not own:
        return
    stroke = state.marks[own[-1]].stroke
    for index in reversed(own):
        if index == own[-1] or (stroke and state.marks[index].stroke == stroke):
            state.marks.remove(index)


def evenly(path):
    """`_ALONG` points along a path of (x, y), at even distances, its ends among them."""
    steps = [math.dist(one, other) for one, other in itertools.pairwise(path)]
    reached = [0.0, *itertools.accumulate(steps)]
    wanted = np.linspace(0, reached[-1], _ALONG)
    axes = [np.interp(wanted, reached, axis).tolist() for axis in zip(*path, strict=True)]
    return list(zip(*axes, strict=True))


def _length(path):
    return sum(math.dist(one, other) for one, other in itertools.pairwise(path))


CLASSES = (MattebrushMark,)
