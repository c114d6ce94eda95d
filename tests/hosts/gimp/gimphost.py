# SPDX-License-Identifier: Apache-2.0
"""Runs scripts inside the real GIMPs that the scripts build_gimp*.sh make.

A GIMP lives in a folder of its own (chroot); the machine's whole tree is mounted inside it as
/machine, in a mount namespace that ends with the run. So a script reads and writes the test's
own folder, and the engine, which needs the machine's Python, is started through a one-line
program that steps back out. This is the real engine in a real child process.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.plugins import packages
from mattebrush.plugins.places import Place

HOSTS = Path(os.environ.get("MATTEBRUSH_HOSTS", Path.home() / ".cache/mattebrush-ci/hosts"))
REPOSITORY = Path(__file__).parents[3]
INSIDE = Path(__file__).parent / "inside"
GIMPFU = REPOSITORY / "plugins" / "gimp"
PHOTO = (120, 90)
"""Width and height of photo.png in the test's folder."""
_WORKED = "THE SCRIPT WORKED"
_BUILDERS = {
    "gimp3": "build_gimp3.sh",
    "gimp32": "build_gimp32.sh",
    "gimp210": "build_gimp210.sh",
}
VERSIONS = {"3.0": "gimp3", "3.2": "gimp32", "2.10": "gimp210"}
"""The fixture, and the folder, of each version."""


@dataclasses.dataclass
class Gimp:
    """One GIMP with a home folder of its own below `folder`, the test's.

    root: the chroot. program: what to start in it. version: one of `VERSIONS`.
    """

    root: Path
    program: tuple[str, ...]
    version: str
    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / f"home-{self.version}"

    @property
    def old(self) -> bool:
        """Whether it is GIMP 2.10, with its own gimpfu."""
        return self.version == "2.10"

    @property
    def config(self) -> Path:
        """GIMP's own folder for the user, of this version."""
        return self.home / ".config" / "GIMP" / self.version

    @staticmethod
    def inside(path: Path) -> str:
        """The path by which a program inside finds a file of the machine."""
        return f"/machine{path.resolve()}"

    @property
    def settings(self) -> Path:
        """The plug-ins' settings file."""
        return self.home / ".config" / "mattebrush" / "plugins.json"

    def run(
        self, script: Path, timeout: float = 900, full: Path | None = None, **variables: str
    ) -> str:
        """Runs a Python script inside GIMP's batch mode; returns what was printed.

        full: a folder that stands on a full disk meanwhile, with the files it has.

        Raises AssertionError with all that GIMP said when the script fails.
        """
        code = f"exec(compile(open('{self.inside(script)}').read(), '{script.name}', 'exec'))"
        # Spelt in two parts, since GIMP repeats a command that failed.
        commands = [f"{code}\nimport sys; sys.stderr.write('{_WORKED[:5]}' + '{_WORKED[5:]}')"]
        if self.old:
            commands.append("pdb.gimp_quit(1)")  # it has no --quit, and must end in any case
        words = [word for command in commands for word in ("-b", command)]
        command = [*self.program, "--batch-interpreter=python-fu-eval", *words]
        done = self.start(command, timeout, variables, full)
        output = done.stdout + done.stderr
        assert _WORKED in output, output[-6000:]
        return output

    def start(
        self,
        command: list[str],
        timeout: float,
        variables: dict[str, str],
        full: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command inside and waits for its end."""
        process = self.spawn(command, variables, full)
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def spawn(
        self, command: list[str], variables: dict[str, str], full: Path | None = None
    ) -> subprocess.Popen[str]:
        """Starts a command inside, in a process group of its own."""
        words = ["env", "-i", *self._environment(variables), "chroot", str(self.root), *command]
        steps = [
            f"mount --rbind / {shlex.quote(str(self.root / 'machine'))}",
            # GIMP 3.2's loaders of icons ask it for the names of files.
            f"mount -t proc proc {shlex.quote(str(self.root / 'proc'))}",
        ]
        if full:
            # A disk of its own, in this mount namespace alone; what fills it is bounded, too.
            disk = shlex.quote(f"{self.root}/machine{full.resolve()}")
            files = " ".join(shlex.quote(str(path)) for path in full.iterdir())
            steps.append(f"mount -t tmpfs -o size=64k tmpfs {disk} && cp {files} {disk}")
            steps.append(f"(head -c 65536 /dev/zero > {disk}/filler; true)")
        mounted = " && ".join([*steps, "exec "])
        return subprocess.Popen(
            ["unshare", "-m", "sh", "-c", mounted + shlex.join(words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def _environment(self, variables: dict[str, str]) -> list[str]:
        values = {
            "HOME": self.inside(self.home),
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",  # INSIDE lies in the repository
            "XDG_RUNTIME_DIR": self.inside(self.folder / "runtime"),
            "FOLDER": self.inside(self.folder),
            "GIMPFU": self.inside(GIMPFU),
            "INSIDE": self.inside(INSIDE),
            **variables,
        }
        return [f"{name}={value}" for name, value in values.items()]

    def job(self, number: int, kind: str) -> dict[str, np.ndarray]:
        """The "request" or the "answer" of a job, as it went through the pipe."""
        data = (self.folder / "jobs" / f"{number:04}.{kind}").read_bytes()
        return dict(np.load(io.BytesIO(data)))

    def last_job(self) -> int:
        """The number of the job that was sent last; dialogs send some of their own for previews."""
        return len(list((self.folder / "jobs").glob("*.request"))) - 1

    def install_plugin(self, source: Path, name: str) -> None:
        """Puts a plug-in file, unchanged, where this GIMP looks for it."""
        target = self.config / "plug-ins" / name / f"{name}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755)
        if not self.old:
            shutil.copytree(GIMPFU / "gimpfu", target.with_name("gimpfu"))
            shutil.copytree(GIMPFU / "gimpfu" / "aliases", target.parent, dirs_exist_ok=True)

    def install_mattebrush(self) -> None:
        """Installs the plug-in as `mattebrush plugin install gimp` does, and tells it the engine.

        The engine runs in the machine's Python, outside; each request and answer is kept as
        jobs/N.request and jobs/N.answer, so that tests know what went through the pipe.
        """
        packages.install(Place("gimp", self.version, "native", self.config))
        jobs = self.folder / "jobs"
        jobs.mkdir()
        with Image.open(REPOSITORY / "examples" / "lemur.jpg") as picture:
            picture.convert("RGB").resize(PHOTO).save(self.folder / "photo.png")
        engine = self.folder / "engine-python"
        engine.write_text(_ENGINE.format(jobs=self.inside(jobs), python=sys.executable))
        engine.chmod(0o755)
        folders = [str(REPOSITORY / name) for name in ("core", "server")]
        self.set_up(python=self.inside(engine), python_path=os.pathsep.join(folders))

    def set_up(self, **settings: str) -> None:
        """Writes the plug-ins' settings."""
        self.settings.parent.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(json.dumps(settings))


_ENGINE = """#!/bin/bash
case "$*" in *" job") ;; *) exec chroot /machine {python} "$@" ;; esac
set -o pipefail
n=0 # noclobber takes the first free number, whoever else is just starting
until (set -C; : > {jobs}/$(printf %04d $n).request) 2>/dev/null; do n=$((n + 1)); done
n=$(printf %04d $n)
tee {jobs}/$n.request | chroot /machine {python} "$@" | tee {jobs}/$n.answer
"""


def build(name: str) -> Path:
    """The folder of a host: built when this is CI or somebody asked for it, else skips the test."""
    root = HOSTS / name
    if not (root / ".complete").exists():
        builder = Path(__file__).parents[1] / _BUILDERS[name]
        if not os.environ.get("MATTEBRUSH_CI"):
            pytest.skip(f"{name} is not here; build it with: sudo {builder} {root}")
        subprocess.run([str(builder), str(root)], check=True, timeout=1800)
    (root / "machine").mkdir(exist_ok=True)
    return root


def gimp3(folder: Path) -> Gimp:
    """GIMP 3.0 in batch mode."""
    return _gimp3("3.0", folder)


def gimp32(folder: Path) -> Gimp:
    """Today's GIMP 3 in batch mode."""
    return _gimp3("3.2", folder)


def _gimp3(version: str, folder: Path) -> Gimp:
    program = (f"gimp-console-{version}", "-id", "--quit")
    gimp = Gimp(build(VERSIONS[version]), program, version, folder)
    for name in ("sample_stamp", "sample_old"):
        gimp.install_plugin(INSIDE / f"{name}.py", name)
    gimp.install_mattebrush()
    (folder / "runtime").mkdir(exist_ok=True)
    return gimp


def gimp210(folder: Path) -> Gimp:
    """GIMP 2.10 in batch mode with its real gimpfu."""
    gimp = Gimp(build("gimp210"), ("gimp-console", "-id"), "2.10", folder)
    # The batch interpreter itself is one of gimpfu's plug-ins.
    gimp.install_plugin(gimp.root / "src/pygimp/plug-ins/python-eval.py", "python-eval")
    for name in ("sample_stamp", "sample_old"):
        gimp.install_plugin(INSIDE / f"{name}.py", name)
    gimp.install_mattebrush()
    (folder / "runtime").mkdir(exist_ok=True)
    return gimp
