# SPDX-License-Identifier: GPL-3.0-or-later
"""Python 2's ways that a mechanical conversion of a plug-in leaves in it.

gettext's old arguments and names, arrays and pixels as text, and functions that left the standard
library. Nothing that Python 3 has of its own is changed.
"""

import array
import builtins
import functools
import gettext
import os
import string
import sys
import time

_OLD = ("unicode", "str", "codeset")


def mend():
    """Puts all of it in place."""
    _mend_gettext()
    _mend_array()
    _mend_ord()
    for module, name, value in _GONE:
        if not hasattr(module, name):
            setattr(module, name, value)


def _without_old(function):
    """The function, deaf to arguments that Python 3 dropped; `str` is `unicode` converted."""
    if getattr(function, "_gimpfu", False):
        return function

    @functools.wraps(function)
    def call(*args, **kwargs):
        for name in _OLD:
            kwargs.pop(name, None)
        if function.__qualname__ == "install":
            args = args[:2]  # the third was `unicode`
        return function(*args, **kwargs)

    call._gimpfu = True
    return call


def _mend_gettext():
    gettext.install = _without_old(gettext.install)
    gettext.translation = _without_old(gettext.translation)
    plain, real = gettext.NullTranslations, gettext.GNUTranslations
    plain.install = _without_old(plain.install)
    for kind in (plain, real):
        kind.ugettext, kind.ungettext = kind.gettext, kind.ngettext
        kind.lgettext, kind.lngettext = kind.gettext, kind.ngettext


def text_bytes(data):
    """Pixels or array contents as bytes, whatever they were written as: text, numbers, arrays."""
    if isinstance(data, str):
        return data.encode("latin-1")
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    if hasattr(data, "tobytes"):
        return data.tobytes()
    return bytes(bytearray(data))


def _mend_array():
    """`array("B", "\\0" * n)`, `tostring` and `fromstring`, as pixel regions were filled."""
    if hasattr(array.array, "tostring"):
        return

    class Array(array.array):
        """array.array that also takes text for bytes."""

        def __new__(cls, typecode, *initial):
            if initial and isinstance(initial[0], str) and typecode not in "uw":
                initial = (text_bytes(initial[0]),)
            return super().__new__(cls, typecode, *initial)

        def tostring(self):
            """The old name of `tobytes`."""
            return self.tobytes()

        def fromstring(self, data):
            """The old name of `frombytes`."""
            self.frombytes(text_bytes(data))

    Array.__name__ = Array.__qualname__ = "array"
    array.array = array.ArrayType = Array


def _mend_ord():
    """`ord(pixel[0])`, as pixels were read: in Python 3 a part of bytes is a number already."""
    real = builtins.ord
    if getattr(real, "_gimpfu", False):
        return

    @functools.wraps(real)
    def number_of(character):
        return character if isinstance(character, int) else real(character)

    number_of._gimpfu = True
    builtins.ord = number_of


_GONE = (
    (gettext, "bind_textdomain_codeset", lambda domain, codeset=None: "utf-8"),
    (gettext, "lgettext", gettext.gettext),
    (gettext, "ldgettext", gettext.dgettext),
    (string, "letters", string.ascii_letters),
    (string, "lowercase", string.ascii_lowercase),
    (string, "uppercase", string.ascii_uppercase),
    (string, "join", lambda words, sep=" ": sep.join(words)),
    (string, "joinfields", lambda words, sep=" ": sep.join(words)),
    (string, "split", lambda text, *args: text.split(*args)),
    (string, "splitfields", lambda text, *args: text.split(*args)),
    (string, "replace", lambda text, *args: text.replace(*args)),
    (string, "atoi", int),
    (string, "atol", int),
    (string, "atof", float),
    (string, "maketrans", str.maketrans),
    (os, "getcwdu", os.getcwd),
    (sys, "maxint", sys.maxsize),
    (time, "clock", time.process_time),
)
_STRING = (
    "upper lower strip lstrip rstrip find rfind index count zfill ljust rjust center swapcase",
    "capitalize expandtabs rindex",
)
_GONE += tuple((string, name, getattr(str, name)) for name in " ".join(_STRING).split())


def old_division(one, other):
    """one / other as Python 2 divided: whole numbers give a whole number."""
    if isinstance(one, int) and isinstance(other, int):
        return one // other
    return one / other


class Text(bytes):
    """Bytes that GIMP keeps for a plug-in, as Python 2 had them: equal to and used like text.

    Plug-ins of that time compare, split and print what they attached as text. As bytes it goes
    to pickle and struct all the same.
    """

    def _text(self):
        return self.decode("utf-8", "replace")

    def __eq__(self, other):
        return self._text() == other if isinstance(other, str) else bytes.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = bytes.__hash__

    def __str__(self):
        return self._text()

    def __contains__(self, part):
        return part in self._text() if isinstance(part, str) else bytes.__contains__(self, part)

    def __add__(self, other):
        return self._text() + other if isinstance(other, str) else bytes.__add__(self, other)

    def __radd__(self, other):
        return other + (self._text() if isinstance(other, str) else bytes(self))


def _as_text(name):
    """A method that works on text when it is asked about text, or about nothing."""

    def method(self, *args):
        texts = not args or any(isinstance(one, str) for one in args)
        return getattr(self._text() if texts else bytes(self), name)(*args)

    return method


_TEXT = (
    "split rsplit splitlines partition rpartition startswith endswith find rfind index count",
    "strip lstrip rstrip replace upper lower",
)


class Pixels(Text):
    """A region's bytes, of which each is a letter where plug-ins take them for text."""

    def _text(self):
        return self.decode("latin-1")

    __eq__, __ne__, __hash__ = Text.__eq__, Text.__ne__, Text.__hash__

    def __getitem__(self, where):
        item = bytes.__getitem__(self, where)
        return Pixels(item) if isinstance(where, slice) else item


for _name in " ".join(_TEXT).split():
    setattr(Text, _name, _as_text(_name))
