# SPDX-License-Identifier: Apache-2.0
"""The engine's own environment on the disk: what is there, whether it is whole, what it takes.

Everything lies in one folder of the user's data, `engine/`:

    state.json      which environment is in use, and which is being made
    uv-VERSION/     the installer
    env-NUMBER/     the environment; another number while a new one is being made
    python/         a Python, where the machine had none
    cache/          what has been downloaded, until all of it is installed
"""

import base64
import collections
import csv
import hashlib
import io
import json
import os
import shutil

from . import machine
from ._client import client
from .source import Source

HERE = os.path.dirname(os.path.abspath(__file__))
PACKED = os.path.join(os.path.dirname(HERE), "mattebrush_engine")
"""Beside this package in a plug-in's zip: the engine's wheel, and engine.json about it."""


class Status(collections.namedtuple("Status", "state version python folder detail")):
    """What there is of an engine that was set up here.

    state: "absent": nothing. "partial": a set-up was interrupted; `run` goes on with it. "ready".
    "outdated": it works, but is of another version than this plug-in; `run` upgrades it. "damaged":
    something of it is missing; `repair`. version: the engine's, "". python: its interpreter, "".
    folder: where all of it lies. detail: a sentence for experts, "".
    """

    __slots__ = ()


class Plan(collections.namedtuple("Plan", "version source folder download disk")):
    """What `run` would do, to be asked about: version to install, where from (a `Source`), where
    to, and about how many bytes are to be downloaded and needed on the disk."""

    __slots__ = ()


def engine_folder():
    """The folder that holds all of it."""
    return os.path.join(machine.data_folder(), "engine")


def pins():
    """What this version fetches, and with which hashes: made by `python -m tools.lock`."""
    with io.open(os.path.join(HERE, "pins.json"), encoding="utf-8") as file:
        return json.load(file)


def plan(source=None):
    """The `Plan` of a set-up from `source`, a `Source`; by default from the user's settings.

    Raises SetupFailed on a machine for which there are no packages.
    """
    sizes = pins()["platforms"][machine.platform_key()]
    settled = (source or Source()).settled()
    download = 0 if settled.folder else sizes["download"]
    return Plan(client.VERSION, settled, engine_folder(), download, sizes["disk"])


def status():
    """The `Status`, from a look at a few files."""
    folder = engine_folder()
    state = read_state()
    ready = state.get("ready") or {}
    python, version = str(ready.get("python", "")), str(ready.get("version", ""))
    if ready:
        if not os.path.isfile(python):
            return Status("damaged", version, "", folder, "%s is missing." % python)
        if state.get("damage"):
            return Status("damaged", version, python, folder, state["damage"])
        name = "ready" if version == client.VERSION else "outdated"
        return Status(name, version, python, folder, "")
    if state.get("building"):
        return Status("partial", "", "", folder, "")
    return Status("absent", "", "", folder, "")


def read_state():
    """The content of state.json, {} when there is none."""
    try:
        with open(os.path.join(engine_folder(), "state.json"), "rb") as file:
            state = json.loads(file.read().decode("utf-8"))
    except (IOError, OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def write_state(state):
    """Replaces state.json as a whole."""
    write_json(os.path.join(engine_folder(), "state.json"), state)


def write_json(path, values):
    """Writes a file of the user's, whole or not at all."""
    machine.make(os.path.dirname(path))
    with open(path + ".new", "wb") as out:
        out.write(json.dumps(values, indent=2, sort_keys=True).encode("utf-8"))
    if os.name == "nt" and os.path.exists(path):
        os.remove(path)  # Python 2.7 cannot replace a file there
    os.rename(path + ".new", path)


def python_of(environment):
    """The interpreter of an environment."""
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(environment, *parts)


def announce(python):
    """Tells all hosts of this user where the engine is, as `mattebrush plugin install` does."""
    folder = client.settings_folder()
    values = {"python": python, "version": client.VERSION}
    write_json(os.path.join(folder, client.INSTALLED_FILE), values)
    settings = client.Settings.load()
    if settings.python != python and not os.path.isfile(settings.python):
        settings.python, settings.python_path = "", ""  # chosen once, gone since
        settings.save()


def withdraw():
    """Takes that back, where it is about the engine that was set up here."""
    path = os.path.join(client.settings_folder(), client.INSTALLED_FILE)
    try:
        with open(path, "rb") as file:
            python = json.loads(file.read().decode("utf-8")).get("python", "")
    except (IOError, OSError, ValueError, AttributeError):
        return
    if python.startswith(engine_folder() + os.sep):
        os.remove(path)


def sweep(keep):
    """Deletes environments other than `keep`, as far as nobody uses them."""
    folder = engine_folder()
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith("env-") and name != keep:
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def damage(environment, packages, stopped):
    """What is wrong with an environment's files, in a sentence; "" when nothing is.

    packages: how many must be there. stopped: called now and then; may raise.
    """
    base = os.path.join(environment, "Lib" if os.name == "nt" else "lib")
    records = []
    for folder, folders, names in os.walk(base):
        if folder.endswith(".dist-info"):
            records += [os.path.join(folder, name) for name in names if name == "RECORD"]
            folders[:] = []
    if len(records) < packages:
        return "%d of %d packages are missing." % (packages - len(records), packages)
    wrong = []
    for record in records:
        wrong += _wrong_files(record, stopped)
    if not wrong:
        return ""
    return "%d files are missing or were changed, such as %s." % (len(wrong), wrong[0])


def _wrong_files(record, stopped):
    """Files of one package that are not as its RECORD says."""
    wrong = []
    site = os.path.dirname(os.path.dirname(record))
    with io.open(record, encoding="utf-8", newline="") as file:
        lines = file.read().splitlines()
    for row in csv.reader(
        [line if isinstance(line, str) else line.encode("utf-8") for line in lines]
    ):
        stopped()
        if len(row) < 2 or not row[1].startswith("sha256="):
            continue
        path = os.path.join(site, *row[0].split("/"))
        if not os.path.isfile(path) or _record_digest(path) != row[1][7:]:
            wrong.append(row[0])
    return wrong


def _record_digest(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode("ascii")
