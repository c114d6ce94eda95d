# SPDX-License-Identifier: Apache-2.0
"""The benchmark of what the plug-in adds to a run goes through; its figures are not judged here,
since they are the machine's as much as the plug-in's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench import gimp_overhead
from tests.hosts.gimp import gimphost
from tests.hosts.gimp.gimphost import Gimp

pytestmark = pytest.mark.hosts


@pytest.mark.parametrize("make", [gimphost.gimp3, gimphost.gimp210])
def test_the_overhead_is_measured(make: Callable[[Path], Gimp], tmp_path: Path) -> None:
    ((pixels, call),) = gimp_overhead.measure(make(tmp_path), times=1)
    assert pixels > 0 and call > 0
