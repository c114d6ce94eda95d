# SPDX-License-Identifier: Apache-2.0
"""Two masks combined without numpy: the same as numpy's minimum and maximum, and fast."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

import numpy as np
import pytest

from tests.hosts.gimp.gimphost import GIMPFU, REPOSITORY

RANDOM = np.random.default_rng(3)


@pytest.fixture(scope="module")
def lanes() -> Any:
    folders = [str(GIMPFU / "mattebrush"), str(REPOSITORY / "plugins" / "client")]
    sys.path[:0] = folders
    try:
        return importlib.import_module("mattebrush_lanes")
    finally:
        for folder in folders:
            sys.path.remove(folder)


def pair(kind: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Two masks that agree here and there, with the extremes in them."""
    full = 1 if kind == "float32" else np.iinfo(kind).max
    one, other = (RANDOM.random((2, count)) * full).astype(kind)
    other[::5] = one[::5]
    other[1::7], one[2::7], other[3::7], one[4::7] = 0, 0, full, full
    return one, other


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 4095, 65536, 65537, 200_001])
def test_as_numpy_has_it(lanes: Any, kind: str, count: int) -> None:
    one, other = pair(kind, count)
    arrays = [lanes.Array(mask.tobytes(), (1, count), kind) for mask in (one, other)]
    low, high = lanes.lowest(*arrays), lanes.highest(*arrays)
    np.testing.assert_array_equal(np.frombuffer(low.data, kind), np.minimum(one, other))
    np.testing.assert_array_equal(np.frombuffer(high.data, kind), np.maximum(one, other))
    assert low.shape == (1, count)
    eight = np.frombuffer(lanes.eight_bits(arrays[0]).data, np.uint8)
    full = 1 if kind == "float32" else np.iinfo(kind).max
    assert np.abs(eight / 255 - one / full).max() <= 1 / 255


def test_twelve_megapixels_take_a_moment(lanes: Any) -> None:
    one, other = pair("uint8", 12_000_000)
    arrays = [lanes.Array(mask.tobytes(), (3000, 4000), "uint8") for mask in (one, other)]
    start = time.perf_counter()
    lanes.lowest(*arrays)
    assert time.perf_counter() - start < 2  # `map(min)` takes as long on a machine with leisure


def test_two_kinds_are_refused(lanes: Any) -> None:
    one = lanes.Array(b"\0" * 4, (2, 2), "uint8")
    other = lanes.Array(b"\0" * 8, (2, 2), "uint16")
    with pytest.raises(ValueError, match="two kinds"):
        lanes.lowest(one, other)
