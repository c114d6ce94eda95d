# SPDX-License-Identifier: Apache-2.0
"""Files in CMYK by a printer's profile, read back by readers that are not ours."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource

from mattebrush import raster, render
from mattebrush.batch import places, settings
from mattebrush.cli.command_line import main
from mattebrush.cutout import Cutout, Report
from mattebrush.errors import OptionInvalid
from mattebrush.options import Options
from mattebrush.raster import Raster
from mattebrush.raster.cmyk import InkProfile, Spot, encode, separated
from mattebrush.render import Recipe
from mattebrush.shop import presets

from .ink_profile import profile

PROFILE = InkProfile("ideal.icc", profile())
BLUE, RED = (20, 120, 200), (200, 40, 30)
HERE = (20, 15)
INKS = np.array([235, 135, 55, 0])
"""Of blue, by the ideal inks."""


def scene() -> tuple[Raster, np.ndarray]:
    pixels = np.full((40, 60, 3), RED, np.uint8)
    pixels[:, :30] = BLUE
    alpha = np.zeros((40, 60), np.float32)
    alpha[10:30, 10:50] = 1
    alpha[9, 10:50] = 0.5
    return Raster(pixels), alpha


def made(**changes: Any) -> bytes:
    source, alpha = scene()
    cutout = Cutout(alpha, alpha, source.pixels, Report("remove", 60, 40))
    return render.encode(source, cutout, Recipe(cmyk=PROFILE, **changes))


def near(values: Any, expected: Any, by: int = 4) -> bool:
    return bool(np.abs(np.asarray(values, int) - np.asarray(expected, int)).max() <= by)


def test_a_tiff_holds_inks_transparency_spot_path_and_profile() -> None:
    data = made(format="tiff", spot="White", path=1.5)
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        page: Any = tiff.pages[0]
        samples = page.asarray()
        assert page.photometric == 5 and [int(kind) for kind in page.extrasamples] == [2, 0]
        assert page.tags.valueof(34675) == PROFILE.data
        blocks = page.tags.valueof(34377)
    assert near(samples[HERE][:4], INKS)
    assert (samples[..., :4][samples[..., 4] == 0] == 0).all(), "ink where nothing is"
    assert samples[HERE][4:].tolist() == [255, 255] and samples[9, 20, 4:].tolist() == [128, 128]
    # The path and its name, that it clips, and the spot's name.
    for number in (2000, 2999, 1006, 1077):
        assert b"8BIM" + number.to_bytes(2, "big") in blocks
    assert b"\5White" in blocks and b"\7Subject" in blocks


def test_pillow_reads_a_tiff_and_a_jpeg() -> None:
    for format in ("tiff", "jpg"):
        data = made(format=format, background=(1.0, 1.0, 1.0), path=1.5)
        image = Image.open(io.BytesIO(data))
        assert image.mode == "CMYK" and image.info["icc_profile"] == PROFILE.data
        assert near(np.asarray(image)[HERE], INKS)
        assert near(np.asarray(image)[0, 0], (0, 0, 0, 0), 2), "paper stays white"
    assert b"Photoshop 3.0\x008BIM\x07\xd0" in data


def test_psd_tools_and_pillow_read_the_layers_inks_and_the_spot() -> None:
    shadow = {"dx": 0.0, "dy": 6.0, "blur": 1.0}
    data = made(format="psd", spot="Weiß", shadow=shadow, path=1.5)
    document = PSDImage.open(io.BytesIO(data))
    assert int(document.color_mode) == 4 and document.channels == 6
    assert [layer.name for layer in document] == ["Shadow", "Original", "Clean color"]
    loaded = document.image_resources
    assert loaded.get_data(Resource.ICC_PROFILE) == PROFILE.data
    assert [str(n).strip("\0") for n in loaded.get_data(Resource.ALPHA_NAMES_UNICODE)] == [
        "Transparency",
        "Weiß",
    ]
    assert Resource(2999) in loaded
    merged = np.rint(document.numpy() * 255)
    assert near(255 - merged[HERE][:4], INKS)
    assert merged[HERE][4:].tolist() == [255, 0], "a PSD's spot is full at 0"
    assert merged[0, 0, 5] == 255
    layer = document[1].numpy("color")
    assert near(255 - np.rint(layer[HERE] * 255), INKS)
    image = Image.open(io.BytesIO(data))
    assert near(np.asarray(image)[HERE], INKS)
    # A shadow is of black ink alone.
    shaded = np.asarray(image)[32:35, 15:45]
    assert shaded[..., 3].min() > 20 and shaded[..., :3].max() == 0


@pytest.mark.parametrize("format", ["tiff", "psd"])
def test_what_is_written_can_be_read_here(format: str) -> None:
    picture = raster.read(made(format=format, spot="White"))
    assert picture.pixels.shape == (40, 60, 3) and picture.icc is None
    assert near(picture.pixels[HERE], BLUE, 8) and near(picture.pixels[20, 45], RED, 8)
    assert picture.alpha is not None
    assert picture.alpha[HERE] == 255 and picture.alpha[0, 0] == 0


def test_gray_and_deep_pictures_become_inks() -> None:
    gray = Raster(np.full((4, 4, 1), 128, np.uint8))
    assert near(separated(gray, PROFILE)[0, 0], (127, 127, 127, 0), 6)
    deep = Raster(np.full((4, 4, 3), 0.5, np.float32))
    assert near(separated(deep, PROFILE)[0, 0], (127, 127, 127, 0), 6)
    source, alpha = scene()
    deep = Raster(source.pixels.astype(np.uint16) * 257)
    cutout = Cutout(alpha, alpha, None, Report("remove", 60, 40))
    remarks = render.encoded(deep, cutout, Recipe(format="tiff", cmyk=PROFILE))[1]
    assert any("8 bits" in remark for remark in remarks)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"format": "png", "cmyk": PROFILE}, "no CMYK"),
        ({"format": "tiff", "content": "mask", "cmyk": PROFILE}, "no CMYK"),
        ({"format": "tiff", "spot": "White"}, "--cmyk"),
        ({"format": "jpg", "background": (1, 1, 1), "cmyk": PROFILE, "spot": "White"}, "no spot"),
        ({"format": "tiff", "cmyk": PROFILE, "spot": " "}, "1 to 63"),
        ({"format": "tiff", "cmyk": PROFILE, "preset": presets.get("square")}, "sRGB"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(OptionInvalid, match=expected):
        Recipe(**changes)


def fails_at_the_first_pixel(profile: bytes) -> bytes:
    """An ink profile of version 4 with a matrix before its table, as Ghostscript's gray_to_k.icc:
    a transform is built from it, but Pillow cannot hand the profile on with a picture."""
    data = bytearray(profile)
    data[8:12] = (0x04200000).to_bytes(4, "big")
    data[20:24] = b"XYZ "
    row = data.index(b"B2A0", 128)
    table = int.from_bytes(data[row + 4 : row + 8], "big")
    data[table + 12 : table + 16] = (2 << 16).to_bytes(4, "big")
    return bytes(data)


def test_other_profiles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "srgb.icc"
    path.write_bytes(raster.srgb_profile())
    with pytest.raises(OptionInvalid, match="profile of RGB, not of CMYK"):
        InkProfile.read(path)
    path.write_bytes(PROFILE.data[:400])
    with pytest.raises(OptionInvalid, match="cannot be taken into"):
        InkProfile.read(path)
    path.write_bytes(fails_at_the_first_pixel(PROFILE.data))
    with pytest.raises(OptionInvalid, match="cannot be taken into"):
        InkProfile.read(path)
    path.write_bytes(b"none")
    with pytest.raises(OptionInvalid, match="no ICC profile"):
        InkProfile.read(path)
    with pytest.raises(OptionInvalid, match="cannot be read"):
        InkProfile.read(tmp_path / "gone.icc")


def test_the_command_and_a_batchs_settings(tmp_path: Path) -> None:
    icc, photo, out = tmp_path / "inks.icc", tmp_path / "photo.png", tmp_path / "out.tif"
    icc.write_bytes(PROFILE.data)
    y, x = np.mgrid[:96, :96]
    pixels = np.where((np.hypot(y - 48, x - 48) < 25)[..., None], RED, (235, 235, 240))
    Image.fromarray(pixels.astype(np.uint8)).save(photo)
    command = ["remove", str(photo), "-o", str(out), "--cmyk", str(icc), "--spot", "White"]
    assert main([*command, "--clipping-path"]) == 0
    assert tifffile.imread(out).shape == (96, 96, 6)
    recipe = Recipe(format="tiff", cmyk=InkProfile.read(icc), spot="White")
    settings.save(places.LocalFolder(tmp_path), Options(), recipe, None)
    assert settings.load(tmp_path)[1] == recipe


def test_the_bytes_of_a_spot_are_the_planes() -> None:
    source, alpha = scene()
    data = encode(source, "TIFF", PROFILE, Spot("Varnish", alpha))
    assert (tifffile.imread(io.BytesIO(data))[..., 4] == np.rint(alpha * 255)).all()
