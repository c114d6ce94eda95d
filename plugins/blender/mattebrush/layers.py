# SPDX-License-Identifier: GPL-3.0-or-later
"""Where strokes are kept: in images of the node for a still, in files for the frames of a shot.

On a frame lie the strokes that were carried there, those of the nearest key uppermost, and over
them what was painted on the frame itself.
"""

import contextlib
import os

import numpy as np

from . import colour, matte, nodes, pixels, strokes
from .problem import Problem


def of_still(group, size):
    """All that was painted on a still mask until now, or None. size: (H, W) it has to have."""
    mask = matte.mask_image(group)
    if mask is None or mask.source == "SEQUENCE" or not _fits(mask, size):
        return None
    before = matte.kept(group, nodes.BASE) or matte.kept(group, nodes.MATTE)
    kept = matte.kept(group, nodes.STROKES)
    below = strokes.of_planes(pixels.read(kept)) if kept and _fits(kept, size) else None
    if before is None or not _fits(before, size):
        return below
    above = strokes.painted(pixels.read(before)[..., 0], pixels.read(mask)[..., 0])
    return strokes.merged(below, above if above else None)


def matte_of_still(group, size):
    """The engine's own matte of a still, float32 (H, W), or None."""
    image = matte.kept(group, nodes.MATTE)
    if image is None or not _fits(image, size):
        return None
    return np.ascontiguousarray(pixels.read(image)[..., 0])


def _fits(image, size):
    return (image.size[1], image.size[0]) == tuple(size)


def of_frame(folder, frame, size=None):
    """The strokes on a frame of a shot, carried ones included, or None. size: (H, W), if known."""
    layer = None
    for key in folder.carried_to(frame):
        layer = strokes.merged(layer, read(folder.strokes_file(frame, key)))
    layer = strokes.merged(layer, read(folder.strokes_file(frame)))
    return layer if layer is None or size is None or layer.value.shape == tuple(size) else None


def no_masks():
    """The `Problem` that a node's folder is not there any more."""
    return Problem("The masks of this node are gone.", "Generate them again.")


def no_mask(frame):
    """The `Problem` that a frame has no mask to work on."""
    return Problem(
        "Frame {frame} has no mask.", "Generate it, or go to a frame that has one.", frame=frame
    )


def read(path):
    """The strokes in a file, or None when there are none."""
    if not os.path.exists(path):
        return None
    return strokes.of_planes(pixels.load_colours(path))


def add(folder, frame, layer):
    """Lays what was painted now over what was painted on the frame before. Raises Problem."""
    path = folder.strokes_file(frame)
    write(path, strokes.merged(read(path), layer))


def write(path, layer):
    """Raises Problem."""
    pixels.write(path, colour.to_depth(strokes.planes(layer), np.uint16))


def forget_carried(folder, key):
    """Takes away what came from a key to other frames; returns those frames."""
    frames = folder.carried_from(key)
    for frame in frames:
        with contextlib.suppress(OSError):
            os.remove(folder.strokes_file(frame, key))
    return frames
