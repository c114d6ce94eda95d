# SPDX-License-Identifier: Apache-2.0
"""`mattebrush check`: why pictures fail a shop's preset."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from ..errors import InputInvalid, MattebrushError

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `check`."""
    parser = subparsers.add_parser(
        "check",
        help="say why pictures fail a shop's preset",
        description="Measures pictures by a preset's standard (canvas, fill, margins, pure white, "
        "profile, format, bytes) and says what is wrong with each. Ends with 0 where all pass.",
    )
    parser.add_argument("preset", metavar="PRESET", help="amazon, ebay, ..., or FILE.toml#NAME")
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help="picture, folder, .txt list, .tar shard, wildcard"
    )
    parser.add_argument("--json", action="store_true", help="a JSON line a picture")
    parser.add_argument("-q", "--quiet", action="store_true", help="only what fails")
    parser.set_defaults(func=_check)


def _check(arguments: argparse.Namespace) -> int:
    from ..batch import sources
    from ..shop import checking, presets

    preset = presets.get(arguments.preset)
    failed = False
    for source in arguments.inputs:
        for item in sources.find(source):
            try:
                problems = checking.check(item.read(), preset)
            except MattebrushError as error:
                problems = [str(error)]
            failed = failed or bool(problems)
            if arguments.json:
                print(json.dumps({"key": item.key, "problems": problems}, ensure_ascii=False))
            elif problems:
                print(f"{item.key}: {' '.join(problems)}")
            elif not arguments.quiet:
                print(f"{item.key}: passes {preset.name}")
    return InputInvalid.exit_status if failed else 0
