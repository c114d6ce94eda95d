# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts: `_` looks one up in locale/LANGUAGE.po beside this, then among those of all hosts."""

import os

import mattebrush_kit as kit

_ = kit.translator(os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale"))


def native(text):
    """`text` as this Python's `str`, which in Python 2.7 is bytes."""
    return text if isinstance(text, str) else text.encode("utf-8")
