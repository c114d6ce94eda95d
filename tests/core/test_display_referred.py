# SPDX-License-Identifier: Apache-2.0
"""Networks see a picture as a screen shows it, however its file writes its colors; gain maps, lost
bits and cut highlights are said."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from mattebrush import cli, engine, raster
from mattebrush.options import Options
from mattebrush.raster import gain_map, icc

EXAMPLE = Path(__file__).parents[2] / "examples" / "lemur.jpg"
PQ = (9, 16, 0, 1)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    with Image.open(EXAMPLE) as opened:
        return np.asarray(opened.convert("RGB").resize((400, 258)))


def written(photo: np.ndarray, profile: bytes) -> raster.Raster:
    """The same picture, 16 bits in another encoding of the same primaries or wider ones."""
    source = raster.Raster(photo.astype(np.uint16) * 257)
    return raster.Raster(raster.in_profile(source, profile), icc=profile)


def profiles() -> dict[str, bytes]:
    pq = icc.from_code_points(PQ)
    assert pq is not None
    return {"linear": icc.build(icc.SRGB_PRIMARIES, icc.LINEAR, "linear"), "PQ": pq}


@pytest.mark.parametrize("kind", ["linear", "PQ"])
def test_the_mask_is_that_of_the_picture_as_it_looks(kind: str, photo: np.ndarray) -> None:
    far = written(photo, profiles()[kind])
    displayed = raster.display_referred(far)
    assert displayed is not None and displayed.dtype == np.uint16
    assert np.abs(displayed / 257 - photo).max() < 3
    expected = engine.remove_background(photo).alpha
    seen = engine.remove_background(far.image(), display=displayed)
    assert np.abs(seen.alpha - expected).mean() < 0.004
    blind = engine.remove_background(far.image()).alpha
    assert np.abs(blind - expected).mean() > 2 * np.abs(seen.alpha - expected).mean()
    # The colors stay in the picture's own encoding.
    solid = seen.alpha == 1
    assert seen.foreground is not None
    np.testing.assert_array_equal(seen.foreground[solid], far.pixels[solid])


def test_what_looks_nearly_so_is_left_alone(photo: np.ndarray) -> None:
    for exponent in (1.8, 2.2, 2.6):
        profile = icc.build(icc.SRGB_PRIMARIES, icc.gamma(exponent), "gamma")
        assert raster.display_referred(raster.Raster(photo, icc=profile)) is None
    assert raster.display_referred(raster.Raster(photo)) is None
    assert raster.display_referred(raster.Raster(photo, icc=b"damaged")) is None


def test_the_command_line_and_the_library_ask_for_it(photo: np.ndarray, tmp_path: Path) -> None:
    import mattebrush

    raster.write(tmp_path / "far.tif", written(photo, profiles()["linear"]))
    Image.fromarray(photo).save(tmp_path / "near.png")
    for name in ("far.tif", "near.png"):
        words = ["remove", str(tmp_path / name), "--mask", "-o", str(tmp_path / f"{name}.png")]
        assert cli.main([*words, "-q"]) == 0
    far, near = (
        raster.read(tmp_path / f"{name}.png").plane("mask").astype(float) / scale
        for name, scale in (("far.tif", 65535), ("near.png", 255))
    )
    assert np.abs(far - near).mean() < 0.004
    alpha = mattebrush.remove_background(tmp_path / "far.tif", Options()).alpha
    assert np.abs(alpha - near).mean() < 0.004


def gain_mapped() -> bytes:
    """A JPEG that says in XMP, as phones' do, that a gain map follows."""
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf'
        '-syntax-ns#"><rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" hdrgm:Version="1.0" dc:format="image/jpeg">'
        "<Container:Directory><rdf:Seq/></Container:Directory></rdf:Description></rdf:RDF>"
        "</x:xmpmeta>"
    )
    file = io.BytesIO()
    with Image.open(EXAMPLE) as opened:
        opened.resize((60, 40)).save(file, "JPEG", xmp=xmp.encode())
    return file.getvalue()


def test_a_gain_map_is_said_and_no_longer_spoken_of() -> None:
    read = raster.read(gain_mapped())
    assert read.warnings == (gain_map.LEFT_OUT,)
    assert read.metadata.xmp is not None
    assert b"hdrgm:Version" not in read.metadata.xmp
    assert b"Container:Directory" not in read.metadata.xmp
    assert b'dc:format="image/jpeg"' in read.metadata.xmp
    again = raster.read(raster.encode(read, "JPEG"))
    assert gain_map.LEFT_OUT not in again.warnings or b"hdr-gain-map" in (again.metadata.xmp or b"")
    assert raster.read(EXAMPLE.read_bytes()).warnings == ()


def test_bits_of_cmyk_that_are_not_used_are_said() -> None:
    file = io.BytesIO()
    ink = np.random.default_rng(1).integers(0, 65535, (24, 32, 4), np.uint16)
    tifffile.imwrite(file, ink, photometric="separated")
    read = raster.read(file.getvalue())
    assert read.pixels.dtype == np.uint8
    assert any("Of 16 bits" in warning for warning in read.warnings)


def test_decontaminate_says_what_the_format_does_not_keep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bright = np.full((32, 40, 3), 0.5, np.float32)
    bright[4:9, 4:9] = 3.0
    raster.write(tmp_path / "bright.tif", raster.Raster(bright))
    alpha = np.zeros((32, 40), np.uint8)
    alpha[2:20, 2:20] = 255
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    words = ["decontaminate", str(tmp_path / "bright.tif"), str(tmp_path / "alpha.png"), "--json"]
    assert cli.main([*words, "-o", str(tmp_path / "f.png")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert any("cut off" in warning for warning in report["warnings"])


@pytest.mark.parametrize(
    "codec",
    ["lzw", "deflate", "packbits", "webp", "zstd", "lzma", "lerc", "jpeg2000", "jpegxl"],
)
def test_every_compression_that_the_manual_names(codec: str, photo: np.ndarray) -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, photo, compression=codec, photometric="rgb")
    read = raster.read(file.getvalue()).pixels
    assert np.abs(read.astype(int) - photo).max() == 0
