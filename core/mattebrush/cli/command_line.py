# SPDX-License-Identifier: Apache-2.0
"""The command line: which command there is, and how a failure ends. docs/cli.md is the manual.

Each command lives in its own module and imports the engine only when it runs, so that
`mattebrush --help` is instant.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from .. import __version__
from ..errors import Cancelled, MattebrushError, OptionInvalid, OutputUnwritable
from . import translation
from .translation import HelpFormatter

_COMMANDS = (
    "mattebrush.cli.remove",
    "mattebrush.cli.batch",
    "mattebrush.cli.check",
    "mattebrush.cli.video",
    "mattebrush.cli.live",
    "mattebrush.cli.segment",
    "mattebrush.cli.matte",
    "mattebrush.cli.decontaminate",
    "mattebrush.cli.refine",
    "mattebrush.cli.job",
    "mattebrush.cli.doctor",
    "mattebrush.cli.models",
    "mattebrush.cli.plugins",
    "mattebrush.cli.gimpfu",
    "mattebrush.cli.desktop",
)
"""Modules with an `add_parser(subparsers)`, in the order of `mattebrush --help`."""

STREAM = "-"
"""Standard input or output, among the words of a command."""

_JOINING = "mattebrush.commands"
"""Entry point group of commands that other packages bring: modules of the same kind."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Prints failures as one line on stderr.

    Parameters
    ----------
    argv : Sequence[str] or None, optional
        The words after the program's name; None takes the process's own.

    Returns
    -------
    int
        The exit status (docs/cli.md).
    """
    _open_closed_streams()
    arguments = argparse.Namespace()
    words = _joined(sys.argv[1:] if argv is None else argv)
    try:
        try:
            arguments = parser().parse_args(words)
            status: int = arguments.func(arguments)
            return status
        finally:
            sys.stdout.flush()  # here, where a failure can still be reported
    except _Misused as error:
        print(f"{error.program}: {error}", file=sys.stderr)
        if "--json" in words:
            streamed = STREAM in words
            print(json.dumps({"error": error.to_json()}), file=(sys.stdout, sys.stderr)[streamed])
        return error.exit_status
    except MattebrushError as error:
        print(f"mattebrush: {error}", file=sys.stderr)
        if getattr(arguments, "json", False):
            print(json.dumps({"error": error.to_json()}), file=_report_stream(arguments))
        return error.exit_status
    except KeyboardInterrupt:
        print("mattebrush: interrupted; nothing half-written is left behind.", file=sys.stderr)
        return Cancelled.exit_status
    except BrokenPipeError:
        _drop_output()  # the reader has gone; there is nobody to report to
        return 141
    except OSError as error:
        _drop_output()
        where = error.filename or "Standard output"
        print(f"mattebrush: {where} cannot be used: {error.strerror or error}.", file=sys.stderr)
        return OutputUnwritable.exit_status
    except MemoryError:
        print("mattebrush: not enough memory for a picture of this size.", file=sys.stderr)
        return 1


def _report_stream(arguments: argparse.Namespace) -> TextIO:
    """Where reports go: beside standard output where a picture goes, or would have gone, there."""
    named = (*(getattr(arguments, "inputs", None) or ()), getattr(arguments, "image", None))
    streamed = getattr(arguments, "output", None) == "-" or (
        "-" in named and not getattr(arguments, "output", None)
    )
    return sys.stderr if streamed else sys.stdout


def _open_closed_streams() -> None:
    """Opens streams that were closed at our start, so that their descriptors are not reused."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - to the end
            setattr(sys, name, nowhere)


def _drop_output() -> None:
    """Discards buffered standard output; Python would fail over it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


class _Misused(OptionInvalid):
    """Words that make no command; `program` are those that were understood."""

    def __init__(self, program: str, message: str, fix: str) -> None:
        super().__init__(f"{message}.", fix)
        self.program = program


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line, as every other failure is reported; helps in the user's
    language."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"formatter_class": HelpFormatter, **settings})

    def error(self, message: str) -> NoReturn:
        where = translation.translated(translation.SEE_HELP) % self.prog
        raise _Misused(self.prog, translation.error(message), where)


def _joined(argv: Sequence[str]) -> list[str]:
    """`--shadow-offset -8,8` as `--shadow-offset=-8,8`: argparse takes what starts with a minus,
    and is not one number, for an option."""
    out: list[str] = []
    for word in argv:
        if out and re.fullmatch(r"--[a-z-]+", out[-1]) and re.fullmatch(r"-[\d.]+,.*", word):
            out[-1] += f"={word}"
        else:
            out.append(word)
    return out


def parser() -> argparse.ArgumentParser:
    """All commands.

    Returns
    -------
    argparse.ArgumentParser
        The parser of `mattebrush`, its commands as subparsers.
    """
    program = _Parser(
        prog="mattebrush",
        description="Remove backgrounds: clean cut-outs, editable masks, nothing uploaded.",
        epilog="`mattebrush COMMAND --help` tells more. Manual: docs/cli.md.",
    )
    program.add_argument("--version", action="version", version=f"mattebrush {__version__}")
    subparsers = program.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in _COMMANDS:
        importlib.import_module(module).add_parser(subparsers)
    for entry in joining():
        entry.load().add_parser(subparsers)
    return program


def joining() -> list[importlib.metadata.EntryPoint]:
    """Modules of commands that other packages bring, by name.

    Returns
    -------
    list[importlib.metadata.EntryPoint]
        `load` gives the module.
    """
    entries = importlib.metadata.entry_points(group=_JOINING)
    return sorted(entries, key=lambda entry: entry.name)
