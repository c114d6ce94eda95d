# SPDX-License-Identifier: Apache-2.0
"""Setting the engine up as a host does: the real installer and packages, from a loopback mirror."""

import functools
import http.server
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mattebrush.plugins import packages
from tests.client.test_client import interpreter
from tools import lock, release
from tools.platforms import PLATFORMS

CLIENT = Path(__file__).parents[2] / "plugins" / "client"
SECONDS = 300


def kept_wheels(python: str) -> Path:
    """The folder, fetched once, with all that the lock names for Linux and a Python."""
    name = f"wheels-{release.digest(lock.SETUP / 'requirements.txt')[:12]}-{python}"
    kept = Path.home() / ".cache" / "mattebrush-ci" / name
    platform = PLATFORMS["linux-x86_64"]
    if not kept.is_dir():
        part = kept.with_name(f"{name}.part{os.getpid()}")
        lock.download(platform, part, python)
        lock.download_installer(platform, part, json.loads(lock.PINS.read_text())["uv"]["version"])
        if not kept.is_dir():
            part.rename(kept)
    return kept


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the engine's wheel and all that the lock names, for Linux and this Python."""
    folder = tmp_path_factory.mktemp("bundle")
    for wheel in kept_wheels(f"{sys.version_info.major}.{sys.version_info.minor}").glob("*.whl"):
        (folder / wheel.name).hardlink_to(wheel)
    wheel = release.build_wheel(folder)
    (folder / "engine.json").write_bytes(packages.engine_note(wheel))
    return folder


class Mirror(http.server.SimpleHTTPRequestHandler):
    """A package index of one folder, which can be told to misbehave."""

    protocol_version = "HTTP/1.1"
    folder: Path
    break_after: int | None = None
    replaced: dict[str, bytes]
    log: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.log.append((self.path, self.headers.get("Range")))
        parts = [part for part in self.path.split("/") if part]
        if parts[0] == "simple":
            self._page(parts[1])
        else:
            self._file(self.folder / parts[-1])

    def _page(self, project: str) -> None:
        names = [path.name for path in self.folder.glob("*.whl")]
        links = [
            f'<a href="/files/{name}">{name}</a>'
            for name in names
            if name.split("-")[0].lower().replace("_", "-") == project
        ]
        self._answer(200, "\n".join(links).encode(), "text/html")

    def _file(self, path: Path) -> None:
        data = self.replaced.get(path.name) or path.read_bytes()
        requested = self.headers.get("Range")
        start = int(requested.split("=")[1].split("-")[0]) if requested else 0
        if self.break_after is not None and not requested and path.name.startswith("uv-"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: self.break_after])
            self.close_connection = True
            return
        self._answer(206 if requested else 200, data[start:], "application/octet-stream")

    def _answer(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def mirror(wheels: Path) -> Iterator[tuple[str, type[Mirror]]]:
    handler = type("Handler", (Mirror,), {"folder": wheels, "replaced": {}, "log": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple", handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new account."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("MATTEBRUSH_HOME", raising=False)
    return tmp_path


@pytest.fixture
def plugin(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The client's folder as a plug-in's full zip has it, the engine's wheel beside."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(
        CLIENT, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    packed = folder / "mattebrush_engine"
    packed.mkdir()
    for name in ("engine.json", release.engine_wheel(wheels).name):
        shutil.copy(wheels / name, packed)
    return folder


@pytest.fixture
def setup(plugin: Path, home: Path) -> Iterator[Any]:
    """The module, imported from the plug-in."""
    sys.path.insert(0, str(plugin))
    yield importlib.import_module("mattebrush_setup")
    sys.path.remove(str(plugin))
    for name in [name for name in sys.modules if name.startswith("mattebrush_setup")]:
        del sys.modules[name]


def command(plugin: Path, *arguments: str, python: str = sys.executable) -> list[str]:
    return [python, "-B", "-m", "mattebrush_setup", *arguments]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.7", ""])
def test_from_nothing_to_an_engine_and_back(
    version: str, plugin: Path, home: Path, mirror: tuple[str, type[Mirror]]
) -> None:
    index, _handler = mirror
    python = interpreter(version) if version else sys.executable
    if python is None:
        pytest.skip(f"Python {version} is not here; test_client.py says how to get it")
    run = functools.partial(
        subprocess.run, cwd=plugin, capture_output=True, text=True, timeout=SECONDS
    )
    done = run(command(plugin, "run", "--yes", "--index", index, python=python))
    assert (done.returncode, done.stdout) == (0, "ready\n"), done.stderr
    assert not list((home / ".local/share/mattebrush/engine").glob("cache*"))
    probe = (
        "import mattebrush_client as c; e = c.connect(); print(e.python);"
        "print(c.run({'op': 'status'}).report['version'])"
    )
    result = run([python, "-B", "-c", probe])
    engine, engine_version = result.stdout.split()
    assert engine.startswith(str(home)) and engine_version == release.VERSION, result.stderr
    module = next(Path(engine).parents[1].glob("lib/*/site-packages/mattebrush/engine.py"))
    module.unlink()  # a hard link may lead to the cache: not written to
    module.write_text("# changed")
    broken = run(command(plugin, "verify", python=python))
    assert broken.returncode == 1 and "mattebrush/engine.py" in broken.stderr
    assert run(command(plugin, "status", python=python)).stdout == "damaged\n"
    mended = run(command(plugin, "repair", "--yes", "--index", index, python=python))
    assert mended.stdout == "ready\n", mended.stderr
    gone = run(command(plugin, "remove", python=python))
    assert gone.stdout == "absent\n", gone.stderr
    assert files(home) == []


@pytest.mark.slow
def test_killed_half_way_and_gone_on(
    plugin: Path, home: Path, mirror: tuple[str, type[Mirror]]
) -> None:
    index, handler = mirror
    started = subprocess.Popen(
        command(plugin, "run", "--yes", "--index", index),
        cwd=plugin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    until = time.monotonic() + SECONDS
    while not any("onnxruntime" in path for path, _range in handler.log):
        assert started.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGKILL)
    started.communicate()
    run = functools.partial(
        subprocess.run, cwd=plugin, capture_output=True, text=True, timeout=SECONDS
    )
    assert run(command(plugin, "status")).stdout == "partial\n"
    handler.log.clear()
    done = run(command(plugin, "run", "--yes", "--index", index))
    assert done.stdout == "ready\n", done.stderr
    assert not any("/uv-" in path for path, _range in handler.log)  # that had arrived
    assert len(list((home / ".local/share/mattebrush/engine").glob("env-*"))) == 1


def test_from_a_folder_nothing_is_asked_of_the_network(
    plugin: Path, home: Path, wheels: Path
) -> None:
    nowhere = {
        **os.environ,
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    shutil.rmtree(plugin / "mattebrush_engine")
    done = subprocess.run(
        command(plugin, "run", "--yes", "--folder", str(wheels)),
        cwd=plugin,
        env=nowhere,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.stdout == "ready\n", done.stderr


def test_nothing_without_consent(setup: Any, home: Path, mirror: tuple[str, type[Mirror]]) -> None:
    index, handler = mirror
    for start in (setup.run, setup.repair):
        with pytest.raises(setup.ConsentMissing):
            start(source=setup.Source(index))
        with pytest.raises(setup.ConsentMissing):
            start("yes", setup.Source(index))
    assert handler.log == [] and files(home) == []
    assert setup.status().state == "absent"


def test_a_broken_connection_is_taken_up_again(
    setup: Any, home: Path, mirror: tuple[str, type[Mirror]], wheels: Path
) -> None:
    index, handler = mirror
    handler.break_after = 1_000_000
    wheel = next(wheels.glob("uv-*.whl"))
    source = importlib.import_module("mattebrush_setup.source")
    address = source.find_in_index(index, wheel.name)
    reported: list[float | None] = []
    source.fetch(address, str(home / wheel.name), release.digest(wheel), reported.append)
    ranges = [requested for path, requested in handler.log if path.endswith(".whl")]
    assert ranges == [None, "bytes=1000000-"]
    assert (home / wheel.name).read_bytes() == wheel.read_bytes()
    assert reported[-1] == 1.0


def test_a_program_that_is_not_the_published_one_is_never_run(
    setup: Any, home: Path, mirror: tuple[str, type[Mirror]], wheels: Path
) -> None:
    index, handler = mirror
    wheel = next(wheels.glob("uv-*.whl"))
    other = home / "other.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("uv-1.data/scripts/uv", f"#!/bin/sh\ntouch {home}/was-run\n")
    handler.replaced[wheel.name] = other.read_bytes()
    with pytest.raises(setup.EngineDamaged):
        setup.run(True, setup.Source(index)).result()
    assert not (home / "was-run").exists()
    assert setup.status().state == "partial"


def test_a_package_that_is_not_the_published_one_is_not_installed(
    setup: Any, home: Path, mirror: tuple[str, type[Mirror]], wheels: Path
) -> None:
    index, handler = mirror
    wheel = next(wheels.glob("waitress-*.whl"))
    changed = home / wheel.name
    shutil.copy(wheel, changed)
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr("waitress/extra.py", "")
    handler.replaced[wheel.name] = changed.read_bytes()
    with pytest.raises(setup.EngineDamaged, match="waitress"):
        setup.run(True, setup.Source(index)).result()
    assert setup.status().state == "partial"


def test_an_index_that_is_not_there(setup: Any, home: Path) -> None:
    with pytest.raises(setup.SourceUnreachable) as failed:
        setup.run(True, setup.Source("http://user:secret@127.0.0.1:9/simple")).result()
    assert "secret" not in str(failed.value) and "127.0.0.1:9" in str(failed.value)


def test_a_folder_that_is_no_bundle(setup: Any, home: Path) -> None:
    with pytest.raises(setup.SetupFailed, match="does not hold uv-") as failed:
        setup.run(True, setup.Source(folder=str(home))).result()
    assert "unpacked offline bundle" in str(failed.value)


def test_cancelled(setup: Any, home: Path, mirror: tuple[str, type[Mirror]]) -> None:
    client = importlib.import_module("mattebrush_client")
    job = setup.run(True, setup.Source(mirror[0]))
    until = time.monotonic() + SECONDS
    while job.stage == "setup-fetch" and time.monotonic() < until:
        job.wait(0.01)
    job.cancel()
    with pytest.raises(client.Cancelled):
        job.result()
    assert setup.status().state == "partial"
    assert setup.remove().result().state == "absent"
    assert files(home) == []


def test_an_older_engine_stays_in_use_until_the_new_one_works(
    setup: Any, home: Path, mirror: tuple[str, type[Mirror]]
) -> None:
    environment = importlib.import_module("mattebrush_setup.environment")
    client = importlib.import_module("mattebrush_client")
    old = Path(environment.engine_folder()) / "env-1"
    python = old / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("")
    ready = {"home": str(old), "python": str(python), "version": "0.0.1"}
    environment.write_state({"ready": ready})
    environment.announce(str(python))
    assert setup.status().state == "outdated"
    job = setup.run(True, setup.Source(mirror[0]))
    until = time.monotonic() + SECONDS
    while job.stage == "setup-fetch" and time.monotonic() < until:
        job.wait(0.01)
    job.cancel()
    with pytest.raises(client.Cancelled):
        job.result()
    assert setup.status().state == "outdated"
    assert client.connect().python == str(python)
    python.unlink()
    assert setup.status().state == "damaged"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_rights_that_were_only_lent_are_refused(
    setup: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", "1000")
    with pytest.raises(setup.SetupFailed, match="administrator"):
        setup.run(True).result()
    assert files(home) == []


def test_a_disk_that_is_too_full(
    setup: Any, home: Path, monkeypatch: pytest.MonkeyPatch, mirror: tuple[str, type[Mirror]]
) -> None:
    machine = importlib.import_module("mattebrush_setup.machine")
    monkeypatch.setattr(machine, "_free", lambda folder: 100 << 20)
    with pytest.raises(setup.NoSpace, match="there are 100 MB"):
        setup.run(True, setup.Source(mirror[0])).result()
    assert mirror[1].log == []


def test_one_set_up_at_a_time(
    setup: Any, home: Path, monkeypatch: pytest.MonkeyPatch, mirror: tuple[str, type[Mirror]]
) -> None:
    machine = importlib.import_module("mattebrush_setup.machine")
    environment = importlib.import_module("mattebrush_setup.environment")
    monkeypatch.setattr(machine, "_WAIT_SECONDS", 0.2)
    with machine.alone(environment.engine_folder(), lambda: None), pytest.raises(setup.SetupBusy):
        setup.run(True, setup.Source(mirror[0])).result()


def test_where_from_is_what_the_users_pip_is_set_to(
    setup: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MATTEBRUSH_INDEX_URL", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
    pip = home / ".config" / "pip" / "pip.conf"
    pip.parent.mkdir(parents=True)
    pip.write_text("[global]\nindex-url = http://me:secret@mirror.example/simple\n")
    plan = setup.plan()
    assert plan.source.index == "http://me:secret@mirror.example/simple"
    assert str(plan.source) == "http://mirror.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "http://other.example/simple")
    assert setup.plan().source.index == "http://other.example/simple"
    assert setup.plan(setup.Source("http://given.example")).source.index == "http://given.example"


def test_the_hosts_own_python_is_out_of_sight(
    setup: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = importlib.import_module("mattebrush_setup.uv")
    host = home / "GIMP"
    (host / "bin").mkdir(parents=True)
    monkeypatch.setattr(uv.sys, "prefix", str(host))
    monkeypatch.setenv("PATH", os.pathsep.join([str(host / "bin"), "/usr/bin"]))
    for name in ("VIRTUAL_ENV", "UV_PYTHON", "PYTHONHOME", "CONDA_PREFIX"):
        monkeypatch.setenv(name, "/somewhere")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "7")
    seen = uv.environment(str(home), setup.Source().settled())
    assert seen["PATH"] == "/usr/bin" and seen["UV_HTTP_TIMEOUT"] == "7"
    assert not {"VIRTUAL_ENV", "UV_PYTHON", "PYTHONHOME", "CONDA_PREFIX"} & set(seen)
    assert all(seen[name].startswith(str(home)) for name in ("UV_CACHE_DIR", "UV_PYTHON_BIN_DIR"))
