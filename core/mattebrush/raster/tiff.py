# SPDX-License-Identifier: Apache-2.0
"""TIFF: more than 8 bits a sample through tifffile, the rest read through Pillow; both written by
tifffile. Its companion imagecodecs brings the codecs: LZW, 12 bits, differences of floats, and the
rare ones."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import logging
import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..errors import InputInvalid
from ..imaging.strips import strips
from . import color, decoding, exif
from .model import RAW_FIX, Metadata, Raster, interleaved_strips
from .orientation import as_stored, upright_shape, upright_xmp
from .parallel import in_order
from .png import LEVEL

if TYPE_CHECKING:
    import tifffile

_RAW_PHOTOMETRIC = (32803, 34892)  # color filter array, LinearRaw
_PILLOW_HAS = (1, 2, 3, 4, 5, 6, 7, 8, 32946, 32773)
"""Compressions: none, three of fax, LZW, two of JPEG, deflate (two numbers), PackBits."""
_DEFLATE = (8, 32946)
_PLANES = 2  # PlanarConfiguration: one plane after the other
_MIN_IS_WHITE = 0
_SEPARATED = 5  # into inks
_PREMULTIPLIED, _STRAIGHT = 1, 2  # ExtraSamples
_MOST_SAMPLES = 16
_KEEP_DEPTH = "convert the picture to RGB first to keep them."
_CHUNK = 1 << 20
_LABS, _ICC_LAB = (8, 9), 9
_VISIBLE = 0.01  # how far beyond sRGB a value shows
_NOTICEABLE = 0.001  # share of the pixels
_MOST_PAGES = 1000
_REDUCED_OR_MASK = 1 | 4  # NewSubfileType
_LARGEST_THUMBNAIL, _ALWAYS_THUMBNAIL = 1024, 256  # longer sides
_COLORS = {0: 1, 1: 1, 2: 3}  # by photometric: min-is-white, min-is-black, RGB
_ICC, _XMP, _PHOTOSHOP, _ORIENTATION, _WHITE_POINT = 34675, 700, 34377, 274, 318
_STRIP_BYTES = 1 << 20
_CLASSIC_LIMIT = 2**32 - 2**26  # bytes; BigTIFF beyond

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else it prints its warnings


def read(file: BinaryIO, name: str, max_pixels: int) -> Raster:
    """The main picture of a TIFF file.

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
    MattebrushError
        As `decoding.read` does.
    """
    import tifffile

    with tifffile.TiffFile(file, is_ome=False, is_imagej=False) as tiff:
        page, remarks = _main_page(tiff)
        _check(page, file, name, max_pixels)
        metadata, icc = _metadata(page, file), page.tags.valueof(_ICC)
        if page.photometric in _LABS:
            pixels, alpha, lost = _lab(page, name)
            icc, remarks = None, remarks + lost
        elif page.photometric in _COLORS and _for_tifffile(page):
            pixels, alpha, more = _through_tifffile(page, name)
            remarks += more
        else:
            raster = _through_pillow(page, file, name, max_pixels)
            pixels, alpha, icc = raster.pixels, raster.alpha, raster.icc
            if page.bitspersample > 8 and pixels.dtype == np.uint8:
                remarks += (f"Of {page.bitspersample} bits 8 are used; {_KEEP_DEPTH}",)
    if metadata.exif:
        block = exif.upright(metadata.exif, pixels.shape[1], pixels.shape[0])
        metadata = dataclasses.replace(metadata, exif=block)
    return Raster(pixels, alpha, icc or None, metadata, "TIFF", remarks)


def _main_page(tiff: tifffile.TiffFile) -> tuple[tifffile.TiffPage, tuple[str, ...]]:
    """The full-size picture, which a thumbnail may stand before; a remark if there are others."""
    pages: list[Any] = [tiff.pages[n] for n in range(min(len(tiff.pages), _MOST_PAGES))]
    pages += list(pages[0].pages or ())
    full = [page for page in pages if not _is_reduced(page)] or pages[:1]
    main = full[0]
    for page in full[1:]:  # a thumbnail that does not say so
        if _is_thumbnail(main, page):
            main = page
    others = [page for page in full if page is not main and not _is_thumbnail(page, main)]
    if not others:
        return main, ()
    return main, (f"The file holds {len(others) + 1} pictures; only the first is used.",)


def _is_reduced(page: tifffile.TiffPage) -> bool:
    """Marked as a smaller copy of another page, or as a mask of it."""
    return bool(page.subfiletype & _REDUCED_OR_MASK) or page.tags.valueof(255) == 2


def _is_thumbnail(small: tifffile.TiffPage, large: tifffile.TiffPage) -> bool:
    """Whether the one may be a small copy of the other: half the size or less, and of its shape,
    unless it is as small as thumbnails that are cropped, turned, or have bars beside them."""
    sides, whole = (small.imagewidth, small.imagelength), (large.imagewidth, large.imagelength)
    longest = max(sides)
    if not all(sides) or longest > _LARGEST_THUMBNAIL or 2 * longest > max(whole):
        return False
    expected = whole[1] * sides[0] / whole[0]
    return longest <= _ALWAYS_THUMBNAIL or abs(expected - sides[1]) <= 1 + 0.02 * expected


def _check(page: tifffile.TiffPage, file: BinaryIO, name: str, max_pixels: int) -> None:
    decoding.check_size(page.imagewidth, page.imagelength, max_pixels, name)
    file.seek(8)
    if page.photometric in _RAW_PHOTOMETRIC or file.read(2) == b"CR":
        raise InputInvalid(f"{name} is a camera raw file.", RAW_FIX)
    if page.samplesperpixel > _MOST_SAMPLES:
        raise InputInvalid(
            f"{name} has {page.samplesperpixel} channels.", "Save it as RGB or gray, with alpha."
        )


def _for_tifffile(page: tifffile.TiffPage) -> bool:
    """Whether tifffile (and imagecodecs) read it: what is deep, and what Pillow has no codec for
    or cannot reach."""
    reachable = page.treeindex == (page.index,)  # not one that hangs below another
    return page.bitspersample > 8 or page.compression not in _PILLOW_HAS or not reachable


def _through_pillow(page: tifffile.TiffPage, file: BinaryIO, name: str, max_pixels: int) -> Raster:
    import tifffile
    from PIL import UnidentifiedImageError

    file.seek(0)
    try:
        return decoding.read(file, "TIFF", name, max_pixels, frame=page.index)
    except UnidentifiedImageError as unknown:
        if page.photometric in _COLORS:  # gray with 8-bit alpha, before Pillow 13
            pixels, alpha, _ = _through_tifffile(page, name)
            return Raster(pixels, alpha, page.tags.valueof(_ICC) or None)
        if page.photometric == _SEPARATED and page.bitspersample == 8 and page.samplesperpixel > 4:
            return _inked(page, name)
        kind = tifffile.COMPRESSION(page.compression).name
        raise InputInvalid(
            f"{name} is a TIFF of a kind that is not read here ({page.samplesperpixel} x "
            f"{page.dtype}, {kind} compression).",
            "Save it as RGB or gray, with 8 or 16 bits, or 32-bit float.",
        ) from unknown


def _inked(page: tifffile.TiffPage, name: str) -> Raster:
    """CMYK with channels behind it that Pillow does not know: transparency, spot inks."""
    data = _samples(page, name)
    turn = _orientation(page)
    pixels = decoding.of_inks(data[..., :4], page.tags.valueof(_ICC) or None)
    alpha = _upright(data[..., 4], turn) if _alpha_kind(page, 4) == _STRAIGHT else None
    return Raster(_upright(pixels, turn), alpha)


def _lab(
    page: tifffile.TiffPage, name: str
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Lab as sRGB of 8 or 16 bits, with its alpha, and a remark where sRGB is too small for it."""
    data = _samples(page, name)
    if data.dtype not in (np.uint8, np.uint16, np.float32) or data.shape[2] < 3:
        raise InputInvalid(
            f"{name} is Lab with {data.shape[2]} x {data.dtype} samples.",
            "Save it as RGB, with 8 or 16 bits.",
        )
    depth = np.uint8 if data.dtype == np.uint8 else np.uint16
    pixels = np.empty((*data.shape[:2], 3), depth)
    white, beyond = _white(page), 0
    for rows in strips(*data.shape[:2]):
        lab = _as_lab(data[rows, :, :3], page.photometric == _ICC_LAB)
        srgb = color.lab_to_srgb(lab[..., 0], lab[..., 1], lab[..., 2], white)
        beyond += int(((srgb < -_VISIBLE) | (srgb > 1 + _VISIBLE)).any(axis=2).sum())
        pixels[rows] = np.rint(np.clip(srgb, 0, 1) * np.iinfo(depth).max)
    remark: tuple[str, ...] = ()
    if beyond > _NOTICEABLE * data.shape[0] * data.shape[1]:
        remark = ("Some of the Lab picture's colors are beyond sRGB and lose saturation.",)
    turn = _orientation(page)
    alpha = _upright(data[..., 3], turn) if _alpha_kind(page, 3) == _STRAIGHT else None
    return _upright(pixels, turn), alpha, remark


def _as_lab(samples: np.ndarray, offset: bool) -> np.ndarray:
    """L* from 0 to 100, a* and b*, of samples (..., 3) as they stand in a file; offset: a* and b*
    are counted from the middle, as ICC has them, rather than signed."""
    if samples.dtype == np.float32:
        return samples.astype(np.float64)
    if samples.dtype == np.uint8:
        signed = samples[..., 1:] - 128.0 if offset else samples[..., 1:].view(np.int8)
        return np.concatenate([samples[..., :1] * (100 / 255), signed], axis=-1)
    if offset:
        return (samples - (0.0, 32768, 32768)) * (100 / 65280, 1 / 256, 1 / 256)
    signed = samples[..., 1:].view(np.int16) / 256
    return np.concatenate([samples[..., :1] * (100 / 65535), signed], axis=-1)


def _white(page: tifffile.TiffPage) -> tuple[float, float] | None:
    """The chromaticity under which a Lab picture says that it was measured; None for D50's."""
    stored = page.tags.valueof(_WHITE_POINT)
    if page.photometric == _ICC_LAB or not stored or len(stored) != 4 or not all(stored):
        return None
    x, y = stored[0] / stored[1], stored[2] / stored[3]
    return (x, y) if 0 < x < 1 and 0 < y < 1 else None


def _through_tifffile(
    page: tifffile.TiffPage, name: str
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Upright pixels, straight alpha, and a remark."""
    stored = _samples(page, name)
    data = _as_depth(stored, page.bitspersample, name)
    remark: tuple[str, ...] = ()
    if page.bitspersample > 16 and stored.dtype.kind == "u" and 0 < stored.max() < 1 << 16:
        full = 2**page.bitspersample - 1
        remark = (f"The file's whole numbers end at {stored.max()} of {full}, all but black.",)
    colors = _COLORS[page.photometric]
    kind = _alpha_kind(page, colors)
    turn = _orientation(page)
    pixels = _upright(data[..., :colors], turn)
    alpha = _upright(data[..., colors], turn) if kind else None
    if page.photometric == _MIN_IS_WHITE:
        np.subtract(1 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max, pixels, pixels)
    if kind == _PREMULTIPLIED and alpha is not None:
        decoding.divide_alpha(pixels, alpha)
    return pixels, alpha, remark


def _samples(page: tifffile.TiffPage, name: str) -> np.ndarray:
    """The page as stored, (H, W, samples)."""
    _check_data(page, name)
    try:
        data = page.asarray()
    except (ValueError, NotImplementedError, KeyError) as failure:
        if "requires the 'imagecodecs'" not in str(failure):
            raise
        raise InputInvalid(
            f"{name} is a TIFF that needs a further package.",
            "Install it with: pip install imagecodecs",
        ) from failure
    if page.planarconfig == _PLANES and page.samplesperpixel > 1:
        data = np.moveaxis(data, 0, -1)
    return data.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)


def _check_data(page: tifffile.TiffPage, name: str) -> None:
    """Refuses what tifffile lets pass: parts of the picture that are missing (it fills them with
    zeros), and deflated parts that hold more than their share (it inflates them without a limit,
    and a megabyte of them can be a gigabyte of memory)."""
    sizes = [
        page.imagewidth,
        page.rowsperstrip,
        page.samplesperpixel,
        (page.bitspersample + 7) // 8,
    ]
    if page.is_tiled:
        sizes[:2] = page.tilewidth, page.tilelength
    file = page.parent.filehandle
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    expected = {len(page.dataoffsets), len(page.databytecounts), math.prod(page.chunked)}
    if expected != {len(parts)} or any(
        count == 0 or offset + count > file.size for offset, count in parts
    ):
        raise InputInvalid(f"{name} is incomplete: pixels are missing.", "Get the file again.")
    if page.compression not in _DEFLATE:
        return
    for offset, count in parts:
        file.seek(offset)
        packed, inflater, left = file.read(count), zlib.decompressobj(), math.prod(sizes)
        while packed and left >= 0:
            left -= len(inflater.decompress(packed, _CHUNK))
            packed = inflater.unconsumed_tail
        if left < 0:
            raise InputInvalid(f"{name} is damaged: a part of it is too large.", "Save it again.")


def _alpha_kind(page: tifffile.TiffPage, colors: int) -> int:
    """What the first sample behind the colors is: premultiplied or straight alpha, or 0, neither.

    Files that have such a sample and do not say what it is mean straight alpha.
    """
    if page.samplesperpixel <= colors:
        return 0
    return int(page.extrasamples[0]) if page.extrasamples else _STRAIGHT


def _upright(data: np.ndarray, turn: int) -> np.ndarray:
    if turn == 1:
        return np.ascontiguousarray(data)
    shape = upright_shape(data.shape[:2], turn)
    out = np.empty((*shape, *data.shape[2:]), data.dtype)
    as_stored(out, turn)[...] = data
    return out


def _as_depth(data: np.ndarray, bits: int, name: str) -> np.ndarray:
    """Unsigned integers as uint8 or uint16, at full scale; any floats as float32."""
    if data.dtype.kind == "f":
        return data.astype(np.float32, copy=False)
    if data.dtype.kind != "u":
        raise InputInvalid(
            f"{name} holds {data.dtype} samples.", "Save it with 8 or 16 bits, or 32-bit float."
        )
    depth = np.dtype(np.uint8 if bits <= 8 else np.uint16)
    if bits > 16:
        data = data >> (bits - 16)
    elif bits != depth.itemsize * 8:  # 12 bits a sample, say
        top = 2**bits - 1
        data = (data.astype(np.uint32) * np.iinfo(depth).max + top // 2) // top
    return data.astype(depth, copy=False)


def _orientation(page: tifffile.TiffPage) -> int:
    value = page.tags.valueof(_ORIENTATION, default=1)
    return int(value) if value in range(1, 9) else 1


def _metadata(page: tifffile.TiffPage, file: BinaryIO) -> Metadata:
    xmp = page.tags.valueof(_XMP)
    with contextlib.suppress(ValueError, TypeError, ZeroDivisionError, AttributeError):
        dpi = decoding.plausible_dpi(page.get_resolution("inch"))
        return Metadata(
            exif=exif.of_tiff(file),
            xmp=upright_xmp(xmp) if isinstance(xmp, bytes) else None,
            dpi=dpi,
        )
    return Metadata()


def write(file: BinaryIO, raster: Raster, icc: bytes | None) -> None:
    """Writes `raster` at its own depth, deflate-compressed, straight alpha marked as such.

    Parameters
    ----------
    file : BinaryIO
        To write into; seekable.
    raster : Raster
        The picture to write.
    icc : bytes or None
        An ICC profile; None means sRGB.
    """
    channels = raster.pixels.shape[2] + (raster.alpha is not None)
    depth = raster.pixels.dtype
    _write(
        file,
        (raster.height, raster.width, channels),
        depth,
        lambda rows: interleaved_strips(raster, depth, channels, rows),
        raster.metadata,
        icc,
        "rgb" if raster.pixels.shape[2] == 3 else "minisblack",
        None if raster.alpha is None else ["unassalpha"],
    )


def write_samples(
    file: BinaryIO,
    samples: np.ndarray,
    metadata: Metadata,
    icc: bytes | None,
    photometric: str,
    extra: Sequence[str],
) -> None:
    """Writes samples as they are, deflate-compressed.

    Parameters
    ----------
    file : BinaryIO
        To write into; seekable.
    samples : numpy.ndarray
        (H, W, C).
    metadata : Metadata
        What the file says besides.
    icc : bytes or None
        An ICC profile.
    photometric : str
        What the first samples are, in tifffile's words.
    extra : Sequence[str]
        What each of those behind them is.
    """
    height, width = samples.shape[:2]
    _write(
        file,
        samples.shape,
        samples.dtype,
        lambda rows: (samples[part] for part in strips(height, width, rows)),
        metadata,
        icc,
        photometric,
        list(extra) or None,
    )


def _write(
    file: BinaryIO,
    shape: tuple[int, ...],
    depth: np.dtype[Any],
    parts_of: Callable[[int], Iterable[np.ndarray]],
    metadata: Metadata,
    icc: bytes | None,
    photometric: str,
    extra_samples: list[str] | None,
) -> None:
    import tifffile

    height, width, channels = shape
    row_bytes = width * channels * depth.itemsize
    rows = min(height, max(1, _STRIP_BYTES // row_bytes))
    big = row_bytes * height > _CLASSIC_LIMIT
    parsed = exif.parse(io.BytesIO(metadata.exif)) if metadata.exif and not big else None
    order, about = parsed or ("<", {})
    blocks = ((_XMP, 1, metadata.xmp), (_PHOTOSHOP, 1, metadata.photoshop), (_ICC, 7, icc))
    tifffile.imwrite(
        file,
        in_order(functools.partial(_packed, order=order), parts_of(rows)),
        shape=(height, width) + ((channels,) if channels > 1 else ()),
        dtype=depth,
        bigtiff=big,
        byteorder=order,
        photometric=photometric,
        planarconfig="contig" if channels > 1 else None,
        extrasamples=extra_samples,
        compression="zlib",
        predictor=1 if depth == np.float32 else 2,
        rowsperstrip=rows,
        resolution=metadata.dpi,
        resolutionunit="inch" if metadata.dpi else None,
        extratags=[(tag, kind, len(data), data, True) for tag, kind, data in blocks if data],
        metadata=None,
        software=False,
    )
    extra = {tag: entry for tag, entry in about.items() if tag in exif.DESCRIPTIVE}
    if extra:
        exif.attach(file, order, extra)


def _packed(strip: np.ndarray, order: exif.Order) -> bytes:
    """A strip as it stands in the file: differences to the left neighbor, deflated. Floats, whose
    differences deflate no better, as they are."""
    if strip.dtype != np.float32:
        strip = np.concatenate([strip[:, :1], np.diff(strip, axis=1)], axis=1)
    return zlib.compress(strip.astype(strip.dtype.newbyteorder(order), copy=False).tobytes(), LEVEL)
