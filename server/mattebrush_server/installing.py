# SPDX-License-Identifier: Apache-2.0
"""The one line that brings the server's packages into the environment that Mattebrush runs in.

Imports nothing that may be missing.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

_WANTED = '"mattebrush[server]"'


def line() -> str:
    """A command for this environment's own tool: pipx, uv, pip, or one that makes a place."""
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx install --force {_WANTED}"
    if (prefix / "uv-receipt.toml").exists():
        return f"uv tool install --force {_WANTED}"
    if _made_by_uv(prefix):
        return f'uv pip install --python "{sys.executable}" {_WANTED}'
    if sys.prefix == sys.base_prefix and _managed_elsewhere():
        return f"pipx install {_WANTED}"
    return f'"{sys.executable}" -m pip install {_WANTED}'


def _made_by_uv(prefix: Path) -> bool:
    """Such an environment has no pip."""
    try:
        lines = (prefix / "pyvenv.cfg").read_text("utf-8").splitlines()
    except OSError:
        return False
    return any(each.partition("=")[0].strip() == "uv" for each in lines)


def _managed_elsewhere() -> bool:
    """Whether the system's packages are not pip's to change (PEP 668)."""
    return (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").exists()
