# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an action cannot be done here: a sentence the user can act on."""

from .mattebrush_client import ClientError


class NotHere(ClientError):
    """The document, the layer or the selection is not one this action works on."""

    code = "not-here"
