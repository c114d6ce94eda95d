# SPDX-License-Identifier: Apache-2.0
"""The dialog for a plug-in's parameters on a real screen: every PF_ type, last values, errors."""

from __future__ import annotations

import dataclasses
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.gimp.gimphost import INSIDE, Gimp, build
from tests.hosts.gimp.screen import Screen

pytestmark = pytest.mark.hosts

EXPECTED = {
    "integer": 42, "short": 300, "byte": 255, "float": 0.05, "string": "some text", "value": "7",
    "text": "two\nlines", "toggle": True, "slider": 100.0, "spinner": 3, "fraction": 0.5,
    "color": [200, 100, 50, 255], "gradient": "FG to BG (RGB)", "radio": "b", "option": 1,
    "file": "/etc/hostname", "filename": "/tmp/new.png", "dirname": "/no/such/folder",
    "image": "[Untitled]", "layer": "the layer", "channel": "the channel",
    "drawable": "the layer", "vectors": "the path",
}  # fmt: skip


@pytest.fixture
def gimp(tmp_path: Path) -> Gimp:
    made = Gimp(build("gimp3"), ("gimp-console-3.0", "--quit"), "3.0", tmp_path)
    made.install_plugin(INSIDE / "sample_types.py", "sample_types")
    interpreters = made.config / "interpreters"
    interpreters.mkdir(parents=True, exist_ok=True)
    (interpreters / "any.interp").write_text("python=/usr/bin/python3\n")
    (tmp_path / "runtime").mkdir()
    return dataclasses.replace(made)


def test_every_type_is_asked_for_and_remembered(gimp: Gimp) -> None:
    failures: list[AssertionError] = []

    def message(number: int) -> dict[str, Any]:
        return json.loads((gimp.folder / f"types-{number}.json").read_text())

    with Screen(gimp) as screen:

        def ask() -> None:
            try:
                gimp.run(INSIDE / "ask_types.py", 300, None, **screen.variables)
            except AssertionError as failure:
                failures.append(failure)

        asking = threading.Thread(target=ask)
        asking.start()
        screen.window("Types")
        screen.picture("types")
        screen.do("xdotool", "type", "four")
        screen.key("Return")
        # What is no number is refused, and the dialog stays.
        screen.window("Invalid input")
        screen.picture("refused")
        screen.key("Return")
        screen.wait(lambda: not screen.windows("Invalid input"), "the warning's end")
        screen.window("Types")
        screen.key("ctrl+a")
        screen.do("xdotool", "type", "42")
        screen.key("Return")
        screen.wait((gimp.folder / "types-1.json").exists, "the first answer")
        screen.window("Types")
        screen.key("Return")
        asking.join(120)
    assert failures == []
    first, second = message(1), message(2)
    assert {name: first[name] for name in EXPECTED} == EXPECTED
    assert first["font"] and first["brush"] and first["pattern"] and first["palette"]
    assert second == first
