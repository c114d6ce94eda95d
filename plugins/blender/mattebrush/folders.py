# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the masks of a sequence lie, and which frames are done.

    //masks/Background Mask/mattebrush.json      what they were made from
                            mask_0001.png        the masks, painted strokes included
                            foreground_0001.png  clean colours, when asked for
                            engine/mask_0001.png what the engine gave, before smoothing
                            given/mask_0001.png  a painted frame's mask before the strokes
                            old/...              what refining replaced

Numbers are the scene's frames. Other sources or settings get a folder of their own, so that what
was there stays.
"""

import contextlib
import dataclasses
import json
import os
import re
import shutil

import bpy

from .problem import Problem, reason

_NOTE = "mattebrush.json"
_PARTS = {"mask": "", "foreground": "", "engine": "engine", "given": "given", "old": "old"}


@dataclasses.dataclass(frozen=True)
class Folder:
    """path: absolute. mask_ending, foreground_ending: ".png" or ".exr"."""

    path: str
    mask_ending: str
    foreground_ending: str

    def file(self, part, frame):
        """The path of a frame's file. part: "mask", "foreground", "engine" or "given"."""
        name = "foreground" if part == "foreground" else "mask"
        ending = self.foreground_ending if part == "foreground" else self.mask_ending
        return os.path.join(self.path, _PARTS[part], f"{name}_{frame:04d}{ending}")

    def has(self, part, frame):
        """Whether that file is there. Files are written whole or not at all."""
        return os.path.exists(self.file(part, frame))

    def is_done(self, frame, clean):
        """Whether nothing is left to do for a frame."""
        return self.has("mask", frame) and (not clean or self.has("foreground", frame))

    def run_around(self, frame, clean):
        """(first, count) of the frames without a gap around `frame`, which is done."""
        first = last = frame
        while self.is_done(first - 1, clean):
            first -= 1
        while self.is_done(last + 1, clean):
            last += 1
        return first, last - first + 1

    def put_aside(self, frame):
        """Keeps the frame's mask in old/, under a number that is free."""
        path, number = self.file("mask", frame), 1
        base = os.path.join(self.path, "old", f"mask_{frame:04d}")
        while os.path.exists(f"{base}.{number:03d}{self.mask_ending}"):
            number += 1
        self._copy(path, f"{base}.{number:03d}{self.mask_ending}")

    def keep_given(self, frame):
        """Keeps the mask as the engine gave it, before the first stroke is painted on it."""
        if not self.has("given", frame):
            self._copy(self.file("mask", frame), self.file("given", frame))

    def _copy(self, path, to):
        part = f"{to}.part"
        try:
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copyfile(path, part)
            os.replace(part, to)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.remove(part)
            raise Problem(f"{to} cannot be written: {reason(error)}.", "Make room.") from error


def of_image(image):
    """The `Folder` of a mask sequence that is shown."""
    path = bpy.path.abspath(image.filepath)
    folder, ending = os.path.dirname(path), os.path.splitext(path)[1]
    found = next((n for n in sorted(os.listdir(folder)) if n.startswith("foreground_")), ".png")
    return Folder(folder, ending, os.path.splitext(found)[1])


def choose(base, name, made_from, endings, *, start_over):
    """The `Folder` for masks: the newest made from the same, else a new one.

    base: the folder for all masks, "//" allowed. name: of the node. made_from: dictionary of what
    decides how the masks look. endings: of mask and foreground. Raises Problem.
    """
    if base.startswith("//") and not bpy.data.filepath:
        raise Problem(
            "The masks of a sequence go beside the .blend file, and this one was never saved.",
            "Save it first, or set a folder of its own in the Mattebrush panel.",
        )
    base = bpy.path.abspath(base)
    plain = re.sub(r"[^\w .-]", "_", name).strip(" .") or "mask"
    number, last = 1, None
    while os.path.isdir(path := os.path.join(base, plain if number == 1 else f"{plain} {number}")):
        last, number = path, number + 1
    if last and not start_over and _note(last) == made_from:
        return Folder(last, *endings)
    _make(path, made_from)
    return Folder(path, *endings)


def _note(path):
    try:
        with open(os.path.join(path, _NOTE), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def _make(path, made_from):
    try:
        os.makedirs(path)
        with open(os.path.join(path, _NOTE), "w", encoding="utf-8") as file:
            json.dump(made_from, file, indent=2)
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)  # made a moment ago, by us
        raise Problem(
            f"The folder for the masks cannot be made, {path}: {reason(error)}.",
            "Choose another in the Mattebrush panel.",
        ) from error


def shown(path):
    """A path as Blender likes it: relative to the .blend file where that is possible."""
    if not bpy.data.filepath:
        return path
    try:
        return bpy.path.relpath(path)
    except ValueError:
        return path  # on another drive of Windows
