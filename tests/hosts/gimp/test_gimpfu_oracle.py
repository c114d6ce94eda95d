# SPDX-License-Identifier: Apache-2.0
"""Hundreds of calls, made in the real GIMP 2.10 with its gimpfu and in GIMP 3 with ours."""

from __future__ import annotations

import pytest

from tests.hosts.gimp.gimpfu_compare import KNOWN, Compared, compared, record
from tests.hosts.gimp.gimphost import Gimp

pytestmark = pytest.mark.hosts


def differing(results: list[Compared]) -> dict[str, str]:
    return {f"{one.name}, {one.kind}": one.difference for one in results if one.difference}


def unknown(results: list[Compared]) -> dict[str, str]:
    """What differs for no reason that is written down; procedures that are gone say so."""
    unexplained = [one for one in results if not one.missing and one.name not in KNOWN]
    return differing(unexplained)


def test_scripts_leave_the_same_images(gimp210: Gimp, gimp3: Gimp) -> None:
    """What plug-ins do in several steps, on images with alpha."""
    wanted = {"GROUPS": "SCRIPTS", "KINDS": "rgba"}
    results = compared(record(gimp210, **wanted), record(gimp3, **wanted))
    assert len(results) > 20
    assert unknown(results) == {}


def test_procedures_give_the_same(gimp210: Gimp, gimp3: Gimp) -> None:
    """Every procedure of the table once, on the kind of image that most are for."""
    wanted = {"GROUPS": "COLOR EDIT SELECT ITEMS CONTEXT", "KINDS": "rgba"}
    results = compared(record(gimp210, **wanted), record(gimp3, **wanted))
    assert len(results) > 250
    assert unknown(results) == {}


@pytest.mark.slow
def test_every_call_on_every_kind_of_image(gimp210: Gimp, gimp3: Gimp) -> None:
    results = compared(record(gimp210), record(gimp3))
    assert len(results) > 2000
    assert unknown(results) == {}
