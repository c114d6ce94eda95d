# SPDX-License-Identifier: Apache-2.0
"""The simulation of many workers, where the answer can be had by hand."""

from __future__ import annotations

import pytest

from bench.growth import Stages, simulated


def test_workers_are_linear_until_the_line_is_full() -> None:
    # 1 s of work and 0.01 s of a line of 1 Gbit/s: a hundred pictures a second at most.
    stages = [Stages(work=1.0, note=0.0, moved=1_250_000)]
    assert simulated(stages, 1, 1.0, 500)[0] == pytest.approx(1 / 1.01, rel=0.01)
    assert simulated(stages, 10, 1.0, 5000)[0] == pytest.approx(10 / 1.01, rel=0.02)
    pace, busiest = simulated(stages, 1000, 1.0, 100_000)
    assert pace == pytest.approx(100, rel=0.02)
    assert busiest.startswith("the store's line")


def test_one_manifest_is_a_limit_of_its_own() -> None:
    stages = [Stages(work=1.0, note=0.05, moved=0)]
    pace, busiest = simulated(stages, 100, 1.0, 10_000)
    assert pace == pytest.approx(20, rel=0.01)
    assert busiest == "the manifest, 100%"
