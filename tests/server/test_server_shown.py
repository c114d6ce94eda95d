# SPDX-License-Identifier: Apache-2.0
"""The server's networks see a picture as a screen shows it, as the command line's do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebrush import engine, raster
from mattebrush.cutout import no_progress
from mattebrush.jobs import contract
from mattebrush.options import Options
from mattebrush.raster import icc
from mattebrush_server.blobs import Blob
from mattebrush_server.tasks import TASKS

EXAMPLE = Path(__file__).parents[2] / "examples" / "lemur.jpg"
LIMIT = 10_000_000


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    with Image.open(EXAMPLE) as opened:
        return np.asarray(opened.convert("RGB").resize((400, 258)))


def linear_file(photo: np.ndarray) -> bytes:
    """The same picture in linear light, as a TIFF of 16 bits."""
    profile = icc.build(icc.SRGB_PRIMARIES, icc.LINEAR, "linear")
    source = raster.Raster(photo.astype(np.uint16) * 257)
    return raster.encode(raster.Raster(raster.in_profile(source, profile), icc=profile), "TIFF")


def matte_of(file: bytes, options: dict[str, Any], **params: Any) -> np.ndarray:
    """What a worker's `picture` answers, 0 to 1."""
    args = {"options": {"depth": 16, **options}, "max_pixels": LIMIT, **params}
    answer, _ = TASKS["picture"]({"image": Blob.of(file)}, args, no_progress)
    assert isinstance(answer, contract.Answer) and answer.alpha is not None
    return answer.alpha.astype(np.float64) / 65535


@pytest.mark.parametrize("op", ["remove", "segment"])
def test_linear_light_gives_the_mask_of_the_picture_as_it_looks(op: str, photo: np.ndarray) -> None:
    by_engine = engine.remove_background if op == "remove" else engine.segment
    expected = by_engine(photo, Options()).matte
    far = matte_of(linear_file(photo), {"op": op})
    assert np.abs(far - expected).mean() < 0.004


def test_so_do_thresholds_of_one_s_own(photo: np.ndarray) -> None:
    thresholds = {"af": 220, "ab": 20, "ae": 7}
    near = matte_of(raster.encode(raster.Raster(photo), "PNG"), {}, thresholds=thresholds)
    far = matte_of(linear_file(photo), {}, thresholds=thresholds)
    assert np.abs(far - near).mean() < 0.004
