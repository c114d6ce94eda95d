# SPDX-License-Identifier: Apache-2.0
"""Every model that finds subjects, through a tiny network that undoes what is published of it."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mattebrush
from mattebrush.errors import InputInvalid, ModelInvalid, OptionInvalid
from mattebrush.imaging import resize
from mattebrush.models import catalog, runtime, store
from mattebrush.models.catalog import Postprocessing, Preprocessing
from mattebrush.options import EMBEDDED_MODEL
from mattebrush.segmentation import preprocess, result, salient
from mattebrush.segmentation.certainty import certainty
from tests.models.networks import MIX, SALIENT, tiny

ROOT = Path(__file__).parents[2]

ROWS = [row.id for row in catalog.rows().values() if row.kind == "salient"]
CONTRACTS = sorted(SALIENT)


@functools.cache
def pattern(height: int, width: int) -> np.ndarray:
    """A smooth 8-bit picture in which every channel and every corner differs from the others."""
    y, x = np.mgrid[:height, :width]
    x, y = (x + 0.5) / width, (y + 0.5) / height
    channels = np.stack([x, 1 - y, (x + y) / 2], -1)
    image: np.ndarray = (20 + 210 * channels).round().astype(np.uint8)
    return image


def mixture(image: np.ndarray) -> np.ndarray:
    """What the tiny networks answer for a picture."""
    full = {"uint8": 255, "uint16": 65535, "float32": 1}[image.dtype.name]
    mixed: np.ndarray = (image.astype(np.float64) / full) @ np.array(MIX)
    return mixed


def installed(row_id: str, monkeypatch: pytest.MonkeyPatch, **changes: object) -> str:
    """Puts a tiny network where this model's file belongs; gives its id."""
    row = catalog.get(row_id)
    place = store.folder(row)
    if row.embedded:
        place = store.home() / "networks"
        monkeypatch.setattr(store, "NETWORKS", place)
    tiny(row.interface.id, place / row.files[0].name, **changes)  # type: ignore[arg-type]
    return row_id


def of_contract(contract: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """As `installed`, for any model of this contract; large open networks in a small size."""
    row = next(i for i in ROWS if catalog.get(i).interface.id == contract)
    facts = SALIENT[contract]
    if facts.size and facts.size[0] >= 1024:
        return installed(row, monkeypatch, shape=(1, 3, 256, 256))
    return installed(row, monkeypatch)


def test_every_contract_that_finds_subjects_is_in_the_table_of_the_tests() -> None:
    assert {catalog.get(row).interface.id for row in ROWS} == set(SALIENT)


@pytest.mark.parametrize("row", ROWS)
def test_a_picture_of_the_networks_own_size_comes_out_exactly(
    row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = SALIENT[catalog.get(row).interface.id]
    image = pattern(*facts.fed)
    segmentation = salient.segment(image, installed(row, monkeypatch), "cpu")
    expected = mixture(image)
    assert segmentation.model.id == row
    assert segmentation.probability.dtype == np.float32
    if facts.out:  # the answer is on a coarser grid of the same square
        assert segmentation.probability.shape == facts.out
        expected = resize.resize(expected, facts.out)
    np.testing.assert_allclose(segmentation.probability, expected, atol=2e-3 if facts.out else 2e-5)


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("shape", [(90, 150), (150, 90), (333, 100)])
def test_the_answer_covers_a_picture_of_any_shape_exactly(
    contract: str, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Padding, cropping, stretching and resizing back must all cancel out."""
    image = pattern(*shape)
    segmentation = salient.segment(image, of_contract(contract, monkeypatch), "cpu")
    # Ends of a ramp are flat for half a pixel after resizing; elsewhere it must fit.
    np.testing.assert_allclose(segmentation.at(*shape), mixture(image), atol=0.012)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_map_without_a_subject_stays_empty(
    contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A min-max would turn the tiny differences left into full contrast."""
    image = np.zeros((64, 64, 3), np.uint8)
    image[20:40, 20:40] = 2
    segmentation = salient.segment(image, of_contract(contract, monkeypatch), "cpu")
    assert segmentation.probability.max() < 0.01


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_dark_picture_is_not_brightened(contract: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Divided by 255, not by the picture's maximum."""
    image = np.full((64, 64, 3), 51, np.uint8)
    segmentation = salient.segment(image, of_contract(contract, monkeypatch), "cpu")
    np.testing.assert_allclose(segmentation.probability, 0.2, atol=1e-4)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_file_of_another_size_is_refused_or_its_size_taken(
    contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = SALIENT[contract]
    # A multiple of 32, as all these networks want; not square, to see which side is which.
    other = (1, 96, 64, 3) if facts.nhwc else (1, 3, 96, 64)
    row = installed(
        next(i for i in ROWS if catalog.get(i).interface.id == contract),
        monkeypatch,
        shape=other,
        out=None,
    )
    image = pattern(96, 64)
    if "H" in facts.shape:
        segmentation = salient.segment(image, row, "cpu")
        assert segmentation.probability.shape == (96, 64)
        np.testing.assert_allclose(segmentation.probability, mixture(image), atol=2e-5)
    else:
        with pytest.raises(ModelInvalid, match=rf"input \w+ is {'x'.join(map(str, other))}"):
            salient.segment(image, row, "cpu")


def test_a_file_with_other_channels_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    row = installed("u2netp", monkeypatch, ends="two logits")
    with pytest.raises(ModelInvalid, match=r"output 0 is 1x2x320x320, expected 1x1x320x320"):
        salient.segment(pattern(32, 32), row, "cpu")


def test_a_file_with_the_axes_the_other_way_round_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = installed("mediapipe-selfie", monkeypatch, shape=(1, 3, 256, 256))
    with pytest.raises(ModelInvalid, match="expected 1x256x256x3"):
        salient.segment(pattern(32, 32), row, "cpu")


def test_our_own_network_keeps_the_shape_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    row = installed("mattebrush-subject", monkeypatch)
    for shape, expected in [
        ((500, 500), (288, 288)),
        ((400, 800), (192, 416)),
        ((8, 900), (128, 576)),
    ]:
        assert salient.segment(pattern(*shape), row, "cpu").probability.shape == expected


def test_the_size_in_the_metadata_of_our_own_network_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = installed("mattebrush-subject", monkeypatch)
    session = runtime.open_session(row, "cpu")
    session.metadata["size"] = "128"
    assert salient.segment(pattern(500, 500), row, "cpu").probability.shape == (128, 128)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("gray", [False, True])
def test_depths_and_gray_pictures_mean_the_same(
    dtype: str, gray: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = pattern(320, 320)[:, :, : 1 if gray else 3]
    args = {
        "uint8": image,
        "uint16": image.astype(np.uint16) * 257,
        "float32": (image / 255).astype(np.float32),
    }[dtype]
    segmentation = salient.segment(args, installed("u2netp", monkeypatch), "cpu")
    expected = image[:, :, 0] / 255 if gray else mixture(image)
    np.testing.assert_allclose(segmentation.probability, expected, atol=2e-5)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_large_pictures_are_averaged_in_strips_without_a_seam(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resize, "_STRIP", 10_000)
    image = pattern(1501, 2003)
    args = {
        "uint8": image,
        "uint16": image.astype(np.uint16) * 257,
        "float32": (image / 255).astype(np.float32),
    }[dtype]
    small = preprocess.to_rgb(args, (100, 100), "bilinear")
    np.testing.assert_allclose(small, pattern(100, 100) / 255, atol=6e-3)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float64),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_arrays_that_are_no_pictures_are_named(image: np.ndarray) -> None:
    with pytest.raises(InputInvalid, match="An image is"):
        preprocess.to_rgb(image, (8, 8), "bilinear")


@pytest.mark.parametrize(
    "row", ["vitmatte-small-composition-1k", "mobile-sam", "mattebrush-matting"]
)
def test_models_of_other_kinds_say_what_they_are_for(row: str) -> None:
    with pytest.raises(OptionInvalid, match="does not find subjects"):
        salient.segment(pattern(8, 8), row)


def test_modnet_scales_the_short_side_as_its_authors_do() -> None:
    prepare = catalog.get("modnet-photographic").interface.preprocessing
    sizes = {
        (1080, 1920): (512, 896),  # 512 x 910.2, down to multiples of 32
        (2000, 1000): (1024, 512),
        (300, 200): (768, 512),  # both below 512: up
        (400, 800): (384, 800),  # in between: as it is, but for the multiples
    }
    for shape, expected in sizes.items():
        assert preprocess.place(shape, prepare, None).canvas == expected


def test_softmax_and_sigmoid_apply_where_values_are_no_probabilities() -> None:
    logits = np.array([[-2.0, 3.0]], np.float32).reshape(1, 1, 1, 2)
    shares = 1 / (1 + np.exp(-logits[0, 0]))
    read = Postprocessing(activation="sigmoid-if-logits")
    np.testing.assert_allclose(result.probabilities(logits, read, "NCHW"), shares, rtol=1e-6)
    np.testing.assert_array_equal(result.probabilities(shares[None, None], read, "NCHW"), shares)
    two = np.concatenate([np.zeros_like(logits), logits], axis=1)
    both = Postprocessing(activation="softmax-if-logits", channels=(1,))
    np.testing.assert_allclose(result.probabilities(two, both, "NCHW"), shares, rtol=1e-6)
    two = np.concatenate([1 - shares, shares])[None].reshape(1, 2, 1, 2)
    np.testing.assert_array_equal(result.probabilities(two, both, "NCHW"), shares)


def test_a_network_gone_wrong_gives_no_nan() -> None:
    values = np.array([np.nan, 0.5, 7.0, -3.0], np.float32).reshape(1, 1, 2, 2)
    np.testing.assert_array_equal(
        result.probabilities(values, Postprocessing(), "NCHW"),
        np.array([[0, 0.5], [1, 0]], np.float32),
    )


def test_letterboxing_fills_below_and_right() -> None:
    prepare = Preprocessing(resize="letterbox", size=(64, 64), fill=0.25)
    where = preprocess.place((20, 40), prepare, None)
    assert (where.canvas, where.content) == ((64, 64), (32, 64))
    inputs = preprocess.network_input(np.full((20, 40, 3), 255, np.uint8), where, prepare)
    assert (inputs[0, :, :32] == 1).all() and (inputs[0, :, 32:] == 0.25).all()


def test_every_embedded_network_that_is_there_fits_its_row() -> None:
    for row in catalog.rows().values():
        if row.embedded and (path := catalog.NETWORKS / row.files[0].name).exists():
            runtime.check_file(path, row, "model")


def test_rows_can_be_changed_for_one_run(tmp_path: Path) -> None:
    """A row is a value: other weights under another size need no new class."""
    row = catalog.get("u2netp")
    other = dataclasses.replace(
        row, id="mine", interface=catalog.get("inspyrenet-swinb-plus-ultra").interface
    )
    path = tiny("inspyrenet", store.folder(other) / other.files[0].name, shape=(1, 3, 64, 64))
    image = pattern(64, 64)
    segmentation = salient.segment(image, other, "cpu")
    assert path.exists()
    np.testing.assert_allclose(segmentation.probability, mixture(image), atol=2e-5)


def test_a_second_look_leaves_less_undecided_and_certainty_sees_the_first() -> None:
    lemur = np.asarray(Image.open(ROOT / "examples" / "lemur.jpg").convert("RGB"))
    seen = salient.segment(lemur, EMBEDDED_MODEL, "cpu")
    assert seen.first_look is not None
    first, second = (
        ((plane > 0.1) & (plane < 0.9)).mean() for plane in (seen.first_look, seen.probability)
    )
    assert 0 < second < 0.9 * first
    assert seen.undecided is seen.first_look
    report = mattebrush.segment(lemur, mattebrush.Options(device="cpu")).report
    assert report.certainty == certainty(seen.first_look) != certainty(seen.probability)


def test_where_nothing_stands_out_there_is_nothing_to_look_at_again() -> None:
    flat = np.full((90, 120, 3), 127, np.uint8)
    seen = salient.segment(flat, EMBEDDED_MODEL, "cpu")
    assert seen.first_look is not None and seen.first_look.max() < 0.5
    assert np.array_equal(seen.probability, seen.first_look)
