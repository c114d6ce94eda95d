# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes between plug-ins and libgimp: gimpfu's values on one side, libgimp's on the other."""

import os

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
gi.require_version("Babl", "0.1")
from gi.repository import Gegl, Gimp, Gio, GLib, GObject  # noqa: E402

from . import gimpcolor  # noqa: E402
from ._enums import native_enum, number_of  # noqa: E402
from ._errors import error  # noqa: E402
from ._python2 import text, text_bytes, whole  # noqa: E402


def to_native(value, spec):
    """`value` as the libgimp value that the parameter `spec` wants."""
    kind = spec.value_type
    if kind.name == "GimpCoreObjectArray":
        several = value if isinstance(value, (list, tuple)) else [value]
        return [_by_id(one) for one in several]
    if value is None:
        return None
    if kind == Gegl.Color.__gtype__:
        return gimpcolor.from_any(value).to_gegl()
    if kind == Gio.File.__gtype__:
        return file_of(value)
    if kind.is_a(Gimp.Resource.__gtype__):
        return resource(value, kind)
    if kind == Gimp.Unit.__gtype__:
        return unit(value)
    if kind.is_a(GObject.TYPE_ENUM):
        return native_enum(kind.pytype, value) if isinstance(value, (int, float)) else value
    if kind == GObject.TYPE_BOOLEAN:
        return bool(value)
    if kind in (GObject.TYPE_INT, GObject.TYPE_UINT):
        return int(value)
    if kind.name == "GBytes":
        return GLib.Bytes.new(text_bytes(value))
    if kind.name == "GStrv":
        return [text(one) for one in value]
    if kind == GObject.TYPE_DOUBLE:
        return float(value)
    if kind == GObject.TYPE_STRING:
        return choice(value, spec)
    return native(value)


def unit(number):
    """libgimp's unit of that number in 2.10."""
    return Gimp.Unit.get_by_id(int(number)) or Gimp.Unit.pixel()


def choice(value, spec):
    """The word that GIMP 3 wants where GIMP 2.10 took a number or a word of its own.

    Raises error for what is none of them: GIMP would go on with its default.
    """
    words = _words(spec)
    if words is None:
        return text(value)
    if isinstance(value, (int, float)):
        for word, number in words.items():
            if number == int(value):
                return word
    for word in (str(value), str(value).lower(), str(value).lower().replace("_", "-")):
        if word in words:
            return word
    raise error("%s: %r is none of %s" % (spec.name, value, ", ".join(words)))


def _words(spec):
    """{word: number} of an argument that is one of several; None for others."""
    if not isinstance(spec, Gimp.ParamChoice):
        return None
    choice = Gimp.param_spec_choice_get_choice(spec)
    return {word: choice.get_id(word) for word in choice.list_nicks()}


def _by_id(value):
    """The libgimp object of one of ours, or of its ID, as lists of 2.10 held them."""
    if isinstance(value, int):
        return Gimp.Item.get_by_id(value) or Gimp.Image.get_by_id(value)
    return native(value)


def native(value):
    """The libgimp object inside one of ours, or the value itself."""
    return getattr(value, "native", value)


def file_of(path):
    """A path or URI as a Gio.File."""
    path = text(os.fspath(path))
    return Gio.File.new_for_uri(path) if "://" in path else Gio.File.new_for_path(path)


def resource(name, kind):
    """The font, brush, gradient, palette or pattern of that name. Raises error."""
    native = kind.pytype.get_by_name(name) if isinstance(name, str) else name
    if native is None and kind == Gimp.Font.__gtype__:
        native = Gimp.context_get_font()  # as GIMP 2.10 took another font then
    if native is None:
        raise error("There is no %s named %s." % (kind.name.replace("Gimp", "").lower(), name))
    return native


_KINDS = []


def counterpart(kind):
    """A class decorator: the class is what plug-ins see of libgimp's `kind` of object.

    Special kinds are declared after the general ones, and looked at first.
    """

    def declare(ours):
        _KINDS.insert(0, (kind, ours))
        return ours

    return declare


def wrap(value):
    """Our object around a libgimp one."""
    if value is None:
        return None
    for kind, ours in _KINDS:
        if isinstance(value, kind):
            return ours._of(value)
    raise error("%r has no counterpart in gimpfu" % value)


def from_native(value):
    """A libgimp value as gimpfu's: our objects, names of resources, paths, colours, numbers."""
    if isinstance(value, Gegl.Color):
        return gimpcolor.from_gegl(value)
    if isinstance(value, Gio.File):
        return value.get_path() or value.get_uri()
    if isinstance(value, Gimp.Resource):
        return value.get_name()
    if isinstance(value, GObject.GEnum):
        return whole(number_of(value))
    if isinstance(value, Gimp.Unit):
        return whole(value.get_id())
    if isinstance(value, (Gimp.Image, Gimp.Item, Gimp.Display, Gimp.Parasite)):
        return wrap(value)
    if isinstance(value, GLib.Bytes):
        return tuple(bytearray(value.get_data() or b""))
    if isinstance(value, (list, tuple)):
        return tuple(from_native(one) for one in value)
    return whole(value)
