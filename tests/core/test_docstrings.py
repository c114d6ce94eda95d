# SPDX-License-Identifier: Apache-2.0
"""Every public function of the engine says its parameters and what it returns, as numpydoc does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[2] / "core" / "mattebrush"

FILES = [
    path.relative_to(ENGINE).as_posix()
    for path in sorted(ENGINE.rglob("*.py"))
    if not path.relative_to(ENGINE).as_posix().startswith("plugins/files/")
]

_SECTION = r"\n{name}\n-+\n(.*?)(?=\n\n|\Z)"


def _public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node.body)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            marks = {ast.unparse(mark) for mark in node.decorator_list}
            command = node.name == "add_parser"  # one shape: `cli.command_line.Subparsers`
            if not command and not marks & {"property", "functools.cached_property", "overload"}:
                yield node


def lacking(function: ast.FunctionDef) -> list[str]:
    """What a function's docstring does not say."""
    text = ast.get_docstring(function) or ""
    arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    wanted = [each.arg for each in arguments if each.arg not in ("self", "cls")]
    match = re.search(_SECTION.format(name="Parameters"), text, re.DOTALL)
    heads = re.findall(r"^(\*?\w[\w, *]*) ?(?::|$)", match[1] if match else "", re.MULTILINE)
    named = [name.strip(" *") for head in heads for name in head.split(",")]
    problems = [name for name in wanted if name not in named]
    rest = function.args.vararg
    known = [*wanted, rest.arg] if rest else wanted
    problems += [f"{name}, which is no parameter" for name in named if name not in known]
    returned = ast.unparse(function.returns) if function.returns else "None"
    gives = returned not in ("None", "Iterator[None]", "NoReturn")
    if gives and not re.search(r"\n(Returns|Yields)\n-+\n\S", text):
        problems.append("what it returns")
    return problems


@pytest.mark.parametrize("file", FILES)
def test_every_public_function_says_what_it_takes_and_gives(file: str) -> None:
    tree = ast.parse((ENGINE / file).read_text("utf-8"))
    problems = {
        f"{function.name} (line {function.lineno})": message
        for function in _public(tree.body)
        if (message := lacking(function))
    }
    assert problems == {}


def test_what_is_lacking_is_seen() -> None:
    (function,) = ast.parse('def f(a, b) -> int:\n    """Does.\n\n    a: it.\n    """').body
    assert isinstance(function, ast.FunctionDef)
    assert lacking(function) == ["a", "b", "what it returns"]
