# SPDX-License-Identifier: Apache-2.0
"""Files in GIMP's and Krita's own formats, written by the programs themselves.

Each opens a layered PSD of ours and saves it as its own, in a profile that is made for this once:
nothing of the user's settings is read or written, and no window opens.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ..atomic import whole_file
from ..errors import OutputUnwritable
from . import finding
from .finding import Program

FORMATS = {"xcf": "gimp", "kra": "krita"}
"""Which program writes each format."""

_NAMES = {"gimp": "GIMP", "krita": "Krita"}
_MAGIC = {"xcf": b"gimp xcf", "kra": b"PK\x03\x04"}

_LEAST_SECONDS, _SECONDS_A_MEGABYTE = 300.0, 2.0
"""How long a program may take: a first start on a slow machine, and more for large files."""

_RUNNER = "kritarunner"
_POLL = 0.1
_LAST_WORDS = 400
"""So many characters of what a program said go into the message of its failure."""

_FOREIGN = (
    *("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LD_PRELOAD", "GI_TYPELIB_PATH"),
    *("GEGL_PATH", "BABL_PATH", "QT_PLUGIN_PATH", "DYLD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES"),
)
"""What a program must not inherit from this one, nor from the program that this runs in."""

# One text for GIMP 2.10 and 3, whose procedures of one name take different arguments. The last
# line is reached only if all before it went well.
_GIMP_SCRIPT = """(let* ((image 0))
  (if (string=? (substring (car (gimp-version)) 0 1) "2")
    (begin
      (set! image (car (gimp-file-load RUN-NONINTERACTIVE {source} {source})))
      (gimp-xcf-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image))
                     {target} {target}))
    (begin
      (set! image (car (gimp-file-load RUN-NONINTERACTIVE {source})))
      (gimp-file-save RUN-NONINTERACTIVE image {target} -1)))
  (close-output-port (open-output-file {done})))"""

_KRITA_SCRIPT = """\
from krita import Krita


def name_masks(node):
    for child in node.childNodes():
        if child.type() == "transparencymask":
            child.setName(node.name())
        name_masks(child)


def __main__(arguments):
    source, target, done = arguments
    Krita.instance().setBatchmode(True)
    document = Krita.instance().openDocument(source)
    document.setBatchmode(True)
    name_masks(document.rootNode())
    document.refreshProjection()
    document.waitForDone()
    if document.saveAs(target):
        document.waitForDone()
        open(done, "w").close()
    document.close()
"""


@dataclasses.dataclass(frozen=True)
class _Desk:
    """The folder of one conversion, and the files in it."""

    folder: Path
    format: str

    @property
    def source(self) -> Path:
        return self.folder / "picture.psd"

    @property
    def target(self) -> Path:
        return self.folder / f"picture.{self.format}"

    @property
    def done(self) -> Path:
        """Stands there when the program has said that all went well."""
        return self.folder / "done"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def profile(self) -> Path:
        return self.folder / "profile"


def required(format: str) -> Program:
    """The program that writes a format, before any work is done.

    Parameters
    ----------
    format : str
        One of `FORMATS`.

    Returns
    -------
    Program

    Raises
    ------
    OutputUnwritable
        Where this machine has none.
    """
    host = FORMATS[format]
    program = finding.find(host)
    name = _NAMES[host]
    if program is None:
        raise OutputUnwritable(
            f"Only {name} writes .{format} files, and it was not found on this machine.",
            f"Install {name}, or name its program in {finding.VARIABLES[host]}; or write a .psd, "
            f"which {name} opens with its layers and masks.",
        )
    if shutil.which(program.path) is None:
        raise OutputUnwritable(
            f"{program.path} is no program that can be started.",
            f"Mend or drop {finding.VARIABLES[host]}.",
        )
    return program


def write(
    path: Path | str,
    format: str,
    write_psd: Callable[[BinaryIO], None],
    *,
    overwrite: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Writes `path` in a program's own format, whole or not at all.

    Parameters
    ----------
    path : Path or str
        The name that it takes.
    format : str
        One of `FORMATS`.
    write_psd : callable
        Called with a seekable file, writes the same picture as a layered PSD into it.
    overwrite : bool, optional
        Whether a file that is there may be replaced.
    progress : callable, optional
        Called as progress(stage, fraction) all the while; may raise to stop.

    Raises
    ------
    OutputExists, OutputUnwritable
        As `whole_file` does, and where there is no such program, or it fails.
    """
    program = required(format)
    with (
        whole_file(path, overwrite) as file,
        tempfile.TemporaryDirectory(prefix="mattebrush-", ignore_cleanup_errors=True) as folder,
    ):
        desk = _Desk(Path(folder), format)
        with desk.source.open("w+b") as psd:
            write_psd(psd)
        _convert(program, desk, progress)
        with desk.target.open("rb") as made:
            shutil.copyfileobj(made, file, 1 << 20)


def encode(format: str, psd: bytes) -> bytes:
    """The file that `write` would write, as bytes.

    Parameters
    ----------
    format : str
        One of `FORMATS`.
    psd : bytes
        The same picture as a layered PSD.

    Returns
    -------
    bytes

    Raises
    ------
    OutputUnwritable
        As `write` does.
    """
    program = required(format)
    with tempfile.TemporaryDirectory(prefix="mattebrush-", ignore_cleanup_errors=True) as folder:
        desk = _Desk(Path(folder), format)
        desk.source.write_bytes(psd)
        _convert(program, desk)
        return desk.target.read_bytes()


def _convert(
    program: Program, desk: _Desk, progress: Callable[[str, float], None] | None = None
) -> None:
    """Has the program write the desk's target."""
    for name in ("config", "data", "cache", "runtime", "gimp", "scripts"):
        (desk.profile / name).mkdir(parents=True, mode=0o700)
    host = FORMATS[desk.format]
    command = (_gimp_command if host == "gimp" else _krita_command)(program, desk)
    name = _NAMES[host]
    limit = _LEAST_SECONDS + _SECONDS_A_MEGABYTE * desk.source.stat().st_size / 1e6
    environment = _environment(program, desk, host)
    if host == "krita" and program.runs_scripts:
        _spare_resources(program, desk, environment)

    def poll() -> None:
        if progress is not None:
            progress(f"writing in {name}", 0.0)

    status = _run(command, environment, desk, limit, poll)
    if status is None:
        raise OutputUnwritable(
            f"{name} did not finish within {limit:.0f} seconds.",
            f"Write a .psd, which {name} opens with its layers and masks.",
        )
    succeeded = desk.done.exists() if _reports_success(program, host) else status == 0
    if not succeeded or _head(desk.target) != _MAGIC[desk.format]:
        raise OutputUnwritable(
            f"{name} could not write it (status {status}): {_last_words(desk.log)}",
            f"Write a .psd, which {name} opens with its layers and masks.",
        )


def _reports_success(program: Program, host: str) -> bool:
    """Whether the program leaves a mark that all went well; else its status counts."""
    return host == "gimp" or program.runs_scripts


def _gimp_command(program: Program, desk: _Desk) -> list[str]:
    # GIMP's own folder for this user is elsewhere, whichever GIMP it is; 2.10 would like some of
    # its folders to be there.
    for name in ("brushes", "dynamics", "fonts", "gradients", "palettes", "patterns"):
        (desk.profile / "gimp" / name).mkdir()
    (desk.profile / "gimp" / "tool-presets").mkdir()
    words = {
        "source": _scheme(desk.source),
        "target": _scheme(desk.target),
        "done": _scheme(desk.done),
    }
    script = _GIMP_SCRIPT.format(**words)
    arguments = ["-i", "-d", "-f", "-s", "--batch-interpreter=plug-in-script-fu-eval"]
    return [*_start(program, desk, ""), *arguments, "-b", script, "-b", "(gimp-quit 1)"]


def _krita_command(program: Program, desk: _Desk) -> list[str]:
    files = [str(desk.source), str(desk.target)]
    if not program.runs_scripts:
        start = _start(program, desk, "")
        return [*start, "--nosplash", "--export", "--export-filename", files[1], files[0]]
    script = "mattebrush_save"
    # Krita looks in PYTHONPATH, and some packages of it only in the user's own folder.
    for folder in (desk.profile / "scripts", desk.profile / "data" / "krita" / "pykrita"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{script}.py").write_text(_KRITA_SCRIPT, encoding="utf-8")
    start = _start(program, desk, _RUNNER)
    return [*start, "-s", script, "-f", "__main__", "--", *files, str(desk.done)]


def _spare_resources(program: Program, desk: _Desk, environment: dict[str, str]) -> None:
    """Tells Krita that its resources are unpacked in that profile: ten seconds of brushes and
    patterns that nothing here needs. Where it does not believe it, it unpacks them."""
    start = _start(program, desk, _RUNNER)
    _run([*start, "--version"], environment, desk, 60, lambda: None)
    version = re.search(rf"{_RUNNER} (\S+)", desk.log.read_text("utf-8", "replace"))
    if version is not None:
        resources = desk.profile / "data" / _RUNNER
        resources.mkdir(exist_ok=True)
        (resources / "KRITA_RESOURCE_VERSION").write_text(
            version[1], encoding="ascii", errors="replace"
        )


def _start(program: Program, desk: _Desk, command: str) -> list[str]:
    if not program.flatpak:
        return [program.path]
    within = [f"--env={name}={value}" for name, value in _own(desk).items()]
    wanted = [f"--command={command}"] if command else []
    access = [f"--filesystem={desk.folder}"]
    return [program.path, "run", *access, *within, *wanted, program.flatpak]


def _own(desk: _Desk) -> dict[str, str]:
    """The variables by which the program keeps to a profile of its own."""
    profile = desk.profile
    return {
        "XDG_CONFIG_HOME": str(profile / "config"),
        "XDG_DATA_HOME": str(profile / "data"),
        "XDG_CACHE_HOME": str(profile / "cache"),
        "GIMP2_DIRECTORY": str(profile / "gimp"),
        "GIMP3_DIRECTORY": str(profile / "gimp"),
        "PYTHONPATH": str(profile / "scripts"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_MESSAGES": "C",
    }


def _environment(program: Program, desk: _Desk, host: str) -> dict[str, str]:
    values = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    if program.flatpak:
        return values  # flatpak itself finds what is installed by them
    values |= _own(desk) | {"XDG_RUNTIME_DIR": str(desk.profile / "runtime")}
    if host == "krita" and program.runs_scripts and sys.platform.startswith("linux"):
        values["QT_QPA_PLATFORM"] = "offscreen"
    return values


def _run(
    command: list[str],
    environment: dict[str, str],
    desk: _Desk,
    limit: float,
    poll: Callable[[], None],
) -> int | None:
    """The command's exit status; None where it was ended for taking too long."""
    end = time.monotonic() + limit
    with desk.log.open("wb") as log:
        try:
            process = subprocess.Popen(
                command,
                cwd=desk.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=os.name != "nt",
            )
        except OSError as failure:
            raise OutputUnwritable(
                f"{command[0]} cannot be started: {failure.strerror}.", "Write a .psd."
            ) from failure
        try:
            while time.monotonic() < end:
                poll()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(_POLL)
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the program and what it started, if it is not over."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _scheme(path: Path) -> str:
    """A path as a string of Script-Fu."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(len(_MAGIC[path.suffix[1:]]))


def _last_words(log: Path) -> str:
    words = " ".join(log.read_text("utf-8", "replace").split())
    return words[-_LAST_WORDS:] or "it said nothing"
