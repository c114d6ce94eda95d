# SPDX-License-Identifier: Apache-2.0
"""Live: each frame in time, one out for each that came in, and a good end."""

from __future__ import annotations

import io
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.video import live, live_pipe
from mattebrush.video.live import STEPS, Ladder, LiveCutout, Step
from mattebrush.video.live_pipe import Form, Painter

from .scenes import HEIGHT, WIDTH, disc, frames, overlap

CLIP = frames(8)
FORM = Form(WIDTH, HEIGHT, 3, 30)
RAW = b"".join(picture.tobytes() for picture, _ in CLIP)
FRAME = WIDTH * HEIGHT * 4
EXAMPLE = Path(__file__).parents[2] / "examples" / "vase.jpg"


class Pipe(io.BytesIO):
    """A raw pipe in memory: gives and takes pieces, as the system's does."""

    def write(self, data: object, /) -> int:
        piece = bytes(data)[:1000]  # type: ignore[call-overload]
        return super().write(piece)


def run(
    raw: bytes, cutout: LiveCutout, form: Form = FORM, **more: object
) -> tuple[live_pipe.Tally, np.ndarray]:
    sink = Pipe()
    tally = live_pipe.run(io.BytesIO(raw), sink, form, Painter(None), cutout, **more)  # type: ignore[arg-type]
    return tally, np.frombuffer(sink.getvalue(), np.uint8).reshape(-1, HEIGHT, WIDTH, 4)


@pytest.mark.parametrize("step", [STEPS[0], STEPS[3], STEPS[-1]])
def test_the_subject_is_followed_on_every_step(step: Step) -> None:
    cutout = LiveCutout("cpu")
    for number, (picture, truth) in enumerate(CLIP):
        alpha = cutout.matte(picture, step)
        assert alpha.shape == truth.shape and alpha.dtype == np.float32
        assert alpha.min() >= 0 and alpha.max() <= 1
        assert overlap(alpha, truth) > 0.8, number


def test_between_looks_the_mask_moves_along() -> None:
    """The last frame was never looked at; its mask is where the ball is, not where it was."""
    cutout = LiveCutout("cpu")
    seen = Step(160, len(CLIP))
    alphas = [cutout.matte(picture, seen) for picture, _ in CLIP]
    assert overlap(alphas[-1], CLIP[-1][1]) > 1.5 * overlap(alphas[0], CLIP[-1][1])


def test_a_subject_that_changes_is_found_anew() -> None:
    cutout = LiveCutout("cpu")
    for picture, _ in CLIP[:3]:
        cutout.matte(picture, STEPS[0])
    with Image.open(EXAMPLE) as example:
        other = np.asarray(example.convert("RGB").resize((WIDTH, HEIGHT)))
    expected = LiveCutout("cpu").matte(other, STEPS[0])
    for _ in range(30):
        alpha = cutout.matte(other, STEPS[0])
    assert overlap(alpha, expected > 0.5) > 0.7


def test_the_edge_is_where_the_colors_have_it() -> None:
    """Of a mask four times coarser than the frame."""
    picture, truth = CLIP[0]
    coarse = truth.reshape(HEIGHT // 4, 4, WIDTH // 4, 4).mean(axis=(1, 3), dtype=np.float32)
    plain = np.kron(coarse, np.ones((4, 4), np.float32))
    error = np.abs(live.refined(picture, coarse) - truth).mean()
    assert error < 0.8 * np.abs(plain - truth).mean()
    assert not live.refined(picture, np.zeros_like(coarse)).any()


def test_what_is_behind_has_nothing_of_the_subject() -> None:
    picture, truth = CLIP[0]
    ground = live.ground_behind(picture, truth.astype(np.float32))
    # The ball is red, and nothing of it is there.
    assert ground[..., 0].max() <= picture[~truth, 0].max() / 255 < picture[truth, 0].max() / 255
    plain = np.where(truth[..., None], np.array([220, 60, 40]), np.array([40, 200, 60]))
    soft = live.ground_behind(np.zeros_like(picture), np.zeros(truth.shape, np.float32))
    assert not soft.any()
    half = np.where(truth, np.float32(0.5), np.float32(0))
    mixed = (plain * 0.5 + np.array([40, 200, 60]) * 0.5).astype(np.uint8)
    behind = np.full((6, 10, 3), np.array([40, 200, 60]) / 255, np.float32)
    own = live.clean(np.where(truth[..., None], mixed, plain).astype(np.uint8), half, behind)
    assert np.abs(own[truth].astype(int) - [220, 60, 40]).max() <= 2
    np.testing.assert_array_equal(own[~truth], plain[~truth])


@pytest.mark.parametrize("background", ["transparent", "color", "picture", "blur"])
def test_backgrounds(background: str) -> None:
    picture, truth = CLIP[0]
    behind = np.tile(np.arange(WIDTH, dtype=np.uint8)[None, :, None], (HEIGHT, 1, 3))
    kinds = {"transparent": None, "color": (1.0, 0.0, 1.0), "picture": behind, "blur": "blur"}
    out = Painter(kinds[background]).paint(picture, truth.astype(np.float32))
    assert out.shape == (HEIGHT, WIDTH, 4) and out.dtype == np.uint8
    np.testing.assert_array_equal(out[truth, :3], picture[truth])
    far = ~disc(40, HEIGHT / 2, 26)
    if background == "transparent":
        np.testing.assert_array_equal(out[..., 3] == 255, truth)
        assert not out[~truth].any()
        return
    assert (out[..., 3] == 255).all()
    if background == "color":
        assert (out[~truth, :3] == [255, 0, 255]).all()
    elif background == "picture":
        np.testing.assert_array_equal(out[~truth, :3], behind[~truth])
    else:
        assert out[far, :3].std() < 0.8 * picture[far].std()
        assert np.abs(out[far, :3].mean(axis=0) - picture[far].mean(axis=0)).max() < 12


def test_a_file_gives_a_frame_for_each_frame() -> None:
    tally, out = run(RAW, LiveCutout("cpu"), every=True)
    assert (tally.frames, tally.repeated, tally.remark) == (8, 0, "")
    for rgba, (_, truth) in zip(out, CLIP, strict=True):
        assert overlap(rgba[..., 3], truth) > 0.8
    tally, out = run(RAW[:-1], LiveCutout("cpu"), every=True)
    assert len(out) == tally.frames == 7 and "cut short" in tally.remark


def test_alpha_of_its_own_counts() -> None:
    picture, _ = CLIP[0]
    own = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    own[:, : WIDTH // 4] = 0
    raw = np.concatenate([picture, own], axis=2).tobytes()
    form = Form(WIDTH, HEIGHT, 4, 30)
    _, (rgba,) = run(raw, LiveCutout("cpu"), form, every=True)
    assert not rgba[:, : WIDTH // 4, 3].any() and rgba[..., 3].max() == 255


class Slow(LiveCutout):
    """As on a machine that needs fifty times as long as there is."""

    def matte(self, image: np.ndarray, step: Step) -> np.ndarray:
        time.sleep(0.05)
        return super().matte(image, step)


def test_for_want_of_time_frames_are_left_out_and_none_is_lost() -> None:
    raw = RAW * 5
    tally, out = run(raw, Slow("cpu"), Form(WIDTH, HEIGHT, 3, 1000))
    assert tally.frames == len(out) == 40
    assert tally.repeated > 20
    changes = sum(not np.array_equal(a, b) for a, b in itertools.pairwise(out))
    assert changes < 40 - tally.repeated
    # The newest is what is shown at the end.
    assert overlap(out[-1][..., 3], CLIP[-1][1]) > 0.5


def test_a_file_is_not_run_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its frames are there at once; they wait for their time, and none is left out."""
    # A machine that has much else to do may need more than the second that is waited at most.
    monkeypatch.setattr(live_pipe, "_AHEAD", 60.0)
    cutout = LiveCutout("cpu")
    cutout.matte(CLIP[0][0], STEPS[0])
    form = Form(WIDTH, HEIGHT, 3, 0.05)
    tally, out = run(RAW[: 3 * FORM.size], cutout, form)
    assert (tally.frames, tally.repeated, len(out)) == (3, 0, 3)


def test_quality_follows_the_time_there_is() -> None:
    ladder = Ladder(1 / 30, at=1)
    for _ in range(100):
        ladder.took(0.1)
    assert ladder.step == STEPS[-1]
    for _ in range(400):
        ladder.took(0.005)
    assert ladder.step == STEPS[0]
    for _ in range(400):
        ladder.took(0.025)  # fits, with little to spare
    assert ladder.step == STEPS[0]


# ---------------------------------------------------------------- the command


def start(*more: str) -> subprocess.Popen[bytes]:
    words = ["live", "--size", f"{WIDTH}x{HEIGHT}", "--device", "cpu", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "mattebrush", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What runs in the background is started with Ctrl-C ignored, and hands that on.
        preexec_fn=heed_ctrl_c if os.name == "posix" else None,
    )


def heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_the_command(tmp_path: Path) -> None:
    Image.new("RGB", (40, 10), (9, 8, 7)).save(tmp_path / "wall.png")
    with start("--every-frame", "--background", str(tmp_path / "wall.png")) as process:
        out, err = process.communicate(RAW[: 2 * FORM.size], timeout=120)
    assert process.returncode == 0, err
    pixels = np.frombuffer(out, np.uint8).reshape(2, HEIGHT, WIDTH, 4)
    assert np.abs(pixels[0, 2, -3].astype(int) - [9, 8, 7, 255]).max() <= 1
    assert b"2 frames, 0 repeated" in err
    with start("--background", "no such thing") as process:
        out, err = process.communicate(b"", timeout=120)
    assert process.returncode == 2 and not out and b"neither a color nor a picture" in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_ends_it_after_a_whole_frame() -> None:
    with start() as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(RAW[: FORM.size])
        process.stdin.flush()
        first = process.stdout.read(FRAME)
        process.send_signal(signal.SIGINT)  # while it waits for the next
        rest = process.stdout.read()
        assert process.wait(120) == 0
        assert len(first) == FRAME and len(rest) % FRAME == 0
        err = process.stderr.read()
        assert b"Traceback" not in err and b"1 frames" in err


def test_a_closed_pipe_ends_it() -> None:
    with start("--every-frame") as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(RAW[: FORM.size])
        process.stdin.flush()
        assert len(process.stdout.read(FRAME)) == FRAME
        process.stdout.close()
        process.stdin.write(RAW[FORM.size : 2 * FORM.size])
        process.stdin.flush()  # and stays open
        assert process.wait(120) == (141 if sys.platform != "win32" else process.returncode)
        assert b"Traceback" not in process.stderr.read()
