# SPDX-License-Identifier: Apache-2.0
"""Makes a GIMP 2.10 Python plug-in ready for GIMP 3: the folder, the library, Python 3, a report.

`port` writes DIR/NAME/NAME.py with the gimpfu library beside it. What GIMP 3 has no counterpart
for stays in the file and is reported by its line.
"""

from __future__ import annotations

import ast
import dataclasses
import io
import re
import shutil
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputInvalid, OutputUnwritable
from .packages import sources

_SHEBANG = "#!/usr/bin/env python3"
_LIBRARY = "gimpfu"
_DIVISION = "old_division"
_TEXT = "old_text"
_PROCEDURE = re.compile(r"\bpdb\s*(?:\.\s*(\w+)|\[\s*['\"]([\w-]+)['\"]\s*\])")
_PDB_METHODS = {"query", "has_key"}
_GTK = re.compile(r"^\s*(?:import|from)\s+(gimpui|gimpthumb|gtk\.glade|cairo|vte)\b")
_ATTRIBUTES = {
    "install_temp_proc": "declare procedures with register()",
    "uninstall_temp_proc": "declare procedures with register()",
    "progress_install": "GIMP 3 shows the progress itself",
}
_ATTRIBUTE = re.compile(r"\bgimp\s*\.\s*(\w+)")
_GI = re.compile(r"^\s*(?:import|from)\s+gi\b", re.MULTILINE)
_PYTHON_2 = re.compile(
    r"^\s*print\s*>>|\b(?:xrange|raw_input|basestring|unichr|unicode|reduce|file|map|filter)\s*\("
    r"|\.(?:has_key|iteritems|iterkeys|itervalues)\(|\bimport (?:urllib2|ConfigParser|StringIO)\b",
    re.MULTILINE,
)
"""What Python 3 can read but does not understand as Python 2 did."""
_NO_CONVERTER = (
    "this is a Python 2 plug-in, and this Python has no converter."
    " Install one: pip install fissix (with pipx: pipx inject mattebrush fissix)."
)
_INSTALLED = re.compile(r"\b(python_fu_|script_fu_|plug_in_|extension_|file_)")


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something in a ported plug-in that its author has to look at."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclasses.dataclass(frozen=True)
class Ported:
    """What `port` made: the plug-in's folder, what was changed in it, what is left to do."""

    folder: Path
    changes: tuple[str, ...]
    findings: tuple[Finding, ...]


def port(plugin: Path, output_dir: Path) -> Ported:
    """Writes a plug-in for GIMP 2.10 as one for GIMP 3.

    Parameters
    ----------
    plugin : Path
        The plug-in's file. Modules beside it that it imports come along.
    output_dir : Path
        Where the plug-in's folder is made; GIMP's own folder `plug-ins` will do.

    Returns
    -------
    Ported
        The folder, the changes, and the lines that need the author.

    Raises
    ------
    InputInvalid
        The file is no Python, of neither version, or it cannot be read.
    OutputUnwritable
        The folder is there already, or cannot be made.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", plugin.stem).strip("-") or "plug-in"
    folder = output_dir / name
    if folder.exists():
        raise OutputUnwritable(f"{folder} is there already; move it away or choose another folder.")
    files = {f"{name}.py": plugin, **_neighbors(plugin)}
    changes: list[str] = []
    findings: list[Finding] = []
    texts = {}
    for target, source in files.items():
        texts[target], done = _converted(source)
        changes += [f"{target}: {one}" for one in done]
        findings += _findings(target, texts[target])
    try:
        folder.mkdir(parents=True)
        for target, text in texts.items():
            (folder / target).write_text(text, encoding="utf-8")
        (folder / f"{name}.py").chmod(0o755)
        _copy_library(folder)
    except OSError as error:
        raise OutputUnwritable(f"{folder} cannot be written: {error.strerror}.") from error
    changes.append(f"the library is in {folder / _LIBRARY}")
    return Ported(folder, tuple(changes), tuple(findings))


def _copy_library(folder: Path) -> None:
    library = sources() / "gimp" / _LIBRARY
    skipped = shutil.ignore_patterns("__pycache__", "README.md", "aliases")
    shutil.copytree(library, folder / _LIBRARY, ignore=skipped)
    for alias in (library / "aliases").glob("*.py"):
        shutil.copyfile(alias, folder / alias.name)


def _neighbors(plugin: Path) -> dict[str, Path]:
    """The modules beside a plug-in that it imports, by their names."""
    text = _read(plugin)
    imported = set(re.findall(r"^\s*(?:import|from)\s+(\w+)", text, re.MULTILINE))
    own = {path.name for path in (sources() / "gimp" / _LIBRARY / "aliases").glob("*.py")}
    modules = {}
    for word in sorted(imported):
        path = plugin.with_name(f"{word}.py")
        if path.is_file() and path.name not in own and path != plugin:
            modules[path.name] = path
    return modules


def _read(path: Path) -> str:
    """A Python file's text, in the encoding that it says. Raises InputInvalid."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputInvalid(f"{path} cannot be read: {error.strerror}.") from error
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        text = data.decode("latin-1")  # Python 2 took any bytes in comments and strings
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")


def _converted(path: Path) -> tuple[str, list[str]]:
    """The file as Python 3, and what was done to it."""
    text, done = _read(path), []
    mended = _without_coding(text)
    if not _is_python3(mended):
        converted = _python3(mended, path)
        if converted != mended:
            mended = converted
            done.append("Python 2 became Python 3")
        divided = _old_divisions(mended)
        if divided != mended:
            mended = divided
            done.append(f"divisions go through {_DIVISION}(), which divides as Python 2 did")
        decoded = _old_decoding(mended)
        if decoded != mended:
            mended = decoded
            done.append(f"decode() goes through {_TEXT}(), which takes text for what it is")
        if "setdefaultencoding" in mended and f"import {_TEXT}" not in mended:
            mended = _with_import(mended, _TEXT)  # the library brings it, and comes first
            done.append("sys.setdefaultencoding() changes nothing, since all is text")
    if mended.startswith("#!"):
        first, _, rest = mended.partition("\n")
        if first.strip() != _SHEBANG:
            mended = f"{_SHEBANG}\n{rest}"
            done.append(f"the first line was {first.strip()}")
    else:
        mended = f"{_SHEBANG}\n{mended}"
        done.append("a first line that names the interpreter")
    return mended, done


def _without_coding(text: str) -> str:
    """The text without a line that says another encoding than the one it will be written in."""
    lines = text.split("\n")
    for number, line in enumerate(lines[:2]):
        if re.match(r"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+", line):
            lines[number] = "# -*- coding: utf-8 -*-"
    return "\n".join(lines)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _is_python3(text: str) -> bool:
    """Whether it says so. What only can be read as Python 3 is not: GIMP 2.10's Python was 2.7,
    where `print >> out, 1 / 2` is a correct line, too, and means something else.
    """
    first = text.partition("\n")[0]
    is_marked = (first.startswith("#!") and "python3" in first) or _GI.search(text)
    return bool(is_marked) and _parses(text)


def _python3(text: str, path: Path) -> str:
    """Python 2 as Python 3. Raises InputInvalid where it is neither."""
    refactoring = _refactoring()
    if refactoring is None:
        if _parses(text) and not _PYTHON_2.search(text):
            return text
        raise InputInvalid(_NO_CONVERTER)
    text = _expanded(text) + ("" if text.endswith("\n") else "\n")
    fixers = refactoring.get_fixers_from_package(f"{refactoring.__package__}.fixes")
    tool = refactoring.RefactoringTool(fixers)
    try:
        converted = str(tool.refactor_string(text, str(path)))
    except Exception as error:  # the parser's own kinds, which have no name in common
        raise InputInvalid(f"{path} is neither Python 3 nor Python 2: {error}.") from error
    if not _parses(converted):
        raise InputInvalid(f"{path} does not become Python 3; convert it by hand first.")
    return converted


def _refactoring() -> Any:
    """lib2to3's refactoring, from the standard library or from its successor; None without."""
    import importlib
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for name in ("lib2to3", "fissix"):
            try:
                return importlib.import_module(f"{name}.refactor")
            except ImportError:
                continue
    return None


def _expanded(text: str) -> str:
    """Tabs at the beginnings of lines as Python 2 counted them."""
    return "\n".join(
        line[: len(line) - len(line.lstrip(" \t"))].expandtabs(8) + line.lstrip(" \t")
        for line in text.split("\n")
    )


def _old_divisions(text: str) -> str:
    """Divisions by `old_division`, since 5 / 2 was 2 in Python 2."""
    if re.search(r"^from __future__ import .*\bdivision\b", text, re.MULTILINE):
        return text
    tree = ast.parse(text)
    lines = text.split("\n")
    edits: list[tuple[int, int, int, str]] = []  # line, byte column, order, what to insert
    slashes: set[tuple[int, int]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _may_be_whole(node):
            slash = _slash(lines, node)
            if slash is None or node.end_lineno is None or node.end_col_offset is None:
                continue
            width = node.end_col_offset - node.col_offset
            edits.append((node.lineno, node.col_offset, -width, f"{_DIVISION}("))
            edits.append((node.end_lineno, node.end_col_offset, 0, ")"))
            slashes.add(slash)
    if not edits:
        return text
    return _with_import(_edited(lines, edits, slashes))


def _may_be_whole(node: ast.BinOp) -> bool:
    """Whether both sides may be whole numbers: not where one is written with a point."""
    return not any(
        (isinstance(side, ast.Constant) and isinstance(side.value, float))
        or (isinstance(side, ast.Call)
        and isinstance(side.func, ast.Name)
        and side.func.id == "float")
        for side in (node.left, node.right)
    )  # fmt: skip


def _slash(lines: list[str], node: ast.BinOp) -> tuple[int, int] | None:
    """(line, byte column) of a division's sign; None where a comment or line end is between."""
    end, start = node.left.end_lineno, node.right.lineno
    if end is None or end != start or node.left.end_col_offset is None:
        return None
    data = lines[end - 1].encode("utf-8")
    at = data.find(b"/", node.left.end_col_offset, node.right.col_offset)
    return (end, at) if at >= 0 else None


def _edited(
    lines: list[str], edits: list[tuple[int, int, int, str]], slashes: set[tuple[int, int]]
) -> str:
    """The lines with insertions, and commas for the division signs."""
    by_line: dict[int, list[tuple[int, int, str]]] = {}
    for line, column, order, text in edits:
        by_line.setdefault(line, []).append((column, order, text))
    for line in {one for one, _ in slashes} | set(by_line):
        data = lines[line - 1].encode("utf-8")
        pieces = [(column, order, text, 0) for column, order, text in by_line.get(line, [])]
        pieces += [(column, 1, ",", 1) for one, column in slashes if one == line]
        # Closing brackets stand before what opens at the same place.
        pieces.sort(key=lambda piece: (piece[0], piece[2] != ")", piece[1]))
        made, position = b"", 0
        for column, _, text, skipped in pieces:
            made += data[position:column] + text.encode("utf-8")
            position = column + skipped
        lines[line - 1] = (made + data[position:]).decode("utf-8")
    return "\n".join(lines)


def _old_decoding(text: str) -> str:
    """`x.decode(...)` by `old_text`: what was bytes in Python 2 is mostly text already."""
    starts = [0]
    for line in text.encode("utf-8").split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    data = text.encode("utf-8")
    edits: list[tuple[int, int, bytes]] = []  # from, to, what to put there
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        value = node.func.value
        if node.func.attr != "decode" or value.end_lineno is None or value.end_col_offset is None:
            continue
        end = starts[value.end_lineno - 1] + value.end_col_offset
        called = re.compile(rb"\s*\)*\s*\.\s*decode\s*\(").match(data, end)
        if called is None:
            continue
        brackets = called.group().partition(b".")[0]
        begin = starts[node.lineno - 1] + node.col_offset
        edits += [(begin, begin, f"{_TEXT}(".encode()), (end, called.end(), brackets + b", ")]
    if not edits:
        return text
    for begin, end, put in sorted(edits, reverse=True):
        data = data[:begin] + put + data[end:]
    return _with_import(data.decode("utf-8"), _TEXT)


def _with_import(text: str, name: str = _DIVISION) -> str:
    """The text with the import of a function of the library, below what must stand first."""
    lines = text.split("\n")
    at = 0
    body = ast.parse(text).body
    for node in body:
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (documents or future) or node.end_lineno is None:
            break
        at = node.end_lineno
    if not at:
        while at < len(lines) and lines[at].startswith("#"):
            at += 1
    lines.insert(at, f"from {_LIBRARY} import {name}")
    return "\n".join(lines)


def _findings(file: str, text: str) -> Iterator[Finding]:
    """What GIMP 3 has no counterpart for, line by line."""
    status = procedures()
    for number, line in enumerate(text.split("\n"), 1):
        code = line.partition("#")[0]
        for match in _PROCEDURE.finditer(code):
            name = (match.group(1) or match.group(2)).replace("_", "-")
            remark = _about_procedure(name, status)
            if remark:
                yield Finding(file, number, f"pdb.{name.replace('-', '_')}: {remark}")
        module = _GTK.match(code)
        if module:
            hint = "GIMP 3 has GTK 3, from gi.repository"
            yield Finding(file, number, f"{module.group(1)}: not in GIMP 3; {hint}")
        for match in _ATTRIBUTE.finditer(code):
            if match.group(1) in _ATTRIBUTES:
                hint = _ATTRIBUTES[match.group(1)]
                yield Finding(file, number, f"gimp.{match.group(1)}: not in GIMP 3; {hint}")
        if re.search(r"\.linked\s*=\s*(True|1)\b", code):
            yield Finding(file, number, ".linked: GIMP 3 selects several layers instead")


def _about_procedure(name: str, status: dict[str, str]) -> str | None:
    if name in status:
        return status[name] or None
    if name in _PDB_METHODS or name.startswith("-"):
        return None
    if _INSTALLED.match(name.replace("-", "_")):
        return "not one of GIMP 2.10's own; the plug-in that has it must be there for GIMP 3, too"
    return "neither GIMP 2.10 nor GIMP 3 has it"


def procedures() -> dict[str, str]:
    """GIMP 2.10's procedures: what to say of those that GIMP 3 has no counterpart for, else "".

    Returns
    -------
    dict[str, str]
    """
    path = sources() / "gimp" / _LIBRARY / "procedures.txt"
    names = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            names[name] = "GIMP 3 has no counterpart" if rest == "gone" else ""
    return names
