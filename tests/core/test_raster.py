# SPDX-License-Identifier: Apache-2.0
"""Reading and writing of pictures: exact where it can be, and never a file too many."""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebrush import errors, raster
from mattebrush.imaging.depth import to_depth

DEPTHS: tuple[Any, ...] = (np.uint8, np.uint16, np.float32)
HEIGHT, WIDTH = 37, 53


def picture(depth: Any, colors: int, with_alpha: bool) -> raster.Raster:
    """Noise: every value differs from its neighbors, so that no mix-up goes unseen."""
    random = np.random.default_rng(colors)
    values = random.random((HEIGHT, WIDTH, colors + 1), np.float32)
    alpha = to_depth(values[..., -1] * np.float32(0.9) + np.float32(0.1), depth)
    return raster.Raster(to_depth(values[..., :-1], depth).copy(), alpha if with_alpha else None)


@pytest.mark.parametrize("with_alpha", (False, True))
@pytest.mark.parametrize("colors", (1, 3))
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("format", ("PNG", "TIFF"))
def test_round_trip_is_exact(format: str, depth: Any, colors: int, with_alpha: bool) -> None:
    before = picture(depth, colors, with_alpha)
    after = raster.read(raster.encode(before, format))
    kept = np.uint16 if (format, depth) == ("PNG", np.float32) else depth
    assert after.format == format
    assert after.pixels.dtype == kept
    np.testing.assert_array_equal(after.pixels, to_depth(before.pixels, kept))
    if before.alpha is None:
        assert after.alpha is None
    else:
        assert after.alpha is not None
        np.testing.assert_array_equal(after.alpha, to_depth(before.alpha, kept))


@pytest.mark.parametrize("format", ("JPEG", "WEBP"))
def test_lossy_formats_come_close(format: str) -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    smooth = np.stack([x / WIDTH, y / HEIGHT, 0.5 * (x / WIDTH + y / HEIGHT)], axis=-1)
    before = to_depth(smooth, np.uint8)
    after = raster.read(raster.encode(raster.Raster(before), format))
    assert np.abs(after.pixels.astype(int) - before).max() <= 12


def test_color_under_zero_alpha_is_gone() -> None:
    before = picture(np.uint8, 3, with_alpha=True)
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[:, 20:] = 0.5
    for format in ("PNG", "TIFF"):
        after = raster.read(raster.encode(dataclasses.replace(before, alpha=alpha), format))
        assert not after.pixels[:, :20].any()
        np.testing.assert_array_equal(after.pixels[:, 20:], before.pixels[:, 20:])
        assert after.alpha is not None
        assert set(np.unique(after.alpha)) == {0, 128}


def test_jpeg_refuses_transparency() -> None:
    with pytest.raises(errors.OutputUnwritable, match="no transparency"):
        raster.encode(picture(np.uint8, 3, with_alpha=True), "JPEG")


def test_existing_file_stays_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    path.write_bytes(b"mine")
    with pytest.raises(errors.OutputExists):
        raster.write(path, picture(np.uint8, 3, False))
    assert path.read_bytes() == b"mine"
    raster.write(path, picture(np.uint8, 3, False), overwrite=True)
    assert raster.read(path).width == WIDTH
    assert list(tmp_path.iterdir()) == [path]


def test_decoders_are_imported_when_needed() -> None:
    code = (
        "import sys, mattebrush.raster, mattebrush.psd; "
        "sys.exit(any(name in sys.modules for name in ('PIL', 'tifffile')))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


def test_reads_streams_and_paths(tmp_path: Path) -> None:
    before = picture(np.uint8, 3, False)
    path = tmp_path / "in.png"
    raster.write(path, before)
    for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())):
        np.testing.assert_array_equal(raster.read(source).pixels, before.pixels)
