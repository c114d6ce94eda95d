# SPDX-License-Identifier: Apache-2.0
"""How a package that is missing is had, in the words that fit this installation."""

from __future__ import annotations

import sys
from pathlib import Path


def advice(extra: str, package: str) -> str:
    """What to type to get the optional package that `mattebrush[extra]` stands for.

    Parameters
    ----------
    extra : str
        Such as "heif".
    package : str
        The package that it needs.

    Returns
    -------
    str
    """
    if getattr(sys, "frozen", False):
        return "This program was built without it; use an installation by pip, pipx or uv."
    place = Path(sys.prefix)
    if "pipx" in place.parts and place.parent.name == "venvs":
        return f"Get it with: pipx inject {place.name} {package}"
    if (place / "uv-receipt.toml").exists():
        return f"Get it with: uv tool install --with {package} mattebrush"
    return f"Install it with: \"{sys.executable}\" -m pip install 'mattebrush[{extra}]'"
