# SPDX-License-Identifier: Apache-2.0
"""Errors by group: what is said of whom, and of whom nothing is said."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench import groups


def outcomes(count: int, name: str, overlap: float = 0.9) -> list[groups.Outcome]:
    return [groups.Outcome(0.01 * (1 + n % 3), overlap, {"hair": name}) for n in range(count)]


def test_a_group_of_fewer_than_thirty_is_refused_by_name() -> None:
    with pytest.raises(groups.GroupTooSmall, match=r"curly \(29\)"):
        list(groups.table([*outcomes(40, "short"), *outcomes(29, "curly")], "hair"))


def test_failures_are_counted_with_an_interval_that_holds_them() -> None:
    loaded = [*outcomes(30, "short"), *outcomes(10, "short", overlap=0.5), *outcomes(30, "curly")]
    short = next(row for row in groups.table(loaded, "hair") if row.startswith("| short"))
    cells = [cell.strip() for cell in short.strip("|").split("|")]
    assert cells[1] == "40" and cells[4] == "25.0%"
    low, high = (float(v.rstrip("%")) for v in cells[5].split(" to "))
    assert 5 < low < 25 < high < 45


def test_one_head_has_one_shape_whatever_its_tone_and_ground() -> None:
    _, light = groups.drawn_head(groups.TONES[0], 90, "curly")
    image, dark = groups.drawn_head(groups.TONES[9], 10, "curly")
    assert np.array_equal(light, dark)
    assert image.size == (400, 400) and 0.2 < light.mean() < 0.6


@pytest.mark.parametrize("tone", [groups.TONES[1], groups.TONES[6]])
def test_what_is_measured_without_labels_follows_the_pixels(tone: str) -> None:
    image, truth = groups.drawn_head(tone, 90, "none")
    skin = np.array([[[int(tone[i : i + 2], 16) for i in (1, 3, 5)]]], np.uint8)
    bins = groups.measured(np.asarray(image), truth)
    if tone == groups.TONES[6]:
        lightness = float(groups.to_lab(skin)[0, 0, 0])
        low, high = map(int, bins["lightness of skin-colored pixels"].split(" to "))
        assert low - 8 < lightness < high + 8
        assert bins["contrast at the upper rim"] == "over 45"
    else:
        assert bins["contrast at the upper rim"] in ("0 to 10", "10 to 25")


def test_labels_are_read_by_the_pictures_names(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("picture,age,tone\na.jpg,old,\nb,young,3\n")
    assert groups.read_labels(table) == {"a": {"age": "old"}, "b": {"age": "young", "tone": "3"}}
    table.write_text("name,age\na,old\n")
    with pytest.raises(SystemExit, match="picture"):
        groups.read_labels(table)


def test_masks_of_another_size_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "m").mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "p" / "a.png")
    Image.new("L", (30, 30)).save(tmp_path / "m" / "a.png")
    with pytest.raises(SystemExit, match="size"):
        list(groups.read_pairs(tmp_path / "p", tmp_path / "m"))
