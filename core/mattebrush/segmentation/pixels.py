# SPDX-License-Identifier: Apache-2.0
"""From a picture to a network's input, as a catalogue row's `Prepare` says, and maps back.

Shared by every kind of segmentation model. Never holds a float copy of the full picture: large
ones are box-averaged in strips first, as Pillow's own `reducing_gap` does.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

from ..errors import InputInvalid
from ..models.catalog import Prepare

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "area": Image.Resampling.BOX,
}
_GAP = 2  # box-average down to no less than this many times the final size, then filter
_STRIP = 1 << 22  # pixels of one strip


@dataclasses.dataclass(frozen=True)
class Frame:
    """How a picture lies in a network's input.

    canvas: (height, width) of the input. content: the part of it, from the top left, that the
    picture covers; the rest is filling. picture: the picture's own (height, width).
    """

    canvas: tuple[int, int]
    content: tuple[int, int]
    picture: tuple[int, int]


def frame(shape: tuple[int, int], prepare: Prepare, size: tuple[int, int] | None) -> Frame:
    """Plans how a picture of `shape` (height, width) goes into a network.

    size: (height, width) fixed in the file, None where it is open; then `prepare.size` counts.
    """
    height, width = shape
    side = size or prepare.size or shape
    if prepare.resize == "letterbox":
        ratio = min(side[0] / height, side[1] / width)
        content = (_within(height * ratio, side[0]), _within(width * ratio, side[1]))
        return Frame(side, content, shape)
    if prepare.resize == "short_side" and size is None:
        ratio = side[0] / min(shape) if max(shape) < side[0] or min(shape) > side[0] else 1.0
        side = (_multiple_below(height * ratio, prepare), _multiple_below(width * ratio, prepare))
    if prepare.resize == "area" and size is None:
        # Very long pictures are squeezed a little rather than shrunk to nothing.
        aspect = min(max(height / width, 0.25), 4.0) ** 0.5
        side = (
            _multiple_near(side[0] * aspect, prepare),
            _multiple_near(side[1] / aspect, prepare),
        )
    return Frame(side, side, shape)


def load(image: np.ndarray, where: Frame, prepare: Prepare) -> np.ndarray:
    """The network's input, float32, batch of one unless the layout is "HWC".

    image: (H, W, 1|3) uint8, uint16, or float32 in 0..1; RGB or grey.
    """
    small = shrink(image, where.content, prepare.interpolation)
    if prepare.colour == "BGR":
        small = small[:, :, ::-1]
    small = small * np.float32(prepare.scale)
    small -= np.array(prepare.mean, np.float32)
    small /= np.array(prepare.std, np.float32)
    if where.canvas != where.content:
        canvas = np.full((*where.canvas, 3), prepare.fill, np.float32)
        canvas[: where.content[0], : where.content[1]] = small
        small = canvas
    if prepare.layout == "NCHW":
        return np.ascontiguousarray(small.transpose(2, 0, 1))[None]
    return small[None] if prepare.layout == "NHWC" else small


def shrink(image: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """The picture at `size` (height, width) as RGB float32 in 0..1.

    image: (H, W, 1|3) uint8, uint16, or float32 in 0..1. Raises InputInvalid for other arrays.
    """
    _must_be_picture(image)
    height, width = image.shape[:2]
    factor = (
        max(1, int(height / (size[0] * _GAP))),
        max(1, int(width / (size[1] * _GAP))),
    )
    planes = _planes(image, factor)
    box = (0.0, 0.0, width / factor[1], height / factor[0])
    if interpolation == "area" and (size[0] > height or size[1] > width):
        interpolation = "bilinear"  # averaging areas only means something when shrinking
    done = [plane.resize(size[::-1], FILTERS[interpolation], box=box) for plane in planes]
    unit = np.float32(1 / 255 if image.dtype == np.uint8 else 1)
    small = np.stack([np.asarray(p, np.float32) for p in done], -1)
    small = small.reshape(*size, -1) * unit
    np.clip(small, 0, 1, out=small)  # Lanczos and bicubic overshoot
    return small if small.shape[2] == 3 else np.repeat(small, 3, axis=2)


def restore(plane: np.ndarray, where: Frame, size: tuple[int, int] | None = None) -> np.ndarray:
    """A network's map (h, w) without its filling, so that it covers the picture exactly.

    size: (height, width) wanted; None keeps the network's own resolution. Resizing is in float.
    """
    height = plane.shape[0] * where.content[0] / where.canvas[0]
    width = plane.shape[1] * where.content[1] / where.canvas[1]
    target = size or (max(1, round(height)), max(1, round(width)))
    covered = plane[: max(1, int(height)), : max(1, int(width))]
    if target == covered.shape == (height, width):
        return covered
    # A cell that the picture covers in part saw filling: its neighbour speaks for it, else a
    # subject that is cut by the picture's border would fade there.
    covered = np.pad(covered, ((0, 1), (0, 1)), mode="edge")
    return resize(covered, target, box=(0.0, 0.0, width, height))


def resize(
    plane: np.ndarray,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> np.ndarray:
    """A float32 map (h, w) at `size` (height, width), bilinear (averaging when it shrinks)."""
    picture = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(picture.resize(size[::-1], Image.Resampling.BILINEAR, box=box))


def _planes(image: np.ndarray, factor: tuple[int, int]) -> list[Image.Image]:
    """One RGB image for 8-bit colour, else one image a channel; box-averaged by `factor`."""
    rows = max(1, _STRIP // (image.shape[1] * factor[0])) * factor[0]
    strips: list[list[np.ndarray]] = []
    for start in range(0, image.shape[0], rows):
        strip = image[start : start + rows]
        pictures = _pictures(strip)
        if factor != (1, 1):
            pictures = [picture.reduce((factor[1], factor[0])) for picture in pictures]
        strips.append([np.asarray(picture) for picture in pictures])
    return [Image.fromarray(np.concatenate(parts)) for parts in zip(*strips, strict=True)]


def _pictures(strip: np.ndarray) -> list[Image.Image]:
    if strip.dtype == np.uint8:
        return [
            Image.fromarray(np.ascontiguousarray(strip[:, :, 0] if strip.shape[2] == 1 else strip))
        ]
    unit = np.float32(1 / 65535 if strip.dtype == np.uint16 else 1)
    return [
        Image.fromarray(np.multiply(strip[:, :, channel], unit, dtype=np.float32))
        for channel in range(strip.shape[2])
    ]


def _must_be_picture(image: np.ndarray) -> None:
    good = image.ndim == 3 and image.shape[2] in (1, 3) and image.size
    if not good or image.dtype not in (np.uint8, np.uint16, np.float32):
        raise InputInvalid(
            f"An image is {image.dtype} {image.shape}.",
            "Give (H, W, 1 or 3) as uint8, uint16, or float32 in 0..1.",
        )


def _within(side: float, limit: int) -> int:
    return min(max(1, round(side)), limit)


def _multiple_below(side: float, prepare: Prepare) -> int:
    return max(prepare.multiple, int(side) // prepare.multiple * prepare.multiple)


def _multiple_near(side: float, prepare: Prepare) -> int:
    return max(prepare.multiple, round(side / prepare.multiple) * prepare.multiple)
