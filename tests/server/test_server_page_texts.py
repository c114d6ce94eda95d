# SPDX-License-Identifier: Apache-2.0
"""The page's words: every one is in every language, with its placeholders."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

import mattebrush_server
from mattebrush.shop import presets
from mattebrush_server import page_api

PAGE = Path(mattebrush_server.__file__).parent / "page"
LANGUAGES = sorted(path.stem for path in (PAGE / "locale").glob("*.po"))
NAMES = re.compile(r"(Amazon|eBay|Etsy|Shopify) \d+ × \d+|Mattebrush|Model|Feather")
_STRING = r'"((?:[^"\\]|\\.)+)"'


def texts() -> set[str]:
    """What stands in the page for people to read, in English."""
    page = "".join(path.read_text("utf-8") for path in sorted(PAGE.glob("*.html")))
    matches = re.findall(r"<\w+[^>]*\sdata-t(?:\s[^>]*)?>([^<]+)<", page)
    matches += re.findall(r'(?:title|aria-label)="([^"]+)"', page)
    matches = [html.unescape(text).strip() for text in matches]
    for name, pattern in {
        "*.js": rf"\bt\(\s*{_STRING}",
        "words.js": rf":\s*{_STRING}",
        "frame.js": rf"name: {_STRING}",
        "main.js": rf'\[{_STRING}, (?:null|BLURRED|"#)',
        "consent.js": rf"(?m)^  \w+: {_STRING}",
    }.items():
        for path in PAGE.glob(name):
            matches += re.findall(pattern, path.read_text("utf-8"))
    matches += [preset.title for preset in presets.own().values()]
    return {text.replace('\\"', '"') for text in matches}


def test_there_are_texts_and_languages() -> None:
    assert len(texts()) > 100 and len(LANGUAGES) >= 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_in_english(language: str) -> None:
    translated = page_api.texts(language)
    missing = [text for text in texts() if text not in translated and not NAMES.fullmatch(text)]
    assert missing == []
    for english, text in translated.items():
        assert text.strip()
        assert re.findall("%[sd]", english) == re.findall("%[sd]", text), english


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_server_gives_them(client: Any, language: str) -> None:
    answer = client.ask("GET", f"/page/texts-{language}.json", token=None)
    assert answer.status == 200 and answer.json()["Add pictures"]


@pytest.mark.parametrize("name", ("xx", "../en", "de_DE_x", "%2e%2e"))
def test_other_languages_are_not_there(client: Any, name: str) -> None:
    assert client.ask("GET", f"/page/texts-{name}.json", token=None).status in (401, 404)
