# SPDX-License-Identifier: Apache-2.0
"""The shipped matting network: tiles give what the whole gives, certain areas stay, edges are
found better than without it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from mattebrush.cutout import Report, no_progress
from mattebrush.matting import methods
from mattebrush.matting.unknown import matte_unknown
from mattebrush.options import Options
from training.matting import scenes

KINDS = ["hair", "fur", "grass"]


@pytest.fixture(scope="module")
def method() -> methods.Method:
    return methods.select(Options(matting="network", device="cpu"), Report("matte", 1, 1))


def decided(method: methods.Method, scene: scenes.Scene) -> np.ndarray:
    return matte_unknown(scene.image, scene.trimap, None, method, no_progress, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_tiles_give_what_the_whole_gives(method: methods.Method, kind: str) -> None:
    scene = scenes.make_scene(21, 576, kind)
    scene.trimap[:] = 128  # a band as wide as can be
    scene.trimap[:8], scene.trimap[-8:] = 255, 0
    # Upsampling afterwards would hide seams.
    raw = dataclasses.replace(method, max_pixels=math.inf, guided_upsampling=False)
    whole = decided(dataclasses.replace(raw, tile=576), scene)
    tiled = decided(dataclasses.replace(raw, tile=200), scene)
    assert whole.std() > 0.1
    assert np.abs(tiled - whole).max() <= 1 / 255


def test_certain_areas_stay_as_they_are(method: methods.Method) -> None:
    scene = scenes.make_scene(4, 200, "hair")
    alpha = decided(method, scene)
    known = scene.trimap != 128
    assert np.array_equal(alpha[known], (scene.trimap / np.float32(255))[known])


def test_it_is_what_runs_when_nothing_is_asked_for() -> None:
    report = Report("matte", 1, 1)
    methods.select(Options(), report)
    assert (report.matting, report.matting_license) == ("mattebrush-matting", "Apache-2.0")


@pytest.mark.parametrize("factor", [1, 2])
def test_it_decides_drawn_edges_better_than_the_guided_filter(
    method: methods.Method, factor: int
) -> None:
    method = dataclasses.replace(method, max_pixels=256 * 256 // factor**2)
    guided = methods.select(Options(matting="guided"), Report("matte", 1, 1))
    errors: list[list[float]] = []
    for seed in range(12):
        scene = scenes.make_scene(100 + seed, 256, KINDS[seed % 3])
        band = scene.trimap == 128
        errors.append(
            [float(np.abs(decided(m, scene) - scene.alpha)[band].mean()) for m in (method, guided)]
        )
    network, filtered = np.mean(errors, axis=0)
    assert network < 0.9 * filtered
