# SPDX-License-Identifier: Apache-2.0
"""The command line says what it did: originals kept, masks understood, losses and ways out told."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from mattebrush import extras, raster
from mattebrush.cli import main
from tests.core.scenes import Scene


@pytest.fixture
def photo(tmp_path: Path, scene: Scene) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(scene.image).save(path)
    return path


def remove(red_model: str, *arguments: str | Path) -> int:
    return main(["remove", "--model", red_model, "--matting", "guided", *map(str, arguments)])


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    output: dict[str, Any] = json.loads(capsys.readouterr().out)
    return output


# --- originals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ("itself", "symbolic link", "hard link"))
@pytest.mark.parametrize("role", ("picture", "backdrop"))
def test_no_original_is_written_to(
    role: str, way: str, red_model: str, photo: Path, tmp_path: Path
) -> None:
    backdrop = tmp_path / "backdrop.png"
    Image.new("RGB", (30, 20), (10, 20, 200)).save(backdrop)
    kept = photo if role == "picture" else backdrop
    target = kept if way == "itself" else tmp_path / "other.png"
    if way == "symbolic link":
        target.symlink_to(kept)
    if way == "hard link":
        os.link(kept, target)
    before = kept.read_bytes()
    status = remove(red_model, photo, "--background", backdrop, "-o", target, "--overwrite")
    assert status == 2
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    "words", (["matte", "TRIMAP"], ["decontaminate", "TRIMAP"], ["refine", "TRIMAP"])
)
def test_no_mask_is_written_to(words: list[str], photo: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    Image.fromarray(np.full((240, 320), 255, np.uint8)).save(mask)
    before = mask.read_bytes()
    assert main([words[0], str(photo), str(mask), "-o", str(mask), "--overwrite"]) == 2
    assert mask.read_bytes() == before


def test_a_result_is_not_put_over_another_input(red_model: str, photo: Path) -> None:
    other = photo.with_name("photo-cutout.png")
    other.write_bytes(photo.read_bytes())
    assert remove(red_model, photo, other, "--overwrite") == 2
    assert other.read_bytes() == photo.read_bytes()


# --- masks ---------------------------------------------------------------------------------------


def test_its_own_webp_mask_comes_back_exactly(red_model: str, photo: Path, tmp_path: Path) -> None:
    for name in ("m.webp", "m.png"):
        assert remove(red_model, photo, "--mask", "-o", tmp_path / name) == 0
    png, webp = (raster.read(tmp_path / name).plane(name) for name in ("m.png", "m.webp"))
    np.testing.assert_array_equal(png, webp)
    better = tmp_path / "better.webp"
    assert main(["refine", str(photo), str(tmp_path / "m.webp"), "-o", str(better)]) == 0


SHADES = {
    "3 and 252": (3, 120, 252),
    "12 and 243": (12, 120, 243),
    "video": (16, 126, 235),
    "percent": (0, 50, 100),
    "0, 1 and 2": (0, 1, 2),
}


@pytest.mark.parametrize("kind", (*SHADES, "JPEG", "0 and 1", "floats to 255", "12 bits"))
def test_painted_trimaps_give_what_exact_ones_give(
    kind: str, photo: Path, scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    levels = [scene.alpha < 0.02, scene.alpha > 0.98]
    exact = np.select(levels, [0, 255], 128).astype(np.uint8)
    black, gray, white = SHADES.get(kind, (0, 128, 255))
    painted = np.select(levels, [black, white], gray).astype(np.uint8)
    if kind == "0 and 1":  # certain everywhere
        painted = (scene.alpha > 0.5).astype(np.uint8)
        exact = painted * np.uint8(255)
    path = tmp_path / ("t.jpg" if kind == "JPEG" else "t.tif")
    if kind == "floats to 255":
        tifffile.imwrite(path, painted.astype(np.float32))
    elif kind == "12 bits":
        tifffile.imwrite(path, (painted.astype(np.uint32) * 4095 // 255).astype(np.uint16))
    else:
        Image.fromarray(painted).save(path, quality=90)
    Image.fromarray(exact).save(tmp_path / "exact.png")
    for trimap, out in ((path, "a.png"), (tmp_path / "exact.png", "e.png")):
        words = ["matte", str(photo), str(trimap), "-o", str(tmp_path / out), "--json"]
        assert main(words) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["warnings"]
    said = "".join(second["warnings"])
    assert "nothing unknown" in said if kind == "0 and 1" else not said
    got, expected = (np.asarray(Image.open(tmp_path / n)).astype(int) for n in ("a.png", "e.png"))
    assert np.abs(got - expected).mean() < 2


# --- what is told --------------------------------------------------------------------------------


def test_what_was_left_out_or_lost_is_in_the_report(
    red_model: str, scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [Image.fromarray(scene.image), Image.fromarray(255 - scene.image)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    assert remove(red_model, tmp_path / "a.webp", "--json") == 0
    assert "animated" in report(capsys)["warnings"][0]
    bright = (scene.image / 255).astype(np.float32)
    bright[0, 0] = 3
    raster.write(tmp_path / "bright.tif", raster.Raster(bright))
    assert remove(red_model, tmp_path / "bright.tif", "--json") == 0
    assert "cut off" in report(capsys)["warnings"][0]
    assert remove(red_model, tmp_path / "bright.tif", "--json", "--format", "tiff") == 0
    assert report(capsys)["warnings"] == []


def test_errors_of_planning_are_json_too(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "x.gif")
    assert main(["remove", str(photo), "-o", target, "--json"]) == 5
    assert report(capsys)["error"]["code"] == "output-unwritable"
    assert main(["remove", str(photo), "-o", "-", "--json", "--quality", "0"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "option-invalid" in captured.err


def test_all_endings_are_named(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["remove", str(photo), "-o", "x.gif"]) == 5
    assert ".psd" in capsys.readouterr().err


def test_another_region_is_advised_to_who_gave_one(
    red_model: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert remove(red_model, photo, "--region", "0,0,30,30") == 3
    assert "another --region" in capsys.readouterr().err
    hole = np.dstack([np.asarray(Image.open(photo)), np.zeros((240, 320), np.uint8)])
    Image.fromarray(hole).save(photo)
    assert remove(red_model, photo) == 3


def test_quality_makes_smaller_files(red_model: str, photo: Path, tmp_path: Path) -> None:
    sizes = []
    for words in (["--quality", "30"], [], ["--lossless"]):
        target = tmp_path / "out.webp"
        assert remove(red_model, photo, "-o", target, "--overwrite", *words) == 0
        sizes.append(target.stat().st_size)
    assert sizes == sorted(sizes) and len(set(sizes)) == 3
    foreground = raster.read(target)
    assert foreground.alpha is not None


def test_a_crop_leaves_faint_wisps_out(red_model: str) -> None:
    from mattebrush import composition

    alpha = np.zeros((60, 80), np.float32)
    alpha[20:40, 30:50] = 1
    alpha[5:55, 10:70] = np.maximum(alpha[5:55, 10:70], 0.02)
    assert composition.visible_rect(alpha) == (30, 20, 50, 40)
    assert composition.visible_rect(alpha * np.float32(0.03)) == (10, 5, 70, 55)


@pytest.mark.parametrize(
    ("prefix", "words"),
    (
        ("/home/me/.local/share/pipx/venvs/mattebrush", "pipx inject mattebrush pillow-heif"),
        ("/usr", "-m pip install 'mattebrush[heif]'"),
    ),
)
def test_missing_extras_are_had_by_the_installer_in_use(
    prefix: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    assert words in extras.advice("heif", "pillow-heif")


def test_missing_extras_of_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "uv-receipt.toml").write_text("")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "uv tool install --with OpenEXR mattebrush" in extras.advice("exr", "OpenEXR")


def test_raw_is_refused_with_the_way_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "photo.raf"
    path.write_bytes(b"FUJIFILMCCD-RAW 0201" + bytes(200))
    assert main(["remove", str(path)]) == 4
    assert "raw editor" in capsys.readouterr().err


def test_a_stream_of_a_deep_picture(red_model: str, scene: Scene) -> None:
    import subprocess

    head = b"P6 320 240 65535\n" + (scene.image.astype(">u2") * 257).tobytes()
    words = [sys.executable, "-m", "mattebrush", "remove", "--model", red_model, "-"]
    done = subprocess.run(words, input=head, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert raster.read(io.BytesIO(done.stdout).getvalue()).pixels.dtype == np.uint16


# --- many pictures -------------------------------------------------------------------------------


def test_wildcards_go_through_folders_in_natural_order(
    red_model: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = tmp_path / "in" / "deep"
    inner.mkdir(parents=True)
    for name in ("in/p10.png", "in/p2.png", "in/deep/p1.png"):
        (tmp_path / name).write_bytes(photo.read_bytes())
    every = tmp_path / "in" / "**" / "*.png"
    out = tmp_path / "out"
    assert remove(red_model, every, tmp_path / "in" / "p2.png", "--output-dir", out, "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [Path(line["input"]).name for line in lines]
    assert sorted(names) == ["p1.png", "p10.png", "p2.png"]  # each once
    assert names.index("p2.png") < names.index("p10.png")
    (inner / "p2.png").write_bytes(photo.read_bytes())
    assert remove(red_model, every, "--output-dir", out, "--overwrite") == 2
    assert "mattebrush batch" in capsys.readouterr().err


def test_results_of_an_earlier_run_are_no_pictures(
    red_model: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pattern = photo.parent / "*.png"
    assert remove(red_model, pattern) == 0
    assert remove(red_model, pattern) == 5
    told = capsys.readouterr().err
    assert "photo-cutout.png is a result of photo.png" in told and "--resume" in told
    assert remove(red_model, pattern, "--overwrite") == 2  # it might be a picture all the same
    assert sorted(path.name for path in photo.parent.glob("*.png")) == [
        "photo-cutout.png",
        "photo.png",
    ]


def test_what_the_backdrop_leaves_out_is_said(
    red_model: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [Image.new("RGB", (30, 20), color) for color in ("blue", "red")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert remove(red_model, photo, "--background", tmp_path / "a.gif", "--json") == 0
    assert "The background: The file is animated" in report(capsys)["warnings"][0]


def test_why_nothing_was_found_is_said(
    red_model: str, scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dark = tmp_path / "dark.tif"
    tifffile.imwrite(dark, (scene.image // 3).astype(np.uint16), photometric="rgb")
    assert remove(red_model, dark) == 3
    told = capsys.readouterr().err
    assert "of 65535, so it is all but black" in told and "--region" in told
