# SPDX-License-Identifier: Apache-2.0
"""Networks that take picture and trimap, one tile at a time."""

from __future__ import annotations

import numpy as np
import pytest

from mattebrush.errors import OptionInvalid
from mattebrush.matting import vitmatte
from mattebrush.models import catalog, runtime, store
from tests.models.networks import HALF, MIX, NONE, tiny

ROWS = [row.id for row in catalog.rows().values() if row.kind == "trimap"]


def installed(row_id: str, **changes: object) -> str:
    row = catalog.get(row_id)
    tiny(row.interface.id, store.folder(row) / row.files[0].name, **changes)  # type: ignore[arg-type]
    return row_id


def tile(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture, a trimap with all three values, and the alpha the tiny networks give for them."""
    random = np.random.default_rng(1)
    image = random.random((height, width, 3), np.float32)
    trimap = random.choice(np.array([0, 128, 255], np.uint8), (height, width))
    alpha = (image @ np.array(MIX, np.float32) + np.float32(128 / 255)) / 2
    return image, trimap, np.where(trimap == 128, alpha, trimap / 255)


@pytest.mark.parametrize(
    ("row", "shape"),
    [
        *((row, (100, 77)) for row in ROWS),
        ("vitmatte-small-composition-1k", (1024, 1024)),
        ("vitmatte-small-composition-1k", (1, 5)),
        ("vitmatte-small-composition-1k-xenova", (1, 5)),
    ],
)
def test_a_tile_of_any_size_comes_out_exactly(row: str, shape: tuple[int, int]) -> None:
    """Channels, normalization, the trimap's scale, padding, cropping; certain areas kept."""
    matting = vitmatte.open_matting(installed(row), "cpu")
    assert matting.side == (1024, 1024)
    image, trimap, expected = tile(*shape)
    alpha = matting(image, trimap)
    assert alpha.dtype == np.float32
    np.testing.assert_allclose(alpha, expected, atol=1e-5)
    assert (alpha[trimap == 0] == 0).all() and (alpha[trimap == 255] == 1).all()


def test_padding_is_the_picture_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    matting = vitmatte.open_matting(installed("indexnet"), "cpu")
    source: list[np.ndarray] = []
    run = runtime.Session.run

    def seen(self: runtime.Session, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        source.extend(inputs.values())
        return run(self, inputs)

    monkeypatch.setattr(runtime.Session, "run", seen)
    image, trimap, _ = tile(40, 33)
    matting(image, trimap)
    assert source[0].shape == (1, 4, 64, 64)
    np.testing.assert_array_equal(source[0][0, :, 40:64, :33], source[0][0, :, 16:40, :33][:, ::-1])


@pytest.mark.parametrize(
    ("name", "norm"), [("huggingface", HALF), ("rembg", NONE)], ids=["huggingface", "rembg"]
)
def test_the_other_normalizations_in_use_can_be_chosen(name: str, norm: object) -> None:
    row = installed("vitmatte-small-composition-1k-xenova", norm=norm)
    image, trimap, expected = tile(64, 64)
    right = vitmatte.open_matting(row, "cpu", normalization=name)(image, trimap)
    wrong = vitmatte.open_matting(row, "cpu")(image, trimap)
    np.testing.assert_allclose(right, expected, atol=1e-5)
    assert np.abs(wrong - expected).max() > 0.05


def test_four_normalizations_are_in_the_catalog_and_the_authors_is_the_default() -> None:
    for row in ROWS:
        contract = catalog.get(row).interface
        if contract.id != "indexnet":
            assert set(contract.normalizations) == {
                "authors",
                "huggingface",
                "rembg",
                "pricklygorse",
            }
            assert contract.normalizations["authors"] == (
                contract.preprocessing.mean,
                contract.preprocessing.std,
            )


def test_misuse_is_named() -> None:
    row = installed("indexnet")
    with pytest.raises(OptionInvalid, match="Known are"):
        vitmatte.open_matting("vitmatte-small-composition-1k", normalization="mine")
    with pytest.raises(OptionInvalid, match="takes no trimap"):
        vitmatte.open_matting("u2netp")
    matting = vitmatte.open_matting(row, "cpu")
    with pytest.raises(ValueError, match="larger than"):
        matting(np.zeros((1100, 8, 3), np.float32), np.zeros((1100, 8), np.uint8))
