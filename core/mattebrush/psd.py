# SPDX-License-Identifier: Apache-2.0
"""A layered PSD: the original under the matte as its layer mask, the clean color hidden above.

An editable mask for every editor that has no plug-in of ours. The format is Adobe's ("Photoshop
File Formats Specification", 2019); of it this writes two layers with masks in 8 or 16 bits, gray
or RGB, or in 8 bits of CMYK, or such a pair in a group for each of several objects, and nothing
else. psd-tools could write it too, but keeps masks in 8 bits, works on float copies of the whole
picture, and brings scipy along. Reading PSD is nobody's job here.
"""

from __future__ import annotations

import dataclasses
import io
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .atomic import whole_file
from .errors import OutputUnwritable
from .imaging.depth import to_depth
from .imaging.rect import Rect
from .raster import Raster, cmyk
from .raster.parallel import in_order

_LONGEST_SIDE = 30_000
_LARGEST_FILE = 2**31 - 1
_MODES = {1: 1, 3: 3, 4: 4}  # color modes by channels: gray, RGB, CMYK
_BLACK_INK = 3
_TRANSPARENCY, _MASK = -1, -2  # channel ids; colors count from 0
_RAW, _PACKBITS = 0, 1
_HIDDEN, _FLAGS_COUNT = 2, 8  # layer flags
_STRIP_BYTES = 1 << 22
_OPEN_GROUP, _END_OF_GROUP = 1, 3  # section dividers; 0 for a layer of its own
_END_NAME = "</Layer group>"

ORIGINAL, CLEAN, SHADOW = "Original", "Clean color", "Shadow"
"""The names of the layers."""

Plane = Callable[[int, int], np.ndarray]
"""plane(y0, y1): these rows of one channel, (rows, W) in the file's depth."""


@dataclasses.dataclass(frozen=True)
class Group:
    """One object of a picture: a group with the original under its mask, and the clean color.

    window: the rectangle that mask and foreground cover. mask: (h, w), uint8, uint16 or float32
    in [0, 1]. foreground: (h, w, C), or None to leave that layer out.
    """

    name: str
    window: Rect
    mask: np.ndarray
    foreground: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Ink:
    """What a document in CMYK needs: the printer's profile, and one more ink in a spot channel."""

    profile: cmyk.InkProfile
    spot: cmyk.Spot | None = None


@dataclasses.dataclass
class _Layer:
    name: str
    planes: dict[int, Plane]  # by channel id
    hidden: bool
    rect: Rect
    section: int = 0  # what kind of divider it is, of those that begin and end groups


@dataclasses.dataclass
class _Canvas:
    width: int
    height: int
    depth: np.dtype[np.uint8] | np.dtype[np.uint16]


def write(
    path: Path | str,
    original: Raster,
    alpha: np.ndarray,
    foreground: np.ndarray | None = None,
    *,
    shadow: np.ndarray | None = None,
    ink: Ink | None = None,
    overwrite: bool = False,
    strip: bool = False,
) -> None:
    """Writes `path` as a PSD, whole or not at all.

    Parameters
    ----------
    path : Path or str
        The name that it takes.
    original : Raster
        The picture; an alpha channel it has becomes its layer's transparency. 8 bits stay 8, all
        else becomes 16.
    alpha : numpy.ndarray
        The matte (H, W), uint8, uint16 or float32 in [0, 1]; without `original.alpha` in it.
    foreground : numpy.ndarray or None, optional
        The clean color, shaped like `original.pixels`; None leaves that layer out. It carries the
        same mask, so that showing it shows a cut-out.
    shadow : numpy.ndarray or None, optional
        How dark it is (H, W), float32: a soft black layer of its own, at the bottom.
    ink : Ink or None, optional
        In CMYK, with 8 bits.
    overwrite : bool, optional
        Whether a file that is there may be replaced.
    strip : bool, optional
        Leave the metadata out (the ICC profile stays).

    Raises
    ------
    OutputExists, OutputUnwritable, InputInvalid
        OutputExists, OutputUnwritable (also for what a PSD cannot hold: a side of more than 30,000
        pixels, a file of 2 GB) and InputInvalid for arrays of the wrong shape or dtype.
    """
    with whole_file(path, overwrite) as file:
        write_to(file, original, alpha, foreground, shadow=shadow, ink=ink, strip=strip)


def write_to(
    file: BinaryIO,
    original: Raster,
    alpha: np.ndarray,
    foreground: np.ndarray | None = None,
    *,
    shadow: np.ndarray | None = None,
    ink: Ink | None = None,
    strip: bool = False,
) -> None:
    """Writes the PSD to a seekable file. Other arguments and errors as for `write`.

    Parameters
    ----------
    file : BinaryIO
        To write into; seekable.
    original : Raster
        The picture.
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    foreground : numpy.ndarray or None, optional
        Straight colors, (H, W, 1|3).
    shadow : numpy.ndarray or None, optional
        How it falls; None for none.
    ink : Ink or None, optional
        In CMYK, with 8 bits.
    strip : bool, optional
        Leave the metadata out.
    """
    _check(original, alpha, foreground)
    _write(file, original, alpha, foreground, shadow, strip, ink)


def encode(
    original: Raster,
    alpha: np.ndarray,
    foreground: np.ndarray | None,
    *,
    shadow: np.ndarray | None = None,
    ink: Ink | None = None,
    strip: bool = False,
) -> bytes:
    """The file that `write` would write, as bytes. Arguments and errors as for `write`.

    Parameters
    ----------
    original : Raster
        The picture.
    alpha : numpy.ndarray
        How opaque each pixel is, (H, W).
    foreground : numpy.ndarray or None
        Straight colors, (H, W, 1|3).
    shadow : numpy.ndarray or None, optional
        How it falls; None for none.
    ink : Ink or None, optional
        In CMYK, with 8 bits.
    strip : bool, optional
        Leave the metadata out.

    Returns
    -------
    bytes
    """
    file = io.BytesIO()
    write_to(file, original, alpha, foreground, shadow=shadow, ink=ink, strip=strip)
    return file.getvalue()


def write_groups(
    file: BinaryIO,
    original: Raster,
    groups: Sequence[Group],
    alpha: np.ndarray,
    *,
    strip: bool = False,
) -> None:
    """Writes a PSD with a group for each object over the hidden original to a seekable file.

    Other arguments and errors as for `write`.

    Parameters
    ----------
    file : BinaryIO
        To write into; seekable.
    original : Raster
        The picture.
    groups : Sequence[Group]
        From the bottom.
    alpha : numpy.ndarray
        (H, W), all objects together, for programs that show no layers.
    strip : bool, optional
        Leave the metadata out.
    """
    _check(original, alpha, None)
    _write_document(file, original, alpha, _group_layers(original, groups), None, strip)


def _check(original: Raster, alpha: np.ndarray, foreground: np.ndarray | None) -> None:
    dataclasses.replace(original, alpha=alpha).check()
    original.check()
    if foreground is not None:
        dataclasses.replace(original, pixels=foreground).check()
    if max(original.width, original.height) > _LONGEST_SIDE:
        raise OutputUnwritable(
            f"PSD holds no side longer than {_LONGEST_SIDE} pixels, "
            f"and this is {original.width} x {original.height}.",
            "Write TIFF or PNG.",
        )


def _write(
    file: BinaryIO,
    original: Raster,
    alpha: np.ndarray,
    foreground: np.ndarray | None,
    shadow: np.ndarray | None,
    strip: bool,
    ink: Ink | None,
) -> None:
    """The document of one subject into a seekable file."""
    if ink is not None:
        if foreground is not None:
            foreground = _inked(dataclasses.replace(original, pixels=foreground), ink).pixels
        original = _inked(original, ink)
    depth, whole = _depth(original), Rect(0, 0, original.width, original.height)
    planes = (original.alpha, alpha, depth, whole)
    layers = [_layer(ORIGINAL, original.pixels, *planes, hidden=False)]
    if shadow is not None:
        layers.insert(0, _shadow_layer(original, shadow, depth, whole))
    if foreground is not None:
        layers.append(_layer(CLEAN, foreground, *planes, hidden=True))
    _write_document(file, original, alpha, layers, shadow, strip, ink)


def _inked(picture: Raster, ink: Ink) -> Raster:
    """In CMYK as it stands in a PSD: 255 is no ink. Transparent parts keep their colors, as those
    of a layer do."""
    inks = cmyk.separated(dataclasses.replace(picture, alpha=None), ink.profile)
    return dataclasses.replace(picture, pixels=255 - inks, icc=ink.profile.data)


def _depth(original: Raster) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
    return np.dtype(np.uint8) if original.pixels.dtype == np.uint8 else np.dtype(np.uint16)


def _write_document(
    file: BinaryIO,
    original: Raster,
    alpha: np.ndarray,
    layers: list[_Layer],
    shadow: np.ndarray | None,
    strip: bool,
    ink: Ink | None = None,
) -> None:
    depth = _depth(original)
    canvas = _Canvas(original.width, original.height, depth)
    colors = original.pixels.shape[2]
    merged = _merged(original, alpha, shadow, depth)
    if ink is not None and ink.spot is not None:
        plane = ink.spot.plane
        merged.append(lambda y0, y1: to_depth(1 - plane[y0:y1], depth))  # as inks stand in a PSD
    mode = _MODES[colors]
    size = (len(merged), canvas.height, canvas.width, depth.itemsize * 8, mode)
    file.write(b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", *size))
    file.write(struct.pack(">I", 0))  # no palette
    _write_resources(file, original, strip, ink)
    _write_layers(file, canvas, layers)
    _write_merged(file, canvas, merged)
    if file.tell() > _LARGEST_FILE:
        raise OutputUnwritable("The PSD would be larger than 2 GB.", "Write TIFF or PNG.")


def _group_layers(original: Raster, groups: Sequence[Group]) -> list[_Layer]:
    """The layers from the bottom; a group is what lies between its end and its name."""
    depth, whole = _depth(original), Rect(0, 0, original.width, original.height)
    out = [
        _layer(ORIGINAL, original.pixels, original.alpha, None, depth, whole, hidden=True),
    ]
    # Photoshop gives the dividers empty channels, and Krita refuses one that has none.
    nowhere = Rect(0, 0, 0, 0)
    empty: dict[int, Plane] = dict.fromkeys(
        (_TRANSPARENCY, *range(original.pixels.shape[2])), _no_rows
    )
    for group in groups:
        inside = group.window.slices
        transparency = None if original.alpha is None else original.alpha[inside]
        planes = (transparency, group.mask, depth, group.window)
        out.append(_Layer(_END_NAME, empty, False, nowhere, _END_OF_GROUP))
        name = f"{group.name}: {ORIGINAL.lower()}"  # GIMP would number layers of one name
        out.append(_layer(name, original.pixels[inside], *planes, hidden=False))
        if group.foreground is not None:
            name = f"{group.name}: {CLEAN.lower()}"
            out.append(_layer(name, group.foreground, *planes, hidden=True))
        out.append(_Layer(group.name, empty, False, nowhere, _OPEN_GROUP))
    return out


def _no_rows(y0: int, y1: int) -> np.ndarray:
    return np.zeros((0, 0), np.uint8)


def _layer(
    name: str,
    pixels: np.ndarray,
    transparency: np.ndarray | None,
    mask: np.ndarray | None,
    depth: np.dtype[np.uint8] | np.dtype[np.uint16],
    rect: Rect,
    hidden: bool,
) -> _Layer:
    planes = {number: pixels[..., number] for number in range(pixels.shape[2])}
    if transparency is not None:
        planes[_TRANSPARENCY] = transparency
    if mask is not None:
        planes[_MASK] = mask

    def plane(array: np.ndarray) -> Plane:
        return lambda y0, y1: to_depth(array[y0:y1], depth)

    named = {number: plane(array) for number, array in planes.items()}
    return _Layer(name, named, hidden, rect)


def _shadow_layer(
    original: Raster,
    shadow: np.ndarray,
    depth: np.dtype[np.uint8] | np.dtype[np.uint16],
    rect: Rect,
) -> _Layer:
    """Black, as see-through as the shadow is faint; in print of black ink alone."""
    colors = original.pixels.shape[2]

    def level(value: int) -> Plane:
        return lambda y0, y1: np.full((y1 - y0, original.width), value, depth)

    planes = {
        number: level(255 if colors == cmyk.INKS and number != _BLACK_INK else 0)
        for number in range(colors)
    }
    planes[_TRANSPARENCY] = lambda y0, y1: to_depth(shadow[y0:y1], depth)
    return _Layer(SHADOW, planes, False, rect)


def _merged(
    original: Raster,
    alpha: np.ndarray,
    shadow: np.ndarray | None,
    depth: np.dtype[np.uint8] | np.dtype[np.uint16],
) -> list[Plane]:
    """What viewers without layers show: the cut-out on white, and its alpha behind."""

    def light(y0: int, y1: int) -> Any:
        return 1 if shadow is None else 1 - shadow[y0:y1]

    def opacity(y0: int, y1: int) -> np.ndarray:
        opacity_here = to_depth(alpha[y0:y1], np.float32)
        if original.alpha is not None:
            opacity_here = opacity_here * to_depth(original.alpha[y0:y1], np.float32)
        return opacity_here

    inks = original.pixels.shape[2] == cmyk.INKS

    def on_white(number: int) -> Plane:
        shaded = not inks or number == _BLACK_INK

        def plane(y0: int, y1: int) -> np.ndarray:
            color = to_depth(original.pixels[y0:y1, :, number], np.float32)
            covered = opacity(y0, y1)
            behind = light(y0, y1) if shaded else 1
            return to_depth(covered * color + (1 - covered) * behind, depth)

        return plane

    colors = [on_white(number) for number in range(original.pixels.shape[2])]
    return [
        *colors,
        lambda y0, y1: to_depth(1 - (1 - opacity(y0, y1)) * light(y0, y1), depth),
    ]


def _write_resources(file: BinaryIO, original: Raster, strip: bool, ink: Ink | None) -> None:
    blocks: dict[int, bytes | None] = {1039: original.icc_for(original.pixels.shape[2])}
    if not strip:
        metadata = original.metadata
        if metadata.dpi:
            x, y = (min(round(value * 65536), 2**32 - 1) for value in metadata.dpi)
            blocks[1005] = struct.pack(">IHHIHH", x, 1, 1, y, 1, 1)
        blocks |= {1058: metadata.exif, 1060: metadata.xmp}
    body = b""
    for number, data in sorted(blocks.items()):
        if data:
            body += struct.pack(">4sHHI", b"8BIM", number, 0, len(data)) + _padded(data, 2)
    body += original.metadata.photoshop or b""
    if ink is not None and ink.spot is not None:
        body += cmyk.channel_blocks(True, ink.spot.name)
    file.write(struct.pack(">I", len(body)) + body)


def _write_layers(file: BinaryIO, canvas: _Canvas, layers: list[_Layer]) -> None:
    """The layer section: all records, then all pixels. Lengths are filled in when they are known.

    With 16 bits, Photoshop keeps the layers in a block of their own behind an empty layer list.
    """
    deep = canvas.depth == np.uint16
    start = file.tell()
    prefix = struct.pack(">III4s4sI", 0, 0, 0, b"8BIM", b"Lr16", 0) if deep else bytes(8)
    file.write(prefix)
    body = file.tell()
    unknown = [dict.fromkeys(layer.planes, 0) for layer in layers]
    file.write(_records(layers, unknown))
    lengths = [
        {
            number: _write_plane(
                file, _Canvas(layer.rect.width, layer.rect.height, canvas.depth), plane
            )
            for number, plane in layer.planes.items()
        }
        for layer in layers
    ]
    file.write(bytes(-(file.tell() - body) % 4))
    end = file.tell()
    if not deep:
        file.write(bytes(4))  # no global mask
    total = file.tell() - start - 4
    file.seek(start)
    file.write(struct.pack(">I", total))
    file.seek(body - 4)
    file.write(struct.pack(">I", end - body))
    file.write(_records(layers, lengths))
    file.seek(start + 4 + total)


def _records(layers: list[_Layer], lengths: list[dict[int, int]]) -> bytes:
    """How many layers, from the bottom, and what each is. The number is negative to say that the
    merged picture's last channel is its transparency."""
    out = struct.pack(">h", -len(layers))
    for layer, length in zip(layers, lengths, strict=True):
        place = struct.pack(">4i", *(layer.rect[side] for side in (1, 0, 3, 2)))
        out += place + struct.pack(">H", len(length))
        out += b"".join(struct.pack(">hI", number, size) for number, size in length.items())
        flags = _FLAGS_COUNT | (_HIDDEN if layer.hidden else 0)
        out += b"8BIMnorm" + bytes((255, 0, flags, 0))
        # Black outside; neither disabled nor inverted.
        mask = place + bytes(4) if _MASK in layer.planes else b""
        name = layer.name.encode("ascii", "replace")[:255]
        wide = layer.name.encode("utf-16-be")
        extra = struct.pack(">I", len(mask)) + mask + bytes(4)  # no blending ranges
        extra += _padded(bytes((len(name),)) + name, 4)
        unicode_name = _padded(struct.pack(">I", len(wide) // 2) + wide, 4)
        extra += b"8BIMluni" + struct.pack(">I", len(unicode_name)) + unicode_name
        if layer.section:
            blend = b"pass" if layer.section == _OPEN_GROUP else b"norm"
            extra += b"8BIMlsct" + struct.pack(">II4s4s", 12, layer.section, b"8BIM", blend)
        out += struct.pack(">I", len(extra)) + extra
    return out


def _write_plane(file: BinaryIO, canvas: _Canvas, plane: Plane) -> int:
    """One channel of a layer; returns its length in the file."""
    start = file.tell()
    empty = canvas.width * canvas.height == 0
    file.write(struct.pack(">H", _RAW if empty else _PACKBITS))
    if not empty:
        _write_packed(file, canvas, [plane])
    return file.tell() - start


def _write_merged(file: BinaryIO, canvas: _Canvas, planes: list[Plane]) -> None:
    # Pillow loses its way in packed CMYK with channels behind it.
    if len(planes) > cmyk.INKS:
        file.write(struct.pack(">H", _RAW))
        for strip in _strips(canvas, planes):
            file.write(strip.tobytes())
        return
    file.write(struct.pack(">H", _PACKBITS))
    _write_packed(file, canvas, planes)


def _write_packed(file: BinaryIO, canvas: _Canvas, planes: list[Plane]) -> None:
    """The packed length of every row of every plane, then the packed rows."""
    table = file.tell()
    file.write(bytes(2 * canvas.height * len(planes)))
    counts = []
    for lengths, data in in_order(_packed, _strips(canvas, planes)):
        counts.append(lengths)
        file.write(data)
    end = file.tell()
    file.seek(table)
    file.write(np.concatenate(counts).astype(">u2").tobytes())
    file.seek(end)


def _strips(canvas: _Canvas, planes: list[Plane]) -> Iterator[np.ndarray]:
    """All planes one after the other, as strips of big-endian bytes (rows, bytes of a row)."""
    row_bytes = canvas.width * canvas.depth.itemsize
    rows = max(1, _STRIP_BYTES // row_bytes)
    for plane in planes:
        for y in range(0, canvas.height, rows):
            strip = plane(y, min(y + rows, canvas.height))
            big = np.ascontiguousarray(strip, canvas.depth.newbyteorder(">"))
            yield big.view(np.uint8).reshape(len(strip), row_bytes)


def _packed(rows: np.ndarray) -> tuple[np.ndarray, bytes]:
    """Every row PackBits-compressed: their lengths, and all of them on end.

    TIFF packs the same way, so libtiff does it in C: a TIFF with one row to a strip.
    """
    import tifffile
    from PIL import Image

    file = io.BytesIO()
    one_row = {278: 1}
    Image.fromarray(rows).save(file, "TIFF", compression="packbits", tiffinfo=one_row)
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        places, lengths = np.asarray(page.dataoffsets), np.asarray(page.databytecounts)
    start, end = places[0], places[-1] + lengths[-1]
    assert len(lengths) == len(rows), "libtiff chose other strips"
    assert end - start == lengths.sum(), "the strips do not lie on end"
    return lengths, file.getvalue()[start:end]


def _padded(data: bytes, multiple: int) -> bytes:
    return data + bytes(-len(data) % multiple)
