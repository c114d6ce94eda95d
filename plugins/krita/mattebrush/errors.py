# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an action cannot be done here: a sentence the user can act on."""

from .mattebrush_client import ClientError


class NotHere(ClientError):
    """The document, the layer or the selection is not one this action works on.

    way_out: what a button offers to do about it: the name of a menu entry (`extension.ENTRIES`) or
    of an action of the kit's cures, "" for none.
    """

    code = "not-here"

    def __init__(self, message: str, fix: str = "", way_out: str = "") -> None:
        super().__init__(message, fix)
        self.way_out = way_out
