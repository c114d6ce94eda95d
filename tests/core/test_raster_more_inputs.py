# SPDX-License-Identifier: Apache-2.0
"""Pages, frames, rare compressions, and formats without a signature."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from mattebrush import errors, psd, raster

RANDOM = np.random.default_rng(11)
LARGE = RANDOM.integers(0, 256, (60, 80, 3), dtype=np.uint8)
SMALL = np.full((15, 20, 3), 99, np.uint8)


def pages(*parts: tuple[np.ndarray, dict[str, Any]]) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for array, options in parts:
            writer.write(array, **{"photometric": "rgb", "metadata": None, **options})
    return file.getvalue()


@pytest.mark.parametrize("compression", (None, "lzw", "zlib", "webp"))
@pytest.mark.parametrize("marked", (False, True))
def test_the_thumbnail_of_a_tiff_is_passed_over(marked: bool, compression: str | None) -> None:
    small = (SMALL, {"subfiletype": 1} if marked else {})
    options = {"compression": compression}
    if compression == "webp":
        options["compressionargs"] = {"level": -1}  # type: ignore[assignment]
    got = raster.read(pages(small, (LARGE, options)))
    np.testing.assert_array_equal(got.pixels, LARGE)
    assert got.warnings == ()


def test_the_thumbnail_behind_the_picture_and_sixteen_bits() -> None:
    deep = LARGE.astype(np.uint16) * 257
    got = raster.read(pages((SMALL, {"subfiletype": 1}), (deep, {"compression": "lzw"})))
    np.testing.assert_array_equal(got.pixels, deep)
    got = raster.read(pages((LARGE, {}), (SMALL, {"subfiletype": 1}), (SMALL, {})))
    np.testing.assert_array_equal(got.pixels, LARGE)
    assert got.warnings == ()


def test_a_full_size_page_below_its_thumbnail() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(SMALL, photometric="rgb", subfiletype=1, subifds=1, metadata=None)
        writer.write(LARGE, photometric="rgb", subfiletype=0, compression="lzw", metadata=None)
    np.testing.assert_array_equal(raster.read(file.getvalue()).pixels, LARGE)


def test_further_pages_are_said() -> None:
    got = raster.read(pages((LARGE, {}), (LARGE[::-1], {}), (LARGE, {"subfiletype": 1})))
    np.testing.assert_array_equal(got.pixels, LARGE)
    assert got.warnings == ("The file holds 2 pictures; only the first is used.",)


@pytest.mark.parametrize("format", ("GIF", "WEBP", "PNG", "AVIF"))
def test_animations_are_said(format: str) -> None:
    first, second = Image.fromarray(LARGE), Image.fromarray(255 - LARGE)
    file = io.BytesIO()
    first.save(file, format, save_all=True, append_images=[second], duration=100, lossless=True)
    got = raster.read(file.getvalue())
    assert got.warnings == ("The file is animated; only its first frame is used.",)
    first.save(file := io.BytesIO(), format)
    assert raster.read(file.getvalue()).warnings == ()


@pytest.mark.parametrize("bits", (10, 12, 14))
@pytest.mark.parametrize("compression", (None, "zlib", "lzw"))
def test_packed_bits_are_stretched(compression: str | None, bits: int) -> None:
    values = RANDOM.integers(0, 1 << bits, (20, 32), dtype=np.uint16)
    values[0, 0], values[0, 1] = 0, (1 << bits) - 1
    packed = np.packbits(
        ((values[..., None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8).reshape(20, -1),
        axis=1,
    )
    data = _packed_tiff(packed, bits, 32, 20, {None: 1, "zlib": 8, "lzw": 5}[compression])
    got = raster.read(data).pixels[..., 0]
    assert (got.min(), got.max()) == (0, 65535)
    assert np.abs(got - values * (65535 / ((1 << bits) - 1))).max() <= 0.5


def _packed_tiff(rows: np.ndarray, bits: int, width: int, height: int, kind: int) -> bytes:
    import zlib

    import imagecodecs

    strip = rows.tobytes()
    if kind != 1:
        strip = zlib.compress(strip) if kind == 8 else bytes(imagecodecs.lzw_encode(strip))
    entries = [
        (256, 3, width), (257, 3, height), (258, 3, bits), (259, 3, kind), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 3, height), (279, 4, len(strip)),
    ]  # fmt: skip
    start = 8 + len(strip) + len(strip) % 2
    table = struct.pack("<H", len(entries))
    for tag, form, value in entries:
        table += struct.pack("<HHL", tag, form, 1) + struct.pack("<L", value)
    head = b"II*\0" + struct.pack("<L", start)
    return head + strip + b"\0" * (len(strip) % 2) + table + b"\0\0\0\0"


@pytest.mark.parametrize("compression", ("lzw", "zlib", "zstd", "lzma"))
@pytest.mark.parametrize("dtype", (np.float16, np.float32, np.float64))
def test_float_tiff_in_differences(dtype: Any, compression: str) -> None:
    samples = RANDOM.random((24, 40, 3)).astype(dtype)
    data = pages((samples, {"compression": compression, "predictor": 3}))
    np.testing.assert_array_equal(raster.read(data).pixels, samples.astype(np.float32))


@pytest.mark.parametrize("compression", ("lzw", "zlib", "zstd", "packbits"))
@pytest.mark.parametrize("dtype", (np.uint8, np.uint16, np.float32))
@pytest.mark.parametrize("channels", (1, 2, 3, 4))
def test_compressions_at_every_depth(channels: int, dtype: Any, compression: str) -> None:
    samples = RANDOM.random((24, 40, channels))
    if dtype != np.float32:
        samples = samples * np.iinfo(dtype).max
    samples = samples.astype(dtype)
    options: dict[str, Any] = {"compression": compression, "planarconfig": "contig"}
    if channels % 2 == 0:
        options["extrasamples"] = ["unassalpha"]
    if channels == 1:
        del options["planarconfig"]
    options["photometric"] = "rgb" if channels > 2 else "minisblack"
    got = raster.read(pages((samples[..., 0] if channels == 1 else samples, options)))
    colors = channels - (channels % 2 == 0)
    np.testing.assert_array_equal(got.pixels, samples[..., :colors])
    if channels % 2 == 0:
        np.testing.assert_array_equal(got.alpha, samples[..., -1])


def test_nothing_of_a_library_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    raster.read(pages((LARGE, {"compression": "webp"})))
    raster.read(pages((LARGE, {"compression": "zstd"})))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("lossless", (False, True))
def test_our_own_webp_mask_is_a_mask(lossless: bool) -> None:
    mask = np.zeros((120, 160, 1), np.uint8)
    mask[30:80, 40:110] = 255
    mask[80:90, 40:110, 0] = np.linspace(255, 0, 10).astype(np.uint8)[:, None]
    data = raster.encode(raster.Raster(mask), "WEBP", lossless=lossless)
    plane = raster.read(data).plane("m.webp")
    if lossless:
        np.testing.assert_array_equal(plane, mask[..., 0])
    assert np.abs(plane.astype(int) - mask[..., 0]).max() <= (0 if lossless else 12)


def test_a_color_picture_is_no_mask() -> None:
    with pytest.raises(errors.InputInvalid, match="picture"):
        raster.read(raster.encode(raster.Raster(LARGE), "WEBP")).plane("photo.webp")
    tinted = np.full((8, 8, 3), (100, 112, 100), np.uint8)
    with pytest.raises(errors.InputInvalid):
        raster.read(raster.encode(raster.Raster(tinted), "PNG")).plane("tinted.png")


@pytest.mark.parametrize("depth", (np.uint8, np.uint16))
@pytest.mark.parametrize("channels", (1, 3))
def test_psd_with_transparency_is_without_white(channels: int, depth: Any) -> None:
    top = np.iinfo(depth).max
    pixels = RANDOM.integers(0, top, (30, 41, channels), endpoint=True).astype(depth)
    matte = RANDOM.uniform(0.3, 1, (30, 41)).astype(np.float32)
    matte[:4] = 0
    got = raster.read(psd.encode(raster.Raster(pixels), matte, None))
    assert got.alpha is not None
    assert np.abs(got.alpha / top - matte).max() <= 0.51 / top
    apart = np.abs(got.pixels.astype(float) - pixels)[4:].max()
    assert apart <= 4  # a rounding of the mixed color, over alpha >= .3
    assert got.format == "PSD"


def test_psd_without_merged_picture_says_what_to_do() -> None:
    data = psd.encode(raster.Raster(LARGE), np.ones((60, 80), np.float32), None)
    resource = struct.pack(">4sHHI", b"8BIM", 1057, 0, 14) + struct.pack(">IB", 1, 0) + bytes(9)
    with pytest.raises(errors.InputInvalid, match="Maximize Compatibility"):
        raster.read(data[:30] + struct.pack(">I", len(resource)) + resource + data[34:])


def test_cut_short_deep_files_are_damaged() -> None:
    whole = psd.encode(
        raster.Raster(LARGE.astype(np.uint16) * 257), np.ones((60, 80), np.float32), None
    )
    ppm = b"P6 80 60 65535\n" + (LARGE.astype(">u2") * 257).tobytes()
    for data in (whole, ppm):
        with pytest.raises(errors.InputInvalid, match="damaged or incomplete"):
            raster.read(data[: len(data) * 2 // 3])


def test_bombs_are_refused_before_they_are_read() -> None:
    ppm = b"P5 70000 70000 65535\n"
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 30_000, 30_000, 16, 3)
    for data in (ppm, head + bytes(40)):
        with pytest.raises(errors.InputTooLarge):
            raster.read(data)


@pytest.mark.parametrize("rle", (False, True))
@pytest.mark.parametrize("mode", ("L", "RGB", "RGBA", "P"))
def test_tga_is_known_without_a_signature(mode: str, rle: bool) -> None:
    image = Image.fromarray(LARGE).convert(mode)
    file = io.BytesIO()
    image.save(file, "TGA", compression="tga_rle" if rle else None)
    data = file.getvalue()
    bare = data[: data.rfind(b"TRUEVISION") - 8] if b"TRUEVISION" in data else data
    for inputs in (data, bare):
        got = raster.read(inputs)
        assert got.format == "TGA"
        expected = np.asarray(image.convert("RGB"))
        np.testing.assert_array_equal(np.broadcast_to(got.pixels, expected.shape), expected)


@pytest.mark.parametrize("top", (255, 1000, 4095, 65535))
@pytest.mark.parametrize("channels", (1, 3))
def test_ppm_of_any_depth(channels: int, top: int) -> None:
    samples = RANDOM.integers(0, top, (9, 11, channels), endpoint=True)
    head = f"P{5 if channels == 1 else 6}\n# from a test\n11 9\n{top}\n".encode()
    body = samples.astype(np.uint8 if top < 256 else ">u2").tobytes()
    got = raster.read(head + body)
    full = np.iinfo(got.pixels.dtype).max
    assert full == (255 if top < 256 else 65535)
    assert np.abs(got.pixels - samples * (full / top)).max() <= 0.5


def test_exr_round_trip_keeps_highlights_and_alpha() -> None:
    pytest.importorskip("OpenEXR", reason="pip install 'mattebrush[exr]'")
    pixels = RANDOM.uniform(-0.05, 4, (20, 31, 3)).astype(np.float32)
    alpha = RANDOM.uniform(0.2, 1, (20, 31)).astype(np.float32)
    got = raster.read(raster.encode(raster.Raster(pixels, alpha), "EXR"))
    assert got.alpha is not None
    np.testing.assert_allclose(got.alpha, alpha, rtol=1e-6)
    np.testing.assert_allclose(got.pixels, pixels, rtol=2e-5, atol=1e-5)


def test_exr_without_the_package_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(errors.InputInvalid, match=r"mattebrush\[exr\]"):
        raster.read(b"\x76\x2f\x31\x01\2\0\0\0" + bytes(100))
    with pytest.raises(errors.OutputUnwritable, match=r"mattebrush\[exr\]"):
        raster.encode(raster.Raster(LARGE), "EXR")


@pytest.mark.parametrize("shape", ((38, 37), (80, 60), (45, 80)))
def test_small_thumbnails_of_another_shape_are_passed_over(shape: tuple[int, int]) -> None:
    big = np.repeat(np.repeat(LARGE, 4, 0), 4, 1)
    got = raster.read(pages((np.zeros((*shape, 3), np.uint8), {}), (big, {})))
    assert got.pixels.shape == big.shape and got.warnings == ()


def test_pages_of_two_sizes_are_pages() -> None:
    small, large = (np.zeros((h, w, 3), np.uint8) for h, w in ((900, 700), (1600, 2000)))
    got = raster.read(pages((small, {}), (large, {})))
    assert got.pixels.shape == small.shape and "2 pictures" in got.warnings[0]


def float_map(values: np.ndarray, order: str) -> bytes:
    kind, scale = (b"PF" if values.shape[2] == 3 else b"Pf"), (b"-1.0" if order == "<" else b"1")
    size = f"{values.shape[1]} {values.shape[0]}".encode()
    return b"\n".join((kind, size, scale, values[::-1].astype(f"{order}f4").tobytes()))


@pytest.mark.parametrize("order", ("<", ">"))
@pytest.mark.parametrize("channels", (1, 3))
def test_float_maps_are_linear_light(channels: int, order: str) -> None:
    light = RANDOM.random((6, 9, channels)) * 3
    got = raster.read(float_map(light, order))
    encoded = np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, light * 12.92)
    np.testing.assert_allclose(got.pixels, encoded, atol=1e-5)
    if channels == 1:  # as a mask, its numbers as they stand
        np.testing.assert_allclose(got.plane("m.pfm"), light[..., 0], atol=1e-5)
    with pytest.raises(errors.InputInvalid, match="damaged"):
        raster.read(float_map(light, order)[:-5])


@pytest.mark.parametrize("depth", (np.uint8, np.uint16, np.float32))
def test_masks_in_exr_hold_coverage(depth: Any) -> None:
    import OpenEXR

    full = 1 if depth == np.float32 else np.iinfo(depth).max
    ramp = np.linspace(0, full, 256).astype(depth)[None].repeat(3, axis=0)
    photo = raster.Raster(LARGE[:3, :1].repeat(256, axis=1))
    data = raster.encode(photo.masking(ramp, depth), "EXR")
    with OpenEXR.File(io.BytesIO(data), separate_channels=True) as opened:
        stored = opened.channels()["Y"].pixels.astype(np.float64)
    assert np.abs(stored - ramp / full).max() < (1 / 3000 if depth == np.uint8 else 1e-6)
    back = raster.read(data).plane("m.exr")
    assert np.abs(back - ramp / full).max() < (1 / 3000 if depth == np.uint8 else 1e-6)
    assert (back[:, 0] == 0).all() and (back[:, -1] == 1).all()


def exr(channels: dict[str, np.ndarray], **header: Any) -> bytes:
    import OpenEXR

    file = io.BytesIO()
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION, **header}, channels).write(file)
    return file.getvalue()


def test_exr_of_other_kinds_is_named() -> None:
    ids = RANDOM.integers(0, 9, (6, 9)).astype(np.uint32)
    with pytest.raises(errors.InputInvalid, match="whole numbers"):
        raster.read(exr(dict.fromkeys("RGB", ids)))
    light = RANDOM.random((6, 9)).astype(np.float32)
    with pytest.raises(errors.InputInvalid, match="channels BY, RY, Y"):
        raster.read(exr({"Y": light, "RY": light, "BY": light}))
    window = (np.array([2, 1], np.int32), np.array([21, 12], np.int32))
    got = raster.read(exr(dict.fromkeys("RGB", light), displayWindow=window))
    assert "20x12" in got.warnings[0] and "9x6" in got.warnings[0]


LAB_WHITES = {"D50": None, "D65": (0.3127, 0.3290)}


@pytest.mark.parametrize("white", LAB_WHITES)
@pytest.mark.parametrize("depth", (np.uint8, np.uint16, np.float32))
def test_lab_under_the_white_that_the_file_names(depth: Any, white: str) -> None:
    """sRGB's own blue and green, whose Lab values differ by ten from one white to the other."""
    rgb = np.array([[40, 120, 190], [90, 160, 70], [128, 128, 128]]) / 255
    light = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    d65 = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    d50 = np.array(
        [[0.43607, 0.38515, 0.14308], [0.22249, 0.71689, 0.06062], [0.01392, 0.09708, 0.71410]]
    )
    matrix = d50 if white == "D50" else d65
    xyz = light @ matrix.T / matrix.sum(axis=1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)
    if depth == np.float32:
        stored = lab.astype(np.float32)
    else:
        scale = (2.55, 1, 1) if depth == np.uint8 else (655.35, 256, 256)
        stored = np.rint(lab * scale).astype(np.int32).astype(depth)
    x, y = LAB_WHITES[white] or (0, 0)
    tag = (318, 5, 2, (round(x * 10000), 10000, round(y * 10000), 10000), True)
    tags = [tag] if white != "D50" else []
    block = stored[None].repeat(4, axis=0)
    got = raster.read(pages((block, {"photometric": "cielab", "extratags": tags})))
    top = np.iinfo(got.pixels.dtype).max
    assert np.abs(got.pixels[0] / top - rgb).max() < (0.02 if depth == np.uint8 else 0.003)


def test_wide_integers_that_end_early_are_said() -> None:
    small = LARGE.astype(np.uint32)
    assert "end at 255" in raster.read(pages((small, {}))).warnings[0]
    assert raster.read(pages((small << 24, {}))).warnings == ()
