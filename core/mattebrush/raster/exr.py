# SPDX-License-Identifier: Apache-2.0
"""OpenEXR in and out, through its own library (the extra `exr`).

The format is linear and premultiplied, the engine works on encoded, straight values: what is read
is encoded by sRGB's curve, which goes on beyond 1, and what is written is made linear again; both
in floats, so that highlights and the last bits of a half survive.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from .. import extras
from ..errors import InputInvalid, MattebrushError, OutputUnwritable
from ..imaging.depth import to_depth
from ..imaging.strips import strips
from . import cryptomatte, decoding, icc
from .model import Metadata, Raster


def read(file: BinaryIO, name: str, max_pixels: int) -> Raster:
    """The first part of a file.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.
    name : str
        What to call it in messages.
    max_pixels : int
        A picture with more is refused.

    Returns
    -------
    Raster

    Raises
    ------
    InputInvalid
        Where the package is missing.
    """
    exr = _library(
        InputInvalid(f"{name} is an OpenEXR picture, which needs a further package.", _advice())
    )
    file.seek(0)
    with exr.File(file, separate_channels=True, header_only=True) as opened:
        (width, height), whole = _sizes(opened.header())
        decoding.check_size(width, height, max_pixels, name)
        several = len(opened.parts) > 1
    file.seek(0)
    with exr.File(file, separate_channels=True) as opened:
        chromaticities = opened.header().get("chromaticities")
        planes = {key: channel.pixels for key, channel in opened.channels().items()}
        names = [n for n in (("R", "G", "B"), ("Y",)) if all(part in planes for part in n)]
        if not names or (names == [("Y",)] and "RY" in planes):  # color beside the luminance
            raise InputInvalid(
                f"{name} has the channels {', '.join(sorted(planes))}.",
                "Save it with R, G and B, or with Y.",
            )
        if any(planes[part].dtype.kind != "f" for part in names[0]):
            raise InputInvalid(
                f"{name} holds whole numbers, which are ids rather than light.",
                "Save it with half or float channels.",
            )
        linear = np.stack([planes[part] for part in names[0]], axis=-1).astype(np.float32)
        alpha = planes["A"].astype(np.float32) if "A" in planes else None
    if alpha is not None:
        if np.isfinite(alpha).all() and np.isfinite(linear).all():
            decoding.divide_alpha(linear, alpha)
        alpha = np.clip(alpha, 0, 1)
    for rows in strips(height, width):
        linear[rows] = icc.SRGB_CURVE.encoded(linear[rows])
    profile = _profile(chromaticities) if linear.shape[2] == 3 else None
    remarks: tuple[str, ...] = ()
    if several:
        remarks += ("The file holds several parts; only the first is used.",)
    if whole != (width, height):
        remarks += (
            f"The file's picture is {whole[0]}x{whole[1]}, of which it holds a window of "
            f"{width}x{height}: that alone is used.",
        )
    return Raster(linear, alpha, profile, Metadata(), "EXR", remarks)


def _sizes(header: dict[str, Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Width and height of the pixels that are there, and of the picture that they are part of."""
    sizes = []
    for window in ("dataWindow", "displayWindow"):
        low, high = header[window]
        width, height = np.asarray(high) - np.asarray(low) + 1
        sizes.append((int(width), int(height)))
    return sizes[0], sizes[1]


def _profile(chromaticities: Any) -> bytes | None:
    """The profile of encoded values of these primaries; None for BT.709's, the default."""
    if chromaticities is None:
        return None
    red_green_blue_white = [float(value) for value in np.ravel(chromaticities)]
    if len(red_green_blue_white) != 8:
        return None
    x1, y1, x2, y2, x3, y3, x0, y0 = red_green_blue_white
    primaries = (x0, y0, x1, y1, x2, y2, x3, y3)
    if np.allclose(primaries, icc.SRGB_PRIMARIES, atol=0.002):
        return None
    return icc.build(primaries, icc.SRGB_CURVE, "OpenEXR's primaries, sRGB curve")


def write(file: BinaryIO, raster: Raster, profile: bytes | None) -> None:
    """Writes `raster` linear, with BT.709 primaries, premultiplied: in half floats, whose eleven
    bits are enough for integers seen in linear light, or in full ones if it holds floats.

    Parameters
    ----------
    file : BinaryIO
        To write into; seekable.
    raster : Raster
        The picture to write.
    profile : bytes or None
        An RGB one, of gray pictures too.

    Raises
    ------
    OutputUnwritable
        Where the package is missing.
    """
    exr = _library(OutputUnwritable("OpenEXR needs a further package.", _advice()))
    _save(exr, file, _channels(raster, profile), {})


@dataclasses.dataclass(frozen=True)
class Layer:
    """One object of a picture: its name, where it is (rows and columns), its mask (h, w) and its
    colors (h, w, C), of that window."""

    name: str
    window: tuple[slice, slice]
    mask: np.ndarray
    colors: np.ndarray


def write_layers(
    file: BinaryIO, raster: Raster, layers: Sequence[Layer], profile: bytes | None
) -> None:
    """Writes `raster`, all objects together, as `write` does, and beside it each object: a layer
    of its name, and its part of a Cryptomatte, by which compositors pick objects.

    The names must differ. At no pixel may the masks sum to more than one.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.
    raster : Raster
        A picture.
    layers : Sequence[Layer]
        What each layer is called, and its channels.
    profile : bytes or None
        An ICC profile; None means sRGB.

    Raises
    ------
    OutputUnwritable
        Where the package is missing.
    """
    exr = _library(OutputUnwritable("OpenEXR needs a further package.", _advice()))
    channels = _channels(raster, profile)
    for layer, name in zip(layers, _layer_names(layers), strict=True):
        part = dataclasses.replace(raster, pixels=layer.colors, alpha=layer.mask)
        for key, plane in _channels(part, profile).items():
            whole = np.zeros((raster.height, raster.width), plane.dtype)
            whole[layer.window] = plane
            channels[f"{name}.{key}"] = whole
    names, masks = [one.name for one in layers], [(one.window, one.mask) for one in layers]
    channels |= cryptomatte.channels((raster.height, raster.width), names, masks)
    _save(exr, file, channels, cryptomatte.header(names))


def _layer_names(layers: Sequence[Layer]) -> list[str]:
    """What channels can be called by: a dot would begin another layer."""
    out: list[str] = []
    for layer in layers:
        name = layer.name.replace(".", "_")
        while name in out or name.startswith(cryptomatte.NAME):
            name += "_"
        out.append(name)
    return out


def _save(exr: Any, file: BinaryIO, channels: dict[str, np.ndarray], more: dict[str, str]) -> None:
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage, **more}
    packed = io.BytesIO()
    exr.File(header, channels).write(packed)
    file.write(packed.getbuffer())


def _channels(raster: Raster, profile: bytes | None) -> dict[str, np.ndarray]:
    """The planes of a picture by their names in a file: linear, premultiplied."""
    space = icc.parse(profile) if profile else icc.SRGB
    if raster.is_mask:
        space = dataclasses.replace(icc.SRGB, curves=(icc.LINEAR,) * 3)
    if space is None:
        raise OutputUnwritable(
            "The picture's profile has tables, which OpenEXR cannot carry.",
            "Write TIFF, or convert the picture to sRGB first.",
        )
    gray = raster.pixels.shape[2] == 1
    linear = np.empty(raster.pixels.shape, np.float32)
    across = np.linalg.inv(icc.SRGB.matrix) @ space.matrix
    for rows in strips(raster.height, raster.width):
        part = to_depth(raster.pixels[rows], np.float32).astype(np.float64)
        if gray:
            linear[rows] = space.curves[0].linear(part)
        else:
            light = space.linear(part)
            linear[rows] = light if space is icc.SRGB else light @ across.T
    channels = {}
    if raster.alpha is not None:
        alpha = to_depth(raster.alpha, np.float32)
        linear *= alpha[..., None]
        channels["A"] = alpha
    # A half has eleven bits: enough for color, which is seen, but not for a mask of sixteen.
    deep = raster.is_mask and raster.pixels.dtype == np.uint16
    depth = np.float32 if deep or raster.pixels.dtype == np.float32 else np.float16
    for number, key in enumerate("Y" if gray else "RGB"):
        channels[key] = np.ascontiguousarray(linear[..., number].astype(depth))
    if "A" in channels:
        channels["A"] = channels["A"].astype(depth)
    return channels


def _advice() -> str:
    return extras.advice("exr", "OpenEXR")


def _library(missing: MattebrushError) -> Any:
    try:
        import OpenEXR
    except ImportError as failure:
        raise missing from failure
    return OpenEXR
