# SPDX-License-Identifier: Apache-2.0
"""Resizing, and the way back from a small map to the picture it covers, without a full-size float
plane in between. Pillow does the filtering."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

from .depth import FULL
from .strips import strips
from .tiles import Window

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "area": Image.Resampling.BOX,
}

_GAP = 2  # box-average down to no less than this many times the final size, then filter
_STRIP = 1 << 22  # pixels of one strip of that
_STRIP_BLOCKS = 32


def resize(
    values: np.ndarray,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    box: tuple[float, float, float, float] | None = None,
    reducing_gap: float | None = None,
) -> np.ndarray:
    """A plane or picture in another size.

    Parameters
    ----------
    values
        (H, W) or (H, W, C) uint8, uint16 or float32. Channels are filtered each for itself.
    size
        (height, width) wanted.
    interpolation
        One of `FILTERS`; all but "nearest" average when they shrink.
    box
        The part to resize, (x0, y0, x1, y1) in pixels and fractions of them; None for all.
    reducing_gap
        See Pillow: faster for large pictures, in two steps.

    Returns
    -------
    numpy.ndarray
        In the dtype of `values`, integers rounded to nearest.
    """
    planes = [values] if values.ndim == 2 else list(np.moveaxis(values, 2, 0))
    out = []
    for plane in planes:
        deep = plane.dtype == np.uint16
        picture = Image.fromarray(np.ascontiguousarray(plane, np.float32 if deep else None))
        small = picture.resize(size[::-1], FILTERS[interpolation], box, reducing_gap)
        part = np.asarray(small)
        if deep:
            part = np.clip(part + np.float32(0.5), 0, 65535).astype(np.uint16)
        out.append(part)
    return out[0] if values.ndim == 2 else np.stack(out, axis=2)


def shrink(image: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """A picture (H, W, 1|3) of any depth at `size` (height, width): float32 (h, w, 1|3) in 0..1.

    Never holds a float copy of a full picture: large ones are box-averaged in strips first, as
    Pillow's own `reducing_gap` does.

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1 to 4), alpha last where there is one.
    size : tuple[int, int]
        Height and width.
    interpolation : str
        Which kind.

    Returns
    -------
    numpy.ndarray
    """
    height, width = image.shape[:2]
    factor = (
        max(1, int(height / (size[0] * _GAP))),
        max(1, int(width / (size[1] * _GAP))),
    )
    planes = _reduced(image, factor)
    box = (0.0, 0.0, width / factor[1], height / factor[0])
    if interpolation == "area" and (size[0] > height or size[1] > width):
        interpolation = "bilinear"  # averaging areas only means something when shrinking
    done = [plane.resize(size[::-1], FILTERS[interpolation], box=box) for plane in planes]
    unit = np.float32(1 / 255 if image.dtype == np.uint8 else 1)
    small = np.stack([np.asarray(p, np.float32) for p in done], -1)
    small = small.reshape(*size, -1) * unit
    return np.clip(small, 0, 1, out=small)  # Lanczos and bicubic overshoot


def _reduced(image: np.ndarray, factor: tuple[int, int]) -> list[Image.Image]:
    """One RGB image for 8-bit color, else one image a channel; box-averaged by `factor`."""
    rows = max(1, _STRIP // (image.shape[1] * factor[0])) * factor[0]
    parts: list[list[np.ndarray]] = []
    for strip in strips(image.shape[0], image.shape[1], rows):
        pictures = _pictures(image[strip])
        if factor != (1, 1):
            pictures = [picture.reduce((factor[1], factor[0])) for picture in pictures]
        parts.append([np.asarray(picture) for picture in pictures])
    return [Image.fromarray(np.concatenate(channel)) for channel in zip(*parts, strict=True)]


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


@dataclasses.dataclass(frozen=True)
class Upsampled:
    """A small map (h, w) float32 that covers a picture of `height` x `width` pixels; it is resized
    where it is looked at."""

    values: np.ndarray
    height: int
    width: int

    def window(self, window: Window) -> np.ndarray:
        """What `window` of the picture sees of the map, bilinear: float32.

        Parameters
        ----------
        window : Window
            What is looked at.

        Returns
        -------
        numpy.ndarray
        """
        rows, columns = window
        h, w = self.values.shape
        box = (
            columns.start * w / self.width,
            rows.start * h / self.height,
            min(columns.stop * w / self.width, w),
            min(rows.stop * h / self.height, h),
        )
        size = (rows.stop - rows.start, columns.stop - columns.start)
        return resize(self.values, size, box=box).copy()

    def whole(self) -> np.ndarray:
        """The map at the picture's size.

        Returns
        -------
        numpy.ndarray
        """
        return self.window((slice(0, self.height), slice(0, self.width)))


def of_blocks(values: np.ndarray, step: int) -> Upsampled:
    """What `box_means` gave, over the pixels its blocks stand for (the last may stick out).

    Parameters
    ----------
    values : numpy.ndarray
        (H, W).
    step : int
        A block's side in pixels.

    Returns
    -------
    Upsampled
    """
    return Upsampled(values, values.shape[0] * step, values.shape[1] * step)


def box_means(values: np.ndarray, step: int) -> np.ndarray:
    """Means of `step` x `step` blocks of (H, W) or (H, W, C) uint8, uint16 or float32.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W).
    step : int
        A block's side in pixels.

    Returns
    -------
    numpy.ndarray
        Float32 in 0..1, (ceil(H / step), ceil(W / step), ...); blocks cut by the picture's right
        and lower border are means of what there is of them.
    """
    height, width = values.shape[:2]
    means = np.empty((-(-height // step), -(-width // step), *values.shape[2:]), np.float32)
    for rows in strips(height, width, _STRIP_BLOCKS * step):
        part = values[rows]
        down = part[::step].astype(np.float32)
        for k in range(1, step):
            more = part[k::step]
            down[: len(more)] += more
        across = down[:, ::step].copy()
        for k in range(1, step):
            more = down[:, k::step]
            across[:, : more.shape[1]] += more
        first = rows.start // step
        means[first : first + len(across)] = across
    counts = np.outer(_lengths(height, step), _lengths(width, step))
    scale = (1 / (counts * FULL[values.dtype])).astype(np.float32)
    means *= scale if values.ndim == 2 else scale[..., None]
    return means


def _lengths(total: int, step: int) -> np.ndarray:
    """Of the blocks along one side."""
    return np.diff(np.append(np.arange(0, total, step), total))
