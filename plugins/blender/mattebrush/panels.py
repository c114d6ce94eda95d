# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the operators are found: Add menu, the node editor's sidebar, the Image menu."""

import bpy

from . import compat, matte, tasks
from .problem import Problem


class NODE_PT_mattebrush(bpy.types.Panel):
    """Settings and buttons of the active Background Mask node."""

    bl_label = "Background Mask"
    bl_space_type = "NODE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Mattebrush"

    @classmethod
    def poll(cls, context):
        """In the compositor only."""
        return context.space_data.tree_type == "CompositorNodeTree"

    def draw(self, context):
        """Blender calls this at each redraw."""
        layout = self.layout
        try:
            _, node = matte.find(context)
        except Problem:
            layout.label(text="No Background Mask selected")
            layout.operator("mattebrush.add_node", text="Add Background Mask", icon="ADD")
            return
        layout.use_property_split = True
        layout.use_property_decorate = False
        self._settings(layout, node, context)
        self._buttons(layout, node, context)

    def _settings(self, layout, node, context):
        state = node.node_tree.mattebrush
        for socket in node.inputs:
            if socket.type == "VALUE" and not socket.is_linked:
                layout.prop(socket, "default_value", text=socket.name)
        layout.separator()
        layout.prop(state, "clean")
        if not self._moves(node):
            return
        column = layout.column(align=True)
        column.prop(state, "frame_start")
        column.prop(state, "frame_end")
        layout.prop(state, "smooth")
        layout.prop(state, "format")
        layout.prop(state, "folder")

    @staticmethod
    def _moves(node):
        links = node.inputs["Image"].links
        origin = links[0].from_node if links else None
        if origin is None or origin.type != "IMAGE":
            return origin is not None
        return origin.image is not None and origin.image.source in ("SEQUENCE", "MOVIE")

    def _buttons(self, layout, node, context):
        state = node.node_tree.mattebrush
        if tasks.running:
            box = layout.box()
            box.label(text=tasks.running["text"], icon="SORTTIME")
            box.label(text=f"{tasks.running['fraction']:.0%}    Esc cancels")
        column = layout.column(align=True)
        column.enabled = not tasks.running
        column.scale_y = 1.3
        moves = self._moves(node)
        text = "Generate Masks" if moves else "Generate Mask"
        made = column.operator("mattebrush.generate_mask", text=text, icon="SHADERFX")
        made.frames, made.node = "RANGE" if moves else "FRAME", node.name
        if moves:
            one = column.operator("mattebrush.generate_mask", text="This Frame Only")
            one.frames, one.node = "FRAME", node.name
            anew = column.operator("mattebrush.generate_mask", text="All Frames Anew")
            anew.frames, anew.node, anew.start_over = "RANGE", node.name, True
        column = layout.column(align=True)
        column.enabled = not tasks.running
        column.operator("mattebrush.paint_mask", icon="BRUSH_DATA").node = node.name
        row = column.row(align=True)
        row.operator("mattebrush.refine_mask", icon="MOD_SMOOTH").node = node.name
        if state.count:
            carried = row.operator("mattebrush.refine_mask", text="And Following")
            carried.node, carried.carry = node.name, True
        column.operator("mattebrush.refresh", icon="FILE_REFRESH").node = node.name
        if state.painted_frame >= 0:
            layout.label(text=f"Painting on frame {state.painted_frame}", icon="BRUSH_DATA")
        if state.report:
            layout.label(text=state.report)
        layout.operator("mattebrush.mark_asset", icon="ASSET_MANAGER").node = node.name


def _in_add_menu(self, context):
    if context.space_data.tree_type == "CompositorNodeTree":
        self.layout.operator("mattebrush.add_node", text="Background Mask")


def _in_image_menu(self, context):
    self.layout.separator()
    self.layout.operator("mattebrush.generate_for_image")


CLASSES = (NODE_PT_mattebrush,)


def register():
    """Puts the entries into Blender's own menus."""
    compat.matte_menu().append(_in_add_menu)
    bpy.types.IMAGE_MT_image.append(_in_image_menu)


def unregister():
    """Takes them out again."""
    bpy.types.IMAGE_MT_image.remove(_in_image_menu)
    compat.matte_menu().remove(_in_add_menu)
