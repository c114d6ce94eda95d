# SPDX-License-Identifier: Apache-2.0
"""What each plug-in consists of, and putting it where it belongs: a host's folder, or a zip.

The plug-ins' sources lie in plugins/ of the repository and in mattebrush/plugins/files of an
installed engine. The client, and the kit of what hosts offer alike, are copied into each plug-in.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mattebrush import __version__

from ..atomic import whole_file
from ..errors import InputInvalid, OutputUnwritable
from . import wheels
from .places import Place, settings_file

ENGINE_FILE = "mattebrush_engine.json"
"""Beside the client: where the engine is. The client's `INSTALLED_FILE`."""

PACKED_ENGINE = "mattebrush_engine"
"""Folder beside the client in a zip: the engine's wheel and engine.json. The set-up's `PACKED`."""

_CLIENT = "client/mattebrush_client.py"
_NOT_PACKED = {"__pycache__", "tests", "README.md", "ruff.toml"}
_SWITCHED_ON = "enable_mattebrush=true"
_SETUP = "mattebrush_setup"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_ANY_PYTHON, _PYTHON_3 = b"#!/usr/bin/env python\n", b"#!/usr/bin/env python3\n"
"""First lines. Many systems have only "python3" by name, and GIMP leaves a plug-in out without a
word when it does not find its program; GIMP 2.10 wants the first, and has a Python 2 for it."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a plug-in lies in its host's folder.

    files: path below the host's folder -> source file. own: folders and files that are ours
    alone there, removed as a whole by `remove`. client: where among `files` the client lies.
    """

    files: dict[PurePosixPath, Path]
    own: tuple[PurePosixPath, ...]
    client: PurePosixPath


def sources() -> Path:
    """The folder with the plug-ins' sources.

    Returns
    -------
    Path
    """
    packed = Path(__file__).with_name("files")
    return packed if packed.is_dir() else Path(__file__).parents[3] / "plugins"


def layout(host: str, version: tuple[int, ...]) -> Layout:
    """Where the files of the plug-in for `host` in `version` go, below the host's folder.

    Parameters
    ----------
    host : str
        "gimp", "krita" or "blender".
    version : tuple[int, ...]
        The host's, as numbers.

    Returns
    -------
    Layout
    """
    return {"gimp": _gimp, "krita": _krita, "blender": _blender}[host](version)


def _gimp(version: tuple[int, ...]) -> Layout:
    own = PurePosixPath("plug-ins/mattebrush")
    files = _tree("gimp/mattebrush", own)
    if version >= (2, 99):
        # GIMP 2.10 has its own gimpfu, which ours must not hide.
        files |= _tree("gimp/gimpfu", own / "gimpfu")
    return _with_client(files, (own,), own)


def _krita(version: tuple[int, ...]) -> Layout:
    own = PurePosixPath("pykrita/mattebrush")
    files = _tree("krita/mattebrush", own)
    desktop, action = "pykrita/mattebrush.desktop", "actions/mattebrush.action"
    for target in (desktop, action):
        source = sources() / "krita" / PurePosixPath(target).name
        if source.is_file():
            files[PurePosixPath(target)] = source
    return _with_client(files, (own, PurePosixPath(desktop), PurePosixPath(action)), own)


def _blender(version: tuple[int, ...]) -> Layout:
    extension = version >= (4, 2)
    # As an add-on it is a module of its own among Python's: not under the engine's name.
    own = PurePosixPath(
        "extensions/user_default/mattebrush" if extension else "scripts/addons/mattebrush_blender"
    )
    plan = _with_client(_tree("blender/mattebrush", own), (own,), own)
    before = PurePosixPath("scripts/addons/mattebrush")
    return plan if extension else dataclasses.replace(plan, own=(own, before))


def _tree(folder: str, target: PurePosixPath) -> dict[PurePosixPath, Path]:
    """Every file below a source folder, by where it goes."""
    base = sources() / folder
    entries = {}
    for path in sorted(base.rglob("*")):
        below = path.relative_to(base)
        if path.is_file() and not _NOT_PACKED.intersection(below.parts):
            entries[target / PurePosixPath(below.as_posix())] = path
    return entries


def _with_client(
    files: dict[PurePosixPath, Path], own: tuple[PurePosixPath, ...], folder: PurePosixPath
) -> Layout:
    client = folder / PurePosixPath(_CLIENT).name
    return Layout(files | _tree("client", folder), own, client)


def engine_location() -> dict[str, str]:
    """What the client needs to run this very engine: the content of `ENGINE_FILE`.

    python: this interpreter. python_path: where the packages lie, when the interpreter does not
    find them by itself (a source checkout).

    Returns
    -------
    dict[str, str]
    """
    python = sys.executable
    entries = {"python": python, "version": __version__}
    probe = [python, "-c", "import mattebrush"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    folder = Path(python).parent
    if subprocess.run(probe, env=clean, cwd=folder, capture_output=True, check=False).returncode:
        core = Path(__file__).parents[2]
        # The command line has the server's commands too.
        entries["python_path"] = os.pathsep.join([str(core), str(core.with_name("server"))])
    return entries


def write_engine_location() -> Path:
    """Writes it to the user's settings folder, for plug-ins that came from a zip.

    Returns
    -------
    Path

    Raises
    ------
    OutputUnwritable
    """
    path = settings_folder() / ENGINE_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, overwrite=True) as out:
        out.write(_engine_bytes())
    return path


def _engine_bytes(place: Place | None = None) -> bytes:
    """The content of `ENGINE_FILE`, in a host's place or for the user.

    A sandbox is told no interpreter: at the same path it may have another, without the engine.
    """
    sandboxed = place is not None and place.packaging in ("flatpak", "snap")
    entries = {"version": __version__} if sandboxed else engine_location()
    return json.dumps(entries, indent=2).encode()


def settings_folder() -> Path:
    """Where the plug-ins keep the user's choices: what the client itself says.

    Returns
    -------
    Path
    """
    spec = importlib.util.spec_from_file_location("mattebrush_client", sources() / _CLIENT)
    assert spec is not None and spec.loader is not None  # the file is part of the package
    client = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(client)
    return Path(client.settings_folder())


def install(place: Place) -> Path:
    """Copies the plug-in into the host's folder and writes down the engine; returns its folder.

    An earlier version is replaced as a whole, by renaming, so that no mixture is left.

    Parameters
    ----------
    place : Place
        Where a host keeps its plug-ins.

    Returns
    -------
    Path
        Its folder.

    Raises
    ------
    OutputUnwritable
    """
    plan = layout(place.host, place.number)
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.folder, prefix=".mattebrush-") as scratch:
            for target, content in _contents(plan):
                _write(Path(scratch) / "new" / target, content, target)
            _write(Path(scratch) / "new" / plan.client.with_name(ENGINE_FILE), _engine_bytes(place))
            for own in plan.own:
                _replace(Path(scratch) / "new" / own, place.folder / own, Path(scratch) / "old")
        if place.host == "gimp" and place.number >= (2, 99):
            _name_python(place.folder)
        if place.host == "krita":
            _switch(place, on=True)
    except OSError as error:
        raise OutputUnwritable(
            f"The plug-in cannot be put into {place.folder}: {error.strerror or error}.",
            "Close the program and see whether the folder is yours.",
        ) from error
    return place.folder / plan.own[0]


def _contents(plan: Layout) -> Iterator[tuple[PurePosixPath, bytes]]:
    for target, source in sorted(plan.files.items()):
        yield target, source.read_bytes()


def _write(path: Path, content: bytes, target: PurePosixPath | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if target is not None and _is_program(target):
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _is_program(target: PurePosixPath) -> bool:
    """GIMP runs only files with the execute bit, and there only one is named as its folder."""
    return target.parts[0] == "plug-ins" and target.stem == target.parent.name


def _replace(new: Path, target: Path, old: Path) -> None:
    if target.exists():  # also what an earlier version had there and this one has not
        old.mkdir(exist_ok=True)
        target.rename(old / target.name)
    if new.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        new.rename(target)


def _name_python(folder: Path) -> None:
    """Tells GIMP 3 which program "python" is: many systems have only "python3" by name.

    Without it a plug-in whose first line says "env python" is left out without a word.
    """
    if sys.platform in ("win32", "darwin"):
        return  # the builds for these bring their own
    path = folder / "interpreters" / "mattebrush.interp"
    path.parent.mkdir(exist_ok=True)
    path.write_text("python=/usr/bin/python3\n", encoding="utf-8")


def _switch(place: Place, on: bool) -> None:
    """Puts the plug-in on Krita's list of those switched on, or takes it off again.

    One that the user has switched off stays so. The rest of Krita's settings stays as it is.
    """
    path = settings_file(place)
    if path is None:
        return
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not on:
        changed = re.sub(r"(?m)^enable_mattebrush=true\n?", "", text)
    elif re.search(r"(?m)^enable_mattebrush=", text):
        changed = text
    elif re.search(r"(?m)^\[python\]$", text):
        changed = re.sub(r"(?m)^\[python\]$", f"[python]\n{_SWITCHED_ON}", text, count=1)
    else:
        changed = f"{text.rstrip()}\n\n[python]\n{_SWITCHED_ON}\n".lstrip()
    if changed != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, overwrite=True) as out:
            out.write(changed.encode("utf-8"))


def remove(place: Place) -> bool:
    """Removes the plug-in from the host's folder; returns whether there was one.

    Parameters
    ----------
    place : Place
        Where a host keeps its plug-ins.

    Returns
    -------
    bool
        Whether there was one.

    Raises
    ------
    OutputUnwritable
    """
    plan = layout(place.host, place.number)
    entries = [place.folder / own for own in plan.own if (place.folder / own).exists()]
    try:
        for path in [*entries, place.folder / "interpreters" / "mattebrush.interp"]:
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
        if place.host == "krita":
            _switch(place, on=False)
    except OSError as error:
        raise OutputUnwritable(
            f"The plug-in cannot be removed from {place.folder}: {error.strerror or error}.",
            "Close the program and see whether the folder is yours.",
        ) from error
    return bool(entries)


def installed_version(place: Place) -> str:
    """The version of the plug-in in the host's folder, "" when there is none.

    Parameters
    ----------
    place : Place
        Where a host keeps its plug-ins.

    Returns
    -------
    str
    """
    client = layout(place.host, place.number).client
    try:
        values = json.loads((place.folder / client.with_name(ENGINE_FILE)).read_text("utf-8"))
        return str(values["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@dataclasses.dataclass(frozen=True)
class Archive:
    """A zip for users without this command: its name, and what of a layout's paths is left off."""

    host: str
    name: str
    version: tuple[int, ...]
    root: PurePosixPath


_ARCHIVES = (
    Archive("gimp", "mattebrush-gimp3", (3, 0), PurePosixPath("plug-ins")),
    Archive("gimp", "mattebrush-gimp2.10", (2, 10), PurePosixPath("plug-ins")),
    Archive("krita", "mattebrush-krita", (), PurePosixPath()),
    Archive(
        "blender",
        "mattebrush-blender-extension",
        (4, 2),
        PurePosixPath("extensions/user_default/mattebrush"),
    ),
    Archive("blender", "mattebrush-blender-addon", (3, 4), PurePosixPath("scripts/addons")),
)


def engine_note(wheel: Path) -> bytes:
    """What the set-up must know of the engine's wheel: the content of engine.json beside it.

    Parameters
    ----------
    wheel : Path
        The engine's wheel.

    Returns
    -------
    bytes

    Raises
    ------
    InputInvalid
        For a file that is not the wheel of this version.
    """
    if not wheel.name.startswith(f"mattebrush-{__version__}-") or wheel.suffix != ".whl":
        raise InputInvalid(
            f"{wheel} is not the wheel of mattebrush {__version__}.",
            "Build it with `python -m tools.release wheel`.",
        )
    try:
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    except OSError as error:
        raise InputInvalid(f"{wheel} cannot be read: {error.strerror or error}.") from error
    about = {"version": __version__, "wheel": wheel.name, "sha256": digest}
    return json.dumps(about, indent=2).encode() + b"\n"


def build(host: str, folder: Path, wheel: Path | None = None) -> list[Path]:
    """Writes the zip or zips of `host` into `folder`; returns their paths.

    They hold no machine's paths; the client finds the engine through the user's settings. wheel:
    the engine's, which the plug-in then brings along, to be set up from inside the host.

    Parameters
    ----------
    host : str
        "gimp", "krita" or "blender".
    folder : Path
        Where to write the zips.
    wheel : Path or None, optional
        The engine's wheel.

    Returns
    -------
    list[Path]
        Their paths.

    Raises
    ------
    OutputUnwritable, InputInvalid
    """
    engine = {}
    if wheel is not None:
        engine = {"engine.json": engine_note(wheel), wheel.name: wheel.read_bytes()}
    _make_folder(folder)
    built = []
    for archive in _ARCHIVES:
        if archive.host == host:
            path = folder / f"{archive.name}-{__version__}.zip"
            _write_zip(path, archive, engine)
            built.append(path)
    return built


def build_with_engine(where: wheels.Platform, folder: Path) -> Path:
    """Writes Blender's extension with the engine in it, for one platform; returns its path.

    Parameters
    ----------
    where : wheels.Platform
        Which platform.
    folder : Path
        Where to write.

    Returns
    -------
    Path
        Its path.

    Raises
    ------
    OutputUnwritable
    """
    _make_folder(folder)
    archive = next(each for each in _ARCHIVES if each.name == "mattebrush-blender-extension")
    path = folder / f"{archive.name}-{__version__}-{where.name}.zip"
    with tempfile.TemporaryDirectory(prefix="mattebrush-") as scratch:
        _write_zip(path, archive, {}, wheels.collect(where, Path(scratch)), where.name)
    return path


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(
            f"The folder {folder} cannot be made: {error.strerror or error}.",
            "Choose another with --output-dir.",
        ) from error


def _write_zip(
    path: Path,
    archive: Archive,
    engine: dict[str, bytes],
    inside: list[Path] | None = None,
    platform: str = "",
) -> None:
    """engine: content by name of what is set up from it later. inside: wheels that an extension
    for `platform` brings along."""
    plan = layout(archive.host, archive.version)
    packed = plan.client.with_name(PACKED_ENGINE)
    contents = [*_contents(plan), *((packed / name, engine[name]) for name in sorted(engine))]
    with whole_file(path, overwrite=True) as file, zipfile.ZipFile(file, "w") as out:
        folders: set[PurePosixPath] = set()
        for target, content in contents:
            if inside and _SETUP in target.parts:
                continue  # nothing is to be set up, and the terms of Blender's site ask for none
            name = _zipped(target, archive)
            for folder in reversed(name.parents[:-1]):
                if folder not in folders:  # Krita's importer needs them spelt out
                    folders.add(folder)
                    out.writestr(_entry(f"{folder}/", 0o40755), b"")
            if inside and name.name == "blender_manifest.toml":
                content = _with_wheels(content, inside, platform)
            if archive.host == "gimp" and archive.version >= (2, 99) and _is_program(target):
                content = content.replace(_ANY_PYTHON, _PYTHON_3, 1)
            mode = 0o100755 if _is_program(target) else 0o100644
            out.writestr(_entry(str(name), mode), content, zipfile.ZIP_DEFLATED)
        for wheel in inside or ():  # they are zips: nothing is gained by packing them again
            out.writestr(_entry(f"wheels/{wheel.name}", 0o100644), wheel.read_bytes())


def _with_wheels(manifest: bytes, inside: list[Path], platform: str) -> bytes:
    """The manifest of the extension for one platform, its wheels and their holders named."""
    lines = "".join(f'  "./wheels/{wheel.name}",\n' for wheel in inside)
    added = f'platforms = ["{platform}"]\nwheels = [\n{lines}]\n\n'
    names = dict.fromkeys(["mattebrush", *map(wheels.distribution, inside)])
    holders = [each for name in names for each in wheels.HOLDERS.get(name, ())]
    credited = "".join(f'  "{each}",\n' for each in holders)
    text = re.sub(r"(?m)^copyright = .*$", f"copyright = [\n{credited}]", manifest.decode())
    head, table, rest = text.partition("[permissions]")
    return f"{head}{added}{table}{rest}".encode()


def _zipped(target: PurePosixPath, archive: Archive) -> PurePosixPath:
    if archive.host == "krita" and target.parts[0] == "pykrita":
        return target.relative_to("pykrita")  # the importer wants it at the top
    return target.relative_to(archive.root)


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    """A member with a fixed date, so that the same sources give the same bytes."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3  # Unix, or the execute bit is lost
    entry.external_attr = mode << 16
    return entry
