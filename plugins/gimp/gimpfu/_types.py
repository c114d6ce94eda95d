# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of procedures' arguments by GIMP 2.10's numbers, PDB_INT32 and so on."""

from gi.repository import Gimp, GObject

# The first that fits.
_NUMBERS = (
    ("GimpInt32Array", 5),
    ("GBytes", 7),
    ("GimpDoubleArray", 8),
    ("GStrv", 9),
    ("GimpCoreObjectArray", 5),
    ("GimpColorArray", 18),
    ("GeglColor", 10),
    ("GimpDisplay", 12),
    ("GimpImage", 13),
    ("GimpParasite", 20),
    ("GimpPDBStatusType", 21),
    ("GFile", 4),
    ("gchararray", 4),
    ("gdouble", 3),
    ("GimpUnit", 0),
)
_PARENTS = (
    (Gimp.Layer, 14),
    (Gimp.Channel, 15),
    (Gimp.Path, 19),
    (Gimp.Drawable, 16),
    (Gimp.Item, 11),
    (Gimp.Resource, 4),
)


def number(kind):
    """2.10's number for the type of a libgimp value."""
    for name, code in _NUMBERS:
        if kind.name == name:
            return code
    for parent, code in _PARENTS:
        if kind.is_a(parent.__gtype__):
            return code
    return 4 if kind.is_a(GObject.TYPE_STRING) else 0


def described(spec):
    """(type, name, description) of an argument or result."""
    return number(spec.value_type), spec.name, spec.blurb
