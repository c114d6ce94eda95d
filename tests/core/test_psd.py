# SPDX-License-Identifier: Apache-2.0
"""The layered PSD read back by psd-tools (tests/hosts has GIMP and Krita read it, too)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from psd_tools import PSDImage
from psd_tools.constants import Resource

from mattebrush import errors, psd, raster
from mattebrush.imaging.depth import to_depth

HEIGHT, WIDTH = 61, 45
RANDOM = np.random.default_rng(11)


def planes(depth: Any, colors: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Original and clean color: noise, and flat parts that pack. Alpha: float32."""
    values = RANDOM.random((2, HEIGHT, WIDTH, colors), np.float32)
    values[:, 10:40] = 0.25
    original, clean = (to_depth(part, depth) for part in values)
    alpha = np.clip(np.linspace(-0.5, 1.5, HEIGHT * WIDTH, dtype=np.float32), 0, 1)
    return original, clean, alpha.reshape(HEIGHT, WIDTH)


@pytest.mark.parametrize("colors", (1, 3))
@pytest.mark.parametrize("depth", (np.uint8, np.uint16))
def test_layers_and_mask_are_exact(tmp_path: Path, depth: Any, colors: int) -> None:
    original, clean, alpha = planes(depth, colors)
    path = tmp_path / "cut.psd"
    psd.write(path, raster.Raster(original), alpha, clean)
    document = PSDImage.open(path)
    top = np.iinfo(depth).max
    assert document.depth == np.dtype(depth).itemsize * 8
    assert document.size == (WIDTH, HEIGHT)
    for layer, name, pixels in zip(
        document, (psd.ORIGINAL, psd.CLEAN), (original, clean), strict=True
    ):
        assert layer.name == name
        assert layer.visible == (name == psd.ORIGINAL)
        assert layer.mask is not None
        assert not layer.mask.disabled
        assert layer.mask.bbox == (0, 0, WIDTH, HEIGHT)
        got, mask = layer.numpy("color"), layer.numpy("mask")
        assert got is not None
        assert mask is not None
        np.testing.assert_array_equal(np.rint(got * top), pixels)
        np.testing.assert_array_equal(np.rint(mask[..., 0] * top), to_depth(alpha, depth))


def test_merged_picture_is_the_cutout_on_white(tmp_path: Path) -> None:
    original, clean, alpha = planes(np.uint8, 3)
    path = tmp_path / "cut.psd"
    psd.write(path, raster.Raster(original), alpha, clean)
    merged = np.asarray(Image.open(path))  # Pillow reads the merged picture alone
    expected = original * alpha[..., None] + 255 * (1 - alpha[..., None])
    assert np.abs(merged[..., :3] - expected).max() <= 0.51
    np.testing.assert_array_equal(merged[..., 3], to_depth(alpha, np.uint8))


def test_existing_alpha_is_the_layers_transparency(tmp_path: Path) -> None:
    original, _, alpha = planes(np.uint8, 3)
    existing = RANDOM.integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
    path = tmp_path / "cut.psd"
    psd.write(path, raster.Raster(original, existing), alpha)
    (layer,) = PSDImage.open(path)
    shape, mask = layer.numpy("shape"), layer.numpy("mask")
    assert shape is not None
    assert mask is not None
    np.testing.assert_array_equal(np.rint(shape[..., 0] * 255), existing)
    np.testing.assert_array_equal(np.rint(mask[..., 0] * 255), to_depth(alpha, np.uint8))


def test_profile_and_metadata_travel(tmp_path: Path) -> None:
    original, _, alpha = planes(np.uint8, 3)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    about = raster.Metadata(exif=exif.tobytes()[6:], xmp=b"<x:xmpmeta/>", dpi=(300, 150))
    path = tmp_path / "cut.psd"
    psd.write(path, raster.Raster(original, None, profile, about), alpha)
    resources = PSDImage.open(path).image_resources
    assert resources.get_data(Resource.ICC_PROFILE) == profile
    assert resources.get_data(Resource.XMP_METADATA) == about.xmp
    assert b"Camera" in resources.get_data(Resource.EXIF_DATA_1)
    assert Image.open(path).info["icc_profile"] == profile
    resolution = resources.get_data(Resource.RESOLUTION_INFO)
    assert (resolution.horizontal / 65536, resolution.vertical / 65536) == (300, 150)
    psd.write(
        path, raster.Raster(original, None, profile, about), alpha, overwrite=True, strip=True
    )
    resources = PSDImage.open(path).image_resources
    assert resources.get_data(Resource.ICC_PROFILE) == profile
    assert resources.get_data(Resource.XMP_METADATA) is None


def test_float_pictures_become_sixteen_bit(tmp_path: Path) -> None:
    original, _, alpha = planes(np.float32, 1)
    psd.write(tmp_path / "cut.psd", raster.Raster(original), alpha)
    assert PSDImage.open(tmp_path / "cut.psd").depth == 16


def test_what_a_psd_cannot_hold_is_said(tmp_path: Path) -> None:
    wide = raster.Raster(np.zeros((1, 30_001, 1), np.uint8))
    with pytest.raises(errors.OutputUnwritable, match="30000"):
        psd.write(tmp_path / "cut.psd", wide, np.zeros((1, 30_001), np.float32))
    with pytest.raises(errors.InputInvalid):
        psd.write(tmp_path / "cut.psd", wide, np.zeros((2, 2), np.float32))
    assert list(tmp_path.iterdir()) == []


def test_existing_file_stays_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.psd"
    path.write_bytes(b"mine")
    original, _, alpha = planes(np.uint8, 1)
    with pytest.raises(errors.OutputExists):
        psd.write(path, raster.Raster(original), alpha)
    assert path.read_bytes() == b"mine"


def test_it_is_read_in_one_pass(tmp_path: Path) -> None:
    """No length in it is off. (psd-tools would not notice some of them.)"""
    original, clean, alpha = planes(np.uint8, 3)
    psd.write(tmp_path / "cut.psd", raster.Raster(original), alpha, clean)
    file = io.BytesIO((tmp_path / "cut.psd").read_bytes())
    file.seek(26)
    for _ in range(3):  # palette, resources, layers
        file.seek(int.from_bytes(file.read(4), "big"), io.SEEK_CUR)
    assert file.read(2) == b"\0\1"
    counts = np.frombuffer(file.read(2 * HEIGHT * 4), ">u2")
    assert len(file.read()) == counts.sum()
