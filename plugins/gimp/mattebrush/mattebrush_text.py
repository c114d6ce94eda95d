# SPDX-License-Identifier: GPL-3.0-or-later
"""Translations: `_` looks a text up in locale/LANGUAGE/LC_MESSAGES/mattebrush.mo beside this."""

import gettext
import os
import sys

_catalog = gettext.translation(
    "mattebrush",
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale"),
    fallback=True,
)


def _(text):
    """`text` in the user's language, as this Python's `str`."""
    if sys.version_info[0] > 2:
        return _catalog.gettext(text)
    return native(_catalog.ugettext(text))


def native(text):
    """`text` as this Python's `str`, which in Python 2.7 is bytes."""
    return text if isinstance(text, str) else text.encode("utf-8")
