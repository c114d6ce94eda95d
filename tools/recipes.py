# SPDX-License-Identifier: Apache-2.0
"""Recipes for other people's package managers, from the version and the release's SHA256SUMS.

`python -m tools.release recipes` writes them; a person sends them in (docs/release.md). They name
where the release's files are had, so that address must be filled in first.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from mattebrush.errors import InputInvalid

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from .lock import ROOT
from .metadata_hook import filled

FLATPAK_ID = "org.gimp.GIMP.Plugin.Mattebrush"
WINGET_ID = "Mattebrush.Mattebrush"

_FLATPAK_RUNTIME = "49"
"""Of GNOME, the one that today's GIMP on Flathub is built on."""

_HOMEBREW_PYTHON = "3.13"
_SUMMARY = "Remove backgrounds as masks that you can edit"


class Release:
    """What a recipe needs to know of a release.

    Parameters
    ----------
    version : str
        Of the release.
    date : str
        Its day, YYYY-MM-DD.
    sums : Mapping of str to str
        SHA-256 by file name, as in SHA256SUMS.
    addresses : Mapping of str to str
        `[tool.mattebrush.addresses]` of pyproject.toml, filled in.

    Raises
    ------
    InputInvalid
        Where `downloads` or `homepage` is not filled in.
    """

    def __init__(
        self, version: str, date: str, sums: Mapping[str, str], addresses: Mapping[str, str]
    ) -> None:
        for name in ("downloads", "homepage"):
            if not addresses.get(name):
                raise InputInvalid(
                    f"The address `{name}` is not filled in.",
                    "Recipes need it: [tool.mattebrush.addresses] in pyproject.toml.",
                )
        self.version, self.date, self.sums = version, date, sums
        self.homepage = addresses["homepage"]
        self._downloads = addresses["downloads"].rstrip("/")

    def file(self, name: str) -> tuple[str, str]:
        """Address and SHA-256 of a file of the release.

        Parameters
        ----------
        name : str
            Of the file.

        Returns
        -------
        tuple of str
            Address, SHA-256.

        Raises
        ------
        InputInvalid
            Where SHA256SUMS does not have it.
        """
        if name not in self.sums:
            raise InputInvalid(f"SHA256SUMS does not have {name}.", "Build all of the release.")
        return f"{self._downloads}/{name}", self.sums[name]

    def bundle(self, key: str) -> tuple[str, str]:
        """Address and SHA-256 of a platform's offline bundle.

        Parameters
        ----------
        key : str
            Of the platform.

        Returns
        -------
        tuple of str
            Address, SHA-256.
        """
        return self.file(f"mattebrush-{self.version}-{key}.zip")


def addresses(version: str) -> dict[str, str]:
    """The project's addresses as they stand in pyproject.toml.

    Parameters
    ----------
    version : str
        What {version} in them becomes.

    Returns
    -------
    dict
        Address by name; "" where it is not filled in.
    """
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return filled(table["tool"]["mattebrush"]["addresses"], version)


def recipes(release: Release) -> dict[str, str]:
    """All of them.

    Parameters
    ----------
    release : Release
        What they are for.

    Returns
    -------
    dict
        Content by path below the folder for recipes. YAML is written as JSON, which it contains.
    """
    made = {
        f"flatpak/{FLATPAK_ID}.json": _json(flatpak(release)),
        f"flatpak/{FLATPAK_ID}.metainfo.xml": _metainfo(release),
        "homebrew/mattebrush.rb": _homebrew(release),
        "conda/recipe.yaml": _json(_conda(release)),
    }
    for name, content in _winget(release):
        made[f"winget/{WINGET_ID}{name}.yaml"] = _json(content)
    return made


def flatpak(release: Release) -> dict[str, Any]:
    """GIMP's plug-in with an engine of its own inside the sandbox, from the offline bundles.

    Parameters
    ----------
    release : Release
        What it is for.

    Returns
    -------
    dict
        The manifest.
    """
    plugin = "${FLATPAK_DEST}/plug-ins/mattebrush"
    prefix = "/app/extensions/Mattebrush"
    note = json.dumps(
        {"python": "/usr/bin/python3", "python_path": f"{prefix}/engine"}, separators=(",", ":")
    )
    pip = "python3 -m pip install --no-index --no-deps --no-compile --target=${FLATPAK_DEST}/engine"
    sources: list[dict[str, Any]] = []
    for arch in ("x86_64", "aarch64"):
        url, sha256 = release.bundle(f"linux-{arch}")
        sources.append({"type": "archive", "url": url, "sha256": sha256, "only-arches": [arch]})
    sources.append({"type": "file", "path": f"{FLATPAK_ID}.metainfo.xml"})
    return {
        "id": FLATPAK_ID,
        "branch": "3",
        "runtime": "org.gimp.GIMP",
        "runtime-version": "stable",
        "sdk": f"org.gnome.Sdk//{_FLATPAK_RUNTIME}",
        "build-extension": True,
        "separate-locales": False,
        "appstream-compose": False,
        "build-options": {"prefix": prefix},
        "modules": [
            {
                "name": "mattebrush",
                "buildsystem": "simple",
                "build-commands": [
                    f"{pip} --find-links=wheels --require-hashes"
                    " -r setup/mattebrush_setup/requirements.txt",
                    f"{pip} wheels/mattebrush-{release.version}-py3-none-any.whl",
                    "mkdir -p ${FLATPAK_DEST}/plug-ins",
                    f"python3 -m zipfile -e plugins/mattebrush-gimp3-{release.version}.zip"
                    " ${FLATPAK_DEST}/plug-ins",
                    f"chmod 755 {plugin}/mattebrush.py",
                    f"printf '%s' '{note}' > {plugin}/mattebrush_engine.json",
                    f"install -Dm644 -t ${{FLATPAK_DEST}}/share/metainfo {FLATPAK_ID}.metainfo.xml",
                ],
                "sources": sources,
            }
        ],
    }


def _metainfo(release: Release) -> str:
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<component type="addon">
  <id>{FLATPAK_ID}</id>
  <extends>org.gimp.GIMP</extends>
  <name>Mattebrush</name>
  <summary>{_SUMMARY}</summary>
  <description>
    <p>
      Finds the subject of a picture and hides the rest behind a layer mask that you paint on with
      GIMP's own brushes. Hair and fur are decided at full resolution, and the old background's
      color is taken out of the edge. Your pixels stay as they are, and nothing leaves your machine.
    </p>
  </description>
  <url type="homepage">{release.homepage}</url>
  <metadata_license>CC0-1.0</metadata_license>
  <project_license>Apache-2.0 AND GPL-3.0-or-later</project_license>
  <developer_name>The Mattebrush authors</developer_name>
  <releases>
    <release version="{release.version}" date="{release.date}"/>
  </releases>
</component>
"""


def _homebrew(release: Release) -> str:
    """A formula for a tap: the bundle's wheels in an environment of Homebrew's Python."""
    blocks = []
    for system, arch, key in (
        ("macos", "arm", "macos-arm64"),
        ("macos", "intel", "macos-x86_64"),
        ("linux", "arm", "linux-aarch64"),
        ("linux", "intel", "linux-x86_64"),
    ):
        url, sha256 = release.bundle(key)
        blocks.append(
            f"  on_{system} do\n    on_{arch} do\n"
            f'      url "{url}"\n      sha256 "{sha256}"\n    end\n  end\n'
        )
    return f"""\
class Mattebrush < Formula
  include Language::Python::Virtualenv

  desc "{_SUMMARY}"
  homepage "{release.homepage}"
  version "{release.version}"
  license all_of: ["Apache-2.0", "GPL-3.0-or-later"]

{"".join(blocks)}
  depends_on "python@{_HOMEBREW_PYTHON}"

  def install
    virtualenv_create(libexec, "python{_HOMEBREW_PYTHON}", without_pip: false)
    pip = [libexec/"bin/python", "-m", "pip", "install", "--no-index", "--no-deps"]
    system(*pip, "--find-links=wheels", "--require-hashes",
           "-r", "setup/mattebrush_setup/requirements.txt")
    system(*pip, *Dir["wheels/mattebrush-*.whl"])
    bin.install_symlink libexec/"bin/mattebrush"
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/mattebrush --version")
    system bin/"mattebrush", "models", "list"
  end
end
"""


def _conda(release: Release) -> dict[str, Any]:
    """A recipe of conda-forge's present kind; conda-forge has packages of all that is needed."""
    url, sha256 = release.file(f"mattebrush-{release.version}-py3-none-any.whl")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needs = [Requirement(text) for text in project["dependencies"]]
    python = project["requires-python"]
    run = [f"python {python}"]
    run += [f"{need.name.lower()} {need.specifier}" for need in needs if need.marker is None]
    return {
        "schema_version": 1,
        "package": {"name": "mattebrush", "version": release.version},
        "source": {"url": url, "sha256": sha256},
        "build": {
            "number": 0,
            "noarch": "python",
            "script": "python -m pip install --no-deps --no-build-isolation -vv *.whl",
            "python": {"entry_points": ["mattebrush = mattebrush.cli:main"]},
        },
        # tomli is for Python 3.10 only, and a package for every Python has one list of needs.
        "requirements": {"host": [f"python {python}", "pip"], "run": [*run, "tomli >=2"]},
        "tests": [
            {"python": {"imports": ["mattebrush"], "pip_check": False}},
            {"script": ["mattebrush --version", "mattebrush models list"]},
        ],
        "about": {
            "homepage": release.homepage,
            "summary": _SUMMARY,
            "license": "Apache-2.0 AND GPL-3.0-or-later",
        },
    }


def _winget(release: Release) -> Iterator[tuple[str, dict[str, Any]]]:
    """The three files of a package: version, installer, texts."""
    url, sha256 = release.file(f"mattebrush-{release.version}-windows-x86_64-program.zip")
    common = {"PackageIdentifier": WINGET_ID, "PackageVersion": release.version}
    end = {"ManifestVersion": "1.9.0"}
    yield "", {**common, "DefaultLocale": "en-US", "ManifestType": "version", **end}
    yield (
        ".installer",
        {
            **common,
            "InstallerType": "zip",
            "NestedInstallerType": "portable",
            "NestedInstallerFiles": [
                {
                    "RelativeFilePath": r"mattebrush\mattebrush.exe",
                    "PortableCommandAlias": "mattebrush",
                }
            ],
            "ArchiveBinariesDependOnPath": True,
            "Installers": [
                {"Architecture": "x64", "InstallerUrl": url, "InstallerSha256": sha256.upper()}
            ],
            "ManifestType": "installer",
            **end,
        },
    )
    yield (
        ".locale.en-US",
        {
            **common,
            "PackageLocale": "en-US",
            "Publisher": "The Mattebrush authors",
            "PackageName": "Mattebrush",
            "PackageUrl": release.homepage,
            "License": "Apache-2.0 AND GPL-3.0-or-later",
            "ShortDescription": _SUMMARY,
            "ManifestType": "defaultLocale",
            **end,
        },
    )


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def release_date(change_log: str, version: str) -> str:
    """The day of a release, from its heading in CHANGELOG.md: "## 0.1.0 (2026-12-01)".

    Parameters
    ----------
    change_log : str
        The text of CHANGELOG.md.
    version : str
        Of the release.

    Returns
    -------
    str
        YYYY-MM-DD.

    Raises
    ------
    InputInvalid
        Where the heading has no day.
    """
    match = re.search(rf"^## {re.escape(version)} \((\d{{4}}-\d\d-\d\d)\)$", change_log, re.M)
    if match is None:
        raise InputInvalid(
            f"CHANGELOG.md does not say when {version} is released.",
            f'Write "## {version} (YYYY-MM-DD)" over its section.',
        )
    return match[1]


def write(folder: Path, release: Release) -> list[Path]:
    """Writes all of them into a folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    release : Release
        What they are for.

    Returns
    -------
    list of Path
        The files.
    """
    written = []
    for below, content in recipes(release).items():
        path = folder / below
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        written.append(path)
    return written
