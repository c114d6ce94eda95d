# SPDX-License-Identifier: Apache-2.0
"""This machine: its platform, the user's folders, room on the disk, one set-up at a time."""

import contextlib
import ctypes
import errno
import os
import platform
import subprocess
import sys
import time

from ._client import client
from .errors import NoSpace, SetupBusy, SetupFailed

_WAIT_SECONDS = 5.0


def platform_key():
    """Which of the platforms in pins.json this is. Raises SetupFailed for others."""
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if sys.platform == "darwin":
        return "macos-arm64" if machine == "aarch64" or _translated() else "macos-x86_64"
    if os.name == "nt":
        return "windows-x86_64"  # which Windows on ARM runs, too
    if sys.platform.startswith("linux") and machine in ("x86_64", "aarch64"):
        return "linux-" + machine
    raise SetupFailed(
        "The engine has no ready-made packages for %s on %s." % (sys.platform, machine),
        client.INSTALL_HINT,
    )


def _translated():
    """Whether a Mac has an ARM processor although this program was made for Intel's."""
    try:
        answer = subprocess.Popen(
            ["/usr/sbin/sysctl", "-n", "hw.optional.arm64"], stdout=subprocess.PIPE
        ).communicate()[0]
    except OSError:
        return False
    return answer.strip() == b"1"


def data_folder():
    """Where the engine's parts go: the folder for the user's data, as the engine has it."""
    chosen = os.environ.get("MATTEBRUSH_HOME")
    if chosen:
        return os.path.expanduser(chosen)
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(base, "mattebrush")


def refuse_borrowed_rights():
    """Raises SetupFailed when this program runs with rights that the user only lent it.

    What it made would belong to the administrator, in the user's own folder.
    """
    variables = [name for name in ("SUDO_UID", "PKEXEC_UID", "DOAS_USER") if os.environ.get(name)]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        foreign = os.stat(os.path.expanduser("~")).st_uid != 0
        if variables or foreign:
            raise SetupFailed(
                "The engine is not set up with an administrator's rights.",
                "Start this program as yourself, then try again.",
            )


def check_room(folder, needed):
    """Raises NoSpace unless the disk of `folder` has so many bytes left."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    free = _free(folder)
    if free is not None and free < needed:
        raise NoSpace(
            "The engine needs %d MB in %s; there are %d MB." % (needed >> 20, folder, free >> 20),
            "Make room, then try again.",
        )


def _free(folder):
    """Bytes that the user may still write there, or None where that cannot be learned."""
    if hasattr(os, "statvfs"):
        stats = os.statvfs(folder)
        return stats.f_bavail * stats.f_frsize
    free = ctypes.c_ulonglong()
    ask = ctypes.windll.kernel32.GetDiskFreeSpaceExW
    return free.value if ask(ctypes.c_wchar_p(folder), ctypes.byref(free), None, None) else None


@contextlib.contextmanager
def alone(folder, stopped):
    """Nobody else works in `folder` meanwhile. The system lets go of the lock when this ends.

    stopped: called while waiting for another; may raise. Raises SetupBusy.
    """
    make(folder)
    path = os.path.join(folder, "lock")
    with open(path, "ab") as file:
        until = time.time() + _WAIT_SECONDS
        while not _locked(file):
            stopped()
            if time.time() > until:
                raise SetupBusy(
                    "Another program is setting the engine up just now.",
                    "Wait until it is done, then try again.",
                )
            time.sleep(0.1)
        yield


def _locked(file):
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError):
        return False
    return True


def make(folder):
    """Makes a folder, if it is not there. Raises SetupFailed."""
    try:
        os.makedirs(folder)
    except OSError as why:
        if why.errno != errno.EEXIST or not os.path.isdir(folder):
            raise SetupFailed(
                "The folder %s cannot be made: %s." % (folder, why.strerror),
                "See whether the folder above it is yours and not write-protected.",
            )
