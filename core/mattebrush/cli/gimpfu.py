# SPDX-License-Identifier: Apache-2.0
"""`mattebrush gimpfu port`: GIMP 2.10's Python plug-ins for GIMP 3."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..plugins import gimpfu_port

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `gimpfu` and its command."""
    gimpfu = subparsers.add_parser(
        "gimpfu",
        help="bring a GIMP 2.10 Python plug-in to GIMP 3",
        description="The gimpfu library runs Python plug-ins of GIMP 2.10 in GIMP 3."
        " docs/gimpfu.md says what it covers.",
    )
    commands = gimpfu.add_subparsers(title="commands", metavar="COMMAND", required=True)
    port = commands.add_parser(
        "port",
        help="write a plug-in as one for GIMP 3, and report what needs its author",
        description="Makes DIR/NAME/NAME.py from PLUGIN.py, with the library beside it: Python 2"
        " becomes Python 3, the first line names python3. Prints each line with something that"
        " GIMP 3 has no counterpart for. Ends with status 1 if there is one.",
    )
    port.add_argument("plugin", type=Path, metavar="PLUGIN.py", help="the plug-in's file")
    port.add_argument(
        "--output-dir",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where to make its folder; GIMP's plug-ins folder will do (default: here)",
    )
    port.set_defaults(func=_port)


def _port(arguments: argparse.Namespace) -> int:
    ported = gimpfu_port.port(arguments.plugin, arguments.output_dir)
    for change in ported.changes:
        print(f"  {change}")
    for finding in ported.findings:
        print(finding)
    print(f"{ported.folder} is ready for GIMP 3's plug-ins folder.")
    if ported.findings:
        count = len(ported.findings)
        print(f"{count} {'line needs' if count == 1 else 'lines need'} a look, see above.")
    return 1 if ported.findings else 0
