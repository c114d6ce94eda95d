# SPDX-License-Identifier: Apache-2.0
"""The layered PSD in the real GIMP and the real Krita: layers, names, masks value by value.

apt-get install --no-install-recommends gimp krita python3-pyqt5 python3-sip
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattebrush import psd, raster
from tests.hosts import kraread, xcfread

HEIGHT, WIDTH = 133, 171  # not whole tiles
RANDOM = np.random.default_rng(5)
KINDS = [(np.uint8, 1), (np.uint8, 3), (np.uint16, 1), (np.uint16, 3)]


def host(command: str, package: str) -> str:
    """The path of a host's command, or a skip that says how to get it (a failure in CI)."""
    found = shutil.which(command)
    if found:
        return found
    reason = f"{command} is not here: apt-get install --no-install-recommends {package}"
    if os.environ.get("MATTEBRUSH_CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def make(path: Path, depth: Any, colours: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A PSD at `path`; original, clean colour and mask as the file must hold them."""
    values = RANDOM.random((2, HEIGHT, WIDTH, colours), np.float32)
    original, clean = (raster.to_depth(part, depth) for part in values)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    alpha = np.clip((50 - np.hypot(y - 60, x - 80)) / 40 + 0.5, 0, 1).astype(np.float32)
    psd.write(path, raster.Raster(original), alpha, clean)
    return original, clean, raster.to_depth(alpha, depth)


@pytest.mark.parametrize(("depth", "colours"), KINDS)
def test_gimp_opens_it(tmp_path: Path, depth: Any, colours: int) -> None:
    gimp = host("gimp-console", "gimp")
    source, saved = tmp_path / "cut.psd", tmp_path / "cut.xcf"
    original, clean, mask = make(source, depth, colours)
    script = (
        f'(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{source}" "cut")))'
        " (drawable (car (gimp-image-get-active-drawable image))))"
        f' (gimp-xcf-save 0 image drawable "{saved}" "cut"))'
    )
    environment = {
        **os.environ,
        "GIMP2_DIRECTORY": str(tmp_path / "profile"),
        "HOME": str(tmp_path),
    }
    subprocess.run(
        [gimp, "-idf", "-b", script, "-b", "(gimp-quit 0)"],
        env=environment,
        check=True,
        capture_output=True,
        timeout=180,
    )
    top, bottom = xcfread.layers(saved)
    assert (top.name, top.visible) == (psd.CLEAN, False)
    assert (bottom.name, bottom.visible) == (psd.ORIGINAL, True)
    big = np.dtype(depth).newbyteorder(">")
    for layer, pixels in ((top, clean), (bottom, original)):
        assert layer.mask is not None
        assert layer.mask_applied
        assert (layer.mask.width, layer.mask.height) == (WIDTH, HEIGHT)
        got = np.frombuffer(layer.mask.data, big).reshape(HEIGHT, WIDTH)
        np.testing.assert_array_equal(got, mask)
        data = np.frombuffer(layer.pixels.data, big).reshape(HEIGHT, WIDTH, -1)
        np.testing.assert_array_equal(data[..., :colours], pixels)


KRITA_SCRIPT = """
from krita import Krita

def __main__(arguments):
    application = Krita.instance()
    application.setBatchmode(True)
    for source in arguments:
        document = application.openDocument(source)
        document.waitForDone()  # else saving may wait for it for ever
        document.saveAs(source + ".kra")
        document.waitForDone()
        with open(source + ".depth", "w") as file:
            file.write(document.colorDepth())
        document.close()
"""


@pytest.fixture(scope="module")
def from_krita(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[Any, int], Path]:
    """A folder for each kind, with cut.psd, what Krita saved of it, and mask.npy. Krita takes
    many seconds to start with a new profile, so all kinds go through one run."""
    runner = host("kritarunner", "krita python3-pyqt5 python3-sip")
    home = tmp_path_factory.mktemp("krita")
    folders = {}
    for depth, colours in KINDS:
        folder = folders[depth, colours] = tmp_path_factory.mktemp("psd")
        _, _, mask = make(folder / "cut.psd", depth, colours)
        np.save(folder / "mask.npy", mask)
    (home / "resave.py").write_text(KRITA_SCRIPT)
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(home),
    }
    sources = [str(folder / "cut.psd") for folder in folders.values()]
    subprocess.run(
        [runner, "-s", "resave", "--", *sources],
        env=environment,
        capture_output=True,
        timeout=300,
    )  # ends with 0 whatever happens: what it saved is the proof
    return folders


@pytest.mark.parametrize(("depth", "colours"), KINDS)
def test_krita_opens_it(from_krita: dict[tuple[Any, int], Path], depth: Any, colours: int) -> None:
    folder = from_krita[depth, colours]
    assert (folder / "cut.psd.depth").read_text() == {1: "U8", 2: "U16"}[np.dtype(depth).itemsize]
    top, bottom = kraread.layers(folder / "cut.psd.kra")
    assert (top.name, top.visible, top.kind) == (psd.CLEAN, False, "paintlayer")
    assert (bottom.name, bottom.visible, bottom.kind) == (psd.ORIGINAL, True, "paintlayer")
    for layer in (top, bottom):
        (transparency,) = layer.masks
        got = np.frombuffer(transparency.pixels, np.uint8).reshape(HEIGHT, WIDTH)
        mask = np.load(folder / "mask.npy")  # Krita's have 8 bits always: it takes the upper ones
        expected = mask if mask.dtype == np.uint8 else mask >> 8
        np.testing.assert_array_equal(got, expected)
