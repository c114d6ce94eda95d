# SPDX-License-Identifier: Apache-2.0
"""`mattebrush desktop install | uninstall`: the actions of file managers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..plugins import desktop

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `desktop` and its commands."""
    parser = subparsers.add_parser(
        "desktop",
        help="put Remove Background into file managers",
        description=f'"{desktop.TITLE}" in the menus of Nautilus, Nemo, Caja, Dolphin, Thunar,'
        " PCManFM, Finder and Explorer, for this user. No administrator's rights are needed.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    install = commands.add_parser("install", help="write the menus' files")
    install.set_defaults(func=_install)
    uninstall = commands.add_parser("uninstall", help="remove them")
    uninstall.set_defaults(func=_uninstall)


def _install(arguments: argparse.Namespace) -> int:
    for path in desktop.install():
        print(path)
    return 0


def _uninstall(arguments: argparse.Namespace) -> int:
    for path in desktop.uninstall():
        print(f"removed {path}")
    return 0
