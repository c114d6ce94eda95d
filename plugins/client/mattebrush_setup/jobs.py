# SPDX-License-Identifier: Apache-2.0
"""Setting up, repairing, verifying and removing: each a job that runs in a thread of its own."""

import json
import os
import shutil
import stat
import time
import zipfile

from . import environment, machine, source, uv
from ._client import client
from .errors import ConsentMissing, EngineDamaged, SetupFailed


def run(agreed=False, source=None):
    """Sets the engine up; goes on where an earlier one was interrupted; upgrades one of another
    version. Does nothing but verify one that is ready.

    agreed: the user's answer to `plan`. source: a `Source`. Returns a job, whose result is the
    `Status`. Raises ConsentMissing.
    """
    _ask(agreed)
    return _Install(environment.plan(source), anew=False)


def repair(agreed=False, source=None):
    """As `run`, but makes the environment anew whatever is there."""
    _ask(agreed)
    return _Install(environment.plan(source), anew=True)


def verify():
    """Compares each installed file with its hash, and tries the engine. The job's result is the
    `Status`; it fails with EngineDamaged."""
    return _Verify()


def remove(models=False):
    """Takes away all that was set up. models: also the networks that were downloaded since.

    The job's result is the `Status`. The user's pictures and choices stay.
    """
    return _Remove(models)


def _ask(agreed):
    if agreed is not True:
        raise ConsentMissing("Nothing was downloaded: nobody agreed to it.")


class _Setup(client.Job):
    """What the jobs have in common."""

    first_stage = "setup-fetch"

    def __init__(self):
        self._process = None
        client.Job.__init__(self, None)

    def _work(self):
        machine.refuse_borrowed_rights()
        folder = environment.engine_folder()
        try:
            with machine.alone(folder, self._stopped):
                self._do(folder)
        except (IOError, OSError) as why:
            raise SetupFailed(
                "The engine could not be set up in %s: %s." % (folder, why),
                "See whether the folder is yours and the disk has room.",
            )
        return environment.status()

    def _stopped(self):
        if self._stop.is_set():
            raise client.Cancelled()

    def _at(self, stage, fraction=0.0):
        self._stopped()
        self._report(stage, fraction)

    def _kill(self):
        client.end(self._process)

    def _uv(self, program, arguments, plan, on_line=lambda line: None, variables=()):
        """Runs the installer to its end. Raises what its words tell of."""
        words = []
        process = self._process = uv.start(program, arguments, plan.folder, plan.source, variables)
        if self._stop.is_set():  # cancelled while it started
            self._kill()
        for line in iter(process.stdout.readline, b""):
            words.append(line.decode("utf-8", "replace").rstrip())
            on_line(words[-1])
        process.stdout.close()
        failed = process.wait()
        self._stopped()
        if failed:
            raise uv.failure(words)

    def _check(self, home):
        """Raises EngineDamaged unless the environment at `home` is whole and its engine works."""
        self._at("setup-verify")
        problem = environment.damage(home, _pinned()["packages"], self._stopped)
        if problem:
            raise EngineDamaged(problem)
        self._at("setup-verify", 0.5)
        engine = client.ProcessEngine(environment.python_of(home))
        self._process = engine.spawn(engine.command(["doctor", "--json"]))
        out, err = self._process.communicate()
        self._stopped()
        try:
            report = json.loads(out.decode("utf-8"))
            working = [device for device in report["devices"] if device["works"]]
        except (ValueError, KeyError, TypeError):
            raise EngineDamaged(
                "The engine does not start: %s" % err.decode("utf-8", "replace").strip()[-500:]
            )
        if not working:
            raise EngineDamaged("The engine starts, but no device could run a network.")
        self._at("setup-verify", 1.0)


class _Install(_Setup):
    def __init__(self, plan, anew):
        self._plan, self._anew = plan, anew
        _Setup.__init__(self)

    def _do(self, folder):
        state = environment.read_state()
        if not self._anew and environment.status().state == "ready":
            self._check(os.path.dirname(os.path.dirname(environment.status().python)))
            environment.announce(environment.status().python)
            return
        machine.check_room(folder, self._plan.disk)
        name = "env-%d" % int(time.time() * 1000)
        environment.sweep(os.path.basename(str((state.get("ready") or {}).get("home", ""))))
        state["building"] = name
        environment.write_state(state)
        program = self._fetch_uv()
        home = os.path.join(folder, name)
        self._make_environment(program, home)
        self._install(program, home)
        self._check(home)
        python = environment.python_of(home)
        ready = {"home": home, "python": python, "version": self._plan.version}
        environment.write_state({"ready": ready})
        environment.announce(python)
        environment.sweep(name)
        shutil.rmtree(os.path.join(folder, "cache"), ignore_errors=True)

    def _fetch_uv(self):
        """The installer's program, fetched and unpacked if it is not there yet."""
        self._at("setup-fetch")
        pinned = environment.pins()["uv"]
        wheel = pinned["wheels"][machine.platform_key()]
        folder = os.path.join(self._plan.folder, "uv-" + pinned["version"])
        program = uv.program_in(folder)
        machine.make(folder)
        target = os.path.join(folder, wheel["name"])
        if not os.path.exists(target) or source.digest(target) != wheel["sha256"]:
            if self._plan.source.folder:
                shutil.copyfile(self._in_folder(wheel["name"]), target)
                source.check(target, wheel["sha256"])
            else:
                address = source.find_in_index(self._plan.source.index, wheel["name"])
                source.fetch(address, target, wheel["sha256"], self._fetched)
        _unpack_program(target, program)
        return program

    def _fetched(self, fraction):
        self._at("setup-fetch", self.fraction if fraction is None else fraction)

    def _in_folder(self, name):
        """The path of a file of the source's folder. Raises SetupFailed."""
        for below in ("wheels", ""):
            path = os.path.join(self._plan.source.folder, below, name)
            if os.path.isfile(path):
                return path
        raise SetupFailed(
            "%s does not hold %s." % (self._plan.source.folder, name),
            "Choose the folder of an unpacked offline bundle of this version and platform.",
        )

    def _make_environment(self, program, home):
        self._at("setup-environment")
        _folder, about = self._engine()
        wanted = about.get("python") or _pinned()["python"]
        arguments = ["venv", "--no-project", "--python", wanted, home]
        variables = []
        if self._plan.source.folder:
            builds = self._packed_python()
            if builds:
                variables.append(("UV_PYTHON_DOWNLOADS_JSON_URL", builds))
            else:
                arguments.insert(1, "--no-python-downloads")
        self._uv(program, arguments, self._plan, variables=variables)

    def _packed_python(self):
        """The list by which uv finds the Python of a bundle, as it lies here; "" without one."""
        folder = os.path.abspath(self._plan.source.folder)
        path = os.path.join(folder, "python", "downloads.json")
        if not os.path.isfile(path):
            return ""
        with open(path, "rb") as file:
            text = file.read().decode("utf-8")
        target = os.path.join(self._plan.folder, "downloads.json")
        with open(target, "wb") as out:
            out.write(text.replace("file://@HERE@", _file_address(folder)).encode("utf-8"))
        return target

    def _install(self, program, home):
        self._at("setup-install")
        requirements = os.path.join(self._plan.folder, "requirements.txt")
        with open(os.path.join(environment.HERE, "requirements.txt"), "rb") as file:
            text = file.read()
        with open(requirements, "wb") as out:
            out.write(text + self._engine_requirement().encode("utf-8"))
        arguments = ["pip", "install", "--python", environment.python_of(home), "--require-hashes"]
        arguments += ["--no-deps", "--only-binary", ":all:", "-r", requirements]
        if self._plan.source.folder:
            wheels = os.path.dirname(self._in_folder(self._uv_wheel()))
            arguments += ["--offline", "--no-index", "--find-links", wheels]
        else:
            arguments += ["--default-index", self._plan.source.index]
        tally = uv.Tally(self._plan.download)

        def on_line(line):
            tally.feed(line)
            self._report("setup-install", tally.fraction)

        self._uv(program, arguments, self._plan, on_line)

    @staticmethod
    def _uv_wheel():
        return environment.pins()["uv"]["wheels"][machine.platform_key()]["name"]

    def _engine(self):
        """(folder, content of its engine.json) of the engine to install.

        The source's, else the plug-in's own. Raises SetupFailed.
        """
        for folder in (self._plan.source.folder, environment.PACKED):
            about = _read(os.path.join(folder, "engine.json")) if folder else {}
            if about.get("version") == self._plan.version:
                return folder, about
        raise SetupFailed(
            "This copy of the plug-in does not bring the engine %s along." % self._plan.version,
            "Set it up from an offline bundle, or take the plug-in's full zip.",
        )

    def _engine_requirement(self):
        """The line of requirements.txt for the engine itself: its wheel, by hash."""
        folder, about = self._engine()
        requirement = "mattebrush==" + self._plan.version
        for below in ("wheels", ""):
            path = os.path.join(folder, below, about["wheel"])
            if os.path.isfile(path):
                requirement = "mattebrush @ " + _file_address(path)
                break
        return "%s --hash=sha256:%s\n" % (requirement, about["sha256"])


class _Verify(_Setup):
    first_stage = "setup-verify"

    def _do(self, folder):
        state = environment.read_state()
        if not state.get("ready"):
            raise EngineDamaged("No engine was set up here.")
        state.pop("damage", None)
        try:
            self._check(state["ready"]["home"])
        except EngineDamaged as why:
            state["damage"] = why.message
            raise
        finally:
            environment.write_state(state)


class _Remove(_Setup):
    first_stage = "setup-remove"

    def __init__(self, models):
        self._models = models
        _Setup.__init__(self)

    def _work(self):
        _Setup._work(self)
        folder = environment.engine_folder()
        lock = os.path.join(folder, "lock")
        if os.path.exists(lock):
            os.remove(lock)
        for path in (folder, os.path.dirname(folder), client.settings_folder()):
            if os.path.isdir(path) and not os.listdir(path):
                os.rmdir(path)
        return environment.status()

    def _do(self, folder):
        self._at("setup-remove")
        environment.withdraw()
        names = [name for name in os.listdir(folder) if name != "lock"]
        for number, name in enumerate(sorted(names, key=lambda name: name == "state.json")):
            path = os.path.join(folder, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            else:
                os.remove(path)
            self._report("setup-remove", float(number + 1) / len(names))
        models = os.path.join(machine.data_folder(), "models")
        if self._models and os.path.isdir(models):
            shutil.rmtree(models)


def _pinned():
    """What pins.json says about this platform."""
    return environment.pins()["platforms"][machine.platform_key()]


def _unpack_program(wheel, program):
    """Takes the one program out of uv's wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = os.path.basename(program)
        inside = [each for each in archive.namelist() if each.endswith("/scripts/" + name)]
        data = archive.read(inside[0])
    if os.path.exists(program) and os.path.getsize(program) == len(data):
        return
    with open(program + ".new", "wb") as out:
        out.write(data)
    os.chmod(
        program + ".new", stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH
    )
    if os.path.exists(program):
        os.remove(program)
    os.rename(program + ".new", program)


def _file_address(path):
    try:
        from urllib.request import pathname2url
    except ImportError:  # Python 2.7
        from urllib import pathname2url
    return "file:///" + pathname2url(os.path.abspath(path)).lstrip("/")


def _read(path):
    try:
        with open(path, "rb") as file:
            values = json.loads(file.read().decode("utf-8"))
    except (IOError, OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
