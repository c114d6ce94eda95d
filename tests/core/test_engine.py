# SPDX-License-Identifier: Apache-2.0
"""The pipeline on scenes whose alpha and color are known."""

from __future__ import annotations

import numpy as np
import pytest

import mattebrush
from mattebrush import Options
from mattebrush.errors import Cancelled, InputInvalid, ModelUnavailable, OptionInvalid
from mattebrush.imaging.depth import to_depth
from tests.core.scenes import RED, Scene, disc


@pytest.fixture
def options(red_model: str) -> Options:
    return Options(model=red_model, device="cpu")


@pytest.mark.parametrize("matting", ["auto", "guided"])
def test_the_subject_comes_out_with_its_soft_edge_and_own_color(
    scene: Scene, red_model: str, matting: str
) -> None:
    cutout = mattebrush.remove_background(scene.image, Options(model=red_model, matting=matting))
    assert cutout.alpha.shape == scene.alpha.shape
    assert cutout.alpha.dtype == np.float32
    assert cutout.alpha.min() >= 0 and cutout.alpha.max() <= 1
    assert np.abs(cutout.alpha - scene.alpha).mean() < 0.01
    soft = (scene.alpha > 0.3) & (scene.alpha < 0.9)
    assert np.abs(cutout.alpha - scene.alpha)[soft].mean() < 0.15
    assert cutout.foreground is not None
    assert np.abs(cutout.foreground[soft] - RED).mean() < 20
    assert np.abs(scene.image[soft] - RED).mean() > 30, "the scene needs no cleaning"


def test_the_report_names_what_ran(scene: Scene, options: Options) -> None:
    report = mattebrush.remove_background(scene.image, options).report
    assert (report.op, report.width, report.height) == ("remove", 320, 240)
    assert (report.model, report.license, report.device) == ("u2netp", "Apache-2.0", "cpu")
    assert report.matting
    assert report.subject_found
    assert report.foreground_share == pytest.approx(scene.alpha.mean(), abs=0.01)
    assert {"segmentation", "trimap", "matting", "decontamination"} <= set(report.seconds)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_every_depth_gives_the_same_mask_and_keeps_its_own_color_depth(
    scene: Scene, options: Options, dtype: type
) -> None:
    cutout = mattebrush.remove_background(to_depth(scene.image, dtype), options)
    expected = mattebrush.remove_background(scene.image, options)
    assert cutout.foreground is not None and cutout.foreground.dtype == dtype
    assert np.abs(cutout.alpha - expected.alpha).mean() < 0.001


def test_existing_alpha_is_multiplied_and_left_out_of_the_matte(
    scene: Scene, options: Options
) -> None:
    own = np.full(scene.alpha.shape, 255, np.uint8)
    own[:, :160] = 204
    cutout = mattebrush.remove_background(np.dstack([scene.image, own]), options)
    inside = scene.alpha == 1
    right, left = inside.copy(), inside.copy()
    right[:, :165], left[:, 155:] = False, False
    assert cutout.alpha[right].mean() == pytest.approx(1, abs=0.01)
    assert cutout.alpha[left].mean() == pytest.approx(0.8, abs=0.01)
    assert cutout.report.foreground_share == pytest.approx(cutout.alpha.mean(), abs=1e-5)
    assert cutout.matte[left].mean() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 300), (33, 47)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_of_any_shape_pass(
    shape: tuple[int, int], channels: int, options: Options
) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*shape, channels)).astype(np.uint8)
    cutout = mattebrush.remove_background(image, options)
    assert cutout.alpha.shape == shape
    assert cutout.foreground is not None
    assert cutout.foreground.shape == (*shape, 1 if channels == 1 else 3)


def test_without_a_subject_the_report_says_so(options: Options) -> None:
    green = np.full((64, 64, 3), (20, 160, 50), np.uint8)
    cutout = mattebrush.remove_background(green, options)
    assert not cutout.report.subject_found
    assert cutout.alpha.max() < 0.05
    assert any("No subject" in warning for warning in cutout.report.warnings)


def test_a_region_keeps_only_what_is_inside(options: Options) -> None:
    left, right = disc(200, 200), disc(200, 200)
    image = np.concatenate([left.image, right.image], axis=1)
    cutout = mattebrush.remove_background(
        image, Options(model="u2netp", region=(200.0, 0.0, 400.0, 200.0))
    )
    assert cutout.alpha[:, :200].max() == 0
    assert np.abs(cutout.alpha[:, 200:] - right.alpha).mean() < 0.02


def test_a_selection_restricts_the_result(scene: Scene, options: Options) -> None:
    selection = np.zeros(scene.alpha.shape, np.uint8)
    selection[:120] = 255
    cutout = mattebrush.remove_background(scene.image, options, selection=selection)
    assert cutout.alpha[120:].max() == 0
    assert np.abs(cutout.alpha - scene.alpha)[:120].mean() < 0.02


def test_edge_options_do_what_they_say(scene: Scene, red_model: str) -> None:
    def area(**values: object) -> float:
        options = Options(model=red_model, decontaminate=False, **values)  # type: ignore[arg-type]
        return float(mattebrush.remove_background(scene.image, options).alpha.sum())

    plain = area()
    perimeter = 2 * np.pi * 240 * 0.3
    assert area(shift_edge=2.0) - plain == pytest.approx(2 * perimeter, rel=0.25)
    assert plain - area(shift_edge=-2.0) == pytest.approx(2 * perimeter, rel=0.25)
    assert area(feather=4.0) == pytest.approx(plain, rel=0.03)
    hard = mattebrush.remove_background(scene.image, Options(model=red_model, hard=True)).alpha
    assert set(np.unique(hard)) == {0.0, 1.0}


def test_keep_largest_drops_the_smaller_part(options: Options) -> None:
    big, small = disc(240, 240), disc(80, 80, 3)
    image = np.full((240, 360, 3), (20, 160, 50), np.uint8)
    image[:, :240] = big.image
    image[80:160, 260:340] = small.image
    both = mattebrush.remove_background(image, options).alpha
    largest = mattebrush.remove_background(image, Options(model="u2netp", keep="largest")).alpha
    assert both[120, 304] == 1
    assert largest[:, 250:].max() == 0
    assert np.array_equal(largest[:, :240], both[:, :240])


def test_matte_takes_a_trimap_of_any_depth(scene: Scene) -> None:
    trimap = np.full(scene.alpha.shape, 0.5, np.float32)
    trimap[scene.alpha == 0], trimap[scene.alpha == 1] = 0, 1
    from_float = mattebrush.matte(scene.image, trimap).alpha
    from_bytes = mattebrush.matte(scene.image, (trimap * 255).astype(np.uint8)).alpha
    assert np.array_equal(from_float, from_bytes)
    assert np.array_equal(from_float[trimap != 0.5], trimap[trimap != 0.5])
    assert np.abs(from_float - scene.alpha)[trimap == 0.5].mean() < 0.08


def test_decontaminate_leaves_certain_pixels_alone(scene: Scene) -> None:
    alpha = scene.alpha.astype(np.float32)
    cutout = mattebrush.decontaminate(scene.image, alpha)
    assert cutout.foreground is not None
    certain = (alpha == 0) | (alpha == 1)
    assert np.array_equal(cutout.foreground[certain], scene.image[certain])
    soft = (alpha > 0.2) & (alpha < 0.9)
    assert np.abs(cutout.foreground[soft] - RED).mean() < 10


def test_refine_keeps_strokes_and_everything_they_do_not_touch(scene: Scene) -> None:
    previous = np.round(scene.alpha * 65535).astype(np.uint16)
    painted = previous.copy()
    painted[10:20, 10:20] = 65535
    options = Options(guided=False)
    cutout = mattebrush.refine(scene.image, painted, previous, options=options)
    assert cutout.alpha.dtype == np.uint16
    assert np.array_equal(cutout.alpha, painted)


def test_progress_is_told_in_order_and_cancelling_stops(scene: Scene, options: Options) -> None:
    reported: list[tuple[str, float]] = []
    mattebrush.remove_background(
        scene.image, options, lambda stage, fraction: reported.append((stage, fraction))
    )
    stages = list(dict.fromkeys(stage for stage, _ in reported))
    assert stages[0] == "segmentation"
    assert {"matting", "decontamination"} <= set(stages)
    for stage in stages:
        fractions = [fraction for name, fraction in reported if name == stage]
        assert fractions == sorted(fractions)
        assert fractions[0] >= 0 and fractions[-1] <= 1

    def stop(stage: str, fraction: float) -> None:
        if stage == "matting":
            raise Cancelled("Enough.")

    with pytest.raises(Cancelled):
        mattebrush.remove_background(scene.image, options, stop)


def test_what_cannot_be_done_is_said(scene: Scene, options: Options) -> None:
    with pytest.raises(ModelUnavailable):
        mattebrush.remove_background(scene.image, Options(model="no-such-model"))
    with pytest.raises(ModelUnavailable):
        mattebrush.remove_background(scene.image, Options(model="u2netp", matting="witchcraft"))
    with pytest.raises(OptionInvalid):
        prompt = mattebrush.Prompt((mattebrush.Point(3, 3),))
        mattebrush.remove_background(scene.image, Options(model="u2netp", prompt=prompt))
    with pytest.raises(InputInvalid):
        mattebrush.decontaminate(scene.image, np.zeros((3, 3), np.float32))
