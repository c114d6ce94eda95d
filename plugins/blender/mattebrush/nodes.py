# SPDX-License-Identifier: GPL-3.0-or-later
"""The node itself: a group of Blender's own nodes, so that a file renders without this add-on.

    mask  = Invert(Feather(Shift Edge(mask image))), and 1 where the mask image has nothing
    mask  = max(mask, Core Matte) x (1 - Garbage Matte)
    clean = mix(Image, foreground image, Decontaminate), the picture's own where that has nothing;
            the foreground image has the picture's own alpha
    Image out = clean x mask (premultiplied), Mask out = mask, Foreground out = clean

A frame without a mask, or a foreground, has no file: Blender's Image node then gives alpha 0,
everywhere else 1, which decides. As this add-on sees what is at rest, it takes shorter ways
(`settle`): a node at neutral costs what a Set Alpha does. In a saved file all ways are whole
(`make_whole`), so that every control works where the add-on is missing. What images the group
holds, and what else is known about it, is in `matte.py`.
"""

from . import compat

NAME = "Background Mask"
MASK, FOREGROUND = "Mask Image", "Foreground Image"
MATTE, BASE, STROKES = "Mask as Given", "Mask before Painting", "Strokes"
SEQUENCE = "Mask Sequence"
KEPT = (MATTE, BASE, STROKES, SEQUENCE)
"""Image nodes that lead nowhere: they keep a still's mask before any stroke, before the strokes
painted now, those from before, and the mask sequence while one frame of it is painted on. A
property would not: the compositor of 4.3's window forgets, each time it ran, that a group's
properties use their images, and unused ones are not saved."""

MASK_WAY, COLOR_WAY = "Mask Taken", "Colors Taken"
"""Reroutes that lead the shortest way which will do: see `Ways`."""

CONTROLS = ("Shift Edge", "Feather", "Invert", "Core Matte", "Garbage Matte")
"""Inputs that do nothing at 0. The nodes that do their work have their name and "Step" after it,
and pass on what they are given where they are muted."""

VERSION = 3
FRAMES = 300000
"""How long a mask sequence may be."""

FEATHER_LIMIT = 100.0
"""Largest Feather: sigma of the blur in pixels, as in the engine."""

SHIFT_LIMIT = 7.0
_SHIFT_BITS = (1, 2, 4)
_SIZE_OF_SIGMA = 3.0  # Blender's Blur ends at three sigma and is sized by that
_COLUMN, _ROW = 190, 170
_LEAST = -1e30
"""Below all that a picture holds."""


def build(tree):
    """Makes the empty compositor group `tree`; without a mask it passes the picture on as it is."""
    compat.new_socket(tree, "OUTPUT", "NodeSocketColor", "Image")
    compat.new_socket(tree, "OUTPUT", "NodeSocketFloat", "Mask")
    compat.new_socket(tree, "OUTPUT", "NodeSocketColor", "Foreground")
    compat.new_socket(tree, "INPUT", "NodeSocketColor", "Image", (0.0, 0.0, 0.0, 0.0))
    controls = (
        ("Feather", "NodeSocketFloat", 0.0, (0.0, FEATHER_LIMIT)),
        ("Shift Edge", "NodeSocketFloat", 0.0, (-SHIFT_LIMIT, SHIFT_LIMIT)),
        ("Invert", "NodeSocketFloatFactor", 0.0, (0.0, 1.0)),
        ("Decontaminate", "NodeSocketFloatFactor", 1.0, (0.0, 1.0)),
        ("Garbage Matte", "NodeSocketFloatFactor", 0.0, (0.0, 1.0)),
        ("Core Matte", "NodeSocketFloatFactor", 0.0, (0.0, 1.0)),
    )
    for name, kind, default, limits in controls:
        compat.new_socket(tree, "INPUT", kind, name, default, limits)
    fill(tree)


def fill(tree):
    """The inside of the group, whose sockets are there; see `build`."""
    graph = _Graph(tree)
    for row, name in enumerate(KEPT):
        graph.compositor("Image", 1, -7 - 2 * row, name)
    sockets = graph.add("NodeGroupInput", 0, 0, Ways.OWN).outputs
    mask = _mask(graph, sockets)
    clean = _clean(graph, sockets)
    cut = graph.compositor("SetAlpha", 41, 0)
    apply_alpha(cut)
    graph.feed(cut.inputs["Image"], clean)
    graph.feed(cut.inputs["Alpha"], mask)
    out = graph.add("NodeGroupOutput", 42, 0)
    for name, value in (("Image", cut.outputs[0]), ("Mask", mask), ("Foreground", clean)):
        graph.feed(out.inputs[name], value)


class Ways:
    """Names of the nodes that a way leads over. Masks: all steps, the image as it is, or none.
    Colors: all steps, the foreground as it is, or the picture's own."""

    STEPS, MASK_ITSELF, NO_MASK = "Mask Steps", MASK, "All of It"
    MIXED, FOREGROUND_ITSELF, OWN = "Mixed Colors", FOREGROUND, "Group Input"


def settle(tree, mask_way, color_way, at_rest):
    """Leads mask and colours over these `Ways`, and mutes the steps of controls at rest.

    at_rest: names in `CONTROLS`. Returns whether anything changed.
    """
    changed = _lead(tree, MASK_WAY, mask_way)
    changed = _lead(tree, COLOR_WAY, color_way) or changed
    for name in CONTROLS:
        for step in [node for node in tree.nodes if node.name.startswith(f"{name} Step")]:
            if step.mute != (name in at_rest):
                step.mute, changed = name in at_rest, True
    return changed


def _lead(tree, reroute, way):
    if reroute not in tree.nodes or way not in tree.nodes:
        return False
    socket = tree.nodes[reroute].inputs[0]
    if socket.is_linked and socket.links[0].from_node.name == way:
        return False
    tree.links.new(_result(tree.nodes[way]), socket)
    return True


def _result(node):
    """The output that a way goes on from: of a Mix node for many types that which is in use."""
    return next(socket for socket in node.outputs if socket.enabled)


def make_whole(tree):
    """Leads over all steps again, none muted; a picture without a mask stays uncut."""
    whole = Ways.STEPS if _leads(tree, MASK_WAY) != Ways.NO_MASK else Ways.NO_MASK
    colors = Ways.MIXED if _leads(tree, COLOR_WAY) != Ways.OWN else Ways.OWN
    settle(tree, whole, colors, ())


def _leads(tree, reroute):
    socket = tree.nodes[reroute].inputs[0] if reroute in tree.nodes else None
    return socket.links[0].from_node.name if socket is not None and socket.is_linked else ""


def _mask(graph, sockets):
    """The mask after the controls, as a float socket.

    It travels as grey colour: Mix and Invert read it once. The compositor of 3.4 computes what is
    read twice twice, and a chain of those does not end.
    """
    image = graph.compositor("Image", 1, -2, MASK)
    mask = _shifted(graph, image.outputs["Image"], sockets["Shift Edge"])
    mask = _feathered(graph, mask, sockets["Feather"])
    mask = graph.step("Invert", graph.inverted(mask, sockets["Invert"], 31, -2))
    # Of the picture's size: an empty image has none, and 4.2 would give nothing at all.
    white = graph.math("GREATER_THAN", sockets["Image"], _LEAST, 31, -4)
    white.node.name = white.node.label = Ways.NO_MASK
    graph.mix(white, mask, image.outputs["Alpha"], 32, -2, Ways.STEPS)
    taken = graph.add("NodeReroute", 33, -2, MASK_WAY)
    graph.feed(taken.inputs[0], white)
    mask = graph.red(taken.outputs[0], 34, -2)
    mask = graph.step("Core Matte", graph.math("MAXIMUM", mask, sockets["Core Matte"], 35, -2))
    rest = graph.math("SUBTRACT", 1.0, sockets["Garbage Matte"], 35, -4)
    return graph.step("Garbage Matte", graph.math("MULTIPLY", mask, rest, 36, -2))


def _shifted(graph, mask, shift):
    """Grey-scale dilation (shift > 0) or erosion by a disc of `shift` pixels."""
    by = _shifted_by_socket if compat.SOCKETS_FOR_OPTIONS else _shifted_by_bits
    return by(graph, mask, shift)


def _shifted_by_socket(graph, mask, shift):
    whole = graph.math("FLOOR", shift, None, 5, -5)
    part = graph.math("SUBTRACT", shift, whole, 6, -5)
    more = graph.math("ADD", whole, 1.0, 6, -6)
    value = graph.red(mask, 6, -3)
    near = graph.step("Shift Edge", graph.dilated(value, whole, 7, -3))
    far = graph.dilated(value, more, 7, -5)
    return graph.step("Shift Edge", graph.mix(near, far, part, 8, -2))


def _shifted_by_bits(graph, mask, shift):
    """Where a distance cannot come from a socket: fixed discs, each switched by a bit of it.

    As few nodes as possible: the compositor of 3.4 computes each for every pixel.
    """
    inwards = graph.math("LESS_THAN", shift, 0.0, 5, -5)
    distance = graph.math("ABSOLUTE", shift, None, 5, -6)
    distance = graph.math("MINIMUM", distance, SHIFT_LIMIT, 6, -6)  # a link may bring more
    mask = graph.step("Shift Edge", graph.inverted(mask, inwards, 7, -2))
    for column, bit in zip((8, 13, 18), _SHIFT_BITS, strict=True):
        rest = graph.math("MODULO", distance, 2.0 * bit, column, -6)
        switch = graph.math("GREATER_THAN", rest, bit - 0.001, column + 1, -6)
        wider = _dilated_evenly(graph, mask, bit, column)
        mask = graph.step("Shift Edge", graph.mix(mask, wider, switch, column + 3, -2))
    part = graph.math("FRACT", distance, None, 24, -6)
    wider = graph.dilated(mask, 1, 25, -3)
    mask = graph.step("Shift Edge", graph.mix(mask, wider, part, 26, -2))
    return graph.step("Shift Edge", graph.inverted(mask, inwards, 27, -2))


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
    return graph.step("Feather", blur.outputs["Image"])


def _clean(graph, sockets):
    """The picture with the foreground image's colours instead of its own, premultiplied."""
    image = sockets["Image"]
    foreground = graph.compositor("Image", 1, 4, FOREGROUND)
    # Cut out inversely, the background stays, and its colours are the picture's own.
    straight = graph.math("SUBTRACT", 1.0, sockets["Invert"], 2, 2)
    amount = graph.math("MULTIPLY", sockets["Decontaminate"], straight, 2, 1)
    # Where it is empty the picture is, too, or there is no file.
    there = graph.math("GREATER_THAN", foreground.outputs["Alpha"], 0.0, 2, 5)
    amount = graph.math("MULTIPLY", there, amount, 3, 1)
    graph.mix(image, foreground.outputs["Image"], amount, 4, 3, Ways.MIXED)
    taken = graph.add("NodeReroute", 5, 3, COLOR_WAY)
    graph.feed(taken.inputs[0], image)
    return taken.outputs[0]


def apply_alpha(node):
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

    def step(self, name, socket):
        """Marks the socket's node as one that `settle` mutes where the control is at rest."""
        socket.node.name = socket.node.label = f"{name} Step"
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

    def mix(self, a, b, share, column, row, name=""):
        """Blender's Mix node: exactly `a` where share is 0, and the alpha of `a`."""
        try:
            node = self.compositor("MixRGB", column, row, name)
            sockets, out = node.inputs, node.outputs[0]
        except RuntimeError:
            node = self.compositor("Mix", column, row, name)
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
