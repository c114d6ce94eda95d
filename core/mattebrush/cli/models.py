# SPDX-License-Identifier: Apache-2.0
"""`mattebrush models list | info | pull | add | verify | selftest | remove`: words around them.

Nothing is downloaded unless `pull` is called by name and the license has been agreed to.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MattebrushError, ModelInvalid, ModelUnavailable, OptionInvalid
from ..models import catalog, store
from ..models.catalog import ModelRow
from ..options import DEVICES

if TYPE_CHECKING:
    from ..models.install import Added
    from .command_line import Subparsers

_COMMERCIAL = {
    "yes": "allowed",
    "no": "NOT allowed",
    "caveat": "allowed by the license, but read the note",
    "unknown": "unknown: the license is not stated, or not clearly",
}


def add_parser(subparsers: Subparsers) -> None:
    """Registers `models` and its commands; each sets `func`, called with the parsed arguments."""
    models = subparsers.add_parser(
        "models",
        help="see, fetch and check models",
        description="Models beyond the embedded ones: an explicit choice, license first.",
    )
    commands = models.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, func: Callable[[argparse.Namespace], int], text: str) -> Any:
        parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        parser.set_defaults(func=func)
        return parser

    parser = command("list", _list, "all models: license, commercial use, size, what for")
    parser.add_argument("--installed", action="store_true", help="only those that can run now")
    parser.add_argument("--json", action="store_true", help="as JSON, with every detail")

    parser = command("info", _info, "everything known about one model")
    parser.add_argument("model", metavar="ID")
    parser.add_argument("--json", action="store_true", help="as JSON")

    parser = command("pull", _pull, "download models, after showing license and size")
    parser.add_argument("model", metavar="ID", nargs="+")
    parser.add_argument("--accept-license", action="store_true", help="agree without being asked")
    parser.add_argument(
        "--json",
        action="store_true",
        help="for programs: progress as JSON lines on stderr, the files as JSON or one failure"
        " object on stdout",
    )
    parser.add_argument(
        "--mirror", metavar="URL", default="", help="take the files from this base address instead"
    )

    parser = command("add", _add, "take weights from a file on this machine")
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--id", metavar="ID", help="which model it is; default: by the file's name")

    parser = command(
        "verify", _verify, "compare installed files with their checksums and contracts"
    )
    parser.add_argument("model", metavar="ID", nargs="*", help="default: all that are installed")

    parser = command("selftest", _selftest, "run models on a drawn figure whose place is known")
    parser.add_argument("model", metavar="ID", nargs="*", help="default: all that are installed")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="default: auto")
    parser.add_argument("--json", action="store_true", help="as JSON")

    parser = command("remove", _remove, "delete models from Mattebrush's folder")
    parser.add_argument("model", metavar="ID", nargs="+")


def _list(arguments: argparse.Namespace) -> int:
    rows = list(catalog.rows().values())
    if arguments.installed:
        rows = [row for row in rows if store.installed(row)]
    if arguments.json:
        print(json.dumps([_as_json(row) for row in rows], indent=2, ensure_ascii=False))
        return 0
    head = ("MODEL", "HERE", "KIND", "SIZE", "COMMERCIAL", "LICENSE", "BEST AT")
    table = [head, *(_line(row) for row in rows)]
    widths = [max(len(cells[i]) for cells in table) for i in range(len(head) - 1)]
    screen = shutil.get_terminal_size((160, 24)).columns
    for cells in table:
        line = "  ".join([*(f"{c:{w}}" for c, w in zip(cells, widths, strict=False)), cells[-1]])
        print(_cut(line, screen) if sys.stdout.isatty() else line)
    print(f"\n{len(rows)} models. More on one: `mattebrush models info ID`.", file=sys.stderr)
    return 0


def _line(row: ModelRow) -> tuple[str, ...]:
    entry = store.installed(row)
    return (
        row.id,
        entry.source if entry else "-",
        row.kind,
        megabytes(_size(row)),
        row.commercial,
        row.license if len(row.license) <= 24 else f"{row.license[:23]}…",
        row.best_at,
    )


def _info(arguments: argparse.Namespace) -> int:
    row = catalog.get(arguments.model)
    if arguments.json:
        print(json.dumps(_as_json(row), indent=2, ensure_ascii=False))
        return 0
    entry = store.installed(row)
    facts = [
        ("", f"{row.name} ({row.id})"),
        ("best at", row.best_at),
        ("license", row.license),
        ("commercial use", _COMMERCIAL[row.commercial]),
        ("license note", row.license_note),
        ("kind", row.kind),
        ("size", megabytes(_size(row))),
        ("installed", f"yes, {entry.source}" if entry else "no"),
        ("page", row.page),
        ("note", row.note),
        ("known from", f"{row.evidence} ({row.verified})" if row.evidence else row.verified),
    ]
    for file in row.files:
        path = entry.paths[file.role] if entry else None
        facts.append((f"file: {file.role}", str(path or file.name)))
        facts.append(("published at", file.url))
        facts.append(("SHA-256" if file.sha256 else "MD5", file.sha256 or file.md5))
    for name, text in facts:
        if text:
            print(_filled(name, text))
    return 0


def _filled(name: str, text: str) -> str:
    """One fact in lines of some 80 characters; addresses stay whole, so that they can be copied."""
    return textwrap.fill(
        text,
        96,
        initial_indent=f"{name:16}",
        subsequent_indent=" " * 16,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _pull(arguments: argparse.Namespace) -> int:
    from ..models import install

    if arguments.json:
        return _pull_for_program(arguments)
    for row in [catalog.get(name) for name in arguments.model]:
        entry = store.installed(row)
        if entry and all(verdict.good for verdict in install.verify(row)):
            print(f"{row.id} is here already ({entry.source}): {_places(entry)}.")
            continue
        _agree(row, arguments.accept_license)
        try:
            installed = install.pull(row, arguments.mirror, _progress())
        except KeyboardInterrupt:
            print("\nWhat has arrived is kept; pull again to go on.", file=sys.stderr)
            raise
        for added in installed:
            _print_added(added)
    return 0


def _pull_for_program(arguments: argparse.Namespace) -> int:
    """As `_pull`, told as the job contract tells: see docs/job-contract.md, "Through a pipe"."""
    from ..models import install

    def report_progress(name: str, fraction: float) -> None:
        line = json.dumps({"stage": "download", "file": name, "fraction": fraction})
        print(line, file=sys.stderr, flush=True)

    paths: dict[str, list[str]] = {}
    try:
        for row in [catalog.get(name) for name in arguments.model]:
            if not arguments.accept_license:
                raise OptionInvalid(
                    f"Nobody is here to agree to the license of {row.id}.", "Add --accept-license."
                )
            entry = store.installed(row)
            if entry is None or not all(verdict.good for verdict in install.verify(row)):
                install.pull(row, arguments.mirror, report_progress)
                entry = store.installed(row)
            paths[row.id] = [str(path) for path in entry.paths.values()] if entry else []
    except MattebrushError as error:
        print(json.dumps(error.to_json()))
        return error.exit_status
    print(json.dumps(paths))
    return 0


def _agree(row: ModelRow, accepted: bool) -> None:
    """Shows the license and asks; raises unless the user agrees."""
    # What would be fetched; what lies here may be a damaged rest of it.
    print(f"{row.name}, {megabytes(row.size)}")
    print(f"License: {row.license}. Commercial use: {_COMMERCIAL[row.commercial]}.")
    if row.license_note:
        print(f"{row.license_note}.")
    if row.page:
        print(f"Read more: {row.page}")
    if row.gated:
        print("Its publisher wants you to sign in there and agree to terms first.")
    if accepted:
        return
    if not sys.stdin.isatty():
        raise OptionInvalid(
            f"Nobody is here to agree to the license of {row.id}.", "Add --accept-license."
        )
    if input("Agree and download? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ModelUnavailable(f"{row.id} was not downloaded: its license was not agreed to.")


def _add(arguments: argparse.Namespace) -> int:
    from ..models import install

    added = install.add(arguments.file, arguments.id)
    _print_added(added)
    missing = [f for f in added.row.files if f.role != added.file.role and not f.optional]
    if missing and store.installed(added.row) is None:
        print(f"Still missing: {', '.join(f'{f.role} ({f.name})' for f in missing)}.")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from ..models import install

    rows = [catalog.get(name) for name in arguments.model]
    rows = rows or [entry.row for entry in store.all_installed()]
    verdicts = [verdict for row in rows for verdict in install.verify(row)]
    for verdict in verdicts:
        print(
            f"{'ok ' if verdict.good else 'BAD'} {verdict.row.id}: {verdict.path.name}"
            f" {verdict.detail}"
        )
    return 0 if all(verdict.good for verdict in verdicts) else ModelUnavailable.exit_status


def _selftest(arguments: argparse.Namespace) -> int:
    from .. import selftest

    rows = [catalog.get(name) for name in arguments.model]
    rows = rows or [entry.row for entry in store.all_installed()]
    results: list[dict[str, Any]] = []
    status = 0
    for row in rows:
        try:
            outcome = selftest.check(row, arguments.device)
        except MattebrushError as error:
            result: dict[str, Any] = {"model": row.id, "passed": False, **error.to_json()}
            status = status or error.exit_status
        else:
            result = {"model": row.id, **outcome.to_json()}
            status = status or (0 if outcome.passed else ModelInvalid.exit_status)
        results.append(result)
        if not arguments.json:
            line = " ".join(filter(None, (result["message"], result.get("fix"))))
            print(f"{'ok ' if result['passed'] else 'BAD'} {row.id}: {line}")
    if arguments.json:
        print(json.dumps(results, indent=2))
    return status


def _remove(arguments: argparse.Namespace) -> int:
    from ..models import install

    for row in [catalog.get(name) for name in arguments.model]:
        for path in install.remove(row):
            if path.name != store.RECEIPT:
                print(f"Deleted {path}.")
    return 0


def _print_added(added: Added) -> None:
    if added.receipt.published is False:
        print(f"mattebrush: warning: {added.file.name}: {added.note}", file=sys.stderr)
        print(f"{added.row.id}: {added.path} is installed.")
    else:
        print(f"{added.row.id}: {added.path} is installed. {added.note}")


def _progress() -> Callable[[str, float], None]:
    """A line on the terminal that grows; silence elsewhere."""
    if not sys.stderr.isatty():
        return lambda name, fraction: None

    def show(name: str, fraction: float) -> None:
        end = "\n" if fraction >= 1 else ""
        print(f"\r{name} {fraction:6.1%} ", end=end, file=sys.stderr, flush=True)

    return show


def _as_json(row: ModelRow) -> dict[str, Any]:
    entry = store.installed(row)
    names = (
        "id",
        "name",
        "kind",
        "license",
        "commercial",
        "license_note",
        "best_at",
        "tags",
        "embedded",
        "gated",
        "page",
        "note",
        "evidence",
        "verified",
    )
    return {
        **{name: getattr(row, name) for name in names},
        "size": _size(row),
        "installed": entry.source if entry else None,
        "files": [
            {
                "role": file.role,
                "name": file.name,
                "url": file.url,
                "size": file.size,
                "sha256": file.sha256,
                "md5": file.md5,
                "path": str(entry.paths[file.role]) if entry else None,
            }
            for file in row.files
        ],
    }


def _places(entry: store.Installed) -> str:
    return ", ".join(str(path) for path in entry.paths.values())


def _size(row: ModelRow) -> int:
    """Bytes on disk where it is installed, else as published."""
    entry = store.installed(row)
    return sum(path.stat().st_size for path in entry.paths.values()) if entry else row.size


def megabytes(size: int) -> str:
    """A size for people; models whose size nobody publishes have 0.

    Parameters
    ----------
    size : int
        In bytes.

    Returns
    -------
    str
        Such as "4.6 MB"; "?" for 0.
    """
    return f"{size / 1e6:.1f} MB" if size else "?"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
