# SPDX-License-Identifier: Apache-2.0
"""From a picture to a network's input, as a catalog row's `Preprocessing` says, and maps back.

Shared by every kind of segmentation model.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import InputInvalid
from ..imaging.resize import resize, shrink
from ..models.catalog import Preprocessing
from ..models.runtime import Session


@dataclasses.dataclass(frozen=True)
class Placement:
    """How a picture lies in a network's input.

    canvas: (height, width) of the input. content: the part of it, from the top left, that the
    picture covers; the rest is filling. picture: the picture's own (height, width).
    """

    canvas: tuple[int, int]
    content: tuple[int, int]
    picture: tuple[int, int]


def place(shape: tuple[int, int], how: Preprocessing, size: tuple[int, int] | None) -> Placement:
    """Plans how a picture of `shape` (height, width) goes into a network.

    Parameters
    ----------
    shape : tuple[int, int]
        Height and width of the picture.
    how : Preprocessing
        The row's pre-processing.
    size : tuple[int, int] or None
        (height, width) fixed in the file, None where it is open; then `how.size` counts.

    Returns
    -------
    Placement
    """
    height, width = shape
    side = size or how.size or shape
    if how.resize == "letterbox":
        ratio = min(side[0] / height, side[1] / width)
        content = (_within(height * ratio, side[0]), _within(width * ratio, side[1]))
        return Placement(side, content, shape)
    if how.resize == "short_side" and size is None:
        ratio = side[0] / min(shape) if max(shape) < side[0] or min(shape) > side[0] else 1.0
        side = (_multiple_below(height * ratio, how), _multiple_below(width * ratio, how))
    if how.resize == "shortest_edge" and size is None:
        ratio = min(side[0] / min(shape), side[1] / max(shape))
        side = (max(1, round(height * ratio)), max(1, round(width * ratio)))
    if how.resize == "area" and size is None:
        # Very long pictures are squeezed a little rather than shrunk to nothing.
        aspect = min(max(height / width, 0.25), 4.0) ** 0.5
        side = (
            _multiple_near(side[0] * aspect, how),
            _multiple_near(side[1] / aspect, how),
        )
    return Placement(side, side, shape)


def network_input(image: np.ndarray, placement: Placement, how: Preprocessing) -> np.ndarray:
    """A picture as a network takes it.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1|3) uint8, uint16, or float32 in 0..1; RGB or gray, no alpha.
    placement : Placement
        Where the picture lies in the input, from `place`.
    how : Preprocessing
        The row's pre-processing: layout, color order, mean and deviation.

    Returns
    -------
    numpy.ndarray
        float32 at the placement's size: (1, 3, h, w), (1, h, w, 3), or (h, w, 3) for the layout
        "HWC".
    """
    small = to_rgb(image, placement.content, how.interpolation)
    if how.color == "BGR":
        small = small[:, :, ::-1]
    small = small * np.float32(how.scale)
    small -= np.array(how.mean, np.float32)
    small /= np.array(how.std, np.float32)
    if placement.canvas != placement.content:
        canvas = np.full((*placement.canvas, 3), how.fill, np.float32)
        canvas[: placement.content[0], : placement.content[1]] = small
        small = canvas
    if how.layout == "NCHW":
        return np.ascontiguousarray(small.transpose(2, 0, 1))[None]
    return small[None] if how.layout == "NHWC" else small


def to_rgb(image: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """The picture at another size, as RGB.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1|3) uint8, uint16, or float32 in 0..1.
    size : tuple[int, int]
        Height and width to resize to.
    interpolation : str
        One of `imaging.resize.FILTERS`.

    Returns
    -------
    numpy.ndarray
        float32 (h, w, 3) in 0..1.

    Raises
    ------
    InputInvalid
        For arrays of another shape or dtype.
    """
    _must_be_picture(image)
    small = shrink(image, size, interpolation)
    return small if small.shape[2] == 3 else np.repeat(small, 3, axis=2)


def restore(
    plane: np.ndarray, placement: Placement, size: tuple[int, int] | None = None
) -> np.ndarray:
    """A network's map (h, w) without its filling, so that it covers the picture exactly.

    Parameters
    ----------
    plane : numpy.ndarray
        (h, w), the network's map over its whole input.
    placement : Placement
        Where the picture lies in the input, from `place`.
    size : tuple[int, int] or None, optional
        (height, width) wanted; None keeps the network's own resolution. Resizing is in float.

    Returns
    -------
    numpy.ndarray
        (h, w), in `plane`'s range.
    """
    height = plane.shape[0] * placement.content[0] / placement.canvas[0]
    width = plane.shape[1] * placement.content[1] / placement.canvas[1]
    target = size or (max(1, round(height)), max(1, round(width)))
    covered = plane[: max(1, int(height)), : max(1, int(width))]
    if target == covered.shape == (height, width):
        return covered
    # A cell that the picture covers in part saw filling: its neighbor speaks for it, else a
    # subject that is cut by the picture's border would fade there.
    covered = np.pad(covered, ((0, 1), (0, 1)), mode="edge")
    return resize(covered, target, box=(0.0, 0.0, width, height))


def fixed_size(session: Session, layout: str) -> tuple[int, int] | None:
    """(height, width) of a network's first input where the file fixes them, else None.

    Parameters
    ----------
    session : Session
        An open network.
    layout : str
        Order of the input's axes, "NCHW", "NHWC" or "HWC".

    Returns
    -------
    tuple[int, int] or None
    """
    shape = session.inputs[0].shape
    height, width = shape[2:4] if layout == "NCHW" else shape[-3:-1]
    return (height, width) if height is not None and width is not None else None


def recommended(how: Preprocessing, session: Session) -> Preprocessing:
    """Pre-processing at the size at which a network does best.

    Our own networks take any size and say in their metadata (`size`) which that is.

    Parameters
    ----------
    how : Preprocessing
        The row's pre-processing.
    session : Session
        An open network.

    Returns
    -------
    Preprocessing
        `how` itself where the file says nothing.
    """
    side = session.metadata.get("size", "")
    return dataclasses.replace(how, size=(int(side),) * 2) if side.isdigit() else how


def _must_be_picture(image: np.ndarray) -> None:
    good = image.ndim == 3 and image.shape[2] in (1, 3) and image.size
    if not good or image.dtype not in (np.uint8, np.uint16, np.float32):
        raise InputInvalid(
            f"An image is {image.dtype} {image.shape}.",
            "Give (H, W, 1 or 3) as uint8, uint16, or float32 in 0..1.",
        )


def _within(side: float, limit: int) -> int:
    return min(max(1, round(side)), limit)


def _multiple_below(side: float, how: Preprocessing) -> int:
    return max(how.multiple, int(side) // how.multiple * how.multiple)


def _multiple_near(side: float, how: Preprocessing) -> int:
    return max(how.multiple, round(side / how.multiple) * how.multiple)
