# SPDX-License-Identifier: GPL-3.0-or-later
"""Split Into Objects: a Background Mask node for each thing in the plate, named after it.

Each has its mask for the picture as it is now, and a box around its object: so that what is
generated next, for other frames too, is of the same object.
"""

import bpy
import numpy as np

from . import choosing, generating, matte, sources
from . import mattebrush_kit as kit
from .mattebrush_kit.stages import N_
from .problem import Problem
from .tasks import Worker

_DOWN = 320
"""From one of the new nodes to the next, in the node editor."""


def split(scene, tree, node, text=""):
    """Asks for the objects, then adds their nodes beside `node`; a generator for `tasks.py`.

    text: what to look for, in words; "" takes what stands out.
    """
    source, name = sources.of_node(scene, tree, node), node.name
    frame, wish = scene.frame_current, generating.wish_of(node.node_tree, source)
    yield kit.stage_text("reading"), 0.0
    picture = sources.read(source, frame, as_shown=wish.as_shown)
    depth = picture.pixels.itemsize * 8
    words = {"text": text} if text else {}
    progress = ("", 0.0, 1.0)
    answer = yield from generating.run_job(picture, wish, "objects", depth, progress, **words)
    node = tree.nodes.get(name)  # undo may have put another in its place
    if node is None or not node.inputs["Image"].is_linked:
        raise Problem('The node "{name}" was removed in the meantime.', name=name)
    parts = kit.split_masks(answer)
    for number, part in enumerate(parts):
        _add(tree, node, source, frame, picture, answer, part, number)
    return f"Mattebrush: {', '.join(part.name for part in parts)}"


def _add(tree, node, source, frame, picture, answer, part, number):
    made = matte.add(tree, (node.location.x + 260, node.location.y - _DOWN * number))
    made.name = made.label = part.name
    tree.links.new(node.inputs["Image"].links[0].from_socket, made.inputs["Image"])
    group, state = made.node_tree, node.node_tree.mattebrush
    group.name = part.name
    for name in ("clean", "model", "as_shown", "frame_start", "frame_end", "format", "folder"):
        setattr(group.mattebrush, name, getattr(state, name))
    mask = np.frombuffer(part.mask.data, part.mask.dtype).reshape(part.mask.shape)
    own = answer._replace(alpha=mask, masks=None)
    width, height = picture.pixels.shape[1], picture.pixels.shape[0]
    x0, y0, x1, y1 = part.box
    box = (x0 / width, y0 / height, x1 / width, y1 / height, True)
    choosing.add(group, frame, box)
    generating.show_still(group, source, frame, own, picture, None)


class MATTEBRUSH_OT_split_into_objects(Worker, bpy.types.Operator):
    """Find each thing in the picture and give it a Background Mask node of its own"""

    bl_idname = "mattebrush.split_into_objects"
    bl_label = N_("Split Into Objects")
    bl_options = {"UNDO"}

    node: matte.node_property()
    text: bpy.props.StringProperty(
        name="By words",
        description="Empty: as in the panel, and where that is empty, what stands out",
        options={"SKIP_SAVE"},
    )

    def work(self, context):
        """Yields progress; returns the last word."""
        tree, node = matte.find(context, self.node)
        text = self.text or node.node_tree.mattebrush.words
        return (yield from split(context.scene, tree, node, text.strip()))


CLASSES = (MATTEBRUSH_OT_split_into_objects,)
