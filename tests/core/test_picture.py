# SPDX-License-Identifier: Apache-2.0
"""What the stages get to see: checked pixels, the right window, prompts moved along with it."""

from __future__ import annotations

import numpy as np
import pytest

from mattebrush import picture
from mattebrush.errors import InputInvalid, OptionInvalid
from mattebrush.imaging.rect import Rect
from mattebrush.options import Options, Point, Prompt

PHOTO = np.full((40, 60, 3), 90, np.uint8)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_alpha_is_told_from_color(channels: int) -> None:
    image = np.arange(6 * 7 * channels, dtype=np.uint16).reshape(6, 7, channels)
    whole = picture.checked(image)
    assert whole.color.shape == (6, 7, 1 if channels < 3 else 3)
    if channels in (2, 4):
        assert whole.alpha is not None
        assert np.array_equal(whole.alpha, image[:, :, -1])
    else:
        assert whole.alpha is None


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3), np.int32),
        np.zeros((4, 4, 3), np.float64),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.full((4, 4, 3), np.nan, np.float32),
        np.full((4, 4), np.inf, np.float32),
        [[1, 2], [3, 4]],
    ],
)
def test_what_is_no_image_is_refused(image: object) -> None:
    with pytest.raises(InputInvalid):
        picture.checked(image)  # type: ignore[arg-type]


def test_a_region_is_seen_with_context_and_kept_without() -> None:
    whole = picture.checked(PHOTO)
    prompt = Prompt((Point(25, 15),), ((20.0, 10.0, 30.0, 20.0),))
    focus = picture.focus(whole, Options(region=(20, 10, 40, 30), prompt=prompt), None)
    assert focus.limits == (20, 10, 40, 30)
    assert focus.window == (15, 5, 45, 35)
    assert focus.prompt == Prompt((Point(10, 10),), ((5.0, 5.0, 15.0, 15.0),))
    placed = focus.placed(np.ones((30, 30), np.float32), whole)
    assert placed.sum() == 20 * 20
    assert placed[10:30, 20:40].all()


def test_a_point_outside_the_region_is_told_in_pixels_of_the_picture() -> None:
    options = Options(region=(20, 10, 40, 30), prompt=Prompt((Point(46, 15),)))
    with pytest.raises(OptionInvalid, match=r"46,15 lies outside .* 15,5 to 45,35"):
        picture.focus(picture.checked(PHOTO), options, None)


def test_a_region_may_stick_out_of_the_picture() -> None:
    focus = picture.focus(picture.checked(PHOTO), Options(region=(-50, -50, 10, 10)), None)
    assert focus.limits == (0, 0, 10, 10)


def test_a_region_beside_the_picture_is_refused_with_the_size() -> None:
    with pytest.raises(OptionInvalid, match="60x40"):
        picture.focus(picture.checked(PHOTO), Options(region=(100, 100, 120, 120)), None)


def test_a_soft_selection_weighs_the_result() -> None:
    whole = picture.checked(PHOTO)
    selection = np.zeros((40, 60), np.uint8)
    selection[5:15, 10:20] = 255
    selection[15, 10:20] = 51
    focus = picture.focus(whole, Options(), selection)
    assert focus.limits == (10, 5, 20, 16)
    alpha = np.ones((focus.window.height, focus.window.width), np.float32)
    placed = focus.placed(alpha, whole)
    assert placed.sum() == pytest.approx(100 + 10 * 0.2)
    assert placed[15, 12] == pytest.approx(0.2)


def test_an_empty_selection_is_refused() -> None:
    with pytest.raises(OptionInvalid):
        picture.focus(picture.checked(PHOTO), Options(), np.zeros((40, 60), np.uint8))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_transparent_pixels_are_seen_gray(dtype: type[np.generic]) -> None:
    full = {np.uint8: 255, np.uint16: 65535, np.float32: 1.0}[dtype]
    image = np.zeros((1, 3, 4), dtype)
    image[0, :, 0] = full
    image[0, :, 3] = [0, full, full * 0.5]
    view = picture.checked(image).view(Rect(0, 0, 3, 1)) / full
    assert view.shape == (1, 3, 3)
    assert np.allclose(view[0, 0], [0.5, 0.5, 0.5], atol=0.01)
    assert np.allclose(view[0, 1], [1, 0, 0])
    assert np.allclose(view[0, 2], [0.75, 0.25, 0.25], atol=0.01)


def test_an_opaque_picture_is_not_copied() -> None:
    image = np.dstack([PHOTO, np.full((40, 60), 255, np.uint8)])
    view = picture.checked(image).view(Rect(0, 0, 60, 40))
    assert np.shares_memory(view, image)


def test_masks_of_floats_on_the_scale_of_255_are_refused() -> None:
    whole = picture.checked(PHOTO)
    mask = np.zeros(PHOTO.shape[:2], np.float32)
    mask[10:20] = 1.2  # an overshoot of a host's filter
    picture.check_plane(mask, "mask", whole)
    mask[10:20] = 255
    with pytest.raises(InputInvalid, match="up to 255"):
        picture.check_plane(mask, "mask", whole)


def test_values_that_look_like_a_mistake_are_said() -> None:
    ramp = np.linspace(0, 1, 40 * 60 * 3).reshape(40, 60, 3)
    for image, words in (
        ((ramp * 255).astype(np.uint16), "end at 255 of 65535"),
        ((ramp * 4095).astype(np.uint16), "scaled to 65535"),
        ((ramp * 1.4).astype(np.uint8), "0 and 255"),
        ((ramp * 2 - 1).astype(np.float32), "from -1 to 1"),
    ):
        (remark,) = picture.remarks(picture.checked(image))
        assert words in remark
    for image in (
        np.zeros((9, 9, 3), np.uint8),
        (ramp * 255).astype(np.uint8),
        (ramp * 65535).astype(np.uint16),
        (ramp * 5).astype(np.float32),  # highlights
        np.where(ramp < 0.001, -0.1, ramp).astype(np.float32),  # vivid colors
    ):
        assert picture.remarks(picture.checked(image)) == []
