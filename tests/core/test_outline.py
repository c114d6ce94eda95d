# SPDX-License-Identifier: Apache-2.0
"""The clipping path: near the mask's edge, without hairs, and read back by others."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mattebrush import outline, render
from mattebrush.cutout import Cutout, Report
from mattebrush.errors import OptionInvalid
from mattebrush.imaging import gaussian
from mattebrush.raster import Raster

HEIGHT, WIDTH = 400, 520


def ring(hair: bool = False) -> np.ndarray:
    """A soft ring, a box with sharp corners, and a hair on the ring."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    distance = np.hypot(x - 260, y - 210)
    alpha = ((distance < 150) & (distance > 60)).astype(np.float32)
    alpha = gaussian.blurred(alpha, 1.0)
    alpha[20:60, 20:90] = 1
    if hair:
        alpha[209:211, 405:500] = 1
    return alpha


def filled(curves: list[np.ndarray]) -> np.ndarray:
    """What closed curves enclose by the even-odd rule, drawn by Pillow at four times the size."""
    inside = np.zeros((HEIGHT * 4, WIDTH * 4), bool)
    t = np.linspace(0, 1, 30)[:, None]
    for curve in curves:
        points = []
        for knot, after in zip(curve, np.roll(curve, -1, axis=0), strict=True):
            a, b, c, d = knot[1], knot[2], after[0], after[1]
            points.append(
                (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t * t * c + t**3 * d
            )
        drawn = Image.new("1", (WIDTH * 4, HEIGHT * 4))
        flat = [(float(x), float(y)) for x, y in np.concatenate(points) * 4 - 0.5]
        ImageDraw.Draw(drawn).polygon(flat, fill=1)
        inside ^= np.asarray(drawn)
    return inside[2::4, 2::4]


def off_by(curves: list[np.ndarray], alpha: np.ndarray) -> float:
    """How many pixels the curves are off the mask's edge at most."""
    wrong = filled(curves) != (alpha > 0.5)
    steps = 0
    while wrong.any():
        # Wrong pixels shrink from the right ones inward; as many rounds as they are thick.
        right = ~wrong
        wrong = wrong & ~(
            np.roll(right, 1, 0) | np.roll(right, -1, 0)
            | np.roll(right, 1, 1) | np.roll(right, -1, 1)
        )  # fmt: skip
        steps += 1
    return steps


@pytest.mark.parametrize("tolerance", [1.0, 2.0])
def test_it_follows_the_edge_with_few_knots(tolerance: float) -> None:
    alpha = ring()
    made = outline.trace(alpha, tolerance)
    assert len(made.curves) == 3
    assert off_by(list(made.curves), alpha) <= round(tolerance) + 1
    assert made.knots < 60  # of some 2,000 pixels of edge
    box = next(c for c in made.curves if c[:, 1, 0].max() < 100)
    corners = box[:, 1]
    for corner in ((20, 20), (90, 20), (90, 60), (20, 60)):
        assert np.hypot(*(corners - corner).T).min() < 1.5


def test_hairs_are_left_out_unless_asked_for() -> None:
    alpha = ring(hair=True)
    assert max(c[:, 1, 0].max() for c in outline.trace(alpha).curves) < 425
    assert max(c[:, 1, 0].max() for c in outline.trace(alpha, hair=True).curves) > 490


def test_looser_is_simpler_and_a_huge_path_is_loosened(monkeypatch: pytest.MonkeyPatch) -> None:
    free = outline.blocks(outline.trace(ring(), 0.5))
    monkeypatch.setattr(outline, "_LONGEST_BLOCKS", len(free) - 1)
    bound = outline.trace(ring(), 0.5)
    assert bound.tolerance > 0.5 and len(outline.blocks(bound)) < len(free)
    monkeypatch.undo()
    knots = [outline.trace(ring(), tolerance).knots for tolerance in (0.5, 2, 8)]
    assert knots == sorted(knots, reverse=True)
    with pytest.raises(OptionInvalid):
        outline.trace(ring(), 0.1)
    assert outline.trace(np.zeros((50, 50), np.float32)).curves == ()
    assert outline.trace(np.ones((50, 50), np.float32)).knots == 4


def encoded(format: str) -> bytes:
    """A file with the ring's path in it."""
    alpha = ring()
    pixels = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    cutout = Cutout(alpha, alpha, None, Report("remove", WIDTH, HEIGHT))
    content = "original" if format == "jpg" else "cutout"
    recipe = render.Recipe(content=content, format=format, path=1.5, strip=True)
    return render.encode(Raster(pixels), cutout, recipe)


def blocks_of(data: bytes, format: str) -> bytes:
    """The image resource blocks, found by Pillow."""
    with Image.open(io.BytesIO(data)) as image:
        if format == "tiff":
            return bytes(image.tag_v2[34377])
        return b"".join(body[14:] for name, body in image.applist if name == "APP13")


@pytest.mark.parametrize("format", ["psd", "tiff", "jpg"])
def test_psd_tools_reads_the_path(format: str) -> None:
    pytest.importorskip("psd_tools")
    from psd_tools import PSDImage
    from psd_tools.constants import Resource
    from psd_tools.psd.image_resources import ImageResources
    from psd_tools.psd.vector import Path as Records

    data = encoded(format)
    if format == "psd":
        resources = PSDImage.open(io.BytesIO(data)).image_resources
    else:
        blocks = blocks_of(data, format)
        size = len(blocks).to_bytes(4, "big")
        resources = ImageResources.read(io.BytesIO(size + blocks))
    assert resources.get_data(Resource.CLIPPING_PATH_NAME) == "Subject"
    block = resources[2000]
    assert block.name == "Subject"
    curves = []
    for record in Records.frombytes(resources.get_data(2000)):
        if not hasattr(record, "operation"):
            continue
        size_of = np.array([WIDTH, HEIGHT])
        curves.append(np.array([
            [np.array(point[::-1]) * size_of for point in (k.preceding, k.anchor, k.leaving)]
            for k in record
        ]))  # fmt: skip
    assert len(curves) == 3
    assert off_by(curves, ring()) <= 3


@pytest.mark.skipif(shutil.which("identify") is None, reason="ImageMagick is not here")
@pytest.mark.parametrize("format", ["psd", "tiff", "jpg"])
def test_imagemagick_reads_the_path(format: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{format}"
    path.write_bytes(encoded(format))
    command = ["identify", "-format", "%[8BIM:1999,2998:Subject]", f"{path}[0]"]
    reported = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert reported.count("\nM ") == 3 and f'width="{WIDTH}"' in reported


def test_an_svg_holds_the_same_curves() -> None:
    alpha = ring()
    data = encoded("svg").decode()
    assert f'viewBox="0 0 {WIDTH} {HEIGHT}"' in data and "evenodd" in data
    starts = re.findall(r"M([\d.]+),([\d.]+)", data)
    made = outline.trace(alpha, 1.5)
    expected = sorted(tuple(np.round(curve[0, 1], 2)) for curve in made.curves)
    results = sorted((float(x), float(y)) for x, y in starts)
    assert np.allclose(results, expected, atol=0.01)
    assert data.count("C") == made.knots


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "png", "path": 1.5},
        {"format": "jpg", "content": "original"},
        {"format": "svg"},
        {"format": "tiff", "path": 99.0},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionInvalid):
        render.Recipe(**wrong)  # type: ignore[arg-type]
