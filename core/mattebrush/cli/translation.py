# SPDX-License-Identifier: Apache-2.0
"""The help of commands, and what argparse says of a wrong one, in the user's language. Messages of
runs are the engine's, in English.

Catalogs are `locale/LANGUAGE.po`, read as they lie; `python -m tools.messages` keeps them in step.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import locale
import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).with_name("locale")

SEE_HELP = "See `%s --help`."
ERRORS = (
    "the following arguments are required: %s",
    "one of the arguments %s is required",
    "unrecognized arguments: %s",
    "ambiguous option: %s could match %s",
    "argument %s: expected one argument",
    "argument %s: expected at least one argument",
    "argument %s: expected %s arguments",
    "argument %s: invalid choice: %s (choose from %s)",
    "argument %s: invalid %s value: %s",
    "argument %s: not allowed with argument %s",
    "argument %s: ignored explicit argument %s",
)
"""argparse's own messages, as it words them."""

_ENTRY = re.compile(r'^msgid (".*")\nmsgstr (".+")$', re.MULTILINE)
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def translated(text: str) -> str:
    """A text of the help in the user's language; in English where there is no translation.

    Parameters
    ----------
    text : str
        The English one.

    Returns
    -------
    str
        The translation.
    """
    return _catalog(_language()).get(text) or text


def error(message: str) -> str:
    """One of argparse's messages in the user's language; any other as it is.

    Parameters
    ----------
    message : str
        As argparse made it, with its values in it.

    Returns
    -------
    str
        The translation, with the same values.
    """
    for template in ERRORS:
        pattern = re.escape(template).replace("%s", "(.+?)")
        if match := re.fullmatch(pattern, message, re.DOTALL):
            return translated(template) % match.groups()
    return message


@cache
def _catalog(language: str) -> dict[str, str]:
    path = LOCALE / f"{language}.po"
    if not language or not path.is_file():
        return {}
    entries = _ENTRY.findall(path.read_text("utf-8"))
    return {json.loads(text): json.loads(translation) for text, translation in entries}


@cache
def _language() -> str:
    """The catalog's name for the user's language, "" for English and those without one."""
    for variable in _VARIABLES:
        for name in os.environ.get(variable, "").split(":"):  # LANGUAGE may name several
            plain = name.split(".")[0].split("@")[0]
            if plain in ("C", "POSIX") or plain.startswith("en"):
                return ""
            if plain and (known := _known(plain)):
                return known
    return _known(_system_language())


def _known(name: str) -> str:
    """`de` for de_AT, `zh_CN` for zh_Hans_SG, "" for zh_TW, whose script is another."""
    base, _, region = name.replace("-", "_").partition("_")
    if base == "zh" and set(region.lower().split("_")) & {"tw", "hk", "mo", "hant"}:
        return ""
    for path in sorted(LOCALE.glob("*.po")):
        if path.stem.partition("_")[0] == base:
            return path.stem
    return ""


def _system_language() -> str:
    """What Windows is set to; elsewhere the environment has said it."""
    if os.name != "nt":
        return ""
    windows: Any = ctypes
    return locale.windows_locale.get(windows.windll.kernel32.GetUserDefaultUILanguage(), "")


class HelpFormatter(argparse.HelpFormatter):
    """argparse's own, in the user's language.

    Parameters
    ----------
    prog : str
        The command, as argparse passes it.
    translate : Callable
        From the English text to the one that is shown.
    **settings : Any
        argparse's further ones.
    """

    def __init__(
        self, prog: str, translate: Callable[[str], str] = translated, **settings: Any
    ) -> None:
        super().__init__(prog, **settings)
        self._translate = translate

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """As argparse's.

        Parameters
        ----------
        usage, actions, groups : Any
            As there.
        prefix : str or None, optional
            What stands before it; "usage: " in the user's language.
        """
        prefix = self._translate("usage: ") if prefix is None else prefix
        super().add_usage(usage, actions, groups, prefix)

    def start_section(self, heading: str | None) -> None:
        """As argparse's.

        Parameters
        ----------
        heading : str or None
            The English one.
        """
        super().start_section(self._translate(heading) if heading else heading)

    def add_text(self, text: str | None) -> None:
        """As argparse's.

        Parameters
        ----------
        text : str or None
            The English one.
        """
        hidden = text is None or text == argparse.SUPPRESS
        super().add_text(text if hidden else self._translate(str(text)))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return self._translate(action.help) if action.help else action.help

    def _split_lines(self, text: str, width: int) -> list[str]:
        return super()._split_lines(text, _characters(text, width))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return super()._fill_text(text, _characters(text, width), indent)


def _characters(text: str, cells: int) -> int:
    """How many of the text's characters go into so many cells: those of East Asia take two."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return max(11, cells * len(text) // (len(text) + wide)) if text else cells
