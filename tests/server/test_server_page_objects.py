# SPDX-License-Identifier: Apache-2.0
"""Several objects on the page, in a real browser: found, pointed at, dropped, merged, saved."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.objects.scenes import three
from tests.server.server_client import png
from tests.server.test_server_page import browser, done, drop, look, page, pixels, saved  # noqa: F401

pytestmark = pytest.mark.hosts

WIDTH, HEIGHT = 420, 240


@pytest.fixture
def split(page: Any) -> Any:  # noqa: F811
    """The page with a picture of three things, split."""
    drop(page, png(three()[0]), "farm.png")
    done(page)
    page.click("#split")
    page.wait_for_selector("#object-list li:nth-child(3)")
    done(page)
    return page


def alpha(opened: Any) -> np.ndarray:
    return np.asarray(pixels(saved(opened, "png")[1])[..., 3]) / 255


def place(opened: Any, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the picture, shown at its own size, is on the page."""
    box = opened.locator("#picture").bounding_box()
    return box["x"] + (box["width"] - WIDTH) / 2 + x, box["y"] + (box["height"] - HEIGHT) / 2 + y


def pressed(opened: Any) -> list[str]:
    names = "all => all.map(one => one.getAttribute('aria-pressed'))"
    return list(opened.eval_on_selector_all("#object-list button", names))


def test_hover_click_merge_and_undo(split: Any) -> None:
    masks = three()[1]
    assert np.abs(alpha(split) - masks.sum(axis=0)).mean() < 0.006
    texts = split.eval_on_selector_all("#object-list button", "all => all.map(b => b.textContent)")
    assert [text.split(" · ")[0] for text in texts] == ["Object 1", "Object 2", "Object 3"]
    assert split.is_checked("[name=tool][value=pick]")

    split.mouse.move(*place(split, 205, 130))
    split.wait_for_selector("#object-list li:nth-child(2).pointed")
    look(split, "objects-hover")
    split.mouse.click(*place(split, 205, 130))
    split.wait_for_selector("#object-list li:nth-child(2) button[aria-pressed=false]")
    done(split)
    look(split, "objects-dropped")
    assert np.abs(alpha(split) - masks[0] - masks[2]).mean() < 0.006

    split.click("#merge")
    split.wait_for_function("() => document.querySelectorAll('#object-list li').length === 2")
    assert pressed(split) == ["true", "false"]
    split.mouse.click(*place(split, 335, 130))  # of the merged one, which goes as a whole
    split.wait_for_selector("#object-list li:nth-child(1) button[aria-pressed=false]")
    done(split)
    assert alpha(split).max() == 0
    for _ in range(3):
        split.click("#undo")
    kept = "() => document.querySelectorAll('#object-list [aria-pressed=true]').length === 3"
    split.wait_for_function(kept)
    done(split)
    assert pressed(split) == ["true"] * 3
    assert np.abs(alpha(split) - masks.sum(axis=0)).mean() < 0.006


def test_each_object_as_a_file(split: Any) -> None:
    with split.expect_download() as download:
        split.click("#save-objects")
    assert download.value.suggested_filename == "farm-objects.zip"
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        names = archive.namelist()
        cuts = [pixels(archive.read(name)) for name in names]
    assert names == [f"farm-Object {number}.png" for number in (1, 2, 3)]
    total = np.sum([cut[..., 3] for cut in cuts], axis=0)
    assert total.max() <= 255
    for cut, true in zip(cuts, three()[1], strict=True):
        assert np.abs(cut[..., 3] / 255 - true).mean() < 0.003


def test_words_without_their_model_say_how_to_get_one(split: Any) -> None:
    split.locator("#words").press_sequentially("the dog")
    assert split.input_value("#words") == "the dog"
    split.press("#words", "Enter")
    split.wait_for_selector("#toast:not([hidden])")
    assert "mattebrush models pull grounding-dino-tiny" in split.inner_text("#toast")
    assert pressed(split) == ["true"] * 3  # nothing is lost by it
