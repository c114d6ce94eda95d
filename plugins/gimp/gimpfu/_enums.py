# SPDX-License-Identifier: GPL-3.0-or-later
"""Enums whose numbers GIMP 3 changed: plug-ins give and get those of GIMP 2.10."""

from gi.repository import Gimp, GObject

# By the name of the enum's type: GIMP 2.10's number for each name that has another now.
_NUMBERS = {
    "GimpFillType": {
        "FILL_WHITE": 2,
        "FILL_TRANSPARENT": 3,
        "FILL_PATTERN": 4,
        "FILL_CIELAB_MIDDLE_GRAY": 5,
    },
    "GimpRepeatMode": {"REPEAT_SAWTOOTH": 1, "REPEAT_TRIANGULAR": 2, "REPEAT_TRUNCATE": 3},
    "GimpConvertPaletteType": {
        "CONVERT_PALETTE_WEB": 2,
        "CONVERT_PALETTE_MONO": 3,
        "CONVERT_PALETTE_CUSTOM": 4,
    },
    "GimpLayerColorSpace": {"LAYER_COLOR_SPACE_RGB_PERCEPTUAL": 2},
}


def kinds():
    """All enum classes of libgimp."""
    candidates = [getattr(Gimp, name) for name in dir(Gimp)]
    return [one for one in candidates if isinstance(one, type) and issubclass(one, GObject.GEnum)]


def names(kind):
    """{2.10's name of a value: 2.10's number for it} of one enum class."""
    own = _NUMBERS.get(kind.__gtype__.name, {})
    values = {}
    for number, value in kind.__enum_values__.items():
        name = value.value_name.replace("GIMP_", "", 1)
        values[name] = own.get(name, int(number))
    return values


def _tables():
    """{type name: ({2.10's number: the number now}, {the number now: 2.10's})}."""
    tables = {}
    for kind in kinds():
        if kind.__gtype__.name in _NUMBERS:
            now = {
                value.value_name.replace("GIMP_", "", 1): int(number)
                for number, value in kind.__enum_values__.items()
            }
            there = {old: now[name] for name, old in names(kind).items()}
            back = {new: old for old, new in there.items()}
            tables[kind.__gtype__.name] = there, back
    return tables


_TABLES = _tables()


def native_enum(kind, number):
    """libgimp's value of an enum class for 2.10's number."""
    there, _ = _TABLES.get(kind.__gtype__.name, ({}, {}))
    return kind(there.get(int(number), int(number)))


def number_of(value):
    """2.10's number for one of libgimp's values."""
    _, back = _TABLES.get(type(value).__gtype__.name, ({}, {}))
    return back.get(int(value), int(value))
