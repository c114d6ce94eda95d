# SPDX-License-Identifier: Apache-2.0
"""A cut-out on something new: background color or picture, drop shadow, matched colors, crop.

All of it works on display-encoded values, as every paint program's normal blend mode does, and in
strips, so that no full-size float picture is ever held.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import paths
from .errors import OptionInvalid
from .imaging import gaussian
from .imaging.depth import to_depth, to_unit
from .imaging.rect import Rect
from .imaging.resize import resize
from .imaging.strips import strips

if TYPE_CHECKING:
    from .raster import Raster

_ROWS = 128

Color = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""

BLACK: Color = (0.0, 0.0, 0.0)


@dataclasses.dataclass(frozen=True)
class Shadow:
    """A soft drop shadow: opacity 0 to 1; blur (the Gaussian's sigma) and offset in pixels.

    Raises OptionInvalid for values outside.
    """

    opacity: float = 0.5
    blur: float = 12.0
    dx: float = 8.0
    dy: float = 8.0

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise OptionInvalid(f"The shadow's opacity is {self.opacity:g}.", "Give 0 to 1.")
        if not 0 <= self.blur <= 1000:
            raise OptionInvalid(f"The shadow's blur is {self.blur:g}.", "Give 0 to 1000 pixels.")
        if not all(abs(value) <= 10_000 for value in (self.dx, self.dy)):
            raise OptionInvalid("The shadow's offset is too large.", "Give at most 10000 pixels.")


def shadow_for(height: int, width: int) -> Shadow:
    """A shadow in proportion to the picture: what looks natural at any size.

    Parameters
    ----------
    height : int
        In pixels.
    width : int
        In pixels.

    Returns
    -------
    Shadow
    """
    side = min(height, width)
    return Shadow(0.5, side * 0.015, side * 0.01, side * 0.015)


def parse_background(text: str) -> Color | Path:
    """A color (`white`, `#f80`, `#ff8800`, any CSS color name), or the path of a picture.

    Parameters
    ----------
    text : str
        As a person wrote it.

    Returns
    -------
    Color or Path

    Raises
    ------
    OptionInvalid
        For what is neither.
    """
    from PIL import ImageColor

    named = text.strip().lower()
    if re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})", named) and not paths.exists(text):
        named = f"#{named.lstrip('#')}"
    if named in ImageColor.colormap or re.fullmatch(r"#[0-9a-f]{3}|#[0-9a-f]{6}", named):
        red, green, blue = ImageColor.getrgb(named)[:3]
        return red / 255, green / 255, blue / 255
    if paths.is_file(text):
        return Path(text)
    raise OptionInvalid(
        f"The background {text!r} is neither a color nor a picture.",
        "Give white, black, a color name, #rrggbb, or the path of a picture.",
    )


def backdrop(background: Color | Raster, subject: Raster) -> Color | np.ndarray:
    """The background in the colors that `subject`'s profile writes; a picture scaled to cover.

    Parameters
    ----------
    background : Color or Raster
        A color, or a picture.
    subject : Raster
        The picture that goes before it.

    Returns
    -------
    Color or numpy.ndarray
    """
    from . import raster

    icc = subject.icc_for(3)
    if isinstance(background, tuple):
        pixel = raster.Raster(to_depth(np.array([[background]], np.float32), np.uint8))
        red, green, blue = (raster.in_profile(pixel, icc)[0, 0] / 255).tolist()
        return red, green, blue
    return cover(raster.in_profile(background, icc), subject.height, subject.width)


def cover(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """`picture` (h, w, 1|3) scaled to cover (height, width), cropped around its middle; its dtype
    stays.

    Parameters
    ----------
    picture : numpy.ndarray
        (h, w, 1|3).
    height : int
        In pixels.
    width : int
        In pixels.

    Returns
    -------
    numpy.ndarray
    """
    h, w = picture.shape[:2]
    scale = max(height / h, width / w)
    crop_h, crop_w = height / scale, width / scale
    x, y = (w - crop_w) / 2, (h - crop_h) / 2
    box = (x, y, x + crop_w, y + crop_h)
    return resize(picture, (height, width), "lanczos", box, reducing_gap=3.0)


def flatten(
    foreground: np.ndarray,
    alpha: np.ndarray,
    background: Color | np.ndarray,
    shadow: np.ndarray | None = None,
) -> np.ndarray:
    """alpha F + (1 - alpha) B, with the shadow between the two.

    Parameters
    ----------
    foreground : numpy.ndarray
        (H, W, 1|3) straight color.
    alpha : numpy.ndarray
        Float32 (H, W).
    background : Color or numpy.ndarray
        A color, or a picture (H, W, 1|3) of any depth.
    shadow : numpy.ndarray or None, optional
        Opacity of black, float32 (H, W), see `drop_shadow`.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) in the dtype of `foreground`, rounded to nearest.
    """
    height, width = alpha.shape
    out = np.empty((height, width, 3), foreground.dtype)
    for rows in strips(height, width, _ROWS):
        behind = _background_rows(background, rows)
        if shadow is not None:
            behind = behind * (1 - shadow[rows])[..., None]
        a = alpha[rows][..., None]
        out[rows] = to_depth(to_unit(foreground[rows]) * a + behind * (1 - a), out.dtype)
    return out


def _background_rows(background: Color | np.ndarray, rows: slice) -> np.ndarray:
    if isinstance(background, np.ndarray):
        return to_unit(background[rows])
    return np.array(background, np.float32)


def over_veil(
    foreground: np.ndarray, alpha: np.ndarray, opacity: np.ndarray, color: Color = BLACK
) -> tuple[np.ndarray, np.ndarray]:
    """The subject over a color that is itself see-through, its shadow for one: (color, alpha),
    straight.

    Parameters
    ----------
    foreground : numpy.ndarray
        Straight colors, (H, W, 1|3).
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    opacity : numpy.ndarray
        Of `color`, float32 (H, W). Porter and Duff's "over" (1984): alpha = a + (1 - a) o, color =
        (a F + (1 - a) o C) / alpha. Other arguments as for `flatten`; the color comes back in the
        dtype of `foreground`, gray if both are.
    color : Color, optional
        Straight colors.

    Returns
    -------
    tuple[numpy.ndarray, numpy.ndarray]
    """
    channels = foreground.shape[2] if len(set(color)) == 1 else 3
    behind = np.array(color[:channels], np.float32)
    mixed = np.empty((*alpha.shape, channels), foreground.dtype)
    out = np.empty_like(alpha)
    height, width = alpha.shape
    for rows in strips(height, width, _ROWS):
        a = alpha[rows]
        out[rows] = a + (1 - a) * opacity[rows]
        share = np.divide(a, out[rows], out=np.ones_like(a), where=out[rows] > 0)[..., None]
        mixed[rows] = to_depth(
            to_unit(foreground[rows]) * share + behind * (1 - share), mixed.dtype
        )
    return mixed, out


def drop_shadow(alpha: np.ndarray, shadow: Shadow) -> np.ndarray:
    """How dark the shadow is at each pixel: float32 (H, W), 0 to `shadow.opacity`.

    The matte moved by the offset and blurred; what falls outside the picture is cut. Computed at
    a resolution that the blur allows (nothing finer than a quarter of sigma survives it anyway).

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    shadow : Shadow
        How it falls; None for none.

    Returns
    -------
    numpy.ndarray
    """
    from PIL import Image

    height, width = alpha.shape
    step = max(1, min(int(shadow.blur / 4), min(height, width) // 8))
    small = resize(alpha, (max(1, height // step), max(1, width // step)), "area")
    kx, ky = width / small.shape[1], height / small.shape[0]
    # Room around it, so that the blur does not see the picture's edge as the subject's.
    pad = int(np.ceil(3 * shadow.blur / min(kx, ky))) + 1
    canvas = np.pad(small, pad)
    if shadow.blur:
        canvas = gaussian.blurred(canvas, (shadow.blur / ky, shadow.blur / kx))
    left, top = pad - shadow.dx / kx, pad - shadow.dy / ky
    moved = Image.fromarray(canvas).transform(
        (small.shape[1], small.shape[0]),
        Image.Transform.AFFINE,
        (1, 0, left, 0, 1, top),
        Image.Resampling.BILINEAR,
    )
    return resize(np.asarray(moved) * np.float32(shadow.opacity), (height, width))


def visible_rect(alpha: np.ndarray, shadow: np.ndarray | None = None) -> Rect:
    """The smallest rectangle that holds all that is seen of a subject; the whole picture where
    there is nothing. What is fainter than a twentieth does not count: matting leaves wisps of it
    far around fur.

    Parameters
    ----------
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    shadow : numpy.ndarray or None, optional
        As from `drop_shadow`; it counts as part of the subject, so that it is not cut off.

    Returns
    -------
    Rect
    """
    height, width = alpha.shape
    seen = alpha >= _SEEN
    if not seen.any():
        seen = alpha > 0
    if shadow is not None:
        seen |= shadow >= _SEEN_SHADOW
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return Rect(0, 0, width, height)
    return Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


_SEEN = np.float32(1 / 20)
_SEEN_SHADOW = np.float32(1 / 255)  # a shadow is faint where it ends, and its end shows

_MATCH_STRENGTH = 0.4
"""How far toward the background's statistics: halfway looks tinted, less is not seen."""

_MOST_SHIFT = (0.2, 0.04, 0.05)
"""Darker, lighter, and in color: a quarter less light, a twentieth more, a visible tint."""

_MATCH_SAMPLES = 250_000


def match_colors(
    foreground: np.ndarray, alpha: np.ndarray, background: Color | np.ndarray
) -> np.ndarray:
    """The subject moved toward the light of its new background; same shape and dtype.

    Means and, gently, deviations of lightness and color are moved part of the way in the
    decorrelated space l alpha beta (Reinhard et al., "Color transfer between images", 2001). A
    plain color behind gives its tint only. Gray pictures are returned as they are.

    Parameters
    ----------
    foreground : numpy.ndarray
        Straight colors, (H, W, 1|3).
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    background : Color or numpy.ndarray
        A color, or a picture.

    Returns
    -------
    numpy.ndarray
    """
    if foreground.shape[2] == 1:
        return foreground
    subject = _statistics(_sample(foreground, alpha > np.float32(0.5)))
    scene = _scene_statistics(background)
    if subject is None or scene is None:
        return foreground
    mean, deviation = subject
    scale = 1 + _MATCH_STRENGTH * (np.clip(scene[1] / deviation, 0.7, 1.4) - 1)
    if not isinstance(background, np.ndarray):
        scale = np.ones_like(scale)
    shift = _bounded(_MATCH_STRENGTH * (scene[0] - mean))
    out = np.empty_like(foreground)
    height, width = foreground.shape[:2]
    for rows in strips(height, width, _ROWS):
        lab = _to_lab(to_unit(foreground[rows]).reshape(-1, 3))
        lab = (lab - mean) * scale + mean + shift
        out[rows] = to_depth(_from_lab(lab).reshape(out[rows].shape), out.dtype)
    return out


def _bounded(shift: np.ndarray) -> np.ndarray:
    """The shift of l alpha beta, no further than a light in the room would move things: a black
    backdrop must not put the subject out, a white one not burn it, a pure color not dye it."""
    lightness, color = shift[0], shift[1:]
    darker, lighter, tint = _MOST_SHIFT
    color = color * min(1.0, tint / max(float(np.linalg.norm(color)), 1e-6))
    return np.array([np.clip(lightness, -darker, lighter), *color], np.float32)


def _scene_statistics(background: Color | np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    if isinstance(background, np.ndarray):
        everything = np.ones(background.shape[:2], bool)
        colors = _sample(background, everything)
        if colors.shape[1] == 1:
            colors = np.repeat(colors, 3, axis=1)
        return _statistics(colors)
    return _to_lab(np.array([background], np.float32))[0], np.ones(3, np.float32)


def _sample(image: np.ndarray, where: np.ndarray) -> np.ndarray:
    """About `_MATCH_SAMPLES` of the pixels in question, (N, C) in 0..1."""
    step = max(1, int((where.size / _MATCH_SAMPLES) ** 0.5))
    return to_unit(np.ascontiguousarray(image[::step, ::step][where[::step, ::step]]))


def _statistics(colors: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    if len(colors) < 2:
        return None
    lab = _to_lab(colors)
    return lab.mean(axis=0), np.maximum(lab.std(axis=0), 1e-3)


# Ruderman's l alpha beta over cone responses, as in Reinhard et al. 2001, equations 4 to 6.
_TO_CONES = np.array(
    [[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]], np.float32
)
_TO_OPPONENTS = np.diag(np.array([3**-0.5, 6**-0.5, 2**-0.5], np.float32)) @ np.array(
    [[1, 1, 1], [1, 1, -2], [1, -1, 0]], np.float32
)
_DARKEST = np.float32(1 / 255)


def _to_lab(rgb: np.ndarray) -> np.ndarray:
    cones = np.log10(np.maximum(rgb @ _TO_CONES.T, _DARKEST))
    lab: np.ndarray = cones @ _TO_OPPONENTS.T
    return lab


def _from_lab(lab: np.ndarray) -> np.ndarray:
    cones = np.power(np.float32(10), lab @ np.linalg.inv(_TO_OPPONENTS).T)
    rgb: np.ndarray = np.clip(cones @ np.linalg.inv(_TO_CONES).T, 0, 1)
    return rgb
