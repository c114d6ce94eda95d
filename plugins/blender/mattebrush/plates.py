# SPDX-License-Identifier: GPL-3.0-or-later
"""Which plate a mask belongs to: a shot as a whole, and each frame of it.

A shot is a clip at one place in time, in one size: another clip, or the same one slipped by a
frame, is another shot. A frame is known by its file's content, so that masks travel with a project
to another machine, and a frame that was rendered anew is noticed.
"""

import hashlib
import os

import bpy

from . import compat, sources

_PIECES, _PIECE = 16, 1 << 14
"""So many pieces of so many bytes are read, evenly over a file: enough to tell two apart."""

_TIME = ("kind", "start", "offset", "cyclic", "size", "geometry")


def shot(scene, source):
    """What is kept of the shot beside its masks, as JSON holds it."""
    facts = {
        "kind": source.kind,
        "name": source.label,
        "path": "",
        "start": 0,
        "offset": 0,
        "cyclic": False,
        "size": list(source.size),
        "geometry": source.geometry,
        "look": source.look,
        "print": "",
    }
    node = _origin(scene, source)
    if source.kind == "RENDER":
        facts["path"] = f"{(node.scene or scene).name}/{node.layer}"
    elif source.kind == "CLIP":
        clip = node.clip
        facts.update(path=clip.filepath, start=clip.frame_start, offset=clip.frame_offset)
    else:
        facts["path"] = node.image.filepath or node.image.name
        if source.kind != "STILL":
            facts.update(
                start=node.frame_start, offset=node.frame_offset, cyclic=bool(node.use_cyclic)
            )
    file = _file(scene, source, source.first)
    facts["print"] = fingerprint(file) if file else ""
    return facts


def same(one, other):
    """Whether two shots are one: the same time and place, and the same path or content.

    One of the two is enough: a farm may see the project under another path, and a shot whose first
    frame was rendered anew is still that shot.
    """
    if not one or not other or any(one.get(name) != other.get(name) for name in _TIME):
        return False
    return one["path"] == other["path"] or bool(one["print"] and one["print"] == other["print"])


def frame(scene, source, number):
    """A name for what the plate shows at a frame; "" where only a render would tell."""
    file = _file(scene, source, number)
    name = fingerprint(file) if file else ""
    if not name or source.kind in ("STILL", "SEQUENCE"):
        return name
    node = _origin(scene, source)
    if source.kind == "CLIP":
        return f"{name}:{number - node.clip.frame_start + 1 + node.clip.frame_offset}"
    return f"{name}:{sources.frame_number(node, number)}"


def _origin(scene, source):
    return compat.compositor_tree(scene).nodes[source.origin]


def _file(scene, source, number):
    """The file with the plate at a frame, or "" when it is none."""
    node = _origin(scene, source)
    if source.kind == "RENDER":
        return ""
    if source.kind == "CLIP":
        clip = node.clip
        path = bpy.path.abspath(clip.filepath, library=clip.library)
        return path if clip.source == "MOVIE" else sources.clip_file(clip, path, number)
    if node.image.packed_file or not node.image.filepath:
        return ""
    if source.kind == "SEQUENCE":
        return sources.frame_path(node.image, node, number)
    return bpy.path.abspath(node.image.filepath, library=node.image.library)


_known = {}
"""Path -> (size and time of the last change, fingerprint)."""


def fingerprint(path):
    """A short name for a file's content; "" when there is no such file."""
    try:
        status = os.stat(path)
        seen = (status.st_size, status.st_mtime_ns)
        if _known.get(path, ((), ""))[0] != seen:
            _known[path] = seen, _read(path, status.st_size)
    except OSError:
        return ""
    return _known[path][1]


def _read(path, size):
    digest = hashlib.sha1(str(size).encode(), usedforsecurity=False)
    with open(path, "rb") as file:
        last = max(size - _PIECE, 0)
        for at in sorted({last * piece // (_PIECES - 1) for piece in range(_PIECES)}):
            file.seek(at)
            digest.update(file.read(_PIECE))
    return digest.hexdigest()[:20]
