# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattebrush for Blender: background masks in the compositor that can be painted on.

nodes        the node group, of Blender's own nodes     matte       the groups in a file
sources      reads the picture to work on               colour      scene-linear <-> encoded
generating   masks for a picture or frames              folders     files of a sequence
painting     strokes kept safe, compositor awake        refining    the engine after the brush
temporal     steady edges over time                     carrying    strokes on the next frames
operators, panels, preferences                          what the user meets
tasks, jobs  long work, and the engine that does it     compat      differences of versions
"""

import bpy

from . import matte, operators, painting, panels, preferences, sources

bl_info = {
    "name": "Mattebrush",
    "author": "The Mattebrush authors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Compositor > Add > Matte > Background Mask; Sidebar > Mattebrush",
    "description": "Background masks for the compositor that you can paint on",
    "category": "Compositing",
}

_CLASSES = (
    matte.MattebrushMatte,
    *preferences.CLASSES,
    *operators.CLASSES,
    *panels.CLASSES,
)


def register():
    """Blender calls this when the add-on is switched on."""
    for each in _CLASSES:
        bpy.utils.register_class(each)
    bpy.types.NodeTree.mattebrush = bpy.props.PointerProperty(type=matte.MattebrushMatte)
    sources.register()
    painting.register()
    panels.register()


def unregister():
    """And this when it is switched off."""
    panels.unregister()
    painting.unregister()
    sources.unregister()
    del bpy.types.NodeTree.mattebrush
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
