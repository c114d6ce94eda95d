# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user can do, as Blender operators. Each says what is meant and leaves the work to the
module named after it."""

import bpy

from . import compat, generating, jobs, matte, painting, refining, sources
from . import mattebrush_client as client
from .problem import Problem
from .tasks import Worker

_FRAMES = (
    ("AUTO", "Automatic", "One mask for a still or a render, a range for what moves"),
    ("FRAME", "This Frame", "One mask, from the current frame"),
    ("RANGE", "Frame Range", "A mask for each frame from First to Last"),
)


def _node_property():
    return bpy.props.StringProperty(
        name="Node", description="Name of the Background Mask node; empty: the active or only one"
    )


class MATTEBRUSH_OT_add_node(bpy.types.Operator):
    """Add a node that cuts out a picture's subject with a mask you can paint on"""

    bl_idname = "mattebrush.add_node"
    bl_label = "Background Mask"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """In the compositor, or from a script without any window."""
        space = context.space_data
        return space is None or getattr(space, "tree_type", "") == "CompositorNodeTree"

    def execute(self, context):
        """Adds it; it becomes the active node, between the one that was and what follows that."""
        tree = compat.make_compositor_tree(context.scene)
        before = tree.nodes.active
        node = matte.add(tree)
        for other in tree.nodes:
            other.select = other == node
        tree.nodes.active = node
        _place(context, node, before)
        if before is not None and before.type in ("IMAGE", "MOVIECLIP", "R_LAYERS"):
            _put_between(tree, before.outputs[0], node)
        _take_range(context.scene, tree, node)
        return {"FINISHED"}

    def invoke(self, context, event):
        """From the menu: the node hangs on the pointer until the next click, as nodes do."""
        space = context.space_data
        if getattr(space, "type", "") != "NODE_EDITOR":
            return self.execute(context)
        if context.region.type == "WINDOW":
            space.cursor_location_from_region(event.mouse_region_x, event.mouse_region_y)
        else:
            space.cursor_location = space.edit_tree.view_center if space.edit_tree else (0, 0)
        done = self.execute(context)
        bpy.ops.node.translate_attach_remove_on_cancel("INVOKE_DEFAULT")
        return done


def _put_between(tree, picture, node):
    """Connects the node; what alone follows the picture then follows the node."""
    following = [link.to_socket for link in picture.links]
    tree.links.new(picture, node.inputs["Image"])
    if len(following) == 1:
        tree.links.new(node.outputs["Image"], following[0])


def _place(context, node, before):
    space = context.space_data
    if getattr(space, "type", "") == "NODE_EDITOR":
        node.location = space.cursor_location
    elif before is not None:
        node.location = before.location.x + 300, before.location.y


def _take_range(scene, tree, node):
    """First and Last as the source has them, within the scene's own range."""
    state = node.node_tree.mattebrush
    state.frame_start, state.frame_end = max(scene.frame_start, 0), max(scene.frame_end, 0)
    try:
        source = sources.of_node(scene, tree, node)
    except Problem:
        return
    if source.count:
        state.frame_start = max(source.first, scene.frame_start, 0)
        state.frame_end = max(min(source.first + source.count - 1, scene.frame_end), 0)


class MATTEBRUSH_OT_generate_mask(Worker, bpy.types.Operator):
    """Let Mattebrush's engine make the mask for the picture at the node's Image input"""

    bl_idname = "mattebrush.generate_mask"
    bl_label = "Generate Mask"
    bl_options = {"UNDO"}

    node: _node_property()
    frames: bpy.props.EnumProperty(name="Frames", items=_FRAMES)
    frame_start: bpy.props.IntProperty(default=-1, description="-1: as in the panel")
    frame_end: bpy.props.IntProperty(default=-1, description="-1: as in the panel")
    start_over: bpy.props.BoolProperty(
        name="Start Over",
        description="New masks in a folder of their own, instead of only those that are missing",
        options={"SKIP_SAVE"},
    )

    def work(self, context):
        """Yields progress; returns the last word."""
        scene = context.scene
        tree, node = matte.find(context, self.node)
        source = sources.of_node(scene, tree, node)
        group = _by_name(node.node_tree)
        painting.commit(group())
        frames = _frames(self, scene, source, group().mattebrush)
        if frames is None:
            return (yield from generating.still(group, source, scene.frame_current))
        plan = _plan(group(), node.name, self.start_over)
        return (yield from generating.sequence(group, source, frames, plan))


def _by_name(group):
    """A function that gives the node group anew: after undo the one from before is no more."""
    name = group.name

    def found():
        if name not in bpy.data.node_groups:
            raise Problem(f'The node group "{name}" was removed in the meantime.')
        return bpy.data.node_groups[name]

    return found


def _frames(operator, scene, source, state):
    """The range of frames that is asked for, or None for one mask for all of them."""
    named = operator.frame_start >= 0 or operator.frame_end >= 0
    moves = source.kind not in ("STILL", "RENDER")
    if operator.frames == "RANGE" or (operator.frames == "AUTO" and (moves or named)):
        first = operator.frame_start if operator.frame_start >= 0 else state.frame_start
        last = operator.frame_end if operator.frame_end >= 0 else state.frame_end
        return range(first, last + 1)
    if state.count:  # one more frame of the sequence that is there
        return range(scene.frame_current, scene.frame_current + 1)
    return None


def _plan(group, name, start_over):
    state, own = group.mattebrush, jobs.preferences()
    return generating.Plan(
        base=state.folder or own.folder,
        name=name,
        clean=state.clean,
        smooth=state.smooth,
        ending=".exr" if state.format == "EXR" else ".png",
        start_over=start_over,
        model=own.model,
    )


class MATTEBRUSH_OT_generate_for_image(Worker, bpy.types.Operator):
    """Make a mask for this image, in a Background Mask node of the compositor"""

    bl_idname = "mattebrush.generate_for_image"
    bl_label = "Generate Background Mask"
    bl_options = {"UNDO"}

    image: bpy.props.StringProperty(name="Image", description="Empty: the one in the editor")

    def work(self, context):
        """As Generate Mask, for the node that shows the image, which is added when missing."""
        scene = context.scene
        image = bpy.data.images.get(self.image) or getattr(context.space_data, "image", None)
        if image is None:
            raise Problem("There is no image here.", "Open one first.")
        tree = compat.make_compositor_tree(scene)
        node = _node_showing(tree, image) or _added_for(tree, image)
        source = sources.of_node(scene, tree, node)
        return (yield from generating.still(_by_name(node.node_tree), source, scene.frame_current))


def _node_showing(tree, image):
    for node in tree.nodes:
        if matte.is_matte(node):
            links = node.inputs["Image"].links
            if links and getattr(links[0].from_node, "image", None) == image:
                return node
    return None


def _added_for(tree, image):
    is_render = image.type == "RENDER_RESULT"
    shown = compat.new_node(tree, "RLayers" if is_render else "Image")
    if not is_render:
        shown.image = image
        shown.frame_duration = max(image.frame_duration, 1)
    lowest = min((node.location.y - node.height for node in tree.nodes), default=0)
    shown.location = 0, lowest - 100
    node = matte.add(tree, (300, lowest - 100))
    tree.links.new(shown.outputs[0], node.inputs["Image"])
    result = compat.output_socket(tree)
    if not result.is_linked:
        tree.links.new(node.outputs["Image"], result)
    return node


class MATTEBRUSH_OT_paint_mask(bpy.types.Operator):
    """Open the mask of this frame in an Image Editor, to be painted on with Blender's brush"""

    bl_idname = "mattebrush.paint_mask"
    bl_label = "Paint Mask"

    node: _node_property()

    def execute(self, context):
        """Makes the mask ready and shows it where there is a window."""
        try:
            tree, node = matte.find(context, self.node)
            try:
                source = sources.of_node(context.scene, tree, node)
            except Problem:
                source = None  # there may be a mask all the same
            image = painting.start(node.node_tree, source, context.scene.frame_current)
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        area = _image_area(context)
        if area is not None:
            space = area.spaces.active
            space.image = image
            space.mode = "PAINT"
        return {"FINISHED"}


def _image_area(context):
    """An Image Editor: one that is there, else half of the editor clicked in, else None."""
    if context.screen is None:
        return None
    found = [area for area in context.screen.areas if area.ui_type == "IMAGE_EDITOR"]
    if found:
        return max(found, key=lambda area: area.width * area.height)
    if context.area is None:
        return None
    before = set(context.screen.areas)
    bpy.ops.screen.area_split(direction="VERTICAL", factor=0.5)
    added = [area for area in context.screen.areas if area not in before]
    if not added:
        return None
    added[0].ui_type = "IMAGE_EDITOR"
    return added[0]


class MATTEBRUSH_OT_refine_mask(Worker, bpy.types.Operator):
    """Keep what you painted and let the engine decide the edges around it anew"""

    bl_idname = "mattebrush.refine_mask"
    bl_label = "Refine Mask"
    bl_options = {"UNDO"}

    node: _node_property()
    carry: bpy.props.BoolProperty(
        name="Carry On",
        description="Take the strokes along to the following frames, as far as they fit",
    )

    def work(self, context):
        """Yields progress; returns the last word."""
        tree, node = matte.find(context, self.node)
        group = _by_name(node.node_tree)
        state = group().mattebrush
        if matte.mask_image(group()) is None:
            raise Problem("There is no mask yet.", "Generate one first.")
        source = sources.of_node(context.scene, tree, node)
        frame = context.scene.frame_current
        if not state.count:
            word = yield from refining.still(group, source, frame)
        else:
            last = state.first + state.count - 1
            if not state.first <= frame <= last:
                raise Problem(
                    f"Frame {frame} has no mask.", f"Go to one from {state.first} to {last}."
                )
            word = yield from refining.frames(group, source, frame, last if self.carry else frame)
        _show_anew(context, group())
        return word


def _show_anew(context, group):
    """An editor in which an older mask of the node was painted on goes on with the new one."""
    image = matte.mask_image(group)
    if image.source == "SEQUENCE":
        return
    for area in context.screen.areas if context.screen else ():
        space = area.spaces.active
        if area.type == "IMAGE_EDITOR" and space.mode == "PAINT" and _is_mask_of(group, space):
            space.image = image


def _is_mask_of(group, space):
    return space.image is not None and space.image.name.startswith(f"{group.name} Mask")


class MATTEBRUSH_OT_refresh(bpy.types.Operator):
    """Make the compositor look at the mask again"""

    bl_idname = "mattebrush.refresh"
    bl_label = "Update"

    node: _node_property()

    def execute(self, context):
        """Looks at files and pixels anew."""
        try:
            matte.reload(matte.find(context, self.node)[1].node_tree)
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


class MATTEBRUSH_OT_mark_asset(bpy.types.Operator):
    """Show this node in the Asset Browser, with its mask and its settings"""

    bl_idname = "mattebrush.mark_asset"
    bl_label = "Mark as Asset"
    bl_options = {"REGISTER", "UNDO"}

    node: _node_property()

    def execute(self, context):
        """Marks the node's group."""
        try:
            group = matte.find(context, self.node)[1].node_tree
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        group.asset_mark()
        group.asset_data.description = "Cuts out a picture's subject (Mattebrush)"
        return {"FINISHED"}


class MATTEBRUSH_OT_test_engine(Worker, bpy.types.Operator):
    """Ask the engine which version it is and what it runs on"""

    bl_idname = "mattebrush.test_engine"
    bl_label = "Test"

    def work(self, context):
        """Yields progress; returns what the engine says of itself."""
        engine = client.connect(jobs.settings())
        answer = yield from generating.told(jobs.work({"op": "status"}), "", 0.0, 1.0)
        devices = [each["name"] for each in answer.report["devices"] if each["works"]]
        version = answer.report["version"]
        return f"Mattebrush {version} answers ({engine}), running on {', '.join(devices)}."


CLASSES = (
    MATTEBRUSH_OT_add_node,
    MATTEBRUSH_OT_generate_mask,
    MATTEBRUSH_OT_generate_for_image,
    MATTEBRUSH_OT_paint_mask,
    MATTEBRUSH_OT_refine_mask,
    MATTEBRUSH_OT_refresh,
    MATTEBRUSH_OT_mark_asset,
    MATTEBRUSH_OT_test_engine,
)
