# SPDX-License-Identifier: Apache-2.0
"""`mattebrush doctor`: what is installed, which devices really work, where things are."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .command_line import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    """Registers `doctor`."""
    doctor = subparsers.add_parser(
        "doctor",
        help="what is installed, which devices really work, where things are",
        description="Shows versions, tries each device with a small real inference, and shows "
        "where models, settings and plug-ins are.",
    )
    doctor.add_argument("--json", action="store_true", help="the same as JSON")
    doctor.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    from ..doctor import examine

    status = examine()
    if arguments.json:
        print(json.dumps(status, indent=2))
    else:
        print("\n".join(_lines(status)))
    return 0


def _lines(status: dict[str, Any]) -> list[str]:
    lines = [f"mattebrush {status['version']} on Python {status['python']}, {status['platform']}"]
    lines += ["", "Packages"]
    lines += [
        f"  {name:<14} {version or 'not installed'}" for name, version in status["packages"].items()
    ]
    lines += [f"  PROBLEM: {problem}" for problem in status["problems"]]
    lines += ["", "Devices (each tried with a real inference)"]
    lines += [f"  {_tick(d['works'])} {d['name']:<12} {d['detail']}" for d in status["devices"]]
    lines += ["", "Models installed"]
    lines += [f"  {m['id']:<26} {m['license']:<24} {m['path']}" for m in status["models"]]
    lines += ["", "Plug-ins"]
    lines += [
        f"  {p['program']:<26} {p['version'] or 'not installed':<24} {p['path']}"
        for p in status["plugins"]
    ] or ["  neither GIMP, Krita nor Blender was found"]
    lines += ["", "Folders and files"]
    lines += [f"  {name:<14} {path}" for name, path in status["paths"].items()]
    return lines


def _tick(works: bool) -> str:
    return "works " if works else "no    "
