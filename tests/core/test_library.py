# SPDX-License-Identifier: Apache-2.0
"""`import mattebrush`: every kind of picture in, the same kind out, and what is refused by name."""

from __future__ import annotations

import inspect
import io
import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import mattebrush
from mattebrush import Options, Point, Prompt, errors, raster
from tests.core.scenes import Scene

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def options(red_model: str) -> Options:
    return Options(model=red_model, matting="guided", decontaminate=False)


def png(image: np.ndarray, **about: Any) -> bytes:
    Image.fromarray(image).save(file := io.BytesIO(), "PNG", **about)
    return file.getvalue()


def alpha_is_right(alpha: np.ndarray, scene: Scene) -> bool:
    full = np.iinfo(alpha.dtype).max if alpha.dtype.kind == "u" else 1
    return bool(np.abs(alpha.astype(float) / full - scene.alpha).mean() < 0.01)


# --- the same kind out ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", (str, Path))
def test_a_path_gives_a_path(kind: type, scene: Scene, options: Options, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(scene.image, icc_profile=SRGB))
    before = photo.read_bytes()
    got = mattebrush.remove(kind(photo), options)
    assert got == kind(tmp_path / "photo-cutout.png")
    assert isinstance(got, kind) or kind is Path
    cutout = raster.read(got)
    assert cutout.alpha is not None and alpha_is_right(cutout.alpha, scene)
    assert cutout.icc == SRGB
    assert photo.read_bytes() == before
    with pytest.raises(errors.OutputExists):
        mattebrush.remove(photo, options)
    mattebrush.remove(photo, options, overwrite=True)
    mask = mattebrush.remove(photo, options, only_mask=True, output=tmp_path / "m.webp")
    assert alpha_is_right(raster.read(mask).plane("m.webp"), scene)
    with pytest.raises(errors.OptionInvalid, match="never written"):
        mattebrush.remove(photo, options, output=photo, overwrite=True)


@pytest.mark.parametrize("kind", (bytes, bytearray, memoryview))
def test_bytes_give_a_png(kind: Any, scene: Scene, options: Options) -> None:
    got = mattebrush.remove(kind(png(scene.image)), options)
    assert isinstance(got, bytes)
    image = Image.open(io.BytesIO(got))
    assert (image.format, image.mode) == ("PNG", "RGBA")
    assert alpha_is_right(np.asarray(image)[..., 3], scene)


@pytest.mark.parametrize("mode", ("RGB", "RGBA", "P", "CMYK", "RGBX", "YCbCr"))
def test_pillow_gives_pillow(mode: str, scene: Scene, options: Options) -> None:
    image = Image.fromarray(scene.image).convert(mode)
    image.info["icc_profile"] = SRGB
    got = mattebrush.remove(image, options)
    assert isinstance(got, Image.Image)
    assert got.mode == "RGBA"
    assert got.size == image.size
    assert ("icc_profile" in got.info) == (mode != "CMYK")
    assert alpha_is_right(np.asarray(got)[..., 3], scene)
    assert mattebrush.remove(image, options, only_mask=True).mode == "L"


def test_pillow_is_turned_upright(scene: Scene, options: Options) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(scene.image).save(file := io.BytesIO(), "PNG", exif=exif)
    got = mattebrush.remove(Image.open(file), options)
    assert got.size == scene.image.shape[:2]
    assert got.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("dtype", ("u1", "<u2", ">u2", "f2", "<f4", ">f4", "f8"))
def test_an_array_gives_an_array_of_its_kind(dtype: str, scene: Scene, options: Options) -> None:
    kind = np.dtype(dtype)
    image = scene.image / 255 if kind.kind == "f" else scene.image.astype(float)
    image = (image * (257 if kind.kind == "u" and kind.itemsize == 2 else 1)).astype(kind)
    got = mattebrush.remove(image, options)
    assert got.dtype == kind
    assert got.shape == (*scene.image.shape[:2], 4)
    assert alpha_is_right(got[..., 3].astype(kind.newbyteorder("=")), scene)
    mask = mattebrush.remove(image, options, only_mask=True)
    assert (mask.dtype, mask.shape) == (kind, scene.image.shape[:2])


def test_no_subject_is_an_error_unless_forced(options: Options) -> None:
    green = np.full((60, 80, 3), (20, 120, 20), np.uint8)
    with pytest.raises(errors.NoSubject, match="force=True"):
        mattebrush.remove(green, options)
    with pytest.warns(UserWarning, match="No subject"):
        assert mattebrush.remove(green, options, force=True).shape == (60, 80, 4)


def test_remarks_are_warned_of(scene: Scene, options: Options) -> None:
    first = Image.fromarray(scene.image)
    first.save(file := io.BytesIO(), "GIF", save_all=True, append_images=[first.rotate(90)])
    with pytest.warns(UserWarning, match="animated"):
        mattebrush.remove(file.getvalue(), options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mattebrush.remove(scene.image, options)


# --- a cut-out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", (1, 3, 4))
def test_a_cutout_as_array_image_and_file(
    channels: int, scene: Scene, options: Options, tmp_path: Path
) -> None:
    image = scene.image[..., :1] if channels == 1 else scene.image
    if channels == 4:
        image = np.dstack([image, np.full(image.shape[:2], 128, np.uint8)])
    cutout = mattebrush.remove_background(image, options)
    colors = 1 if channels == 1 else 3
    rgba = cutout.rgba()
    assert rgba.shape == (*image.shape[:2], colors + 1)
    assert rgba.dtype == np.uint8
    np.testing.assert_array_equal(rgba[..., :colors], image[..., :colors])
    assert cutout.image().mode == ("LA" if channels == 1 else "RGBA")
    for name in ("cut.png", "cut.tif", "cut.psd", "cut.webp"):
        cutout.save(tmp_path / name)
        again = raster.read(tmp_path / name)
        assert again.alpha is not None
        assert np.abs(again.alpha / 255.0 - cutout.alpha).max() < 0.003
    with pytest.raises(errors.OutputExists):
        cutout.save(tmp_path / "cut.png")
    cutout.save(str(tmp_path / "mask.jpg"), only_mask=True)
    cutout.save(str(tmp_path / "mask.webp"), only_mask=True)
    plane = raster.read(tmp_path / "mask.webp").plane("mask.webp")
    np.testing.assert_array_equal(plane, np.rint(cutout.alpha * 255))


def test_clean_colors_are_what_is_shown(scene: Scene, red_model: str) -> None:
    cutout = mattebrush.remove_background(scene.image, Options(model=red_model, matting="guided"))
    np.testing.assert_array_equal(cutout.rgba()[..., :3], cutout.foreground)


# --- what is taken, and what is refused by name --------------------------------------------------

SQUARE = np.zeros((20, 30, 3), np.uint8)


@pytest.mark.parametrize(
    ("image", "words"),
    (
        (np.matrix([[1, 2], [3, 4]], np.uint8), "numpy.matrix"),
        (np.ma.masked_array(SQUARE), "masked array"),
        (SQUARE.astype(np.int64), "array of int64"),
        (SQUARE.astype(np.int8), "array of int8"),
        (SQUARE.astype(np.uint32), "array of uint32"),
        (SQUARE.astype(complex), "array of complex128"),
        (SQUARE.astype(object), "array of object"),
        (SQUARE.tolist(), "of the type list"),
        (None, "of the type NoneType"),
        (3, "of the type int"),
        (SQUARE[None], "shape"),
        (SQUARE[:0], "shape"),
        (np.zeros((4, 4, 5), np.uint8), "shape"),
        (np.full((20, 30, 3), np.nan), "NaN"),
        (SQUARE + 200.0, "divide by 255"),
        (np.random.default_rng(1).uniform(0, 255, (40, 40, 3)), "divide by 255"),
        ("no-such-file.png", "does not exist"),
        (b"no picture", "not a picture"),
    ),
    ids=str,
)
def test_pictures_refused_by_name(image: Any, words: str) -> None:
    with pytest.raises(errors.InputInvalid, match=words):
        mattebrush.remove_background(image)


def test_the_engine_refuses_a_matrix_too() -> None:
    from mattebrush import engine

    with pytest.raises(errors.InputInvalid):
        engine.remove_background(np.asmatrix(SQUARE[..., 0]))
    with pytest.raises(errors.InputInvalid):
        engine.decontaminate(SQUARE, np.asmatrix(np.zeros((20, 30), np.uint8)))


def test_highlights_beyond_one_are_a_picture(scene: Scene, options: Options) -> None:
    bright = (scene.image / 255).astype(np.float32)
    bright[:40] *= 5
    assert mattebrush.remove_background(bright, options).report.subject_found


def test_eight_bits_in_sixteen_are_said(scene: Scene, options: Options) -> None:
    report = mattebrush.remove_background(scene.image.astype(np.uint16), options).report
    assert any("give them as uint8" in warning for warning in report.warnings)
    black = np.full((40, 40, 3), 9, np.uint16)
    report = mattebrush.remove_background(black, options).report
    assert report.warnings == ["No subject was found in this picture."]
    faint = np.tile(np.linspace(0, 255, 40).astype(np.uint16)[:, None, None], (1, 40, 3))
    with pytest.warns(UserWarning) as reported, pytest.raises(errors.NoSubject):
        mattebrush.remove(faint, options)  # the hint comes before the failure, once
    assert len(reported) == 1 and "give them as uint8" in str(reported[0].message)


@pytest.mark.parametrize("dtype", (bool, np.uint8, ">u2", np.float64))
def test_masks_of_every_kind(dtype: Any, scene: Scene) -> None:
    full = {"b": 1, "u": np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1, "f": 1}
    hard = (scene.alpha > 0.5) * full[np.dtype(dtype).kind]
    foreground = mattebrush.decontaminate(scene.image, hard.astype(dtype)).foreground
    expected = mattebrush.decontaminate(scene.image, (scene.alpha > 0.5).astype(np.float32))
    np.testing.assert_array_equal(foreground, expected.foreground)


@pytest.mark.parametrize(
    ("mask", "words"),
    (
        (np.full((20, 30), 255.0), "from 255 to 255.*divide by 255"),
        (np.full((20, 30), -1.0), "from -1"),
        (np.zeros((20, 30, 3), np.uint8), "shape"),
        (np.zeros((10, 30), np.uint8), "Both must have one size"),
        (np.asmatrix(np.zeros((20, 30), np.uint8)), "numpy.matrix"),
        (np.zeros((20, 30), np.int32), "int32"),
    ),
    ids=str,
)
def test_masks_refused_by_name(mask: Any, words: str) -> None:
    for call in (mattebrush.matte, mattebrush.decontaminate, mattebrush.refine):
        with pytest.raises(errors.InputInvalid, match=words):
            call(SQUARE, mask)


def test_a_painted_trimap_is_understood_and_said(scene: Scene) -> None:
    certain = np.select([scene.alpha < 0.02, scene.alpha > 0.98], [3, 252], 128).astype(np.uint8)
    exact = np.select([certain == 3, certain == 252], [0, 255], 128).astype(np.uint8)
    cutout = mattebrush.matte(scene.image, certain)
    np.testing.assert_array_equal(cutout.alpha, mattebrush.matte(scene.image, exact).alpha)
    assert any("black and white" in warning for warning in cutout.report.warnings)


# --- options -------------------------------------------------------------------------------------


def test_numbers_of_numpy_are_numbers() -> None:
    args: dict[str, Any] = {
        "threads": np.int64(2),
        "feather": np.float32(1.5),
        "shift_edge": np.int16(-2),
        "hard": np.bool_(True),
        "region": np.array([1, 2, 30, 40]),
    }
    points: Any = np.array([[3, 4, 1], [5, 6, 0]])
    boxes: Any = np.array([[0, 0, 9.5, 9]])
    options = Options(**args, prompt=Prompt(points, boxes))
    plain = Options(
        threads=2, feather=1.5, shift_edge=-2, hard=True, region=(1, 2, 30, 40),
        prompt=Prompt((Point(3, 4, 1), Point(5, 6, 0)), ((0, 0, 9.5, 9),)),
    )  # fmt: skip
    assert options == plain
    assert type(options.threads) is int and type(options.hard) is bool
    assert type(options.prompt.points[0].label) is int


@pytest.mark.parametrize(
    ("values", "words"),
    (
        ({"threads": 2.5}, "threads is 2.5. Give a whole number"),
        ({"threads": 0}, "whole number"),
        ({"threads": True}, "whole number"),
        ({"feather": "1"}, "feather is '1'"),
        ({"feather": np.nan}, "feather is nan"),
        ({"hard": 1}, "hard is 1"),
        ({"keep": np.array(["all"])}, "keep is"),
        ({"region": np.zeros(3)}, "four numbers"),
        ({"region": 5}, "four numbers"),
        ({"prompt": {"points": []}}, "Prompt"),
        ({"prompt": None}, "Prompt"),
        ({"model": None}, "model must be a name"),
    ),
    ids=str,
)
def test_options_refused_by_name(values: dict[str, Any], words: str) -> None:
    with pytest.raises(errors.OptionInvalid, match=re.escape(words)):
        Options(**values)


def test_none_is_the_default_and_other_things_are_refused(scene: Scene) -> None:
    assert mattebrush.segment(scene.image, None, None).alpha.shape == scene.image.shape[:2]
    with pytest.raises(errors.OptionInvalid, match="options is a dict"):
        mattebrush.segment(scene.image, {"model": "x"})  # type: ignore[arg-type]
    with pytest.raises(errors.OptionInvalid, match="progress is a int"):
        mattebrush.segment(scene.image, progress=3)  # type: ignore[arg-type]
    with pytest.raises(errors.OptionInvalid, match="output"):
        mattebrush.remove(scene.image, output="x.png")


def test_no_subject_names_the_way_out_that_is_left(scene: Scene, red_model: str) -> None:
    options = Options(model=red_model, matting="guided", region=(0, 0, 20, 20))
    with pytest.raises(errors.NoSubject, match="Give another region"):
        mattebrush.remove(scene.image, options)


# --- words ---------------------------------------------------------------------------------------


def test_public_functions_have_the_sections_that_editors_show() -> None:
    for name in mattebrush.__all__:
        target = getattr(mattebrush, name)
        if not inspect.isfunction(target):
            continue
        words = inspect.getdoc(target) or ""
        if "as for `remove_background`" in words and "Parameters," in words:
            continue
        for section in ("Parameters\n---", "Returns\n---", "Raises\n---"):
            assert section in words, (name, section)
        for parameter in inspect.signature(target).parameters:
            assert re.search(
                rf"^[\w, ]*\b{parameter}\b.* :|^[\w, ]*\b{parameter}\b[\w, ]* :", words, re.M
            ), (name, parameter)


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs/python.md").read_text("utf-8")
    examples = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(examples) >= 5
    small = Image.open(root / "examples/vase.jpg")
    small.save(tmp_path / "photo.jpg", quality=95)
    trimap = np.zeros((small.height, small.width), np.uint8)
    trimap[small.height // 4 : -10, small.width // 3 : -small.width // 3] = 128
    trimap[small.height // 2 : -30, small.width * 4 // 9 : -small.width * 4 // 9] = 255
    Image.fromarray(trimap).save(tmp_path / "trimap.png")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), names)


def test_what_is_no_picture_says_how_it_becomes_one(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(file)
    closed = Image.open(file)
    closed.close()
    torn = Image.open(io.BytesIO(file.read_bytes()[:45]))
    deep = Image.fromarray(np.full((9, 9), 70_000, np.int32))
    with file.open("rb") as opened:
        for given, words in (
            (opened, "file.read"),
            (io.BytesIO(file.read_bytes()), "file.read"),
            ([[1, 2], [3, 4]], "numpy.asarray"),
            ("https://example.org/a.png", "an address"),
            (np.zeros((3, 20, 30), np.uint8), "transpose"),
            (closed, "open"),
            (torn, "cannot be read"),
            (deep, "0 to 65535"),
        ):
            with pytest.raises(errors.InputInvalid, match=words):
                mattebrush.remove_background(given)  # type: ignore[arg-type]


def test_frames_of_an_image_are_said() -> None:
    frames = [Image.new("RGB", (30, 20), color) for color in ("blue", "red")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    cutout = mattebrush.remove_background(Image.open(file))
    assert "2 frames" in cutout.report.warnings[0]


def test_paths_of_bytes_and_endings(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    y, x = np.mgrid[:96, :128]
    inside = (x - 64) ** 2 + (y - 48) ** 2 < 900
    pixels = np.where(inside[..., None], (220, 40, 40), (40, 90, 60)).astype(np.uint8)
    Image.fromarray(pixels).save(photo)
    out = os.fsencode(tmp_path / "o.png")
    got = mattebrush.remove(photo, output=out, force=True)  # type: ignore[arg-type]
    assert got == tmp_path / "o.png" and got.exists()
    with pytest.raises(errors.OptionInvalid, match="output is of the type int"):
        mattebrush.remove(photo, output=5)  # type: ignore[arg-type]
    with pytest.raises(errors.OutputUnwritable, match="psd"):
        mattebrush.remove(photo, output=tmp_path / "o.bmp", force=True)
    cutout = mattebrush.remove_background(photo)
    with pytest.raises(errors.OptionInvalid, match="quality is 0"):
        cutout.save(tmp_path / "q.webp", quality=0)
