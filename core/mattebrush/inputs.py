# SPDX-License-Identifier: Apache-2.0
"""What Python programs hand in as a picture or a mask, as the engine takes it.

Paths, a file's bytes, Pillow's images, and arrays of the kinds that people have. What can be taken
without guessing is taken; all else is refused by its name, with the way out.
"""

from __future__ import annotations

import dataclasses
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from . import masks, raster
from .errors import InputInvalid
from .imaging.depth import FULL
from .raster import Raster

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    Picture = str | Path | bytes | bytearray | memoryview | Image.Image | np.ndarray
    """What the library's functions take for a picture, and for a mask."""

_GIVE = "Give a path, a file's bytes, a PIL image, or a numpy array (H, W) or (H, W, 1 to 4)."


_ADDRESS = re.compile(r"(https?|ftp|s3|gs|data|file):", re.IGNORECASE)


def picture(source: Any, name: str = "image") -> Raster:
    """A picture of any kind.

    Parameters
    ----------
    source : Any
        What the caller gave.
    name : str, optional
        What to call it in messages.

    Returns
    -------
    Raster

    Raises
    ------
    InputInvalid
        Naming the kind, for what is none.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(source)
        if _ADDRESS.match(path):
            raise InputInvalid(f"{path} is an address.", "Nothing is fetched here: give a file.")
        return raster.read(path)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return raster.read(bytes(source))
    if not isinstance(source, np.ndarray):
        if is_pillow(source):
            return _of_pillow(source, name)
        raise InputInvalid(f"The {name} is of the type {type(source).__name__}.", _advice(source))
    values = as_array(source, name)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3 or values.shape[2] not in (1, 2, 3, 4) or 0 in values.shape:
        turned = values.ndim == 3 and values.shape[0] in (1, 3, 4)
        way = "Channels come last: values.transpose(1, 2, 0)." if turned else _GIVE
        raise InputInvalid(f"The {name} has the shape {values.shape}.", way)
    if values.shape[2] % 2:
        return Raster(values)
    return Raster(values[:, :, :-1], values[:, :, -1])


def _of_pillow(image: Image.Image, name: str) -> Raster:
    """One of Pillow's images; what it has not read so far may prove to be damaged, or closed."""
    try:
        if image.mode == "I":
            values = np.asarray(image)
            low, high = int(values.min(initial=0)), int(values.max(initial=0))
            if low < 0 or high > 65535:
                raise InputInvalid(
                    f"The {name} holds whole numbers from {low} to {high}.",
                    "An image of mode I goes from 0 to 65535.",
                )
        made = raster.of_pillow(image)
        frames = getattr(image, "n_frames", 1)
    except (OSError, ValueError, EOFError, SyntaxError) as failure:
        raise InputInvalid(
            f"The {name} cannot be read: {failure}.", "Open it again, and give it while it is open."
        ) from failure
    if frames == 1 or image.format in ("TIFF", "MPO"):
        return made
    remark = f"The {name} has {frames} frames; only the one at which it stands is used."
    return dataclasses.replace(made, warnings=(*made.warnings, remark))


def _advice(source: Any) -> str:
    """How another kind of thing becomes one that is taken."""
    if callable(getattr(source, "read", None)):
        return "Give what it holds: file.read() of a file opened in binary."
    if hasattr(source, "__array__") or isinstance(source, (list, tuple)):
        return "Give numpy.asarray(image), as (H, W) or (H, W, 1 to 4)."
    return _GIVE


def plane(source: Any, kind: str, name: str) -> tuple[np.ndarray, list[str]]:
    """A mask of any kind, (H, W), as its painter meant it, and remarks.

    Parameters
    ----------
    source
        A picture of a mask, or an array (H, W).
    kind
        One of `masks.KINDS`.
    name
        What to call it in messages.

    Returns
    -------
    tuple
        The mask, and remarks for a person.

    Raises
    ------
    InputInvalid
        For what is no mask: colors, other shapes, numbers beyond 0..1 in floats.
    """
    lossy = False
    if isinstance(source, np.ndarray):
        values = as_array(source, name)
        if values.ndim == 3 and values.shape[2] == 1:
            values = values[:, :, 0]
        if values.ndim != 2:
            raise InputInvalid(f"The {name} has the shape {source.shape}.", "Give (H, W).")
        if values.dtype == np.float32 and values.size:
            values = _in_unit(values, name)
    else:
        opened = picture(source, name)
        values, lossy = opened.plane(f"The {name}"), opened.is_lossy
    return masks.understood(values, kind, f"The {name}", lossy)


def as_array(source: np.ndarray, name: str) -> np.ndarray:
    """`source` in one of the engine's dtypes and the machine's byte order.

    bool becomes 0 and 255, any float becomes float32.

    Parameters
    ----------
    source : numpy.ndarray
        What the caller gave.
    name : str
        What to call it in messages.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    InputInvalid
        For other kinds.
    """
    if isinstance(source, (np.matrix, np.ma.MaskedArray)):
        fix = "numpy.asarray(values)" if isinstance(source, np.matrix) else "values.filled(...)"
        kind = "numpy.matrix" if isinstance(source, np.matrix) else "masked array"
        raise InputInvalid(f"The {name} is a {kind}.", f"Give a plain array: {fix}.")
    values = np.asarray(source)
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise InputInvalid(f"The {name} holds NaN or infinity.", "Replace those values first.")
        return values.astype(np.float32, copy=False)
    native = values.dtype.newbyteorder("=")
    if native not in FULL:
        raise InputInvalid(
            f"The {name} is an array of {values.dtype}.",
            "Give uint8 (0 to 255), uint16 (0 to 65535) or floats (0 to 1): "
            "values.astype(numpy.uint8), say.",
        )
    return values.astype(native, copy=False)


def _in_unit(values: np.ndarray, name: str) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    if low < -masks.SLACK or high > 1 + masks.SLACK:
        raise InputInvalid(
            f"The {name} holds floats from {low:g} to {high:g}.",
            "Floats go from 0 to 1: divide by 255, or give uint8.",
        )
    return np.clip(values, 0, 1) if low < 0 or high > 1 else values


def is_pillow(source: Any) -> bool:
    """Whether it is one of Pillow's images; Pillow is not imported to find out.

    Parameters
    ----------
    source : Any
        What the caller gave.

    Returns
    -------
    bool
    """
    return any(kind.__module__ == "PIL.Image" for kind in type(source).__mro__)


@dataclasses.dataclass(frozen=True)
class Likeness:
    """In what kind a result is handed back: that of the picture which was handed in."""

    source: Any

    def result(self, made: Raster) -> Any:
        """`made` as bytes (PNG), a PIL image or an array; not for paths.

        Parameters
        ----------
        made : Raster
            What came out of the engine.

        Returns
        -------
        Any
        """
        if isinstance(self.source, (bytes, bytearray, memoryview)):
            return raster.encode(made, "PNG")
        if is_pillow(self.source):
            return raster.to_pillow(made)
        image = made.image()
        image = image[:, :, 0] if image.shape[2] == 1 else image
        kept = self.source.dtype
        return image if kept == np.bool_ else image.astype(kept, copy=False)
