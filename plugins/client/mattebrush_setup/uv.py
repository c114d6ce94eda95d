# SPDX-License-Identifier: Apache-2.0
"""Running the installer: a program that knows nothing of the user's own Pythons' settings."""

import os
import re
import subprocess
import sys

from ._client import client
from .errors import EngineDamaged, NoSpace, SetupFailed, SourceUnreachable

try:
    from urllib.request import getproxies
except ImportError:  # Python 2.7, in GIMP 2.10
    from urllib import getproxies

_KEPT = (
    "UV_HTTP_TIMEOUT",
    "UV_INSECURE_HOST",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_PYTHON_INSTALL_MIRROR",
    "UV_PYTHON_DOWNLOADS_JSON_URL",
)
"""Of uv's own variables, those that say how the network is reached."""

_LAST_WORDS = 12
_CREATE_NO_WINDOW = 0x08000000

_MEANINGS = (
    (EngineDamaged, re.compile(r"[Hh]ash mismatch|Bad CRC|[Cc]hecksum")),
    (NoSpace, re.compile(r"No space left|not enough space|[Dd]isk quota")),
    (
        SourceUnreachable,
        re.compile(
            r"dns error|[Cc]onnect|timed out|Failed to fetch|Failed to download|error sending"
            r"|network|not found in the (package registry|provided package locations)|offline"
            r"|HTTP status|no versions? of"
        ),
    ),
)
"""What the installer's last words mean."""


def environment(folder, source):
    """The variables for uv: all that it writes goes into `folder`; nothing of the user's own
    environments, nor the host's Python, is in sight."""
    values = client.ProcessEngine("python").environment()
    for name in list(values):
        if name.startswith("UV_") and name not in _KEPT:
            del values[name]
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PIP_CONSTRAINT"):
        values.pop(name, None)
    values["PATH"] = _path_without_host(values.get("PATH", os.defpath))
    values.update(
        UV_CACHE_DIR=os.path.join(folder, "cache"),
        UV_PYTHON_INSTALL_DIR=os.path.join(folder, "python"),
        UV_PYTHON_BIN_DIR=os.path.join(folder, "python", "bin"),
        UV_NO_CONFIG="1",
        UV_NO_PROGRESS="1",
        NO_COLOR="1",
        UV_PYTHON_INSTALL_REGISTRY="0",
        UV_PYTHON_INSTALL_BIN="0",
    )
    if source.index.startswith("https:") and not source.folder:
        # uv's own list of certificates lacks those of a proxy that looks into what is encrypted;
        # the system's may be empty, where nothing is fetched.
        values.setdefault("UV_SYSTEM_CERTS", "1")
    if source.python_mirror:
        values["UV_PYTHON_INSTALL_MIRROR"] = source.python_mirror
    for kind, address in getproxies().items():  # the system's settings, too
        if kind in ("http", "https", "no", "all"):
            values.setdefault(kind.upper() + "_PROXY", address)
    return {str(name): str(value) for name, value in values.items()}


def _path_without_host(path):
    """PATH without the host's own folders: its Python is not ours to build on."""
    own = os.path.realpath(sys.prefix)
    if own in ("/usr", "/usr/local"):
        return path  # the system's Python, which the host uses as everybody does
    inside = own + os.sep
    folders = path.split(os.pathsep)
    return os.pathsep.join(
        each for each in folders if not (os.path.realpath(each) + os.sep).startswith(inside)
    )


def program_in(folder):
    """The installer's program in the folder that its wheel was unpacked in."""
    return os.path.join(folder, "uv.exe" if os.name == "nt" else "uv")


def start(program, arguments, folder, source, variables=()):
    """Starts uv; its words come line by line from the process's `stdout`. Raises SetupFailed.

    variables: further ones for it, (name, value) each.
    """
    try:
        return subprocess.Popen(
            [program] + arguments,
            stdin=open(os.devnull, "rb"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment(folder, source), **dict(variables)),
            cwd=folder,
            creationflags=_CREATE_NO_WINDOW if os.name == "nt" else 0,
            close_fds=os.name != "nt",
        )
    except (OSError, ValueError) as why:
        raise SetupFailed("The installer could not be started: %s." % why)


def failure(words):
    """The error that the installer's words, a list of lines, tell of."""
    last = "\n".join(words[-_LAST_WORDS:])
    for kind, pattern in _MEANINGS:
        if pattern.search(last):
            return kind("The installer said: %s" % last)
    return SetupFailed("The installer said: %s" % last)


class Tally(object):
    """How much of an installation is done, from the installer's words.

    total: bytes to be downloaded, about.
    """

    def __init__(self, total):
        self._total = max(float(total), 1.0)
        self._sizes = {}
        self._done = 0.0
        self.fraction = 0.0

    def feed(self, line):
        """Takes one line in."""
        match = re.match(r"\s*Downloading (\S+) \(([\d.]+)([KMG]i?B)\)", line)
        if match:
            unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[match.group(3)[0]]
            self._sizes[match.group(1)] = float(match.group(2)) * unit
            return
        match = re.match(r"\s*Downloaded (\S+)", line)
        if match:
            self._done += self._sizes.pop(match.group(1), 0.0)
            self.fraction = max(self.fraction, min(0.9 * self._done / self._total, 0.9))
        elif line.lstrip().startswith("Prepared "):
            self.fraction = 0.92
        elif line.lstrip().startswith("Installed "):
            self.fraction = 1.0
