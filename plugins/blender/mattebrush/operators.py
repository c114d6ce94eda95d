# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user can do, as Blender operators. Each says what is meant and leaves the work to the
module named after it."""

import bpy

from . import (
    choosing,
    compat,
    generating,
    jobs,
    matte,
    overlay,
    painting,
    refining,
    sources,
    status,
    words,
)
from . import mattebrush_client as client
from .mattebrush_kit.stages import N_
from .problem import Problem
from .tasks import Worker

_FRAMES = (
    ("AUTO", N_("Automatic"), N_("One mask for a still or a render, a range for what moves")),
    ("FRAME", N_("This Frame"), N_("One mask, from the current frame")),
    ("RANGE", N_("Frame Range"), N_("A mask for each frame from First to Last")),
)


class MATTEBRUSH_OT_add_node(bpy.types.Operator):
    """Add a node that cuts out a picture's subject with a mask you can paint on"""

    bl_idname = "mattebrush.add_node"
    bl_label = N_("Background Mask")
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
    bl_label = N_("Generate Mask")
    bl_options = {"UNDO"}

    node: matte.node_property()
    # SKIP_SAVE: what was said once is not meant the next time.
    frames: bpy.props.EnumProperty(name="Frames", items=_FRAMES, options={"SKIP_SAVE"})
    frame_start: bpy.props.IntProperty(
        default=-1, description="-1: as in the panel", options={"SKIP_SAVE"}
    )
    frame_end: bpy.props.IntProperty(
        default=-1, description="-1: as in the panel", options={"SKIP_SAVE"}
    )
    start_over: bpy.props.BoolProperty(
        name="Start Over",
        description="New masks for all frames, instead of only for those that are missing",
        options={"SKIP_SAVE"},
    )

    def work(self, context):
        """Yields progress; returns the last word."""
        scene = context.scene
        tree, node = matte.find(context, self.node)
        source = sources.of_node(scene, tree, node)
        group = _by_name(matte.own(node))
        painting.commit(group())
        frames = _frames(self, scene, source, group().mattebrush)
        if frames is None:
            return (yield from generating.still(group, source, scene.frame_current))
        plan = _plan(group(), source, node.name, self.start_over)
        return (yield from generating.sequence(group, source, frames, plan))


def _by_name(group):
    """A function that gives the node group anew: after undo the one from before is no more."""
    name = group.name

    def get():
        if name not in bpy.data.node_groups:
            raise Problem('The node group "{name}" was removed in the meantime.', name=name)
        return bpy.data.node_groups[name]

    return get


def _frames(operator, scene, source, state):
    """The range of frames that is asked for, or None for one mask for all of them."""
    named = operator.frame_start >= 0 or operator.frame_end >= 0
    moves = source.kind not in ("STILL", "RENDER")
    if operator.frames == "RANGE" or (operator.frames == "AUTO" and (moves or named)):
        first = operator.frame_start if operator.frame_start >= 0 else state.frame_start
        last = operator.frame_end if operator.frame_end >= 0 else state.frame_end
        return range(first, last + 1)
    if moves or (state.home and source.kind == "RENDER"):  # one more frame of a sequence
        return range(scene.frame_current, scene.frame_current + 1)
    return None


def _plan(group, source, name, start_over):
    state = group.mattebrush
    return generating.Plan(
        base=state.folder or jobs.preferences().folder,
        name=name,
        ending=".exr" if state.format == "EXR" else ".png",
        start_over=start_over,
        wish=generating.wish_of(group, source),
    )


class MATTEBRUSH_OT_generate_for_image(Worker, bpy.types.Operator):
    """Make a mask for this image, in a Background Mask node of the compositor"""

    bl_idname = "mattebrush.generate_for_image"
    bl_label = N_("Generate Background Mask")
    bl_options = {"UNDO"}

    image: bpy.props.StringProperty(
        name="Image", description="Empty: the one in the editor", options={"SKIP_SAVE"}
    )

    def work(self, context):
        """As Generate Mask, for the node that shows the image, which is added when missing."""
        scene = context.scene
        image = bpy.data.images.get(self.image) or getattr(context.space_data, "image", None)
        if image is None:
            raise Problem("There is no image here.", "Open one first.")
        tree = compat.make_compositor_tree(scene)
        node = _node_showing(tree, image) or _added_for(tree, image)
        source = sources.of_node(scene, tree, node)
        group, frame = _by_name(matte.own(node)), scene.frame_current
        if source.kind in ("STILL", "RENDER"):
            return (yield from generating.still(group, source, frame))
        plan = _plan(group(), source, node.name, False)
        return (yield from generating.sequence(group, source, range(frame, frame + 1), plan))


def _node_showing(tree, image):
    for node in tree.nodes:
        if matte.is_matte(node):
            links = node.inputs["Image"].links
            if links and getattr(links[0].from_node, "image", None) == image:
                return node
    return None


def _added_for(tree, image):
    is_render = image.type == "RENDER_RESULT"
    plate = compat.new_node(tree, "RLayers" if is_render else "Image")
    if not is_render:
        plate.image = image
        plate.frame_duration = max(image.frame_duration, 1)
    lowest = min((node.location.y - node.height for node in tree.nodes), default=0)
    plate.location = 0, lowest - 100
    node = matte.add(tree, (300, lowest - 100))
    tree.links.new(plate.outputs[0], node.inputs["Image"])
    result = compat.output_socket(tree)
    if not result.is_linked:
        tree.links.new(node.outputs["Image"], result)
    return node


class MATTEBRUSH_OT_paint_mask(bpy.types.Operator):
    """Open the mask of this frame in an Image Editor, to be painted on with Blender's brush"""

    bl_idname = "mattebrush.paint_mask"
    bl_label = N_("Paint Mask")

    node: matte.node_property()

    def execute(self, context):
        """Makes the mask ready and shows it where there is a window."""
        try:
            tree, node = matte.find(context, self.node)
            try:
                source = sources.of_node(context.scene, tree, node)
            except Problem:
                source = None  # there may be a mask all the same
            painting.start(matte.own(node), source, context.scene.frame_current)
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        area = overlay.image_area(context)
        if area is not None:
            painting.show_in([area], node.node_tree)
            compat.take_white_and_black(context)
            if source is not None:
                self._lay_beneath(node.node_tree, source, context.scene.frame_current)
        return {"FINISHED"}

    def _lay_beneath(self, group, source, frame):
        try:
            overlay.plate_image(group, source, frame)
            overlay.take_neighbors(group, frame)
        except Problem as problem:  # one can paint without it
            self.report({"WARNING"}, str(problem))


_HELP = N_(
    "Click: this object    Drag: a box around it    Shift-drag: a stroke over it"
    "    Ctrl: not this    Backspace: take back    Enter: done"
)


_MOVES = ("MOUSEMOVE", "INBETWEEN_MOUSEMOVE")
"""A hand that is faster than the window is drawn moves in between."""


class MATTEBRUSH_OT_choose_object(bpy.types.Operator):
    """Say which object is meant: click on it, drag a box around it, Shift-drag a stroke over it"""

    bl_idname = "mattebrush.choose_object"
    bl_label = N_("Choose Object")
    bl_options = {"UNDO"}

    node: matte.node_property()

    _gesture = _group = None

    def invoke(self, context, event):
        """From the panel it opens the plate in an Image Editor; there, the mouse is followed."""
        try:
            tree, node = matte.find(context, self.node)
            group = matte.own(node)
            source = sources.of_node(context.scene, tree, node)
            area = _editor_of(context, group)
            if area is None:
                area = overlay.image_area(context)
                frame = context.scene.frame_current
                area.spaces.active.image = overlay.plate_image(group, source, frame, "sRGB")
                area.spaces.active.mode = "VIEW"
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        self._group = _by_name(group)
        region = next(each for each in area.regions if each.type == "WINDOW")
        self._gesture, self._area = choosing.Gesture(region), area
        context.window.cursor_modal_set("CROSSHAIR")
        context.workspace.status_text_set(words.tr(_HELP))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Follows mouse and keyboard until Enter or Esc."""
        if event.type in ("RET", "NUMPAD_ENTER", "ESC", "RIGHTMOUSE"):
            context.window.cursor_modal_restore()
            context.workspace.status_text_set(None)
            choosing.drawing.clear()
            return {"FINISHED"}
        region = self._gesture.region
        inside = region.x <= event.mouse_x < region.x + region.width
        inside = inside and region.y <= event.mouse_y < region.y + region.height
        if event.type == "BACK_SPACE" and event.value == "PRESS":
            choosing.remove_last(self._group(), context.scene.frame_current)
        elif event.type == "LEFTMOUSE" and event.value == "PRESS" and inside:
            self._gesture.press(_within(event, region), draws=event.shift)
        elif event.type in _MOVES and self._gesture.move(_within(event, region)):
            pass
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            self._mark(context.scene.frame_current, event)
        else:
            return {"PASS_THROUGH"}
        overlay.redraw("IMAGE_EDITOR", "CLIP_EDITOR", "NODE_EDITOR")
        return {"RUNNING_MODAL"}

    def _mark(self, frame, event):
        """The button goes up: a stroke, a box or a point is there."""
        points = self._gesture.stroke()
        if points:
            choosing.add_stroke(self._group(), frame, points, keeps=not event.ctrl)
            return
        mark = self._gesture.release(_within(event, self._gesture.region))
        if mark is not None:
            choosing.add(self._group(), frame, mark, keeps=not event.ctrl)


class _within:
    """An event's place as a region counts it: the event's own is of the region it began in."""

    def __init__(self, event, region):
        self.mouse_region_x = event.mouse_x - region.x
        self.mouse_region_y = event.mouse_y - region.y


def _editor_of(context, group):
    """The editor that the user is in, or another, that shows the plate of a node; or None."""
    areas = [context.area, *context.screen.areas] if context.screen is not None else []
    return next((area for area in areas if area is not None and _shows(area, group)), None)


def _shows(area, group):
    space = area.spaces.active
    if area.type == "IMAGE_EDITOR":
        return space.image is not None and choosing.is_shown(group, space.image)
    if area.type == "CLIP_EDITOR":
        return space.clip is not None and choosing.is_of_clip(group, space.clip)
    return False


class MATTEBRUSH_OT_mark_object(bpy.types.Operator):
    """Say which object is meant by numbers, as scripts do: pixels from the top left corner"""

    bl_idname = "mattebrush.mark_object"
    bl_label = N_("Mark Object")
    bl_options = {"UNDO"}

    node: matte.node_property()
    point: bpy.props.FloatVectorProperty(size=2, default=(-1, -1), options={"SKIP_SAVE"})
    box: bpy.props.FloatVectorProperty(size=4, default=(-1, -1, -1, -1), options={"SKIP_SAVE"})
    keep: bpy.props.BoolProperty(default=True, options={"SKIP_SAVE"})

    def execute(self, context):
        """Adds the point or the box to the frame."""
        try:
            tree, node = matte.find(context, self.node)
            width, height = sources.of_node(context.scene, tree, node).size
            group, frame = matte.own(node), context.scene.frame_current
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        for values, is_box in ((self.point, False), (self.box, True)):
            if values[0] >= 0:
                sides = (width, height, width, height)
                shares = [value / side for value, side in zip(values, sides, strict=False)]
                choosing.add(group, frame, (*(shares * 2)[:4], is_box), keeps=self.keep)
        return {"FINISHED"}


class MATTEBRUSH_OT_clear_choice(bpy.types.Operator):
    """Forget which object was chosen: the node takes what stands out again"""

    bl_idname = "mattebrush.clear_choice"
    bl_label = N_("Forget the Choice")
    bl_options = {"UNDO"}

    node: matte.node_property()

    def execute(self, context):
        """Takes away the marks of all frames."""
        try:
            matte.own(matte.find(context, self.node)[1]).mattebrush.marks.clear()
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        overlay.redraw("IMAGE_EDITOR", "CLIP_EDITOR")
        return {"FINISHED"}


_LOOK_FOR = tuple((state, name, "") for state, name in status.STATES.items())


class MATTEBRUSH_OT_go_to_frame(bpy.types.Operator):
    """Go to the next frame of this kind; after the last one, to the first"""

    bl_idname = "mattebrush.go_to_frame"
    bl_label = N_("Go to Frame")

    node: matte.node_property()
    state: bpy.props.EnumProperty(name="State", items=_LOOK_FOR, options={"SKIP_SAVE"})

    def execute(self, context):
        """Moves the playhead."""
        try:
            known = status.of_group(matte.find(context, self.node)[1].node_tree)
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        frames = known.of(self.state) if known is not None else []
        if not frames:
            self.report({"INFO"}, words.tr(N_("There is none.")))
            return {"CANCELLED"}
        now = context.scene.frame_current
        context.scene.frame_set(next((each for each in frames if each > now), frames[0]))
        return {"FINISHED"}


class MATTEBRUSH_OT_choose_model(bpy.types.Operator):
    """The network that finds the subject; each is best at something else"""

    bl_idname = "mattebrush.choose_model"
    bl_label = "Model"
    bl_options = {"UNDO"}

    node: matte.node_property()
    model: bpy.props.StringProperty(name="Model", options={"SKIP_SAVE"})

    def execute(self, context):
        """Sets it for the node."""
        try:
            matte.own(matte.find(context, self.node)[1]).mattebrush.model = self.model
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


class MATTEBRUSH_OT_refine_mask(Worker, bpy.types.Operator):
    """Let the engine decide what your strokes are about, and the edges there"""

    bl_idname = "mattebrush.refine_mask"
    bl_label = "Refine Mask"
    bl_options = {"UNDO"}

    node: matte.node_property()

    def work(self, context):
        """Yields progress; returns the last word."""
        tree, node = matte.find(context, self.node)
        group = _by_name(matte.own(node))
        if matte.mask_image(group()) is None:
            raise Problem("There is no mask yet.", "Generate one first.")
        source = sources.of_node(context.scene, tree, node)
        frame = context.scene.frame_current
        editors = painting.editors_of(group())
        if group().mattebrush.home:
            word = yield from refining.frame(group, source, frame)
            if editors:  # the brush is still in the hand
                painting.start(group(), source, frame)
        else:
            word = yield from refining.still(group, source, frame)
        painting.show_in(editors, group())
        return word


_DIRECTIONS = (
    ("FORWARD", N_("Forward"), N_("To the frames after this one")),
    ("BACKWARD", N_("Backward"), N_("To the frames before this one")),
    ("BOTH", N_("Both Ways"), N_("To the frames after this one and before it")),
    (
        "BETWEEN",
        N_("Between Keys"),
        N_("From the painted frames on either side to those between them"),
    ),
)


class MATTEBRUSH_OT_carry_strokes(Worker, bpy.types.Operator):
    """Take the strokes of this frame along to other frames, up to the next painted one"""

    bl_idname = "mattebrush.carry_strokes"
    bl_label = N_("Carry Strokes")
    bl_options = {"UNDO"}

    node: matte.node_property()
    direction: bpy.props.EnumProperty(name="Direction", items=_DIRECTIONS, options={"SKIP_SAVE"})

    def work(self, context):
        """Yields progress; returns the last word."""
        tree, node = matte.find(context, self.node)
        group = _by_name(matte.own(node))
        if not group().mattebrush.home:
            raise Problem("Strokes are carried from frame to frame.", "Generate masks for a range.")
        source = sources.of_node(context.scene, tree, node)
        painting.commit(group())
        frame = context.scene.frame_current
        if self.direction == "BETWEEN":
            return (yield from refining.between(group, source, frame))
        steps = {"FORWARD": (1,), "BACKWARD": (-1,), "BOTH": (1, -1)}[self.direction]
        return (yield from refining.carried(group, source, frame, steps))


class MATTEBRUSH_OT_refresh(bpy.types.Operator):
    """Make the compositor look at the mask again"""

    bl_idname = "mattebrush.refresh"
    bl_label = "Update"

    node: matte.node_property()

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

    node: matte.node_property()

    def execute(self, context):
        """Marks the node's group."""
        try:
            group = matte.find(context, self.node)[1].node_tree
        except Problem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        group.asset_mark()
        group.asset_data.description = words.tr(N_("Cuts out a picture's subject (Mattebrush)"))
        return {"FINISHED"}


class MATTEBRUSH_OT_test_engine(Worker, bpy.types.Operator):
    """Ask the engine which version it is and what it runs on"""

    bl_idname = "mattebrush.test_engine"
    bl_label = "Test"

    def work(self, context):
        """Yields progress; returns what the engine says of itself."""
        engine = client.connect(jobs.settings())
        answer = yield from jobs.with_progress(jobs.work({"op": "status"}), "", 0.0, 1.0)
        devices = [each["name"] for each in answer.report["devices"] if each["works"]]
        version = answer.report["version"]
        return words.tr(
            "Mattebrush {version} answers ({engine}), running on {devices}.",
            version=version,
            engine=engine,
            devices=", ".join(devices),
        )


CLASSES = (
    MATTEBRUSH_OT_add_node,
    MATTEBRUSH_OT_generate_mask,
    MATTEBRUSH_OT_generate_for_image,
    MATTEBRUSH_OT_paint_mask,
    MATTEBRUSH_OT_choose_object,
    MATTEBRUSH_OT_mark_object,
    MATTEBRUSH_OT_clear_choice,
    MATTEBRUSH_OT_choose_model,
    MATTEBRUSH_OT_go_to_frame,
    MATTEBRUSH_OT_refine_mask,
    MATTEBRUSH_OT_carry_strokes,
    MATTEBRUSH_OT_refresh,
    MATTEBRUSH_OT_mark_asset,
    MATTEBRUSH_OT_test_engine,
)
