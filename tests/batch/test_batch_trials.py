# SPDX-License-Identifier: Apache-2.0
"""What a batch promises, by the benchmark's own trials: in the slow suite."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from bench import batches

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL and SIGTERM")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("kills", 24), ("watch", 24)])
def test_a_short_trial(name: str, count: int, tmp_path: Path) -> None:
    batches.tried(name, tmp_path, count, 2, seed=random.randrange(10**6))


@pytest.mark.slow
@pytest.mark.parametrize("name", list(batches.TRIALS))
def test_a_whole_trial(name: str, tmp_path: Path) -> None:
    if name == "ray":
        pytest.importorskip("ray.data", reason="Ray is not here")
    if name == "store":
        pytest.importorskip("s3fs", reason="s3fs and moto are not here")
        pytest.importorskip("moto.server", reason="s3fs and moto are not here")
    batches.tried(name, tmp_path, None, 2, seed=random.randrange(10**6))


def test_a_key_done_twice_and_other_bytes_do_not_pass() -> None:
    keys = {"a", "b"}
    batches._once([{"key": "a"}, {"key": "b"}], keys)
    with pytest.raises(batches.Failed, match="more than once"):
        batches._once([{"key": "a"}, {"key": "b"}, {"key": "a"}], keys)
    with pytest.raises(batches.Failed, match="missing"):
        batches._once([{"key": "a"}], keys)
    with pytest.raises(batches.Failed, match="other bytes"):
        batches._same({"a": b"1"}, {"a": b"2"})
    with pytest.raises(batches.Failed, match="other files"):
        batches._same({"a": b"1"}, {})
