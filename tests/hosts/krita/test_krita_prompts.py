# SPDX-License-Identifier: Apache-2.0
"""Selections as prompts: the plug-in's own module, which needs no Krita."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import numpy as np
import pytest

from tests.hosts.krita.kritahost import REPOSITORY


@pytest.fixture(scope="module")
def prompts() -> ModuleType:
    path = REPOSITORY / "plugins/krita/mattebrush/prompts.py"
    spec = importlib.util.spec_from_file_location("prompts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_spots_are_points_and_areas_are_boxes(prompts: ModuleType) -> None:
    selection = np.zeros((300, 400), np.uint8)
    selection[10:13, 20:24] = 255
    selection[50:150, 100:220] = 255
    selection[80:100, 140:180] = 0  # a hole makes no second area
    result = prompts.prompt(selection.tobytes(), 400, 300)
    assert result == {"points": [[22.0, 11.5, 1]], "boxes": [[100, 50, 220, 150]]}


def test_arms_that_meet_further_down_are_one_area(prompts: ModuleType) -> None:
    selection = np.zeros((100, 100), np.uint8)
    selection[10:60, 10:20] = selection[10:60, 40:50] = selection[60:65, 10:50] = 200
    assert prompts.prompt(selection.tobytes(), 100, 100) == {"boxes": [[10, 10, 50, 65]]}


def test_nothing_selected_is_no_prompt(prompts: ModuleType) -> None:
    assert prompts.prompt(bytes(6), 3, 2) == {}
    assert prompts.prompt(bytes([127] * 6), 3, 2) == {}  # less than half selected


def test_a_thousand_specks_are_one_box(prompts: ModuleType) -> None:
    selection = np.zeros((200, 200), np.uint8)
    selection[20:180:5, 30:170:5] = 255
    assert prompts.prompt(selection.tobytes(), 200, 200) == {"boxes": [[30, 20, 166, 176]]}
