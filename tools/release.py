# SPDX-License-Identifier: Apache-2.0
"""`python -m tools.release`: wheel, plug-in zips and offline bundles, the same bytes each time.

    all                        everything below, and SHA256SUMS; what is made without a word more
    wheel                      the engine's wheel
    plugins                    the plug-ins' zips, which bring the engine's wheel along
    bundle --platform KEY      all that a machine without a network needs, in one zip
    recipes                    for winget, Homebrew, conda and Flathub, from dist/SHA256SUMS
    check FILE ...             whether bundles hold what they must: tags, sizes, hashes

Everything lands in --output-dir (dist). Wheels of others are those of the lock (tools/lock.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from packaging.utils import parse_wheel_filename

from mattebrush import __version__
from mattebrush.errors import InputInvalid, MattebrushError
from mattebrush.plugins import packages, places

from . import lock, recipes
from .lock import ROOT
from .platforms import PLATFORMS, Platform, python_range

VERSION = __version__

_EPOCH = "315532800"
"""Seconds to 1980: the date of every file in what is built, so that none tells when."""

_DATE = (1980, 1, 1, 0, 0, 0)
_LARGEST = 450_000_000
"""Bytes that a bundle may have."""

_HERE = "@HERE@"
"""In python/downloads.json: the bundle's folder, wherever it was unpacked. As in the set-up."""

_SCRIPTS = {"linux": "install.sh", "darwin": "install.command", "win32": "install.cmd"}
_PYTHON_ARCHIVE = re.compile(r"cpython-(\d+)\.(\d+)\.(\d+)\+(\d+)-.*install_only.*\.tar\.gz")


def main(arguments: list[str] | None = None) -> int:
    """Does one of the commands; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="tools.release",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = ("all", "wheel", "plugins", "bundle", "recipes", "check")
    parser.add_argument("what", nargs="?", default="all", choices=what)
    parser.add_argument("files", nargs="*", type=Path, help="bundles to check")
    parser.add_argument("--platform", action="append", choices=PLATFORMS, help="default: all")
    parser.add_argument("--output-dir", type=Path, default=Path("dist"))
    parser.add_argument(
        "--python-archive", type=Path, help="a Python to bring along (python-build-standalone)"
    )
    args = parser.parse_args(arguments)
    args.output_dir.mkdir(parents=True, exist_ok=True)
    try:
        if args.what == "check":
            problems = [problem for path in args.files for problem in check(path)]
            print("\n".join(problems) or "All is as it must be.")
            return 1 if problems else 0
        if args.what == "recipes":
            print("\n".join(str(path) for path in _recipes(args.output_dir)))
            return 0
        sums = {path.name: digest(path) for path in _made(args)}
        lines = "".join(f"{value}  {name}\n" for name, value in sorted(sums.items()))
        if args.what == "all":
            (args.output_dir / "SHA256SUMS").write_text(lines, encoding="utf-8")
        print(lines, end="")
    except MattebrushError as error:
        print(f"tools.release: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _recipes(folder: Path) -> list[Path]:
    """Writes the recipes for what SHA256SUMS in a folder names."""
    try:
        lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    except OSError as error:
        raise InputInvalid(
            f"{folder / 'SHA256SUMS'} cannot be read: {error.strerror}.", "Build the release first."
        ) from error
    sums = {name: value for value, name in (line.split("  ", 1) for line in lines)}
    date = recipes.release_date((ROOT / "CHANGELOG.md").read_text("utf-8"), VERSION)
    release = recipes.Release(VERSION, date, sums, recipes.addresses(VERSION))
    return recipes.write(folder / "recipes", release)


def _made(args: argparse.Namespace) -> Iterator[Path]:
    wheel = build_wheel(args.output_dir)
    if args.what in ("wheel", "all"):
        yield wheel
    if args.what in ("plugins", "all"):
        yield from plugin_zips(args.output_dir, wheel)
    if args.what in ("bundle", "all"):
        for key in args.platform or PLATFORMS:
            yield bundle(PLATFORMS[key], args.output_dir, wheel, args.python_archive)


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


def plugin_zips(folder: Path, wheel: Path | None) -> list[Path]:
    """The zips of all hosts; wheel: the engine's, to be brought along."""
    return [path for host in places.HOSTS for path in packages.build(host, folder, wheel)]


def bundle(
    platform: Platform, folder: Path, wheel: Path, python_archive: Path | None = None
) -> Path:
    """Writes the offline bundle for a platform; returns its path.

    python_archive: a Python to bring along; then the wheels are for that one only, else for every
    Python that the lock is for. Raises InputInvalid for an archive of another name or version.
    """
    path = folder / f"mattebrush-{VERSION}-{platform.key}.zip"
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / path.stem
        (root / "wheels").mkdir(parents=True)
        pythons = platform.pythons
        if python_archive is not None:
            pythons = (_add_python(root / "python", python_archive, platform),)
        for python in pythons:
            lock.download(platform, root / "wheels", python)
        _add_engine(root, wheel, pythons)
        _add_installer(root, platform)
        plugin_zips(root / "plugins", None)
        _add_sums(root)
        _zip(root, path)
    return path


def _add_python(folder: Path, archive: Path, platform: Platform) -> str:
    """Puts the archive and the list that uv finds it by into a folder; returns its version."""
    match = _PYTHON_ARCHIVE.fullmatch(archive.name)
    version = f"{match.group(1)}.{match.group(2)}" if match else ""
    if match is None or version not in platform.pythons:
        raise InputInvalid(
            f"{archive.name} is no archive of a Python that there are wheels for.",
            f"Take an install_only archive of one of {', '.join(platform.pythons)}.",
        )
    folder.mkdir()
    (folder / archive.name).write_bytes(archive.read_bytes())
    major, minor, patch, build = match.groups()
    family = "aarch64" if platform.machine in ("aarch64", "arm64") else "x86_64"
    system = {"linux": "linux", "darwin": "darwin", "win32": "windows"}[platform.sys_platform]
    libc = "gnu" if platform.sys_platform == "linux" else "none"
    row = {
        "name": "cpython",
        "arch": {"family": family, "variant": None},
        "os": system,
        "libc": libc,
        "major": int(major),
        "minor": int(minor),
        "patch": int(patch),
        "prerelease": "",
        "url": f"file://{_HERE}/python/{archive.name.replace('+', '%2B')}",
        "sha256": digest(archive),
        "variant": None,
        "build": build,
    }
    name = f"cpython-{major}.{minor}.{patch}-{system}-{family}-{libc}"
    text = json.dumps({name: row}, indent=2)
    (folder / "downloads.json").write_text(text + "\n", encoding="utf-8")
    return version


def _add_engine(root: Path, wheel: Path, pythons: tuple[str, ...]) -> None:
    (root / "wheels" / wheel.name).write_bytes(wheel.read_bytes())
    about = json.loads(packages.engine_note(wheel))
    about["python"] = python_range(pythons)
    (root / "engine.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _add_installer(root: Path, platform: Platform) -> None:
    """uv, the set-up, and the script that starts it."""
    pins = json.loads(lock.PINS.read_text("utf-8"))["uv"]
    wheel = lock.download_installer(platform, root / "wheels", pins["version"])
    if digest(wheel) != pins["wheels"][platform.key]["sha256"]:
        raise InputInvalid(f"{wheel.name} is not the one that was locked.")
    program = "uv.exe" if platform.sys_platform == "win32" else "uv"
    with zipfile.ZipFile(wheel) as archive:
        inside = next(name for name in archive.namelist() if name.endswith(f"/scripts/{program}"))
        (root / program).write_bytes(archive.read(inside))
    source = packages.sources() / "client"
    for path in source.rglob("*"):
        below = path.relative_to(source)
        if path.is_file() and "__pycache__" not in below.parts:
            target = root / "setup" / below
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    scripts = Path(__file__).with_name("bundle")
    script = _SCRIPTS[platform.sys_platform]
    name = "install.cmd" if script.endswith(".cmd") else "install.sh"
    (root / script).write_bytes((scripts / name).read_bytes())
    readme = (scripts / "README.txt").read_text("utf-8")
    readme = readme.replace("@VERSION@", VERSION).replace("@SCRIPT@", script)
    (root / "README.txt").write_text(readme.replace("@PLATFORM@", platform.key), "utf-8")


def _add_sums(root: Path) -> None:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    lines = [f"{digest(path)}  {path.relative_to(root).as_posix()}\n" for path in files]
    (root / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _zip(root: Path, path: Path) -> None:
    """The folder as a zip, with fixed dates; what is compressed already is stored as it is."""
    with zipfile.ZipFile(path, "w") as out:
        for file in sorted(each for each in root.rglob("*") if each.is_file()):
            name = file.relative_to(root.parent).as_posix()
            program = file.name == "uv" or file.suffix in (".sh", ".command")
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # Unix, or the execute bit is lost
            entry.external_attr = (0o100755 if program else 0o100644) << 16
            stored = file.suffix in (".whl", ".zip", ".gz")
            kind = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            out.writestr(entry, file.read_bytes(), kind)


def check(path: Path) -> list[str]:
    """What is wrong with a bundle, a sentence each: its files' hashes, tags and sizes."""
    problems = []
    with zipfile.ZipFile(path) as archive:
        root = PurePosixPath(archive.namelist()[0]).parts[0]
        platform = PLATFORMS[root.removeprefix(f"mattebrush-{VERSION}-")]
        sums = archive.read(f"{root}/SHA256SUMS").decode().splitlines()
        expected = {name: value for value, name in (line.split("  ", 1) for line in sums)}
        for name in archive.namelist():
            below = name.removeprefix(f"{root}/")
            actual = hashlib.sha256(archive.read(name)).hexdigest()
            if below != "SHA256SUMS" and expected.pop(below, None) != actual:
                problems.append(f"{path.name}: {below} is not the file that its hash is of.")
        problems += [f"{path.name}: {name} is missing." for name in expected]
        wheels = [name for name in archive.namelist() if name.endswith(".whl")]
        about = json.loads(archive.read(f"{root}/engine.json"))
        hashes = {
            hashlib.sha256(archive.read(name)).hexdigest(): PurePosixPath(name).name
            for name in wheels
        }
    problems += _wheel_problems(path, platform, hashes, about)
    if path.stat().st_size > _LARGEST:
        problems.append(f"{path.name} has {path.stat().st_size / 1e6:.0f} MB.")
    return problems


def _wheel_problems(
    path: Path, platform: Platform, wheels: dict[str, str], about: dict[str, str]
) -> Iterator[str]:
    """Wheels for another platform, unlocked ones, and those that a Python lacks."""
    uv = json.loads(lock.PINS.read_text("utf-8"))["uv"]["wheels"][platform.key]
    locked = {uv["sha256"], about["sha256"]}
    wanted: dict[str, set[str]] = {}
    first, last = (int(number) for number in re.findall(r"3\.(\d+)", about["python"]))
    for minor in range(first, last):
        for line in lock.requirements(platform, f"3.{minor}"):
            name, *hashes = line.split(" --hash=sha256:")
            wanted[f"{name} for Python 3.{minor}"] = set(hashes)
            locked.update(hashes)
    for value, name in wheels.items():
        tags = parse_wheel_filename(name)[3]
        if not any(platform.runs(tag.platform) for tag in tags):
            yield f"{path.name}: {name} does not run on {platform.key}."
        if value not in locked:
            yield f"{path.name}: {name} is not locked."
    for name, allowed in wanted.items():
        if not allowed.intersection(wheels):
            yield f"{path.name}: there is no {name}."


if __name__ == "__main__":
    sys.exit(main())
