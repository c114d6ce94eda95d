# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: files, names, reports, exit statuses."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from mattebrush import raster
from mattebrush.cli import main
from mattebrush.jobs import contract, operations
from tests.core.scenes import GREEN, Scene, disc, linear_profile


@pytest.fixture
def photo(tmp_path: Path, scene: Scene) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(scene.image).save(path)
    return path


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    path = tmp_path / "nothing.png"
    Image.fromarray(np.full((64, 64, 3), GREEN, np.uint8)).save(path)
    return path


def remove(red_model: str, *arguments: str | Path) -> int:
    return main(["remove", "--model", red_model, "--quiet", *map(str, arguments)])


def test_the_cutout_lies_beside_the_picture(red_model: str, photo: Path, scene: Scene) -> None:
    before = photo.read_bytes()
    assert remove(red_model, photo) == 0
    cutout = raster.read(photo.with_name("photo-cutout.png"))
    assert cutout.alpha is not None
    assert np.abs(cutout.alpha / 255 - scene.alpha).mean() < 0.01
    assert (cutout.pixels[cutout.alpha == 0] == 0).all(), "the background travels along"
    assert photo.read_bytes() == before


def test_a_result_is_not_replaced_unless_told(red_model: str, photo: Path) -> None:
    out = photo.with_name("photo-cutout.png")
    out.write_bytes(b"precious")
    assert remove(red_model, photo) == 5
    assert out.read_bytes() == b"precious"
    assert remove(red_model, photo, "--overwrite") == 0
    assert out.read_bytes() != b"precious"


def test_a_mask_is_for_a_layer_and_alpha_is_the_results(red_model: str, photo: Path) -> None:
    """On a picture that is half transparent already: a layer keeps that beside its mask."""
    with Image.open(photo) as opaque:
        half = opaque.convert("RGBA")
    half.putalpha(128)
    half.save(photo)
    assert remove(red_model, photo, "--mask") == 0
    assert remove(red_model, photo, "--alpha") == 0
    mask, alpha = (
        np.asarray(Image.open(photo.with_name(f"photo-{name}.png"))) for name in ("mask", "alpha")
    )
    assert (mask.max(), alpha.max()) == (255, 128)
    assert np.abs(alpha - mask * (128 / 255)).max() <= 1
    request = {"op": "remove", "model": red_model, "device": "cpu"}
    body = contract.encode_request(request, image=np.asarray(half))
    answer = operations.run(contract.decode(body))
    assert answer.alpha is not None and answer.alpha.max() == 255
    assert answer.report["alpha_is"] == "matte"


def test_a_region_beside_the_subject_shows_none(
    red_model: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The network saw the subject around it, but nothing of it is in what would be written."""
    assert remove(red_model, photo, "--region", "0,0,6,6") == 3
    err = capsys.readouterr().err
    assert "No subject" in err and "--region" in err and "--force" in err
    assert not photo.with_name("photo-cutout.png").exists()
    assert remove(red_model, photo, "--region", "0,0,6,6", "--force") == 0


def test_the_input_itself_is_never_the_output(red_model: str, photo: Path) -> None:
    before = photo.read_bytes()
    assert remove(red_model, photo, "-o", photo, "--overwrite") == 2
    assert photo.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "name", "mode"),
    [
        (["--mask"], "photo-mask.png", "L"),
        (["--foreground"], "photo-foreground.png", "RGB"),
        (["--background", "white"], "photo-flat.jpg", "RGB"),
        (["--background", "#0f0", "--format", "png"], "photo-flat.png", "RGB"),
        (["--format", "webp"], "photo-cutout.webp", "RGBA"),
        (["--format", "tiff"], "photo-cutout.tiff", "RGBA"),
    ],
)
def test_other_results_have_their_own_names(
    red_model: str, photo: Path, arguments: list[str], name: str, mode: str
) -> None:
    assert remove(red_model, photo, *arguments) == 0
    with Image.open(photo.with_name(name)) as result:
        assert result.mode == mode
        assert result.size == (320, 240)


def test_jpeg_needs_a_background_and_says_so_before_working(
    red_model: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert remove(red_model, photo, "-o", photo.with_name("x.jpg")) == 2
    assert "--background" in capsys.readouterr().err


def test_flattened_on_a_picture_with_a_shadow_and_cropped(red_model: str, photo: Path) -> None:
    backdrop = photo.with_name("backdrop.png")
    Image.new("RGB", (50, 80), (30, 60, 200)).save(backdrop)
    out = photo.with_name("flat.png")
    arguments: list[str | Path] = [
        "--background",
        backdrop,
        "--shadow",
        "--match-colors",
        "--crop",
        "12",
        "-o",
        out,
    ]
    assert remove(red_model, photo, *arguments) == 0
    flat = np.asarray(Image.open(out)).astype(int)
    assert flat.shape[0] < 240 and flat.shape[1] < 320
    corner, middle = flat[0, 0], flat[flat.shape[0] // 2, flat.shape[1] // 2]
    assert corner[2] > corner[0], "the background is not there"
    assert middle[0] > middle[1], "the subject is not there"


def test_a_crop_holds_the_whole_shadow(red_model: str, photo: Path) -> None:
    out, plain = photo.with_name("shadow.png"), photo.with_name("plain.png")
    assert remove(red_model, photo, "--crop", "3", "-o", plain) == 0
    shadow = ["--shadow-offset", "20,10", "--shadow-blur", "2"]
    assert remove(red_model, photo, *shadow, "--crop", "3", "-o", out) == 0
    with Image.open(plain) as without, Image.open(out) as cut:
        assert 18 <= cut.width - without.width <= 28
        alpha = np.asarray(cut)[..., 3]
    for border in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]):
        assert not border.any(), "something is cut off"


def test_a_background_is_written_in_the_pictures_own_colors(red_model: str, photo: Path) -> None:
    """The gray of sRGB's half is 55 of 255 in linear light, and the other way round."""
    linear = photo.with_name("linear.png")
    Image.open(photo).save(linear, icc_profile=linear_profile())
    backdrop = photo.with_name("backdrop.png")
    Image.new("RGB", (32, 24), (55, 55, 55)).save(backdrop, icc_profile=linear_profile())
    out = photo.with_name("out.png")

    def corner(source: Path, background: str | Path) -> list[int]:
        assert remove(red_model, source, "--background", background, "-o", out, "--overwrite") == 0
        return [int(value) for value in np.asarray(Image.open(out))[0, 0]]

    assert corner(linear, "#808080") == pytest.approx([55] * 3, abs=1)
    assert corner(photo, backdrop) == pytest.approx([128] * 3, abs=1)
    assert corner(linear, backdrop) == [55] * 3
    srgb = photo.with_name("srgb.png")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.open(photo).save(srgb, icc_profile=profile)
    assert corner(srgb, "#ff8001") == [255, 128, 1]


def test_no_subject_writes_nothing_unless_forced(red_model: str, nothing: Path) -> None:
    out = nothing.with_name("nothing-cutout.png")
    assert remove(red_model, nothing) == 3
    assert not out.exists()
    assert remove(red_model, nothing, "--force") == 0
    assert out.exists()


def test_a_bad_picture_does_not_stop_the_others(
    red_model: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0 this is no JPEG")
    folder = tmp_path / "cut"
    other = tmp_path / "other.png"
    Image.fromarray(disc(100, 100).image).save(other)
    status = remove(red_model, photo, bad, tmp_path / "missing.png", other, "--output-dir", folder)
    assert status == 4
    assert sorted(path.name for path in folder.iterdir()) == [
        "other-cutout.png",
        "photo-cutout.png",
    ]
    err = capsys.readouterr().err
    assert "bad.jpg" in err and "missing.png" in err and "2 of 4 failed" in err
    assert "missing.png: " not in err, "named twice"
    assert "Traceback" not in err


def test_two_pictures_that_would_share_a_name_are_refused(
    red_model: str, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "photo.png").write_bytes(photo.read_bytes())
    folder = tmp_path / "cut"
    assert remove(red_model, photo, tmp_path / "sub" / "photo.png", "--output-dir", folder) == 2


def test_json_is_one_line_a_picture(
    red_model: str, photo: Path, nothing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert remove(red_model, photo, nothing, "--json") == 3
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["input"] == str(photo)
    assert (first["model"], first["device"]) == (red_model, "cpu")
    assert first["seconds"] and first["license"] and first["foreground_share"] > 0.1
    assert second["error"]["code"] == "no-subject"


def test_sixteen_bits_stay_sixteen(red_model: str, tmp_path: Path, scene: Scene) -> None:
    deep = scene.image.astype(np.uint16) * 257 - 30
    deep[deep > 65535] = 0
    source = tmp_path / "deep.tif"
    raster.write(source, raster.Raster(np.clip(deep, 0, 65535).astype(np.uint16)))
    for name in ("cut.png", "cut.tif"):
        assert remove(red_model, source, "-o", tmp_path / name) == 0
        cutout = raster.read(tmp_path / name)
        assert cutout.pixels.dtype == np.uint16
        assert cutout.alpha is not None
        certain = cutout.alpha == 65535
        assert certain.sum() > 1000
        assert np.array_equal(cutout.pixels[certain], raster.read(source).pixels[certain])


def test_through_a_pipe(red_model: str, photo: Path, scene: Scene) -> None:
    command = [sys.executable, "-m", "mattebrush", "remove", "-", "--model", red_model]
    done = subprocess.run(command, input=photo.read_bytes(), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b"", "silent in a pipe"
    with Image.open(io.BytesIO(done.stdout)) as cutout:
        assert cutout.mode == "RGBA"
        assert np.abs(np.asarray(cutout)[..., 3] / 255 - scene.alpha).mean() < 0.01


def test_a_report_stays_out_of_the_picture_in_the_pipe(red_model: str, photo: Path) -> None:
    command = [sys.executable, "-m", "mattebrush", "remove", "-", "--json", "--model", red_model]
    done = subprocess.run(command, input=photo.read_bytes(), capture_output=True)
    assert done.stdout.endswith(b"IEND\xae\x42\x60\x82")
    assert json.loads(done.stderr)["model"] == red_model


@pytest.mark.skipif(os.name == "nt", reason="pipes and limits of POSIX")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_gone_ends_it(red_model: str, tmp_path: Path, unbuffered: str) -> None:
    source = tmp_path / "big.png"
    Image.fromarray(disc(480, 640).image).save(source)
    command = [sys.executable, "-m", "mattebrush", "remove", str(source), "-o", "-"]
    process = subprocess.Popen(
        [*command, "--model", red_model],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141


@pytest.mark.skipif(os.name == "nt", reason="pipes and limits of POSIX")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_disk_that_fills_up_behind_standard_output_is_told(
    red_model: str, photo: Path, unbuffered: str
) -> None:
    import resource

    command = [sys.executable, "-m", "mattebrush", "remove", str(photo), "-o", "-"]
    with photo.with_name("cut.png").open("wb") as file:
        done = subprocess.run(
            [*command, "--model", red_model],
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
        )
    assert done.returncode == 5, done.stderr
    assert done.stderr.count("\n") == 1 and "File too large" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("words", ["models list", "models info u2net", "doctor"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_text_ends_as_quietly_when_nobody_reads_it(words: str, unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "mattebrush", *words.split()],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", ["models list", "models info u2net", "doctor"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_text_that_does_not_fit_on_the_disk_is_told(words: str, unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mattebrush", *words.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 5
    assert done.stderr.count("\n") == 1 and "No space left" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
def test_closed_streams_are_no_failure(red_model: str, photo: Path) -> None:
    command = shlex.join(
        [sys.executable, "-m", "mattebrush", "remove", "--model", red_model, str(photo)]
    )
    assert subprocess.run(["sh", "-c", f"{command} <&- >&- 2>&-"]).returncode == 0
    with Image.open(photo.with_name("photo-cutout.png")) as cutout:
        cutout.load()
    command = shlex.join([sys.executable, "-m", "mattebrush", "remove", "-", "-o", "x.png"])
    done = subprocess.run(["sh", "-c", f"{command} <&-"], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 4 and "empty" in done.stderr


def test_paths_that_cannot_be_looked_at_are_clear_failures(
    red_model: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = photo.with_name("x" * 300 + ".png")
    assert remove(red_model, long) == 4
    assert remove(red_model, photo, "-o", long) == 5
    circle = photo.with_name("circle.png")
    circle.symlink_to(circle)
    assert remove(red_model, circle, "-o", photo.with_name("out.png")) == 4
    assert remove(red_model, photo, "-o", circle) == 5
    err = capsys.readouterr().err
    assert err.count("\n") == 4 and err.count("mattebrush: ") == 4


def test_a_missing_model_is_told_once_not_for_every_picture(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [tmp_path / f"{number}.png" for number in range(3)]
    for other in others:
        other.write_bytes(photo.read_bytes())
    assert remove("u2net", photo, *others) == 6
    err = capsys.readouterr().err
    assert err.startswith("mattebrush: The model u2net is not installed.")
    assert err.count("\n") == 1
    others[0].write_bytes(b"no picture")
    assert remove("u2net", *others) == 4
    assert capsys.readouterr().err.count("The model u2net is not installed.") == 1


_ENDED_WHILE_WRITING = """
import argparse, os, signal, sys, time
from pathlib import Path
from mattebrush.atomic import whole_file
from mattebrush.cli import pictures

def work(task, progress):
    with whole_file(task.target):
        assert list(Path(task.target).parent.iterdir()), "nothing could be left behind"
        os.kill(os.getpid(), signal.Signals[sys.argv[1]])
        time.sleep(10)

arguments = argparse.Namespace(output_dir=None, overwrite=False, json=False, quiet=True)
signal.signal(signal.Signals[sys.argv[1]], signal.SIG_DFL)  # a test run under nohup ignores SIGHUP
pictures.run([pictures.Task("in.png", sys.argv[2])], work, arguments)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_ended_from_outside_it_leaves_no_unfinished_file(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-c", _ENDED_WHILE_WRITING, name, str(tmp_path / "out.png")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 128 + signal.Signals[name], done.stderr
    assert not list(tmp_path.iterdir())


def test_an_empty_pipe_is_a_clear_failure(red_model: str) -> None:
    command = [sys.executable, "-m", "mattebrush", "remove", "-", "--model", red_model]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 4
    assert "empty" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--feather", "-1"],
        ["--feather", "nan"],
        ["--region", "5,5,5,5"],
        ["--region", "900,900,950,950"],
        ["--background", "no-such-color"],
        ["--match-colors"],
        ["--threads", "0"],
        ["--crop", "-3"],
        ["--shadow", "--shadow-opacity", "7"],
        ["--background", "x" * 300 + ".jpg"],
        ["-", "-"],
    ],
)
def test_options_that_make_no_sense_end_with_status_two(
    red_model: str, photo: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert remove(red_model, photo, *arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not photo.with_name("photo-cutout.png").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--point", "1,2,3"], "Labels are 1 (in) or 0 (out)"),
        (["--point", "nan,2"], "coordinate is nan"),
        (["--box", "9,9,5,5"], "box is empty"),
    ],
)
def test_prompts_are_checked_before_any_work(
    photo: Path, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert remove("no-such-model", photo, *arguments) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_a_clear_failure(red_model: str, photo: Path) -> None:
    locked = photo.with_name("locked")
    locked.mkdir(mode=0o500)
    assert remove(red_model, photo, "--output-dir", locked) == 5


def test_a_folder_that_is_not_there_is_said_before_working(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The model is not there either: that it is not reached shows that no work was begun.
    assert remove("no-such-model", photo, "-o", photo.with_name("none") / "cut.png") == 5
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_standard_output_is_a_clear_failure(red_model: str, photo: Path) -> None:
    command = [sys.executable, "-m", "mattebrush", "remove", str(photo), "-o", "-"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "--model", red_model], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 5
    assert done.stderr.count("\n") == 1 and "No space left" in done.stderr


def test_a_missing_folder_is_made(red_model: str, photo: Path, tmp_path: Path) -> None:
    assert remove(red_model, photo, "--output-dir", tmp_path / "a" / "b") == 0
    assert (tmp_path / "a" / "b" / "photo-cutout.png").exists()


def test_an_output_folder_that_is_a_file_is_a_clear_failure(red_model: str, photo: Path) -> None:
    assert remove(red_model, photo, "--output-dir", photo) == 5


def test_the_stages_chain_to_the_whole(
    red_model: str, photo: Path, tmp_path: Path, scene: Scene
) -> None:
    coarse, alpha, clean = (tmp_path / f"{name}.png" for name in ("coarse", "alpha", "clean"))
    command = ["segment", photo, "-o", coarse, "--model", red_model, "--depth", "16", "--quiet"]
    assert main([*map(str, command)]) == 0
    probability = raster.read(coarse).pixels[..., 0] / 65535
    trimap = tmp_path / "trimap.png"
    known = np.where(probability > 0.95, 255, np.where(probability < 0.05, 0, 128))
    near = np.abs(scene.alpha - 0.5) < 0.5
    known[near] = 128
    Image.fromarray(known.astype(np.uint8)).save(trimap)
    assert main(["matte", str(photo), str(trimap), "-o", str(alpha), "--quiet"]) == 0
    assert np.abs(raster.read(alpha).pixels[..., 0] / 255 - scene.alpha).mean() < 0.01
    assert main(["decontaminate", str(photo), str(alpha), "-o", str(clean), "--quiet"]) == 0
    assert raster.read(clean).pixels.shape == scene.image.shape


def test_refine_from_files(photo: Path, tmp_path: Path, scene: Scene) -> None:
    previous, painted, better = (tmp_path / f"{name}.png" for name in ("p", "q", "r"))
    mask = np.round(scene.alpha * 255).astype(np.uint8)
    Image.fromarray(mask).save(previous)
    mask = mask.copy()
    mask[5:15, 5:15] = 255
    Image.fromarray(mask).save(painted)
    command = ["refine", photo, painted, "--previous", previous, "-o", better, "--quiet"]
    assert main([*map(str, command), "--matting-only"]) == 0
    assert np.array_equal(raster.read(better).pixels[..., 0], mask)
    assert main([*map(str, command), "--overwrite"]) == 0
    assert (raster.read(better).pixels[..., 0] >= mask).all()  # a white stroke lowers nothing


def test_a_region_that_is_neither_box_nor_picture(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = tmp_path / "mask.png"
    Image.new("L", (320, 240)).save(mask)
    for region in ("inf,0,5,5", "nan,0,5,5", "1,2,3"):
        command = ["refine", str(photo), str(mask), "--region", region, "--quiet"]
        assert main(command) == 4
    assert capsys.readouterr().err.count("\n") == 3


def test_a_colored_picture_is_no_mask(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decontaminate", str(photo), str(photo), "--quiet"]) == 4
    assert "gray" in capsys.readouterr().err


def test_doctor_tries_the_cpu_for_real_and_finds_programs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "GIMP" / "3.0").mkdir(parents=True)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert main(["doctor", "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    cpu = next(device for device in output["devices"] if device["name"] == "cpu")
    assert cpu["works"]
    assert output["packages"]["numpy"] == np.__version__
    assert {"interpreter", "models", "settings"} == set(output["paths"])
    programs = [plugin["program"] for plugin in output["plugins"]]
    assert [name for name in programs if name != "Krita"] == ["GIMP 3.0"]  # it may be on the PATH
    assert main(["doctor"]) == 0
    assert "cpu" in capsys.readouterr().out


def test_help_and_import_load_nothing_heavy() -> None:
    code = (
        "import sys, mattebrush, mattebrush.cli as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'PIL', 'onnxruntime', 'tifffile'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "remove" in done.stdout


def test_a_shadow_to_the_upper_left(red_model: str, photo: Path) -> None:
    """argparse alone would take -8,-8 for an option."""
    assert remove(red_model, photo, "--shadow", "--shadow-offset", "-8,-8") == 0
    assert remove(red_model, photo, "--mask", "--shadow") == 2


def test_a_wrong_word_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["remove", "--no-such-option", "picture.png"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("mattebrush: ") and said.err.count("\n") == 1
    assert "--help" in said.err and said.out == ""
    for words in (["--region", "a"], ["--no-such-option"], []):
        assert main(["remove", "--json", *words]) == 2  # an error is a line, too
        said = capsys.readouterr()
        assert json.loads(said.out)["error"]["code"] == "option-invalid"
    assert main(["remove", "-", "--json", "--region", "a"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and '"error"' in said.err  # the picture would have gone there


def test_layers_are_cropped_and_go_through_a_pipe(
    red_model: str, photo: Path, scene: Scene, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    psd_tools = pytest.importorskip("psd_tools")
    assert remove(red_model, photo, "--format", "psd", "--crop", "2", "-o", "-") == 0
    document = psd_tools.PSDImage.open(io.BytesIO(capfdbinary.readouterr().out))
    rows, columns = np.nonzero(scene.alpha > 0.5)
    assert abs(document.height - (np.ptp(rows) + 5)) <= 6
    assert abs(document.width - (np.ptp(columns) + 5)) <= 6


def test_a_folder_or_unknown_ending_is_refused_before_the_work(
    red_model: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert remove(red_model, photo, "-o", photo.parent) == 5
    assert "is a folder" in capsys.readouterr().err
    assert remove(red_model, photo, "-o", photo.with_name("out.xyz")) != 0
    assert ".xyz" in capsys.readouterr().err
