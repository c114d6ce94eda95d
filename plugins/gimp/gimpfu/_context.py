# SPDX-License-Identifier: GPL-3.0-or-later
"""What GIMP 2.10 took as arguments and GIMP 3 has in its context."""

import contextlib

from gi.repository import Gegl, Gimp

from ._enums import native_enum

# What `settings` knows: how to set each.
_SETTERS = {
    "antialias": lambda on: Gimp.context_set_antialias(bool(on)),
    "criterion": lambda kind: Gimp.context_set_sample_criterion(Gimp.SelectCriterion(int(kind))),
    "feather": lambda on: Gimp.context_set_feather(bool(on)),
    "feather_radius": lambda radii: Gimp.context_set_feather_radius(*radii),
    "interpolation": lambda kind: Gimp.context_set_interpolation(
        Gimp.InterpolationType(min(int(kind), 4))
    ),
    "opacity": lambda value: Gimp.context_set_opacity(float(value)),
    "paint_mode": lambda mode: Gimp.context_set_paint_mode(Gimp.LayerMode(int(mode))),
    "repeat": lambda kind: Gimp.context_set_gradient_repeat_mode(
        native_enum(Gimp.RepeatMode, kind)
    ),
    "reverse": lambda on: Gimp.context_set_gradient_reverse(bool(on)),
    "sample_merged": lambda on: Gimp.context_set_sample_merged(bool(on)),
    "threshold": lambda value: Gimp.context_set_sample_threshold_int(int(value)),
    "transform_direction": lambda way: Gimp.context_set_transform_direction(
        Gimp.TransformDirection(int(way))
    ),
    "transform_resize": lambda how: Gimp.context_set_transform_resize(
        Gimp.TransformResize(int(how))
    ),
    "transparent": lambda on: Gimp.context_set_sample_transparent(bool(on)),
}


@contextlib.contextmanager
def settings(**values):
    """GIMP's context with these values meanwhile; what is None stays as it is."""
    Gimp.context_push()
    try:
        for name, value in values.items():
            if value is not None:
                _SETTERS[name](value)
        yield
    finally:
        Gimp.context_pop()


@contextlib.contextmanager
def same_selection(native):
    """A libgimp image's selection is afterwards what it was.

    Merging makes GIMP 3.0 take its values for encoded ones, which thins out soft edges.
    """
    if Gimp.Selection.is_empty(native):
        yield
        return
    whole = Gegl.Rectangle.new(0, 0, native.get_width(), native.get_height())
    before = _selected(native, whole)
    try:
        yield
    finally:
        if _selected(native, whole) != before:
            selection = native.get_selection()
            buffer = selection.get_buffer()
            buffer.set(whole, "Y u8", before)
            buffer.flush()
            selection.update(0, 0, whole.width, whole.height)


def _selected(native, whole):
    buffer = native.get_selection().get_buffer()
    return bytes(buffer.get(whole, 1.0, "Y u8", Gegl.AbyssPolicy.NONE))
