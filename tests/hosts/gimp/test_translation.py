# SPDX-License-Identifier: Apache-2.0
"""A catalogue put beside the plug-in changes its texts in both GIMPs."""

from __future__ import annotations

import ast
import re
import struct
from pathlib import Path

import pytest

from tests.hosts.gimp.gimphost import GIMPFU, INSIDE, Gimp

SOURCES = GIMPFU / "mattebrush"


def catalogue(texts: dict[str, str]) -> bytes:
    """A .mo file: counts, two tables of lengths and places, texts in order."""
    pairs = sorted((key.encode(), value.encode()) for key, value in texts.items())
    head, body, tables = 28, b"", ([], [])  # type: tuple[int, bytes, tuple[list[int], list[int]]]
    start = head + 16 * len(pairs)
    for column in (0, 1):
        for pair in pairs:
            tables[column].extend((len(pair[column]), start + len(body)))
            body += pair[column] + b"\0"
    count = len(pairs)
    numbers = [0x950412DE, 0, count, head, head + 8 * count, 0, 0, *tables[0], *tables[1]]
    return struct.pack(f"<{len(numbers)}I", *numbers) + body


def test_every_text_is_in_the_template() -> None:
    template = (SOURCES / "locale" / "mattebrush.pot").read_text()
    entries = re.findall(r"^msgid ((?:\".*\"\n)+)", template, re.MULTILINE)
    listed = {"".join(ast.literal_eval(line) for line in one.splitlines()) for one in entries}
    for path in SOURCES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_":
                (text,) = node.args
                assert ast.literal_eval(text) in listed, f"{path.name}: run xgettext again"


@pytest.mark.hosts
@pytest.mark.parametrize("version", ["3.0", "2.10"])
def test_german(version: str, request: pytest.FixtureRequest) -> None:
    gimp: Gimp = request.getfixturevalue({"3.0": "gimp3", "2.10": "gimp210"}[version])
    folder = gimp.config / "plug-ins/mattebrush/locale/de/LC_MESSAGES"
    folder.mkdir(parents=True)
    german = "Das Bild hat keine Ebene. Bitte erst eine hinzufügen."
    texts = {
        "": "Content-Type: text/plain; charset=UTF-8\n",
        "The image has no layer. Add one first.": german,
    }
    Path(folder / "mattebrush.mo").write_bytes(catalogue(texts))
    output = gimp.run(INSIDE / "no_layer.py", LANGUAGE="de")
    assert german in output
