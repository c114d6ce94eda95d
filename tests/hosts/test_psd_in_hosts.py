# SPDX-License-Identifier: Apache-2.0
"""The layered PSD in the real GIMPs and the real Kritas: layers, names, masks value by value.

Each host takes many seconds over its first start, so all kinds go through one run of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebrush import psd, raster
from mattebrush.imaging.depth import to_depth
from tests.hosts import kraread, xcfread
from tests.hosts.gimp import gimphost
from tests.hosts.krita import kritahost

pytestmark = pytest.mark.hosts

HEIGHT, WIDTH = 133, 171  # not whole tiles
RANDOM = np.random.default_rng(5)
KINDS = {"grey8": ("u1", 1), "rgb8": ("u1", 3), "grey16": ("u2", 1), "rgb16": ("u2", 3)}
Pictures = dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


def make(path: Path, depth: Any, colours: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A PSD at `path`; original, clean colour and mask as the file must hold them."""
    values = RANDOM.random((2, HEIGHT, WIDTH, colours), np.float32)
    original, clean = (to_depth(part, depth) for part in values)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    alpha = np.clip((50 - np.hypot(y - 60, x - 80)) / 40 + 0.5, 0, 1).astype(np.float32)
    psd.write(path, raster.Raster(original), alpha, clean)
    return original, clean, to_depth(alpha, depth)


def make_all(folder: Path) -> Pictures:
    return {
        name: make(folder / f"{name}.psd", np.dtype(depth).type, colours)
        for name, (depth, colours) in KINDS.items()
    }


@pytest.fixture(scope="module", params=["gimp3", "gimp210"])
def from_gimp(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Pictures]:
    """The folder with what a GIMP saved of each kind, and what was in it."""
    folder = tmp_path_factory.mktemp(f"psd-{request.param}")
    gimp: gimphost.Gimp = getattr(gimphost, request.param)(folder)
    made = make_all(folder)
    gimp.run(gimphost.INSIDE / "resave.py")
    return folder, made


@pytest.mark.parametrize("kind", KINDS)
def test_gimp_opens_it(from_gimp: tuple[Path, Pictures], kind: str) -> None:
    folder, made = from_gimp
    original, clean, mask = made[kind]
    top, bottom = xcfread.layers(folder / f"{kind}.xcf")
    assert (top.name, top.visible) == (psd.CLEAN, False)
    assert (bottom.name, bottom.visible) == (psd.ORIGINAL, True)
    big = mask.dtype.newbyteorder(">")
    for layer, pixels in ((top, clean), (bottom, original)):
        assert layer.mask is not None
        assert layer.mask_applied
        assert (layer.mask.width, layer.mask.height) == (WIDTH, HEIGHT)
        got = np.frombuffer(layer.mask.data, big).reshape(HEIGHT, WIDTH)
        np.testing.assert_array_equal(got, mask)
        data = np.frombuffer(layer.pixels.data, big).reshape(HEIGHT, WIDTH, -1)
        np.testing.assert_array_equal(data[..., : KINDS[kind][1]], pixels)


@pytest.fixture(scope="module", params=kritahost.VERSIONS)
def from_krita(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Pictures]:
    """The same for a Krita; the depths that it saw are as the files'."""
    folder = tmp_path_factory.mktemp(f"psd-krita{request.param}")
    krita = kritahost.find(request.param, folder)
    made = make_all(folder)
    depths = krita.run("resave", *(str(folder / f"{kind}.psd") for kind in made))
    assert depths == ["U8", "U8", "U16", "U16"]
    return folder, made


@pytest.mark.parametrize("kind", KINDS)
def test_krita_opens_it(from_krita: tuple[Path, Pictures], kind: str) -> None:
    folder, made = from_krita
    _, _, mask = made[kind]
    top, bottom = kraread.layers(folder / f"{kind}.psd.kra")
    assert (top.name, top.visible, top.kind) == (psd.CLEAN, False, "paintlayer")
    assert (bottom.name, bottom.visible, bottom.kind) == (psd.ORIGINAL, True, "paintlayer")
    for layer in (top, bottom):
        (transparency,) = layer.masks
        got = np.frombuffer(transparency.pixels, np.uint8).reshape(HEIGHT, WIDTH)
        # Krita's have 8 bits always: it takes the upper ones.
        expected = mask if mask.dtype == np.uint8 else mask >> 8
        np.testing.assert_array_equal(got, expected)
