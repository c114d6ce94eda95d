# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's images as arrays, and files of masks and colours.

Arrays have the top row first, as in the engine; Blender has the bottom row first.
"""

import contextlib
import os
import struct
import zlib

import bpy
import numpy as np

from . import compat
from .problem import Problem, reason

NON_COLOUR = "Non-Color"


def read(image):
    """float32 (H, W, 4): bytes as k / 255 in the file's encoding, float buffers as they are."""
    width, height = image.size
    flat = np.empty(width * height * image.channels, np.float32)
    if not flat.size:
        raise Problem(
            'The image "{name}" has no pixels.', "See whether its file is there.", name=image.name
        )
    image.pixels.foreach_get(flat)
    return flat.reshape(height, width, image.channels)[::-1]


def new(name, values, *, is_data, is_float):
    """A new image with `values`, float32 (H, W), (H, W, 3) or (H, W, 4), packed into the file.
    With alpha: premultiplied, and is_float.

    Packed at once: what undo and redo bring back of an unpacked one is black.
    """
    image = _unpacked(name, values, is_data, is_float)
    image.pack()
    return image


def _unpacked(name, values, is_data, is_float):
    height, width = values.shape[:2]
    has_alpha = values.shape[2:] == (4,)
    image = bpy.data.images.new(
        name, width, height, alpha=has_alpha, float_buffer=is_float, is_data=is_data
    )
    if has_alpha:
        image.alpha_mode = "PREMUL"  # or it is multiplied once more when the file is opened again
    if is_data:
        image.colorspace_settings.name = NON_COLOUR
    elif is_float:
        image.colorspace_settings.name = compat.linear_space()
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., : 4 if has_alpha else 3] = values[..., None] if values.ndim == 2 else values
    image.pixels.foreach_set(rgba[::-1].ravel())
    image.update()
    return image


def open_file(path):
    """A new image that shows the file. Raises Problem when it is not there or is no picture."""
    try:
        image = bpy.data.images.load(path, check_existing=False)
        if all(image.size):
            return image
        bpy.data.images.remove(image)
    except RuntimeError:
        pass  # the same, said in two ways
    raise Problem(
        "The file {path} is missing or broken.", "Put it back.", path=bpy.path.abspath(path)
    )


def load(path):
    """float32 (H, W, 4) of a file, as it is stored."""
    image = open_file(path)
    try:
        image.colorspace_settings.name = NON_COLOUR
        image.alpha_mode = "CHANNEL_PACKED"  # or Blender multiplies colour by alpha
        return np.ascontiguousarray(read(image))
    finally:
        bpy.data.images.remove(image)


def load_mask(path):
    """float32 (H, W) in 0..1 of a mask's file."""
    return np.ascontiguousarray(load(path)[..., 0])


def load_colours(path):
    """float32 (H, W, 3) of a file, as it is stored."""
    return np.ascontiguousarray(load(path)[..., :3])


def write(path, values):
    """Writes a file as a whole or not at all: uint16 as PNG, float32 as EXR by the path's ending.

    values: (H, W), (H, W, 3) or (H, W, 4), premultiplied in an EXR. Raises Problem.
    """
    part = f"{path}.part{os.path.splitext(path)[1]}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if path.endswith(".exr"):
            _write_exr(part, values)
        else:
            with open(part, "wb") as file:
                file.write(_png(values))
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise Problem(
            "{path} cannot be written: {why}.",
            "Make room, or choose another folder in the Mattebrush panel.",
            path=path,
            why=reason(error),
        ) from error


def _png(values):
    """PNG bytes of uint16 (H, W), (H, W, 3) or (H, W, 4): each row stored as its difference to the
    one above, level 1, which is a third of the time of the default for a few per cent in size."""
    height, width = values.shape[:2]
    rows = values.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    colour_type = {(): 0, (3,): 2, (4,): 6}[values.shape[2:]]
    head = struct.pack(">2I5B", width, height, 16, colour_type, 0, 0, 0)
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(filtered.tobytes(), 1)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _write_exr(path, values):
    # As data, or Blender takes the values for sRGB from the moment its format is set.
    image = _unpacked(os.path.basename(path), values, True, True)
    try:
        image.filepath_raw = path
        image.file_format = "OPEN_EXR"
        image.save()
    finally:
        bpy.data.images.remove(image)
