# SPDX-License-Identifier: Apache-2.0
"""Runs scripts inside the real Kritas that install_krita.sh installs.

Krita 5.1 is the machine's own. The others live in a folder (chroot) each; the machine's whole tree
is mounted inside it as /machine, in a mount namespace that ends with the run, and the folders of
the test and of the repository under their own names. The engine, which needs the machine's Python,
is started through a one-line program that steps back out.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mattebrush.plugins import packages
from mattebrush.plugins.places import Place

HOSTS = Path(os.environ.get("MATTEBRUSH_HOSTS", Path.home() / ".cache/mattebrush-ci/hosts"))
REPOSITORY = Path(__file__).parents[3]
INSIDE = Path(__file__).with_name("inside")
INSTALL = "tests/hosts/install_krita.sh"
VERSIONS = ("5.1", "5.2", "5.3", "6.0")
_SETTINGS = "[python]\nenable_mattebrush=true\nenable_mattebrush_check=true\n"


@dataclasses.dataclass
class Krita:
    """One Krita with a home folder of its own below `folder`, the test's.

    root: the chroot, None for the machine's own.
    """

    version: str
    root: Path | None
    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def data(self) -> Path:
        """Krita's own folder for the user."""
        return self.home / ".local" / "share" / "krita"

    def prepare(self, profile: Path) -> None:
        """Makes the home: Krita's resources as in `profile`, the plug-in by our installer."""
        if profile.is_dir():
            shutil.copytree(profile, self.home, symlinks=True)
        self.data.mkdir(parents=True, exist_ok=True)
        (self.home / ".config" / "mattebrush").mkdir(parents=True, exist_ok=True)
        self.as_installed()

    def as_installed(self) -> None:
        """Krita's layout and the plug-in's own as a user has them who has just installed it."""
        (self.home / ".config" / "kritarc").write_text(_SETTINGS)
        packages.install(Place("krita", "", "native", self.data))
        self.engine_by_process()

    def engine_by_process(self) -> None:
        """Each job in a child process, as after `mattebrush plugin install`."""
        outside = {} if self.root is None else {"python": str(self._engine())}
        self.choose(**outside)

    def choose(self, **settings: str) -> None:
        """Writes the user's settings of all plug-ins."""
        path = self.home / ".config" / "mattebrush" / "plugins.json"
        path.write_text(json.dumps(settings))

    def _engine(self) -> Path:
        path = self.folder / "engine-python"
        source = f"PYTHONPATH={REPOSITORY / 'core'}:{REPOSITORY / 'server'}"
        path.write_text(f'#!/bin/sh\nexec chroot /machine env {source} {sys.executable} "$@"\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def run(self, script: str, *arguments: str, timeout: float = 500) -> Any:
        """Runs `main` of a script of `inside` in kritarunner; returns what it returned, as JSON.

        kritarunner ends with 0 whatever happens, so what counts is the file that the script leaves.
        """
        result = self.folder / f"{script}.json"
        result.unlink(missing_ok=True)
        command = ["kritarunner", "-s", "offscreen", "--", script, str(result), *arguments]
        variables = {"QT_QPA_PLATFORM": "offscreen"}
        return self._result(command, variables, result, timeout)

    def show(
        self, script: str, display: str, *arguments: str, timeout: float = 500, language: str = ""
    ) -> Any:
        """Runs `main` of a script of `inside` in Krita with its window on `display`."""
        result = self.folder / f"{script}.json"
        result.unlink(missing_ok=True)
        check = self.data / "pykrita" / "mattebrush_check"
        if not check.exists():
            shutil.copytree(INSIDE / "mattebrush_check", check)
            desktop = "mattebrush_check.desktop"
            shutil.copyfile(INSIDE / desktop, check.with_name(desktop))
        command = ["dbus-run-session", "--", "krita", "--nosplash"]
        variables = {
            "DISPLAY": display,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "LANGUAGE": language,
            "https_proxy": "http://127.0.0.1:9",  # a machine without a network
            "CHECK_SCRIPT": script,
            "CHECK_RESULT": str(result),
            "CHECK_ARGUMENTS": json.dumps(arguments),
            "CHECK_XDOTOOL": "xdotool" if self.root is None else "chroot /machine xdotool",
        }
        return self._result(command, variables, result, timeout)

    def _result(
        self, command: list[str], variables: dict[str, str], result: Path, timeout: float
    ) -> Any:
        log = self.folder / "krita.log"
        with log.open("w") as output, self._started(command, variables, output) as process:
            end = time.monotonic() + timeout
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
            ended = f"exit status {process.poll()} (None: still running)"
        text = log.read_text(errors="replace")[-3000:]
        assert result.exists(), f"Krita {self.version} left no result, {ended}:\n{text}"
        values = json.loads(result.read_text())
        assert "failure" not in values, f"{values['failure']}\n{text}"
        return values["result"]

    @contextlib.contextmanager
    def _started(
        self, command: list[str], variables: dict[str, str], output: Any
    ) -> Iterator[subprocess.Popen[bytes]]:
        runtime = self.folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        environment = {
            "HOME": str(self.home),
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(runtime),
            "PYTHONPATH": f"{INSIDE}:{self.data / 'pykrita'}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
            **variables,
        }
        process = subprocess.Popen(
            command if self.root is None else self._within(command),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _within(self, command: list[str]) -> list[str]:
        mounts = []
        assert self.root is not None
        for source, target in (
            ("/", "/machine"),
            ("/proc", "/proc"),
            ("/dev", "/dev"),
            (tempfile.gettempdir(), tempfile.gettempdir()),
            (str(REPOSITORY), str(REPOSITORY)),
            (str(self.folder), str(self.folder)),
        ):
            place = Path(f"{self.root}{target}")
            place.mkdir(parents=True, exist_ok=True)
            mounts.append(f"mount --rbind {shlex.quote(source)} {shlex.quote(str(place))}")
        script = " && ".join([*mounts, "exec " + shlex.join(["chroot", str(self.root), *command])])
        return ["unshare", "--mount", "sh", "-c", script]


def find(version: str, folder: Path) -> Krita:
    """The Krita of that version, ready to run. Skips the test where it is missing; fails in CI."""
    root = None if version == "5.1" else HOSTS / f"krita{version.replace('.', '')}"
    present = shutil.which("kritarunner") if root is None else (root / ".complete").exists()
    if not present:
        reason = f"Krita {version} is not here: {INSTALL} installs it"
        if os.environ.get("MATTEBRUSH_CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    krita = Krita(version, root, folder)
    profile = HOSTS / f"krita-profile-{version}"
    if not profile.is_dir():
        _make_profile(dataclasses.replace(krita, folder=folder / "first"), profile)
    krita.prepare(profile)
    return krita


def _make_profile(krita: Krita, profile: Path) -> None:
    """At its first start Krita unpacks its resources, ten seconds; kept for the next times.

    kritarunner has resources of its own.
    """
    krita.folder.mkdir()
    krita.prepare(profile)
    with screen() as display:
        krita.show("nothing", display)
    krita.run("resave")
    (krita.home / ".config" / "kritarc").unlink()
    for ours in ("pykrita", "actions"):
        shutil.rmtree(krita.data / ours)
    shutil.rmtree(krita.home / ".config" / "mattebrush")
    scratch = profile.with_name(f"{profile.name}.{os.getpid()}")
    shutil.copytree(krita.home, scratch, symlinks=True)
    scratch.rename(profile)


@contextlib.contextmanager
def screen(size: str = "1600x1000") -> Iterator[str]:
    """A virtual screen with a window manager; gives its name, such as ":5"."""
    missing = [name for name in ("Xvfb", "xdotool", "openbox") if not shutil.which(name)]
    if missing:
        reason = f"{', '.join(missing)} not found: {INSTALL} installs it"
        if os.environ.get("MATTEBRUSH_CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    ours, theirs = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(theirs), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
        pass_fds=[theirs],
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    manager = None
    try:
        with open(ours) as number:  # noqa: PTH123 - a descriptor, not a path
            display = f":{number.readline().strip()}"
        manager = subprocess.Popen(
            ["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL
        )
        yield display
    finally:
        for process in (manager, server):
            if process is not None:
                process.terminate()
                process.wait()
