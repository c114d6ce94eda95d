# SPDX-License-Identifier: Apache-2.0
"""Masks in the real darktable: its module *external raster masks* reads the file, *exposure* takes
the mask, and the picture that the command line exports is brighter by just that mask."""

from __future__ import annotations

import os
import shlex
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.hosts.gimp.gimphost import HOSTS
from tests.objects.scenes import three

pytestmark = [pytest.mark.hosts, pytest.mark.slow]

BUILDER = Path(__file__).with_name("build_darktable.sh")
_STEP = (
    '<rdf:li darktable:num="{number}" darktable:operation="{name}" darktable:enabled="1" '
    'darktable:modversion="{version}" darktable:params="{values}" darktable:multi_name="" '
    'darktable:multi_priority="0" darktable:blendop_version="14" '
    'darktable:blendop_params="{blending}"/>'
)
_SIDECAR = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:darktable="http://darktable.sf.net/"
    darktable:xmp_version="5" darktable:auto_presets_applied="1" darktable:history_end="2"
    darktable:iop_order_version="5">
   <darktable:history><rdf:Seq>{steps}</rdf:Seq></darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


@pytest.fixture(scope="module")
def darktable() -> Path:
    """The folder of a real darktable."""
    root = HOSTS / "darktable"
    if not (root / ".complete").exists():
        if not os.environ.get("MATTEBRUSH_CI"):
            pytest.skip(f"darktable is not here; build it with: sudo {BUILDER} {root}")
        subprocess.run([str(BUILDER), str(root)], check=True, timeout=1800)
    (root / "machine").mkdir(exist_ok=True)
    return root


def blending(source: str = "") -> str:
    """darktable's 14th form of what a module's mask is: none, or another module's raster mask."""
    mode = 9 if source else 0  # 1: a mask at all, 8: a raster mask
    scene_referred, normal = 4, 0x18
    head = struct.pack("<IiIffIiI", mode, scene_referred, normal, 0, 100, 0, 0, 0)
    head += struct.pack("<fIffff", 0, 0, 0, 0, 0, 0) + bytes(4 * 3)
    ranges = struct.pack("<64f", *(0, 0, 1, 1) * 16) + bytes(4 * 16)
    values = head + ranges + struct.pack("<20siii", source.encode(), 0, 0, 0)
    assert len(values) == 420
    return values.hex()


def exported(root: Path, folder: Path, mask: Path) -> np.ndarray:
    """How much brighter than without it darktable makes each pixel of a gray picture, in stops."""
    inside = Path("/machine") / folder.relative_to("/")
    all_channels = 7
    values = struct.pack("<I2048s2048s", all_channels, str(inside).encode(), mask.name.encode())
    stop = struct.pack("<ifffff", 0, 0, 1.0, 50, -4, 0)
    steps = [
        ("rasterfile", 1, values.hex(), blending()),
        ("exposure", 6, stop.hex(), blending("rasterfile")),
    ]
    items = [
        _STEP.format(number=number, name=name, version=version, values=params, blending=mixed)
        for number, (name, version, params, mixed) in enumerate(steps)
    ]
    (folder / "gray.xmp").write_text(_SIDECAR.format(steps="".join(items)))
    out = folder / f"{mask.stem}.tif"
    command = [
        *("darktable-cli", f"{inside}/gray.png", f"{inside}/gray.xmp", f"{inside}/{out.name}"),
        *("--icc-type", "LIN_REC709", "--apply-custom-presets", "false", "--core"),
        *("--configdir", f"{inside}/config", "--cachedir", f"{inside}/cache"),
        *("--library", ":memory:", "--disable-opencl"),
        *("--conf", "plugins/imageio/format/tiff/bpp=32"),
        *("--conf", "plugins/imageio/format/tiff/compress=0"),
        *("--conf", "write_sidecar_files=never"),
    ]
    places = [f"mount --rbind / {shlex.quote(f'{root}/machine')}"]
    places.append(f"mount -t proc proc {shlex.quote(f'{root}/proc')}")
    script = f"{' && '.join(places)} && exec chroot {shlex.quote(str(root))} {shlex.join(command)}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        env={"HOME": str(inside), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=600,
        check=False,
    )
    assert out.exists(), done.stdout + done.stderr
    pixels = tifffile.imread(out)
    assert pixels.dtype == np.float32
    return pixels[..., 1]


def test_it_reads_our_masks(darktable: Path, tmp_path: Path) -> None:
    image, masks = three()
    Image.fromarray(image).save(tmp_path / "farm.png")
    Image.fromarray(np.full_like(image, 96)).save(tmp_path / "gray.png")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mattebrush", "remove", "farm.png", "--objects", "--mask"),
            *("--each", "-o", "masks.pfm"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for number, true in enumerate(masks, 1):
        path = tmp_path / f"masks-object-{number}.pfm"
        pixels = exported(darktable, tmp_path, path)
        shown = pixels / np.median(pixels[true == 0]) - 1  # one stop doubles
        assert np.abs(shown - true).mean() < 0.004
        ours = np.frombuffer(path.read_bytes().split(b"\n", 3)[3], "<f4")
        np.testing.assert_allclose(shown, ours.reshape(true.shape)[::-1], atol=2e-3)
