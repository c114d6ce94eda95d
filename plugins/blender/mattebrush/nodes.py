# SPDX-License-Identifier: GPL-3.0-or-later
"""The node itself: a group of Blender's own nodes, so that a file renders without this add-on.

    mask  = Invert(Feather(Shift Edge(mask image)))
    clean = mix(Image, foreground image, Decontaminate)
    Image out = clean x mask (premultiplied), Mask out = mask, Foreground out = clean

Controls at zero are exact: each ends in a Mix or Invert node whose factor is then 0. What images
the group holds, and what else is known about it, is in `matte.py`.
"""

from . import compat

NAME = "Background Mask"
MASK, FOREGROUND = "Mask Image", "Foreground Image"
GIVEN, SEQUENCE = "Mask as Given", "Mask Sequence"
"""Image nodes that lead nowhere: they keep the mask before any stroke, and the mask sequence while
one frame of it is painted on. A property would not: the compositor of 4.3's window forgets, each
time it ran, that a group's properties use their images, and unused ones are not saved."""

MASK_MISSING, FOREGROUND_PRESENT = "Mask Missing", "Foreground Present"

FEATHER_LIMIT = 100.0
"""Largest Feather: sigma of the blur in pixels, as in the engine."""

SHIFT_LIMIT = 7.0
_SHIFT_BITS = (1, 2, 4)
_SIZE_OF_SIGMA = 3.0  # Blender's Blur ends at three sigma and is sized by that
_COLUMN, _ROW = 190, 170
_WHITE = (1.0, 1.0, 1.0, 1.0)


def build(tree):
    """Fills the empty compositor group `tree`; without a mask it passes the picture on as it is."""
    graph = _Graph(tree)
    compat.new_socket(tree, "OUTPUT", "NodeSocketColor", "Image")
    compat.new_socket(tree, "OUTPUT", "NodeSocketFloat", "Mask")
    compat.new_socket(tree, "OUTPUT", "NodeSocketColor", "Foreground")
    compat.new_socket(tree, "INPUT", "NodeSocketColor", "Image", (0.0, 0.0, 0.0, 0.0))
    controls = (
        ("Feather", "NodeSocketFloat", 0.0, (0.0, FEATHER_LIMIT)),
        ("Shift Edge", "NodeSocketFloat", 0.0, (-SHIFT_LIMIT, SHIFT_LIMIT)),
        ("Invert", "NodeSocketFloatFactor", 0.0, (0.0, 1.0)),
        ("Decontaminate", "NodeSocketFloatFactor", 1.0, (0.0, 1.0)),
    )
    for name, kind, default, limits in controls:
        compat.new_socket(tree, "INPUT", kind, name, default, limits)
    for row, name in enumerate((GIVEN, SEQUENCE)):
        graph.compositor("Image", 1, -6 - 2 * row, name)
    given = graph.add("NodeGroupInput", 0, 0).outputs
    mask = _mask(graph, given)
    clean = _clean(graph, given)
    cut = graph.compositor("SetAlpha", 33, 0)
    _apply_alpha(cut)
    graph.feed(cut.inputs["Image"], clean)
    graph.feed(cut.inputs["Alpha"], mask)
    out = graph.add("NodeGroupOutput", 34, 0)
    for name, value in (("Image", cut.outputs[0]), ("Mask", mask), ("Foreground", clean)):
        graph.feed(out.inputs[name], value)


def _mask(graph, given):
    """The mask after the controls, as a float socket.

    It travels as grey colour: Mix and Invert read it once. The compositor of 3.4 computes what is
    read twice twice, and a chain of those does not end.
    """
    image = graph.compositor("Image", 1, -2, MASK)
    missing = graph.value(MASK_MISSING, 1.0, 1, -4)
    mask = graph.mix(image.outputs["Image"], _WHITE, missing, 2, -2)
    mask = _shifted(graph, mask, given["Shift Edge"])
    mask = _feathered(graph, mask, given["Feather"])
    mask = graph.inverted(mask, given["Invert"], 31, -2)
    return graph.red(mask, 32, -2)


def _shifted(graph, mask, shift):
    """Grey-scale dilation (shift > 0) or erosion by a disc of `shift` pixels."""
    by = _shifted_by_socket if compat.SOCKETS_FOR_OPTIONS else _shifted_by_bits
    return by(graph, mask, shift)


def _shifted_by_socket(graph, mask, shift):
    whole = graph.math("FLOOR", shift, None, 5, -5)
    part = graph.math("SUBTRACT", shift, whole, 6, -5)
    more = graph.math("ADD", whole, 1.0, 6, -6)
    value = graph.red(mask, 6, -3)
    near = graph.dilated(value, whole, 7, -3)
    far = graph.dilated(value, more, 7, -5)
    return graph.mix(near, far, part, 8, -2)


def _shifted_by_bits(graph, mask, shift):
    """Where a distance cannot come from a socket: fixed discs, each switched by a bit of it.

    As few nodes as possible: the compositor of 3.4 computes each for every pixel.
    """
    inwards = graph.math("LESS_THAN", shift, 0.0, 5, -5)
    distance = graph.math("ABSOLUTE", shift, None, 5, -6)
    distance = graph.math("MINIMUM", distance, SHIFT_LIMIT, 6, -6)  # a link may bring more
    mask = graph.inverted(mask, inwards, 7, -2)
    for column, bit in zip((8, 13, 18), _SHIFT_BITS, strict=True):
        rest = graph.math("MODULO", distance, 2.0 * bit, column, -6)
        switch = graph.math("GREATER_THAN", rest, bit - 0.001, column + 1, -6)
        wider = _dilated_evenly(graph, mask, bit, column)
        mask = graph.mix(mask, wider, switch, column + 3, -2)
    part = graph.math("FRACT", distance, None, 24, -6)
    mask = graph.mix(mask, graph.dilated(mask, 1, 25, -3), part, 26, -2)
    return graph.inverted(mask, inwards, 27, -2)


def _dilated_evenly(graph, mask, size, column):
    """From 3 pixels on, these versions forget the outermost ones of the disc on two of its sides;
    the same on the mirrored mask has them."""
    one = graph.dilated(mask, size, column, -3)
    if size < 3:
        return one
    mirrored = graph.dilated(graph.mirrored(mask, column, -4), size, column, -5)
    return graph.math("MAXIMUM", one, graph.mirrored(mirrored, column + 1, -4), column + 1, -3)


def _feathered(graph, mask, feather):
    blur = graph.compositor("Blur", 28, -4)
    graph.feed(blur.inputs["Image"], mask)
    if compat.SOCKETS_FOR_OPTIONS:
        graph.feed(blur.inputs["Size"], graph.math("MULTIPLY", feather, _SIZE_OF_SIGMA, 27, -6))
    else:
        blur.size_x = blur.size_y = int(FEATHER_LIMIT * _SIZE_OF_SIGMA)
        share = graph.math("DIVIDE", feather, FEATHER_LIMIT, 27, -6)
        graph.feed(blur.inputs["Size"], share)
    used = graph.math("GREATER_THAN", feather, 0.0, 28, -6)
    return graph.mix(mask, blur.outputs["Image"], used, 30, -2)


def _clean(graph, given):
    """The picture with the foreground image's colours instead of its own, premultiplied."""
    image = given["Image"]
    foreground = graph.compositor("Image", 1, 4, FOREGROUND)
    present = graph.value(FOREGROUND_PRESENT, 0.0, 1, 2)
    own = graph.compositor("SeparateColor", 2, 6)
    graph.feed(own.inputs[0], image)
    covered = graph.compositor("SetAlpha", 3, 4)
    _apply_alpha(covered)
    graph.feed(covered.inputs["Image"], foreground.outputs["Image"])
    graph.feed(covered.inputs["Alpha"], own.outputs["Alpha"])
    # Cut out inversely, the background stays, and its colours are the picture's own.
    straight = graph.math("SUBTRACT", 1.0, given["Invert"], 2, 2)
    amount = graph.math("MULTIPLY", given["Decontaminate"], present, 2, 1)
    amount = graph.math("MULTIPLY", amount, straight, 3, 1)
    return graph.mix(image, covered.outputs[0], amount, 4, 3)


def _apply_alpha(node):
    """Set Alpha that multiplies all four channels: right for premultiplied colour."""
    if "Type" in node.inputs:
        node.inputs["Type"].default_value = "Apply Mask"
    else:
        node.mode = "APPLY"


class _Graph:
    """Adds nodes at a column and row, and links sockets or sets numbers alike."""

    def __init__(self, tree):
        self.tree = tree

    def add(self, kind, column, row, name=""):
        return self._placed(self.tree.nodes.new(kind), column, row, name)

    def compositor(self, kind, column, row, name=""):
        return self._placed(compat.new_node(self.tree, kind), column, row, name)

    def _placed(self, node, column, row, name):
        node.location = column * _COLUMN, row * _ROW
        if name:
            node.name = node.label = name
        return node

    def feed(self, socket, value):
        if isinstance(value, (int, float, tuple)):
            socket.default_value = value
        else:
            self.tree.links.new(value, socket)

    def value(self, name, number, column, row):
        socket = self.compositor("Value", column, row, name).outputs[0]
        socket.default_value = number
        return socket

    def math(self, operation, a, b, column, row, c=None):
        node = self.compositor("Math", column, row)
        node.operation = operation
        for socket, value in zip(node.inputs, (a, b, c), strict=False):
            if value is not None:
                self.feed(socket, value)
        return node.outputs[0]

    def red(self, colour, column, row):
        node = self.compositor("SeparateColor", column, row)
        self.feed(node.inputs[0], colour)
        return node.outputs["Red"]

    def dilated(self, mask, size, column, row):
        """Dilation by a disc of `size` pixels, whose cost grows with its area."""
        node = self.compositor("DilateErode", column, row)
        self.feed(node.inputs["Mask"], mask)
        if "Type" in node.inputs:
            node.inputs["Type"].default_value = "Distance"
        else:
            node.mode = "DISTANCE"
        if "Size" in node.inputs:
            self.feed(node.inputs["Size"], size)
        else:
            node.distance = size
        return node.outputs[0]

    def mirrored(self, mask, column, row):
        """Upside down and left to right: a value becomes grey colour, of which red is taken."""
        node = self.compositor("Flip", column, row)
        node.axis = "XY"
        self.feed(node.inputs[0], mask)
        return self.red(node.outputs[0], column, row - 1)

    def mix(self, a, b, share, column, row):
        """Blender's Mix node: exactly `a` where share is 0, and the alpha of `a`."""
        try:
            node = self.compositor("MixRGB", column, row)
            sockets, out = node.inputs, node.outputs[0]
        except RuntimeError:
            node = self.compositor("Mix", column, row)
            node.data_type = "RGBA"
            sockets = [node.inputs[index] for index in (0, 6, 7)]
            out = node.outputs[2]
        for socket, value in zip(sockets, (share, a, b), strict=True):
            self.feed(socket, value)
        return out

    def inverted(self, colour, share, column, row):
        """1 - colour to the extent of `share`, exactly `colour` where that is 0."""
        node = self.compositor("Invert", column, row)
        self.feed(node.inputs["Color"], colour)
        self.feed(node.inputs["Factor" if "Factor" in node.inputs else "Fac"], share)
        return node.outputs[0]
