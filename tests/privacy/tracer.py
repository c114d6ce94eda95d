# SPDX-License-Identifier: Apache-2.0
"""A program under strace: every address it reaches for, every file that it writes.

The kernel's own record, so that native libraries are seen as well as Python, and children too.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

_CALLS = (
    "connect,bind,sendto,sendmsg,sendmmsg,open,openat,openat2,creat,mkdir,mkdirat,"
    "rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat,truncate"
)
_LINE = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+)(?:<(.*?)>)?")
_PATH = re.compile(r'(?:AT_FDCWD(?:<(.*?)>)?, )?"((?:[^"\\]|\\.)*)"')
_WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
_LOOPBACK = re.compile(
    r'sin_addr=inet_addr\("127\.|inet_pton\(AF_INET6, "(::1|::ffff:127\.[0-9.]*)"'
)
_NAME_SERVICE = re.compile(r"htons\(53\)|htons\(853\)|htons\(5353\)")
_OWN_DIRECTORY = "/run/systemd/userdb/"  # where the C library asks for the name of a user


@dataclasses.dataclass(frozen=True)
class Trace:
    """What a program did: its status and output, and what it should not have done.

    reached: calls that name an address beyond loopback, or a name service. written: files and
    folders that were made or opened for writing.
    """

    status: int
    output: str
    reached: list[str]
    written: set[Path]


def needed() -> str:
    """The path of strace; skips the test where it cannot be had, fails it in CI."""
    program = shutil.which("strace")
    works = program and subprocess.run([program, "-o", os.devnull, "true"], capture_output=True)
    if program and works and works.returncode == 0:
        return program
    if os.environ.get("MATTEBRUSH_CI"):
        pytest.fail("strace is missing, or may not trace here")
    pytest.skip("needs strace (Linux), and the right to trace")


@dataclasses.dataclass
class Traced:
    """A program that runs under strace."""

    process: subprocess.Popen[str]
    folder: str
    working: Path

    def finish(self, timeout: float = 120) -> Trace:
        """Waits for its end. Raises subprocess.TimeoutExpired."""
        output, _ = self.process.communicate(timeout=timeout)
        reached: list[str] = []
        written: set[Path] = set()
        for record in sorted(Path(self.folder).iterdir()):
            for line in record.read_text("utf-8", "replace").splitlines():
                reached += _reached(line)
                written.update(_written(line, self.working))
        shutil.rmtree(self.folder)
        return Trace(self.process.returncode, output, reached, written)


def start(
    command: Sequence[str], environment: Mapping[str, str], working: Path, *before: str
) -> Traced:
    """Starts `command` in the folder `working`; `before` goes before strace's own words."""
    folder = tempfile.mkdtemp(prefix="trace-", dir=working.parent)
    tracer = [
        *before,
        needed(),
        "-ff",
        "--seccomp-bpf",
        "-y",
        "-qq",
        "-s",
        "4096",
        "-e",
        f"trace={_CALLS}",
    ]
    process = subprocess.Popen(
        [*tracer, "-o", f"{folder}/t", *command],
        env=dict(environment), cwd=working, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return Traced(process, folder, working)


def _reached(line: str) -> Iterator[str]:
    """Calls that name an address of the network that is not this machine's own, or that ask who
    has which: a look-up goes on from a service on this machine."""
    if not line.startswith(("connect(", "bind(", "sendto(", "sendmsg(", "sendmmsg(")):
        return
    if "AF_INET" in line:
        if not _LOOPBACK.search(line) or _NAME_SERVICE.search(line):
            yield line
    elif "sun_path=" in line and line.startswith("connect("):
        yield from () if _OWN_DIRECTORY in line or "/nscd/" in line else (line,)


def _written(line: str, working: Path) -> Iterator[Path]:
    """The path that a call which worked has made, or opened for writing."""
    call = _LINE.match(line)
    if call is None or call[3].startswith("-"):
        return
    name, arguments, result_path = call[1], call[2], call[4]
    if name.startswith("open") or name == "creat":
        if name != "creat" and not any(flag in arguments for flag in _WRITES):
            return
        if result_path:
            yield Path(result_path)
        return
    if name in ("connect", "bind", "sendto", "sendmsg", "sendmmsg"):
        return
    named = _PATH.findall(arguments)
    if named:
        base, path = named[-1]  # of two, the second is what is made
        yield Path(os.path.normpath(Path(base or working) / path))
