# SPDX-License-Identifier: GPL-3.0-or-later
"""Transformations of items: GIMP 2.10 had interpolation, direction and clipping as arguments.

GIMP 3 has them in the context. `KINDS` says what each takes of its own; the rest is the same for
all of them.
"""

from gi.repository import Gimp

from ._context import settings
from ._values import wrap

_CUBIC, _LINEAR, _NONE = 2, 1, 0


def _flip_simple(kind, center=True, axis=0.0):
    return Gimp.OrientationType(int(kind)), bool(center), float(axis)


def _rotate_simple(kind, center=True, x=0, y=0):
    return Gimp.RotationType(int(kind)), bool(center), float(x), float(y)


def _rotate(angle, center=True, x=0, y=0):
    return float(angle), bool(center), float(x), float(y)


def _shear(kind, magnitude):
    return Gimp.OrientationType(int(kind)), float(magnitude)


def _numbers(*args):
    return tuple(float(one) for one in args)


# The name of each in 2.10: how many arguments of its own it takes, and what makes libgimp's.
KINDS = {
    "2d": (7, _numbers),
    "flip": (4, _numbers),
    "flip-simple": (3, _flip_simple),
    "matrix": (9, _numbers),
    "perspective": (8, _numbers),
    "rotate": (4, _rotate),
    "rotate-simple": (4, _rotate_simple),
    "scale": (4, _numbers),
    "shear": (2, _shear),
}


def _settings(direction=None, interpolation=None, clip=None):
    return settings(
        transform_direction=direction, interpolation=interpolation, transform_resize=clip
    )


def _call(item, kind, own):
    _give_alpha(item, kind)
    method = getattr(item.native, "transform_" + kind.replace("-", "_"))
    return wrap(method(*KINDS[kind][1](*own)))


def _give_alpha(item, kind):
    """2.10 gave layers an alpha channel for what comes in at the corners."""
    layer = item.native
    if kind.endswith("-simple") or not isinstance(layer, Gimp.Layer) or layer.has_alpha():
        return
    smooth = Gimp.context_get_interpolation() != Gimp.InterpolationType.NONE
    if smooth or kind != "scale":
        layer.add_alpha()


def plain(kind):
    """`gimp-item-transform-...`: all settings come from the context, as in GIMP 3."""
    return lambda item, *own: _call(item, kind, own)


def full(kind):
    """`gimp-drawable-transform-...`, with direction, interpolation and clipping behind."""
    count = KINDS[kind][0]

    def transform(item, *args):
        own, more = args[:count], args[count:]
        if kind.endswith("-simple"):
            with _settings(clip=more[0] if more else 0):
                return _call(item, kind, own)
        direction, interpolation = (more + (0, 0))[:2]
        clip = more[4] if len(more) > 4 else 0
        with _settings(direction, interpolation, clip):
            return _call(item, kind, own)

    return transform


def default(kind):
    """`gimp-drawable-transform-...-default`, with two yes-or-no arguments behind."""
    count = KINDS[kind][0]

    def transform(item, *args):
        own, more = args[:count], args[count:]
        smooth, clip = (more + (False, False))[:2]
        with _settings(0, _CUBIC if smooth else _NONE, int(bool(clip))):
            return _call(item, kind, own)

    return transform


def _giving_item(transform):
    """The procedures, other than the methods, gave the drawable even where a part floats now."""

    def call(item, *args):
        transform(item, *args)
        return item

    return call


def oldest(kind, fill=()):
    """`gimp-rotate` and kin, with a yes or no about interpolation in front.

    fill: what 2.10 put behind the arguments. What is selected floats then, was smoothed otherwise,
    and the layer was what came back.
    """

    def transform(item, smooth, *own):
        floats = not Gimp.Selection.is_empty(item.native.get_image())
        with _settings(0, (_CUBIC if floats else _LINEAR) if smooth else _NONE, 0):
            transformed = _call(item, kind, own + fill)
        return item if floats else transformed

    return transform


def _table():
    table = {}
    for kind in KINDS:
        table["gimp-item-transform-" + kind] = plain(kind)
        table["gimp-drawable-transform-" + kind] = _giving_item(full(kind))
        if not kind.endswith("-simple"):
            table["gimp-drawable-transform-%s-default" % kind] = _giving_item(default(kind))
    for kind, fill in (("perspective", ()), ("scale", ()), ("shear", ()), ("rotate", (True, 0, 0))):
        table["gimp-" + kind] = oldest(kind, fill)
    table["gimp-transform-2d"] = oldest("2d")
    table["gimp-flip"] = _giving_item(
        lambda item, kind: _call(item, "flip-simple", (kind, True, 0.0))
    )
    return table


TABLE = _table()


def methods(kind_of_item):
    """A class decorator: gives drawables 2.10's methods for all of these."""

    def method(function):
        return lambda self, *args, **kwargs: function(self, *(args + tuple(kwargs.values())))

    for kind in KINDS:
        name = "transform_" + kind.replace("-", "_")
        setattr(kind_of_item, name, method(full(kind)))
        if not kind.endswith("-simple"):
            setattr(kind_of_item, name + "_default", method(default(kind)))
    return kind_of_item
