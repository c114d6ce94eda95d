# -*- coding: utf-8 -*-
# SPDX-License-Identifier: Apache-2.0
"""Translations: gettext's .po catalogues, read as they lie in the repository.

Nothing is compiled, so that a zip made on any machine holds them. A catalogue is
locale/LANGUAGE.po beside the code whose texts it has; `translator` gives a host the same for its
own folder:

    _ = kit.translator(os.path.join(os.path.dirname(__file__), "locale"))

What a host's catalogue lacks is looked up in the kit's, and stays English if it is nowhere.
"""

import ast
import io
import locale
import os

LANGUAGES = (
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("pt_BR", "Português (Brasil)"),
    ("ru", "Русский"),
    ("zh_CN", "简体中文"),
)
"""Languages there are catalogues of, and what each calls itself. English needs none."""

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale")
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")

_catalogues = {}
_current = [None]


def use_language(name=""):
    """Takes the host's language for all texts from now on; returns which it is.

    name: as the host has it: "de", "de_DE", "pt-BR", "zh_Hans_CN". "" is the environment's.
    A language without a catalogue gives English, "en".
    """
    _current[0] = known(name) if name else _environment()
    return _current[0]


def language():
    """The language of the texts: one of `LANGUAGES`, or "en"."""
    if _current[0] is None:
        use_language()
    return _current[0]


def tr(text):
    """A text of the kit in the language in use, as this Python's `str`."""
    return _native(_catalogue(_FOLDER, language()).get(text) or text)


def translator(folder):
    """A function as `tr` for the texts of the host whose catalogues are in `folder`."""

    def translated(text):
        translation = _catalogue(folder, language()).get(text)
        return _native(translation) if translation else tr(text)

    return translated


def catalogue(name, folder=_FOLDER):
    """All of a language's texts by their English ones; for hosts with translations of their own.

    Texts not yet translated are left out.
    """
    return dict(_catalogue(folder, known(name)))


def known(name):
    """The one of `LANGUAGES` that a host's or the environment's `name` means, or "en"."""
    parts = name.split(".")[0].split("@")[0].replace("-", "_").split("_")
    base = parts[0].lower()
    if base == "zh":
        region = {part.lower() for part in parts[1:]}
        return "en" if region & {"tw", "hk", "mo", "hant"} else "zh_CN"
    for code, _name in LANGUAGES:
        if code.split("_")[0] == base:
            return code
    return "en"


def _environment():
    """The user's language where no host says one."""
    for variable in _VARIABLES:
        # LANGUAGE may name several, best first.
        for name in os.environ.get(variable, "").split(":"):
            if name and name.split(".")[0] in ("C", "POSIX"):
                return "en"
            if name and (known(name) != "en" or name.startswith("en")):
                return known(name)
    try:
        name = locale.getlocale()[0] or ""
    except (ValueError, TypeError):  # names that this Python does not know
        name = ""
    return known(_WINDOWS.get(name.split("_")[0], name))


_WINDOWS = {
    "German": "de",
    "Spanish": "es",
    "French": "fr",
    "Italian": "it",
    "Japanese": "ja",
    "Portuguese": "pt_BR",
    "Russian": "ru",
    "Chinese (Simplified)": "zh_CN",
}
"""What Windows calls the languages, where Python hands that over."""


def _catalogue(folder, name):
    key = (folder, name)
    if key not in _catalogues:
        _catalogues[key] = _loaded(os.path.join(folder, name + ".po"))
    return _catalogues[key]


def _loaded(path):
    try:
        with io.open(path, encoding="utf-8") as file:
            return read_po(file.read())
    except (IOError, OSError, ValueError, SyntaxError):
        return {}  # a plug-in without its translations still works


def read_po(text):
    """The translated texts of a .po file, by their English ones. Fuzzy ones are left out.

    Raises ValueError or SyntaxError for what is no .po file.
    """
    texts = {}
    entry = _Entry()
    for line in text.splitlines() + [""]:
        line = line.strip()
        if line.startswith("#,") and "fuzzy" in line:
            entry.fuzzy = True
        elif line.startswith(("msgid ", "msgstr ")):
            field, line = line.split(" ", 1)
            if field == "msgid" and "msgstr" in entry.fields:
                entry.keep(texts)
                entry = _Entry()
            entry.field = field
            entry.fields[field] = _unquoted(line)
        elif line.startswith('"'):
            if entry.field is None:
                raise ValueError("a text that belongs to nothing")
            entry.fields[entry.field] += _unquoted(line)
        elif not line:
            entry.keep(texts)
            entry = _Entry()
        elif not line.startswith("#"):
            raise ValueError("not understood: " + line)
    return texts


class _Entry(object):
    """What has been read of one entry."""

    def __init__(self):
        self.fuzzy, self.field, self.fields = False, None, {}

    def keep(self, texts):
        """Puts the entry among those that are found, unless it is the header or has no text."""
        key, value = self.fields.get("msgid"), self.fields.get("msgstr")
        if key and value and not self.fuzzy:
            texts[key] = value


def _unquoted(text):
    """The text of one quoted line. Its escapes are those of Python's own literals."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise ValueError("not quoted: " + text)
    return ast.literal_eval("u" + text)


def _native(text):
    """`text` as this Python's `str`, which in Python 2.7 is bytes."""
    return text if isinstance(text, str) else text.encode("utf-8")
