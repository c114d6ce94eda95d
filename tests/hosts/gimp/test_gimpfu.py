# SPDX-License-Identifier: Apache-2.0
"""The same plug-in and the same walk through the API, under real gimpfu and under ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.hosts.gimp.gimphost import INSIDE, Gimp

pytestmark = pytest.mark.hosts


def walk(gimp: Gimp) -> dict[str, Any]:
    gimp.run(INSIDE / "gimpfu_walk.py")
    return json.loads((gimp.folder / "walk.json").read_text())


def nearly(real: Any, ours: Any) -> bool:
    """Equal, but for one step of rounding in a pixel of a filter's."""
    if isinstance(real, list) and isinstance(ours, list):
        same_length = len(real) == len(ours)
        return same_length and all(nearly(*pair) for pair in zip(real, ours, strict=True))
    if isinstance(real, int) and isinstance(ours, int):
        return abs(real - ours) <= 1
    return bool(real == ours)


def test_both_gimps_give_the_same(gimp210: Gimp, gimp3: Gimp) -> None:
    real, ours = walk(gimp210), walk(gimp3)
    assert len(real) > 150
    assert set(ours) == set(real)
    different = [name for name in real if real[name] != ours[name]]
    assert [name for name in different if name != "levels: layer"] == []
    assert nearly(real["levels: layer"], ours["levels: layer"])


def test_what_gimp_3_cannot_do_is_named(gimp3: Gimp) -> None:
    output = gimp3.run(INSIDE / "gimpfu_gone.py")
    assert "pdb.plug_in_ccanalyze is not available in GIMP 3." in output
    assert "gimp.install_temp_proc is not available in GIMP 3. Use register()." in output
    assert "Item.linked is not available in GIMP 3. Select several layers instead." in output
