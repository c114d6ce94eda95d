# SPDX-License-Identifier: Apache-2.0
"""A shop's frame: presets, a subject placed in one, why a picture fails one; shadows."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattebrush import psd, raster, render, shadows
from mattebrush.cli.command_line import main
from mattebrush.cutout import Cutout, Report
from mattebrush.errors import InputInvalid, OptionInvalid
from mattebrush.imaging import gaussian
from mattebrush.raster import Raster
from mattebrush.shop import checking, framing, presets
from mattebrush.shop.presets import Preset

AMAZON = presets.own()["amazon"]
SMALL = Preset("small", size=(300, 300), background="white", white=True, format="jpg")


def subject(
    box: tuple[int, int, int, int] = (40, 30, 140, 190), size: tuple[int, int] = (240, 200)
) -> tuple[Raster, Cutout]:
    """A red box on green; x0, y0, x1, y1 in (height, width)."""
    height, width = size
    alpha = np.zeros((height, width), np.float32)
    alpha[box[1] : box[3], box[0] : box[2]] = 1
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = (20, 200, 30)
    pixels[alpha == 1] = (200, 30, 20)
    return Raster(pixels), Cutout(alpha, alpha, None, Report("remove", width, height))


def seen(picture: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((picture.min(axis=2) < 200).any(axis=1))[0], None
    columns = np.nonzero((picture.min(axis=2) < 200).any(axis=0))[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def made(preset: Preset, **others: Any) -> bytes:
    return render.encode(*subject(), render.Recipe.of(preset, **others))


@pytest.mark.parametrize("name", list(presets.own()))
def test_what_a_preset_makes_passes_it(name: str) -> None:
    preset = presets.own()[name]
    source, cutout = subject()
    data, remarks = render.encoded(source, cutout, render.Recipe.of(preset))
    assert checking.check(data, preset) == []
    assert not [remark for remark in remarks if "enlarged" not in remark]
    picture = Image.open(io.BytesIO(data))
    if preset.size:
        assert picture.size == preset.size
    assert picture.info["icc_profile"] == raster.srgb_profile()


def test_fill_and_margins_are_those_asked_for_and_white_is_white() -> None:
    picture = np.asarray(Image.open(io.BytesIO(made(SMALL))))
    x0, y0, x1, y1 = seen(picture)
    assert y1 - y0 == pytest.approx(255, abs=2)
    assert abs(x0 - (300 - x1)) <= 2 and abs(y0 - (300 - y1)) <= 2
    assert (picture[:, : x0 - 8] == 255).all() and (picture[: y0 - 8] == 255).all()
    assert not ((picture[..., 1] > 150) & (picture[..., 0] < 120)).any()  # no old green


def test_margins_are_equal_over_a_set() -> None:
    margins = set()
    for box in ((10, 10, 30, 60), (60, 100, 160, 220), (0, 0, 200, 60)):
        data = render.encode(*subject(box), render.Recipe.of(SMALL))
        picture = np.asarray(Image.open(io.BytesIO(data)))
        x0, y0, x1, y1 = seen(picture)
        margins.add(min(x0, y0, 300 - x1, 300 - y1))
    assert max(margins) - min(margins) <= 2 and min(margins) >= 21  # 22.5 and soft edges


def test_a_subject_is_centered_by_its_weight() -> None:
    alpha = np.zeros((100, 200), np.float32)
    alpha[20:80, 40:80] = 1
    alpha[48:52, 80:160] = 1  # a long thin handle to the right
    by_box = framing.placement(alpha, Preset("a", size=(400, 400), fill=0.5))
    by_weight = framing.placement(alpha, Preset("a", size=(400, 400), fill=0.5, center="weight"))
    assert by_weight.left > by_box.left + 20
    assert by_weight.top == pytest.approx(by_box.top, abs=1)
    # The handle stays inside, with half its margin.
    assert by_weight.left + 160 * by_weight.scale <= 400 - 400 * 0.5 / 4 + 1


def test_without_a_size_no_pixel_is_resampled() -> None:
    data = made(presets.own()["square"])
    picture = np.asarray(Image.open(io.BytesIO(data)))
    assert set(map(tuple, picture.reshape(-1, 4))) == {(0, 0, 0, 0), (200, 30, 20, 255)}


def test_a_file_keeps_below_its_bytes() -> None:
    draws = np.random.default_rng(1)
    source, cutout = subject()
    source = Raster(draws.integers(0, 255, source.pixels.shape).astype(np.uint8))
    free, bound = (
        Preset("p", size=(300, 300), background="white", format="jpg", max_bytes=most)
        for most in (None, 50_000)
    )
    assert len(render.encode(source, cutout, render.Recipe.of(free))) > 50_000
    assert len(render.encode(source, cutout, render.Recipe.of(bound))) <= 50_000


def wrong(**changes: Any) -> bytes:
    """A picture that passes `SMALL`, and in what it differs."""
    picture = np.full((300, 300, 3), 255, np.uint8)
    x0, y0, x1, y1 = changes.get("box", (75, 22, 225, 278))
    picture[y0:y1, x0:x1] = (200, 30, 20)
    if "dirt" in changes:
        picture[5, 150] = changes["dirt"]
    if "ground" in changes:
        picture[picture.min(axis=2) == 255] = changes["ground"]
    icc = changes.get("icc", raster.srgb_profile())
    loaded = Raster(picture[: changes.get("height", 300)], icc=icc)
    return raster.encode(loaded, str(changes.get("format", "JPEG")), quality=100)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ""),
        ({"height": 290}, "It is 300 x 290, not 300 x 300"),
        ({"dirt": 240}, "not pure white; the darkest has 2"),
        ({"ground": 250}, "not pure white"),
        ({"ground": 120}, "no white background"),
        ({"box": (100, 60, 200, 240)}, "fills 60%"),
        ({"box": (40, 22, 190, 278)}, "off the middle by 35 pixels across"),
        ({"icc": None}, "no color profile"),
        ({"format": "PNG"}, "It is PNG, not JPEG"),
    ],
)
def test_a_check_says_why(changes: dict[str, Any], expected: str) -> None:
    problems = checking.check(wrong(**changes), SMALL)
    assert expected in " ".join(problems) if expected else problems == []


def test_a_check_tells_other_profiles_and_too_many_bytes() -> None:
    from mattebrush.raster import icc

    p3 = icc.from_code_points((12, 13, 0, 1))
    assert "not sRGB" in " ".join(checking.check(wrong(icc=p3), SMALL))
    tight = Preset("t", size=(300, 300), background="white", max_bytes=1000)
    assert "at most 1,000" in " ".join(checking.check(wrong(), tight))


def test_the_command_checks_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.jpg", tmp_path / "bad.jpg"
    good.write_bytes(made(AMAZON))
    bad.write_bytes(wrong())
    assert main(["check", "amazon", str(good)]) == 0
    assert "passes amazon" in capsys.readouterr().out
    assert main(["check", "amazon", str(tmp_path), "--json"]) == InputInvalid.exit_status
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["key"] for row in rows] == ["bad.jpg", "good.jpg"]
    assert "not 2000 x 2000" in rows[0]["problems"][0] and rows[1]["problems"] == []


def test_presets_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text('[mine]\nsize = [800, 600]\nfill = 0.9\ncenter = "weight"\n')
    assert presets.get(str(path)) == Preset("mine", "mine", (800, 600), fill=0.9, center="weight")
    path.write_text("[a]\naspect = [1, 2]\n[b]\nsize = [9, 9]\n")
    assert presets.get(f"{path}#b").size == (9, 9)
    with pytest.raises(OptionInvalid, match="several"):
        presets.get(str(path))
    with pytest.raises(OptionInvalid, match="amazon, ebay"):
        presets.get("amazone")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a]\nsize = [1]", r"\[width, height\]"),
        ("[a]\nsize = [10, 10]\nsise = 3", "a key 'sise'"),
        ("[a]\nfill = 0.5", "size or an aspect"),
        ("[a]\nsize = [10, 10]\nfill = 7", "fill 7"),
        ("[a]\nsize = [10, 10]\nfill = true", "fill = True"),
        ("[a]\nsize = [10, 10]\nformat = 'jpg'", "needs a background"),
        ("[a]\nsize = [10, 10]\nwhite = true\nbackground = '#eee'", "#eee"),
        ("[a]\nsize = [10, 10]\nbackground = 'whitish'", "whitish"),
        ("size = [10, 10]", "no presets"),
        ("[a", "no TOML"),
    ],
)
def test_a_wrong_preset_is_named_with_its_cure(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(text)
    with pytest.raises(OptionInvalid, match=expected):
        presets.get(str(path))


@pytest.mark.parametrize(
    "arguments", [["--crop", "5"], ["--mask"], ["--background", "red"], ["--format", "png"]]
)
def test_what_contradicts_a_preset_is_refused(arguments: list[str]) -> None:
    assert main(["remove", "x.jpg", "--preset", "amazon", *arguments]) == OptionInvalid.exit_status


SHADOWED = (530, 575, 330, 620)


def studio() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A body on two legs before a gradient, with a soft shadow: picture, matte, darkness."""
    height, width = 700, 900
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 0.86 - 0.12 * (x / width - 0.4) ** 2 - 0.1 * (1 - y / height)
    matte = np.zeros((height, width), np.float32)
    for y0, y1, x0, x1 in ((200, 480, 300, 600), (480, 560, 320, 360), (480, 540, 540, 580)):
        matte[y0:y1, x0:x1] = 1
    matte = gaussian.blurred(matte, 1.0)
    dark = np.zeros((height, width), np.float32)
    dark[530:575, 330:720] = 0.45
    dark = gaussian.blurred(dark, 14.0)
    noise = np.random.default_rng(0).normal(0, 0.008, (height, width, 1)).astype(np.float32)
    image = light[..., None] * np.array([1, 0.98, 0.95], np.float32) * (1 - dark)[..., None]
    image = (image + noise) * (1 - matte)[..., None]
    image += matte[..., None] * np.array([0.7, 0.2, 0.15], np.float32)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8), matte, dark


def test_the_photographs_own_shadow_is_kept() -> None:
    pixels, matte, dark = studio()
    kept = shadows.kept(pixels, matte)
    assert kept is not None
    ground = matte < 0.02
    assert np.abs(kept - dark)[ground].mean() < 0.004
    assert kept[ground].max() == pytest.approx(dark.max(), abs=0.05)
    assert (
        kept[:400, :250].max() == 0 and kept[:400][ground[:400]].max() < 0.03
    )  # the vignette is no shadow


def test_a_thing_of_another_color_is_no_shadow_and_a_busy_ground_has_none() -> None:
    pixels, matte, _ = studio()
    pixels[600:650, 350:550] = (200, 60, 60)  # a red cloth
    kept = shadows.kept(pixels, matte)
    assert kept is not None and kept[610:640, 360:540].mean() < 0.05
    stripes = (np.arange(900) // 40 % 2 * 120 + 60).astype(np.uint8)
    busy = np.where(matte[..., None] > 0.5, pixels, stripes[None, :, None])
    assert shadows.kept(busy, matte) is None


def test_a_contact_shadow_lies_under_what_stands() -> None:
    matte = studio()[1]
    dark = shadows.contact(matte)
    assert dark[562, 340] > 0.4 and dark[542, 560] > 0.2  # under the front leg and the back one
    assert dark[:440].max() < 0.01 and dark[480:500, 430:470].max() < 0.05  # not at the body
    assert dark[:, :150].max() < 0.01
    assert shadows.contact(matte, 0.25)[562, 340] < dark[562, 340] * 0.6
    assert shadows.stands(matte) and not shadows.stands(matte[:400])


def test_a_kept_shadow_is_a_layer_of_its_own_and_soft_on_white() -> None:
    pixels, matte, dark = studio()
    cutout = Cutout(matte, matte, None, Report("remove", 900, 700))
    white = render.Recipe(background=(1, 1, 1), shadow={}, shadow_kind="kept")
    flat = render.picture(Raster(pixels), cutout, white).pixels
    assert np.abs(flat[620:, :, 0] / 255 - 1 + dark[620:]).max() < 0.06
    assert (flat[:400, :200] == 255).all()
    data, remarks = render.encoded(
        Raster(pixels), cutout, render.Recipe(format="psd", shadow={}, shadow_kind="kept")
    )
    assert remarks == []
    psd_tools = pytest.importorskip("psd_tools")
    document = psd_tools.PSDImage.open(io.BytesIO(data))
    assert [layer.name for layer in document] == [psd.SHADOW, psd.ORIGINAL]
    layer = np.asarray(document[0].topil().convert("RGBA"))
    assert layer[..., :3].max() == 0
    assert np.abs(layer[..., 3] / 255 - dark)[matte < 0.02].mean() < 0.006


def test_a_kept_shadow_comes_along_into_a_frame() -> None:
    pixels, matte, _ = studio()
    cutout = Cutout(matte, matte, None, Report("remove", 900, 700))
    frame = Preset("f", size=(400, 400), background="white")
    recipe = render.Recipe.of(frame, shadow={}, shadow_kind="kept")
    picture = render.picture(Raster(pixels), cutout, recipe).pixels
    x0, _, x1, y1 = seen(picture)
    assert x1 > 400 - 30  # the shadow reaches farther to the right than the body
    bare = render.picture(Raster(pixels), cutout, render.Recipe.of(frame)).pixels
    assert seen(bare)[2] < x1 and seen(bare)[0] == pytest.approx(x0, abs=2) and y1 <= 400


def test_a_shadow_that_cannot_be_had_is_said() -> None:
    source, cutout = subject((40, 30, 140, 240))
    recipe = render.Recipe(shadow={}, shadow_kind="contact")
    assert "cut off below" in " ".join(render.encoded(source, cutout, recipe)[1])
    with pytest.raises(OptionInvalid, match="no blur"):
        render.Recipe(shadow={"blur": 3.0}, shadow_kind="contact")
