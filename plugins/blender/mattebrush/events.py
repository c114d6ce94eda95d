# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions that Blender calls when something happens: put in and taken out again, in one place.

A handler table is a tuple of (name in `bpy.app.handlers`, function marked persistent).
"""

import bpy


def add(table):
    """Has Blender call the functions of a table."""
    for name, function in table:
        getattr(bpy.app.handlers, name).append(function)


def remove(table):
    """Has Blender forget them."""
    for name, function in table:
        getattr(bpy.app.handlers, name).remove(function)
