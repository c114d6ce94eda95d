# SPDX-License-Identifier: Apache-2.0
"""The entries that hosts have in common, and the page's buttons: their names and tool tips."""

import collections

from .stages import N_


class Action(collections.namedtuple("Action", "name op title tip")):
    """name: stable. op: of its job, "" when it sends none. title, tip: English."""

    __slots__ = ()


ACTIONS = (
    Action(
        "remove-background",
        "remove",
        N_("Remove Background"),
        N_("Finds the subject and adds a mask that shows only it. No pixel of the layer changes."),
    ),
    Action(
        "refine-mask",
        "refine",
        N_("Refine Mask"),
        N_("Works your strokes into the mask, or makes its edge better inside the selection."),
    ),
    Action(
        "clean-edge-colors",
        "decontaminate",
        N_("Clean Edge Colors"),
        N_("Takes the old background's color out of hair and soft edges, on a layer of its own."),
    ),
    Action(
        "select-object",
        "remove",
        N_("Cut Out Object"),
        N_("Finds the object that you click on, or draw a box around."),
    ),
    Action(
        "split-into-objects",
        "objects",
        N_("Split Into Objects"),
        N_("Finds each thing in the picture and gives it a mask of its own, with its name."),
    ),
    Action("accept", "", N_("Accept"), N_("Keeps the new mask and removes the one it replaced.")),
    Action("redo", "", N_("Run Again"), N_("The last action once more, with the choices as now.")),
    Action("cancel", "", N_("Cancel"), N_("Ends the run; the picture stays as it is.")),
    Action("settings", "", N_("Engine Settings"), N_("Which engine is used, and a test of it.")),
    Action("help", "", N_("Help"), N_("How Mattebrush works, step by step.")),
)


def action(name):
    """The row of this name."""
    return next(row for row in ACTIONS if row.name == name)
