# SPDX-License-Identifier: Apache-2.0
"""What PyInstaller needs to know to freeze a program that uses Mattebrush: it asks for this folder
by an entry point, so that `pyinstaller program.py` is enough."""

from __future__ import annotations

from pathlib import Path


def hook_dirs() -> list[str]:
    """Where the hooks lie.

    Returns
    -------
    list[str]
    """
    return [str(Path(__file__).parent)]
