#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sets everything up and runs it, right after cloning, with nothing but Python 3.10+ and git.

    python3 run.py remove examples/lemur.jpg     any `mattebrush` command
    python3 run.py test                          the tests (more arguments go to pytest)
    python3 run.py test --slow                   those that take minutes, before a release

The first run makes a virtual environment in `.venv` and installs this folder into it; later runs
start at once. Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXTRAS = {"user": "", "server": "[server]", "test": "[dev]"}


def main(arguments: list[str]) -> int:
    """Installs what the arguments need, then runs them; returns the exit status."""
    if sys.version_info < (3, 10):  # noqa: UP036 - said in words to those who have an older one
        sys.exit(f"Mattebrush needs Python 3.10 or newer; this is {sys.version.split()[0]}.")
    if not arguments:
        sys.exit(__doc__)
    if arguments[0] == "test":
        install("test")
        os.chdir(ROOT)
        return hand_over([str(BIN / "python"), "-m", "pytest", *_chosen(arguments[1:])])
    install("server" if arguments[0] in ("serve", "page") else "user")
    return hand_over([str(BIN / "mattebrush"), *arguments])


def _chosen(arguments: list[str]) -> list[str]:
    """pytest's arguments; `--slow` chooses the slow suite in place of the fast one."""
    words = [word for word in arguments if word != "--slow"]
    return words if len(words) == len(arguments) else ["-m", "slow", *words]


def hand_over(command: list[str]) -> int:
    """Runs the command in place of this script, so that Ctrl-C and other ends are its own."""
    if os.name == "posix":
        os.execv(command[0], command)
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the command has got it too, and says what there is to say


def install(purpose: str) -> None:
    """Makes `.venv` hold this folder with the packages for `purpose`, if it does not yet."""
    stamp = VENV / f"installed-{purpose}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        print("Making a virtual environment in .venv ...", file=sys.stderr)
        make_environment()
    print("Installing Mattebrush and what it needs (once) ...", file=sys.stderr)
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.call([*pip, "--editable", f"{ROOT}{EXTRAS[purpose]}"], stdout=sys.stderr):
        sys.exit("Installing failed; pip's message above says why.")
    stamp.write_text(wanted)


def make_environment() -> None:
    """A virtual environment with pip in it, by whatever this machine has for that."""
    attempts = [[sys.executable, "-m", "venv", str(VENV)]]
    attempts += [[sys.executable, "-m", "virtualenv", str(VENV)]]
    if shutil.which("uv"):
        attempts += [["uv", "venv", "--quiet", "--seed", "--python", sys.executable, str(VENV)]]
    for attempt in attempts:
        done = subprocess.run(attempt, capture_output=True, text=True)
        if done.returncode == 0:
            return
        shutil.rmtree(VENV, ignore_errors=True)
    sys.exit(
        "This Python cannot make virtual environments. On Debian and Ubuntu: "
        "sudo apt install python3-venv. Elsewhere: pip install virtualenv, or install uv."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
