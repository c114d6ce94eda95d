# SPDX-License-Identifier: Apache-2.0
"""`python -m tools.lock`: which packages the set-up installs, each by hash, on every platform.

Writes requirements.txt and pins.json of plugins/client/mattebrush_setup. Needs the package index;
run it when a dependency shall be newer, and look at the difference before committing it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from .platforms import PLATFORMS, PYTHON, PYTHONS, Platform

ROOT = Path(__file__).resolve().parents[1]
SETUP = ROOT / "plugins" / "client" / "mattebrush_setup"
PINS = SETUP / "pins.json"
_EXTRAS = ("heif", "server")
_INTEL_MAC = "sys_platform == 'darwin' and platform_machine == 'x86_64'"
_LAST_FOR_INTEL_MACS = "1.23.2"
"""The last onnxruntime with wheels for Macs with an Intel processor."""

_MARGIN = 1.15
"""Disk space asked for, as a share of what was measured: the cache has the archives, too."""


def main() -> int:
    """Writes both files; returns the exit status."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    (SETUP / "requirements.txt").write_text(_resolved(), encoding="utf-8")
    pins = {
        "uv": _installer(metadata.version("uv")),
        "platforms": {key: _sizes(platform) for key, platform in PLATFORMS.items()},
    }
    PINS.write_text(json.dumps(pins, indent=2) + "\n", encoding="utf-8")
    return 0


def wanted() -> list[str]:
    """The engine's own requirements, the server's and those for HEIC pictures among them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in _EXTRAS:
        lines += project["optional-dependencies"][extra]
    others = "sys_platform != 'darwin' or platform_machine != 'x86_64'"
    split = []
    for line in lines:
        if Requirement(line).name == "onnxruntime":
            split += [
                f"onnxruntime<={_LAST_FOR_INTEL_MACS}; {_INTEL_MAC}",
                f"onnxruntime>{_LAST_FOR_INTEL_MACS}; {others}",
            ]
        else:
            split.append(line)
    return split


def requirements(platform: Platform, python: str = PYTHON) -> list[str]:
    """The locked requirements for one platform, hashes included, without markers."""
    text = (SETUP / "requirements.txt").read_text("utf-8").replace("\\\n", " ")
    lines = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement, *hashes = re.split(r"\s+--hash=", line.strip())
        parsed = Requirement(requirement)
        if parsed.marker is None or parsed.marker.evaluate(platform.markers(python)):
            parsed.marker = None
            lines.append(" --hash=".join([str(parsed), *hashes]))
    return lines


def download(platform: Platform, folder: Path, python: str = PYTHON) -> list[Path]:
    """Fetches the locked wheels for a platform into a folder, each checked by its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(requirements(platform, python)))
        file.flush()
        _pip_download(platform, folder, python, "--require-hashes", "-r", file.name)
    return sorted(folder.glob("*.whl"))


def download_installer(platform: Platform, folder: Path, version: str) -> Path:
    """Fetches uv's wheel for a platform."""
    _pip_download(platform, folder, PYTHON, f"uv=={version}")
    return next(folder.glob(f"uv-{version}-*.whl"))


def _pip_download(platform: Platform, folder: Path, python: str, *what: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(folder)]
    command += ["--implementation=cp", f"--python-version={python}"]
    command += [f"--platform={tag}" for tag in platform.tags]
    subprocess.run([*command, *what], check=True)


def _resolved() -> str:
    """uv's answer to what is wanted, for all platforms at once."""
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"]
    command += ["--no-annotate", "--only-binary=:all:", f"--python-version={PYTHONS[0]}", "-"]
    command[0] = str(Path(sys.executable).with_name("uv"))
    done = subprocess.run(
        command, input="\n".join(wanted()), stdout=subprocess.PIPE, text=True, check=True
    )
    return f"# Made by `python -m tools.lock`.\n{done.stdout}"


def _installer(version: str) -> dict[str, object]:
    wheels = {}
    for key, platform in PLATFORMS.items():
        with tempfile.TemporaryDirectory() as folder:
            wheel = download_installer(platform, Path(folder), version)
            wheels[key] = {
                "name": wheel.name,
                "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
                "size": wheel.stat().st_size,
            }
    return {"version": version, "wheels": wheels}


def _sizes(platform: Platform) -> dict[str, int | str]:
    """Which Pythons will do, bytes to download and on the disk, and how many packages there are."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = download(platform, Path(folder))
        wheels.append(download_installer(platform, Path(folder), metadata.version("uv")))
        fetched = sum(wheel.stat().st_size for wheel in wheels)
        unpacked = 0
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                unpacked += sum(info.file_size for info in archive.infolist())
        disk = int((fetched + unpacked) * _MARGIN)
        # uv is no package of the environment, the engine is one.
        return {
            "python": platform.python_range,
            "download": fetched,
            "disk": disk,
            "packages": len(wheels),
        }


if __name__ == "__main__":
    sys.exit(main())
