# SPDX-License-Identifier: Apache-2.0
"""ICC profile, EXIF, XMP, resolution and texts, from every format to every format."""

from __future__ import annotations

import dataclasses
import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from mattebrush import raster
from mattebrush.raster import exif

PIXELS = np.random.default_rng(2).integers(0, 256, (24, 36, 3), dtype=np.uint8)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'
THUMBNAIL = b"\xff\xd8 a small copy of the old background \xff\xd9"


def camera_exif(order: exif.Order = "<") -> bytes:
    """What a camera writes: turned, with a thumbnail, exposure, place and a maker's note."""

    def text(value: bytes) -> exif.Entry:
        return exif.Entry(2, len(value) + 1, value + b"\0")

    def pack(form: str, *values: int) -> bytes:
        return struct.pack(order + form, *values)

    note = b"\x01maker's own\xff"
    photo = {
        0x829A: exif.Entry(5, 1, pack("LL", 1, 250)),
        0x927C: exif.Entry(7, len(note), note),
        exif.WIDTH: exif.Entry(3, 1, pack("H", 36)),
        exif.HEIGHT: exif.Entry(3, 1, pack("H", 24)),
    }
    main = {
        0x010F: text(b"Camera"),
        0x0112: exif.Entry(3, 1, pack("H", 6)),
        0x8298: text(b"Me"),
        exif.EXIF: exif.Entry(4, 1, b"", photo),
        exif.GPS: exif.Entry(4, 1, b"", {1: text(b"N")}),
    }
    data = bytearray(exif.build(order, main))
    end = len(data)  # a second directory, with the thumbnail that it points to behind it
    struct.pack_into(order + "L", data, 8 + 2 + 12 * len(main), end)
    data += pack("H", 2)
    data += pack("HHLL", 0x0201, 4, 1, end + 2 + 24 + 4) + pack(
        "HHLL", 0x0202, 4, 1, len(THUMBNAIL)
    )
    return bytes(data) + bytes(4) + THUMBNAIL


def source(format: str) -> bytes:
    """A turned photograph of 36 x 24 with everything a file of this format can carry."""
    image = Image.fromarray(PIXELS)
    options: dict[str, Any] = {"icc_profile": SRGB, "exif": b"Exif\0\0" + camera_exif()}
    if format in ("JPEG", "WEBP"):
        options["xmp"] = XMP
    if format in ("JPEG", "PNG"):
        options["dpi"] = (300, 300)
    if format == "TIFF":
        options = {"icc_profile": SRGB, "dpi": (300, 300), "exif": options["exif"]}
    file = io.BytesIO()
    image.save(file, format, **options)
    if format == "PNG":
        return with_png_xmp(file.getvalue())
    return file.getvalue()


def with_png_xmp(data: bytes) -> bytes:
    plain = raster.encode(
        raster.Raster(np.zeros((1, 1, 3), np.uint8), metadata=raster.Metadata(xmp=XMP)), "PNG"
    )
    start = plain.index(b"iTXt") - 4
    return (
        data[:33]
        + plain[start : start + 12 + int.from_bytes(plain[start : start + 4], "big")]
        + data[33:]
    )


CARRIERS = ("PNG", "JPEG", "WEBP", "TIFF")  # OpenEXR carries pixels alone, and `losses` says so


@pytest.mark.parametrize("to", CARRIERS)
@pytest.mark.parametrize("format", ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"))
def test_metadata_travels(format: str, to: str) -> None:
    first = raster.read(source(format))
    assert first.icc == SRGB
    assert (first.width, first.height) == (24, 36)
    data = raster.encode(first, to)
    assert THUMBNAIL not in data
    image = Image.open(io.BytesIO(data))
    assert image.info["icc_profile"] == SRGB
    about = image.getexif()
    assert about.get(0x0112, 1) == 1
    assert about[0x010F] == "Camera"
    assert about[0x8298] == "Me"
    photo = about.get_ifd(exif.EXIF)
    assert photo[0x829A] == pytest.approx(1 / 250)
    assert photo[0x927C] == b"\x01maker's own\xff"
    assert (photo[exif.WIDTH], photo[exif.HEIGHT]) == (24, 36)
    assert about.get_ifd(exif.GPS)[1] == "N"
    if format in ("JPEG", "PNG", "WEBP"):
        assert image.info["xmp"].rstrip(b"\0") == XMP
    if format in ("JPEG", "PNG", "TIFF") and to != "WEBP":
        assert image.info["dpi"] == pytest.approx((300, 300), rel=1e-3)


@pytest.mark.parametrize("to", CARRIERS)
def test_strip_leaves_only_the_profile(to: str) -> None:
    data = raster.encode(raster.read(source("JPEG")), to, strip=True)
    assert b"Camera" not in data
    assert b"xmpmeta" not in data
    assert raster.read(data).icc == SRGB


@pytest.mark.parametrize("order", "<>")
def test_tiff_keeps_its_tags_in_both_byte_orders(order: exif.Order) -> None:
    data = io.BytesIO()
    tags: list[Any] = [(34675, 7, len(SRGB), SRGB, True)]
    tags += [(271, 2, 0, "Camera", True), (33432, 2, 0, "Me", True)]
    tifffile.imwrite(
        data, PIXELS.astype(np.uint16), photometric="rgb", byteorder=order, extratags=tags,
        metadata=None, resolution=(200, 100), resolutionunit="inch",
    )  # fmt: skip
    first = raster.read(data.getvalue())
    again = raster.read(raster.encode(first, "TIFF"))
    assert again.icc == SRGB
    assert again.metadata == first.metadata
    assert again.metadata.dpi == (200, 100)
    about = Image.Exif()
    about.load(again.metadata.exif or b"")
    assert (about[271], about[33432]) == ("Camera", "Me")


def test_written_tiff_is_sound_for_tifffile() -> None:
    first = raster.read(source("JPEG"))
    data = raster.encode(first, "TIFF")
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        page = tiff.pages.first
        np.testing.assert_array_equal(page.asarray(), first.pixels)
        assert page.tags["ExifTag"].value["ExposureTime"] == (1, 250)
        assert page.tags["GPSTag"].value["GPSLatitudeRef"] == "N"
        codes = [tag.code for tag in page.tags]
        assert codes == sorted(codes)


def test_png_texts_are_kept() -> None:
    about = raster.Metadata(text={"Title": "Löwe", "Comment": "made for a test"})
    again = raster.read(raster.encode(raster.Raster(PIXELS, metadata=about), "PNG")).metadata
    assert again.text == about.text


def test_profile_of_another_kind_is_not_attached() -> None:
    gray = raster.Raster(PIXELS[..., :1], icc=SRGB)
    for format in raster.WRITABLE:
        got = raster.read(raster.encode(gray, format))
        assert got.icc == (SRGB if format == "WEBP" else None)  # WebP has no gray: it became RGB


@pytest.mark.parametrize("order", "<>")
def test_upright_is_idempotent_and_needs_no_prefix(order: exif.Order) -> None:
    block = camera_exif(order)
    assert THUMBNAIL in block
    once = exif.upright(block, 24, 36)
    assert once is not None
    assert exif.upright(once, 24, 36) == once
    assert exif.upright(b"Exif\0\0" + block, 24, 36) == once
    assert THUMBNAIL not in once


def test_large_metadata_does_not_break_jpeg() -> None:
    about = raster.Metadata(xmp=b"<x>" + b" " * 70_000 + b"</x>")
    small = raster.Raster(PIXELS, metadata=about)
    assert raster.read(raster.encode(small, "JPEG")).metadata.xmp is None
    assert raster.read(raster.encode(small, "PNG")).metadata.xmp == about.xmp
    large_exif = dataclasses.replace(about, xmp=None, exif=_large_exif())
    data = raster.encode(dataclasses.replace(small, metadata=large_exif), "JPEG")
    assert raster.read(data).metadata.exif is None


def _large_exif() -> bytes:
    note = exif.Entry(7, 70_000, bytes(70_000))
    return exif.build("<", {exif.EXIF: exif.Entry(4, 1, b"", {0x927C: note})})
