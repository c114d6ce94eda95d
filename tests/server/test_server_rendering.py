# SPDX-License-Identifier: Apache-2.0
"""From an answer to a file: what was transparent stays so, windows are filled on demand."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebrush.cutout import no_progress
from mattebrush.jobs import contract
from mattebrush_server.blobs import Blob
from mattebrush_server.rendering import render
from tests.core.scenes import linear_profile

OWN = np.tile(np.array([255, 128, 0], np.uint8).repeat(20), (40, 1))
"""A picture's own transparency: full, half, none."""


def rendered(image: np.ndarray, answer: contract.Answer, format: str = "png", **params: Any) -> Any:
    """What `render` makes of a request's image and its answer, as pixels."""
    inputs = {
        "request": Blob.of(contract.encode_request({}, image=image)),
        "answer": Blob.of(contract.encode_answer(answer)),
    }
    requested = {"format": format, "kind": "job", "max_pixels": 1_000_000, **params}
    file, _ = render(inputs, requested, no_progress)
    return np.asarray(Image.open(io.BytesIO(file)))


@pytest.mark.parametrize("channels", (2, 4))
def test_a_cut_out_holds_the_picture_s_own_transparency(channels: int) -> None:
    image = np.full((40, 60, channels), 90, np.uint8)
    image[:, :, -1] = OWN
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:10] = 0
    answer = contract.Answer(alpha, None, {})
    assert rendered(image, answer)[30, ::20, -1].tolist() == [255, 128, 0]
    assert rendered(image, answer)[5, ::20, -1].tolist() == [0, 0, 0]
    assert rendered(image, answer, shift_edge=5)[7, ::20, -1].tolist() == [255, 128, 0]
    assert rendered(image, answer, longest_side=30)[15, ::10, -1].tolist() == [255, 128, 0]
    assert (rendered(image, answer, "alpha")[30, ::20] == [255, 128, 0]).all()
    assert (rendered(image, answer, "mask") == alpha).all()  # goes beside it, on a layer


def test_windows_are_filled_with_what_was_seen_through_them() -> None:
    image = np.full((40, 60, 3), (200, 10, 10), np.uint8)
    foreground = np.full((40, 60, 3), (10, 10, 200), np.uint8)
    alpha = np.zeros((40, 60), np.uint8)
    alpha[5:35, 5:55] = 255
    alpha[5:35, 5] = 100
    alpha[15:25, 20:40] = 100
    answer = contract.Answer(alpha, foreground, {})
    assert rendered(image, answer)[20, 30].tolist() == [10, 10, 200, 100]
    filled = rendered(image, answer, opaque_inside=True)
    assert filled[20, 30].tolist() == [200, 10, 10, 255]
    assert filled[20, 5].tolist() == [10, 10, 200, 100] and filled[20, 10, 0] == 10


def half_gray() -> dict[str, Any]:
    """Answer and options of a job on a gray picture whose right half is background."""
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:, 30:] = 0
    return {"image": np.full((40, 60), 90, np.uint8), "answer": contract.Answer(alpha, None, {})}


def test_a_veil_is_seen_through_and_a_gray_picture_takes_its_color() -> None:
    veiled = rendered(**half_gray(), background=[255, 0, 0, 128])
    assert veiled[20, 10].tolist() == [90, 90, 90, 255]
    assert veiled[20, 50].tolist() == [255, 0, 0, 128]
    solid = rendered(**half_gray(), background=[255, 0, 0])
    assert solid[20, 10].tolist() == [90, 90, 90] and solid[20, 50].tolist() == [255, 0, 0]
    shadow = rendered(**half_gray(), shadow={"opacity": 0.5})
    assert shadow.shape == (40, 60, 2)  # gray still, and see-through
    assert shadow[20, 10].tolist() == [90, 255]
    assert 0 < shadow[20, 30, 1] <= 128 and shadow[20, 30, 0] == 0


@pytest.mark.parametrize("margin", (0.0, 10.0))
def test_a_crop_keeps_the_whole_shadow(margin: float) -> None:
    """It is the same one as in the picture that is not cropped."""
    alpha = np.zeros((400, 400), np.uint8)
    alpha[100:300, 150:250] = 255
    job_: dict[str, Any] = {
        "image": np.full((400, 400, 3), 90, np.uint8),
        "answer": contract.Answer(alpha, None, {}),
        "shadow": {"opacity": 0.8},
    }
    whole = rendered(**job_)[:, :, 3].astype(int)
    got = rendered(**job_, crop=[(margin, "%")] * 4)[:, :, 3].astype(int)
    seen = np.argwhere(whole > 1)  # less than 1 of 255 is no shadow yet
    assert np.ptp(seen[:, 0]) > 210 and np.ptp(seen[:, 1]) > 110
    down, across = round(2 * margin), round(margin)  # the subject is 200 high and 100 wide
    top, left = (np.argwhere(got > 1) - seen)[0]
    assert abs(top - down + seen[:, 0].min()) <= 2 and abs(left - across + seen[:, 1].min()) <= 2
    for (row, column), value in zip(seen, whole[whole > 1], strict=True):
        assert abs(got[row + top, column + left] - value) <= 2
    assert abs(got.shape[0] - 2 * down - np.ptp(seen[:, 0])) <= 5
    assert abs(got.shape[1] - 2 * across - np.ptp(seen[:, 1])) <= 5


def test_backgrounds_are_written_in_the_picture_s_own_profile() -> None:
    photo, backdrop = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (60, 40), (90, 90, 90)).save(photo, "PNG", icc_profile=linear_profile())
    Image.new("RGB", (60, 40), (188, 188, 188)).save(backdrop, "PNG")
    answer = contract.Answer(np.zeros((40, 60), np.uint8), None, {})
    inputs = {"image": Blob.of(photo.getvalue()), "answer": Blob.of(contract.encode_answer(answer))}
    requested = {"format": "png", "kind": "picture", "max_pixels": 10_000}
    for more, params in (
        ({"background": Blob.of(backdrop.getvalue())}, {}),
        ({}, {"background": [188, 188, 188]}),
    ):
        file, _ = render({**inputs, **more}, {**requested, **params}, no_progress)
        flat = Image.open(io.BytesIO(file))
        assert flat.info["icc_profile"] == linear_profile()
        assert abs(int(np.asarray(flat)[20, 30, 0]) - 128) <= 2  # half the light, as sRGB's 188 is
