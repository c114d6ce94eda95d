# SPDX-License-Identifier: Apache-2.0
"""`mattebrush remove -o x.xcf` and `x.kra`: the real GIMPs and the real Kritas write them, and
readers of our own say what is in them, value by value."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageCms

from mattebrush import Cutout, raster
from mattebrush.cutout import Report
from mattebrush.errors import OutputExists
from mattebrush.imaging.depth import to_depth
from mattebrush.objects import files
from mattebrush.objects.result import Objects
from mattebrush.programs import finding
from mattebrush.render import Recipe
from tests.hosts import kraread, xcfread
from tests.hosts.gimp import gimphost
from tests.hosts.krita import kritahost
from tests.objects.test_objects import OVERLAPPING, made

pytestmark = pytest.mark.hosts

HEIGHT, WIDTH = 90, 130
# Of a profile whose name Krita knows it takes its own: here is one that nobody has.
PROFILE = (
    ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    .tobytes()
    .replace("sRGB built-in".encode("utf-16-be"), "of one camera".encode("utf-16-be"))
)
NAMES = ("the dog", "Früchte 🍎", 'a "red" bag', "back\\slash")


def wrapper(folder: Path, root: Path, program: str) -> Path:
    """A program of the machine that starts one in a chroot, with the folders of files there."""
    steps = []
    for place in {tempfile.gettempdir(), str(folder), "/proc", "/dev"}:
        (root / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
        steps.append(f"mount --rbind {shlex.quote(place)} {shlex.quote(f'{root}{place}')}")
    inside = f'{" && ".join(steps)} && exec chroot {shlex.quote(str(root))} {program} "$@"'
    path = folder / program
    path.write_text(f'#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inside)} sh "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module", params=list(gimphost.VERSIONS))
def gimp(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A folder to write into, while `finding` finds that GIMP."""
    root = gimphost.build(gimphost.VERSIONS[request.param])
    yield from told(wrapper, "gimp", root, "gimp-console", tmp_path_factory)


@pytest.fixture(scope="module", params=kritahost.VERSIONS)
def krita(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The same for a Krita."""
    version = request.param
    if version == "5.1":
        if shutil.which("kritarunner") is None:
            reason = f"Krita is not here: {kritahost.INSTALL} installs it"
            pytest.fail(reason) if os.environ.get("MATTEBRUSH_CI") else pytest.skip(reason)
        yield tmp_path_factory.mktemp("krita51")
        return
    root = kritahost.HOSTS / f"krita{version.replace('.', '')}"
    if not (root / ".complete").exists():
        reason = f"Krita {version} is not here: {kritahost.INSTALL} installs it"
        pytest.fail(reason) if os.environ.get("MATTEBRUSH_CI") else pytest.skip(reason)
    yield from told(wrapper, "krita", root, "kritarunner", tmp_path_factory)


def told(make, host, root, program, factory) -> Iterator[Path]:  # type: ignore[no-untyped-def]
    folder = factory.mktemp(root.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(finding.VARIABLES[host], str(make(folder, root, program)))
        yield folder


def objects_of(depth: str) -> Objects:
    objects = made(*OVERLAPPING, depth=depth)
    for number, name in enumerate(NAMES, 1):
        objects = objects.rename(number, name)
    assert objects.source is not None
    return objects


def picture(depth: str) -> raster.Raster:
    random = np.random.default_rng(9)
    full = np.iinfo(depth).max
    return raster.Raster(random.integers(0, full, (HEIGHT, WIDTH, 3), depth, True), icc=PROFILE)


def cutout_of(source: raster.Raster) -> Cutout:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    alpha = np.clip((30 - np.hypot(y - 40, x - 60)) / 40 + 0.5, 0, 1).astype(np.float32)
    clean = source.pixels[::-1].copy()
    return Cutout(alpha, alpha, clean, Report("remove", WIDTH, HEIGHT), source)


def plane(part: xcfread.Plane | None, depth: str) -> np.ndarray:
    assert part is not None
    values = np.frombuffer(part.data, np.dtype(depth).newbyteorder(">"))
    return values.reshape(part.height, part.width, -1)


def test_gimp_writes_objects(gimp: Path) -> None:
    depth = "uint16"
    objects = objects_of(depth)
    assert objects.source is not None
    target = gimp / f"objects-{depth}.xcf"
    files.write(target, objects.source, objects, Recipe(format="xcf"))
    *parts, original = xcfread.layers(target)
    assert (original.name, original.visible) == ("Original", False)
    np.testing.assert_array_equal(plane(original.pixels, depth)[..., :3], objects.source.pixels)
    masks = list(objects.integer_masks(depth))
    assert len(parts) == 3 * len(masks)
    for number, (one, mask) in enumerate(reversed(masks)):
        group, clean, shown = parts[3 * number : 3 * number + 3]
        assert (group.name, group.visible) == (one.name, True)
        assert (clean.name, clean.visible) == (f"{one.name}: clean color", False)
        assert (shown.name, shown.visible) == (f"{one.name}: original", True)
        inside = objects.source.pixels[one.window.slices]
        for layer, pixels in ((shown, inside), (clean, one.foreground)):
            assert layer.mask_applied
            np.testing.assert_array_equal(plane(layer.mask, depth)[..., 0], mask)
            assert pixels is not None
            np.testing.assert_array_equal(plane(layer.pixels, depth)[..., :3], pixels)


def test_gimp_writes_a_cutout_with_its_profile(gimp: Path) -> None:
    source = picture("uint8")
    cutout = cutout_of(source)
    target = gimp / "one.xcf"
    cutout.save(target)
    clean, shown = xcfread.layers(target)
    assert (shown.name, shown.visible) == ("Original", True)
    assert (clean.name, clean.visible) == ("Clean color", False)
    np.testing.assert_array_equal(plane(shown.pixels, "uint8")[..., :3], source.pixels)
    mask = to_depth(cutout.alpha, np.uint8)
    np.testing.assert_array_equal(plane(shown.mask, "uint8")[..., 0], mask)
    data = target.read_bytes()
    assert PROFILE in data
    with pytest.raises(OutputExists):
        cutout.save(target)
    assert target.read_bytes() == data


def test_krita_writes_objects(krita: Path) -> None:
    depth = "uint16"
    objects = objects_of(depth)
    assert objects.source is not None
    target = krita / f"objects-{depth}.kra"
    files.write(target, objects.source, objects, Recipe(format="kra"))
    *parts, original = kraread.layers(target)
    assert (original.name, original.visible) == ("Original", False)
    masks = list(objects.integer_masks(depth))
    assert len(parts) == 3 * len(masks)
    for number, (one, mask) in enumerate(reversed(masks)):
        group, clean, shown = parts[3 * number : 3 * number + 3]
        assert (group.name, group.kind, group.visible) == (one.name, "grouplayer", True)
        assert (clean.name, clean.visible) == (f"{one.name}: clean color", False)
        assert (shown.name, shown.visible) == (f"{one.name}: original", True)
        expected = np.zeros(objects.shape, np.uint8)
        # Krita's masks have 8 bits always: it takes the upper ones.
        expected[one.window.slices] = mask >> 8
        for layer in (clean, shown):
            (transparency,) = layer.masks
            assert transparency.name == layer.name
            got = np.frombuffer(transparency.pixels, np.uint8).reshape(objects.shape)
            np.testing.assert_array_equal(got, expected)


def test_krita_writes_a_cutout_with_its_profile(krita: Path) -> None:
    source = picture("uint8")
    target = krita / "one.kra"
    cutout_of(source).save(target)
    clean, shown = kraread.layers(target)
    assert [mask.name for mask in shown.masks] == ["Original"]
    assert not clean.visible
    with zipfile.ZipFile(target) as archive:
        profiles = [archive.read(n) for n in archive.namelist() if n.endswith(".icc")]
    assert PROFILE in profiles


@pytest.mark.skipif(shutil.which("kritarunner") is None, reason="this machine has no Krita")
def test_the_users_own_profile_is_not_touched(tmp_path: Path) -> None:
    """Also: the command, from a picture in a folder with spaces to a file there."""
    folder = tmp_path / "my pictures"
    home = tmp_path / "home"
    for made_ in (folder, home):
        made_.mkdir()
    raster.write(folder / "a photo.png", raster.Raster(picture("uint8").pixels))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mattebrush", "remove", "a photo.png", "--force"),
            *("--box", "20,10,110,80", "-o", "a photo.kra", "--threads", "1"),
        ],
        cwd=folder,
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(kraread.layers(folder / "a photo.kra")) == 2
    assert not [path for path in home.rglob("*") if path.is_file()]
    assert sorted(path.name for path in folder.iterdir()) == ["a photo.kra", "a photo.png"]
