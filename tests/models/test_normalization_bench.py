# SPDX-License-Identifier: Apache-2.0
"""The script that decides ViTMatte's normalization finds the right one when it is known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench import vitmatte_normalization as bench
from mattebrush.models import catalog, store
from tests.models.networks import HALF, IMAGENET, MIX, tiny

ROW = "vitmatte-small-composition-1k-xenova"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two pictures whose alpha is what the tiny network gives when it is fed rightly."""
    random = np.random.default_rng(3)
    for name in ("A.png", "B.png"):
        image = random.integers(0, 256, (70, 90, 3), np.uint8)
        trimap = np.full((70, 90), 128, np.uint8)
        trimap[:20], trimap[60:] = 0, 255
        alpha = (image / 255 @ np.array(MIX) + 128 / 255) / 2
        alpha = np.where(trimap == 128, alpha, trimap / 255)
        for part, pixels in (("image", image), ("trimap1", trimap), ("alpha", alpha * 255)):
            path = tmp_path / "data" / part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.round().astype(np.uint8)).save(path)
    return tmp_path / "data"


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["vitmatte_normalization", *words])
    return bench.main()


@pytest.mark.parametrize(("norm", "name"), [(IMAGENET, "authors"), (HALF, "huggingface")])
def test_the_right_normalization_wins(
    norm: object,
    name: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    row = catalog.get(ROW)
    tiny(row.interface.id, store.folder(row) / row.files[0].name, norm=norm)
    scores = bench.measure(row, bench.pictures(data))
    assert scores[0].normalization == name
    assert scores[0].mse < 1e-5 < 1e-3 < scores[1].mse
    assert [score.normalization for score in scores].count("pricklygorse") == 0  # as the authors'
    assert run(monkeypatch, "--data", str(data)) == (0 if name == "authors" else 1)
    assert ("ANOTHER" in capsys.readouterr().out) == (name != "authors")


def test_without_weights_or_pictures_it_says_what_to_do(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--data", str(data)) == 6
    assert "models pull" in capsys.readouterr().err
    assert run(monkeypatch, "--data", str(data / "nowhere")) == 1
    assert "--data FOLDER" in capsys.readouterr().err
