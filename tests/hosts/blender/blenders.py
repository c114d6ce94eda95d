# SPDX-License-Identifier: Apache-2.0
"""The Blenders of the host tests, and running one of the scenarios in `inside/` in one of them.

`tests/hosts/install_blender.sh` puts them on this machine.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
INSIDE = Path(__file__).with_name("inside")
INSTALL = "tests/hosts/install_blender.sh"
VENVS = Path(
    os.environ.get("MATTEBRUSH_BLENDERS", Path.home() / ".cache/mattebrush-ci/hosts/blender")
)
VERSIONS = ("3.4", "4.2", "4.5", "5.0", "5.2")
WINDOWS = ("3.4", "5.2")
"""Versions that are here with their windows, too."""

_TIMEOUT = 600


@dataclasses.dataclass(frozen=True)
class Blender:
    """One Blender: Debian's program, or a bpy wheel in a virtual environment."""

    version: str

    @property
    def is_program(self) -> bool:
        """Whether it has windows; bpy wheels have none."""
        return self.version == "3.4"

    def command(self, script: Path) -> list[str]:
        """Runs a script without a window; arguments go after it."""
        if self.is_program:
            start = ["blender", "-b", "--factory-startup", "--python-exit-code", "3"]
            return [*start, "--python", str(script), "--"]
        return [str(VENVS / self.version / "bin/python"), str(script), "--"]


def windowed(version: str, folder: Path, arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Command and variables that start a Blender with its window; skips or fails as `find`.

    3.4 is the machine's own. 5.2 lives in a folder (chroot); the machine's whole tree is mounted
    inside it as /machine, in a mount namespace that ends with the run, and the engine runs outside.
    """
    if version == "3.4":
        find(version)
        return ["blender", *arguments], {}
    root = VENVS / "window"
    if not (root / ".complete").exists():
        _missing(f"{version} with its window")
    here = (root / ".complete").read_text().strip()
    if here and not here.startswith(version):
        pytest.skip(f"Debian's unstable branch has Blender {here} now, not {version}")
    engine = folder / "engine-python"
    paths = os.pathsep.join(str(ROOT / name) for name in ("core", "server"))
    outside = f'#!/bin/sh\nexec chroot /machine env PYTHONPATH={paths} {sys.executable} "$@"\n'
    engine.write_text(outside)
    engine.chmod(0o755)
    (folder / "config/mattebrush").mkdir(parents=True, exist_ok=True)
    settings = folder / "config/mattebrush/plugins.json"
    settings.write_text(json.dumps({"python": str(engine)}))
    mounts = []
    for source, target in (("/", "/machine"), *((at, at) for at in ("/proc", "/dev", "/tmp"))):
        mounts.append(_mounted(source, root, target))
    mounts += [_mounted(str(at), root, str(at)) for at in (ROOT, folder)]
    script = " && ".join(
        [*mounts, "exec " + shlex.join(["chroot", str(root), "/usr/bin/blender", *arguments])]
    )
    more = {"CHECK_OUTSIDE": "chroot /machine", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    return ["unshare", "--mount", "sh", "-c", script], more


def _mounted(source: str, root: Path, target: str) -> str:
    place = Path(f"{root}{target}")
    place.mkdir(parents=True, exist_ok=True)
    return f"mount --rbind {shlex.quote(source)} {shlex.quote(str(place))}"


def find(version: str) -> Blender:
    """The Blender of a version, or a skip that says how to get it (a failure in CI)."""
    blender = Blender(version)
    if blender.is_program:
        program = shutil.which("blender") is not None
    else:
        program = (VENVS / version / ".complete").exists()
    if not program:
        _missing(version)
    return blender


def _missing(what: str) -> None:
    reason = f"Blender {what} is not here: {INSTALL}"
    if os.environ.get("MATTEBRUSH_CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Settings of a user who has nothing but Mattebrush's zip, all below `folder`."""
    for name in ("resources/scripts", "resources/config", "runtime", "config"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "XDG_"))}
    return {
        **inherited,
        # Debian's Blender takes the libraries of the first python3 on PATH, which in a shell of
        # pyenv's or of a virtual environment's is not the one that Debian's numpy is for.
        "PATH": f"/usr/bin:{inherited['PATH']}",
        "BLENDER_USER_RESOURCES": str(folder / "resources"),
        "BLENDER_USER_SCRIPTS": str(folder / "resources/scripts"),
        "BLENDER_USER_CONFIG": str(folder / "resources/config"),
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "OMP_NUM_THREADS": "2",
        **more,
    }


def run(
    blender: Blender, scenario: str, folder: Path, env: dict[str, str] | None = None, **args: Any
) -> Any:
    """What `inside/scenarios.py`'s function `scenario` returns, called with `given`.

    folder: where it may write. Its exceptions fail the test, with what Blender printed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    answer = folder / f"{scenario}.json"
    answer.unlink(missing_ok=True)
    arguments = json.dumps({"folder": str(folder), **args})
    done = subprocess.run(
        [*blender.command(INSIDE / "run.py"), scenario, str(answer), arguments],
        env=env or environment(folder),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if not answer.exists():
        pytest.fail(f"Blender {blender.version}, {scenario}:\n{done.stdout}\n{done.stderr}")
    return json.loads(answer.read_text())


def build_zips(folder: Path) -> Path:
    """The two zips by `mattebrush plugin build blender`, and where the engine is, in
    config/mattebrush beside them; returns the folder."""
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "core"), str(ROOT / "server")]),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    command = [sys.executable, "-m", "mattebrush", "plugin", "build", "blender", "--to"]
    subprocess.run([*command, str(folder / "zips")], env=env, check=True, capture_output=True)
    return folder
