# SPDX-License-Identifier: Apache-2.0
"""Everything that Pillow decodes: every readable format but deep TIFF (see `tiff`).

Pillow keeps RGB in 8 bits only. Its C decoders can however be asked for the high or for the low
byte of each 16-bit sample, so deep files are decoded twice and joined without loss.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from .. import extras
from ..errors import InputInvalid, InputTooLarge
from ..imaging.strips import strips
from . import color, deep, exif, gain_map
from .model import Metadata, Raster
from .orientation import as_stored, turned, upright_shape, upright_xmp

if TYPE_CHECKING:
    from PIL import Image, ImageFile

_TO_SRGB = ("CMYK", "LAB")  # through the profile; every other mode keeps its own
_ORIENTATION = 0x0112

_DEEP = {f"{mode};16{order}" for mode in ("RGB", "RGBX", "RGBA", "RGBa") for order in "BLN"}
"""Raw modes that Pillow squeezes to 8 bits. "B" keeps the first byte of each sample, "L" the
second, whatever the byte order that the file really has."""
_GRAY_SCALE = {"L;2": 85, "L;4": 17}  # what Pillow multiplies small grays by, but not their key

Convert = Callable[["Image.Image"], np.ndarray]
"""A strip of Pillow's picture as an array (h, W, 1 to 4), alpha last where the number is even."""


def read(file: BinaryIO, format: str, name: str, max_pixels: int, frame: int = 0) -> Raster:
    """The picture in `file`, decoded by Pillow; of several, number `frame`.

    Parameters
    ----------
    file : BinaryIO
        A seekable file, at its beginning.
    format : str
        Its format, such as "JPEG".
    name : str
        What to call it in messages.
    max_pixels : int
        A picture with more is refused.
    frame : int, optional
        Which of several, from 0.

    Returns
    -------
    Raster

    Raises
    ------
    InputTooLarge, InputInvalid
        InputTooLarge, InputInvalid, or whatever Pillow raises over a damaged file.
    """
    with _undisturbed():
        image = _open(file, format, name)
        if frame:
            image.seek(frame)
        check_size(image.width, image.height, max_pixels, name)
        raw = _raw_mode(image)
        read_deep = _deep_container(file, format, image)
        if read_deep is not None:
            pixels, alpha = read_deep
        elif raw in _DEEP:
            image, pixels, alpha = _deep(file, format, name, raw)
        elif raw == "LA;16B":  # two 16-bit samples are as long as four of 8 bits
            image = _reopened(file, format, name, "RGBA")
            pixels, alpha = _gathered(image, _four_bytes_as_two_samples)
        else:
            image.load()
            pixels, alpha = _gathered(image, _converter(image, raw))
        if alpha is None:
            alpha = _color_keyed(image, raw, pixels)
        metadata = _metadata(image, pixels.shape[1], pixels.shape[0])
        profile, remarks = None, _further_frames(image, format)
        if image.mode not in _TO_SRGB:
            profile, more = color.profile_of(image, file, format, pixels.shape[2] == 1)
            remarks += more
        if gain_map.is_in(file, format):
            remarks += (gain_map.LEFT_OUT,)
            metadata = dataclasses.replace(metadata, xmp=gain_map.forgotten(metadata.xmp))
    return Raster(pixels, alpha, profile or None, metadata, format, remarks)


def _deep_container(
    file: BinaryIO, format: str, image: ImageFile.ImageFile
) -> tuple[np.ndarray, np.ndarray | None] | None:
    """Upright pixels and alpha of what `deep` reads; None where Pillow keeps every bit."""
    if format not in deep.FORMATS or image.mode in _TO_SRGB:
        return None
    bits = deep.depth(file, format)
    stored = deep.samples(file, format, bits) if bits > 8 else None
    if stored is None:
        file.seek(0)
        return None
    turn = _orientation(image)
    colors = stored.shape[2] - (stored.shape[2] % 2 == 0)
    pixels = np.ascontiguousarray(turned(stored[..., :colors], turn))
    alpha = None
    if stored.shape[2] % 2 == 0:
        alpha = np.ascontiguousarray(turned(stored[..., -1], turn))
    return pixels, alpha


def _further_frames(image: ImageFile.ImageFile, format: str) -> tuple[str, ...]:
    """What is said of an animation, whose other frames are left out."""
    if format not in ("GIF", "PNG", "WEBP", "AVIF", "HEIF"):  # TIFF looks for itself
        return ()
    if not getattr(image, "is_animated", False):
        return ()
    if format == "HEIF":
        return ("The file holds several pictures; only its main one is used.",)
    return ("The file is animated; only its first frame is used.",)


def of_pillow(image: Image.Image) -> Raster:
    """An image that a program has in memory, upright; what it says beside the pixels is kept.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode.

    Returns
    -------
    Raster
    """
    with _undisturbed():
        pixels, alpha = _gathered(image, _converter(image, ""))
        if alpha is None:
            alpha = _color_keyed(image, "", pixels)
        metadata = _metadata(image, pixels.shape[1], pixels.shape[0])
        profile = None if image.mode in _TO_SRGB else image.info.get("icc_profile")
    return Raster(pixels, alpha, profile or None, metadata)


def of_inks(inks: np.ndarray, icc: bytes | None) -> np.ndarray:
    """CMYK that another reader has brought, in sRGB.

    Parameters
    ----------
    inks : numpy.ndarray
        uint8 (H, W, 4), 255 for full.
    icc : bytes or None
        Their profile.

    Returns
    -------
    numpy.ndarray
        uint8 (H, W, 3).
    """
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(inks), "CMYK")
    if icc:
        image.info["icc_profile"] = icc
    return of_pillow(image).pixels


def check_size(width: int, height: int, max_pixels: int, name: str) -> None:
    """Refuses what is too large, and what has no pixel.

    Parameters
    ----------
    width, height : int
        In pixels.
    max_pixels : int
        A picture with more is refused.
    name : str
        What to call it in messages.

    Raises
    ------
    InputTooLarge
        For more than `max_pixels`.
    InputInvalid
        For none.
    """
    if width < 1 or height < 1:
        raise InputInvalid(f"{name} is {width} x {height} pixels.", "It has no picture in it.")
    if width * height > max_pixels:
        raise InputTooLarge(
            f"{name} is {width} x {height}, {width * height / 1e6:.0f} megapixels; "
            f"the limit is {max_pixels / 1e6:g}.",
            "Scale it down first.",
        )


_quiet_lock = threading.Lock()
_quiet_readers = 0
_quiet_exit = contextlib.ExitStack()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Pillow without its own size limit (ours is asked, and can be set) and without its warnings.

    Both are process-wide in Pillow, so they are put back when the last reading thread is done.
    """
    global _quiet_readers
    from PIL import Image

    with _quiet_lock:
        if _quiet_readers == 0:
            _quiet_exit.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\b")
            _quiet_exit.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
            Image.MAX_IMAGE_PIXELS = None
        _quiet_readers += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_readers -= 1
            if _quiet_readers == 0:
                _quiet_exit.close()


def _open(file: BinaryIO, format: str, name: str) -> ImageFile.ImageFile:
    from PIL import Image, features

    if format == "HEIF":
        try:
            import pillow_heif
        except ImportError as missing:
            raise InputInvalid(
                f"{name} is a HEIC/HEIF photograph, which needs a further package.",
                extras.advice("heif", "pillow-heif"),
            ) from missing
        pillow_heif.register_heif_opener()
    if format == "AVIF" and not features.check("avif"):
        raise InputInvalid(
            f"{name} is an AVIF picture, which this Pillow cannot read.",
            "Upgrade it with: pip install --upgrade pillow",
        )
    formats = ("JPEG", "MPO") if format == "JPEG" else (format,)
    return Image.open(file, formats=formats)


def _raw_mode(image: ImageFile.ImageFile) -> str:
    """How the samples lie in the file, in Pillow's words; "" where a plug-in decodes by itself."""
    tiles = getattr(image, "tile", None)
    arguments = tiles[0][3] if tiles else ""
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _reopened(file: BinaryIO, format: str, name: str, raw: str) -> ImageFile.ImageFile:
    """The file opened again, and decoded with the raw mode `raw`."""
    file.seek(0)
    image = _open(file, format, name)
    for number, (codec, extents, offset, arguments) in enumerate(image.tile):
        changed = (raw, *arguments[1:]) if isinstance(arguments, tuple) else raw
        image.tile[number] = type(image.tile[number])(codec, extents, offset, changed)
    image.load()
    return image


def _gathered(image: Image.Image, convert: Convert) -> tuple[np.ndarray, np.ndarray | None]:
    """Upright pixels and alpha of a decoded picture."""
    sample = convert(image.crop((0, 0, 1, 1)))
    pixels, alpha = _empty(image, sample.shape[2], sample.dtype)
    _fill(image, convert, pixels, alpha)
    return pixels, alpha


def _deep(
    file: BinaryIO, format: str, name: str, raw: str
) -> tuple[ImageFile.ImageFile, np.ndarray, np.ndarray | None]:
    """16-bit RGB or RGBA: the image last opened, upright pixels and alpha."""
    mode, order = raw.split(";16")
    plain = "RGBA" if mode == "RGBa" else mode
    big = order == "B" or (order == "N" and sys.byteorder == "big")

    image = _reopened(file, format, name, f"{plain};16{'B' if big else 'L'}")
    pixels, alpha = _empty(image, len(image.mode), np.dtype("<u2"))
    _fill(image, np.asarray, _bytes(pixels, 1), None if alpha is None else _bytes(alpha, 1))
    del image  # before the second one is decoded
    image = _reopened(file, format, name, f"{plain};16{'L' if big else 'B'}")
    _fill(image, np.asarray, _bytes(pixels, 0), None if alpha is None else _bytes(alpha, 0))

    pixels = pixels.astype(np.uint16, copy=False)
    if alpha is not None:
        alpha = alpha.astype(np.uint16, copy=False)
        if mode == "RGBa":
            divide_alpha(pixels, alpha)
    return image, pixels, alpha


def _empty(
    image: Image.Image, samples: int, dtype: np.dtype[Any]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Arrays for the upright pixels and, for an even number of samples, the alpha of `image`."""
    shape = upright_shape((image.height, image.width), _orientation(image))
    if samples % 2:
        return np.empty((*shape, samples), dtype), None
    return np.empty((*shape, samples - 1), dtype), np.empty(shape, dtype)


def _bytes(array: np.ndarray, significance: int) -> np.ndarray:
    """The low (0) or high (1) bytes of a little-endian 16-bit array, as a view."""
    return array.view(np.uint8)[..., significance::2]


def _fill(
    image: Image.Image, convert: Convert, pixels: np.ndarray, alpha: np.ndarray | None
) -> None:
    turn = _orientation(image)
    stored = as_stored(pixels, turn)
    stored_alpha = None if alpha is None else as_stored(alpha, turn)
    for rows in strips(image.height, image.width):
        part = convert(image.crop((0, rows.start, image.width, rows.stop)))
        stored[rows] = part[..., : pixels.shape[2]]
        if stored_alpha is not None:
            stored_alpha[rows] = part[..., -1]


def divide_alpha(color: np.ndarray, alpha: np.ndarray) -> None:
    """Makes premultiplied `color` (H, W, C) straight, in place; black where alpha is (near) 0.

    Parameters
    ----------
    color : numpy.ndarray
        Premultiplied; changed in place.
    alpha : numpy.ndarray
        By which it was multiplied.
    """
    top = 1.0 if color.dtype == np.float32 else float(np.iinfo(color.dtype).max)
    for rows in strips(*alpha.shape):
        opacity = alpha[rows, :, None].astype(np.float64)
        seen = opacity > 1e-6 * top  # a float's last bits would be blown up to nonsense
        scale = np.divide(top, opacity, out=np.zeros_like(opacity), where=seen)
        straight = color[rows] * scale
        color[rows] = straight if top == 1.0 else np.minimum(np.rint(straight), top)


def _four_bytes_as_two_samples(strip: Image.Image) -> np.ndarray:
    samples: np.ndarray = np.asarray(strip).view(">u2").astype(np.uint16)
    return samples


def _converter(image: Image.Image, raw: str) -> Convert:
    """How strips of an image of this mode become arrays."""
    mode = image.mode
    if mode in _TO_SRGB:
        return _to_srgb(image)
    if mode in ("P", "PA"):
        with_alpha = mode == "PA" or "transparency" in image.info
        return _through("RGBA" if with_alpha else "RGB")
    if mode.startswith("I"):
        return _integers
    targets = {"1": "L", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}
    return _through(targets.get(mode, mode))


def _through(mode: str) -> Convert:
    def convert(strip: Image.Image) -> np.ndarray:
        array: np.ndarray = np.asarray(strip if strip.mode == mode else strip.convert(mode))
        return array[..., None] if array.ndim == 2 else array

    return convert


def _integers(strip: Image.Image) -> np.ndarray:
    """Pillow's 16-bit grays, kept sometimes in 32 bits."""
    array: np.ndarray = np.clip(np.asarray(strip), 0, 65535).astype(np.uint16)
    return array[..., None]


def _to_srgb(image: Image.Image) -> Convert:
    """CMYK and Lab strips to sRGB: by the file's profile, or by rule of thumb where it has none."""
    from PIL import ImageCms

    srgb = ImageCms.createProfile("sRGB")
    embedded = image.info.get("icc_profile")
    try:
        if image.mode == "LAB":
            source: Any = ImageCms.createProfile("LAB")
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(embedded)) if embedded else None
        if source is None:
            return _through("RGB")
        transform = ImageCms.buildTransform(source, srgb, image.mode, "RGB")
    except (ImageCms.PyCMSError, OSError):  # a damaged profile, or one for another color space
        return _through("RGB")

    def convert(strip: Image.Image) -> np.ndarray:
        converted: np.ndarray = np.asarray(ImageCms.applyTransform(strip, transform))
        return converted

    return convert


def _color_keyed(image: Image.Image, raw: str, pixels: np.ndarray) -> np.ndarray | None:
    """Alpha of files that name one color as transparent (PNG's tRNS without a palette)."""
    key = image.info.get("transparency")
    if key is None or image.mode in ("P", "PA") or isinstance(key, bytes):
        return None
    scaled = np.asarray(key, np.int64).reshape(-1) * _GRAY_SCALE.get(raw, 1)
    if len(scaled) != pixels.shape[2]:
        return None
    top = np.iinfo(pixels.dtype).max
    alpha = np.full(pixels.shape[:2], top, pixels.dtype)
    for rows in strips(*alpha.shape):
        alpha[rows][(pixels[rows] == (scaled & top).astype(pixels.dtype)).all(axis=-1)] = 0
    return alpha


def _orientation(image: Image.Image) -> int:
    """What is left to turn after Pillow's decoding (some of its decoders turn by themselves)."""
    turn = image.getexif().get(exif.ORIENTATION, 1)
    return turn if turn in range(1, 9) else 1


def _metadata(image: Image.Image, width: int, height: int) -> Metadata:
    info = image.info
    xmp = info.get("xmp")
    if isinstance(xmp, str):
        xmp = xmp.encode()
    block = info.get("exif")
    if not block and "Raw profile type exif" in info:  # ImageMagick's way before PNG had eXIf
        block = image.getexif().tobytes()
    texts = getattr(image, "text", {})
    return Metadata(
        exif=exif.upright(block, width, height) if isinstance(block, bytes) and block else None,
        xmp=upright_xmp(xmp) if isinstance(xmp, bytes) and xmp else None,
        dpi=plausible_dpi(info.get("dpi")),
        text={str(key): str(value) for key, value in texts.items() if _worth_keeping(key)},
    )


def _worth_keeping(key: str) -> bool:
    """Not the texts that hold EXIF, XMP or ICC in disguise: they would go stale or come twice."""
    return key != "XML:com.adobe.xmp" and not key.startswith("Raw profile type")


def plausible_dpi(value: Any) -> tuple[float, float] | None:
    """Dots per inch as two floats, if that is what `value` is. (Some write 1 for "unknown".)

    Parameters
    ----------
    value : Any
        What a file says.

    Returns
    -------
    tuple[float, float] or None
    """
    try:
        x, y = (float(number) for number in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 1 < x <= 65_535 and 1 < y <= 65_535 else None
