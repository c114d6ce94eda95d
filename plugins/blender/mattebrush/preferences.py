# SPDX-License-Identifier: GPL-3.0-or-later
"""Preferences: which engine, which model, where masks go. What is left empty is as it was
installed, or as chosen for all programs."""

import bpy

from . import mattebrush_client as client
from . import mattebrush_kit as kit
from . import setting_up, words
from .mattebrush_kit.stages import N_

_ENGINES = (
    ("default", N_("As Installed"), N_("What was set up for all programs")),
    ("auto", N_("Automatic"), N_("A running server, else a program of its own for each mask")),
    ("server", N_("Server"), N_("Only a running Mattebrush server")),
    ("process", N_("Program"), N_("Only a program of its own for each mask")),
)
_DEVICES = tuple((name, label, "") for name, label in kit.DEVICES)


class MattebrushPreferences(bpy.types.AddonPreferences):
    """Kept by Blender with its own preferences."""

    bl_idname = __package__

    engine: bpy.props.EnumProperty(name="Engine", items=_ENGINES)
    python: bpy.props.StringProperty(
        name="Interpreter",
        subtype="FILE_PATH",
        description="Python that has Mattebrush; empty: as installed",
    )
    server: bpy.props.StringProperty(
        name="Server", description="Address of a server, such as http://127.0.0.1:8080; empty: none"
    )
    token: bpy.props.StringProperty(
        name="Token",
        subtype="PASSWORD",
        description="It is in the folder that the server names when it is started",
    )
    model: bpy.props.StringProperty(
        name="Model", description='From "mattebrush models list"; empty: the one that came along'
    )
    device: bpy.props.EnumProperty(name="Device", items=_DEVICES)
    folder: bpy.props.StringProperty(
        name="Folder for Masks",
        subtype="DIR_PATH",
        default="//masks",
        description="Where masks of sequences go; // is the folder of the .blend file",
    )

    def draw(self, context):
        """Blender calls this in Preferences > Add-ons."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "engine")
        if self.engine != "server":
            layout.prop(self, "python")
        if self.engine != "process":
            layout.prop(self, "server")
            layout.prop(self, "token")
        layout.prop(self, "model")
        layout.prop(self, "device")
        layout.prop(self, "folder")
        if setting_up.is_offered():
            layout.operator("mattebrush.set_up_engine", icon="IMPORT")
        layout.operator("mattebrush.test_engine", icon="CHECKMARK")
        folder = client.settings_folder()
        layout.label(text=words.tr("Settings for all programs: {folder}", folder=folder))


CLASSES = (MattebrushPreferences,)
