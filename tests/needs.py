# SPDX-License-Identifier: Apache-2.0
"""What a test wants beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Weights and pictures that are too large, or not ours, to stand in the repository."""


def shared(path: str) -> Path:
    """A file beside the repository; skips the test where it is missing.

    Where CI has the folder, a file missing in it is a failure.
    """
    result = SHARED / path
    if not result.exists():
        if os.environ.get("MATTEBRUSH_CI") and SHARED.is_dir():
            pytest.fail(f"{result} is missing in {SHARED}")
        pytest.skip(f"../shared/{path} is not here")
    return result
