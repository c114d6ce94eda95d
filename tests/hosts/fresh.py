# SPDX-License-Identifier: Apache-2.0
"""A Debian in a folder as after its installation, with one new account on it, and with or without a
network: for the tests that begin with a zip and no engine.

The folder of a host is the lower layer of an overlay, so that nothing stays in it; namespaces of
its own hide the machine's other files, its processes and, if so wished, its network. What is put
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

ACCOUNT, ID = "ann", 1000
HOME = f"/home/{ACCOUNT}"
_SECONDS = 900
_COMPILERS = ("gcc", "cc", "clang", "make", "pip", "pip3", "uv", "conda")


class Fresh:
    """One such Debian, from the outside.

    Parameters
    ----------
    layers : tuple of Path
        Folders below the overlay, the uppermost first.
    folder : Path
        The test's, for what is written.
    network : bool
        Whether it has the machine's network; else it has none at all.
    """

    def __init__(self, layers: tuple[Path, ...], folder: Path, network: bool) -> None:
        self._layers, self._network = layers, network
        self._upper, self.root = folder / "upper", folder / "root"
        self._work = folder / "work"
        self._inside = 0
        for each in (self._upper, self.root, self._work):
            each.mkdir(parents=True)

    @property
    def home(self) -> Path:
        """The new account's folder, as this machine sees it."""
        if self._inside:  # through the mount: what lies below it is the kernel's own business
            return Path(f"/proc/{self._inside}/root{self.root}{HOME}")
        return self._upper / HOME.lstrip("/")

    @contextlib.contextmanager
    def running(self) -> Iterator[Fresh]:
        """Up, until the block ends; then every process in it is gone."""
        self._furnish()
        words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private"]
        if not self._network:
            words.append("--net")
        lower = ":".join(map(str, self._layers))
        root = shlex.quote(str(self.root))
        options = f"lowerdir={lower},upperdir={self._upper},workdir={self._work}"
        script = " && ".join(
            [
                f"mount -t overlay overlay -o {shlex.quote(options)} {root}",
                f"mount -t proc proc {root}/proc",
                f"mount --rbind /dev {root}/dev",
                f"mkdir -p {root}/tmp/.X11-unix",
                f"mount --bind /tmp/.X11-unix {root}/tmp/.X11-unix",
                f"chmod 1777 {root}/tmp",
                "echo up",
                "exec sleep infinity",
            ]
        )
        holder = subprocess.Popen([*words, "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "up\n", "namespaces and overlays need root"
            children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
            self._inside = int(children.read_text().split()[0])
            yield self
        finally:
            self._inside = 0
            holder.kill()
            holder.wait()

    def _furnish(self) -> None:
        """What an installer and a first login leave."""
        etc = self._upper / "etc"
        lower = next(layer for layer in self._layers if (layer / "etc/passwd").is_file())
        etc.mkdir(exist_ok=True)
        for name, line in (
            ("passwd", f"{ACCOUNT}:x:{ID}:{ID}::{HOME}:/bin/sh"),
            ("group", f"{ACCOUNT}:x:{ID}:"),
        ):
            (etc / name).write_text((lower / "etc" / name).read_text() + line + "\n")
        if self._network:
            for name in ("resolv.conf", "hosts"):
                shutil.copy(f"/etc/{name}", etc / name)
        for path in (self.home, self.home / "Downloads"):
            path.mkdir(parents=True, exist_ok=True)
        runtime = self._upper / "run/user" / str(ID)
        runtime.mkdir(parents=True, mode=0o700)
        for path in (runtime, self.home, *self.home.rglob("*")):
            os.chown(path, ID, ID)

    def give(self, path: Path, below: str = "Downloads") -> str:
        """Puts a file, or a folder's content, into the account; returns its path inside."""
        target = self.home / below / path.name
        if path.is_dir():
            shutil.copytree(path, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        for each in (target.parent, target, *target.rglob("*")):
            os.chown(each, ID, ID)
        return f"{HOME}/{below}/{path.name}"

    def words(self, command: list[str], **variables: str) -> list[str]:
        """The command that runs `command` inside as the new account, from its home."""
        values = {
            "HOME": HOME,
            "USER": ACCOUNT,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": f"/run/user/{ID}",
            **variables,
        }
        return [
            *("nsenter", f"--target={self._inside}", "--mount", "--pid", "--net"),
            *("env", "-i", *(f"{name}={value}" for name, value in values.items())),
            *("/usr/sbin/chroot", f"--userspec={ID}:{ID}", str(self.root)),
            *("sh", "-c", 'cd && exec "$@"', "sh", *command),
        ]

    def run(self, *command: str, **variables: str) -> str:
        """Runs a command to its end; returns what it printed.

        Raises AssertionError with all that it said when it fails.
        """
        done = subprocess.run(
            self.words(list(command), **variables),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    @contextlib.contextmanager
    def started(
        self, *command: str, log: Path, **variables: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Runs a program until the block ends."""
        with log.open("wb") as out:
            process = subprocess.Popen(
                self.words(list(command), **variables),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def files(self) -> set[str]:
        """The account's files, as paths below its home."""
        return {
            str(path.relative_to(self.home))
            for path in self.home.rglob("*")
            if path.is_file() or path.is_symlink()
        }

    def bare(self) -> None:
        """Raises AssertionError where it has more than the host brings: a compiler, another
        Python, the machine's files."""
        found = self.run("sh", "-c", f"for n in {' '.join(_COMPILERS)}; do command -v $n; done; :")
        assert found == "", found
        pythons = self.run("sh", "-c", "ls /usr/bin/python* /usr/local/bin/python* 2>/dev/null; :")
        assert set(pythons.split()) <= {"/usr/bin/python3", pythons.split()[-1]}, pythons
        assert not self.run("sh", "-c", "ls -A /machine 2>/dev/null; :")


def until(done: object, seconds: float, what: str) -> None:
    """Waits for a condition. Raises AssertionError."""
    assert callable(done)
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"{what} did not come in {seconds} seconds"
        time.sleep(0.2)
