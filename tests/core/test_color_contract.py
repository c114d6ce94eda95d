# SPDX-License-Identifier: Apache-2.0
"""What the eye sees going in is what it sees coming out: every way to describe colors, in every
format that can be read, to every format that can be written.

The patches are given in sRGB; each source holds them in a color space of its own, computed here
from published matrices; each result is looked at through Little CMS, or the format's own library.
"""

from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import psd_tools
import pytest
import tifffile
from PIL import Image, ImageCms

from mattebrush import psd, raster
from mattebrush.imaging.depth import to_depth
from mattebrush.raster import icc

PATCHES = np.array(
    [[200, 90, 40], [40, 120, 190], [90, 160, 70], [128, 128, 128], [235, 200, 180], [60, 40, 50]]
)
GRAYS = PATCHES[:, :1]
SIDE = 16
TO_P3 = np.array([[0.82246, 0.17754, 0], [0.03319, 0.96681, 0], [0.01708, 0.07240, 0.91052]])
TO_BT2020 = np.array(
    [[0.62740, 0.32928, 0.04331], [0.06910, 0.91954, 0.01136], [0.01639, 0.08801, 0.89560]]
)
TO_ADOBE = np.array([[0.71513, 0.28487, 0], [0, 1, 0], [0, 0.04117, 0.95883]])
P3, BT2020 = 12, 9
SRGB_CURVE, PQ = 13, 16


def linear(encoded: np.ndarray) -> np.ndarray:
    x = encoded / 255
    return np.where(x > 0.04045, ((x + 0.055) / 1.055) ** 2.4, x / 12.92)


def srgb(light: np.ndarray) -> np.ndarray:
    return np.where(
        light > 0.0031308, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055, light * 12.92
    )


def pq(light: np.ndarray) -> np.ndarray:
    y = (light * 203 / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def picture(values: np.ndarray, depth: Any) -> np.ndarray:
    """The patches (N, C), floats in 0..1, as squares in a row."""
    blocks = np.repeat(np.repeat(values[None], SIDE, axis=0), SIDE, axis=1)
    if depth == np.float32:
        return blocks.astype(np.float32)
    return np.rint(blocks * np.iinfo(depth).max).astype(depth)


def in_space(matrix: np.ndarray, curve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return curve(linear(PATCHES) @ matrix.T)


PLAIN = PATCHES / 255
IN_P3 = in_space(TO_P3, srgb)
IN_ADOBE = in_space(TO_ADOBE, lambda light: light ** (256 / 563))
IN_PQ = in_space(TO_BT2020, pq)
P3_PROFILE = icc.from_code_points((P3, SRGB_CURVE, 0, 1))
ADOBE_PROFILE = icc.build(icc.ADOBE_RGB_PRIMARIES, icc.gamma(563 / 256), "Adobe RGB")


def saved(array: np.ndarray, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)
    image.save(file, format, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(values: np.ndarray, depth: Any, *chunks: bytes) -> bytes:
    array = picture(values, depth)
    big = array if depth == np.uint8 else array.astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in big)
    kind = {1: 0, 3: 2}[array.shape[2]]
    size = (array.shape[1], array.shape[0], 8 * array.itemsize, kind, 0, 0, 0)
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", *size)), *chunks]
    parts += (chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def cicp(*points: int) -> bytes:
    return chunk(b"cICP", bytes((*points, 0, 1)))


def gamma(value: float, *chromaticities: float) -> tuple[bytes, ...]:
    parts = [chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))]
    if chromaticities:
        numbers = (round(number * 100_000) for number in chromaticities)
        parts.append(chunk(b"cHRM", struct.pack(">8I", *numbers)))
    return tuple(parts)


def tiff(array: np.ndarray, profile: bytes | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    tags: list[Any] = [(34675, 7, len(profile), profile, True)] if profile else []
    tifffile.imwrite(file, array, extratags=tags, **{"photometric": "rgb", **options})
    return file.getvalue()


def lab16() -> bytes:
    xyz = (
        linear(PATCHES)
        @ np.array(
            [[0.43607, 0.38515, 0.14308], [0.22249, 0.71689, 0.06062], [0.01392, 0.09708, 0.71410]]
        ).T
        / (0.9642, 1.0, 0.8249)
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lightness, a, b = 116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])
    packed = np.stack([lightness * 655.35, a * 256, b * 256], axis=1)
    rounded = np.rint(packed).astype(np.int32).astype(np.uint16)
    blocks = np.repeat(np.repeat(rounded[None], SIDE, axis=0), SIDE, axis=1)
    return tiff(blocks, photometric="cielab", compression="lzw")


def heic(values: np.ndarray, bits: int, points: tuple[int, int]) -> bytes:
    import pillow_heif

    deep = bits > 8
    array = picture(values, np.uint16 if deep else np.uint8)
    mode = "RGB;16" if deep else "RGB"
    image = pillow_heif.from_bytes(mode, (array.shape[1], array.shape[0]), array.tobytes())
    file = io.BytesIO()
    image.save(
        file, quality=-1, chroma=444, matrix_coefficients=0, full_range_flag=1,
        color_primaries=points[0], transfer_characteristic=points[1],
    )  # fmt: skip
    data = file.getvalue()
    at = data.index(b"nclx") + 4  # the encoder keeps some numbers to itself
    return data[:at] + struct.pack(">HH", *points) + data[at + 4 :]


def avif(values: np.ndarray, bits: int, points: tuple[int, int]) -> bytes:
    array = np.rint(np.repeat(np.repeat(values[None], SIDE, 0), SIDE, 1) * ((1 << bits) - 1))
    try:
        data = imagecodecs.avif_encode(
            array.astype(np.uint16 if bits > 8 else np.uint8), level=100, bitspersample=bits,
            primaries=points[0], transfer=points[1],
        )  # fmt: skip
    except TypeError:
        pytest.skip("this imagecodecs writes no nclx")  # its last one for Python 3.10
    return bytes(data)


def exif_adobe() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 65535
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    return exif.tobytes()


def exr(light: np.ndarray, chromaticities: tuple[float, ...] | None) -> bytes:
    import OpenEXR

    array = picture(light, np.float32)
    header: dict[str, Any] = {"compression": OpenEXR.ZIP_COMPRESSION}
    if chromaticities:
        header["chromaticities"] = chromaticities
    file = io.BytesIO()
    OpenEXR.File(header, {"RGB": np.ascontiguousarray(array)}).write(file)
    return file.getvalue()


def document(values: np.ndarray, depth: Any, profile: bytes | None) -> bytes:
    original = raster.Raster(picture(values, depth), icc=profile)
    return psd.encode(original, np.ones(original.pixels.shape[:2], np.float32), None)


def ppm16() -> bytes:
    array = picture(PLAIN, np.uint16)
    head = f"P6\n# made for a test\n{array.shape[1]} {array.shape[0]}\n65535\n".encode()
    return head + array.astype(">u2").tobytes()


LINEAR_GRAY = icc.build_gray(icc.LINEAR, "linear gray")
P3_XY = (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290)

SOURCES: dict[str, Callable[[], bytes]] = {
    "JPEG, ICC": lambda: saved(
        picture(IN_P3, np.uint8), "JPEG", quality=97, icc_profile=P3_PROFILE, subsampling=0
    ),
    "JPEG, EXIF says Adobe RGB": lambda: saved(
        picture(IN_ADOBE, np.uint8), "JPEG", quality=97, exif=exif_adobe(), subsampling=0
    ),
    "PNG, ICC": lambda: saved(picture(IN_P3, np.uint8), "PNG", icc_profile=P3_PROFILE),
    "PNG, cICP P3": lambda: png(IN_P3, np.uint8, cicp(P3, SRGB_CURVE)),
    "PNG 16, cICP P3": lambda: png(IN_P3, np.uint16, cicp(P3, SRGB_CURVE)),
    "PNG 16, cICP PQ": lambda: png(IN_PQ, np.uint16, cicp(BT2020, PQ)),
    "PNG 16, gAMA linear": lambda: png(linear(PATCHES), np.uint16, *gamma(1.0)),
    "PNG, gAMA and cHRM": lambda: png(
        IN_ADOBE, np.uint8, *gamma(256 / 563, 0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
    ),
    "PNG, plain": lambda: png(PLAIN, np.uint8),
    "WEBP, ICC": lambda: saved(
        picture(IN_P3, np.uint8), "WEBP", lossless=True, icc_profile=P3_PROFILE
    ),
    "TIFF 8, ICC": lambda: tiff(picture(IN_ADOBE, np.uint8), ADOBE_PROFILE, compression="lzw"),
    "TIFF 16, ICC": lambda: tiff(
        picture(IN_ADOBE, np.uint16), ADOBE_PROFILE, compression="lzw", predictor=2
    ),
    "TIFF float, ICC": lambda: tiff(
        picture(IN_ADOBE, np.float32), ADOBE_PROFILE, compression="lzw", predictor=3
    ),
    "TIFF 16, Lab": lab16,
    "TIFF, WebP inside": lambda: tiff(
        picture(IN_P3, np.uint8), P3_PROFILE, compression="webp", compressionargs={"level": -1}
    ),
    "HEIF 8, nclx": lambda: heic(IN_P3, 8, (P3, SRGB_CURVE)),
    "HEIF 10, nclx": lambda: heic(IN_P3, 10, (P3, SRGB_CURVE)),
    "HEIF 10, PQ": lambda: heic(IN_PQ, 10, (BT2020, PQ)),
    "AVIF 8, nclx": lambda: avif(IN_P3, 8, (P3, SRGB_CURVE)),
    "AVIF 10, nclx": lambda: avif(IN_P3, 10, (P3, SRGB_CURVE)),
    "AVIF 12, PQ": lambda: avif(IN_PQ, 12, (BT2020, PQ)),
    "JPEG2000 16": lambda: bytes(imagecodecs.jpeg2k_encode(picture(PLAIN, np.uint16), level=0)),
    "PSD 8, ICC": lambda: document(IN_ADOBE, np.uint8, ADOBE_PROFILE),
    "PSD 16, ICC": lambda: document(IN_ADOBE, np.uint16, ADOBE_PROFILE),
    "PPM 16": ppm16,
    "TGA": lambda: saved(picture(PLAIN, np.uint8), "TGA", compression="tga_rle"),
    "BMP": lambda: saved(picture(PLAIN, np.uint8), "BMP"),
    "GIF": lambda: saved(picture(PLAIN, np.uint8), "GIF"),
    "EXR": lambda: exr(linear(PATCHES), None),
    "EXR, P3": lambda: exr(linear(PATCHES) @ TO_P3.T, P3_XY),
    "gray PNG, ICC": lambda: saved(
        picture(linear(GRAYS), np.uint8), "PNG", icc_profile=LINEAR_GRAY
    ),
    "gray PNG 16, ICC": lambda: png(
        linear(GRAYS), np.uint16, chunk(b"iCCP", b"x\0\0" + zlib.compress(LINEAR_GRAY))
    ),
    "gray PNG 16, gAMA": lambda: png(linear(GRAYS), np.uint16, *gamma(1.0)),
    "gray PNG 16, cICP": lambda: png(pq(linear(GRAYS)), np.uint16, cicp(BT2020, PQ)),
    "gray TIFF 16, ICC": lambda: tiff(
        picture(linear(GRAYS), np.uint16)[..., 0], LINEAR_GRAY, photometric="minisblack"
    ),
}
COARSE = {"gray PNG, ICC": 14, "GIF": 6}  # 8 bits linear have few darks; a palette has its own
TARGETS = (*raster.WRITABLE, "PSD")


def written(photo: raster.Raster, to: str) -> bytes:
    if to == "PSD":
        return psd.encode(photo, np.ones(photo.pixels.shape[:2], np.float32), None)
    if to == "JPEG":
        photo = dataclasses.replace(photo, alpha=None)
    return raster.encode(photo, to)


def seen(data: bytes, to: str) -> np.ndarray:
    """The patches of a written file as sRGB, 0 to 255, as a viewer shows them."""
    middle = np.s_[SIDE // 2, SIDE // 2 :: SIDE]
    if to == "EXR":
        import OpenEXR

        with OpenEXR.File(io.BytesIO(data), separate_channels=True) as opened:
            planes = {key: part.pixels for key, part in opened.channels().items()}
        names = "RGB" if "R" in planes else "YYY"
        light = np.stack([planes[key].astype(float) for key in names], -1)
        return srgb(light[middle]) * 255
    if to == "PSD":
        document = psd_tools.PSDImage.open(io.BytesIO(data))
        deep = np.asarray(document.numpy("color"), np.float32)
        profile = document.image_resources.get_data(1039)
    elif to == "TIFF":
        with tifffile.TiffFile(io.BytesIO(data)) as opened_tiff:
            page = opened_tiff.pages[0]
            deep, profile = page.asarray(), page.tags.valueof(34675)
    else:
        image = Image.open(io.BytesIO(data))
        deep = raster.read(data).pixels if to == "PNG" else np.asarray(image)
        profile = image.info.get("icc_profile")
    values = to_depth(np.ascontiguousarray(deep), np.uint8)
    values = values if values.ndim == 3 else values[..., None]
    if deep.dtype != np.uint8 and profile and (space := icc.parse(profile)):  # 8 bits are too few
        return space.to(icc.SRGB, to_depth(deep, np.float32)[middle].astype(float)) * 255
    if values.shape[2] == 1:
        if deep.dtype != np.uint8 and profile and (wide := icc.widened(profile)):
            space = icc.parse(wide)
            assert space is not None
            gray = to_depth(deep, np.float32).reshape(values.shape)[middle].astype(float)
            return space.to(icc.SRGB, np.broadcast_to(gray, (len(gray), 3))) * 255
        displayed = Image.fromarray(values[..., 0])
    else:
        displayed = Image.fromarray(values[..., :3])
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(displayed, source, target, outputMode="RGB")
        assert converted is not None
        displayed = converted
    return np.asarray(displayed.convert("RGB"))[middle].astype(float)


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_colors_look_the_same(source: str, to: str) -> None:
    photo = raster.read(SOURCES[source]())
    assert photo.warnings == ()
    expected = np.broadcast_to(GRAYS, PATCHES.shape) if "gray" in source else PATCHES
    off = np.abs(seen(written(photo, to), to) - expected).max()
    eight_bits = to in ("JPEG", "WEBP")
    rough = "PQ" in source or "linear" in source or "gray" in source
    assert off <= max(COARSE.get(source, 0), (14 if rough else 5) if eight_bits else 3), off


@pytest.mark.parametrize("source", [name for name in SOURCES if " 16" in name or " 1" in name])
def test_deep_sources_stay_deep(source: str) -> None:
    photo = raster.read(SOURCES[source]())
    assert photo.pixels.dtype == np.uint16
    assert raster.read(raster.encode(photo, "PNG")).pixels.dtype == np.uint16


def test_ten_bits_reach_full_scale() -> None:
    white = np.ones((6, 3))
    for make in (heic, avif):
        assert raster.read(make(white, 10, (1, SRGB_CURVE))).pixels.min() == 65535


def test_png_keeps_its_code_points() -> None:
    for points in ((P3, SRGB_CURVE), (BT2020, PQ), (BT2020, 18)):
        data = raster.encode(raster.read(png(IN_PQ, np.uint16, cicp(*points))), "PNG")
        assert cicp(*points) in data
        through = raster.read(raster.encode(raster.read(data), "TIFF"))  # in the profile itself
        assert icc.code_points(through.icc) == (*points, 0, 1)


def test_what_cannot_be_kept_is_said() -> None:
    unknown = raster.read(png(PLAIN, np.uint8, cicp(77, SRGB_CURVE)))
    assert "taken for sRGB" in unknown.warnings[0]
    highlights = raster.Raster(np.full((4, 4, 3), 3, np.float32))
    assert "cut off" in raster.losses(highlights, "PNG")[0]
    assert raster.losses(highlights, "TIFF") == raster.losses(highlights, "EXR") == []
    hdr = raster.read(SOURCES["PNG 16, cICP PQ"]())
    assert "bands" in raster.losses(hdr, "JPEG")[0]
    assert raster.losses(hdr, "PNG") == []
    vivid = np.zeros((8, 8, 3), np.uint16)
    vivid[..., 0], vivid[..., 1] = 40_000, np.int16(-110 * 256).astype(np.uint16)
    assert "beyond sRGB" in raster.read(tiff(vivid, photometric="cielab")).warnings[0]


@pytest.mark.parametrize("deep", (False, True))
def test_backdrops_come_into_the_pictures_profile(deep: bool) -> None:
    from mattebrush.raster import in_profile

    depth = np.uint16 if deep else np.uint8
    backdrop = raster.Raster(picture(IN_P3, depth), icc=P3_PROFILE)
    moved = in_profile(backdrop, ADOBE_PROFILE)
    assert moved.dtype == depth
    off = np.abs(moved[8, 8::SIDE] / np.iinfo(depth).max - IN_ADOBE).max()
    assert off <= (0.0002 if deep else 2 / 255)
    gray = raster.Raster(picture(linear(GRAYS), np.uint16), icc=LINEAR_GRAY)
    assert np.abs(in_profile(gray, None)[8, 8::SIDE] / 65535 - GRAYS / 255).max() < 0.0002


def test_white_behind_an_hdr_picture_is_paper_white() -> None:
    from mattebrush.raster import in_profile

    white = raster.Raster(np.ones((1, 1, 3), np.float32))
    code = in_profile(white, icc.from_code_points((BT2020, PQ, 0, 1)))
    assert np.abs(code - pq(np.ones(3))).max() < 0.002


def test_the_page_on_color_names_every_format() -> None:
    page = (Path(__file__).parents[2] / "docs/color.md").read_text("utf-8")
    for format in {*raster.READABLE, *TARGETS}:
        assert format.replace("JPEG2000", "JPEG 2000") in page, format
