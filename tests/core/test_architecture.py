# SPDX-License-Identifier: Apache-2.0
"""Arrows run one way: no module of the engine reaches itself through its imports, the engine knows
none of its users, and inside it the lower rooms know none of the upper ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "core" / "mattebrush"
SERVER = ROOT / "server" / "mattebrush_server"

PACKAGES = [
    ENGINE,
    SERVER,
    *(ROOT / "plugins" / "client" / name for name in ("mattebrush_kit", "mattebrush_setup")),
    ROOT / "plugins" / "gimp" / "gimpfu",
    *(ROOT / name for name in ("bench", "tools", "training")),
]

LOWER = {
    "imaging": {"cutout", "errors"},
    "raster": {"errors", "extras", "imaging", "atomic", "paths"},
    "models": {"errors", "atomic", "paths", "cutout", "_version", ""},
}
"""What a room of the engine may import besides itself; "" is the package's own __init__."""


def modules(package: Path) -> dict[str, Path]:
    """Dotted name to file."""
    results = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        results[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return results


def imports(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """What a module imports when it is loaded or when its functions run, not for types alone."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner_name = f"{base}.{alias.name}"
                yield inner_name if inner_name in known else base


def circles(known: dict[str, Path]) -> list[list[str]]:
    """Strongly connected modules, more than one each (Tarjan, 1972)."""
    graph = {
        name: {
            target for target in imports(name, path, known) if target in known and target != name
        }
        for name, path in known.items()
    }
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    results: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in graph[name]:
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                results.append(sorted(stack[at:]))
            del stack[at:]

    for name in graph:
        if name not in index:
            visit(name)
    return results


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_reaches_itself(package: Path) -> None:
    assert circles(modules(package)) == []


@pytest.mark.parametrize("host", ["blender", "krita"])
def test_no_module_of_a_plug_in_reaches_itself(host: str) -> None:
    """As it is packed: with the client and the kit inside it."""
    known = modules(ROOT / "plugins" / host / "mattebrush")
    client = ROOT / "plugins" / "client"
    for package in ("mattebrush_kit", "mattebrush_setup"):
        inside = modules(client / package)
        known |= {f"mattebrush.{name}": path for name, path in inside.items()}
    known["mattebrush.mattebrush_client"] = client / "mattebrush_client.py"
    assert circles(known) == []


def test_no_module_of_gimps_plug_in_reaches_itself() -> None:
    """There all modules lie side by side."""
    folder = ROOT / "plugins" / "gimp" / "mattebrush"
    assert circles({path.stem: path for path in folder.glob("*.py")}) == []


def test_a_circle_would_be_found(tmp_path: Path) -> None:
    package = tmp_path / "loop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("def f():\n    from . import b\n")
    (package / "b.py").write_text("from .c import thing\n")
    (package / "c.py").write_text("import loop.a\n")
    assert circles(modules(package)) == [["loop.a", "loop.b", "loop.c"]]


def test_the_engine_knows_none_of_its_users() -> None:
    known = modules(ENGINE)
    users = {"mattebrush_server", "mattebrush_client", "training", "bench", "tests", "plugins"}
    reached = {
        (name, target.split(".")[0])
        for name, path in known.items()
        for target in imports(name, path, known)
    }
    assert {pair for pair in reached if pair[1] in users} == set()


@pytest.mark.parametrize("room", LOWER)
def test_a_lower_room_knows_none_of_the_upper_ones(room: str) -> None:
    known = modules(ENGINE)
    reached = {
        target.removeprefix("mattebrush").lstrip(".").split(".")[0]
        for name, path in known.items()
        if name.startswith(f"mattebrush.{room}")
        for target in imports(name, path, known)
        if target.split(".")[0] == "mattebrush"
    }
    assert reached - {room} <= LOWER[room]
