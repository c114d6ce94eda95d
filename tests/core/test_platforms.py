# SPDX-License-Identifier: Apache-2.0
"""What differs on Windows and macOS, driven by setting the platform; the workflow in .github runs
the whole on the real ones."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mattebrush.models import store
from mattebrush.plugins import packages
from mattebrush.plugins.places import Machine, find
from mattebrush_server import discovery
from mattebrush_server.blobs import Blob

ROOT = Path(__file__).parents[2]
NAMES = {"win32": "nt", "darwin": "posix", "linux": "posix"}
VARIABLES = (
    "MATTEBRUSH_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "LOCALAPPDATA",
    "APPDATA",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and nothing else in the environment that says where things lie."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def client() -> Iterator[ModuleType]:
    path = ROOT / "plugins" / "client" / "mattebrush_client.py"
    spec = importlib.util.spec_from_file_location("mattebrush_client_of_platforms", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "", ".local/share/mattebrush"),
        ("linux", "XDG_DATA_HOME", "set/mattebrush"),
        ("darwin", "", "Library/Application Support/mattebrush"),
        ("win32", "", "AppData/Local/mattebrush"),
        ("win32", "LOCALAPPDATA", "set/mattebrush"),
    ],
)
def test_models_lie_where_the_platform_wants_them(
    platform: str, variable: str, folder: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, str(home / "set"))
    assert store.home() == home / folder


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "", ".cache/mattebrush"),
        ("linux", "XDG_RUNTIME_DIR", "set/mattebrush"),
        ("darwin", "", "Library/Caches/mattebrush"),
        ("win32", "", "mattebrush"),
        ("win32", "LOCALAPPDATA", "set/mattebrush"),
    ],
)
def test_plugins_look_for_a_server_where_it_leaves_its_note(
    platform: str,
    variable: str,
    folder: str,
    home: Path,
    client: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, str(home / "set"))
    left = discovery.folder()
    assert left == home / folder
    with monkeypatch.context() as system:
        system.setattr(os, "name", NAMES[platform])
        looked = client.runtime_folder()
    assert Path(looked) == left


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "XDG_CONFIG_HOME", "set/mattebrush"),
        ("darwin", "", "Library/Application Support/mattebrush"),
        ("win32", "APPDATA", "set/mattebrush"),
    ],
)
def test_all_hosts_share_one_folder_of_settings(
    platform: str,
    variable: str,
    folder: str,
    home: Path,
    client: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, str(home / "set"))
    with monkeypatch.context() as system:
        system.setattr(os, "name", NAMES[platform])
        chosen = client.settings_folder()
    assert Path(chosen) == home / folder


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("size", [10, 5_000_000])
def test_the_server_s_bytes_reach_a_worker(
    platform: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shared memory with a descriptor, shared memory without one, and none at all."""
    monkeypatch.setattr(sys, "platform", platform)
    data = np.random.default_rng(1).integers(0, 256, size, np.uint8).tobytes()
    blob = Blob.of(data)
    try:
        other = Blob.attach(blob.handle())
        assert bytes(other.view) == data
        other.detach()
    finally:
        blob.release()


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_gimp_is_told_which_python_only_where_it_brings_none(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {
        "linux": ".config/GIMP/3.0",
        "darwin": "Library/Application Support/GIMP/3.0",
        "win32": "AppData/Roaming/GIMP/3.0",
    }
    (tmp_path / folders[platform]).mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    (place,) = find("gimp", Machine(platform, tmp_path, {}))
    monkeypatch.setattr(sys, "platform", platform)
    packages.install(place)
    named = (place.folder / "interpreters" / "mattebrush.interp").exists()
    assert named == (platform == "linux")
    assert packages.remove(place)
    assert not (place.folder / "interpreters" / "mattebrush.interp").exists()


_WINDOWS = """
import ctypes, sys, time
sys.platform = "win32"

class Kernel:  # the three calls that the engine makes of Windows, over this system's own
    def OpenProcess(self, rights, inherit, pid):
        return {handle}
    def WaitForSingleObject(self, handle, milliseconds):
        time.sleep(0.2)

class Libraries:
    kernel32 = Kernel()

ctypes.windll = Libraries()
from mattebrush.jobs import pipe
pipe._exit_when_client_is_gone(1)
time.sleep({seconds})
print("still here")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the real thing runs in test_job_pipe.py there")
@pytest.mark.parametrize(("handle", "status", "expected"), [(7, 141, ""), (0, 0, "still here\n")])
def test_on_windows_a_job_ends_with_its_parent(handle: int, status: int, expected: str) -> None:
    """It waits for the process that started it; where that cannot be opened, it just goes on."""
    code = _WINDOWS.format(handle=handle, seconds=20 if status else 1)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (status, expected), done.stderr
