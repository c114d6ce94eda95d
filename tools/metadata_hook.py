# SPDX-License-Identifier: Apache-2.0
"""What the build fills in: the project's addresses, and a README whose links lead somewhere.

hatchling runs this when it builds (`[tool.hatch.metadata.hooks.custom]`). The addresses stand in
one table, `[tool.mattebrush.addresses]` of pyproject.toml. Standard library and hatchling only.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|mailto:|#)([^)\s]+)\)")


def absolute_links(text: str, pages: str, raw: str) -> str:
    """Markdown whose relative links begin with `pages`, those of its pictures with `raw`; as it is
    where these are empty."""
    if not pages or not raw:
        return text
    return _LINK.sub(
        lambda link: f"{link[1]}[{link[2]}]({(raw if link[1] else pages).rstrip('/')}/{link[3]})",
        text,
    )


def filled(addresses: dict[str, str], version: str) -> dict[str, str]:
    """The addresses with {version} replaced."""
    return {name: address.replace("{version}", version) for name, address in addresses.items()}


class CustomMetadataHook(MetadataHookInterface):
    """Sets `readme` and `urls` of the project."""

    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root)
        table = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
        version_file = root / table["tool"]["hatch"]["version"]["path"]
        match = re.search(r'__version__ = "([^"]+)"', version_file.read_text("utf-8"))
        assert match is not None
        addresses = filled(table["tool"]["mattebrush"]["addresses"], match[1])
        readme = (root / "README.md").read_text("utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute_links(readme, addresses["pages"], addresses["raw"]),
        }
        names = {"Homepage": "homepage", "Source": "source", "Issues": "issues"}
        metadata["urls"] = {
            label: addresses[name] for label, name in names.items() if addresses[name]
        }
