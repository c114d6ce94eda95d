# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattebrush for Blender: background masks in the compositor that can be painted on.

nodes        the node group, of Blender's own nodes     matte       the groups in a file
sources      reads the picture to work on               colour      scene-linear <-> encoded
plates       which plate a mask belongs to              folders     files of a sequence
generating   masks for a picture or frames              upkeep      what of a node is used
strokes      what was painted, apart from any matte     layers      where that is kept
painting     strokes kept safe, compositor awake        refining    the engine after the brush
carrying     strokes on other frames                    cuts        where a shot ends
choosing     which object is meant                      status      which frames are done
models       which networks can be chosen               mattes      Blender's own masks
following    frame after frame by one session   objects     a node for each thing
events       what Blender calls us at                   words       the user's language
overlay      what is drawn over Blender's editors      setting_up  the engine, by consent
operators, panels, preferences                          what the user meets
tasks, jobs  long work, and the engine that does it     compat      differences of versions
"""

import bpy

from . import (
    choosing,
    matte,
    mattes,
    models,
    objects,
    operators,
    overlay,
    painting,
    panels,
    preferences,
    setting_up,
    sources,
    upkeep,
    words,
)

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
    *choosing.CLASSES,
    matte.MattebrushMatte,
    *preferences.CLASSES,
    *operators.CLASSES,
    *objects.CLASSES,
    *mattes.CLASSES,
    *models.CLASSES,
    *setting_up.CLASSES,
    *panels.CLASSES,
)


def register():
    """Blender calls this when the add-on is switched on."""
    words.register()
    for each in _CLASSES:
        bpy.utils.register_class(each)
    bpy.types.NodeTree.mattebrush = bpy.props.PointerProperty(type=matte.MattebrushMatte)
    sources.register()
    painting.register()
    upkeep.register()
    overlay.register()
    panels.register()


def unregister():
    """And this when it is switched off."""
    panels.unregister()
    overlay.unregister()
    upkeep.unregister()
    painting.unregister()
    sources.unregister()
    del bpy.types.NodeTree.mattebrush
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
    words.unregister()
