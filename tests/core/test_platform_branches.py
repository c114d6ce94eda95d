# SPDX-License-Identifier: Apache-2.0
"""The smaller branches for Windows and macOS: each module is shown another `os` and `sys`, and what
only Windows has (its libraries, its flags for a process) is recorded."""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mattebrush import atomic
from mattebrush.cli import translation
from mattebrush.plugins import wheels
from mattebrush.programs import layered
from mattebrush_server import discovery

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "plugins" / "client"
NAMES = {"win32": "nt", "darwin": "posix", "linux": "posix"}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the real thing runs there")


class _As:
    """A module as another platform has it: `name` and `platform` differ, the rest is its own."""

    def __init__(self, module: types.ModuleType, **differing: Any) -> None:
        self._module = module
        self.__dict__.update(differing)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class On:
    """Shows modules another platform."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def __call__(self, system: str, *modules: Any, **differing: Any) -> None:
        """What `modules` see: `system`, as `sys.platform` has it, and in `os` what differs."""
        for module in modules:
            if hasattr(module, "os"):
                self._patch.setattr(module, "os", _As(os, name=NAMES[system], **differing))
            if hasattr(module, "sys"):
                self._patch.setattr(module, "sys", _As(sys, platform=system))


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> On:
    return On(monkeypatch)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The client and the set-up, as a plug-in imports them."""
    ours = ("mattebrush_client", "mattebrush_setup")
    before = {name: module for name, module in sys.modules.items() if name.startswith(ours)}
    monkeypatch.syspath_prepend(str(CLIENT))
    names = ("machine", "environment", "source", "uv")
    parts = {name: importlib.import_module(f"mattebrush_setup.{name}") for name in names}
    yield types.SimpleNamespace(client=importlib.import_module("mattebrush_client"), **parts)
    for name in [name for name in sys.modules if name.startswith(ours)]:
        del sys.modules[name]
    sys.modules.update(before)  # what others hold, the kit say, is still the one to be found


# --------------------------------------------------------------------------------- the engine


def test_a_file_gets_its_name_where_a_rename_does_not_overwrite(tmp_path: Path, on: On) -> None:
    """Windows' file systems may know no hard links, by which the others keep what is there."""

    def link(*_: object) -> None:
        raise AssertionError("no hard link on Windows")

    on("win32", atomic, link=link)
    with atomic.whole_file(tmp_path / "a.png", overwrite=False) as file:
        file.write(b"whole")
    assert (tmp_path / "a.png").read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


class _Libraries:
    """ctypes.windll with the calls that are made of it."""

    def __init__(self, **kernel: Any) -> None:
        self.kernel32 = types.SimpleNamespace(**kernel)


@pytest.mark.parametrize(("number", "language"), [(0x0407, "de"), (0x0409, ""), (0x9999, "")])
def test_help_is_in_the_language_that_windows_is_set_to(
    number: int, language: str, on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    on("win32", translation)
    libraries = _Libraries(GetUserDefaultUILanguage=lambda: number)
    monkeypatch.setattr(ctypes, "windll", libraries, raising=False)
    assert translation._known(translation._system_language()) == language


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("win32", "AMD64", "windows-x64"),
        ("darwin", "arm64", "macos-arm64"),
        ("linux", "x86_64", "linux-x64"),
    ],
)
def test_a_zip_for_here_is_for_the_platform_it_is_built_on(
    system: str, machine: str, name: str, on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(system, wheels)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert wheels._here() == name
    assert name in {each.name for each in wheels.PLATFORMS}


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_a_program_that_takes_too_long_is_ended(tmp_path: Path, system: str, on: On) -> None:
    on(system, layered)
    desk = layered._Desk(tmp_path, "psd")
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    command = [sys.executable, "-c", code]

    limit = 0.2
    status: int | None = 0
    while not desk.log.exists() or not desk.log.read_text().strip():  # started within the limit
        status = layered._run(command, dict(os.environ), desk, limit, lambda: None)
        limit *= 2
    assert status is None
    number = int(desk.log.read_text())
    until = time.monotonic() + 60
    while _runs(number) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _runs(number)


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


# --------------------------------------------------------------------------------- the server


@pytest.mark.parametrize(
    ("handle", "status", "alive"), [(0, 259, False), (7, 259, True), (7, 1, False)]
)
def test_a_server_s_note_counts_while_its_process_runs(
    handle: int, status: int, alive: bool, on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []

    def exit_code(_: int, target: Any) -> None:
        target._obj.value = status

    kernel = _Libraries(
        OpenProcess=lambda rights, inherit, number: handle,
        GetExitCodeProcess=exit_code,
        CloseHandle=closed.append,
    )
    on("win32", discovery)
    monkeypatch.setattr(ctypes, "windll", kernel, raising=False)
    assert discovery._alive(1234) is alive
    assert closed == ([handle] if handle else [])


# --------------------------------------------------------------------- the client and the set-up


def test_settings_are_written_twice_on_windows(tmp_path: Path, client: Any, on: On) -> None:
    """Python 2.7 cannot replace a file there, so the old one goes first."""
    on("win32", client.client, client.environment)
    for model in ("one", "two"):
        client.client.Settings({"model": model}).save(str(tmp_path))
        client.environment.write_json(str(tmp_path / "state.json"), {"model": model})
    assert client.client.Settings.load(str(tmp_path)).other["model"] == "two"
    assert "two" in (tmp_path / "state.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plugins.json", "state.json"]


_NO_WINDOW = 0x08000000


@pytest.mark.parametrize(("system", "flags"), [("linux", 0), ("win32", _NO_WINDOW)])
def test_no_console_window_opens_for_the_engine(
    system: str, flags: int, client: Any, on: On, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The flag is refused elsewhere, so the call is recorded. Windows' pipes need open handles."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: seen.append(options))
    on(system, client.client, client.uv)
    engine = client.client.ProcessEngine(sys.executable)
    engine.spawn(engine.command())
    monkeypatch.setattr(client.uv, "environment", lambda folder, source: {})
    client.uv.start("uv", [], str(tmp_path), None)
    assert [options["creationflags"] for options in seen] == [flags, flags]
    assert [options["close_fds"] for options in seen] == [system != "win32"] * 2


@pytest.mark.parametrize(
    ("system", "machine", "translated", "key"),
    [
        ("linux", "x86_64", False, "linux-x86_64"),
        ("linux", "aarch64", False, "linux-aarch64"),
        ("darwin", "arm64", False, "macos-arm64"),
        ("darwin", "x86_64", False, "macos-x86_64"),
        ("darwin", "x86_64", True, "macos-arm64"),
        ("win32", "AMD64", False, "windows-x86_64"),
        ("win32", "ARM64", False, "windows-x86_64"),
    ],
)
def test_each_machine_has_its_packages(
    system: str,
    machine: str,
    translated: bool,
    key: str,
    client: Any,
    on: On,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on(system, client.machine)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(client.machine, "_translated", lambda: translated)
    assert client.machine.platform_key() == key
    assert key in client.environment.pins()["uv"]["wheels"]


@pytest.mark.parametrize(
    ("system", "variable", "folder"),
    [
        ("linux", "XDG_DATA_HOME", "set/mattebrush"),
        ("linux", "", ".local/share/mattebrush"),
        ("darwin", "", "Library/Application Support/mattebrush"),
        ("win32", "LOCALAPPDATA", "set/mattebrush"),
    ],
)
def test_the_set_up_puts_the_engine_where_the_engine_looks(
    system: str,
    variable: str,
    folder: str,
    client: Any,
    on: On,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in ("MATTEBRUSH_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "set"))
    on(system, client.machine)
    assert client.machine.data_folder() == str(tmp_path / folder)


def test_an_environment_of_windows_has_its_folders(client: Any, on: On, tmp_path: Path) -> None:
    on("win32", client.environment, client.uv)
    assert client.uv.program_in("uv-1") == "uv-1/uv.exe"
    assert client.environment.python_of("env") == "env/Scripts/python.exe"
    lacking = client.environment.damage(str(tmp_path), 1, lambda: None)
    assert lacking == "1 of 1 packages are missing."
    record = tmp_path / "Lib" / "site-packages" / "a-1.dist-info" / "RECORD"
    record.parent.mkdir(parents=True)
    record.write_text("")
    assert client.environment.damage(str(tmp_path), 1, lambda: None) == ""


@pytest.mark.parametrize("free", [True, False])
def test_two_set_ups_exclude_each_other_by_a_lock_of_windows(
    free: bool, client: Any, on: On, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[int, int]] = []

    def locking(descriptor: int, mode: int, count: int) -> None:
        calls.append((mode, count))
        if not free:
            raise OSError("locked by another")

    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=locking))
    on("win32", client.machine)
    with (tmp_path / "lock").open("ab") as file:
        assert client.machine._locked(file) is free
    assert calls == [(2, 1)]


@pytest.mark.parametrize(
    ("system", "file"),
    [
        ("win32", "roaming/pip/pip.ini"),
        ("darwin", "Library/Application Support/pip/pip.conf"),
        ("linux", ".config/pip/pip.conf"),
    ],
)
def test_the_users_package_index_is_taken_from_pips_own_settings(
    system: str,
    file: str,
    client: Any,
    on: On,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in ("PIP_CONFIG_FILE", "XDG_CONFIG_HOME", "PROGRAMDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path / "roaming"))
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text("[global]\nindex-url = https://mirror.example/simple\n")
    on(system, client.source)
    assert client.source.pip_setting("index-url") == "https://mirror.example/simple"


# ------------------------------------------------------------------------------------- run.py


@pytest.mark.parametrize(("name", "folder"), [("posix", "bin"), ("nt", "Scripts")])
def test_the_script_of_a_clone_runs_what_it_installed(
    name: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "os", _As(os, name=name))
        script: dict[str, Any] = {"__name__": "run", "__file__": str(ROOT / "run.py")}
        exec(compile((ROOT / "run.py").read_text(), "run.py", "exec"), script)
    assert script["BIN"] == ROOT / ".venv" / folder
    if name == "nt":  # elsewhere the command takes this process's place
        assert script["hand_over"]([sys.executable, "-c", "raise SystemExit(3)"]) == 3
