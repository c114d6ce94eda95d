# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the operators are found: Add menu, sidebars of the node and image editors, Image menu."""

import bpy

from . import compat, matte, mattes, models, nodes, status, tasks, upkeep, words
from . import mattebrush_kit as kit
from .mattebrush_kit.stages import N_
from .problem import Problem

_WIDE = 7.5
"""About so many pixels of the interface are a letter: labels don't break lines by themselves."""

_ICONS = {"MISSING": "X", "DOUBTFUL": "ERROR", "PAINTED": "BRUSH_DATA", "DONE": "CHECKMARK"}


def _current_node(context):
    """The node that the panels are about, or None."""
    try:
        return matte.find(context)[1]
    except Problem:
        return None


def _draw_text(layout, context, text, icon="NONE"):
    """A text over as many lines as the sidebar's width needs."""
    scale = context.preferences.system.ui_scale
    tasks.draw_text(layout, max(int((context.region.width / scale - 50) / _WIDE), 16), text, icon)


def _moves(node):
    """Whether the node's plate has frames."""
    links = node.inputs["Image"].links
    origin = links[0].from_node if links else None
    if origin is None or origin.type != "IMAGE":
        return origin is not None
    return origin.image is not None and origin.image.source in ("SEQUENCE", "MOVIE")


class _Panel:
    bl_space_type = "NODE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Mattebrush"

    @classmethod
    def poll(cls, context):
        """In the compositor, where there is a node to speak of."""
        return (
            context.space_data.tree_type == "CompositorNodeTree"
            and _current_node(context) is not None
        )


class NODE_PT_mattebrush(_Panel, bpy.types.Panel):
    """What to do with the active Background Mask node, and how it is."""

    bl_label = N_("Background Mask")

    @classmethod
    def poll(cls, context):
        """In the compositor only."""
        return context.space_data.tree_type == "CompositorNodeTree"

    def draw(self, context):
        """Blender calls this at each redraw."""
        layout, node = self.layout, _current_node(context)
        words.follow()
        if node is None:
            layout.label(text=N_("No Background Mask selected"))
            layout.operator("mattebrush.add_node", text=N_("Add Background Mask"), icon="ADD")
            return
        if tasks.running:
            self._progress(layout, context)
        self._make(layout, node)
        self._improve(layout, node)
        self._state(layout, node, context)

    @staticmethod
    def _progress(layout, context):
        box = layout.box()
        _draw_text(box, context, tasks.running["text"], "SORTTIME")
        parts = [f"{tasks.running['fraction']:.0%}", tasks.running["left"], kit.tr("Cancel: Esc")]
        _draw_text(box, context, "   ".join(filter(None, parts)))

    @staticmethod
    def _make(layout, node):
        column = layout.column(align=True)
        column.enabled = not tasks.running
        column.scale_y = 1.3
        moves = _moves(node)
        text = N_("Generate Masks") if moves else N_("Generate Mask")
        made = column.operator("mattebrush.generate_mask", text=text, icon="SHADERFX")
        made.frames, made.node = "RANGE" if moves else "AUTO", node.name
        if moves:
            row = column.row(align=True)
            one = row.operator("mattebrush.generate_mask", text=N_("This Frame"))
            one.frames, one.node = "FRAME", node.name
            anew = row.operator("mattebrush.generate_mask", text=N_("All Anew"))
            anew.frames, anew.node, anew.start_over = "RANGE", node.name, True

    @staticmethod
    def _improve(layout, node):
        column = layout.column(align=True)
        column.enabled = not tasks.running
        column.operator("mattebrush.paint_mask", icon="BRUSH_DATA").node = node.name
        column.operator("mattebrush.refine_mask", icon="MOD_SMOOTH").node = node.name
        if not node.node_tree.mattebrush.home:
            return
        for direction, text, icon in (
            ("BACKWARD", N_("Carry Backward"), "TRIA_LEFT"),
            ("BETWEEN", N_("Carry Between Keys"), "ARROW_LEFTRIGHT"),
            ("FORWARD", N_("Carry Forward"), "TRIA_RIGHT"),
        ):
            made = column.operator("mattebrush.carry_strokes", text=text, icon=icon)
            made.node, made.direction = node.name, direction

    @staticmethod
    def _state(layout, node, context):
        group = node.node_tree
        warning = upkeep.warning(group, context.scene, context.scene.frame_current)
        if warning:
            _draw_text(layout.box(), context, warning, "ERROR")
        if group.mattebrush.painted_frame >= 0:
            _draw_text(
                layout,
                context,
                words.tr(N_("Painting on frame %d")) % group.mattebrush.painted_frame,
                "BRUSH_DATA",
            )
        known = status.of_group(group)
        if known is not None:
            grid = layout.grid_flow(columns=2, align=True)
            for state in status.STATES:
                count = len(known.of(state))
                row = grid.row(align=True)
                row.enabled = bool(count)
                text = f"{count} {words.tr(status.STATES[state])}"
                made = row.operator("mattebrush.go_to_frame", text=text, icon=_ICONS[state])
                made.node, made.state = node.name, state
        if group.mattebrush.report:
            _draw_text(layout, context, group.mattebrush.report, "INFO")
        column = layout.column(align=True)
        column.operator("mattebrush.refresh", icon="FILE_REFRESH").node = node.name
        column.operator("mattebrush.mark_asset", icon="ASSET_MANAGER").node = node.name


class NODE_PT_mattebrush_object(_Panel, bpy.types.Panel):
    """Which object the node cuts out."""

    bl_label = "Object"
    bl_parent_id = "NODE_PT_mattebrush"

    def draw(self, context):
        """Blender calls this at each redraw."""
        node, layout = _current_node(context), self.layout
        column = layout.column(align=True)
        column.operator("mattebrush.choose_object", icon="RESTRICT_SELECT_OFF").node = node.name
        marks = node.node_tree.mattebrush.marks
        if marks:
            frames = len({mark.frame for mark in marks})
            text = N_("{count} marks on {frames} frames") if _moves(node) else N_("{count} marks")
            row = column.row(align=True)
            row.label(text=words.tr(text, count=len(marks), frames=frames))
            row.operator("mattebrush.clear_choice", text="", icon="X").node = node.name
        else:
            layout.label(text=N_("None chosen: what stands out"))
        column = layout.column(align=True)
        column.enabled = not tasks.running
        made = column.operator("mattebrush.split_into_objects", icon="OUTLINER_OB_GROUP_INSTANCE")
        made.node = node.name
        column.prop(node.node_tree.mattebrush, "words", text="", icon="VIEWZOOM")


class NODE_PT_mattebrush_edge(_Panel, bpy.types.Panel):
    """The node's own inputs."""

    bl_label = "Edge"
    bl_parent_id = "NODE_PT_mattebrush"

    def draw(self, context):
        """Blender calls this at each redraw."""
        layout, node = self.layout.column(align=True), _current_node(context)
        for socket in node.inputs:
            if socket.type != "VALUE":
                continue
            row = layout.row(align=True)
            shape = mattes.linked(node, socket.name)
            if shape is not None:
                row.prop(shape, "mask", text=socket.name)
            elif not socket.is_linked:
                row.prop(socket, "default_value", text=socket.name)
                if socket.name in mattes.MENUS:
                    menu = mattes.MENUS[socket.name].__name__
                    row.menu(menu, text="", icon="MOD_MASK")


class NODE_PT_mattebrush_settings(_Panel, bpy.types.Panel):
    """What the engine is asked for, and where masks go."""

    bl_label = "Settings"
    bl_parent_id = "NODE_PT_mattebrush"

    def draw(self, context):
        """Blender calls this at each redraw."""
        layout, node = self.layout, _current_node(context)
        state = node.node_tree.mattebrush
        layout.menu(
            models.NODE_MT_mattebrush_models.__name__,
            text=words.tr("Model: {model}", model=models.title(state.model)),
        )
        layout.prop(state, "clean")
        layout.prop(state, "as_shown")
        if not _moves(node):
            return
        column = layout.column(align=True)
        column.prop(state, "frame_start")
        column.prop(state, "frame_end")
        layout.prop(state, "format", text="")
        layout.prop(state, "folder", text="")


class IMAGE_PT_mattebrush(bpy.types.Panel):
    """What is seen while a mask is painted on, and what the strokes mean."""

    bl_label = N_("Background Mask")
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Mattebrush"

    def draw(self, context):
        """Blender calls this at each redraw."""
        layout, image = self.layout, context.space_data.image
        groups = [group for group in matte.everywhere() if matte.mask_image(group) == image]
        if image is None or not groups:
            layout.operator("mattebrush.generate_for_image")
            return
        layout.prop(context.window_manager, "mattebrush_view", expand=True)
        for stroke in kit.LEGEND:
            _draw_text(layout, context, f"{kit.tr(stroke.color)}: {kit.tr(stroke.tip)}")
        for _, node in matte.users_of(groups[0]):
            layout.operator("mattebrush.refine_mask", icon="MOD_SMOOTH").node = node.name


def _in_image_header(self, context):
    if context.space_data.mode == "PAINT" and any(
        matte.mask_image(group) == context.space_data.image for group in matte.everywhere()
    ):
        self.layout.prop(context.window_manager, "mattebrush_view", text="")


def _in_add_menu(self, context):
    if context.space_data.tree_type == "CompositorNodeTree":
        self.layout.operator("mattebrush.add_node", text=nodes.NAME)


def _in_image_menu(self, context):
    self.layout.separator()
    self.layout.operator("mattebrush.generate_for_image")


CLASSES = (
    NODE_PT_mattebrush,
    NODE_PT_mattebrush_object,
    NODE_PT_mattebrush_edge,
    NODE_PT_mattebrush_settings,
    IMAGE_PT_mattebrush,
)


def register():
    """Puts the entries into Blender's own menus."""
    compat.matte_menu().append(_in_add_menu)
    bpy.types.IMAGE_MT_image.append(_in_image_menu)
    bpy.types.IMAGE_HT_header.append(_in_image_header)


def unregister():
    """Takes them out again."""
    bpy.types.IMAGE_HT_header.remove(_in_image_header)
    bpy.types.IMAGE_MT_image.remove(_in_image_menu)
    compat.matte_menu().remove(_in_add_menu)
