# SPDX-License-Identifier: Apache-2.0
"""The manual builds as a site without a warning, leads nowhere wrong, and loads nothing foreign."""

from __future__ import annotations

import importlib.util
import os
import posixpath
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


class _Page(HTMLParser):
    """What a page names, leads to and loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.names |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if "src" in values:
            self.loaded.append(values["src"])
        if tag == "link" and values.get("rel") in ("stylesheet", "preconnect", "icon"):
            self.loaded.append(values["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, _Page]:
    """Each page of the built site by its path there."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    pages = {
        path.relative_to(folder).as_posix(): _Page(path.read_text("utf-8"))
        for path in folder.rglob("*.html")
        if path.name != "404.html"  # which a server shows anywhere, so its links are absolute
    }
    for name, page in pages.items():
        for address in page.links + page.loaded:
            target = urlsplit(address)
            if not target.scheme and target.path:
                path = (folder / name).parent / unquote(target.path)
                assert path.exists(), f"{name} leads to {address}, which is not there"
    return pages


def test_every_page_of_the_manual_is_on_it(site: dict[str, _Page]) -> None:
    assert {f"{path.stem}.html" for path in DOCS.glob("*.md")} < set(site)
    assert {"cards/subject.html", "cards/matting.html", "changes.html"} < set(site)


def test_links_lead_to_headings_that_are_there(site: dict[str, _Page]) -> None:
    wrong = []
    for name, page in site.items():
        for link in page.links:
            target = urlsplit(link)
            if target.scheme or not target.fragment:
                continue
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), target.path))
            names = site[other].names if target.path else page.names
            if unquote(target.fragment) not in names:
                wrong.append(f"{name}: {link}")
    assert wrong == []


def test_nothing_is_loaded_from_elsewhere(site: dict[str, _Page]) -> None:
    loaded = {address for page in site.values() for address in page.loaded}
    assert loaded
    assert [address for address in loaded if urlsplit(address).netloc] == []


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_troubleshooting_says_what_the_plug_ins_say() -> None:
    written = (DOCS / "troubleshooting.md").read_text("utf-8")
    made = _module("make_troubleshooting")
    assert written == made.page(), "run: python docs/make_troubleshooting.py"
    assert set(made.ADVICE) <= set(made.CURES)


def test_the_guides_models_are_in_the_catalog() -> None:
    from mattebrush.models import catalog

    text = (DOCS / "choosing.md").read_text("utf-8")
    table = text.partition("## What you have")[2].partition("## When")[0]
    named = set(re.findall(r"`(?:--matting )?([a-z0-9.]+(?:-[a-z0-9.]+)+)`", table))
    assert len(named) > 6
    assert named <= set(catalog.rows())


@pytest.mark.parametrize(
    ("link", "repository", "led"),
    [
        ("[a](../CONTRIBUTING.md)", "", "[a](contributing.md)"),
        ("[a](cli.md#x)", "", "[a](cli.md#x)"),
        ("[a](../run.py)", "", "a (`run.py`)"),
        ("[`run.py`](../run.py)", "", "`run.py`"),
        ("[a](../run.py#L1)", "https://x.example/v1/", "[a](https://x.example/v1/run.py#L1)"),
        ("![a](pictures/lemur.jpg)", "", "![a](pictures/lemur.jpg)"),
        ("`[a](../run.py)`", "", "`[a](../run.py)`"),
    ],
)
def test_links_out_of_the_manual(link: str, repository: str, led: str) -> None:
    from tools.site_pages import rewritten

    assert rewritten(link, "docs/python.md", "python.md", repository) == led
