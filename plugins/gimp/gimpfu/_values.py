# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes between plug-ins and libgimp: gimpfu's values on one side, libgimp's on the other."""

import os

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
gi.require_version("Babl", "0.1")
from gi.repository import Gegl, Gimp, Gio, GObject  # noqa: E402

from . import gimpcolor  # noqa: E402


class error(RuntimeError):
    """What a call into GIMP failed with."""


class CancelError(RuntimeError):
    """The user closed a dialog without OK."""


class NotCovered(error):
    """A call of GIMP 2.10 that GIMP 3 has no more, or that these bindings leave out."""

    def __init__(self, name, instead=""):
        text = "gimpfu for GIMP 3: %s is not available in GIMP 3." % name
        error.__init__(self, (text + " " + instead).strip())


def to_native(value, spec):
    """`value` as the libgimp value that the parameter `spec` wants."""
    kind = spec.value_type
    if kind.name == "GimpCoreObjectArray":
        several = value if isinstance(value, (list, tuple)) else [value]
        return [native(one) for one in several]
    if value is None:
        return None
    if kind == Gegl.Color.__gtype__:
        return gimpcolor.from_any(value).to_gegl()
    if kind == Gio.File.__gtype__:
        return file_of(value)
    if kind.is_a(Gimp.Resource.__gtype__):
        return resource(value, kind)
    if kind == Gimp.Unit.__gtype__:
        return _UNITS.get(value, Gimp.Unit.pixel)()
    if kind.is_a(GObject.TYPE_ENUM):
        return kind.pytype(value) if isinstance(value, int) else value
    if kind == GObject.TYPE_BOOLEAN:
        return bool(value)
    if kind in (GObject.TYPE_INT, GObject.TYPE_UINT):
        return int(value)
    if kind == GObject.TYPE_DOUBLE:
        return float(value)
    if kind == GObject.TYPE_STRING:
        return choice(value, spec) if isinstance(value, int) else str(value)
    return native(value)


_UNITS = {
    0: Gimp.Unit.pixel,
    1: Gimp.Unit.inch,
    2: Gimp.Unit.mm,
    3: Gimp.Unit.point,
    4: Gimp.Unit.pica,
}


def choice(number, spec):
    """The word that GIMP 3 wants where GIMP 2.10 took a number."""
    words = spec.get_choice().list_nicks() if hasattr(spec, "get_choice") else []
    return words[number] if number < len(words) else str(number)


def native(value):
    """The libgimp object inside one of ours, or the value itself."""
    return getattr(value, "native", value)


def file_of(path):
    """A path or URI as a Gio.File."""
    path = os.fspath(path)
    return Gio.File.new_for_uri(path) if "://" in path else Gio.File.new_for_path(path)


def resource(name, kind):
    """The font, brush, gradient, palette or pattern of that name. Raises error."""
    found = kind.pytype.get_by_name(name) if isinstance(name, str) else name
    if found is None and kind == Gimp.Font.__gtype__:
        found = Gimp.context_get_font()  # as GIMP 2.10 took another font then
    if found is None:
        raise error("There is no %s named %s." % (kind.name.replace("Gimp", "").lower(), name))
    return found


def from_native(value):
    """A libgimp value as gimpfu's: our objects, names of resources, paths, colours, numbers."""
    from . import _objects  # it needs this module itself

    if isinstance(value, Gegl.Color):
        return gimpcolor.from_gegl(value)
    if isinstance(value, Gio.File):
        return value.get_path() or value.get_uri()
    if isinstance(value, Gimp.Resource):
        return value.get_name()
    if isinstance(value, GObject.GEnum):
        return int(value)
    if isinstance(value, Gimp.Unit):
        return value.get_id()
    if isinstance(value, (Gimp.Image, Gimp.Item, Gimp.Display, Gimp.Parasite)):
        return _objects.wrap(value)
    if isinstance(value, (list, tuple)):
        return tuple(from_native(one) for one in value)
    return value
