# SPDX-License-Identifier: Apache-2.0
"""One subject a shot, whichever way its range is cut; keys, cuts, steadiness."""

from __future__ import annotations

import numpy as np
import pytest

from mattebrush.errors import InputInvalid, OptionInvalid
from mattebrush.imaging.resize import resize
from mattebrush.options import Options, Point, Prompt
from mattebrush.video import FrameResult, Key, SessionOptions, VideoSession, motion, steady
from mattebrush.video.steady import Moment

from .scenes import BLUE, HEIGHT, RED, disc, frames, ground, overlap, with_ball

BOX = Prompt(boxes=((18.0, 26.0, 62.0, 70.0),))
CPU = Options(device="cpu")
BALL = SessionOptions(Options(device="cpu", prompt=BOX))


def fed(
    session: VideoSession, pictures: dict[int, np.ndarray], delivered: range | None = None
) -> dict[int, FrameResult]:
    results = []
    for number, picture in pictures.items():
        deliver = delivered is None or number in delivered
        results += session.feed(number, picture, deliver)
    results += session.finish()
    assert [one.frame for one in results] == list(pictures)
    return {one.frame: one for one in results}


def matte(result: FrameResult) -> np.ndarray:
    assert result.cutout is not None
    return result.cutout.matte


def test_a_box_on_the_first_frame_is_followed_and_cutting_the_range_changes_nothing() -> None:
    clip = frames(7)
    pictures = dict(enumerate(picture for picture, _ in clip))
    whole = VideoSession(BALL)
    first = [whole.feed(number, pictures[number]) for number in range(3)]
    state = whole.state()
    rest = [whole.feed(number, pictures[number]) for number in range(3, 7)]
    together = {one.frame: one for many in [*first, *rest, whole.finish()] for one in many}
    for number, (_, truth) in enumerate(clip):
        assert overlap(matte(together[number]), truth) > 0.85, number
        assert not together[number].lost
    assert [together[n].new_shot for n in range(7)] == [True] + [False] * 6

    start = fed(VideoSession(BALL), {n: pictures[n] for n in range(5)}, range(3))
    end = fed(VideoSession(SessionOptions(CPU), state=state), {n: pictures[n] for n in range(3, 7)})
    for number in range(7):
        part = (start if number < 3 else end)[number]
        np.testing.assert_array_equal(matte(part), matte(together[number]))
        assert part.certainty == together[number].certainty
    assert start[3].cutout is None


def test_backwards_from_a_painted_key_whose_mask_stays_to_the_bit() -> None:
    clip = frames(3)
    painted = clip[2][1].astype(np.uint8) * 255
    painted[40:44, 20:30] = 77  # a person's own idea
    key = Key(2, mask=painted)
    results = fed(VideoSession(SessionOptions(CPU), [key]), {n: clip[n][0] for n in (2, 1, 0)})
    np.testing.assert_array_equal(matte(results[2]), painted / np.float32(255))
    for number in (1, 0):
        assert overlap(matte(results[number]), clip[number][1]) > 0.85


def test_frames_before_a_key_wait_for_it() -> None:
    clip = frames(3)
    key = Key(2, Prompt(boxes=((26.0, 26.0, 70.0, 70.0),)))
    session = VideoSession(SessionOptions(CPU), [key])
    assert session.feed(0, clip[0][0]) == []
    with pytest.raises(OptionInvalid, match="not settled"):
        session.state()
    results = [*session.feed(1, clip[1][0]), *session.feed(2, clip[2][0]), *session.finish()]
    assert [one.frame for one in results] == [0, 1, 2]
    assert all(overlap(matte(one), clip[one.frame][1]) > 0.85 for one in results)


def test_a_passer_by_is_not_taken_in() -> None:
    """A blue ball crosses behind the red one."""
    pictures, truths = {}, []
    for number in range(8):
        behind = with_ball(ground(), 125 - 10 * number, HEIGHT / 2 + 8, BLUE)
        pictures[number] = with_ball(behind, 40 + 2 * number, HEIGHT / 2, RED)
        truths.append(disc(40 + 2 * number, HEIGHT / 2))
    results = fed(VideoSession(BALL), pictures)
    assert min(overlap(matte(results[n]), truths[n]) for n in range(8)) > 0.8


def test_a_cut_begins_a_shot_and_what_stands_out_there_is_followed() -> None:
    first = frames(2)
    other = 255 - ground(5)
    pictures = {n: picture for n, (picture, _) in enumerate(first)}
    pictures |= {n: with_ball(other, 110 + n, 50, RED) for n in (2, 3)}
    results = fed(VideoSession(BALL), pictures)
    assert [results[n].new_shot for n in range(4)] == [True, False, True, False]
    assert overlap(matte(results[3]), disc(113, 50)) > 0.7


def test_a_subject_that_leaves_is_lost_and_says_so() -> None:
    clip = frames(2)
    pictures = {0: clip[0][0], 1: clip[1][0], 2: ground(), 3: ground()}
    results = fed(VideoSession(BALL), pictures)
    assert [results[n].lost for n in range(4)] == [False, False, True, True]
    assert results[3].doubtful and matte(results[3]).max() == 0
    assert not results[0].doubtful


def test_points_that_say_no_to_all_of_it_lose_the_subject_and_nothing_else() -> None:
    pictures = {number: picture for number, (picture, _) in enumerate(frames(5))}
    places = [(48, 48), (36, 48), (60, 48), (48, 36), (48, 60)]
    session = VideoSession(BALL, [Key(2, Prompt(tuple(Point(x, y, 0) for x, y in places)))])
    results = fed(session, pictures)
    assert results[2].lost and results[2].doubtful and matte(results[2]).max() == 0
    assert not results[1].lost


def test_a_frame_is_done_again_after_a_correction() -> None:
    clip = frames(3)
    session = VideoSession(BALL)
    for number in range(3):
        session.feed(number, clip[number][0])
    painted = np.zeros((HEIGHT, clip[0][0].shape[1]), np.uint8)
    painted[:20] = 255
    session.add_key(Key(2, mask=painted))
    results = [*session.feed(2, clip[2][0]), *session.finish()]
    assert [one.frame for one in results] == [1, 2]
    np.testing.assert_array_equal(matte(results[1]), painted / np.float32(255))


def test_what_makes_no_sense_is_said() -> None:
    session = VideoSession(SessionOptions(CPU))
    session.feed(0, frames(1)[0][0])
    with pytest.raises(InputInvalid, match="Frame 1 is 10x8"):
        session.feed(1, np.zeros((8, 10, 3), np.uint8))
    with pytest.raises(OptionInvalid, match="says nothing"):
        Key(0)
    with pytest.raises(OptionInvalid, match="steady"):
        SessionOptions(steady=9)
    with pytest.raises(OptionInvalid, match="outside the frame"):
        VideoSession(SessionOptions(CPU), [Key(0, Prompt((Point(900, 2),)))]).feed(
            0, frames(1)[0][0]
        )


# ---------------------------------------------------------------- motion and steadiness


def test_motion_is_measured_to_a_part_of_a_cell() -> None:
    rng = np.random.default_rng(1)
    large = rng.random((40, 64, 3)).astype(np.float32)
    large = resize(large, (240, 384), "bicubic")
    here, there = large[20:128, 20:212], large[14:122, 29:221]  # what was at (y, x) is up, left
    flow = motion.displacement(here, there)
    assert np.median(flow[..., 0]) * 108 == pytest.approx(6, abs=0.4)
    assert np.median(flow[..., 1]) * 192 == pytest.approx(-9, abs=0.4)
    moved = motion.warp(there, flow)
    assert np.abs(moved - here)[10:-10, 14:-14].mean() < 0.01 < np.abs(there - here).mean()


def test_a_frame_that_fails_is_outvoted_and_nothing_lags() -> None:
    clip = frames(5, 6.0)
    moments = [
        Moment(picture.astype(np.float32) / 255, truth.astype(np.float32))
        for picture, truth in clip
    ]
    failed = Moment(moments[2].seen, moments[2].mask.copy())
    failed.mask[:, 54:] = 0  # half of the ball is missing
    around = [moments[1], moments[0]], [moments[3], moments[4]]
    better = steady.steadied(failed, *around)
    assert overlap(failed.mask, clip[2][1]) < 0.7
    assert overlap(better, clip[2][1]) > 0.9
    kept = steady.steadied(moments[2], *around)
    assert overlap(kept, clip[2][1]) > 0.95
