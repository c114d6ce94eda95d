# SPDX-License-Identifier: Apache-2.0
"""gimpfu by itself: its modules import each other one way only, and its facts agree."""

from __future__ import annotations

import ast
import graphlib
import re

from mattebrush.plugins.packages import sources

LIBRARY = sources() / "gimp" / "gimpfu"


def imported(text: str) -> set[str]:
    """The modules of the package that a module imports, within its functions too."""
    results: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names = [node.module] if node.module else [one.name for one in node.names]
            results.update(name for name in names if name and (LIBRARY / f"{name}.py").exists())
    return results


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {path.stem: imported(path.read_text()) for path in LIBRARY.glob("*.py")}
    assert len(graph) > 20
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_the_readme_names_every_module_and_the_version() -> None:
    readme = (LIBRARY / "README.md").read_text()
    modules = {path.stem for path in LIBRARY.glob("*.py")} - {"__init__"}
    assert modules <= set(re.findall(r"`(\w+)`", readme))
    version = re.search(r'^VERSION = "(.*)"$', (LIBRARY / "__init__.py").read_text(), re.MULTILINE)
    assert version and f"Version {version[1]}," in readme
