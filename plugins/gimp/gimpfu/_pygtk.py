# SPDX-License-Identifier: GPL-3.0-or-later
"""PyGTK's modules by their names, over GTK 3: gtk, gtk.gdk, gobject, glib, pango, pygtk.

Plug-ins that draw windows of their own import them at their top, and must be able to register
before anybody sees a window. Names are looked up as they are, then among the enums' values (GTK 2
had RESPONSE_OK where GTK 3 has ResponseType.OK), then as a constructor (image_new_from_file). What
GTK 3 dropped raises AttributeError with the name.
"""

import importlib
import sys
import types

import gi
from gi.repository import GLib, GObject

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")


class _Module(types.ModuleType):
    """A module of PyGTK that finds its names in those of GObject introspection."""

    def __init__(self, name, namespaces, prefix="", own=None):
        types.ModuleType.__init__(self, name, "PyGTK's %s over GTK 3." % name)
        self.__path__ = []  # so that `import gtk.gdk` works
        self._namespaces, self._prefix, self._values = namespaces, prefix, None
        self.__dict__.update(own or {})

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        for namespace in self._namespaces:
            module = _introspected(namespace)
            value = getattr(module, name, None) or _constructor(module, name)
            if value is not None:
                return value
        if self._values is None:
            self._values = self._enums()
        if name in self._values:
            return self._values[name]
        raise AttributeError("GTK 3 has no %s.%s" % (self.__name__, name))

    def _enums(self):
        """{the name of a value in C without its prefix: the value} of all enums and flags."""
        enums = {}
        for namespace in self._namespaces:
            module = _introspected(namespace)
            kinds = (getattr(module, name, None) for name in dir(module))
            for kind in kinds:
                if isinstance(kind, type) and issubclass(kind, (GObject.GEnum, GObject.GFlags)):
                    enums.update(_named_values(kind, self._prefix))
        return enums


def _introspected(namespace):
    return importlib.import_module("gi.repository." + namespace)


def _named_values(kind, prefix):
    values = getattr(kind, "__enum_values__", None) or getattr(kind, "__flags_values__", {})
    for value in values.values():
        names = getattr(value, "value_names", None) or [getattr(value, "value_name", "")]
        for name in names:
            yield name.replace(prefix, "", 1) if name.startswith(prefix) else name, value


def _constructor(module, name):
    """image_new_from_file as Image.new_from_file."""
    words, new, rest = name.partition("_new")
    if not new or not words.islower():
        return None
    kind = getattr(module, "".join(word.capitalize() for word in words.split("_")), None)
    return getattr(kind, "new" + rest, None) if kind else None


class Tooltips(object):
    """Tips that widgets have by themselves now."""

    def set_tip(self, widget, text, private=None):
        """Shows `text` over a widget."""
        widget.set_tooltip_text(text)

    def enable(self):
        """They always are."""

    disable = enable


def _require(version):
    """pygtk.require: there is one version only."""


def _box(orientation):
    """HBox and VBox, which took their two arguments by place."""

    def make():
        Gtk = _introspected("Gtk")

        class Box(Gtk.Box):
            def __init__(self, homogeneous=False, spacing=0, **more):
                way = getattr(Gtk.Orientation, orientation)
                Gtk.Box.__init__(self, orientation=way, spacing=spacing, **more)
                self.set_homogeneous(bool(homogeneous))

        return Box

    return make


def _combo_of_texts():
    return _introspected("Gtk").ComboBoxText


_MAKERS = {
    "HBox": _box("HORIZONTAL"),
    "VBox": _box("VERTICAL"),
    "combo_box_new_text": _combo_of_texts,
}


class _Gtk(_Module):
    """gtk itself: mends GTK 3's classes when it is first asked for one."""

    _mended = False

    def __getattr__(self, name):
        if not self._mended and not name.startswith("__"):
            type(self)._mended = True
            _mend(_introspected("Gtk"))
        if name in _MAKERS:
            made = self.__dict__[name] = _MAKERS[name]()
            return made
        return _Module.__getattr__(self, name)


def _mend(Gtk):
    """Arguments that GTK 2 let out."""
    for name in ("pack_start", "pack_end"):
        plain = getattr(Gtk.Box, name)
        setattr(Gtk.Box, name, _packing(plain))
    text = Gtk.TextBuffer.get_text
    Gtk.TextBuffer.get_text = lambda self, start, end, hidden=True: text(self, start, end, hidden)
    Gtk.ComboBoxEntry = Gtk.ComboBoxText


def _packing(plain):
    return lambda self, child, expand=True, fill=True, padding=0: plain(
        self, child, bool(expand), bool(fill), int(padding)
    )


_GOBJECT = {"timeout_add": GLib.timeout_add, "idle_add": GLib.idle_add,
            "source_remove": GLib.source_remove, "threads_init": lambda: None,
            "markup_escape_text": GLib.markup_escape_text}  # fmt: skip


_made = {}


def install():
    """Puts them where `import gtk` finds them, where PyGObject has modules that refuse."""
    for name, module in modules().items():
        if type(sys.modules.get(name)).__name__ in ("NoneType", "_DummyStaticModule"):
            sys.modules[name] = module


def modules():
    """{name: module}, always the same."""
    if not _made:
        gdk = _Module("gtk.gdk", ("Gdk", "GdkPixbuf"), "GDK_", {"threads_init": lambda: None})
        gtk = _Gtk("gtk", ("Gtk",), "GTK_", {"gdk": gdk, "Tooltips": Tooltips})
        for module in (
            gtk,
            gdk,
            _Module("gobject", ("GObject", "GLib"), "G_", _GOBJECT),
            _Module("glib", ("GLib",), "G_", _GOBJECT),
            _Module("pango", ("Pango",), "PANGO_"),
            _Module("pygtk", (), "", {"require": _require, "require20": _require}),
        ):
            _made[module.__name__] = module
    return _made
