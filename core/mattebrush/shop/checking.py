# SPDX-License-Identifier: Apache-2.0
"""Why a picture fails a preset: measured on the file itself, whoever made it."""

from __future__ import annotations

import numpy as np

from .. import raster
from ..imaging.depth import to_depth
from ..imaging.morphology import dilated, label
from ..imaging.resize import resize
from ..raster import Raster
from .presets import Preset

_NAMES = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tiff": "TIFF"}
_FILL_TOLERANCE = 0.02
_CENTER_TOLERANCE = 0.02
_ASPECT_TOLERANCE = 0.01
_NEARLY_WHITE = 236
"""Lighter, and reached from the border, is meant to be background, however soiled."""
_RINGING = 8
"""Pixels around a subject that the blocks of a lossy file may tint; softness elsewhere."""
_SOFT = 3
_LOOK = 1024
"""The longest side at which the background is told from the subject."""


def check(data: bytes, preset: Preset, alpha: np.ndarray | None = None) -> list[str]:
    """What is wrong with an encoded picture by a preset's standard, a sentence each.

    Parameters
    ----------
    data
        The file.
    preset
        What it is held to.
    alpha
        What is subject, float32 (H, W), where that is known; else it is told from the background
        by its color, so that a white thing on white cannot be told.

    Returns
    -------
    list of str
        Empty where it passes.

    Raises
    ------
    InputInvalid
        For what is no picture.
    """
    picture = raster.read(data)
    problems = [*_of_file(data, picture, preset), *_of_canvas(picture, preset)]
    if (
        preset.background is not None
        and picture.alpha is not None
        and picture.alpha.min() < _top(picture.alpha)
    ):
        problems.append(f"It is transparent, where {preset.background} is asked for.")
        return problems
    if alpha is not None and alpha.shape == picture.pixels.shape[:2]:
        background = alpha == 0
    else:
        background = _background(picture)
    if preset.white:
        problems += _of_white(picture, background)
    return problems + _of_subject(background, preset)


def _top(plane: np.ndarray) -> float:
    return 1.0 if plane.dtype == np.float32 else float(np.iinfo(plane.dtype).max)


def _of_file(data: bytes, picture: Raster, preset: Preset) -> list[str]:
    problems = []
    if preset.format is not None and picture.format != _NAMES[preset.format]:
        problems.append(f"It is {picture.format}, not {_NAMES[preset.format]}.")
    if preset.max_bytes is not None and len(data) > preset.max_bytes:
        problems.append(f"It has {len(data):,} bytes; at most {preset.max_bytes:,} are allowed.")
    if preset.srgb and picture.icc is None:
        problems.append("It says no color profile; sRGB is asked for.")
    elif preset.srgb and not _is_srgb(picture):
        problems.append("Its color profile is not sRGB.")
    return problems


def _is_srgb(picture: Raster) -> bool:
    steps = np.arange(0, 256, 51, dtype=np.uint8)
    red, green, blue = np.meshgrid(steps, steps, steps, indexing="ij")
    cube = np.stack([red, green, blue], axis=-1).reshape(1, -1, 3)
    seen = raster.in_profile(Raster(cube, icc=picture.icc_for(3)), None)
    return bool(np.abs(seen.astype(int) - cube).max() <= 3)


def _of_canvas(picture: Raster, preset: Preset) -> list[str]:
    here = f"{picture.width} x {picture.height}"
    if preset.size is not None:
        if (picture.width, picture.height) == preset.size:
            return []
        return [f"It is {here}, not {preset.size[0]} x {preset.size[1]}."]
    proportion = picture.width / picture.height
    if abs(proportion / preset.proportion - 1) > _ASPECT_TOLERANCE + 1 / min(
        picture.width, picture.height
    ):
        return [f"It is {here}, a proportion of {proportion:.2f}, not {preset.proportion:.2f}."]
    return []


def _background(picture: Raster) -> np.ndarray:
    """Where the picture is background, bool (H, W): transparent, or nearly white and reached from
    the border."""
    if picture.alpha is not None and picture.alpha.min() < _top(picture.alpha):
        return to_depth(picture.alpha, np.uint8) < 13  # a twentieth, as `visible_rect`
    values = to_depth(picture.pixels, np.uint8)
    light = values.min(axis=2) >= _NEARLY_WHITE
    factor = max(1, -(-max(picture.width, picture.height) // _LOOK))
    small = light
    if factor > 1:
        shares = resize(
            light.astype(np.float32),
            (-(-picture.height // factor), -(-picture.width // factor)),
            "area",
        )
        small = shares > 0.5
    # A ring around everything joins what reaches the border.
    ringed = np.pad(small, 1, constant_values=True)
    labels = label(ringed)
    outside = (labels == labels[0, 0])[1:-1, 1:-1]
    if factor > 1:
        grown = dilated(outside, 1)  # finer than the look is the full picture's own edge
        rows = np.minimum(np.arange(picture.height) // factor, grown.shape[0] - 1)
        columns = np.minimum(np.arange(picture.width) // factor, grown.shape[1] - 1)
        outside = grown[rows][:, columns]
    return outside & light


def _of_white(picture: Raster, background: np.ndarray) -> list[str]:
    if background.mean() < 0.001:
        return ["There is no white background around the subject."]
    edge = np.concatenate(
        [background[0], background[-1], background[:, 0], background[:, -1]]
    ).mean()
    problems = []
    if edge < 0.5:
        problems.append(f"Only {edge:.0%} of its border is white background.")
    far = background & ~dilated(~background, _RINGING if picture.is_lossy else _SOFT)
    values = to_depth(picture.pixels, np.uint8).min(axis=2)
    soiled = far & (values < 255)
    count = int(soiled.sum())
    if count:
        places = np.argwhere(soiled)
        y, x = places[int(np.argmin(values[soiled]))]
        problems.append(
            f"{count:,} background pixels are not pure white; the darkest has {values[y, x]}, "
            f"at {x}, {y}."
        )
    return problems


def _of_subject(background: np.ndarray, preset: Preset) -> list[str]:
    seen = ~background
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return ["There is no subject in it."]
    height, width = seen.shape
    margins = (
        int(columns[0]),
        int(rows[0]),
        width - 1 - int(columns[-1]),
        height - 1 - int(rows[-1]),
    )
    left, top, right, bottom = margins
    fill = max((width - left - right) / width, (height - top - bottom) / height)
    problems = []
    if abs(fill - preset.fill) > _FILL_TOLERANCE:
        problems.append(f"The subject fills {fill:.0%} of it, not {preset.fill:.0%}.")
    apart_x, apart_y = (right - left) / 2, (bottom - top) / 2
    off = max(abs(apart_x) / width, abs(apart_y) / height)
    if preset.center == "box" and off > _CENTER_TOLERANCE:
        problems.append(
            f"The subject is off the middle by {abs(apart_x):.0f} pixels across and "
            f"{abs(apart_y):.0f} down."
        )
    return problems
