# SPDX-License-Identifier: GPL-3.0-or-later
"""The one kind of failure the user is told of by this add-on itself."""

from . import words


class Problem(Exception):
    """What is wrong, in one sentence, and in `fix` the way out, both in the user's language.

    values: what stands in braces in them.
    """

    def __init__(self, message, fix="", **values):
        sentences = [words.tr(text).format(**values) for text in (message, fix) if text]
        super().__init__(" ".join(sentences))


def reason(error):
    """What the system said, without Python's numbers around it."""
    return getattr(error, "strerror", None) or str(error)
