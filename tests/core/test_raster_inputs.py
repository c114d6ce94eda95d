# SPDX-License-Identifier: Apache-2.0
"""Every kind of picture file that people have, against what Pillow or the arithmetic says."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from typing import Any, Literal

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from mattebrush import errors, raster
from mattebrush.imaging.depth import to_depth

RANDOM = np.random.default_rng(7)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def as_tiff(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


# --- orientation ---------------------------------------------------------------------------------

FOUR = np.zeros((32, 48, 3), np.uint8)  # a different color in each quarter, dull: JPEG keeps it
FOUR[:16, :24], FOUR[:16, 24:], FOUR[16:, :24], FOUR[16:, 24:] = 40, (160, 60, 60), 120, 210


def with_orientation(format: str, turn: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    exif[0x010F] = "Camera"
    image = Image.fromarray(FOUR)
    if format == "TIFF16":
        tags = [(0x0112, 3, 1, turn, True)]
        return as_tiff(FOUR.astype(np.uint16) * 257, photometric="rgb", extratags=tags)
    if format == "PNG16":
        whole = raster.encode(raster.Raster(FOUR.astype(np.uint16) * 257), "PNG")
        return whole[:33] + chunk(b"eXIf", exif.tobytes()[6:]) + whole[33:]
    return saved(image, format, exif=exif)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("format", ("JPEG", "PNG", "PNG16", "WEBP", "TIFF", "TIFF16", "AVIF"))
def test_orientation_is_applied_once(format: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    plain = Image.fromarray(FOUR)
    plain.info["exif"] = exif.tobytes()
    expected = np.asarray(ImageOps.exif_transpose(plain))
    first = raster.read(with_orientation(format, turn))
    got = to_depth(first.pixels, np.uint8).astype(int)
    assert got.shape == expected.shape
    inner = np.s_[4:-4:5, 4:-4:5]
    assert np.abs(got[inner] - expected[inner]).max() < 25
    again = raster.read(raster.encode(first, "PNG"))
    np.testing.assert_array_equal(again.pixels, first.pixels)
    assert Image.open(io.BytesIO(raster.encode(first, "PNG"))).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("quarters", range(4))
def test_heic_is_turned_by_its_own_box_alone(quarters: int) -> None:
    """Telephones store the turn twice: in the container, which counts, and in EXIF."""
    pillow_heif = pytest.importorskip("pillow_heif", reason="pip install pillow-heif")
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    four = FOUR.repeat(2, axis=0).repeat(2, axis=1)
    data = bytearray(saved(Image.fromarray(four), "HEIF", quality=95, exif=exif))
    assert data.count(b"pixi") == 1
    at = data.index(b"pixi")  # a property that decoders can do without becomes the turn
    data[at : at + 5] = b"irot" + bytes([quarters])
    got = raster.read(bytes(data))
    expected = np.rot90(four, quarters)
    assert got.pixels.shape == expected.shape
    inner = np.s_[8:-8:5, 8:-8:5]
    assert np.abs(got.pixels[inner].astype(int) - expected[inner]).max() < 25
    again = raster.read(raster.encode(got, "JPEG"))
    assert again.pixels.shape == expected.shape


def test_heic_without_the_package_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    with pytest.raises(errors.InputInvalid, match=r"mattebrush\[heif\]"):
        raster.read(head + bytes(100))


def test_orientation_from_xmp_alone() -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-'
        b'rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
        b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    first = raster.read(saved(Image.fromarray(FOUR), "JPEG", xmp=packet))
    assert (first.width, first.height) == (32, 48)
    again = raster.read(raster.encode(first, "JPEG"))
    assert (again.width, again.height) == (32, 48)
    assert again.metadata.xmp == packet.replace(b'"6"', b'"1"')


# --- modes ---------------------------------------------------------------------------------------

COLORS = Image.fromarray(RANDOM.integers(0, 256, (21, 34, 3), dtype=np.uint8))
OPACITY = Image.fromarray(RANDOM.integers(1, 256, (21, 34), dtype=np.uint8))


def _modes() -> dict[str, tuple[Image.Image, str, dict[str, Any]]]:
    gray, palette = COLORS.convert("L"), COLORS.quantize(32)
    rgba, la = COLORS.convert("RGBA"), gray.convert("LA")
    rgba.putalpha(OPACITY)
    la.putalpha(OPACITY)
    lzw = {"compression": "tiff_lzw"}
    return {
        "gray": (gray, "PNG", {}),
        "gray and alpha": (la, "PNG", {}),
        "one bit": (COLORS.convert("1"), "PNG", {}),
        "one bit, key": (COLORS.convert("1"), "PNG", {"transparency": 255}),
        "fax": (COLORS.convert("1"), "TIFF", {"compression": "group4"}),
        "rgba": (rgba, "PNG", {}),
        "rgba webp": (rgba, "WEBP", {"lossless": True}),
        "rgba tiff": (rgba, "TIFF", {}),
        "gray and alpha tiff": (la, "TIFF", {}),
        "rgb lzw tiff": (COLORS, "TIFF", lzw),
        "rgb jpeg tiff": (COLORS, "TIFF", {"compression": "jpeg", "quality": 95}),
        "rgb packbits tiff": (COLORS, "TIFF", {"compression": "packbits"}),
        "palette": (palette, "PNG", {}),
        "palette, one clear": (palette, "PNG", {"transparency": 3}),
        "palette, many clear": (palette, "PNG", {"transparency": bytes(range(0, 256, 8))}),
        "palette tiff": (palette, "TIFF", lzw),
        "palette bmp": (palette, "BMP", {}),
        "bmp": (COLORS, "BMP", {}),
        "bmp 32": (rgba, "BMP", {}),
        "gif": (palette, "GIF", {}),
        "gif, clear": (palette, "GIF", {"transparency": 5}),
        "rgb key": (COLORS, "PNG", {"transparency": COLORS.getpixel((3, 4))}),
        "gray key": (gray, "PNG", {"transparency": gray.getpixel((3, 4))}),
        "gray jpeg": (gray, "JPEG", {}),
        "progressive jpeg": (COLORS, "JPEG", {"progressive": True}),
        "cmyk jpeg": (COLORS.convert("CMYK"), "JPEG", {"quality": 95}),
        "cmyk tiff": (COLORS.convert("CMYK"), "TIFF", lzw),
        **({"ycbcr tiff": (COLORS.convert("YCbCr"), "TIFF", {})} if _reads_own_ycbcr() else {}),
    }


def _reads_own_ycbcr() -> bool:
    """Pillow before 13 writes such a TIFF file in a way that it cannot read."""
    with Image.open(io.BytesIO(saved(COLORS.convert("YCbCr"), "TIFF"))) as own:
        try:
            own.load()
        except OSError:
            return False
    return True


@pytest.mark.parametrize("name", list(_modes()))
def test_eight_bit_kinds(name: str) -> None:
    image, format, options = _modes()[name]
    data = saved(image, format, **options)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    got = raster.read(data)
    np.testing.assert_array_equal(np.broadcast_to(got.pixels, (21, 34, 3)), expected[..., :3])
    alpha = np.full((21, 34), 255) if got.alpha is None else got.alpha
    np.testing.assert_array_equal(alpha, expected[..., 3])
    assert (got.alpha is not None) == (expected[..., 3].min() < 255)
    assert got.pixels.shape[2] == (1 if image.mode in ("L", "LA", "1") else 3)
    assert got.format == format


def test_lab_tiff_becomes_srgb() -> None:
    from PIL import ImageCms

    patch = Image.new("RGB", (8, 8), (200, 90, 40))
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    image = ImageCms.profileToProfile(patch, srgb, lab, outputMode="LAB")
    assert image is not None
    got = raster.read(saved(image, "TIFF"))
    assert np.abs(got.pixels[4, 4].astype(int) - (200, 90, 40)).max() <= 3


def _cmyk_profile() -> bytes:
    """A CMYK profile that no rule of thumb would guess: else than white and black all is gray."""
    grid = np.full((2, 2, 2, 2, 3), (128, 128, 128), np.uint8)
    grid[0, 0, 0, 0], grid[1, 1, 1, 1] = (255, 128, 128), (0, 128, 128)
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *(65536, 0, 0, 0, 65536, 0, 0, 0, 65536))
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + ramp * 4 + grid.tobytes() + ramp * 3
    text = b"text\0\0\0\0made for a test\0"
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    parts = {b"desc": text, b"cprt": text, b"wtpt": white, b"A2B0": table}
    offset, index, body = 128 + 4 + 12 * len(parts), b"", b""
    for tag, part in parts.items():
        index += tag + struct.pack(">II", offset + len(body), len(part))
        body += part + b"\0" * (-len(part) % 4)
    total = offset + len(body)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", total, b"", 0x02100000, b"prtr", b"CMYK", b"Lab ", b"", b"acsp"
    )
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(parts)) + index + body


@pytest.mark.parametrize("format", ("JPEG", "TIFF"))
def test_cmyk_goes_through_its_profile(format: str) -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    got = raster.read(saved(cyan, format, icc_profile=_cmyk_profile()))
    assert got.icc is None  # the pixels are sRGB now
    assert np.abs(got.pixels.astype(int) - 119).max() <= 3  # L* = 50.2
    plain = raster.read(saved(cyan, format))
    assert np.abs(plain.pixels.astype(int) - (0, 255, 255)).max() <= 3


def test_damaged_or_foreign_profile_is_survived() -> None:
    blank = Image.new("CMYK", (16, 16), (0, 0, 0, 0))
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (b"nonsense" * 40, srgb):
        assert raster.read(saved(blank, "JPEG", icc_profile=profile)).pixels.min() >= 254


# --- 16-bit PNG ----------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def paeth(left: np.ndarray, up: np.ndarray, corner: np.ndarray) -> np.ndarray:
    guess = left + up - corner
    a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
    return np.where((a <= b) & (a <= c), left, np.where(b <= c, up, corner))


def scanlines(samples: np.ndarray) -> bytes:
    """PNG scanlines of big-endian samples, the five filters in turn."""
    step = samples.shape[2] * samples.itemsize
    rows = samples.reshape(len(samples), -1).view(np.uint8).astype(int)
    out, above = b"", np.zeros(rows.shape[1] + step, int)
    for number, row in enumerate(rows):
        padded = np.concatenate([np.zeros(step, int), row])
        left, up, corner = padded[:-step], above[step:], above[:-step]
        guess = (0 * row, left, up, (left + up) // 2, paeth(left, up, corner))[number % 5]
        out += bytes([number % 5]) + ((row - guess) % 256).astype(np.uint8).tobytes()
        above = padded
    return out


def png16(samples: np.ndarray, interlaced: bool, *extra: bytes) -> bytes:
    height, width, channels = samples.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    big = samples.astype(">u2")
    passes = [big]
    if interlaced:
        starts = (
            (0, 0, 8, 8),
            (0, 4, 8, 8),
            (4, 0, 8, 4),
            (0, 2, 4, 4),
            (2, 0, 4, 2),
            (0, 1, 2, 2),
            (1, 0, 2, 1),
        )
        passes = [np.ascontiguousarray(big[y::dy, x::dx]) for y, x, dy, dx in starts]
    data = b"".join(scanlines(part) for part in passes if part.size)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, int(interlaced))
    body = chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", zlib.compress(data))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("interlaced", (False, True))
@pytest.mark.parametrize("channels", (1, 2, 3, 4))
def test_sixteen_bit_png_keeps_every_bit(channels: int, interlaced: bool) -> None:
    samples = RANDOM.integers(0, 65536, (19, 23, channels), dtype=np.uint16)
    got = raster.read(png16(samples, interlaced))
    colors = channels - (channels % 2 == 0)
    assert got.pixels.dtype == np.uint16
    np.testing.assert_array_equal(got.pixels, samples[..., :colors])
    if channels % 2 == 0:
        np.testing.assert_array_equal(got.alpha, samples[..., -1])


@pytest.mark.parametrize("channels", (1, 3))
def test_sixteen_bit_png_with_a_transparent_color(channels: int) -> None:
    samples = RANDOM.integers(0, 65536, (9, 8, channels), dtype=np.uint16)
    samples[2, 3] = samples[5, 5]
    samples[6, 6] = samples[5, 5] ^ 1  # differs in the lowest bit alone
    key = chunk(b"tRNS", samples[5, 5].astype(">u2").tobytes())
    got = raster.read(png16(samples, False, key))
    expected = np.full((9, 8), 65535)
    expected[2, 3] = expected[5, 5] = 0
    np.testing.assert_array_equal(got.alpha, expected)


def test_small_grays_with_a_transparent_one() -> None:
    packed = np.array([[0b00011011], [0b11100100]], np.uint8)  # 2 bits a pixel
    data = b"".join(b"\0" + row.tobytes() for row in packed)
    header = struct.pack(">IIBBBBB", 4, 2, 2, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"tRNS", b"\0\2"), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    got = raster.read(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    np.testing.assert_array_equal(got.pixels[..., 0], [[0, 85, 170, 255], [255, 170, 85, 0]])
    np.testing.assert_array_equal(got.alpha, [[255, 255, 0, 255], [255, 0, 255, 255]])


# --- deep and odd TIFF ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    (
        {},
        {"compression": "zlib"},
        {"tile": (16, 16)},
        {"tile": (16, 16), "compression": "zlib"},
        {"planarconfig": "separate"},
        {"byteorder": ">"},
        {"bigtiff": True},
        {"rowsperstrip": 5},
    ),
    ids=str,
)
@pytest.mark.parametrize("dtype", (np.uint16, np.float32))
def test_deep_tiff_keeps_every_bit(dtype: Any, options: dict[str, Any]) -> None:
    samples = RANDOM.integers(0, 65536, (40, 37, 4), dtype=np.uint16)
    if dtype == np.float32:
        samples = (samples / 40000).astype(np.float32)  # beyond 1, as scene-linear files are
    inputs = np.moveaxis(samples, -1, 0) if "planarconfig" in options else samples
    got = raster.read(as_tiff(inputs, photometric="rgb", extrasamples=["unassalpha"], **options))
    np.testing.assert_array_equal(got.pixels, samples[..., :3])
    np.testing.assert_array_equal(got.alpha, samples[..., 3])


def lzw(data: bytes) -> bytes:
    """The simplest valid LZW of TIFF: literals of 9 bits, with a fresh table before it grows."""
    codes: list[int] = []
    for at in range(0, len(data), 200):
        codes += [256, *data[at : at + 200]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def lzw_tiff(
    samples: np.ndarray, photometric: int, extra: int | None, order: Literal["<", ">"]
) -> bytes:
    """One strip of 16-bit samples, LZW-compressed, in the byte order "<" or ">"."""
    height, width, channels = samples.shape
    strip = lzw(samples.astype(samples.dtype.newbyteorder(order)).tobytes())
    entries = [
        (256, 3, width), (257, 3, height), (258, 3, [16] * channels), (259, 3, 5),
        (262, 3, photometric), (273, 4, 8), (277, 3, channels), (278, 3, height),
        (279, 4, len(strip)), (284, 3, 1),
    ]  # fmt: skip
    if extra is not None:
        entries.append((338, 3, extra))
    start = 8 + len(strip) + len(strip) % 2
    behind = start + 2 + 12 * len(entries) + 4
    table, values = struct.pack(order + "H", len(entries)), b""
    for tag, kind, value in sorted(entries, key=lambda entry: entry[0]):
        numbers = value if isinstance(value, list) else [value]
        data = struct.pack(f"{order}{len(numbers)}{'H' if kind == 3 else 'L'}", *numbers)
        if len(data) > 4:
            values, data = values + data, struct.pack(order + "L", behind + len(values))
        table += struct.pack(order + "HHL", tag, kind, len(numbers)) + data.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", start)
    return head + strip + b"\0" * (len(strip) % 2) + table + b"\0\0\0\0" + values


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("channels", "photometric", "extra"), ((1, 1, None), (3, 2, None), (4, 2, 2))
)
def test_lzw_tiff_keeps_sixteen_bits(
    channels: int, photometric: int, extra: int | None, order: Literal["<", ">"]
) -> None:
    samples = RANDOM.integers(0, 65536, (12, 10, channels), dtype=np.uint16)
    got = raster.read(lzw_tiff(samples, photometric, extra, order))
    assert got.pixels.dtype == np.uint16
    np.testing.assert_array_equal(got.pixels, samples[..., :3])
    if extra:
        np.testing.assert_array_equal(got.alpha, samples[..., 3])


@pytest.mark.parametrize("dtype", (np.uint8, np.uint16, np.float32))
@pytest.mark.parametrize("colors", (1, 3))
def test_premultiplied_tiff_becomes_straight(dtype: Any, colors: int) -> None:
    top = 1.0 if dtype == np.float32 else float(np.iinfo(dtype).max)
    straight = RANDOM.random((15, 14, colors))
    alpha = RANDOM.uniform(0.3, 1.0, (15, 14, 1))
    alpha[3] = 0
    samples = np.concatenate([straight * alpha, alpha], axis=-1) * top
    data = as_tiff(
        (np.rint(samples) if top > 1 else samples).astype(dtype),
        photometric="rgb" if colors == 3 else "minisblack",
        extrasamples=["assocalpha"],
        planarconfig="contig",
    )
    got = raster.read(data)
    assert got.alpha is not None
    assert got.pixels.dtype == dtype
    expected = np.where(alpha > 0, straight, 0) * top
    tolerance = 1e-5 if top == 1 else 4  # of the rounded color, divided by alpha >= 0.3
    assert np.abs(got.pixels - expected).max() <= tolerance
    np.testing.assert_allclose(got.alpha, alpha[..., 0] * top, atol=0.6 if top > 1 else 1e-6)


def test_premultiplied_lzw_tiff_keeps_sixteen_bits() -> None:
    samples = np.full((4, 4, 4), 1000, np.uint16)
    samples[..., 3] = 2000
    got = raster.read(lzw_tiff(samples, 2, 1, "<"))
    np.testing.assert_array_equal(got.pixels, 32768)  # 1000 / 2000 of 65535, rounded
    np.testing.assert_array_equal(got.alpha, 2000)


def test_min_is_white_is_turned_over() -> None:
    samples = RANDOM.integers(0, 65536, (5, 6), dtype=np.uint16)
    got = raster.read(as_tiff(samples, photometric="miniswhite"))
    np.testing.assert_array_equal(got.pixels[..., 0], 65535 - samples)


def test_wide_integers_keep_their_upper_half() -> None:
    samples = RANDOM.integers(0, 2**32, (5, 6), dtype=np.uint32)
    got = raster.read(as_tiff(samples, photometric="minisblack"))
    np.testing.assert_array_equal(got.pixels[..., 0], samples >> 16)


def test_half_floats_are_read() -> None:
    samples = RANDOM.random((5, 6, 3)).astype(np.float16)
    got = raster.read(as_tiff(samples, photometric="rgb"))
    np.testing.assert_array_equal(got.pixels, samples.astype(np.float32))


@pytest.mark.parametrize("value", (np.nan, np.inf, -np.inf))
def test_float_tiff_must_hold_numbers(value: float) -> None:
    samples = np.ones((5, 6, 3), np.float32)
    samples[2, 2, 1] = value
    with pytest.raises(errors.InputInvalid, match="not numbers"):
        raster.read(as_tiff(samples, photometric="rgb"))


def test_signed_integers_are_refused() -> None:
    with pytest.raises(errors.InputInvalid, match="int16"):
        raster.read(as_tiff(np.ones((5, 6), np.int16), photometric="minisblack"))


def test_missing_strips_are_not_taken_for_black() -> None:
    data = as_tiff(np.ones((64, 64), np.uint16), photometric="minisblack", rowsperstrip=8)
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        height = tiff.pages.first.tags["ImageLength"].valueoffset
    changed = bytearray(data)
    struct.pack_into("<I", changed, height, 640)
    with pytest.raises(errors.InputInvalid, match="missing"):
        raster.read(bytes(changed))


def test_inflation_bomb_in_tiff_is_refused() -> None:
    data = as_tiff(np.zeros((64, 64), np.uint16), photometric="minisblack")
    bomb = zlib.compress(bytes(1 << 26), 9)
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        offsets = {tag: tiff.pages[0].tags[tag].valueoffset for tag in (259, 273, 279)}
    changed = bytearray(data + bomb)
    struct.pack_into("<H", changed, offsets[259], 8)
    struct.pack_into("<I", changed, offsets[273], len(data))
    struct.pack_into("<I", changed, offsets[279], len(bomb))
    with pytest.raises(errors.InputInvalid, match="too large"):
        raster.read(bytes(changed))
