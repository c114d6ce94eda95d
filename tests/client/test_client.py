# SPDX-License-Identifier: Apache-2.0
"""Runs client_cases.py under both ends of the range of Pythons that hosts bring along."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).with_name("client_cases.py")
PYTHONS = ("2.7", "3.8", "3.13", "3.14")
REQUIRED = ("2.7", "3.8")
SECONDS = 120


@functools.cache
def interpreter(version: str) -> str | None:
    """The path of Python `version`, from pyenv's folder or PATH; None when it is not here."""
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in sorted(folder.glob(f"{version}.*")):
        return str(candidate / "bin" / "python")
    return shutil.which(f"python{version}")


def check(python: str) -> None:
    done = subprocess.run(
        [python, str(CASES)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-6000:]


def test_this_python() -> None:
    check(sys.executable)


@pytest.mark.parametrize("version", PYTHONS)
def test_other_pythons(version: str) -> None:
    python = interpreter(version)
    if python is None:
        hint = f"Python {version} is not here; install it with: pyenv install {version}"
        if version in REQUIRED and os.environ.get("MATTEBRUSH_CI"):
            pytest.fail(hint)
        pytest.skip(hint)
    check(python)
