# SPDX-License-Identifier: Apache-2.0
"""A virtual screen with a window manager, in the folder of the GIMP under test."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from tests.hosts.gimp.gimphost import Gimp

_SIZE = "1280x900x24"
_LAST_LINES = 30
_PATIENCE = 240
"""Seconds until what should come is taken for lost: a busy machine takes minutes over a job."""
_QUIET = ("Xvfb.log", "dbus-daemon.log")


class Screen:
    """Runs programs on an Xvfb of its own; what they print goes to files in `folder`."""

    def __init__(self, gimp: Gimp) -> None:
        self.gimp = gimp
        self.variables: dict[str, str] = {}
        self.folder = gimp.folder / "screen"
        self.folder.mkdir(exist_ok=True)
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Screen:
        # A number that is free: fixed ones are taken where two of these run at once.
        self.start("Xvfb", "-displayfd", "1", "-screen", "0", _SIZE, "-nolisten", "tcp")
        self.wait(lambda: self._number() is not None, "the screen's number")
        bus = f"unix:path=/tmp/mattebrush-bus{self._number()}"
        self.variables |= {"DISPLAY": f":{self._number()}", "DBUS_SESSION_BUS_ADDRESS": bus}
        self.start("dbus-daemon", "--session", "--nofork", f"--address={bus}")
        self.wait(lambda: bool(self.do("xdotool", "getdisplaygeometry")), "the screen")
        self._manager = self.start("openbox")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.picture("failed")
        for process in reversed(self._processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _number(self) -> str | None:
        """What Xvfb chose, once it listens."""
        log = self.folder / "Xvfb.log"
        lines = log.read_text().split("\n") if log.exists() else []
        return next((line for line in lines[:-1] if line.isdigit()), None)

    def start(self, *command: str, within: Gimp | None = None) -> subprocess.Popen[str]:
        """Starts a program that stays, in this folder or another; its words go to NAME.log."""
        log = self.gimp.inside(self.folder / f"{Path(command[0]).name}.log")
        words = ["sh", "-c", 'exec "$@" >"$0" 2>&1', log, *command]
        process = (within or self.gimp).spawn(words, self.variables)
        self._processes.append(process)
        return process

    def do(self, *command: str) -> str:
        """Runs a program to its end and returns what it printed.

        Raises AssertionError when it doesn't end.
        """
        try:
            return self._run(*command).stdout
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"{command[0]} does not end.\n{self.state()}") from late

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self.gimp.start(list(command), _PATIENCE, self.variables)

    def call(self, service: str, path: str, method: str, *arguments: str) -> None:
        """Calls a D-Bus method of a program here with strings, and waits for its answer."""
        words = ["dbus-send", "--session", "--print-reply", "--reply-timeout=180000"]
        strings = [f"string:{text}" for text in arguments]
        try:
            done = self._run(*words, f"--dest={service}", path, method, *strings)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"{service} does not answer.\n{self.state()}") from late
        assert done.returncode == 0, f"{service}: {done.stderr}\n{self.state()}"

    def key(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        self.do("xdotool", "key", "--delay", "60", *keys)

    def click(self, x: int, y: int) -> None:
        self.do("xdotool", "mousemove", str(x), str(y), "click", "1")

    def click_in(self, window: str, x: int, y: int) -> None:
        """Clicks at a place in a window."""
        self.do("xdotool", "mousemove", "--window", window, str(x), str(y), "click", "1")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Presses, moves in steps as a hand does, lets go."""
        moves = ["mousemove", *map(str, start), "sleep", "0.2", "mousedown", "1"]
        for step in range(1, 11):
            at = (round(a + (b - a) * step / 10) for a, b in zip(start, end, strict=True))
            moves += ["mousemove", *map(str, at), "sleep", "0.03"]
        self.do("xdotool", *moves, "mouseup", "1")

    def windows(self, title: str) -> list[str]:
        """The ids of visible windows whose title holds `title`."""
        return self.do("xdotool", "search", "--onlyvisible", "--name", title).split()

    def window(self, title: str, seconds: float = _PATIENCE) -> str:
        """Waits for a window and brings it to the front."""
        results: list[str] = []

        def there() -> bool:
            if self._manager.poll() is not None:  # without one no window gets the keys
                self._manager = self.start("openbox")
            results[:] = self.windows(title)
            return bool(results)

        self.wait(there, f"a window {title}", seconds)
        self.do("xdotool", "windowactivate", "--sync", results[-1])
        return results[-1]

    def active(self, title: str) -> bool:
        """Whether the window that gets the keys is one whose title holds `title`."""
        return title in self.do("xdotool", "getactivewindow", "getwindowname")

    def state(self) -> str:
        """What there is to see, for whoever reads that a test has failed."""
        parts = []
        try:
            names = self._run(
                "xdotool", "search", "--onlyvisible", "--name", ".", "getwindowname", "%@"
            )
            parts += ["windows:", *(f"  {name}" for name in names.stdout.splitlines())]
            parts.append(f"picture: {self.picture('failed')}")
        except (subprocess.TimeoutExpired, AssertionError) as error:
            parts.append(f"the screen does not answer: {error}")
        jobs = sorted((self.gimp.folder / "jobs").glob("*"))
        parts.append("jobs: " + ", ".join(f"{one.name} {one.stat().st_size}" for one in jobs))
        for log in sorted(self.folder.glob("*.log")):
            if log.name in _QUIET:
                continue
            last = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
            parts += [f"{log}:", *(f"  {line}" for line in last if line)]
        return "\n".join(parts)

    def picture(self, name: str) -> Path:
        """A picture of the whole screen."""
        path = self.folder / f"{name}.png"
        self._run("import", "-window", "root", self.gimp.inside(self.folder) + f"/{name}.png")
        return path

    def wait(self, done: Callable[[], bool], what: str, seconds: float = _PATIENCE) -> None:
        """Waits until `done` says so. Raises AssertionError after `seconds`, with the state."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come in {seconds} seconds\n{self.state()}")
            time.sleep(0.2)
