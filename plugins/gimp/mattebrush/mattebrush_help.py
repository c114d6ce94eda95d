# SPDX-License-Identifier: GPL-3.0-or-later
"""The help page: what to do, what strokes mean, what can go wrong."""

import mattebrush_kit as kit
from mattebrush_text import _


def sections():
    """(title, paragraphs) each, in the user's language."""
    strokes = ["%s: %s" % (kit.tr(one.color), kit.tr(one.tip)) for one in kit.LEGEND]
    return [
        (
            _("Remove a background"),
            [
                _(
                    "Select the layer and choose Layer > Mask > Remove Background. The preview"
                    " shows what you will get. OK adds a layer mask: no pixel is lost, and Edit >"
                    " Undo takes it back in one step."
                ),
                _("With a selection, nothing outside of it is kept."),
            ],
        ),
        (
            _("Paint, then refine"),
            [_("Paint on the mask with GIMP's own brushes, roughly:")]
            + strokes
            + [
                _(
                    "Then choose Layer > Mask > Refine Mask. It works your strokes in at once;"
                    " Refine Options has a preview and choices. With a selection it only works"
                    " inside it."
                )
            ],
        ),
        (
            _("One object among several"),
            [
                _(
                    "Choose Cut Out Object and click on it in the preview. Right-click on what"
                    " does not belong to it, or draw a box around it. A path's points, or a"
                    " selection, do the same."
                )
            ],
        ),
        (
            _("Faster by keyboard"),
            [
                _(
                    "Edit > Keyboard Shortcuts: search for Mattebrush and press the keys you like"
                    " for Remove Background and for Refine Mask."
                )
            ],
        ),
        (
            _("When there is no engine"),
            [
                _(
                    "The networks run in a program of their own, on this machine; no picture leaves"
                    " it. Where it is missing, every message has a button Set Up."
                )
            ],
        ),
    ]


def page():
    """(its title, its sections)."""
    return _("Mattebrush Help"), sections()
