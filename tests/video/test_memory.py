# SPDX-License-Identifier: Apache-2.0
"""What the tracker remembers of the subject's looks, and that the network can be looked into."""

from __future__ import annotations

import numpy as np

from mattebrush.models import catalog
from mattebrush.models.runtime import open_session
from mattebrush.options import EMBEDDED_MODEL
from mattebrush.video import memory
from mattebrush.video.memory import Memory


def _cells(*kinds: int) -> np.ndarray:
    """A row of cells of different kinds, described by unit vectors with a little noise."""
    chance = np.random.default_rng(sum(kinds))
    cells = np.eye(8, dtype=np.float32)[list(kinds)] + chance.normal(0, 0.05, (len(kinds), 8))
    return (cells / np.linalg.norm(cells, axis=1, keepdims=True)).astype(np.float32)[None]


def _mask(*inside: int) -> np.ndarray:
    return np.array([inside], np.float32)


def test_what_looked_like_the_subject_does_and_what_passed_by_does_not() -> None:
    known = Memory().with_frame(_cells(0, 0, 1, 2), _mask(1, 1, 0, 0))
    known = known.with_frame(_cells(0, 1, 3, 2), _mask(1, 0, 0, 0))  # 3 passes by
    odds = known.odds(_cells(0, 3, 1, 4))
    assert odds is not None
    assert odds[0, 0] > 2 and odds[0, 1] < -2 and odds[0, 2] < -2
    assert abs(odds[0, 3]) < 2  # never seen: could be either


def test_the_key_frame_is_never_forgotten() -> None:
    known = Memory().with_frame(_cells(0, 1), _mask(1, 0))
    for _ in range(20):
        known = known.with_frame(_cells(2, 3), _mask(1, 0))
    assert len(known.frames) == 3
    odds = known.odds(_cells(0, 1, 2, 3))
    assert odds is not None
    assert (odds[0] > 2).tolist() == [True, False, True, False]


def test_without_a_subject_it_says_nothing() -> None:
    assert Memory().odds(_cells(0, 1)) is None
    assert Memory().with_frame(_cells(0, 1), _mask(0, 0)).odds(_cells(0)) is None


def test_it_goes_through_arrays_and_back() -> None:
    known = Memory().with_frame(_cells(0, 1), _mask(1, 0)).with_frame(_cells(2, 1), _mask(1, 0))
    again = Memory.of_arrays({**known.arrays(), "other": np.zeros(1)})
    assert again.age == known.age
    ours, theirs = known.odds(_cells(0, 2, 1)), again.odds(_cells(0, 2, 1))
    assert ours is not None and theirs is not None
    assert np.array_equal(ours, theirs)


def test_a_network_that_is_looked_into_says_the_same() -> None:
    row = catalog.get(EMBEDDED_MODEL)
    plain = open_session(row, "cpu", 1)
    tapped = open_session(row, "cpu", 1, taps=memory.TAPS)
    chance = np.random.default_rng(1)
    inputs = {
        "image": chance.random((1, 3, 96, 128), np.float32),
        "guide": np.zeros((1, 4, 96, 128), np.float32),
    }
    values = tapped.run(inputs)
    assert np.abs(values["probability"] - plain.run(inputs)["probability"]).max() < 1e-4
    assert [values[name].shape[2:] for name in memory.TAPS] == [(12, 16), (6, 8)]
    cells = memory.described(tuple(values[name] for name in memory.TAPS))
    assert cells.shape[:2] == (12, 16)
    assert np.allclose(np.linalg.norm(cells, axis=2), 1, atol=1e-3)
