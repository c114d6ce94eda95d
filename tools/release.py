# SPDX-License-Identifier: Apache-2.0
"""`python -m tools.release`: wheel, plug-in zips and offline bundles, the same bytes each time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from mattebrush import __version__
from mattebrush.plugins import packages

from .lock import ROOT

VERSION = __version__

_EPOCH = "315532800"
"""Seconds to 1980: the date of every file in what is built, so that none tells when."""


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build_wheel(folder: Path) -> Path:
    """Builds the engine's wheel into a folder."""
    command = [str(Path(sys.executable).with_name("uv")), "build", "--quiet", "--wheel"]
    command += ["--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _EPOCH}
    subprocess.run([*command, str(ROOT)], env=environment, check=True)
    return engine_wheel(folder)


def engine_wheel(folder: Path) -> Path:
    """The engine's wheel in a folder."""
    return folder / f"mattebrush-{VERSION}-py3-none-any.whl"


def write_engine(folder: Path) -> None:
    """The engine's wheel, and engine.json, which tells the set-up its hash."""
    wheel = build_wheel(folder)
    (folder / "engine.json").write_bytes(packages.engine_note(wheel))
