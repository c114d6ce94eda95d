# SPDX-License-Identifier: Apache-2.0
"""Movies in and out: what phones and cameras write is read right, what is written can be read."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.cli import main
from mattebrush.errors import Cancelled, InputInvalid, OutputExists, OutputUnwritable
from mattebrush.models import catalog, store
from mattebrush.options import Options
from mattebrush.raster import Raster
from mattebrush.render import Recipe
from mattebrush.video import SessionOptions, VideoSession, sink, work
from mattebrush.video.source import Movie, PictureFolder, RawPipe, open_source
from mattebrush.video.work import Plan
from tests.models.networks import tiny

from . import movies
from .scenes import frames, ground, overlap

av = movies.av
BRIGHT = [255 - (255 - picture) // 8 for picture, _ in frames(6)]
ROOT = Path(__file__).parents[2]
IMAGES = [picture for picture, _ in frames(6)]


def pictures(path: Path) -> list[Raster]:
    return [frame.picture for frame in open_source(str(path)).frames()]


def times(path: Path) -> list[float]:
    return [round(float(frame.time), 3) for frame in open_source(str(path)).frames()]


# ---------------------------------------------------------------- in


def test_colors_come_as_they_are_meant(tmp_path: Path) -> None:
    path = movies.write(tmp_path / "a.mp4", IMAGES, timecode="01:00:00:00")
    source = Movie(str(path))
    assert (source.clip.width, source.clip.height, source.clip.count) == (160, 96, 6)
    assert source.clip.rate == 25 and not source.clip.has_audio
    for picture, image in zip(pictures(path), IMAGES, strict=True):
        assert np.abs(picture.pixels.astype(int) - image).mean() < 2
    assert times(path) == [0, 0.04, 0.08, 0.12, 0.16, 0.2]
    assert source.clip.timecode == "01:00:00:00"


def test_ten_bits_stay_deep(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 160).astype(np.uint16)
    image = np.repeat(np.tile(ramp, (96, 1))[..., None], 3, axis=2)
    deep = tmp_path / "deep.mov"
    prores = {"vendor": "apl0"}
    path = movies.write(deep, [image] * 2, codec="prores_ks", pixels="yuv444p10le", options=prores)
    pixels = pictures(path)[0].pixels
    assert pixels.dtype == np.uint16
    assert len(np.unique(pixels[48, :, 1])) > 140
    assert np.abs(pixels[48].astype(int) - image[48]).mean() < 300


def test_variable_rates_keep_their_times(tmp_path: Path) -> None:
    path = movies.write(tmp_path / "vfr.mkv", IMAGES, times=[0, 20, 100, 130, 400, 433])
    assert times(path) == [0, 0.02, 0.1, 0.13, 0.4, 0.433]


def test_odd_sizes(tmp_path: Path) -> None:
    path = movies.write(tmp_path / "odd.mkv", [image[:95, :159] for image in IMAGES])
    picture = pictures(path)[0]
    assert (picture.width, picture.height) == (159, 95)


def test_a_phones_rotation_is_applied(tmp_path: Path) -> None:
    path = movies.write(tmp_path / "upright.mp4", IMAGES[:2])
    data = bytearray(path.read_bytes())
    # The track's matrix, as phones write it: 90 degrees clockwise.
    track = data.index(b"tkhd") + 4 + 40
    one = (1 << 16).to_bytes(4, "big")
    minus = (-(1 << 16) & 0xFFFFFFFF).to_bytes(4, "big")
    nought, whole = bytes(4), (1 << 30).to_bytes(4, "big")
    turned = nought + one + nought + minus + nought + nought + nought + nought + whole
    data[track : track + 36] = turned
    rotated = tmp_path / "phone.mp4"
    rotated.write_bytes(data)
    clip, picture = Movie(str(rotated)).clip, pictures(rotated)[0]
    assert (clip.width, clip.height) == (picture.width, picture.height) == (96, 160)
    expected = np.rot90(pictures(path)[0].pixels, -1)
    np.testing.assert_array_equal(picture.pixels, expected)


def test_interlaced_frames_are_made_whole(tmp_path: Path) -> None:
    """Two fields of a moving block, woven: combs before, few after."""
    plain = np.full((96, 160, 3), 90, np.uint8)
    woven = []
    for number in range(6):
        image = plain.copy()
        image[20:76:2, 20 + 12 * number : 60 + 12 * number] = 220
        image[21:76:2, 26 + 12 * number : 66 + 12 * number] = 220
        woven.append(image)
    options = {"crf": "4", "bf": "0", "x264-params": "tff=1", "flags": "+ildct+ilme"}
    path = movies.write(tmp_path / "tv.mkv", woven, pixels="yuv420p", options=options)
    source = open_source(str(path))
    read = [frame.picture.pixels for frame in source.frames()]
    assert len(read) == len(woven)
    assert any("interlaced" in remark for remark in source.remarks)

    def comb(image: np.ndarray) -> float:
        rows = image.astype(float)[22:74]
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    assert comb(read[3]) < 0.3 * comb(woven[3])


def test_broken_pieces_are_left_out_and_said(tmp_path: Path) -> None:
    images = [ground(n) for n in range(8)]
    options = {"pred": "up"}
    path = movies.write(tmp_path / "a.mov", images, codec="png", pixels="rgb24", options=options)
    data = bytearray(path.read_bytes())
    starts = [at for at in range(len(data)) if data[at : at + 4] == b"\x89PNG"]
    data[starts[3] : starts[3] + 64] = bytes(64)
    path.write_bytes(data)
    source = open_source(str(path))
    numbers = [frame.index for frame in source.frames()]
    assert len(numbers) == 7
    assert any("could not be read" in remark for remark in source.remarks)
    cut = movies.write(tmp_path / "b.mkv", images)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    assert 0 < len(list(open_source(str(cut)).frames())) < 8


@pytest.mark.parametrize("content", [b"", b"no movie at all", b"\x00" * 4096])
def test_what_is_no_movie_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(InputInvalid):
        open_source(str(path))


def test_folders_and_pipes(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        Image.fromarray(np.full((4, 6, 3), number, np.uint8)).save(tmp_path / f"s_{number}.png")
    read = list(PictureFolder(tmp_path).frames())
    assert [(frame.name, int(frame.picture.pixels[0, 0, 0])) for frame in read] == [
        ("s_1", 1), ("s_9", 9), ("s_10", 10),
    ]  # fmt: skip
    Image.new("RGB", (5, 5)).save(tmp_path / "s_11.png")
    with pytest.raises(InputInvalid, match="one size"):
        list(PictureFolder(tmp_path).frames())
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputInvalid, match="no pictures"):
        open_source(str(empty))
    pipe = RawPipe(io.BytesIO(bytes(range(18)) + b"xy"), 3, 2, "rgb24")
    assert [frame.picture.pixels.tobytes() for frame in pipe.frames()] == [bytes(range(18))]
    assert "cut short" in pipe.remarks[0]


# ---------------------------------------------------------------- out


@pytest.fixture
def recurrent() -> Options:
    """A network that takes a moment: it gives color as alpha, a tenth more each frame."""
    row = catalog.get("rvm-mobilenetv3-fp32")
    tiny(row.interface.id, store.folder(row) / row.files[0].name)
    return Options(model=row.id, matting="none", device="cpu", decontaminate=False)


def plan(path: Path, options: Options, recipe: Recipe | None = None, behind: str = "") -> Plan:
    return Plan(
        open_source(str(path)),
        SessionOptions(options),
        (),
        recipe or Recipe(),
        open_source(behind) if behind else None,
    )


def quiet(done: int, count: int) -> None:
    return


@pytest.mark.parametrize(
    ("ending", "codec", "sound"), [(".mov", "", "aac"), (".webm", "libvpx-vp9", "aac")]
)
def test_a_movie_with_alpha_keeps_sound_rate_and_colors(
    tmp_path: Path, recurrent: Options, ending: str, codec: str, sound: str
) -> None:
    path = movies.write(tmp_path / "in.mov", BRIGHT, sound=sound, timecode="10:20:30:05")
    out = tmp_path / f"out{ending}"
    done = work.to_movie(plan(path, recurrent), out, False, False, quiet)
    assert done.frames == 6 and done.shots == [0]
    read = movies.frames(out, codec=codec)
    assert len(read) == 6 and read[0].shape == (96, 160, 4)
    session, opaque = VideoSession(SessionOptions(recurrent)), 0
    for rgba, picture in zip(read, pictures(path), strict=True):
        (result,) = session.feed(0, picture.image())
        assert result.cutout is not None
        alpha = result.cutout.alpha * 255
        assert np.abs(rgba[..., 3] - alpha).mean() < 3
        seen = alpha > 60
        opaque += int(seen.sum())
        assert (
            not seen.any() or np.abs(rgba[seen, :3].astype(int) - picture.pixels[seen]).mean() < 8
        )
    assert opaque > 10_000
    with av.open(str(out)) as container:
        video = container.streams.video[0]
        assert video.average_rate == 25
        assert video.codec_context.color_primaries == 1
        (audio,) = container.streams.audio
        assert audio.codec_context.name == ("opus" if ending == ".webm" else "aac")
        if ending == ".mov" and sink.keeps_timecode():
            assert any(s.metadata.get("timecode") == "10:20:30:05" for s in container.streams)
        elif ending == ".webm":
            assert "1" in {v for k, v in video.metadata.items() if k.lower() == "alpha_mode"}
        samples = sum(frame.samples for frame in av.open(str(out)).decode(audio=0))
        assert samples / 48000 == pytest.approx(0.24, abs=0.06)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mov", f"out{ending}"]
    with pytest.raises(OutputExists):
        work.to_movie(plan(path, recurrent), out, False, False, quiet)


def ffmpeg() -> str:
    """The program itself, as editors and render farms run it; PyAV's libraries are the writer's."""
    program = shutil.which("ffmpeg")
    if program is None:
        brought = pytest.importorskip(
            "imageio_ffmpeg", reason="ffmpeg is not here: pip install imageio-ffmpeg"
        )
        program = str(brought.get_ffmpeg_exe())
    return program


@pytest.mark.parametrize(("ending", "decoder"), [(".mov", []), (".webm", ["-c:v", "libvpx-vp9"])])
def test_ffmpeg_finds_the_alpha(
    tmp_path: Path, recurrent: Options, ending: str, decoder: list[str]
) -> None:
    program = ffmpeg()
    path = movies.write(tmp_path / "in.mov", BRIGHT)
    out = tmp_path / f"out{ending}"
    work.to_movie(plan(path, recurrent), out, False, False, quiet)
    # alphaextract refuses what has no alpha.
    taken = ["-i", str(out), "-vf", "alphaextract", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    command = [program, "-nostdin", "-v", "error", *decoder, *taken]
    read = subprocess.run(command, capture_output=True, check=False)
    assert read.returncode == 0, read.stderr
    alphas = np.frombuffer(read.stdout, np.uint8).reshape(6, 96, 160)
    session = VideoSession(SessionOptions(recurrent))
    for number, (alpha, picture) in enumerate(zip(alphas, pictures(path), strict=True)):
        (result,) = session.feed(number, picture.image())
        assert result.cutout is not None
        expected = result.cutout.alpha * 255
        assert np.abs(alpha - expected).mean() < 3
    assert alphas.max() > alphas.min() + 60  # neither all clear nor all opaque


def test_a_run_that_was_ended_goes_on_where_it_was(
    tmp_path: Path, recurrent: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_PART", 2)
    path = movies.write(tmp_path / "in.mkv", IMAGES)
    whole = tmp_path / "whole.mov"
    work.to_movie(plan(path, recurrent), whole, False, False, quiet)

    def stop(done: int, count: int) -> None:
        assert count == 6
        if done == 5:
            raise Cancelled("enough")

    out = tmp_path / "out.mov"
    with pytest.raises(Cancelled):
        work.to_movie(plan(path, recurrent), out, False, False, stop)
    assert not out.exists() and (tmp_path / "out.mov.parts").is_dir()
    with pytest.raises(OutputExists, match="not finished"):
        work.to_movie(plan(path, recurrent), out, False, False, quiet)
    other = plan(path, recurrent, Recipe(content="foreground"))
    with pytest.raises(OutputExists, match="other options"):
        work.to_movie(other, out, False, True, quiet)
    seen: list[int] = []
    done = work.to_movie(
        plan(path, recurrent), out, False, True, lambda number, _: seen.append(number)
    )
    assert seen == [5, 6]  # only what was not done
    assert done.frames == 6
    for again, before in zip(movies.frames(out), movies.frames(whole), strict=True):
        np.testing.assert_array_equal(again, before)
    assert not (tmp_path / "out.mov.parts").exists()


def test_a_movie_goes_on_though_its_subject_was_settled_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_PART", 2)  # of the first there is no state to go on from
    path = movies.write(tmp_path / "in.mkv", [picture for picture, _ in frames(10)])
    options = Options(matting="none", device="cpu", decontaminate=False)
    late = Plan(open_source(str(path)), SessionOptions(options, look=3), (), Recipe())
    whole, out = tmp_path / "whole.mov", tmp_path / "out.mov"
    work.to_movie(late, whole, False, False, quiet)

    def stop(done: int, count: int) -> None:
        if done == 7:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        work.to_movie(late, out, False, False, stop)
    seen: list[int] = []
    work.to_movie(late, out, False, True, lambda number, _: seen.append(number))
    assert seen == [7, 8, 9, 10]
    for again, before in zip(movies.frames(out), movies.frames(whole), strict=True):
        np.testing.assert_array_equal(again, before)


def test_a_folder_goes_on_without_doing_a_frame_twice(tmp_path: Path, recurrent: Options) -> None:
    shot = tmp_path / "shot"
    shot.mkdir()
    for number, image in enumerate(IMAGES):
        Image.fromarray(image).save(shot / f"frame_{number + 1:03d}.png")
    masks = Recipe(content="mask")

    def stop(done: int, count: int) -> None:
        if done == 4:
            raise Cancelled("enough")

    whole, out = tmp_path / "whole", tmp_path / "out"
    work.to_folder(plan(shot, recurrent, masks), whole, ".png", False, False, quiet)
    with pytest.raises(Cancelled):
        work.to_folder(plan(shot, recurrent, masks), out, ".png", False, False, stop)
    with pytest.raises(OutputExists):
        work.to_folder(plan(shot, recurrent, masks), out, ".png", False, False, quiet)
    seen: list[int] = []
    work.to_folder(
        plan(shot, recurrent, masks),
        out,
        ".png",
        False,
        True,
        lambda number, _: seen.append(number),
    )
    assert seen == [4, 5, 6]
    names = [f"frame_{number:03d}.png" for number in range(1, 7)]
    assert sorted(path.name for path in out.iterdir()) == names
    for name in names:
        assert (out / name).read_bytes() == (whole / name).read_bytes()
        assert Image.open(out / name).mode == "L"


def test_flattened_on_a_color_and_on_a_movie(tmp_path: Path, recurrent: Options) -> None:
    path = movies.write(tmp_path / "in.mkv", IMAGES, pixels="yuv444p")
    behind = movies.write(tmp_path / "behind.mkv", [np.full_like(IMAGES[0], 200)] * 3)
    out = tmp_path / "flat.mp4"
    work.to_movie(plan(path, recurrent, behind=str(behind)), out, False, False, quiet)
    read = movies.frames(out, "rgb24")
    assert len(read) == 6  # the shorter clip's last frame stays
    ground_at = read[0][5, 150].astype(int)
    own = pictures(path)[0].pixels[5, 150].astype(int)
    assert (ground_at > own).all()
    with pytest.raises(OutputUnwritable, match="carries no transparency"):
        work.to_movie(plan(path, recurrent), tmp_path / "x.mp4", False, False, quiet)
    with pytest.raises(OutputUnwritable, match="no ending"):
        work.to_movie(plan(path, recurrent), tmp_path / "x.gif", False, False, quiet)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_a_full_disk_is_said_and_leaves_what_is_there(tmp_path: Path) -> None:
    """In a child that may write 40 kB a file."""
    movies.write(tmp_path / "in.mkv", IMAGES)
    code = f"""
import resource, signal, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from mattebrush.errors import OutputUnwritable
from mattebrush.raster import Raster
from mattebrush.video import sink
from mattebrush.video.source import Movie
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
clip = Movie({str(tmp_path / "in.mkv")!r}).clip
noise = np.random.default_rng(0).integers(0, 256, (96, 160, 3), np.uint8)
try:
    with sink.Part(Path({str(tmp_path / "p.mov")!r}), sink.MOVIES[".mov"], clip, True) as part:
        for number in range(60):
            part.write(Raster(noise), Fraction(number, 25))
except OutputUnwritable as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert "cannot be written" in done.stdout, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mkv"]
    full = sink.unwritable(Path("x.mov"), OSError(errno.ENOSPC, "No space left on device"))
    assert "disk is full" in str(full) and "--resume" in str(full)


def test_the_command_from_a_box_to_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The embedded network, end to end."""
    clip = frames(4)
    path = movies.write(tmp_path / "in.mp4", [picture for picture, _ in clip])
    out = tmp_path / "out.mov"
    words = ["video", str(path), "-o", str(out), "--box", "18,26,62,70@0", "--json"]
    assert main([*words, "--device", "cpu"]) == 0
    captured = capsys.readouterr()
    assert '"frames": 4' in captured.out and "frames/s" in captured.err
    for rgba, (_, truth) in zip(movies.frames(out), clip, strict=True):
        assert overlap(rgba[..., 3], truth) > 0.85
    assert main([*words]) == OutputExists.exit_status
    assert "--overwrite" in capsys.readouterr().err


def test_frames_are_not_written_into_their_own_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    Image.fromarray(IMAGES[0]).save(source / "0.png")
    (tmp_path / "link").symlink_to(source, target_is_directory=True)
    for name in ("in", "link"):
        assert main(["video", str(source), "-o", str(tmp_path / name)]) == 2
        assert "is the input itself" in capsys.readouterr().err
    assert [path.name for path in source.iterdir()] == ["0.png"]
