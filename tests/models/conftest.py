# SPDX-License-Identifier: Apache-2.0
"""Every test of models has a store of its own, no rembg folders, no proxies, and no pauses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mattebrush.models import download
from tests import sessions


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Mattebrush's data folder in this test; still to be made."""
    place = tmp_path / "home"
    monkeypatch.setenv("MATTEBRUSH_HOME", str(place))
    monkeypatch.setenv("U2NET_HOME", str(tmp_path / "no-u2net"))
    monkeypatch.setenv("REMBG_HOME", str(tmp_path / "no-rembg"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(download, "PAUSE", 0.0)
    sessions.forget_all()
    yield place
    sessions.forget_all()
