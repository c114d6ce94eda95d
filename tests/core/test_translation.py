# SPDX-License-Identifier: Apache-2.0
"""The help of commands follows the user's language; what programs read stays English."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata

import pytest

from mattebrush.cli import translation


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
