# SPDX-License-Identifier: GPL-3.0-or-later
"""Python 2's ways that a mechanical conversion of a plug-in leaves in it.

gettext's old arguments and names, arrays and pixels as text, and functions that left the standard
library. Nothing that Python 3 has of its own is changed.
"""

import __future__

import array
import builtins
import configparser
import functools
import gettext
import operator
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
        try:
            return data.encode("latin-1")
        except UnicodeEncodeError:
            return data.encode("utf-8")
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
            if typecode == "c":  # letters
                typecode = "B"
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
    (sys, "setdefaultencoding", lambda name: None),
    (configparser.RawConfigParser, "readfp", configparser.RawConfigParser.read_file),
    (configparser, "SafeConfigParser", configparser.ConfigParser),
    (time, "clock", time.process_time),
)
_STRING = (
    "upper lower strip lstrip rstrip find rfind index count zfill ljust rjust center swapcase",
    "capitalize expandtabs rindex",
)
_GONE += tuple((string, name, getattr(str, name)) for name in " ".join(_STRING).split())


def open(file, mode="r", *args, **kwargs):
    """Opens a file as Python 2 did: any bytes pass through, and binary files take text, too."""
    if "b" in mode:
        return _BinaryFile(builtins.open(file, mode, *args, **kwargs))
    if len(args) < 2:
        kwargs.setdefault("encoding", "utf-8")
        kwargs.setdefault("errors", "surrogateescape")
    return builtins.open(file, mode.replace("U", "") or "r", *args, **kwargs)


file = open


class _BinaryFile(object):
    """A binary file that takes text for bytes, and gives what can be used as both."""

    def __init__(self, file):
        self._file = file

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        """Writes bytes, or the bytes that a text stands for."""
        return self._file.write(text_bytes(data))

    def writelines(self, lines):
        """Writes one after the other."""
        for line in lines:
            self.write(line)

    def read(self, *size):
        """Bytes that are letters, too."""
        return Pixels(self._file.read(*size))

    def readline(self, *size):
        """One line of them."""
        return Pixels(self._file.readline(*size))

    def readlines(self, *hint):
        """All lines."""
        return [Pixels(line) for line in self._file.readlines(*hint)]

    def __iter__(self):
        return map(Pixels, self._file)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self._file.close()


def old_division(one, other):
    """one / other as Python 2 divided: whole numbers give a whole number."""
    if isinstance(one, int) and isinstance(other, int):
        return one // other
    return one / other


class Whole(int):
    """A whole number that GIMP gave: divided by another it gives a whole one, as in Python 2.

    A mechanical conversion leaves `image.width / 2` as it was.
    """

    def __truediv__(self, other):
        return Whole(self // other) if isinstance(other, int) else int.__truediv__(self, other)

    def __rtruediv__(self, other):
        return Whole(other // self) if isinstance(other, int) else int.__rtruediv__(self, other)


def _stays_whole(name):
    """A method of int whose whole results are `Whole`."""
    plain = getattr(int, name)

    def method(self, *others):
        result = plain(self, *others)
        return Whole(result) if type(result) is int else result

    return method


for _name in (
    *("add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "rfloordiv", "mod", "rmod"),
    *("neg", "pos", "abs", "pow"),
):
    setattr(Whole, "__%s__" % _name, _stays_whole("__%s__" % _name))


def whole(value):
    """The value, texts as `Words`; whole numbers as `Whole`, unless it asked for new division."""
    if type(value) is tuple:
        return tuple(whole(one) for one in value)
    if type(value) is str:
        return Words(value)
    if type(value) is not int or _wants_new_division():
        return value
    return Whole(value)


def _wants_new_division():
    """Whether the plug-in says `from __future__ import division`."""
    plugin = sys.modules.get("__main__")
    return getattr(plugin, "division", None) is __future__.division


class Words(str):
    """Text that GIMP gave; `decode`, which Python 2's text had, leaves it as it is."""

    def decode(self, encoding="utf-8", errors="strict"):
        """The same text."""
        return str(self)

    def __add__(self, other):
        result = str.__add__(self, other)
        return Words(result) if isinstance(result, str) else result

    def __radd__(self, other):
        return Words(other + str(self)) if isinstance(other, str) else NotImplemented


def old_text(value, *encoding):
    """value.decode(...), also where it is text already."""
    return value if isinstance(value, str) else value.decode(*encoding)


def text(value):
    """What a plug-in gives for a text or name: text, its bytes, or something that prints as it."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


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
    """A region's or file's bytes, of which each is a letter where plug-ins take them for text.

    In Python 2 a part of it, and what a loop over it gave, was a text of one letter: so it is
    here. One letter is its number, too, where Python 2 would have refused to reckon with it.
    """

    def _text(self):
        return self.decode("latin-1")

    __eq__, __ne__, __hash__ = Text.__eq__, Text.__ne__, Text.__hash__

    def __getitem__(self, where):
        item = bytes.__getitem__(self, where)
        return Pixels(item if isinstance(where, slice) else (item,))

    def __iter__(self):
        return (Pixels((one,)) for one in bytes.__iter__(self))

    def __add__(self, other):
        if isinstance(other, (int, float)):
            return int(self) + other
        if isinstance(other, bytes):
            return Pixels(bytes(self) + bytes(other))
        return Text.__add__(self, other)

    def __radd__(self, other):
        return other + int(self) if isinstance(other, (int, float)) else Text.__radd__(self, other)

    def __int__(self):  # no __index__: bytearray() would take one byte for a size
        if len(self) != 1:
            raise TypeError("%d bytes are not one number" % len(self))
        return bytes.__getitem__(self, 0)

    def __float__(self):
        return float(int(self))


def _as_number(name):
    """A method of Pixels that reckons with the one letter's number."""
    reckon = getattr(operator, name)

    def method(self, other):
        number = int(other) if isinstance(other, Pixels) else other
        return reckon(int(self), number) if isinstance(number, (int, float)) else NotImplemented

    def reverse(self, other):
        return reckon(other, int(self)) if isinstance(other, (int, float)) else NotImplemented

    return method, reverse


for _name in ("sub", "truediv", "floordiv", "and_", "or_", "xor", "lshift", "rshift", "pow"):
    _method, _reverse = _as_number(_name)
    setattr(Pixels, "__%s__" % _name.strip("_"), _method)
    setattr(Pixels, "__r%s__" % _name.strip("_"), _reverse)


def _compared(name):
    """A comparison of Pixels, with numbers too."""
    plain, reckon = getattr(bytes, "__%s__" % name), getattr(operator, name)

    def method(self, other):
        if isinstance(other, (int, float)):
            return reckon(int(self), other)
        return plain(self, other.encode("latin-1") if isinstance(other, str) else other)

    return method


for _name in ("lt", "le", "gt", "ge"):
    setattr(Pixels, "__%s__" % _name, _compared(_name))


for _name in " ".join(_TEXT).split():
    setattr(Text, _name, _as_text(_name))
