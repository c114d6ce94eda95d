# SPDX-License-Identifier: Apache-2.0
"""docs/models.md says what the catalog says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from mattebrush.models import catalog

DOCS = Path(__file__).parents[2] / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_models", DOCS / "make_models.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date() -> None:
    written = (DOCS / "models.md").read_text("utf-8")
    assert written == _generator().page(), "run: PYTHONPATH=core python docs/make_models.py"


def test_every_model_has_a_place_in_the_choice() -> None:
    purposes = set(_generator().PURPOSES)
    for row in catalog.rows().values():
        assert set(row.tags) <= purposes
