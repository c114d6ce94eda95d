# SPDX-License-Identifier: Apache-2.0
"""The zip in Krita's own importer, and the installer's commands on a real profile."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mattebrush.plugins import packages
from tests.hosts.krita.kritahost import REPOSITORY, Krita

pytestmark = pytest.mark.hosts

SYSTEM_PYTHON = "/usr/bin/python3"
IMPORTER = "usr/share/krita/pykrita/plugin_importer/plugin_importer.py"
# Inside Krita, which it is part of, there is a function that translates.
RUN = """
import builtins, runpy, sys
builtins.i18n = lambda text, *values: text
sys.argv[:] = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def mattebrush(home: Path, *arguments: str) -> str:
    """Runs the command line for a user with that home; returns what it printed."""
    environment = {
        **{name: os.environ[name] for name in ("PATH",)},
        "HOME": str(home),
        "PYTHONPATH": f"{REPOSITORY / 'core'}:{REPOSITORY / 'server'}",
    }
    command = [sys.executable, "-m", "mattebrush", "plugin", *arguments]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_kritas_own_importer_takes_the_zip(krita: Krita, tmp_path: Path) -> None:
    (zipped,) = mattebrush(tmp_path, "build", "krita", "--to", str(tmp_path)).split()
    resources = tmp_path / "resources"
    resources.mkdir()
    importer = (krita.root or Path("/")) / IMPORTER
    done = subprocess.run(
        [SYSTEM_PYTHON, "-c", RUN, str(importer), zipped, str(resources)],
        capture_output=True,
        text=True,
    )
    assert "Imported plugin: Mattebrush" in done.stdout, done.stdout + done.stderr
    put = {str(path.relative_to(resources)) for path in resources.rglob("*") if path.is_file()}
    plan = packages.layout("krita", ())
    assert put == {str(path) for path in plan.files}
    for path, source in plan.files.items():
        assert (resources / path).read_bytes() == source.read_bytes()
    assert "actions/mattebrush.action" in put


def test_install_status_uninstall(tmp_path: Path) -> None:
    data = tmp_path / ".local" / "share" / "krita"
    data.mkdir(parents=True)
    settings = tmp_path / ".config" / "kritarc"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("theme=Krita dark\n\n[python]\nenable_other=true\n\n[view]\nzoom=2\n")
    (row,) = json.loads(mattebrush(tmp_path, "status", "--json"))
    assert row["plugin"] == ""
    assert "Start Krita" in mattebrush(tmp_path, "install", "krita")
    (row,) = json.loads(mattebrush(tmp_path, "status", "--json"))
    assert row["plugin"]
    location = json.loads((data / "pykrita/mattebrush/mattebrush_engine.json").read_text())
    assert location["python"] == sys.executable
    before, after = "[python]\n", "enable_other=true\n\n[view]\nzoom=2\n"
    assert f"{before}enable_mattebrush=true\n{after}" in settings.read_text()  # no third restart
    mattebrush(tmp_path, "uninstall", "krita")
    assert [path for path in data.rglob("*") if path.is_file()] == []
    assert settings.read_text() == f"theme=Krita dark\n\n{before}{after}"


def test_what_the_user_switched_off_stays_off(tmp_path: Path) -> None:
    (tmp_path / ".local" / "share" / "krita").mkdir(parents=True)
    (tmp_path / ".config").mkdir()
    settings = tmp_path / ".config" / "kritarc"
    settings.write_text("[python]\nenable_mattebrush=false\n")
    mattebrush(tmp_path, "install", "krita")
    assert settings.read_text() == "[python]\nenable_mattebrush=false\n"


def test_krita_that_was_never_started_gets_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "krita"  # it is only looked for
    program.parent.mkdir()
    program.touch(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    mattebrush(tmp_path, "install", "krita")
    assert (tmp_path / ".local/share/krita/pykrita/mattebrush/docker.py").is_file()
    assert (tmp_path / ".config/kritarc").read_text() == "[python]\nenable_mattebrush=true\n"


def test_no_module_needs_more_than_krita_has() -> None:
    """Standard library, PyQt through the shim, krita, and the plug-in itself."""
    allowed = {*sys.stdlib_module_names, "krita"}
    for path in (REPOSITORY / "plugins/krita/mattebrush").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                known = name.split(".")[0] in allowed or path.name == "qt.py"
                assert known, f"{path.name} imports {name}"


def test_no_module_waits_in_a_nested_event_loop() -> None:
    """In one, Krita neither shows new layers nor makes another the active one."""
    loops = {"exec", "exec_", "QEventLoop", "processEvents", "waitForFinished", "waitForDone"}
    results = {
        f"{path.name}: {node.attr}"
        for path in (REPOSITORY / "plugins/krita/mattebrush").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in loops
    }
    assert results == set()
