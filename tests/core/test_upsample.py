# SPDX-License-Identifier: Apache-2.0
"""Matting at a smaller size, settled at full size: what is certain stays so, and edges follow the
full picture."""

from __future__ import annotations

import numpy as np
import pytest

from mattebrush.cutout import no_progress
from mattebrush.imaging.resize import Upsampled, box_means
from mattebrush.imaging.tiles import Window
from mattebrush.matting import upsample
from mattebrush.matting.methods import Decide, Method
from mattebrush.matting.unknown import matte_unknown

WIDTH, HEIGHT = 203, 150  # whole blocks of neither 2 nor 3


@pytest.fixture
def alpha() -> np.ndarray:
    """Stripes of three pixels, slanted, that end in the middle, soft at their sides."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    stripes = np.clip(np.sin((x + y / 3) * np.pi / 3) + 0.5, 0, 1)
    return np.where(y < HEIGHT / 2, stripes, np.float32(1)) * (y > 20)


@pytest.fixture
def image(alpha: np.ndarray) -> np.ndarray:
    """Red before a blue that grows lighter."""
    ground = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    ground[..., 2] = np.linspace(0.5, 0.9, WIDTH)
    ground[..., 1] = 0.2
    red = np.array([0.8, 0.1, 0.1], np.float32)
    return alpha[..., None] * red + (1 - alpha[..., None]) * ground


@pytest.fixture
def trimap(alpha: np.ndarray) -> np.ndarray:
    known = np.full(alpha.shape, 128, np.uint8)
    known[:10], known[HEIGHT // 2 + 10 :] = 0, 255
    return known


@pytest.mark.parametrize("factor", [2, 3])
def test_a_block_is_unknown_where_one_of_its_pixels_is_and_nowhere_else(
    image: np.ndarray, factor: int
) -> None:
    trimap = np.zeros((HEIGHT, WIDTH), np.uint8)
    trimap[:, 100:] = 255  # through the middle of blocks of 3
    trimap[5, 7] = 128
    small, known = upsample.downsample(image, trimap, factor)
    assert small.shape == (-(-HEIGHT // factor), -(-WIDTH // factor), 3)
    assert known.shape == small.shape[:2]
    assert np.argwhere(known == 128).tolist() == [[5 // factor, 7 // factor]]
    assert (known[:, : 99 // factor][known[:, : 99 // factor] != 128] == 0).all()
    assert (known[:, 102 // factor :] == 255).all()


def test_nothing_runs_where_nothing_is_unknown(image: np.ndarray) -> None:
    trimap = np.zeros((HEIGHT, WIDTH), np.uint8)
    trimap[:, 100:] = 255

    def prepare(image: np.ndarray, trimap: np.ndarray, coarse: Upsampled | None) -> Decide:
        raise AssertionError("There is nothing to decide.")

    method = Method("", "", prepare, max_pixels=100 * 75, guided_upsampling=True)
    assert np.array_equal(
        matte_unknown(image, trimap, None, method, no_progress, None), trimap / np.float32(255)
    )


def answer(image: np.ndarray, alpha: np.ndarray, trimap: np.ndarray, factor: int) -> Decide:
    """What settles the best that can be said at the small size."""
    small, known = upsample.downsample(image, trimap, factor)
    return upsample.prepare(
        small, known, box_means(alpha, factor), image, factor, upsample.Effort(3, 8, 0.05)
    )


@pytest.mark.parametrize("factor", [2, 3])
def test_stripes_finer_than_the_small_pixels_come_back(
    alpha: np.ndarray, image: np.ndarray, trimap: np.ndarray, factor: int
) -> None:
    matte = answer(image, alpha, trimap, factor)((slice(0, HEIGHT), slice(0, WIDTH)))
    stretched = Upsampled(box_means(alpha, factor), HEIGHT, WIDTH).whole()
    error = np.abs(matte - alpha).mean()
    assert error < 0.02
    assert error < np.abs(stretched - alpha).mean() / 5, "nothing to bring back"


@pytest.mark.parametrize("factor", [1, 3])
def test_a_window_gives_what_the_whole_gives(
    alpha: np.ndarray, image: np.ndarray, trimap: np.ndarray, factor: int
) -> None:
    decide = answer(image, alpha, trimap, factor)
    whole = decide((slice(0, HEIGHT), slice(0, WIDTH)))
    at: Window = (slice(110, 150), slice(160, 203))
    np.testing.assert_allclose(decide(at), whole[at], atol=1e-3)


def test_noise_in_an_answer_settles(
    alpha: np.ndarray, image: np.ndarray, trimap: np.ndarray
) -> None:
    noisy = alpha + np.random.default_rng(3).normal(0, 0.2, alpha.shape).astype(np.float32)
    noisy = np.where(trimap == 128, noisy.clip(0, 1), alpha)
    matte = answer(image, noisy, trimap, 1)((slice(0, HEIGHT), slice(0, WIDTH)))
    unknown = trimap == 128
    before, after = (np.abs(a - alpha)[unknown].mean() for a in (noisy, matte))
    assert after < before / 3


def test_a_large_picture_is_matted_small_and_certain_areas_stay(
    alpha: np.ndarray, image: np.ndarray, trimap: np.ndarray
) -> None:
    sizes: list[tuple[int, ...]] = []
    shares: list[float] = []

    def prepare(image: np.ndarray, trimap: np.ndarray, coarse: Upsampled | None) -> Decide:
        sizes.append(trimap.shape)
        assert coarse is not None
        return lambda window: coarse.window(window)

    method = Method("", "", prepare, tile=64, max_pixels=100 * 75, guided_upsampling=True)
    coarse = Upsampled(box_means(alpha, 3), HEIGHT, WIDTH)
    matte = matte_unknown(
        image, trimap, coarse, method, lambda stage, share: shares.append(share), None
    )
    assert sizes == [(50, 68)]
    certain = trimap != 128
    assert np.array_equal(matte[certain], (trimap / np.float32(255))[certain])
    assert np.abs(matte - alpha)[~certain].mean() < 0.05
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    one = matte_unknown(image[:80, :90], trimap[:80, :90], coarse, method, no_progress, None)
    assert sizes[1] == (80, 90) and one.shape == (80, 90)
