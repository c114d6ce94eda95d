# SPDX-License-Identifier: Apache-2.0
"""`python -m tools.messages`: the catalogues of translations, kept in step with the sources.

    python -m tools.messages update [DOMAIN ...]   new texts in, old ones out, translations kept
    python -m tools.messages check [DOMAIN ...]    what is missing or broken; status 1 if anything

A domain is one folder of .po files, one a language. Texts are what stands in `_("...")`, `N_` and
`tr`, and both sentences of a `Problem`; of Blender's also what it shows by itself: labels, tooltips
of operators, names and descriptions of properties. A host's domain leaves out what the kit's has:
there it is looked up. The command line's are what the help of its commands shows, and
argparse's messages.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import functools
import importlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mattebrush.cli import command_line
from mattebrush.cli.translation import ERRORS, LOCALE, SEE_HELP, HelpFormatter
from mattebrush.models import catalog

from .lock import ROOT

_CLIENT = ROOT / "plugins" / "client"
_ARGUMENTS = {"_": 1, "N_": 1, "tr": 1, "Problem": 2}
"""Name of a function -> how many of its first arguments are texts."""

_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+ #0-9.]*[diouxXeEfFgGcrs%]|\{\w*[^{}]*\}")


@dataclasses.dataclass(frozen=True)
class Domain:
    """One set of catalogues.

    name: as on the command line. sources: folder with the Python files whose texts it has. locale:
    folder of the .po files. mnemonic: the character that marks a text's access key, or "".
    """

    name: str
    sources: Path
    locale: Path
    mnemonic: str = ""


def _host(name: str, mnemonic: str = "") -> Domain:
    sources = ROOT / "plugins" / name / "mattebrush"
    return Domain(name, sources, sources / "locale", mnemonic)


DOMAINS = {
    domain.name: domain
    for domain in (
        Domain("kit", _CLIENT, _CLIENT / "mattebrush_kit" / "locale"),
        _host("gimp", "_"),
        _host("krita", "&"),
        _host("blender"),
        Domain("cli", LOCALE.parent, LOCALE),
    )
}


def main(arguments: list[str] | None = None) -> int:
    """Updates or checks; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tools.messages", description=__doc__)
    parser.add_argument("what", choices=("update", "check"))
    parser.add_argument("domains", nargs="*", metavar="DOMAIN", help=f"of {', '.join(DOMAINS)}")
    args = parser.parse_args(arguments)
    names = args.domains or [name for name, domain in DOMAINS.items() if domain.locale.is_dir()]
    problems: list[str] = []
    for domain in [DOMAINS[name] for name in names]:
        if args.what == "update":
            update(domain)
        else:
            problems += check(domain)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def languages() -> list[str]:
    """The languages that there are catalogues of."""
    return [code for code, _name in _kit_languages().LANGUAGES]


def messages(domain: Domain) -> dict[str, list[str]]:
    """The texts of a domain in the order of the sources, each with the files that have it."""
    if domain.name == "cli":
        return {text: [] for text in (*help_texts(), *ERRORS, SEE_HELP)}
    sources: dict[str, list[str]] = {}
    for path in sorted(domain.sources.rglob("*.py")):
        name = _relative(path)
        source = path.read_text("utf-8")
        displayed = blender_texts(source) if domain.name == "blender" else ()
        for text in [*texts(source), *displayed]:
            if name not in sources.setdefault(text, []):
                sources[text].append(name)
    if domain.name == "kit":
        for row in catalog.rows().values():
            sources.setdefault(row.best_at, []).append(_relative(catalog.CATALOG))
        return {text: list(dict.fromkeys(names)) for text, names in sources.items()}
    shared = messages(DOMAINS["kit"])
    return {text: names for text, names in sources.items() if text not in shared}


def texts(source: str) -> Iterator[str]:
    """The texts that a module marks for translation, in their order."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else name
        for argument in call.args[: _ARGUMENTS.get(name, 0)]:
            yield from _text(argument)


def blender_texts(source: str) -> Iterator[str]:
    """What Blender shows of a module by itself: labels of classes, tooltips of operators (their
    docstrings), names and descriptions of properties."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            names = {
                target.id: each.value
                for each in node.body
                if isinstance(each, ast.Assign)
                for target in each.targets
                if isinstance(target, ast.Name)
            }
            if "bl_label" in names:
                yield from _text(names["bl_label"])
            if "_OT_" in node.name:
                yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Call) and _is_property(node.func):
            for each in node.keywords:
                if each.arg in ("name", "description"):
                    yield from _text(each.value)


def _is_property(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr.endswith("Property")


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def help_texts() -> list[str]:
    """What the help of all commands shows, in its order, argparse's own words among it."""
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    parsers = [command_line.parser()]
    for parser in parsers:  # which grows on the way
        parser.formatter_class = functools.partial(HelpFormatter, translate=note)
        parser.format_help()
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
    return list(dict.fromkeys(texts))


def update(domain: Domain) -> None:
    """Rewrites a domain's catalogues for the texts that there are now."""
    domain.locale.mkdir(parents=True, exist_ok=True)
    wanted = messages(domain)
    for language in languages():
        path = domain.locale / f"{language}.po"
        known = _read(path) if path.exists() else {}
        path.write_text(_po(language, wanted, known), encoding="utf-8")


def check(domain: Domain) -> list[str]:
    """What is missing or broken in a domain's catalogues, a sentence each."""
    problems = []
    wanted = messages(domain)
    for language in languages():
        path = domain.locale / f"{language}.po"
        where = _relative(path)
        if not path.exists():
            problems.append(f"{where}: there is none.")
            continue
        known = _read(path)
        problems += [f"{where}: not translated: {text!r}" for text in wanted if text not in known]
        problems += [f"{where}: no longer used: {text!r}" for text in known if text not in wanted]
        for text, translated in known.items():
            problems += [f"{where}: {each}" for each in broken(text, translated, domain.mnemonic)]
    return problems


def broken(text: str, translated: str, mnemonic: str = "") -> list[str]:
    """What a translation lost of its text: placeholders, ends, access keys."""
    problems = []
    if _placeholders(text) != _placeholders(translated):
        problems.append(f"other placeholders: {text!r} -> {translated!r}")
    for end in ("...", "\n", ":", " "):
        if text.endswith(end) != translated.replace("：", ":").endswith(end):
            problems.append(f"other end: {text!r} -> {translated!r}")
            break
    if mnemonic and _keys(text, mnemonic) != _keys(translated, mnemonic):
        problems.append(f"other access keys: {text!r} -> {translated!r}")
    return problems


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _placeholders(text: str) -> list[str]:
    """Those of a text; named ones in any order, as a translation may change it."""
    placeholders = _PLACEHOLDER.findall(text)
    return (
        sorted(placeholders)
        if all("(" in each or "{" in each for each in placeholders)
        else placeholders
    )


def _keys(text: str, mnemonic: str) -> int:
    return len(re.findall(re.escape(mnemonic) + r"\w", text.replace(mnemonic * 2, "")))


def _po(language: str, wanted: dict[str, list[str]], known: dict[str, str]) -> str:
    header = f"Language: {language}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
    header += "Content-Transfer-Encoding: 8bit\n"
    blocks = [f'# SPDX-License-Identifier: Apache-2.0\nmsgid ""\nmsgstr ""\n{_lines(header)}']
    for text, names in wanted.items():
        flags = "#, python-format\n" if "%" in text else ""
        places = "".join(f"#: {name}\n" for name in names)
        blocks.append(
            f"{places}{flags}msgid {_quoted(text)}\nmsgstr {_quoted(known.get(text, ''))}"
        )
    return "\n\n".join(blocks) + "\n"


def _lines(text: str) -> str:
    return "\n".join(_quoted(line) for line in text.splitlines(keepends=True))


def _quoted(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def _read(path: Path) -> dict[str, str]:
    translations: dict[str, str] = _kit_languages().read_po(path.read_text("utf-8"))
    return translations


def _kit_languages() -> Any:
    """The module that plug-ins read catalogues with."""
    with _on_path(_CLIENT):
        return importlib.import_module("mattebrush_kit.languages")


class _on_path:  # noqa: N801 - used as a statement
    """Modules in a folder can be imported inside the block."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def __enter__(self) -> None:
        sys.path.insert(0, self._folder)

    def __exit__(self, *_error: Iterable[object]) -> None:
        sys.path.remove(self._folder)


if __name__ == "__main__":
    sys.exit(main())
