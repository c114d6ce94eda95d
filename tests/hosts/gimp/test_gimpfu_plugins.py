# SPDX-License-Identifier: Apache-2.0
"""Plug-ins as they were written for GIMP 2.4 to 2.10, unchanged there and ported to GIMP 3."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mattebrush.cli import main
from tests.hosts.gimp.gimpfu_compare import compared
from tests.hosts.gimp.gimphost import INSIDE, Gimp

pytestmark = pytest.mark.hosts
NAMES = ("effects", "pixels", "files", "scenes", "classes", "dialogs", "words")
Results = dict[tuple[str, str], dict[str, Any]]


def results(gimp: Gimp, **variables: str) -> Results:
    """What each of their calls gave and left."""
    for name in NAMES:
        # They lie here as text, since no tool of today can read Python 2.
        old = gimp.folder / f"{name}.py"
        old.write_bytes((INSIDE / "python2" / f"{name}.py.txt").read_bytes())
        if gimp.old:
            gimp.install_plugin(old, name)
        elif not (gimp.config / "plug-ins" / name).exists():
            # 1: something for the author to look at, such as a procedure that is nowhere.
            target = str(gimp.config / "plug-ins")
            assert main(["gimpfu", "port", str(old), "--output-dir", target]) in (0, 1)
    gimp.run(INSIDE / "gimpfu_plugins.py", 900, None, **variables)
    lines = (gimp.folder / "plugins.json").read_text().splitlines()
    return {(one["name"], one["kind"]): one for one in map(json.loads, lines)}


def check(real: Results, ours: Results, count: int) -> None:
    """All of them work in 2.10, and give the same with ours."""
    assert {key: one["text"] for key, one in real.items() if "error" in one} == {}
    assert len(real) >= count
    found = {(one.name, one.kind): one.difference for one in compared(real, ours)}
    assert {key: difference for key, difference in found.items() if difference} == {}


def test_ported_plugins_give_the_same(gimp210: Gimp, gimp3: Gimp) -> None:
    check(results(gimp210, FAST="1"), results(gimp3, FAST="1"), 11)


@pytest.mark.slow
def test_all_ported_plugins_in_both_gimps_3(gimp210: Gimp, gimp3: Gimp, gimp32: Gimp) -> None:
    real = results(gimp210)
    check(real, results(gimp3), 70)
    check(real, results(gimp32), 70)
