# SPDX-License-Identifier: Apache-2.0
"""Papers lead where they say, the version is one, and a package index shows the README whole."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import mattebrush
from tools.metadata_hook import absolute_links, filled

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PAPERS = [
    *sorted(path.name for path in ROOT.glob("*.md")),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
VERSIONS = {
    "plugins/client/mattebrush_client.py": r'^VERSION = "(.+)"$',
    "plugins/blender/mattebrush/blender_manifest.toml": r'^version = "(.+)"$',
}
"""Files that must say the version themselves, since a host reads them; the tree has no others."""


@pytest.mark.parametrize("paper", PAPERS)
def test_links_lead_to_files(paper: str) -> None:
    text = (ROOT / paper).read_text("utf-8")
    targets = [link.partition("#")[0] for link in LINK.findall(text) if "://" not in link]
    missing = [t for t in targets if t and not ((ROOT / paper).parent / t).exists()]
    assert missing == []


def test_every_file_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = re.findall(
        r"`((?:core|server|plugins|training|bench|tools|tests|docs)/[\w./-]+)`", text
    )
    assert len(named) > 40
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_room_of_the_engine_stands_in_the_architecture() -> None:
    """The modules of its top level, and the packages in it."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    engine = ROOT / "core" / "mattebrush"
    rooms = [path.name for path in engine.glob("*.py") if not path.name.startswith("__")]
    rooms += [f"{path.parent.name}/" for path in engine.glob("*/__init__.py")]
    assert [room for room in rooms if f"`core/mattebrush/{room}" not in text] == []


@pytest.mark.parametrize("file", VERSIONS)
def test_the_version_is_one(file: str) -> None:
    (matches,) = re.findall(VERSIONS[file], (ROOT / file).read_text("utf-8"), re.MULTILINE)
    assert matches == mattebrush.__version__


def test_the_change_log_has_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"\n## {mattebrush.__version__}" in text


def test_a_package_index_gets_whole_links() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    pages, raw = "https://host.example/mattebrush/blob/v1", "https://raw.example/mattebrush/v1/"
    text = absolute_links(readme, pages, raw)
    assert f"]({raw}docs/pictures/" in text
    for link in LINK.findall(text):
        assert link.startswith(("https://", "#")), link
        if link.startswith(("https://host.example", "https://raw.example")):
            assert (ROOT / link.removeprefix(f"{pages}/").removeprefix(raw)).exists(), link


def test_addresses_stand_in_one_table() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    addresses = table["tool"]["mattebrush"]["addresses"]
    assert set(addresses) == {
        "homepage",
        "source",
        "issues",
        "security",
        "pages",
        "downloads",
        "raw",
    }
    assert filled({"pages": "a/v{version}"}, "1.2") == {"pages": "a/v1.2"}
    inputs = [address for address in addresses.values() if address]
    assert all(address.startswith(("https://", "mailto:")) for address in inputs)


def test_no_extra_installs_a_second_runtime() -> None:
    """All builds of onnxruntime own one folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [need for needs in project["optional-dependencies"].values() for need in needs]
    assert [need for need in extras if need.startswith("onnxruntime")] == []


def test_two_runtimes_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    from mattebrush import doctor

    assert doctor.problems() == []
    versions = {"onnxruntime": "1.30", "onnxruntime-gpu": "1.30"}
    monkeypatch.setattr(doctor, "_version", versions.get)
    assert "over each other" in doctor.problems()[0]
    assert "docs/gpu.md" in doctor.problems()[0]
