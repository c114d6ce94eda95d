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
_LARGEST_THUMBNAIL = 1024
_COLORS = {0: 1, 1: 1, 2: 3}  # by photometric: min-is-white, min-is-black, RGB
_ICC, _XMP, _PHOTOSHOP, _ORIENTATION = 34675, 700, 34377, 274
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
        if page.photometric in _LABS and page.bitspersample > 8:
            pixels, alpha, lost = _lab(page, name)
            icc, remarks = None, remarks + lost
        elif page.photometric in _COLORS and _for_tifffile(page):
            pixels, alpha = _through_tifffile(page, name)
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
        if _is_small_copy(main, page):
            main = page
    others = [page for page in full if page is not main and not _is_small_copy(page, main)]
    if not others:
        return main, ()
    return main, (f"The file holds {len(others) + 1} pictures; only the first is used.",)


def _is_reduced(page: tifffile.TiffPage) -> bool:
    """Marked as a smaller copy of another page, or as a mask of it."""
    return bool(page.subfiletype & _REDUCED_OR_MASK) or page.tags.valueof(255) == 2


def _is_small_copy(small: tifffile.TiffPage, large: tifffile.TiffPage) -> bool:
    """Whether the one may be a thumbnail of the other: half the size or less, of its shape."""
    width, height = small.imagewidth, small.imagelength
    if not width or max(width, height) > _LARGEST_THUMBNAIL or 2 * width > large.imagewidth:
        return False
    expected = large.imagelength * width / large.imagewidth
    return abs(expected - height) <= 1 + 0.02 * expected


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
            return Raster(*_through_tifffile(page, name), page.tags.valueof(_ICC) or None)
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
    """16-bit Lab as 16-bit sRGB, with its alpha, and a remark where sRGB is too small for it."""
    data = _samples(page, name)
    if data.dtype != np.uint16 or data.shape[2] < 3:
        raise InputInvalid(f"{name} is Lab with {data.dtype} samples.", "Save it with 16 bits.")
    pixels = np.empty((*data.shape[:2], 3), np.uint16)
    beyond = 0
    for rows in strips(*data.shape[:2]):
        part = data[rows, :, :3].astype(np.float64)
        if page.photometric == _ICC_LAB:
            part = (part - (0, 32768, 32768)) * (100 / 65280, 1 / 256, 1 / 256)
        else:
            signed = data[rows, :, 1:3].view(np.int16) / 256
            part = np.concatenate([part[..., :1] * (100 / 65535), signed], axis=2)
        srgb = color.lab_to_srgb(*np.moveaxis(part, 2, 0))
        beyond += int(((srgb < -_VISIBLE) | (srgb > 1 + _VISIBLE)).any(axis=2).sum())
        pixels[rows] = np.rint(np.clip(srgb, 0, 1) * 65535)
    remark: tuple[str, ...] = ()
    if beyond > _NOTICEABLE * data.shape[0] * data.shape[1]:
        remark = ("Some of the Lab picture's colors are beyond sRGB and lose saturation.",)
    turn = _orientation(page)
    alpha = _upright(data[..., 3], turn) if _alpha_kind(page, 3) == _STRAIGHT else None
    return _upright(pixels, turn), alpha, remark


def _through_tifffile(page: tifffile.TiffPage, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Upright pixels and straight alpha."""
    data = _as_depth(_samples(page, name), page.bitspersample, name)
    colors = _COLORS[page.photometric]
    kind = _alpha_kind(page, colors)
    turn = _orientation(page)
    pixels = _upright(data[..., :colors], turn)
    alpha = _upright(data[..., colors], turn) if kind else None
    if page.photometric == _MIN_IS_WHITE:
        np.subtract(1 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max, pixels, pixels)
    if kind == _PREMULTIPLIED and alpha is not None:
        decoding.divide_alpha(pixels, alpha)
    return pixels, alpha


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
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if len(parts) != math.prod(page.chunked) or any(
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
