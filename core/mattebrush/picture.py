# SPDX-License-Identifier: Apache-2.0
"""The image as the engine's stages see it: checked, color apart from alpha, cut to a window."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from .errors import InputInvalid, OptionInvalid
from .imaging.depth import FULL, to_unit
from .imaging.rect import Rect
from .imaging.strips import strips
from .options import Options, Point, Prompt

_CONTEXT = 0.25
"""How much of a region's longer side is looked at around it, so that the network sees a scene."""

_BACKDROP = 0.5
"""Gray behind transparent pixels: their stored color is arbitrary and must not guide networks."""

_ROWS = 256


class Picture(NamedTuple):
    """color: (H, W, 1|3); alpha: (H, W) or None for opaque; both uint8, uint16 or float32. display:
    the colors as a screen shows them, where that is far from `color` (linear light, PQ)."""

    color: np.ndarray
    alpha: np.ndarray | None
    display: np.ndarray | None = None

    @property
    def box(self) -> Rect:
        height, width = self.color.shape[:2]
        return Rect(0, 0, width, height)

    def view(self, window: Rect) -> np.ndarray:
        """The window's color (h, w, 1|3) as networks should see it: over gray where it was
        transparent; the pixels themselves, uncopied, where the picture is opaque.

        Parameters
        ----------
        window : Rect
            Which part of it.

        Returns
        -------
        numpy.ndarray
        """
        color = (self.color if self.display is None else self.display)[window.slices]
        if self.alpha is None:
            return color
        alpha = self.alpha[window.slices]
        full = FULL[color.dtype]
        if (alpha == full).all():
            return color
        out = np.empty_like(color)
        for rows in strips(window.height, window.width, _ROWS):
            a = to_unit(alpha[rows])[..., None]
            mixed = color[rows] * a + np.float32(_BACKDROP * full) * (1 - a)
            out[rows] = mixed if full == 1 else mixed + np.float32(0.5)
        return out


@dataclasses.dataclass(frozen=True)
class Focus:
    """Where in the picture the user wants a subject found.

    limits: what the user asked for; nothing is kept outside. window: the same with context, which
    is what the stages see. prompt: the user's pointing, in window coordinates. selection: the
    host's selection (H, W) uint8, or None.
    """

    limits: Rect
    window: Rect
    prompt: Prompt
    selection: np.ndarray | None

    def placed(self, alpha: np.ndarray, whole: Picture) -> np.ndarray:
        """The window's alpha (h, w) float32 in a plane of the picture's size, 0 elsewhere.

        Parameters
        ----------
        alpha : numpy.ndarray
            The window's, (h, w).
        whole : Picture
            The picture.

        Returns
        -------
        numpy.ndarray
        """
        if self.limits == whole.box and self.selection is None:
            return alpha
        out: np.ndarray = np.zeros(whole.color.shape[:2], np.float32)
        out[self.limits.slices] = alpha[self.limits.seen_from(self.window).slices]
        if self.selection is not None:
            for rows in strips(whole.box.height, whole.box.width, _ROWS):
                np.multiply(out[rows], to_unit(self.selection[rows]), out=out[rows])
        return out


def checked(image: np.ndarray, display: np.ndarray | None = None) -> Picture:
    """The parts of an image (H, W) or (H, W, 1..4) uint8, uint16 or float32 (0..1).

    Parameters
    ----------
    image : numpy.ndarray
        (H, W, 1 to 4), alpha last where there is one.
    display : numpy.ndarray or None, optional
        Its colors as a screen shows them (`raster.display_referred`), None where that is `image`.

    Returns
    -------
    Picture

    Raises
    ------
    InputInvalid
        For other shapes and types, empty pictures, NaN and infinity, and for floats that go to 255.
    """
    if not _is_array(image) or image.dtype not in FULL:
        kind = image.dtype if isinstance(image, np.ndarray) else type(image).__name__
        raise InputInvalid(f"The image is {kind}.", "Give a uint8, uint16 or float32 array.")
    if image.ndim == 2:
        image = image[:, :, None]
    if image.ndim != 3 or image.shape[2] not in (1, 2, 3, 4) or 0 in image.shape:
        raise InputInvalid(f"The image has shape {image.shape}.", "Give (H, W) or (H, W, 1 to 4).")
    if image.dtype.kind == "f" and not all(
        np.isfinite(image[rows]).all() for rows in strips(image.shape[0], image.shape[1], _ROWS)
    ):
        raise InputInvalid("The image holds NaN or infinity.", "Replace those values first.")
    if image.dtype == np.float32 and _goes_to_255(image):
        raise InputInvalid(
            f"The image holds floats up to {image.max():g}.",
            "Floats go from 0 to 1 (highlights beyond): divide by 255, or give 8-bit integers.",
        )
    if image.shape[2] in (1, 3):
        return Picture(image, None, display)
    return Picture(image[:, :, :-1], image[:, :, -1], display)


def _is_array(values: object) -> bool:
    """A plain array: numpy.matrix has other rules of multiplication, a masked array holes."""
    return isinstance(values, np.ndarray) and not isinstance(values, (np.matrix, np.ma.MaskedArray))


_SAMPLES = 1 << 16
_MOSTLY = 0.9


def _goes_to_255(image: np.ndarray) -> bool:
    """Whether floats are on the scale of 8 bits. Scene-linear pictures have values beyond 1 too,
    but neither whole numbers alone, nor most of them far beyond."""
    if float(image.max()) <= 1.5:
        return False
    sample = image.reshape(-1)[:: max(1, image.size // _SAMPLES)]
    whole = (sample == np.rint(sample)).mean() > _MOSTLY
    return bool(whole or np.median(sample) > _FAR_BEYOND)


_FAR_BEYOND = 8.0


def remarks(whole: Picture) -> list[str]:
    """What a person should know of a picture's values.

    Parameters
    ----------
    whole : Picture
        The picture.

    Returns
    -------
    list[str]
    """
    color = whole.color
    if color.dtype == np.float32:
        sample = color.reshape(-1)[:: max(1, color.size // _SAMPLES)]
        if (sample < _BELOW).mean() > _SEVERAL:
            return [
                f"The picture holds floats from {color.min():g} to {color.max():g}; what is below "
                "0 is seen as black. Floats go from 0 to 1."
            ]
        return []
    full, top = FULL[color.dtype], int(color.max())
    noise, dark = (_BLACK_NOISE, full // 16) if full == 65535 else (0, 2)
    if not noise < top <= dark:
        return []
    remark = f"The picture's values end at {top} of {full}, so it is all but black."
    for scale, way in ((1, "0 and 255"), (255, "uint8"), (4095, "uint16, scaled to 65535")):
        if top <= scale and full > scale:
            return [f"{remark} If they are meant to end at {scale}, give them as {way}."]
    return [remark]


_BLACK_NOISE = 31
"""What a black 16-bit frame may hold."""

_BELOW = -0.02
_SEVERAL = 0.01
"""How far below 0, of which share of a picture's values, is no matter of vivid colors."""


def check_plane(values: np.ndarray, name: str, whole: Picture) -> None:
    """Checks that `values` is a (H, W) plane of the picture's size in one of the engine's dtypes.

    Parameters
    ----------
    values : numpy.ndarray
        (H, W).
    name : str
        What to call it in messages.
    whole : Picture
        The picture.

    Raises
    ------
    InputInvalid
        Otherwise, calling the plane by `name`.
    """
    if not _is_array(values) or values.dtype not in FULL or values.ndim != 2:
        raise InputInvalid(f"The {name} must be a (H, W) array of uint8, uint16 or float32.")
    if values.shape != whole.color.shape[:2]:
        raise InputInvalid(
            f"The {name} is {values.shape[1]}x{values.shape[0]} pixels, the image "
            f"{whole.box.width}x{whole.box.height}.",
            "Both must have one size.",
        )
    if values.dtype.kind != "f":
        return
    if not np.isfinite(values).all():
        raise InputInvalid(f"The {name} holds NaN or infinity.", "Replace those values first.")
    if values.max() > _FAR_BEYOND:
        raise InputInvalid(
            f"The {name} holds floats up to {values.max():g}.",
            "Floats go from 0 to 1: divide by 255, or give 8-bit integers.",
        )


def focus(whole: Picture, options: Options, selection: np.ndarray | None) -> Focus:
    """Where to look, from the options' region and prompt and the host's selection.

    Parameters
    ----------
    whole : Picture
        The picture.
    options : Options
        What is asked for.
    selection : numpy.ndarray or None
        What is selected, (H, W); None for all.

    Returns
    -------
    Focus

    Raises
    ------
    OptionInvalid
        Where region or selection hold no pixel of the picture, or a point lies where nobody looks.
    """
    limits = whole.box
    if options.region is not None:
        limits = Rect(*(round(value) for value in options.region)).within(limits)
        if limits.width <= 0 or limits.height <= 0:
            raise OptionInvalid(
                "The region holds no pixel of this picture.",
                f"The picture is {whole.box.width}x{whole.box.height} pixels.",
            )
    if selection is not None:
        check_plane(selection, "selection", whole)
        limits = _selected(selection, limits)
    margin = round(_CONTEXT * max(limits.width, limits.height))
    window = limits.grown(margin).within(whole.box)
    _check_points(options.prompt, window)
    return Focus(limits, window, _moved(options.prompt, window), selection)


def _selected(selection: np.ndarray, limits: Rect) -> Rect:
    """The smallest box around what is selected inside `limits`."""
    inside = selection[limits.slices]
    rows = np.flatnonzero(inside.any(axis=1))
    if not rows.size:
        raise OptionInvalid(
            "Nothing is selected here.", "Select the subject, or clear the selection."
        )
    columns = np.flatnonzero(inside.any(axis=0))
    return Rect(
        limits.x0 + int(columns[0]),
        limits.y0 + int(rows[0]),
        limits.x0 + int(columns[-1]) + 1,
        limits.y0 + int(rows[-1]) + 1,
    )


def _check_points(prompt: Prompt, window: Rect) -> None:
    for point in prompt.points:
        if not (window.x0 <= point.x < window.x1 and window.y0 <= point.y < window.y1):
            raise OptionInvalid(
                f"The point {point.x:g},{point.y:g} lies outside what is looked at, "
                f"{window.x0},{window.y0} to {window.x1},{window.y1}.",
                "Give pixels from the picture's left and top, and a region that holds the subject.",
            )


def _moved(prompt: Prompt, window: Rect) -> Prompt:
    x, y = window.x0, window.y0
    return Prompt(
        tuple(Point(p.x - x, p.y - y, p.label) for p in prompt.points),
        tuple((b[0] - x, b[1] - y, b[2] - x, b[3] - y) for b in prompt.boxes),
    )
