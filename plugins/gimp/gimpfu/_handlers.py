# SPDX-License-Identifier: GPL-3.0-or-later
"""Plug-ins that open or save files: what they tell GIMP of their file types."""

from ._parameters import canonical


class Handler(object):
    """A file type: kind "load" or "save"; the rest as `gimp.register_load_handler` had it."""

    def __init__(self, kind, extensions="", prefixes="", magics=""):
        self.kind = kind
        self.extensions, self.prefixes, self.magics = extensions, prefixes, magics
        self.mime_types = ""

    def declare(self, procedure):
        """Tells libgimp's file procedure."""
        procedure.set_extensions(self.extensions)
        if self.prefixes:
            procedure.set_prefixes(self.prefixes)
        if self.magics:
            procedure.set_magics(self.magics)
        if self.mime_types:
            procedure.set_mime_types(self.mime_types)


_known = {}


def _name(name):
    return canonical(name.replace("_", "-"))


def of(name, menus):
    """The handler of a registered procedure; None when it has nothing to do with files."""
    if name in _known:
        return _known[name]
    for menu in menus:
        if menu.startswith("<Load>"):
            return Handler("load")
        if menu.startswith("<Save>"):
            return Handler("save")
    return None


def register_load_handler(name, extensions, prefixes=""):
    """The procedure of that name opens files with these extensions."""
    _known[_name(name)] = Handler("load", extensions or "", prefixes or "")


def register_magic_load_handler(name, extensions, prefixes="", magics=""):
    """The same; `magics` says how such files begin."""
    _known[_name(name)] = Handler("load", extensions or "", prefixes or "", magics or "")


def register_save_handler(name, extensions, prefixes=""):
    """The procedure of that name saves files with these extensions."""
    _known[_name(name)] = Handler("save", extensions or "", prefixes or "")


def register_mime_types(name, mime_types):
    """The media types of a procedure's files."""
    if _name(name) in _known:
        _known[_name(name)].mime_types = mime_types
