# SPDX-License-Identifier: Apache-2.0
"""The peers we measure ourselves against, in an environment of their own, made when first needed.

They are no dependency of the project: `pip install` brings them to ~/.cache/mattebrush-bench.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PACKAGES = ("rembg[cpu]==2.0.86", "pymatting==1.1.16")
HOME = Path(os.environ.get("MATTEBRUSH_BENCH_HOME", "~/.cache/mattebrush-bench")).expanduser()
SHARED = Path(os.environ.get("MATTEBRUSH_SHARED", Path(__file__).parents[2] / "shared"))
"""Data and weights beside the checkout: ../shared. Benchmarks need it, users do not."""

_BEGIN = """
import json, os, sys, time
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what packages print is for people
"""

_LOOP = """
for line in sys.stdin:
    arguments = json.loads(line)
    start = time.perf_counter()
    result = work(*arguments)
    seconds = time.perf_counter() - start
    keep(result, *arguments)
    print(json.dumps(seconds), file=answers, flush=True)
"""


class Side:
    """One side of a comparison, kept running in a process of its own, so that it stays warm.

    code: Python that defines `work(*arguments)`, which is timed, and `keep(result, *arguments)`,
    which stores what it gave. Arguments pass as JSON.
    """

    def __init__(self, interpreter: str, code: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [interpreter, "-c", _BEGIN + code + _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def run(self, *arguments: str) -> float:
        """Does the work once; returns its seconds."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(arguments), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            sys.exit("One side ended; its own message is above.")
        return float(line)

    def close(self) -> None:
        """Lets the process end."""
        self._process.communicate()


def python() -> str:
    """The interpreter of the peers' environment."""
    folder = HOME / "peers"
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != repr(PACKAGES):
        print(f"Installing {', '.join(PACKAGES)} into {folder} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(interpreter), "-m", "pip", "install", "-q", *PACKAGES], check=True)
        stamp.write_text(repr(PACKAGES))
    return str(interpreter)


def u2netp() -> Path:
    """U²-Netp's weights, with which both sides run, so that pipelines and not networks differ."""
    path = SHARED / "weights" / "u2netp.onnx"
    if not path.exists():
        sys.exit(f"{path} is missing: this benchmark needs ../shared beside the checkout.")
    return path


def u2net_home() -> str:
    """A folder for U2NET_HOME, where rembg and we both find those weights."""
    home = HOME / "u2net"
    home.mkdir(parents=True, exist_ok=True)
    copy = home / "u2netp.onnx"
    if not copy.exists():
        copy.write_bytes(u2netp().read_bytes())
    return str(home)
