# SPDX-License-Identifier: Apache-2.0
"""GIMP's language is followed; that no text is missing in any is tests/tools/test_messages.py's."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from tests.hosts.gimp.gimphost import GIMPFU, INSIDE, REPOSITORY, VERSIONS, Gimp

pytestmark = pytest.mark.hosts


@pytest.fixture(scope="module")
def kit() -> Any:
    sys.path.insert(0, str(REPOSITORY / "plugins" / "client"))
    try:
        return importlib.import_module("mattebrush_kit")
    finally:
        sys.path.pop(0)


@pytest.mark.parametrize("version", ["3.0", "2.10"])
def test_german(version: str, kit: Any, request: pytest.FixtureRequest) -> None:
    gimp: Gimp = request.getfixturevalue(VERSIONS[version])
    german = kit.languages.catalogue("de", str(GIMPFU / "mattebrush" / "locale"))
    output = gimp.run(INSIDE / "no_layer.py", LANGUAGE="de")
    assert german["The image has no layer. Add one first."] in output
