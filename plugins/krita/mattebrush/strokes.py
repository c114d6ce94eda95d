# SPDX-License-Identifier: GPL-3.0-or-later
"""Painting on the mask in one click: the mask active, the brush in hand, the color that is meant.

What is done with the strokes is Refine Mask's.
"""

from __future__ import annotations

from typing import Any

from krita import Krita, ManagedColor

from . import actions, layers
from .errors import NotHere
from .steps import Work
from .texts import _


def take_brush(value: float) -> Work:
    """Makes the mask that is meant the active node, and the brush paint `value` on it, 0 to 1.

    Raises NotHere where there is no mask to paint on.
    """
    application = Krita.instance()
    document = application.activeDocument()
    if document is None:
        raise NotHere(_("No picture is open."), _("Open one first."))
    mask = actions.present_mask(document, document.activeNode() or layers.only(document))
    yield from layers.activate(document, mask)
    application.action("KritaShape/KisToolBrush").trigger()
    eraser = application.action("erase_action")
    if eraser is not None and eraser.isChecked():
        eraser.trigger()
    application.activeWindow().activeView().setForeGroundColor(_gray(value))


def _gray(value: float) -> Any:
    color = ManagedColor("GRAYA", "U8", "")
    color.setComponents([value, 1.0])
    return color
