# SPDX-License-Identifier: Apache-2.0
"""Video: the state goes from frame to frame, and starts anew at a cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebrush.cli import main
from mattebrush.errors import OptionInvalid
from mattebrush.jobs import contract, operations
from mattebrush.models import catalog, store
from mattebrush.options import Options
from mattebrush.segmentation import video
from mattebrush.segmentation.result import Segmentation
from mattebrush.segmentation.video import VideoMatting
from mattebrush.video import Key, SessionOptions, VideoSession
from tests.models.networks import MIX, tiny

ROWS = [row.id for row in catalog.rows().values() if row.kind == "video"]


def installed(row_id: str) -> str:
    row = catalog.get(row_id)
    tiny(row.interface.id, store.folder(row) / row.files[0].name)
    return row_id


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("row", ROWS)
def test_the_state_is_carried_and_reset(row: str) -> None:
    """The tiny network adds a tenth to alpha for every frame it remembers."""
    matting = VideoMatting(installed(row), "cpu")
    image = picture(48, 64)
    base = image / 255 @ np.array(MIX) / 2
    exact = 3e-3 if "fp16" in row else 1e-5
    for remembered in range(3):
        alpha = matting.frame(image).alpha
        assert alpha.dtype == np.float32
        np.testing.assert_allclose(alpha, np.clip(base + 0.1 * remembered, 0, 1), atol=exact)
    matting.reset()
    np.testing.assert_allclose(matting.frame(image).alpha, base, atol=exact)
    other = picture(32, 32)
    np.testing.assert_allclose(
        matting.frame(other).alpha, other / 255 @ np.array(MIX) / 2, atol=exact
    )


@pytest.mark.parametrize(("shape", "ratio"), [((48, 64), 1.0), ((8, 1024), 0.5), ((2048, 8), 0.25)])
def test_the_network_looks_at_512_pixels_at_most(shape: tuple[int, int], ratio: float) -> None:
    """The tiny network multiplies the color by the ratio it was given."""
    matting = VideoMatting(installed("rvm-mobilenetv3-fp32"), "cpu")
    image = picture(*shape)
    np.testing.assert_allclose(matting.frame(image).foreground, image / 255 * ratio, atol=1e-6)


def test_other_kinds_of_model_are_refused() -> None:
    with pytest.raises(OptionInvalid, match="no video model"):
        VideoMatting("u2netp")


def segmented(image: np.ndarray, row_id: str) -> Segmentation:
    return video.segment(image, catalog.get(row_id), "cpu", None)


def test_a_single_picture_can_be_asked_for_too() -> None:
    image = picture(40, 30)
    segmentation = segmented(image, installed("rvm-resnet50-fp32"))
    assert segmentation.model.id == "rvm-resnet50-fp32" and segmentation.device == "cpu"
    np.testing.assert_allclose(segmentation.probability, image / 255 @ np.array(MIX) / 2, atol=1e-5)


def test_a_list_of_pictures_can_be_frames_of_one_shot() -> None:
    image, row = picture(40, 30), installed("rvm-mobilenetv3-fp32")
    base = image / 255 @ np.array(MIX) / 2
    for _ in range(2):  # each block is a shot of its own
        with video.sequence():
            for remembered in range(3):
                segmentation = segmented(image, row)
                expected = np.clip(base + 0.1 * remembered, 0, 1)
                np.testing.assert_allclose(segmentation.probability, expected, atol=1e-5)
    np.testing.assert_allclose(segmented(image, row).probability, base, atol=1e-5)


def test_pictures_of_one_command_are_frames_of_one_shot(tmp_path: Path) -> None:
    frames = [tmp_path / f"{number}.png" for number in range(3)]
    for frame in frames:
        Image.fromarray(picture(40, 30)).save(frame)
    row, out = installed("rvm-mobilenetv3-fp32"), tmp_path / "out"
    command = ["segment", *map(str, frames), "--model", row, "--output-dir", str(out), "--force"]
    assert main([*command, "--device", "cpu"]) == 0
    means = [np.asarray(Image.open(out / f"{n}-segment.png")).mean() / 255 for n in range(3)]
    np.testing.assert_allclose(np.diff(means), 0.1, atol=0.01)


@pytest.mark.parametrize("op", ["segment", "remove"])
def test_a_job_brings_the_frames_before_it(op: str) -> None:
    """The tiny network adds a tenth for every frame it remembers; a job itself remembers none."""
    row = installed("rvm-mobilenetv3-fp32")
    frames = np.stack([picture(40, 30)] * 3)
    options = {"op": op, "model": row, "device": "cpu", "depth": 32, "decontaminate": False}

    def answer(**earlier: np.ndarray) -> np.ndarray:
        body = contract.encode_request({**options, "force": True}, image=frames[-1], **earlier)
        alpha = operations.run(contract.decode(body)).alpha
        assert alpha is not None
        return alpha

    alone, after_two = answer(), answer(earlier=frames[:2])
    assert after_two.mean() > alone.mean() + 0.1
    np.testing.assert_array_equal(answer(), alone)
    if op == "segment":
        base = frames[-1] / 255 @ np.array(MIX) / 2
        np.testing.assert_allclose(after_two, np.clip(base + 0.2, 0, 1), atol=1e-5)


def test_earlier_frames_are_refused_where_nothing_remembers_them() -> None:
    body = contract.encode_request({}, image=picture(8, 8), earlier=picture(8, 8)[None])
    with pytest.raises(OptionInvalid, match="no earlier frames"):
        operations.run(contract.decode(body))


def test_a_session_keeps_a_recurrent_models_state_and_hands_it_on() -> None:
    row = installed("rvm-mobilenetv3-fp32")
    settings = SessionOptions(Options(model=row, matting="none", device="cpu"))
    image = picture(48, 64)
    alone = VideoMatting(row, "cpu")
    expected = [alone.frame(image).alpha for _ in range(3)]
    first, second = VideoSession(settings), None
    for number in range(2):
        (result,) = first.feed(number, image)
        assert result.cutout is not None
    second = VideoSession(settings, state=first.state())
    (again,), (last,) = second.feed(2, image), first.feed(2, image)
    assert again.cutout is not None and last.cutout is not None
    np.testing.assert_array_equal(again.cutout.alpha, last.cutout.alpha)
    soft = (expected[2] > 0.1) & (expected[2] < 0.9)
    assert np.abs(last.cutout.alpha - expected[2])[soft].mean() < 0.1
    assert np.abs(last.cutout.alpha - expected[0])[soft].mean() > 0.1
    with pytest.raises(OptionInvalid, match="no key frames"):
        first.add_key(Key(3, mask=np.zeros((48, 64), np.uint8)))
