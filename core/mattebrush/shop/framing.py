# SPDX-License-Identifier: Apache-2.0
"""A subject placed in the canvas of a preset: as large as its fill says, in the middle."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..composition import visible_rect
from ..imaging.depth import to_depth, to_unit
from ..imaging.rect import Rect
from ..imaging.resize import resize
from ..raster import Raster
from .presets import Preset

_UNSEEN = np.float32(1 / 50)
"""Fainter is taken for nothing in a frame: wisps far around fur would gray a shop's white."""

_LARGEST_GAIN = 1.5
"""Enlarged by more, a picture looks soft, which is said."""


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where a picture comes to lie on a canvas.

    width, height: of the canvas. scale: canvas pixels a picture pixel. left, top: the picture's
    corner on the canvas, in canvas pixels and fractions of them.
    """

    width: int
    height: int
    scale: float
    left: float
    top: float

    @property
    def remarks(self) -> list[str]:
        """What a person should know."""
        if self.scale <= _LARGEST_GAIN:
            return []
        return [
            f"The subject is enlarged {self.scale:.1f} times to fill the frame: a larger "
            "photograph would be sharper."
        ]

    def plane(self, plane: np.ndarray) -> np.ndarray:
        """A plane (H, W) of the picture, float32, as it lies on the canvas; 0 around it.

        Parameters
        ----------
        plane : numpy.ndarray
            (H, W).

        Returns
        -------
        numpy.ndarray
        """
        out = np.zeros((self.height, self.width), np.float32)
        target, source = self._parts(plane.shape[0], plane.shape[1])
        if target.width > 0 and target.height > 0:
            size = (target.height, target.width)
            smaller = "lanczos" if self.scale < 1 else "bicubic"
            part = resize(plane, size, smaller, source, reducing_gap=3.0)
            out[target.slices] = part
        return out

    def _parts(self, height: int, width: int) -> tuple[Rect, tuple[float, float, float, float]]:
        """What of the canvas the picture covers, and what of the picture that shows."""
        canvas = Rect(0, 0, self.width, self.height)
        right, bottom = self.left + width * self.scale, self.top + height * self.scale
        # Whole canvas pixels within the picture, so that the filter never reaches beyond it.
        covered = Rect(
            int(np.ceil(self.left - 1e-6)),
            int(np.ceil(self.top - 1e-6)),
            int(np.floor(right + 1e-6)),
            int(np.floor(bottom + 1e-6)),
        ).within(canvas)
        box = (
            max(0.0, (covered.x0 - self.left) / self.scale),
            max(0.0, (covered.y0 - self.top) / self.scale),
            min(float(width), (covered.x1 - self.left) / self.scale),
            min(float(height), (covered.y1 - self.top) / self.scale),
        )
        return covered, box


def placement(alpha: np.ndarray, preset: Preset) -> Placement:
    """Where a subject goes in a preset's canvas.

    Parameters
    ----------
    alpha : numpy.ndarray
        Float32 (H, W). Its box takes the preset's fill of the canvas along the tighter side.
    preset : Preset
        A shop's frame.

    Returns
    -------
    Placement
    """
    box = visible_rect(alpha)
    if preset.size is not None:
        width, height = preset.size
        scale = preset.fill * min(width / box.width, height / box.height)
    else:
        scale = 1.0
        across = max(box.width, box.height * preset.proportion) / preset.fill
        width, height = max(1, round(across)), max(1, round(across / preset.proportion))
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    if preset.center == "weight":
        x, y = _center_of_mass(alpha, box)
    # The box keeps half of its least margin at any rate.
    room_x = max(0.0, (width - box.width * scale) / 2 - width * (1 - preset.fill) / 4)
    room_y = max(0.0, (height - box.height * scale) / 2 - height * (1 - preset.fill) / 4)
    shift_x = np.clip(((box.x0 + box.x1) / 2 - x) * scale, -room_x, room_x)
    shift_y = np.clip(((box.y0 + box.y1) / 2 - y) * scale, -room_y, room_y)
    left = width / 2 + shift_x - (box.x0 + box.x1) / 2 * scale
    top = height / 2 + shift_y - (box.y0 + box.y1) / 2 * scale
    if scale == 1.0:
        left, top = round(left), round(top)  # so that no pixel is resampled
    return Placement(width, height, float(scale), float(left), float(top))


def _center_of_mass(alpha: np.ndarray, box: Rect) -> tuple[float, float]:
    part = alpha[box.slices]
    columns, rows = part.sum(axis=0, dtype=np.float64), part.sum(axis=1, dtype=np.float64)
    total = max(columns.sum(), 1e-9)
    x = (columns * (np.arange(box.width) + 0.5)).sum() / total
    y = (rows * (np.arange(box.height) + 0.5)).sum() / total
    return box.x0 + float(x), box.y0 + float(y)


def placed(subject: Raster, where: Placement) -> Raster:
    """The subject (straight color and alpha) on the canvas; what is not seen becomes nothing.

    Colors are averaged by their alpha, so that the old background does not come back at the edge.

    Parameters
    ----------
    subject : Raster
        The picture that goes before it.
    where : Placement
        Which platform.

    Returns
    -------
    Raster
    """
    assert subject.alpha is not None
    alpha = to_unit(subject.alpha)
    dtype = subject.pixels.dtype
    new = np.clip(where.plane(alpha), 0, 1)
    new[new < _UNSEEN] = 0
    pixels = np.zeros((*new.shape, subject.pixels.shape[2]), dtype)
    for channel in range(subject.pixels.shape[2]):
        weighted = to_unit(np.ascontiguousarray(subject.pixels[..., channel])) * alpha
        moved = where.plane(weighted)
        color = np.divide(moved, new, out=np.zeros_like(moved), where=new > 0)
        pixels[..., channel] = to_depth(np.clip(color, 0, 1), dtype)
    return dataclasses.replace(subject, pixels=pixels, alpha=new)
