# SPDX-License-Identifier: Apache-2.0
"""TIFF: more than 8 bits a sample through tifffile, the rest read through Pillow; both written by
tifffile. What tifffile has no codec for without its large companion imagecodecs, Pillow's libtiff
often has."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from ..errors import InputInvalid
from . import decoding, exif
from .model import Metadata, Raster, strips
from .orientation import as_stored, upright_shape, upright_xmp

if TYPE_CHECKING:
    import tifffile

_RAW_PHOTOMETRIC = (32803, 34892)  # colour filter array, LinearRaw
_COLOURS = {0: 1, 1: 1, 2: 3}  # by photometric: min-is-white, min-is-black, RGB
_REDUCED = 1  # the NewSubfileType bit of a preview
_ICC, _XMP, _ORIENTATION = 34675, 700, 274
_STRIP_BYTES = 1 << 20


def read(file: BinaryIO, name: str, max_pixels: int) -> Raster:
    """The first picture of a TIFF file. Raises as `decoding.read` does."""
    import tifffile

    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # else it prints
    with tifffile.TiffFile(file, is_ome=False, is_imagej=False) as tiff:
        page = tiff.pages.first
        decoding.check_size(page.imagewidth, page.imagelength, max_pixels, name)
        file.seek(8)
        if int(page.photometric) in _RAW_PHOTOMETRIC or file.read(2) == b"CR":
            raise InputInvalid(f"{name} is a camera raw file.", "Develop it to TIFF or JPEG first.")
        metadata, icc = _metadata(page, file), page.tags.valueof(_ICC)
        deep = page.bitspersample > 8 and page.photometric in _COLOURS
        if deep and (_has_codec(page) or not _pillow_keeps_depth(page)):
            pixels, alpha = _deep(page, name)
        else:
            file.seek(0)
            raster = decoding.read(file, "TIFF", name, max_pixels)
            pixels, alpha, icc = raster.pixels, raster.alpha, raster.icc
    if metadata.exif:
        block = exif.upright(metadata.exif, pixels.shape[1], pixels.shape[0])
        metadata = Metadata(block, metadata.xmp, metadata.dpi)
    return Raster(pixels, alpha, icc or None, metadata, "TIFF")


def _has_codec(page: tifffile.TiffPage) -> bool:
    import tifffile

    return page.compression in tifffile.TIFF.DECOMPRESSORS and (
        page.predictor in tifffile.TIFF.UNPREDICTORS
    )


def _pillow_keeps_depth(page: tifffile.TiffPage) -> bool:
    return page.dtype == np.uint16 and page.bitspersample == 16


def _deep(page: tifffile.TiffPage, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Upright pixels and straight alpha of a picture with more than 8 bits a sample."""
    if not _has_codec(page):
        import tifffile

        how = tifffile.COMPRESSION(page.compression).name
        raise InputInvalid(
            f"{name} is compressed in a way ({how}) that needs a further package.",
            "Save it uncompressed or with deflate, or: pip install imagecodecs",
        )
    data = page.asarray()
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        data = np.moveaxis(data, 0, -1)
    data = data.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)
    data = _as_depth(data, page.bitspersample, name)
    colours = _COLOURS[page.photometric]
    kind = _alpha_kind(page, colours)
    turn = orientation_of(page)
    pixels = _upright(data[..., :colours], turn)
    alpha = _upright(data[..., colours], turn) if kind else None
    if page.photometric == 0:
        pixels = (1 - pixels) if pixels.dtype == np.float32 else ~pixels
    if kind == 1 and alpha is not None:
        decoding.divide_alpha(pixels, alpha)
    return pixels, alpha


def _alpha_kind(page: tifffile.TiffPage, colours: int) -> int:
    """ExtraSamples of the first sample behind the colours: 1 premultiplied, 2 straight, 0 none.

    Files that have such a sample and do not say what it is mean straight alpha.
    """
    if page.samplesperpixel <= colours:
        return 0
    return int(page.extrasamples[0]) if page.extrasamples else 2


def _upright(data: np.ndarray, turn: int) -> np.ndarray:
    if turn == 1:
        return np.ascontiguousarray(data)
    shape = upright_shape(data.shape[:2], turn)
    out = np.empty((*shape, *data.shape[2:]), data.dtype)
    as_stored(out, turn)[...] = data
    return out


def _as_depth(data: np.ndarray, bits: int, name: str) -> np.ndarray:
    """Any unsigned integers as uint16, any floats as float32."""
    if data.dtype.kind == "f":
        data = data.astype(np.float32, copy=False)
        if not all(np.isfinite(row).all() for row in data):
            raise InputInvalid(
                f"{name} holds values that are not numbers (NaN or infinity).",
                "Save it again with these pixels mended.",
            )
        return data
    if data.dtype.kind != "u":
        raise InputInvalid(
            f"{name} holds {data.dtype} samples.", "Save it with 8 or 16 bits, or 32-bit float."
        )
    if data.dtype.itemsize > 2:
        data = data >> (data.dtype.itemsize * 8 - 16)
    elif bits < 16:  # 10, 12 or 14 bits a sample: stretch to full scale
        data = data.astype(np.uint32) * 65535 // (2**bits - 1)
    return data.astype(np.uint16, copy=False)


def orientation_of(page: tifffile.TiffPage) -> int:
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
    """Writes `raster` at its own depth, deflate-compressed, straight alpha marked as such."""
    import tifffile

    channels = raster.pixels.shape[2] + (raster.alpha is not None)
    depth = raster.pixels.dtype
    rows = max(1, _STRIP_BYTES // (raster.width * channels * depth.itemsize))
    shape = (raster.height, raster.width) + ((channels,) if channels > 1 else ())
    metadata = raster.metadata
    tifffile.imwrite(
        file,
        (s if channels > 1 else s[..., 0] for s in strips(raster, depth, channels, rows)),
        shape=shape,
        dtype=depth,
        photometric="rgb" if raster.pixels.shape[2] == 3 else "minisblack",
        planarconfig="contig" if channels > 1 else None,
        extrasamples=None if raster.alpha is None else ["unassalpha"],
        compression="zlib",
        compressionargs={"level": 4},
        rowsperstrip=rows,
        resolution=metadata.dpi,
        resolutionunit="inch" if metadata.dpi else None,
        iccprofile=icc,
        extratags=[(_XMP, 1, len(metadata.xmp), metadata.xmp, True)] if metadata.xmp else None,
        metadata=None,
        software=False,
    )
