# SPDX-License-Identifier: Apache-2.0
"""The help of commands follows the user's language; what programs read stays English."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata

import pytest

from mattebrush.cli import command_line, translation
from mattebrush.errors import OptionInvalid


def _help(*words: str, **variables: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in translation._VARIABLES}
    done = subprocess.run(
        [sys.executable, "-m", "mattebrush", *words, "--help"],
        env={**kept, "COLUMNS": "80", "PYTHONUTF8": "1", **variables},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"LANG": "de_AT.UTF-8"}, ("Aufruf: ", "Befehle:", "diese Hilfe zeigen")),
        ({"LANG": "C.UTF-8", "LANGUAGE": "xx:fr"}, ("usage : ", "commandes:", "afficher cette")),
        ({"LC_ALL": "ja_JP.UTF-8", "LANG": "de_DE"}, ("使い方: ", "コマンド:", "このヘルプ")),
        ({"LANG": "zh_TW.UTF-8"}, ("usage: ", "commands:", "show this help")),
        ({"LC_ALL": "C", "LANG": "de_DE"}, ("usage: ", "commands:", "show this help")),
        ({}, ("usage: ", "commands:", "show this help")),
    ],
)
def test_help_is_in_the_users_language(variables: dict[str, str], words: tuple[str, ...]) -> None:
    displayed = _help(**variables)
    assert [word for word in words if word not in displayed] == []


def test_values_stand_in_translations_and_lines_fit() -> None:
    displayed = _help("remove", LANG="zh_CN.UTF-8")
    assert "mattebrush-subject" in displayed and "%(" not in displayed
    explained = [line for line in displayed.splitlines() if re.match(r" {24}[^\[]", line)]
    assert explained
    for line in explained:
        wide = sum(unicodedata.east_asian_width(character) in "WF" for character in line)
        assert len(line) + wide <= 82, line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "remove: diese Angaben fehlen: IN. Siehe `mattebrush remove --help`."),
        (("a.jpg", "--nothing"), "unbekannte Angaben: --nothing. Siehe `mattebrush --help`."),
        (("a.jpg", "--model"), "Angabe --model: ein Wert fehlt. Siehe"),
        (("a.jpg", "--device", "tpu"), "Angabe --device: ungültige Wahl: 'tpu' (möglich sind "),
        (("a.jpg", "--feather", "soft"), "Angabe --feather: ungültiger Wert ("),
    ],
)
def test_what_argparse_says_is_in_the_users_language(
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(translation, "_language", lambda: "de")
    assert command_line.main(["remove", *words]) == OptionInvalid.exit_status
    assert said in capsys.readouterr().err


def test_other_messages_stay_as_they_are() -> None:
    assert translation.error("a sentence of our own") == "a sentence of our own"
