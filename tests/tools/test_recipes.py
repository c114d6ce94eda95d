# SPDX-License-Identifier: Apache-2.0
"""Recipes for package managers: whole, of this version, and Flathub's does what it says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mattebrush import __version__
from mattebrush.errors import InputInvalid
from mattebrush.plugins import packages
from tests.client.test_setup import wheels  # noqa: F401 - a fixture
from tools import lock, recipes, release
from tools.platforms import PLATFORMS

ADDRESSES = {
    "homepage": "https://home.example/mattebrush",
    "downloads": "https://files.example/v1/",
}
FILES = [
    f"mattebrush-{__version__}-py3-none-any.whl",
    f"mattebrush-{__version__}-windows-x86_64-program.zip",
    *(f"mattebrush-{__version__}-{key}.zip" for key in PLATFORMS),
]
SUMS = {name: f"{number:064x}" for number, name in enumerate(FILES, 1)}


@pytest.fixture
def made() -> recipes.Release:
    return recipes.Release(__version__, "2026-12-01", SUMS, ADDRESSES)


def test_each_names_files_of_the_release_by_hash(made: recipes.Release) -> None:
    texts = recipes.recipes(made)
    assert len({path.split("/")[0] for path in texts}) == 4
    together = "\n".join(texts.values())
    for name, sha256 in SUMS.items():
        used = f"https://files.example/v1/{name}" in together
        assert used is not name.endswith("-windows-x86_64.zip"), name  # winget has the program
        assert (sha256 in together.lower()) is used
    for text in texts.values():
        assert __version__ in text or "org.gimp" in text


def test_what_is_not_known_is_said(made: recipes.Release) -> None:
    with pytest.raises(InputInvalid, match="downloads"):
        recipes.Release(__version__, "", SUMS, {**ADDRESSES, "downloads": ""})
    with pytest.raises(InputInvalid, match="mattebrush-0"):
        recipes.recipes(recipes.Release(__version__, "", dict(list(SUMS.items())[2:]), ADDRESSES))
    log = "# Changes\n\n## 0.2.0 (unreleased)\n\n## 0.1.0 (2026-12-01)\n"
    assert recipes.release_date(log, "0.1.0") == "2026-12-01"
    with pytest.raises(InputInvalid, match="CHANGELOG"):
        recipes.release_date(log, "0.2.0")


def test_the_command_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release.main(["recipes", "--output-dir", str(tmp_path)]) == 4
    assert "Build the release first" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "path", "words"),
    [
        ("flatpak-builder", f"flatpak/{recipes.FLATPAK_ID}.json", ["--show-manifest"]),
        (
            "appstreamcli",
            f"flatpak/{recipes.FLATPAK_ID}.metainfo.xml",
            ["validate", "--no-net"],
        ),
        ("ruby", "homebrew/mattebrush.rb", ["-c"]),
    ],
)
def test_what_reads_them_reads_them(
    program: str, path: str, words: list[str], made: recipes.Release, tmp_path: Path
) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not on this machine")
    recipes.write(tmp_path, made)
    done = subprocess.run(
        [program, *words, str(tmp_path / path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="a sandbox of Linux")
@pytest.mark.slow
def test_flathubs_commands_make_a_plug_in_with_its_engine(
    wheels: Path,  # noqa: F811
    made: recipes.Release,
    tmp_path: Path,
) -> None:
    """The manifest's own commands, on the bundle's files, this Python in place of the SDK's."""
    (module,) = recipes.flatpak(made)["modules"]
    source, prefix = tmp_path / "source", tmp_path / "app"
    shutil.copytree(lock.ROOT / "plugins" / "client", source / "setup")
    (source / "wheels").symlink_to(wheels)
    packages.build("gimp", source / "plugins")
    recipes.write(tmp_path, made)
    shutil.copy(tmp_path / f"flatpak/{recipes.FLATPAK_ID}.metainfo.xml", source)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (programs / "python3").chmod(0o755)
    variables = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "FLATPAK_DEST": str(prefix),
        "HOME": str(tmp_path),
    }
    for command in module["build-commands"]:
        subprocess.run(["sh", "-ec", command], cwd=source, env=variables, check=True, timeout=300)
    plugin = prefix / "plug-ins" / "mattebrush"
    assert os.access(plugin / "mattebrush.py", os.X_OK)
    note = json.loads((plugin / "mattebrush_engine.json").read_text())
    here = note["python_path"].replace("/app/extensions/Mattebrush", str(prefix))
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import mattebrush_client as client\n"
        "settings = client.Settings.load(); print(settings.python, settings.python_path)\n"
    )
    read = subprocess.run(
        [sys.executable, "-c", script, str(plugin)], env=variables, capture_output=True, text=True
    )
    assert read.stdout.split() == [note["python"], note["python_path"]], read.stderr
    cut = tmp_path / "cut.png"
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, sys.argv[1]);"
         "from mattebrush.cli import main; sys.exit(main(sys.argv[2:]))", here,
         "remove", str(lock.ROOT / "examples" / "lemur.jpg"), "-o", str(cut)],
        env=variables, check=True, timeout=300,
    )  # fmt: skip
    assert cut.stat().st_size > 10_000
