# SPDX-License-Identifier: Apache-2.0
"""What mkdocs needs beyond docs/: pages that stand elsewhere in the tree, and links out of it.

A hook of mkdocs.yml. A link to a file that is a page here leads to that page; one to any other file
of the repository leads to where people read it (`[tool.mattebrush.addresses]` of pyproject.toml),
and is plain text while that address is not filled in.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]

PAGES = {
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "core/mattebrush/networks/subject.md": "cards/subject.md",
    "core/mattebrush/networks/matting.md": "cards/matting.md",
}
"""Where in the repository a page stands that is not in docs/, and its place on the site."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
_CODE = re.compile(r"(```.*?```|`[^`\n]*\]\([^`\n]*`)", re.DOTALL)
"""Blocks of code, and code that would look like a link."""


def on_config(config: Any) -> Any:
    """Puts pages that no menu leads to under "More", so that a new one is found at once."""
    named = set(re.findall(r"[\w/-]+\.md", str(config.nav)))
    more = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in named)
    if more:
        config.nav = [*config.nav, {"More": more}]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that stand elsewhere."""
    for source, place in PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Leads a page's relative links to pages of the site, or to the repository."""
    place = page.file.src_uri
    source = next((path for path, at in PAGES.items() if at == place), f"docs/{place}")
    version = re.search(
        r'__version__ = "([^"]+)"', (ROOT / "core/mattebrush/_version.py").read_text("utf-8")
    )
    assert version is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    repository = project["tool"]["mattebrush"]["addresses"]["pages"]
    return rewritten(markdown, source, place, repository.replace("{version}", version[1]))


def rewritten(markdown: str, source: str, place: str, repository: str) -> str:
    """A page's text with its links as the site needs them.

    source: the page's path in the repository. place: its path on the site. repository: the address
    that comes before a file's path where people read it, "" while there is none.
    """
    parts = _CODE.split(markdown)  # code at odd places stays as it is
    for number in range(0, len(parts), 2):
        parts[number] = _LINK.sub(lambda link: _led(link, source, place, repository), parts[number])
    return "".join(parts)


def _led(link: re.Match[str], source: str, place: str, repository: str) -> str:
    mark, text, target, anchor = link[1], link[2], link[3], link[4] or ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    page = PAGES.get(path, path.removeprefix("docs/") if path.startswith("docs/") else "")
    if page:
        return f"{mark}[{text}]({posixpath.relpath(page, posixpath.dirname(place))}{anchor})"
    if repository:
        return f"{mark}[{text}]({repository.rstrip('/')}/{path}{anchor})"
    return text if text.startswith("`") else f"{text} (`{path}`)"
