# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the masks of a shot lie, and what is known of each.

    //masks/Background Mask/mattebrush.json       whose they are, and of which shot
                            mask_0001.png         the masks that are shown, strokes included
                            foreground_0001.png   clean colours, when asked for
                            frames/0001.json      what its mask was made from, and what was done
                            matte/0001.png        what the engine gave, before any stroke
                            strokes/0001.png      what was painted on that frame: a key
                            carried/0002_0001.png what came to frame 2 from the key on frame 1
                            states/...            what a session knew after a frame
                            unused/...            masks of frames that were replaced since
                            old/...               painted masks that another took the place of

Numbers are the scene's frames. Each file is written whole or not at all, and no file belongs to
two frames: machines that make different frames of one shot don't get in each other's way. A shot
of another plate gets a folder of its own, so that what was there stays.
"""

import contextlib
import dataclasses
import json
import os
import re
import shutil

import bpy

from . import mattebrush_client as client
from . import plates
from .problem import Problem, reason

_HEADER = "mattebrush.json"
_VERSION = 2
_PARTS = {
    "mask": ("", "mask_{:04d}", True),
    "foreground": ("", "foreground_{:04d}", False),
    "matte": ("matte", "{:04d}", True),
}
"""Part -> (folder, name, whether its format is that of the masks)."""


@dataclasses.dataclass
class Record:
    """What is known of one frame.

    plate: what it was made from, as `plates.frame`. settings: those of the engine that decide how
    a mask looks. model: what the engine says it ran. certainty: 0..1. agreement:
    with the mask of the frame before, 0..1. subject: whether one was
    found. doubtful: whether a person should look at it. painted, refined: what was done since.
    carried: the keys whose strokes came here.
    """

    plate: str = ""
    settings: dict = dataclasses.field(default_factory=dict)
    model: str = ""
    certainty: float = 1.0
    agreement: float = 1.0
    subject: bool = True
    doubtful: bool = False
    painted: bool = False
    refined: bool = False
    carried: list = dataclasses.field(default_factory=list)
    program: str = client.VERSION

    @property
    def is_touched(self):
        """Whether there is work of the user's in it."""
        return self.painted or self.refined or bool(self.carried)


@dataclasses.dataclass(frozen=True)
class Folder:
    """path: absolute. mask_ending, foreground_ending: ".png" or ".exr"."""

    path: str
    mask_ending: str
    foreground_ending: str

    def file(self, part, frame):
        """The path of a frame's file. part: "mask", "foreground" or "matte"."""
        below, name, is_mask = _PARTS[part]
        ending = self.mask_ending if is_mask else self.foreground_ending
        return os.path.join(self.path, below, name.format(frame) + ending)

    def has(self, part, frame):
        """Whether that file is there. Files are written whole or not at all."""
        return os.path.exists(self.file(part, frame))

    def strokes_file(self, frame, key=None):
        """The strokes painted on a frame, or those that came to it from the key on another."""
        if key is None:
            return os.path.join(self.path, "strokes", f"{frame:04d}.png")
        return os.path.join(self.path, "carried", f"{frame:04d}_{key:04d}.png")

    def state(self, frame, name):
        """What a session knew after a frame, bytes, or None. name: of all that it depends on."""
        try:
            with open(self._state_file(frame, name), "rb") as file:
                return file.read()
        except OSError:
            return None

    def keep_state(self, frame, name, state):
        """Keeps it in the place of an earlier one. Where that cannot be, it is left: nothing is
        lost but time."""
        for old in _listed(self.path, "states", rf"{frame:04d}_{name[:1]}\w+\.bin"):
            with contextlib.suppress(OSError):
                os.remove(os.path.join(self.path, "states", old))
        path = self._state_file(frame, name)
        part = f"{path}.{os.getpid()}.part"
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(part, "wb") as file:
                file.write(state)
            os.replace(part, path)

    def _state_file(self, frame, name):
        return os.path.join(self.path, "states", f"{frame:04d}_{name}.bin")

    def keys(self):
        """The frames that strokes were painted on, in order."""
        return sorted(int(name[:-4]) for name in _listed(self.path, "strokes", r"\d+\.png"))

    def carried_from(self, key):
        """The frames to which strokes of a key were carried, in order."""
        names = _listed(self.path, "carried", rf"\d+_{key:04d}\.png")
        return sorted(int(name.split("_")[0]) for name in names)

    def carried_to(self, frame):
        """The keys whose strokes came to a frame, the nearest last."""
        names = _listed(self.path, "carried", rf"{frame:04d}_\d+\.png")
        keys = (int(name.split("_")[1][:-4]) for name in names)
        return sorted(keys, key=lambda key: -abs(key - frame))

    def record(self, frame):
        """The `Record` of a frame, or None when no mask was made for it."""
        return self._read(frame) if self.has("mask", frame) else None

    def _read(self, frame):
        values = _read(os.path.join(self.path, "frames", f"{frame:04d}.json")) or {}
        known = {field.name for field in dataclasses.fields(Record)}
        return Record(**{name: value for name, value in values.items() if name in known})

    def known(self, frame):
        """As `record`, also of a frame whose mask is not used now; see `set_used`."""
        return self.record(frame) or (self._read(frame) if self.unused("mask", frame) else None)

    def set_used(self, part, frame, *, used):
        """Puts a frame's mask or its clean colours aside, or back; returns whether that changed."""
        here, aside = self.file(part, frame), self._aside(part, frame)
        path, to = (aside, here) if used else (here, aside)
        if not os.path.exists(path) or (used and os.path.exists(to)):
            return False
        with contextlib.suppress(OSError):  # a folder that is read only
            os.makedirs(os.path.dirname(to), exist_ok=True)
            os.replace(path, to)
            return True
        return False

    def forget_unused(self, part, frame):
        """Drops what was put aside of a frame: another has taken its place."""
        with contextlib.suppress(OSError):
            os.remove(self._aside(part, frame))

    def _aside(self, part, frame):
        return os.path.join(self.path, "unused", os.path.basename(self.file(part, frame)))

    def unused(self, part, frame):
        """Whether that file of a frame was put aside; see `set_used`."""
        return os.path.exists(self._aside(part, frame))

    def write_record(self, frame, record):
        """Raises Problem."""
        path = os.path.join(self.path, "frames", f"{frame:04d}.json")
        _write(path, dataclasses.asdict(record))

    def frames(self):
        """The frames that have a mask, in order."""
        ending = re.escape(self.mask_ending)
        names = _listed(self.path, "", rf"mask_\d+{ending}")
        return sorted(int(name[5 : -len(self.mask_ending)]) for name in names)

    def put_aside(self, frame):
        """Keeps the frame's mask in old/, under a number that is free."""
        path, number = self.file("mask", frame), 1
        base = os.path.join(self.path, "old", f"mask_{frame:04d}")
        while os.path.exists(f"{base}.{number:03d}{self.mask_ending}"):
            number += 1
        copy(path, f"{base}.{number:03d}{self.mask_ending}")

    def take_over(self, frame, other, number):
        """The files of frame `number` of another folder of the same endings, as ours of `frame`."""
        for part in ("foreground", "matte"):
            if other.has(part, number):
                copy(other.file(part, number), self.file(part, frame))
        if os.path.exists(other.strokes_file(number)):
            copy(other.strokes_file(number), self.strokes_file(frame))
        for key in other.carried_to(number):
            moved = key + frame - number
            copy(other.strokes_file(number, key), self.strokes_file(frame, moved))
        record = other.record(number)
        record.carried = [key + frame - number for key in record.carried]
        self.write_record(frame, record)
        copy(other.file("mask", number), self.file("mask", frame))


def copy(path, to):
    """Copies a file, whole or not at all. Raises Problem."""
    part = f"{to}.part"
    try:
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copyfile(path, part)
        os.replace(part, to)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise _not_written(to, error) from error


def _not_written(path, error):
    return Problem(
        "{path} cannot be written: {why}.",
        "Make room, or choose another folder in the Mattebrush panel.",
        path=path,
        why=reason(error),
    )


def opened(path):
    """The `Folder` at a path ("//" allowed), or None when there is none of ours."""
    path = bpy.path.abspath(path)
    values = header(path)
    if values is None:
        return None
    return Folder(path, values["format"], values["foreground"])


def header(path):
    """What is written down of a folder, or None when it is none of ours."""
    values = _read(os.path.join(path, _HEADER))
    return values if values is not None and values.get("version") == _VERSION else None


def mine(base, name, owner):
    """(path, header) of each folder that belongs to a node, in the order they were made.

    base: the folder for all masks, "//" allowed. owner: the node's own name, which nothing changes.
    """
    for path in _numbered(base, name):
        if not os.path.isdir(path):
            return
        values = header(path)
        if values is not None and values["owner"] == owner:
            yield path, values


def choose(base, name, owner, shot, endings):
    """The `Folder` for the masks of a shot: that which has some, else a new one.

    base, owner: as in `mine`. name: of the node. shot: as in `plates`. endings: of masks and
    foregrounds in a new folder. Raises Problem.
    """
    if base.startswith("//") and not bpy.data.filepath:
        raise Problem(
            "The masks of a sequence go beside the .blend file, and this one was never saved.",
            "Save it first, or set a folder of its own in the Mattebrush panel.",
        )
    for path, values in mine(base, name, owner):
        if plates.same(values["shot"], shot):
            return opened(path)
    # An empty one is being made by another machine of a farm, for the same shot.
    path = next(p for p in _numbered(base, name) if not os.path.isdir(p) or not os.listdir(p))
    _make(path, name, owner, shot, endings)
    return opened(path)


def _numbered(base, name):
    base = bpy.path.abspath(base)
    plain = re.sub(r"[^\w .-]", "_", name).strip(" .") or "mask"
    number = 1
    while True:
        yield os.path.join(base, plain if number == 1 else f"{plain} {number}")
        number += 1


def _make(path, name, owner, shot, endings):
    values = {
        "version": _VERSION,
        "program": client.VERSION,
        "node": name,
        "owner": owner,
        "shot": shot,
        "format": endings[0],
        "foreground": endings[1],
    }
    try:
        os.makedirs(path, exist_ok=True)
        _write(os.path.join(path, _HEADER), values)
    except (OSError, Problem) as error:
        with contextlib.suppress(OSError):
            os.rmdir(path)  # empty, or it stays
        raise Problem(
            "The folder for the masks cannot be made, {path}: {why}.",
            "Choose another in the Mattebrush panel.",
            path=path,
            why=reason(error),
        ) from error


def copy_for(folder, name, owner):
    """A copy of a folder for another node, beside it. Raises Problem."""
    base = os.path.dirname(folder.path)
    path = next(path for path in _numbered(base, name) if not os.path.exists(path))
    try:
        shutil.copytree(folder.path, path)
        _write(os.path.join(path, _HEADER), {**header(folder.path), "node": name, "owner": owner})
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)  # made a moment ago, by us
        raise _not_written(path, error) from error
    return dataclasses.replace(folder, path=path)


def change_format(folder, endings):
    """The `Folder` with other endings from now on: written into its header."""
    values = {**header(folder.path), "format": endings[0], "foreground": endings[1]}
    _write(os.path.join(folder.path, _HEADER), values)
    return dataclasses.replace(folder, mask_ending=endings[0], foreground_ending=endings[1])


def _listed(folder, below, pattern):
    with contextlib.suppress(OSError):
        names = os.listdir(os.path.join(folder, below))
        return [name for name in names if re.fullmatch(pattern, name)]
    return []


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def _write(path, values):
    part = f"{path}.{os.getpid()}.part"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(part, "w", encoding="utf-8") as file:
            json.dump(values, file, indent=1)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise _not_written(path, error) from error


def relative(path):
    """A path as Blender likes it: relative to the .blend file where that is possible."""
    if not bpy.data.filepath:
        return path
    try:
        return bpy.path.relpath(path)
    except ValueError:
        return path  # on another drive of Windows
