# SPDX-License-Identifier: Apache-2.0
"""The drawn scenes: exact, repeatable, every kind with a soft edge and truthful trimaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.matting import fields, pool, scenes, shapes, trimaps
from training.matting.canvas import Canvas


@pytest.mark.parametrize("kind", shapes.KINDS)
def test_every_kind_has_background_and_edge_and_valid_values(kind: str) -> None:
    subject = shapes.draw(kind, np.random.default_rng(5), 128)
    assert subject.alpha.shape == (128, 128)
    assert subject.foreground.shape == (128, 128, 3)
    assert subject.alpha.min() >= 0
    assert subject.alpha.max() <= 1
    assert 0 <= subject.foreground.min() <= subject.foreground.max() <= 1
    assert np.mean((subject.alpha > 0.02) & (subject.alpha < 0.98)) > 0.001


def test_a_scene_depends_on_its_seed_alone() -> None:
    first, again = scenes.make_scene(11, 96), scenes.make_scene(11, 96)
    other = scenes.make_scene(12, 96)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.trimap, again.trimap)
    assert not np.array_equal(first.image, other.image)


def test_scene_obeys_the_matting_equation_up_to_the_camera() -> None:
    errors = []
    for seed in range(12):
        scene = scenes.make_scene(seed, 96)
        alpha = scene.alpha[..., None]
        exact = alpha * scene.foreground + (1 - alpha) * scene.background
        errors.append(np.abs(scene.image - exact).mean())
    assert np.median(errors) < 0.03


def test_a_strand_of_an_eighth_of_a_pixel_covers_an_eighth() -> None:
    canvas = Canvas(np.random.default_rng(0), 64)
    for x in np.arange(4.3, 62, 5):
        canvas.line(np.array([[x, 0], [x, 64]]), 1 / 8, (255, 255, 255, 255))
    covered = canvas.finish()[:, :, 3]
    assert covered.sum() == pytest.approx(12 * 64 / 8, rel=0.02)
    assert covered.max() == pytest.approx(1 / 8, abs=0.005)


def test_a_pixel_half_covered_keeps_its_color() -> None:
    canvas = Canvas(np.random.default_rng(0), 16)
    canvas.polygon(np.array([[0, 0], [4.5, 0], [4.5, 16], [0, 16]]), (100, 60, 20, 255))
    edge = canvas.finish()[8, 4]
    assert 0.3 < edge[3] < 0.7
    assert edge[:3] / edge[3] * 255 == pytest.approx([100, 60, 20], abs=3)


def test_painted_trimaps_are_true_where_certain() -> None:
    rng = np.random.default_rng(2)
    for kind in ("hair", "lace", "hard"):
        alpha = shapes.draw(kind, rng, 128).alpha
        trimap = trimaps.paint(rng, alpha, (2, 20))
        assert set(np.unique(trimap)) <= {0, 128, 255}
        assert np.all(alpha[trimap == 255] >= 1 - trimaps.KNOWN)
        assert np.all(alpha[trimap == 0] <= trimaps.KNOWN)


def test_reach_of_a_straight_hard_edge() -> None:
    alpha = np.zeros((20, 20), np.float32)
    alpha[:, 10:] = 1
    assert np.array_equal(trimaps.reach(alpha)[5, 8:13], [2, 1, 0, 1, 2])


def test_coarse_alpha_is_close_but_not_the_truth() -> None:
    rng = np.random.default_rng(3)
    subject = shapes.draw("fur", rng, 128)
    coarse = trimaps.guess(rng, subject.alpha)
    assert coarse.shape == subject.alpha.shape
    assert 0.001 < np.abs(coarse - subject.alpha).mean() < 0.35


@pytest.mark.parametrize("radius", [1.0, 3.5])
def test_kernels_sum_to_one_and_convolution_keeps_flat_areas(radius: float) -> None:
    kernel = fields.disc_kernel(radius)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    flat = np.full((24, 24, 2), 0.25, np.float32)
    assert np.allclose(fields.convolve(flat, kernel), 0.25, atol=1e-5)


def test_pool_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"training\.matting\.pool"):
        pool.Pool(tmp_path)
