#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattebrush in GIMP 2.10 and 3: what stands in the menus, and which parameters each entry has.

What an entry does is in mattebrush_actions, pixels are read and written by mattebrush_gimp3 or
mattebrush_gimp210, the engine is reached through mattebrush_client.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import mattebrush_actions as actions
from gimpfu import *
from mattebrush_text import _

MENU = "<Image>/Layer/Mask"
SECOND_MENU = "<Image>/Filters/Mattebrush"
SIGNED = ("The Mattebrush authors", "GPL-3.0-or-later", "2026")

IMAGE = (PF_IMAGE, "image", _("Image"), None)
EXISTING = [_("Replace it"), _("Keep only what both show"), _("Add to it")]
COLORS = [_("Leave as they are"), _("New layer with clean colors")]
EDGE = [
    (PF_TOGGLE, "detail", _("Fine detail (hair, fur)"), True),
    (PF_SLIDER, "feather", _("Feather (pixels)"), 0.0, (0.0, 100.0, 0.5)),
    (PF_SLIDER, "shift-edge", _("Shift edge (pixels)"), 0.0, (-50.0, 50.0, 0.5)),
]
KEEPING = [
    (PF_OPTION, "existing", _("If there is a mask already"), 0, EXISTING),
    (PF_OPTION, "colors", _("Edge colors"), 0, COLORS),
    (PF_TOGGLE, "edit-mask", _("Paint on the mask next"), True),
]
MODEL = (PF_STRING, "model", _("Model (empty: as in the settings)"), "")


def entry(name, label, blurb, params, function, menus=(MENU, SECOND_MENU)):
    """Registers one entry under its name, in all of its menus."""
    procedure = "plug-in-mattebrush-" + name

    def more_menus():
        for menu in menus[1:]:
            gimp.menu_register(procedure, menu)

    register(
        procedure,
        blurb,
        _("The original pixels stay untouched; everything is one step to undo."),
        SIGNED[0],
        SIGNED[1],
        SIGNED[2],
        label,
        "*",
        [IMAGE] + params,
        [],
        function,
        menu=menus[0],
        on_query=more_menus,
    )


entry(
    "remove-background",
    _("Remove _Background..."),
    _("Finds the subject and adds a mask that shows only it"),
    EDGE + KEEPING + [MODEL],
    actions.remove_background,
)
entry(
    "refine-mask",
    _("Re_fine Mask..."),
    _("Makes the mask better where it was painted, or inside the selection"),
    EDGE[:1],
    actions.refine_mask,
)
entry(
    "clean-edge-colors",
    _("_Clean Edge Colors"),
    _("Adds a layer without the old background's color at the edges of the mask"),
    [],
    actions.clean_edge_colors,
)
entry(
    "cut-out-from-points",
    _("Cut-out from _Points..."),
    _("Finds the object that the path's points or the selection show"),
    EDGE + KEEPING + [MODEL],
    actions.cut_out_from_points,
)
entry(
    "background",
    _("New Back_ground..."),
    _("Puts a filled layer, a shadow, or both below the masked layer"),
    [
        (PF_OPTION, "fill", _("Fill"), 0, [_("White"), _("Color"), _("None")]),
        (PF_COLOR, "color", _("Color"), (128, 128, 128)),
        (PF_TOGGLE, "shadow", _("Drop shadow"), False),
        (PF_SLIDER, "shadow-x", _("Shadow to the right (pixels)"), 12, (-500, 500, 1)),
        (PF_SLIDER, "shadow-y", _("Shadow down (pixels)"), 12, (-500, 500, 1)),
        (PF_SLIDER, "shadow-blur", _("Shadow blur (pixels)"), 24, (0, 500, 1)),
        (PF_SLIDER, "shadow-opacity", _("Shadow opacity"), 60, (0, 100, 1)),
    ],
    actions.background,
)
register(
    "plug-in-mattebrush-settings",
    _("Says which engine Mattebrush uses, and tests it"),
    "",
    SIGNED[0],
    SIGNED[1],
    SIGNED[2],
    _("_Settings..."),
    "",
    actions.settings_parameters(PF_OPTION, PF_STRING, PF_TOGGLE),
    [],
    actions.change_settings,
    menu=SECOND_MENU,
)

main()
