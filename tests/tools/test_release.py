# SPDX-License-Identifier: Apache-2.0
"""Locked packages, and bundles that need nothing but themselves."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from mattebrush.errors import InputInvalid
from tools import lock, release
from tools.platforms import PLATFORMS, PYTHONS

HERE_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NEEDED = ("sh", "dirname", "sed", "uname", "id", "sha256sum", "mkdir", "rm", "cat")
"""All that the installer's script may need of a machine."""

SECONDS = 300


@pytest.mark.parametrize(
    ("key", "python"), [(key, python) for key in PLATFORMS for python in PLATFORMS[key].pythons]
)
def test_the_lock_is_in_step_with_what_the_engine_needs(key: str, python: str) -> None:
    platform = PLATFORMS[key]
    locked = {}
    for line in lock.requirements(platform, python):
        name, version = line.split(" ")[0].split("==")
        assert name not in locked and "--hash=sha256:" in line
        locked[name] = version
    for text in lock.wanted():
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate(platform.markers(python)):
            assert needed.specifier.contains(locked[needed.name.lower()]), (
                f"{text} is not what is locked: run `python -m tools.lock`"
            )


@pytest.mark.parametrize("key", PLATFORMS)
def test_the_set_up_knows_how_many_packages_there_must_be(key: str) -> None:
    pins = json.loads(lock.PINS.read_text("utf-8"))
    platform = PLATFORMS[key]
    counts = {len(lock.requirements(platform, python)) + 1 for python in platform.pythons}
    assert counts == {pins["platforms"][key]["packages"]}
    assert pins["platforms"][key]["python"] == platform.python_range
    assert set(pins["uv"]["wheels"]) == set(PLATFORMS)


def test_intel_macs_keep_the_last_runtime_made_for_them() -> None:
    def runtime(key: str) -> str:
        lines = lock.requirements(PLATFORMS[key])
        return next(line.split(" ")[0] for line in lines if line.startswith("onnxruntime"))

    assert runtime("macos-x86_64") == "onnxruntime==1.23.2"
    assert runtime("macos-arm64") != runtime("macos-x86_64")


@pytest.mark.parametrize(
    ("key", "tag", "runs"),
    [
        ("linux-x86_64", "any", True),
        ("linux-x86_64", "manylinux_2_28_x86_64", True),
        ("linux-x86_64", "manylinux_2_5_x86_64", True),
        ("linux-x86_64", "manylinux_2_34_x86_64", False),
        ("linux-x86_64", "manylinux2014_aarch64", False),
        ("linux-x86_64", "musllinux_1_2_x86_64", False),
        ("linux-aarch64", "manylinux2014_aarch64", True),
        ("windows-x86_64", "win_amd64", True),
        ("windows-x86_64", "win_arm64", False),
        ("macos-arm64", "macosx_11_0_arm64", True),
        ("macos-arm64", "macosx_14_0_universal2", True),
        ("macos-arm64", "macosx_15_0_arm64", False),
        ("macos-arm64", "macosx_11_0_x86_64", False),
        ("macos-x86_64", "macosx_10_12_x86_64", True),
    ],
)
def test_which_wheels_run_where(key: str, tag: str, runs: bool) -> None:
    assert PLATFORMS[key].runs(tag) is runs


def test_an_archive_of_another_python_is_refused(tmp_path: Path) -> None:
    for name in ("python.tar.gz", "cpython-3.9.1+20240101-x86_64-linux-install_only.tar.gz"):
        archive = tmp_path / name
        archive.write_bytes(b"")
        with pytest.raises(InputInvalid):
            release.bundle(PLATFORMS["linux-x86_64"], tmp_path, tmp_path / "x.whl", archive)


@pytest.fixture(scope="module")
def python_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This Python in the form of a build to be unpacked anywhere."""
    prefix = Path(sys.base_prefix)
    if prefix in (Path("/usr"), Path("/usr/local")) or HERE_PYTHON not in PYTHONS:
        pytest.skip("this Python cannot be taken along: start the tests with one of pyenv or uv")
    version = ".".join(str(number) for number in sys.version_info[:3])
    name = f"cpython-{version}+20260101-x86_64-unknown-linux-gnu-install_only.tar.gz"
    path = tmp_path_factory.mktemp("python") / name
    left_out = re.compile(r"/(test|tests|site-packages|__pycache__|share|idlelib|lib2to3)(/|$)")

    def kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if left_out.search(member.name) else member

    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        archive.add(prefix, "python", filter=kept)
    return path


@pytest.fixture(scope="module")
def bundle(python_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    wheel = release.build_wheel(folder)
    return release.bundle(PLATFORMS["linux-x86_64"], folder, wheel, python_archive)


@pytest.mark.slow
def test_built_twice_equal_to_the_byte(bundle: Path, python_archive: Path, tmp_path: Path) -> None:
    wheel = release.build_wheel(tmp_path)
    again = release.bundle(PLATFORMS["linux-x86_64"], tmp_path, wheel, python_archive)
    assert release.digest(again) == release.digest(bundle)


@pytest.mark.slow
def test_a_bundle_is_checked_by_tag_hash_and_what_is_missing(bundle: Path, tmp_path: Path) -> None:
    assert release.check(bundle) == []
    changed = tmp_path / bundle.name
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(changed, "w") as new:
        for info in old.infolist():
            name, data = info.filename, old.read(info)
            if "/wheels/numpy-" in name:
                name = name.replace("manylinux_2_28_x86_64", "manylinux_2_34_aarch64")
                name = re.sub(r"manylinux.*\.whl", "manylinux_2_34_aarch64.whl", name)
            if "/wheels/waitress-" in name:
                continue
            if "/wheels/pillow-" in name:
                data += b" "
            new.writestr(name, data)
    problems = "\n".join(release.check(changed))
    assert re.search(r"numpy-.*aarch64.whl does not run on linux-x86_64", problems)
    assert re.search(r"waitress-.* is missing", problems)
    assert re.search(r"there is no waitress==\S+ for Python", problems)
    assert re.search(r"pillow-.* is not the file that its hash is of", problems)
    assert re.search(r"pillow-.* is not locked", problems)


@pytest.mark.slow
def test_a_machine_with_nothing_else_and_no_network(bundle: Path, tmp_path: Path) -> None:
    home = tmp_path / "a new account"
    gimp = home / ".config" / "GIMP" / "3.0"
    gimp.mkdir(parents=True)
    subprocess.run(["unzip", "-q", str(bundle), "-d", str(tmp_path)], check=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in NEEDED:
        (programs / name).symlink_to(Path(shutil.which(name) or name).resolve())
    unshare = shutil.which("unshare")
    assert unshare and os.geteuid() == 0, "the network can only be taken away by root"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [unshare, "--net", str(tmp_path / bundle.stem / "install.sh"), *arguments],
            env={"HOME": str(home), "PATH": str(programs)},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    done = run()
    assert done.returncode == 0, done.stderr + done.stdout
    assert (gimp / "plug-ins" / "mattebrush" / "mattebrush.py").is_file()
    engine = home / ".local/share/mattebrush/engine"
    (python,) = engine.glob("env-*/bin/python")
    assert python.resolve().is_relative_to(engine / "python")
    picture = lock.ROOT / "examples" / "lemur.jpg"
    cut = subprocess.run(
        [unshare, "--net", python, "-m", "mattebrush", "remove", picture, "-o", home / "cut.png"],
        env={"HOME": str(home), "PATH": str(programs)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert cut.returncode == 0, cut.stderr
    (home / "cut.png").unlink()
    gone = run("--remove")
    assert gone.returncode == 0, gone.stderr
    assert [str(path) for path in home.rglob("*") if path.is_file()] == []
