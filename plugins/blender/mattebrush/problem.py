# SPDX-License-Identifier: GPL-3.0-or-later
"""The one kind of failure the user is told of by this add-on itself."""


class Problem(Exception):
    """What is wrong, in one sentence, and in `fix` the way out."""

    def __init__(self, message, fix=""):
        super().__init__(f"{message} {fix}".strip())


def reason(error):
    """What the system said, without Python's numbers around it."""
    return getattr(error, "strerror", None) or str(error)
