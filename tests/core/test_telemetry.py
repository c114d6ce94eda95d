# SPDX-License-Identifier: Apache-2.0
"""onnxruntime's telemetry stays off, whichever way it is reached; who has switched it on decides.

The server reaches onnxruntime through the engine alone.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = "import os; print(os.environ.get('ORT_DISABLE_TELEMETRY'))"


@pytest.mark.parametrize("first", ["mattebrush", "training", "bench"])
@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("0", "0")])
def test_telemetry_is_off_before_onnxruntime_is_imported(
    first: str, before: str | None, after: str
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["core", "server", "."])}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    if before is not None:
        environment["ORT_DISABLE_TELEMETRY"] = before
    code = f"import sys, {first}; assert 'onnxruntime' not in sys.modules; {SCRIPT}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == after
